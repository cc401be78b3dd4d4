/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * late.c - what ends a session, or a state of it, from outside: time, a broken
 * connection, a daemon that stops.
 */
#include "session/session.h"

#define NEVER UINT64_MAX

/* The state took too long. */
static enum state
run_late(struct session *s)
{
	const char *why = "timed out";

	switch (s->state) {
	case STATE_ADMIT:
		return session_end(s, REPLY_NONE,
				   "too many handshakes at once");
	case STATE_CONNECT:
		return upstream_failed(s, "backend timed out");
	case STATE_LOGIN:
		return attempt_fail(s, REPLY_UNAVAILABLE, "backend timed out");
	case STATE_HELLO:
	case STATE_TLS:
		report_no_tls(s, SIGNAL_NONE, NULL);
		/* Mail programs without TLS wait for a greeting: say why not.
		 */
		if (!s->starttls && s->state == STATE_HELLO &&
		    buf_empty(&s->legs[SIDE_CLIENT].in))
			return session_end(s, REPLY_BYE_TLS_REQUIRED,
					   "no TLS from the client in time");
		break;
	case STATE_RELAY:
		why = s->halved ? "closed by the client" : "idle for too long";
		if (s->halved || !dialog_boundary(&s->in.dialog))
			return session_end(s, REPLY_NONE, why);
		break;
	default:
		break;
	}
	return session_end(s, session_late_reply(s), why);
}

static enum state
client_lost(struct session *s)
{
	enum err cause = s->legs[SIDE_CLIENT].cause;
	const char *why = "connection to the client lost";
	struct engine_facts f;

	if (cause == ERR_PROTOCOL) {
		engine_facts(s->legs[SIDE_CLIENT].tls, &f);
		why = f.reason;
	} else if (cause == ERR_LIMIT) {
		why = "made room for others";
	} else if (cause == ERR_REFUSED) {
		why = "refused by a limit";
	}
	if (s->state == STATE_HELLO || s->state == STATE_TLS)
		report_no_tls(s, SIGNAL_NONE, cause == ERR_LIMIT ? why : NULL);
	return session_end(s, REPLY_NONE, why);
}

bool
session_verdict_due(const struct session *s)
{
	return s->state == STATE_LOGIN && s->attempt->sent;
}

enum state
late_run(struct session *s)
{
	if (s->state >= STATE_DRAIN)
		return s->state;
	if (s->legs[SIDE_CLIENT].lost && !session_verdict_due(s))
		return client_lost(s);
	if (!session_verdict_due(s) && flow_stalled(s))
		return session_end(s, REPLY_NONE,
				   "the peer stopped taking bytes");
	if (s->draining && s->drain_at == NEVER)
		s->drain_at = s->now + session_settings(s)->timeouts.drain;
	if (s->draining && s->state < STATE_JUDGE)
		return session_end(s,
				   s->state == STATE_GATE ||
					   s->state == STATE_CLEAR
				       ? REPLY_BYE_SHUTDOWN
				       : REPLY_NONE,
				   "shutting down");
	if (s->drain_at <= s->now)
		return session_end(s,
				   s->state != STATE_RELAY ||
					   dialog_boundary(&s->in.dialog)
				       ? REPLY_BYE_SHUTDOWN
				       : REPLY_NONE,
				   "shutting down");
	return s->deadline > s->now ? s->state : run_late(s);
}
