/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * answers.c - what the gate says to each command before login.
 */
#include "session/session.h"

#include "session/backends.h"

#include <stdio.h>

static void
send_words(struct session *s, const char *before, const char *after)
{
	char words[CAPABILITY_TEXT_MAX], line[CAPABILITY_TEXT_MAX + 64];
	enum gate_leg leg = s->legs[SIDE_CLIENT].tls ? GATE_LEG_TLS
			    : s->plaintext           ? GATE_LEG_PLAINTEXT
						     : GATE_LEG_CLEAR;
	size_t n = backends_gate_words(session_settings(s), leg, words);
	int len = snprintf(line, sizeof line, "%s%.*s%s", before, (int)n, words,
			   after);

	session_send(s, SIDE_CLIENT, slice_of(line, (size_t)len));
}

void
gate_greet(struct session *s)
{
	send_words(s, "* OK [CAPABILITY ", "] IMAP ready\r\n");
}

static enum state
say_capability(struct session *s, const struct command *c)
{
	send_words(s, "* CAPABILITY ", "\r\n");
	session_say(s, REPLY_CAPABILITY_OK, c->tag);
	return (enum state)s->state;
}

static enum state
say_noop(struct session *s, const struct command *c)
{
	session_say(s, REPLY_NOOP_OK, c->tag);
	return (enum state)s->state;
}

static enum state
say_logout(struct session *s, const struct command *c)
{
	session_say(s, REPLY_BYE_LOGOUT, SLICE_EMPTY);
	session_say(s, REPLY_LOGOUT_OK, c->tag);
	return session_end(s, REPLY_NONE, "logout");
}

static enum state
say_id(struct session *s, const struct command *c)
{
	enum err e = agent_read(s, c->args);

	if (e == ERR_OK)
		session_send(s, SIDE_CLIENT,
			     SLICE("* ID (\"name\" \"imapward\")\r\n"));
	session_say(s, e == ERR_OK ? REPLY_ID_OK : REPLY_SYNTAX, c->tag);
	return (enum state)s->state;
}

static enum state
say_starttls(struct session *s, const struct command *c)
{
	struct leg *client = &s->legs[SIDE_CLIENT];

	if (buf_uncleared(&client->plain).len > s->in.gate.seen) {
		report_violation(s, SIDE_CLIENT,
				 "data in clear behind STARTTLS");
		return session_end(s, REPLY_BYE_INJECTION,
				   "data in clear behind STARTTLS");
	}
	session_say(s, REPLY_STARTTLS_OK, c->tag);
	/* What was said in clear counts for nothing any more. */
	agent_forget(s);
	s->greeted = false;
	s->commands = 0;
	s->gate_bytes = 0;
	client->encrypted = true;
	return STATE_ADMIT;
}

static enum state
say_login(struct session *s, const struct command *c)
{
	struct attempt *a;
	enum err e;

	a = attempt_new(s, c->tag, c->args.len);
	if (!a)
		return session_end(s, REPLY_BYE_OVERLOAD, "out of memory");
	a->login_command = true;
	e = command_login(c->args, a->message, &a->identity.user,
			  &a->identity.secret);
	if (e == ERR_OK)
		a->name = a->identity.user;
	if (!gate_may_login(s))
		return attempt_refuse(s, REPLY_PRIVACY_REQUIRED);
	if (e == ERR_OK)
		return STATE_JUDGE;
	return attempt_refuse(s, e == ERR_REFUSED ? REPLY_CREDENTIAL_BAD
						  : REPLY_SYNTAX);
}

enum state
gate_execute(struct session *s, struct slice whole, enum phase phase)
{
	static enum state (*const answers[VERB_COUNT])(
	    struct session *, const struct command *) = {
	    [VERB_CAPABILITY] = say_capability,
	    [VERB_NOOP] = say_noop,
	    [VERB_ID] = say_id,
	    [VERB_LOGOUT] = say_logout,
	    [VERB_STARTTLS] = say_starttls,
	    [VERB_LOGIN] = say_login,
	    [VERB_AUTHENTICATE] = gate_authenticate,
	};
	const struct settings *set = session_settings(s);
	struct command c;

	if (gate_count(s) == STATE_DRAIN)
		return STATE_DRAIN;
	if (command_parse(whole, &c) != ERR_OK) {
		session_say(s, c.tag.len > 0 ? REPLY_SYNTAX : REPLY_TAG_BAD,
			    c.tag);
		return (enum state)s->state;
	}
	if (verb_permission(c.verb, phase) != PERMISSION_ANSWER) {
		session_say(s,
			    c.verb == VERB_STARTTLS ? REPLY_STARTTLS_INSIDE
						    : REPLY_UNKNOWN,
			    c.tag);
		return (enum state)s->state;
	}
	if (!s->greeted && phase == PHASE_GATE)
		s->deadline +=
		    set->timeouts.gate_total - set->timeouts.gate_first;
	s->greeted = true;
	witness_forget(s);
	return answers[c.verb](s, &c);
}
