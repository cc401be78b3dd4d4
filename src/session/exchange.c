/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * exchange.c - AUTHENTICATE before login (RFC 9051 section 6.2.2, RFC 4959).
 *
 * The gate asks, the client answers in base64, and when all is known the
 * attempt goes to its judge. A line that answers a challenge is base64 or "*";
 * it is never read as a command.
 */
#include "session/session.h"

static void
ask(struct session *s, const char *challenge)
{
	session_send(s, SIDE_CLIENT, slice_str(challenge));
	s->in.gate.asking = true;
}

/* The LOGIN mechanism: user and password come one by one. */
static enum err
take_login_part(struct attempt *a, struct slice base64)
{
	size_t n, at = a->message_len;
	enum err e;

	if (!attempt_room(a, at + base64.len))
		return ERR_NOMEM;
	e = base64_decode(base64, a->message + at, &n);
	if (e == ERR_OK && !credential_valid(slice_of(a->message + at, n)))
		e = ERR_REFUSED;
	if (e != ERR_OK)
		return e;
	a->message_len += n;
	if (a->half) {
		a->identity.user = slice_of(a->message, at);
		a->identity.secret = slice_of(a->message + at, n);
		a->name = a->identity.user;
	}
	return ERR_OK;
}

/* Everything else says all in one message. */
static enum err
take_message(struct attempt *a, struct slice base64)
{
	size_t n;
	enum err e;

	/* Room for the name, decoded, behind the message. */
	if (!attempt_room(a, 2 * base64.len))
		return ERR_NOMEM;
	e = base64_decode(base64, a->message, &a->message_len);
	if (e == ERR_OK)
		e = sasl_read(a->mechanism,
			      slice_of(a->message, a->message_len),
			      &a->identity);
	if (e != ERR_OK)
		return e;
	a->name = a->identity.user;
	if (a->mechanism != MECHANISM_OAUTHBEARER)
		return ERR_OK;
	e = sasl_name_decode(a->identity.user, a->message + a->message_len, &n);
	a->name = slice_of(a->message + a->message_len, n);
	return e;
}

static enum state
sasl_take(struct session *s, struct slice base64)
{
	struct attempt *a = s->attempt;
	enum err e;

	if (a->mechanism == MECHANISM_LOGIN) {
		e = take_login_part(a, base64);
		if (e == ERR_OK && !a->half) {
			a->half = true;
			ask(s, "+ UGFzc3dvcmQ6\r\n");
			return (enum state)s->state;
		}
	} else {
		e = take_message(a, base64);
	}
	if (e == ERR_NOMEM)
		return session_end(s, REPLY_BYE_OVERLOAD, "out of memory");
	if (e != ERR_OK)
		return attempt_refuse(s, e == ERR_REFUSED ? REPLY_CREDENTIAL_BAD
							  : REPLY_SASL_BAD);
	return STATE_JUDGE;
}

enum state
gate_authenticate(struct session *s, const struct command *c)
{
	struct authenticate auth;
	struct attempt *a;
	enum mechanism m;

	if (!gate_may_login(s)) {
		attempt_note_clear(s);
		session_say(s, REPLY_PRIVACY_REQUIRED, c->tag);
		return (enum state)s->state;
	}
	if (command_authenticate(c->args, &auth) != ERR_OK) {
		session_say(s, REPLY_SYNTAX, c->tag);
		return (enum state)s->state;
	}
	m = mechanism_of(auth.mechanism);
	if (m == MECHANISM_COUNT) {
		session_say(s, REPLY_MECHANISM_UNKNOWN, c->tag);
		return (enum state)s->state;
	}
	a = attempt_new(s, c->tag, auth.initial.len);
	if (!a)
		return session_end(s, REPLY_BYE_OVERLOAD, "out of memory");
	a->mechanism = m;
	if (auth.has_initial)
		return sasl_take(s, auth.initial);
	ask(s, m == MECHANISM_LOGIN ? "+ VXNlcm5hbWU6\r\n" : "+ \r\n");
	return (enum state)s->state;
}

/* A line that answers a challenge: base64 or "*"; never a command. */
enum state
gate_answer(struct session *s)
{
	const struct settings *set = session_settings(s);
	struct slice in = buf_uncleared(gate_input(s)), line;
	uint64_t most = mechanism_oauth(s->attempt->mechanism)
			    ? set->limits.oauth_line
			    : set->limits.sasl_line;
	size_t n = s->in.gate.seen;
	enum state next;

	n += slice_find(slice_skip(in, n), '\n');
	s->in.gate.seen = (uint32_t)n;
	if (n > most)
		return gate_too_long(s);
	if (n == in.len)
		return (enum state)s->state;
	s->in.gate.seen = 0;
	line = slice_head(in, n);
	s->in.gate.asking = false;
	s->gate_bytes += n + 1;
	s->moved = true;
	if (n == 0 || line.ptr[n - 1] != '\r')
		return gate_framing_lost(s, "bare LF");
	line.len--;
	if (slice_eq(line, SLICE("*")))
		next = attempt_refuse(s, REPLY_CANCELLED);
	else
		next = sasl_take(s, line);
	buf_skip(gate_input(s), n + 1);
	if (gate_over_budget(s))
		return gate_too_long(s);
	return next;
}
