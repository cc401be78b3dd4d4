/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * relay.c - after login: both directions stream, judged by imap/dialog.
 *
 * Bytes are forwarded only when a move cleared them. When either side dies, no
 * byte is invented within a response, and a command whose end has not come is
 * never completed.
 */
#include "session/session.h"

typedef void judge(struct dialog *d, struct slice in, struct move *out);

static const struct {
	judge *judge;
	enum side to;
} directions[SIDES] = {
    [SIDE_CLIENT] = {dialog_client, SIDE_BACKEND},
    [SIDE_BACKEND] = {dialog_server, SIDE_CLIENT},
};

/* Sends what was cleared, in one piece. */
static void
forward(struct session *s, enum side from)
{
	struct buf *b = &s->legs[from].plain;
	struct slice ready = buf_unsent(b);

	if (ready.len == 0)
		return;
	session_send(s, directions[from].to, ready);
	buf_take(b, ready.len);
}

/* What a move tells beside what is to be done. */
static void
take_notes(struct session *s, enum side from, const struct move *m)
{
	struct slice bytes = m->text;

	if (m->opened)
		diary_opened(s, m->opened == OPENED_YES);
	if (!m->watch)
		return;
	if (m->kind == MOVE_PASS)
		bytes = slice_head(buf_uncleared(&s->legs[from].plain), m->n);
	diary_watch(s, m->watch, bytes);
}

/* Carries out one move; false: there was none, or it ends the session. */
static bool
carry_out(struct session *s, enum side from, const struct move *m)
{
	struct buf *b = &s->legs[from].plain;

	if (m->watch || m->opened)
		take_notes(s, from, m);
	switch (m->kind) {
	case MOVE_PASS:
		buf_pass(b, m->n);
		return true;
	case MOVE_PUT:
		forward(s, from);
		session_send(s, directions[from].to, m->text);
		buf_skip(b, m->n);
		return true;
	case MOVE_REPLY:
		s->secret = true; /* it may have been a LOGIN */
		forward(s, from);
		forward(s, SIDE_BACKEND);
		session_say(s, m->reply, m->tag);
		buf_skip(b, m->n);
		return true;
	case MOVE_SKIP:
		s->secret = true;
		forward(s, from);
		buf_skip(b, m->n);
		return true;
	case MOVE_WAIT:
	case MOVE_END:
	default:
		return false;
	}
}

/*
 * The client waits, and a response has just ended: it goes first, so that its
 * turn does not depend on how many responses came at once.
 */
static bool
client_first(const struct session *s, enum side from)
{
	return from == SIDE_BACKEND && dialog_boundary(&s->in.dialog) &&
	       buf_uncleared(&s->legs[SIDE_CLIENT].plain).len > 0;
}

/* Is there a rule that says so? */
static bool
must_wait(struct session *s, enum side from)
{
	if (from == SIDE_CLIENT)
		meter_commands(s);
	return meter_holds(s, from);
}

/* Judges one direction as far as it goes. */
static bool
run_direction(struct session *s, enum side from, struct move *m)
{
	struct leg *leg = &s->legs[from];
	bool moved = false;

	*m = (struct move){.kind = MOVE_WAIT};
	if (s->legs[directions[from].to].waiting >= HIGH_WATER ||
	    s->legs[SIDE_CLIENT].waiting >= HIGH_WATER)
		return false;
	do {
		if (s->meter && must_wait(s, from))
			break;
		directions[from].judge(&s->in.dialog,
				       buf_uncleared(&leg->plain), m);
		moved = moved || m->kind != MOVE_WAIT;
	} while (carry_out(s, from, m) && !client_first(s, from));
	forward(s, from);
	return moved;
}

static void
note_strays(struct session *s)
{
	if (s->in.dialog.strays > 0 && !s->stray_noted) {
		s->stray_noted = true;
		report_violation(s, SIDE_BACKEND,
				 "continuation nobody asked for, dropped");
	}
}

static void
count_idle(struct session *s)
{
	bool idling = dialog_idling(&s->in.dialog);

	if (idling == s->idling)
		return;
	if (s->idling)
		s->idle_ms += s->now - s->idle_since;
	s->idling = idling;
	s->idle_since = s->now;
}

static enum state
violated(struct session *s, enum side side, const char *why)
{
	bool say = dialog_boundary(&s->in.dialog);

	report_violation(s, side, why);
	return session_end(s, say ? REPLY_BYE_SYNTAX : REPLY_NONE, why);
}

static enum state
backend_gone(struct session *s)
{
	const struct dialog *d = &s->in.dialog;
	bool say = dialog_boundary(d) && !d->bye && !s->halved;
	const char *why = "closed by the backend";

	if (d->logout)
		why = "logout";
	else if (s->halved)
		why = "closed by the client";
	else if (d->bye)
		why = "closed by the backend after BYE";
	return session_end(s, say ? REPLY_BYE_UNAVAILABLE : REPLY_NONE, why);
}

/*
 * The client will send no more. Once all it said has gone the backend learns
 * it, and may finish; a command whose end is missing stays without it.
 */
static void
half_close(struct session *s, const struct move *last)
{
	struct leg *backend = &s->legs[SIDE_BACKEND];
	bool more = !buf_empty(&s->legs[SIDE_CLIENT].plain) && last->other;

	if (!s->halved)
		s->deadline = s->now + session_settings(s)->timeouts.half_close;
	s->halved = true;
	if (more || backend->finished || backend->waiting >= HIGH_WATER)
		return;
	leg_flush(s, SIDE_BACKEND);
	backend->finished = true;
	s->work->ops->finish(s, SIDE_BACKEND);
}

/* It has ended, and nothing that it said waits for a rule. */
static bool
said_all(const struct session *s, enum side side)
{
	return s->legs[side].ended &&
	       (buf_empty(&s->legs[side].plain) || !meter_holds(s, side));
}

enum state
relay_stream(struct session *s)
{
	struct move up, down;
	bool moved;

	do {
		moved = run_direction(s, SIDE_CLIENT, &up);
		if (up.kind == MOVE_END)
			return violated(s, SIDE_CLIENT, up.why);
		moved = run_direction(s, SIDE_BACKEND, &down) || moved;
		if (down.kind == MOVE_END)
			return violated(s, SIDE_BACKEND, down.why);
		s->moved = s->moved || moved;
	} while (moved);
	note_strays(s);
	count_idle(s);
	meter_bytes(s);
	if (s->moved)
		return STATE_RELAY;
	if (said_all(s, SIDE_BACKEND) &&
	    s->legs[SIDE_CLIENT].waiting < HIGH_WATER)
		return backend_gone(s);
	if (said_all(s, SIDE_CLIENT))
		half_close(s, &up);
	if (s->draining && dialog_idle(&s->in.dialog) &&
	    dialog_boundary(&s->in.dialog))
		return session_end(s, REPLY_BYE_SHUTDOWN, "shutting down");
	return STATE_RELAY;
}
