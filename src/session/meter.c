/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "session/session.h"

#include <stdlib.h>

#define NEVER UINT64_MAX

enum { FIRST_COUNT = RULE_COMMANDS, METERS = RULE_COUNTS - FIRST_COUNT };

struct meter {
	/* Rules that count so, and how many there are of them. */
	const struct rules *rules;
	uint64_t counted[METERS]; /* so many were */
	uint64_t until[METERS];   /* wait until then */
	bool together[METERS];    /* some rule counts several sessions */
	/* By each rule that counts by session; see policy/rate.h. */
	uint64_t paid[];
};

static const struct rules *
rules_of(const struct session *s)
{
	return &session_settings(s)->limits.table;
}

static size_t
rules_count(const struct rules *r)
{
	return r->from[RULE_COUNTS] - r->from[FIRST_COUNT];
}

static uint64_t
bytes_of(const struct session *s)
{
	const struct leg *client = &s->legs[SIDE_CLIENT];

	return client->bytes_in + client->bytes_out;
}

void
meter_begin(struct session *s)
{
	const struct rules *r = rules_of(s);
	size_t n = rules_count(r);

	if (n == 0)
		return;
	s->meter = calloc(1, sizeof *s->meter + n * sizeof s->meter->paid[0]);
	if (!s->meter)
		return;
	s->meter->rules = r;
	for (size_t i = r->from[FIRST_COUNT]; i < r->from[RULE_COUNTS]; i++)
		if (r->list[i].by != RULE_SESSION)
			s->meter->together[r->list[i].count - FIRST_COUNT] =
			    true;
	s->meter->counted[RULE_BYTES - FIRST_COUNT] = bytes_of(s);
}

void
meter_free(struct session *s)
{
	free(s->meter);
	s->meter = NULL;
}

/* A rule has something against it: told the first time in a session. */
static void
note(struct session *s, const struct rule *r)
{
	defence_hit(s->work->defence, r, r->observe, 1);
	if (diary_rule(s, r->name) == 1)
		report_limit(s, r, r->observe);
}

/* Those that count by session. */
static uint64_t
spend_here(struct session *s, enum rule_count count, uint64_t n)
{
	struct meter *m = s->meter;
	uint64_t most = 0;

	for (size_t i = m->rules->from[count]; i < m->rules->from[count + 1];
	     i++) {
		const struct rule *r = &m->rules->list[i];
		uint64_t *paid = &m->paid[i - m->rules->from[FIRST_COUNT]];
		uint64_t wait;

		if (r->by != RULE_SESSION)
			continue;
		wait = rate_spend(&r->rate, paid, n, s->now);
		if (wait == 0)
			continue;
		note(s, r);
		if (!r->observe && wait > most)
			most = wait;
	}
	return most;
}

/* Those that count the user's sessions together, whichever worker has them. */
static uint64_t
spend_together(struct session *s, enum rule_count count, uint64_t n)
{
	const struct tally_who who = {
	    .address = s->peer.address,
	    .listener = s->peer.listener,
	    .exempt = s->peer.exempt,
	    .user = slice_trim(slice_str(s->user ? s->user : ""), ' ')};
	const struct rule *r;
	uint64_t wait;

	if (!s->meter->together[count - FIRST_COUNT])
		return 0;
	wait = tally_spend(s->work->defence->tally, s->meter->rules, count,
			   &who, n, s->now, &r);
	if (r)
		note(s, r);
	return wait;
}

static void
spend(struct session *s, enum rule_count count, uint64_t total)
{
	struct meter *m = s->meter;
	size_t at = (size_t)count - FIRST_COUNT;
	uint64_t n = total - m->counted[at], wait, here;

	if (n == 0 || m->rules->from[count] == m->rules->from[count + 1])
		return;
	m->counted[at] = total;
	wait = spend_together(s, count, n);
	here = spend_here(s, count, n);
	if (here > wait)
		wait = here;
	if (wait > 0 && s->now + wait > m->until[at])
		m->until[at] = s->now + wait;
}

void
meter_commands(struct session *s)
{
	if (s->meter)
		spend(s, RULE_COMMANDS, s->in.dialog.commands);
}

void
meter_bytes(struct session *s)
{
	if (s->meter)
		spend(s, RULE_BYTES, bytes_of(s));
}

static bool
is_over(const struct session *s, enum rule_count count)
{
	return s->meter->until[count - FIRST_COUNT] > s->now;
}

bool
meter_holds(const struct session *s, enum side side)
{
	if (!s->meter)
		return false;
	if (is_over(s, RULE_BYTES))
		return true;
	return side == SIDE_CLIENT && is_over(s, RULE_COMMANDS) &&
	       dialog_between(&s->in.dialog);
}

uint64_t
meter_release(const struct session *s)
{
	uint64_t first = NEVER;

	for (size_t i = 0; s->meter && i < METERS; i++)
		if (s->meter->until[i] > s->now && s->meter->until[i] < first)
			first = s->meter->until[i];
	return first;
}

uint64_t
meter_until(const struct session *s)
{
	uint64_t last = s->now;

	for (size_t i = 0; s->meter && i < METERS; i++)
		if (s->meter->until[i] > last)
			last = s->meter->until[i];
	return last;
}
