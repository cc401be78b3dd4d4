/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * flow.c - what a session asks of its edges when a step is over: which side is
 * read, when it is to be stepped again. Both are derived from fill levels and
 * times, here and nowhere else; and whether a peer has stopped taking bytes.
 */
#include "session/session.h"

#include "base/wipe.h"

#define NEVER UINT64_MAX

/* An unsent byte that does not move for too long ends the session. */
static uint64_t
stall_deadline(struct session *s)
{
	uint64_t limit = session_settings(s)->timeouts.write_stall, at = NEVER;

	for (enum side side = SIDE_CLIENT; side < SIDES; side++) {
		struct leg *leg = &s->legs[side];

		if (leg->moved_at == NEVER)
			leg->moved_at = s->now;
		if (leg->waiting > 0 && leg->moved_at + limit < at)
			at = leg->moved_at + limit;
	}
	return at;
}

/*
 * Our buffers move in big steps, and the kernel's may hold minutes of a slow
 * peer: it is asked once before a peer counts as one that takes nothing.
 */
static bool
takes_nothing(struct session *s)
{
	bool stalled = false;

	for (enum side side = SIDE_CLIENT; side < SIDES; side++) {
		struct leg *leg = &s->legs[side];
		uint64_t taken;

		if (leg->waiting == 0 ||
		    leg->moved_at + session_settings(s)->timeouts.write_stall >
			s->now)
			continue;
		taken = leg->written - s->work->ops->untaken(s, side);
		if (taken > leg->taken)
			leg->moved_at = s->now;
		else
			stalled = true;
		leg->taken = taken;
	}
	return stalled;
}

bool
flow_stalled(struct session *s)
{
	return stall_deadline(s) <= s->now && takes_nothing(s);
}

/* May this side be read now? Derived from fill levels, here only. */
static bool
wants(const struct session *s, enum side side)
{
	const struct leg *leg = &s->legs[side];
	size_t unjudged = buf_uncleared(&leg->plain).len;

	if (!leg->open || leg->ended || s->state >= STATE_DRAIN)
		return false;
	/* What either side makes us say to the client, the client must take. */
	if (s->state == STATE_RELAY)
		return unjudged < PLAIN_MOST && !meter_holds(s, side) &&
		       s->legs[SIDE_CLIENT].waiting < HIGH_WATER &&
		       (side == SIDE_BACKEND ||
			s->legs[SIDE_BACKEND].waiting < HIGH_WATER);
	if (side == SIDE_BACKEND)
		return unjudged < PLAIN_MOST;
	return unjudged + buf_uncleared(&leg->in).len < session_unjudged(s) &&
	       leg->waiting < HIGH_WATER;
}

static void
forget_scratch(struct session *s)
{
	struct workspace *w = s->work;

	if (s->secret) {
		wipe(w->read, w->read_used);
		wipe(w->plain, w->plain_used);
	}
	w->read_used = w->plain_used = 0;
}

void
flow_settle(struct session *s)
{
	const struct edge_ops *ops = s->work->ops;
	uint64_t alarm = s->deadline, stalls;

	for (enum side side = SIDE_CLIENT; side < SIDES; side++) {
		struct leg *leg = &s->legs[side];

		leg_flush(s, side);
		if (buf_settle(&leg->in, s->work->pool) != ERR_OK ||
		    buf_settle(&leg->plain, s->work->pool) != ERR_OK) {
			leg_clear(s, side);
			session_lost(s, side, ERR_NOMEM);
			alarm = s->now;
		}
		if (leg->open)
			ops->interest(s, side, wants(s, side));
	}
	forget_scratch(s);
	if (s->state == STATE_DEAD)
		return;
	stalls = stall_deadline(s);
	if (stalls < alarm && !session_verdict_due(s))
		alarm = stalls;
	if (s->drain_at < alarm)
		alarm = s->drain_at;
	if (s->attempt && s->attempt->answer_at < alarm &&
	    s->state == STATE_JUDGE)
		alarm = s->attempt->answer_at;
	if (meter_release(s) < alarm)
		alarm = meter_release(s);
	if (alarm != s->alarm)
		ops->deadline(s, alarm);
	s->alarm = alarm;
}
