/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * gatehouse.c - everything that is said before login, answered by the gate.
 *
 * A command is collected whole, in bounded space, then parsed, then answered
 * (answers.c). Nothing said here reaches a backend as it stands; a refused
 * literal is swallowed, never read as commands (security.md 1 and 3).
 */
#include "session/session.h"

#include <string.h>

enum { GATE_DIGITS = 10 };

struct buf *
gate_input(struct session *s)
{
	return &s->legs[SIDE_CLIENT].plain;
}

enum state
gate_home(const struct session *s)
{
	return s->legs[SIDE_CLIENT].tls ? STATE_GATE : STATE_CLEAR;
}

void
gate_reset(struct session *s)
{
	s->in.gate = (struct gate){0};
	scan_init(&s->in.gate.scan, GATE_DIGITS);
}

/* May credentials be given on this leg as it is? */
bool
gate_may_login(const struct session *s)
{
	return s->legs[SIDE_CLIENT].tls || s->plaintext;
}

enum state
gate_count(struct session *s)
{
	if (++s->commands > session_settings(s)->limits.gate_commands)
		return session_end(s, REPLY_BYE_TOO_MANY_COMMANDS,
				   "too many commands before login");
	return (enum state)s->state;
}

/* Drops the command in hand, says so, and begins the next one. */
static enum state
refuse_now(struct session *s, enum reply r, struct slice tag)
{
	session_say(s, r, tag);
	s->gate_bytes += s->in.gate.seen;
	buf_skip(gate_input(s), s->in.gate.seen);
	gate_reset(s);
	s->moved = true;
	return gate_count(s);
}

enum state
gate_too_long(struct session *s)
{
	report_violation(s, SIDE_CLIENT,
			 "line, literal or session too long before login");
	return session_end(s, REPLY_BYE_TOO_LONG, "too much before login");
}

enum state
gate_framing_lost(struct session *s, const char *why)
{
	report_violation(s, SIDE_CLIENT, why);
	session_say(s, REPLY_SYNTAX, SLICE_EMPTY);
	return session_end(s, REPLY_BYE_SYNTAX, why);
}

bool
gate_over_budget(const struct session *s)
{
	return s->gate_bytes + s->in.gate.seen + s->in.gate.literal >
	       session_settings(s)->limits.gate_bytes;
}

static enum state
whole_command(struct session *s, struct slice in, enum phase phase)
{
	size_t n = s->in.gate.seen;
	enum state next = gate_execute(s, slice_head(in, n), phase);
	bool asking = s->in.gate.asking;

	buf_skip(gate_input(s), n);
	s->gate_bytes += n;
	gate_reset(s);
	s->in.gate.asking = asking;
	s->moved = true;
	if (gate_over_budget(s))
		return gate_too_long(s);
	return next;
}

/* What speaks against the literal that the command wants to send. */
static enum reply
literal_objection(const struct session *s, struct slice tag, struct slice verb)
{
	const struct scan *scan = &s->in.gate.scan;
	enum verb v = verb_of(verb);

	if (!tag_valid(tag))
		return REPLY_TAG_BAD;
	if (v == VERB_LOGIN && !gate_may_login(s))
		return REPLY_PRIVACY_REQUIRED;
	if (v != VERB_LOGIN && v != VERB_ID)
		return verb_permission(v, PHASE_CLEAR) == PERMISSION_ANSWER
			   ? REPLY_SYNTAX
			   : REPLY_UNKNOWN;
	if (scan->binary)
		return REPLY_SYNTAX;
	if (scan->literal > session_settings(s)->limits.literal)
		return REPLY_TOO_LONG;
	return REPLY_NONE;
}

static enum state
literal_opened(struct session *s, struct slice in)
{
	struct gate *g = &s->in.gate;
	struct slice rest = in, tag = slice_cut(&rest, ' '),
		     verb = slice_cut(&rest, ' ');
	enum reply r = literal_objection(s, tag, verb);

	s->moved = true;
	if (r == REPLY_NONE) {
		g->literal = g->scan.literal;
		g->within = true;
		if (gate_over_budget(s))
			return gate_too_long(s);
		if (!g->scan.nonsync)
			session_send(s, SIDE_CLIENT, SLICE("+ OK\r\n"));
		return (enum state)s->state;
	}
	if (r == REPLY_TAG_BAD)
		tag.len = 0;
	if (r == REPLY_PRIVACY_REQUIRED)
		attempt_note_clear(s);
	if (!g->scan.nonsync)
		return refuse_now(s, r, tag);
	g->literal = g->scan.literal;
	if (gate_over_budget(s))
		return gate_too_long(s);
	memcpy(g->tag, tag.ptr, tag.len);
	g->tag_len = (unsigned char)tag.len;
	g->refusal = (unsigned char)r;
	g->dropping = g->within = true;
	s->gate_bytes += g->seen;
	buf_skip(gate_input(s), g->seen);
	g->seen = 0;
	return (enum state)s->state;
}

/* Swallows the rest of a refused command, then says why. */
static enum state
drop(struct session *s)
{
	struct gate *g = &s->in.gate;
	struct slice in = buf_uncleared(gate_input(s));
	enum scan_event event = SCAN_MORE;
	size_t n = in.len;

	if (n == 0)
		return (enum state)s->state;
	if (g->within) {
		n = n < g->literal ? n : (size_t)g->literal;
		g->literal -= n;
		if (g->literal == 0) {
			g->within = false;
			scan_after_literal(&g->scan);
		}
	} else {
		event = scan_next(&g->scan, in, &n);
	}
	buf_skip(gate_input(s), n);
	s->gate_bytes += n;
	s->moved = true;
	if (event == SCAN_BAD)
		return gate_framing_lost(s, g->scan.why);
	if (event == SCAN_LITERAL && g->scan.nonsync) {
		g->literal = g->scan.literal;
		g->within = true;
	} else if (event != SCAN_MORE) {
		session_say(s, (enum reply)g->refusal,
			    slice_of(g->tag, g->tag_len));
		gate_reset(s);
		if (gate_count(s) == STATE_DRAIN)
			return STATE_DRAIN;
	}
	return gate_over_budget(s) ? gate_too_long(s) : (enum state)s->state;
}

/* AUTHENTICATE may carry its message in the line (RFC 4959). */
static uint64_t
line_limit(const struct session *s, struct slice in)
{
	const struct settings *set = session_settings(s);
	struct slice rest = slice_head(in, TAG_MAX + 64);

	(void)slice_cut(&rest, ' ');
	if (verb_of(slice_cut(&rest, ' ')) != VERB_AUTHENTICATE)
		return set->limits.line;
	if (mechanism_oauth(mechanism_of(slice_cut(&rest, ' '))))
		return set->limits.oauth_line;
	return set->limits.sasl_line;
}

static enum state
collect(struct session *s, enum phase phase)
{
	struct gate *g = &s->in.gate;
	struct slice in = buf_uncleared(gate_input(s));
	enum scan_event event;
	size_t used;

	if (g->within) {
		if (in.len - g->seen < g->literal)
			return (enum state)s->state;
		g->seen += (uint32_t)g->literal;
		g->line_at = g->seen;
		g->literal = 0;
		g->within = false;
		scan_after_literal(&g->scan);
	}
	event = scan_next(&g->scan, slice_skip(in, g->seen), &used);
	g->seen += (uint32_t)used;
	if (event == SCAN_BAD)
		return gate_framing_lost(s, g->scan.why);
	if (g->seen - g->line_at > line_limit(s, in) || gate_over_budget(s))
		return gate_too_long(s);
	if (event == SCAN_LITERAL)
		return literal_opened(s, in);
	if (event == SCAN_END)
		return whole_command(s, in, phase);
	return (enum state)s->state;
}

static enum state
converse(struct session *s, enum phase phase)
{
	enum state next;

	if (s->in.gate.dropping)
		next = drop(s);
	else if (s->in.gate.asking)
		next = gate_answer(s);
	else
		next = collect(s, phase);
	if (next == s->state && !s->moved && s->legs[SIDE_CLIENT].ended)
		return session_end(s, REPLY_NONE, "closed by the client");
	return next;
}

enum state
gate_command(struct session *s)
{
	if (s->greeting_due) {
		s->greeting_due = false;
		if (!s->legs[SIDE_CLIENT].ended)
			gate_greet(s);
	}
	return converse(s, PHASE_GATE);
}

/* The commonest mistake of all is no attack: 993's setting on 143. */
static enum state
stray_hello(struct session *s, struct slice in)
{
	static const char why[] = "TLS from the first byte on a STARTTLS port";
	struct hello hello;

	if (hello_read(in, &hello) == HELLO_COMPLETE)
		witness_hello(s, &hello);
	report_no_tls(s, SIGNAL_TLS_ON_STARTTLS, why);
	return session_end(s, REPLY_NONE, why);
}

enum state
gate_clear(struct session *s)
{
	struct slice in = buf_uncleared(gate_input(s));

	if (s->commands == 0 && in.len > 0 && in.ptr[0] == 0x16)
		return stray_hello(s, in);
	return converse(s, PHASE_CLEAR);
}
