/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/settle.h"

static uint64_t
least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t
most(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

void
settle_init(struct settle *s, uint64_t every, uint64_t now)
{
	*s = (struct settle){.every = every,
			     .look_at = every ? now + every : SETTLE_NEVER,
			     .first = SETTLE_NEVER,
			     .read_at = SETTLE_NEVER,
			     .bad_since = SETTLE_NEVER};
}

uint64_t
settle_due(const struct settle *s)
{
	return least(s->look_at, s->read_at);
}

void
settle_heard(struct settle *s, uint64_t now)
{
	if (s->every > 0)
		s->look_at = least(s->look_at,
				   most(now + SETTLE_HEARD_MS, s->rest_until));
}

bool
settle_listens(const struct settle *s, uint64_t now)
{
	return s->every > 0 &&
	       s->look_at > most(now + SETTLE_HEARD_MS, s->rest_until);
}

/* What changed is looked at once more before it is read: is it quiet? */
bool
settle_wants_look(const struct settle *s, uint64_t now)
{
	return s->look_at <= now ||
	       (s->first != SETTLE_NEVER && s->read_at <= now);
}

void
settle_looked(struct settle *s, bool changed, uint64_t began, uint64_t now)
{
	s->look_at = s->every ? now + s->every : SETTLE_NEVER;
	s->rest_until = now + (now - began) * SETTLE_SHARE;
	if (!changed)
		return;
	s->first = least(s->first, now);
	s->failures = 0;
	s->read_at = least(now + SETTLE_QUIET_MS, s->first + SETTLE_MOST_MS);
}

bool
settle_wants_reading(const struct settle *s, uint64_t now)
{
	return s->read_at <= now;
}

void
settle_reading(struct settle *s)
{
	s->first = SETTLE_NEVER;
	s->read_at = SETTLE_NEVER;
}

void
settle_taken(struct settle *s)
{
	s->failures = 0;
	s->bad_since = SETTLE_NEVER;
}

bool
settle_failed(struct settle *s, uint64_t now)
{
	uint64_t wait = SETTLE_AGAIN_MAX_MS;

	if (s->failures < 6)
		wait = (uint64_t)SETTLE_AGAIN_MS << s->failures;
	s->failures++;
	s->read_at = least(s->read_at, now + least(wait, SETTLE_AGAIN_MAX_MS));
	s->bad_since = least(s->bad_since, now);
	return now - s->bad_since >= SETTLE_PATIENCE_MS;
}

void
settle_gave_up(struct settle *s)
{
	s->bad_since = SETTLE_NEVER;
	if (s->first == SETTLE_NEVER)
		s->read_at = SETTLE_NEVER;
}
