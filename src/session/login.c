/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * login.c - credentials replayed to the backend, and its verdict.
 *
 * The verdict is the first complete line with our own tag after all of the
 * credentials were sent. Nothing else the backend says before it is shown.
 */
#include "session/session.h"

#include "imap/capability.h"
#include "imap/response.h"
#include "session/backends.h"
#include "session/shares.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MOST = 16 * 1024 };

static void
send_piece(struct session *s)
{
	struct attempt *a = s->attempt;
	size_t from = a->pieces[a->pieces_sent],
	       to = a->pieces[++a->pieces_sent];

	session_send(s, SIDE_BACKEND, slice_of(a->script + from, to - from));
	a->sent = true;
}

/* A response code of the backend that is no wrong password (RFC 5530). */
static const struct {
	const char *code;
	enum reply verdict;
} verdicts[] = {
    {"UNAVAILABLE", REPLY_UNAVAILABLE},
    {"SERVERBUG", REPLY_SERVERBUG},
    {"INUSE", REPLY_INUSE},
    {"LIMIT", REPLY_LIMIT},
    {"CONTACTADMIN", REPLY_CONTACTADMIN},
    {"PRIVACYREQUIRED", REPLY_UNAVAILABLE},
    {"AUTHORIZATIONFAILED", REPLY_AUTHZ_FAILED},
    {"EXPIRED", REPLY_EXPIRED},
};

static enum reply
verdict_of(const struct response *r)
{
	if (r->status == STATUS_BAD)
		return REPLY_UNAVAILABLE;
	for (size_t i = 0; i < sizeof verdicts / sizeof verdicts[0]; i++)
		if (slice_ieq(r->code, slice_str(verdicts[i].code)))
			return verdicts[i].verdict;
	return REPLY_LOGIN_FAILED;
}

/*
 * What a backend writes where a code stands may be anything, a password too:
 * only registered ones (RFC 9051 section 7.1, RFC 5530) are kept for events.
 */
static const char *const registered[] = {
    "ALERT",
    "AUTHENTICATIONFAILED",
    "AUTHORIZATIONFAILED",
    "BADCHARSET",
    "CANNOT",
    "CLIENTBUG",
    "CONTACTADMIN",
    "CORRUPTION",
    "EXPIRED",
    "INUSE",
    "LIMIT",
    "NOPERM",
    "OVERQUOTA",
    "PRIVACYREQUIRED",
    "REFERRAL",
    "SERVERBUG",
    "UNAVAILABLE",
};

static void
keep_code(struct attempt *a, struct slice code)
{
	a->trial.code = code.len > 0 ? "other" : NULL;
	for (size_t i = 0; i < sizeof registered / sizeof registered[0]; i++)
		if (slice_ieq(code, slice_str(registered[i])))
			a->trial.code = registered[i];
}

static void
keep_words(struct attempt *a, struct slice words)
{
	a->trial.words_len = words.len < sizeof a->trial.words ? words.len : 0;
	memcpy(a->trial.words, words.ptr, a->trial.words_len);
}

static enum state
refused(struct session *s, const struct response *r)
{
	struct attempt *a = s->attempt;
	enum reply verdict = verdict_of(r);
	bool again = slice_ieq(r->code, SLICE("UNAVAILABLE")) &&
		     a->tried + 1 < session_settings(s)->backends_count;

	keep_code(a, r->code);
	/* It was not the token, after all. */
	if (r->status != STATUS_BAD && verdict != REPLY_LOGIN_FAILED)
		a->trial.oauth_asked = a->trial.oauth_answered = false;
	if (r->status == STATUS_BAD) {
		/* Some say so to a wrong password. */
		s->failures++;
		judge_unclear(s);
		backends_forget(&session_settings(s)->backends[a->backend]);
	}
	if (again) {
		/* The credentials were refused unread: another may take them.
		 */
		script_forget(a);
		a->sent = false;
		return upstream_failed(s, "backend says it is unavailable");
	}
	return attempt_fail(s, verdict,
			    verdict == REPLY_LOGIN_FAILED ? "wrong credentials"
			    : r->status == STATUS_BAD
				? "backend did not understand the login"
				: "refused by the backend");
}

static enum state
broken(struct session *s, const char *reason)
{
	report_violation(s, SIDE_BACKEND, reason);
	return attempt_fail(s, REPLY_UNAVAILABLE, reason);
}

static size_t
put(unsigned char *to, size_t at, struct slice text)
{
	memcpy(to + at, text.ptr, text.len);
	return at + text.len;
}

/* The client learns the true list with its OK. */
static void
say_welcome(struct session *s)
{
	struct attempt *a = s->attempt;
	struct slice rest = slice_of(a->trial.words, a->trial.words_len), word;
	unsigned char text[TAG_MAX + sizeof a->trial.words + 64];
	size_t n = put(text, 0, slice_of(a->tag, a->tag_len));

	n = put(text, n, SLICE(" OK"));
	if (rest.len > 0)
		n = put(text, n, SLICE(" [CAPABILITY"));
	while (rest.len > 0) {
		word = slice_cut(&rest, ' ');
		if (word.len == 0 || !capability_passes(word))
			continue;
		text[n++] = ' ';
		n = put(text, n, word);
	}
	if (a->trial.words_len > 0)
		text[n++] = ']';
	n = put(text, n, SLICE(" Logged in\r\n"));
	session_send(s, SIDE_CLIENT, slice_of(text, n));
}

/*
 * Who has not said his name is not one user with others who have not, of whom
 * each could use up the sessions of all.
 */
static enum err
take_share(struct session *s)
{
	struct slice user = attempt_user(s->attempt);

	if (user.len == 0)
		return ERR_OK;
	return share_enter(user, session_settings(s)->limits.sessions_per_user,
			   &s->share);
}

/*
 * Counted when the password was found right and not before: so nobody else can
 * use up a user's sessions, nor learn that he has some.
 */
static enum state
crowded(struct session *s, enum err e)
{
	if (e == ERR_LIMIT) {
		s->attempt->rule = "limits.sessions_per_user";
		s->attempt->by = rule_by_words[RULE_USER];
	}
	return attempt_fail(s,
			    e == ERR_LIMIT ? REPLY_CROWDED : REPLY_UNAVAILABLE,
			    e == ERR_LIMIT ? "too many sessions of this user"
					   : "out of memory");
}

static enum state
welcome(struct session *s)
{
	struct attempt *a = s->attempt;
	struct slice known =
	    a->trial.words_len > 0
		? slice_of(a->trial.words, a->trial.words_len)
		: slice_of(a->trial.greeter.words, a->trial.greeter.words_len);
	unsigned flags = capability_flags(known);
	enum err e = take_share(s);

	judge_end(s, TALLY_SUCCEEDED);
	if (e != ERR_OK)
		return crowded(s, e);
	say_welcome(s);
	s->authenticated = true;
	s->user = malloc(a->name.len + 1);
	if (s->user) {
		memcpy(s->user, a->name.ptr, a->name.len);
		s->user[a->name.len] = '\0';
	}
	report_login(s, REPLY_NONE, NULL);
	s->backend = a->backend;
	dialog_init(&s->in.dialog, flags);
	permit_begin(s);
	meter_begin(s);
	attempt_free(s);
	return STATE_RELAY;
}

static enum state
tagged(struct session *s, const struct response *r)
{
	struct attempt *a = s->attempt;

	if (!slice_eq(r->tag, slice_str(a->trial.tag)))
		return broken(s, "answer to no command");
	if (a->trial.listing)
		return welcome(s);
	if (r->status != STATUS_OK)
		return refused(s, r);
	if (a->pieces_sent < a->pieces_count)
		return broken(s, "login answered before it was sent");
	a->trial.accepted = true;
	if (slice_ieq(r->code, SLICE("CAPABILITY")))
		keep_words(a, r->code_args);
	if (a->trial.words_len > 0)
		return welcome(s);
	a->trial.listing = true;
	a->trial.tag[0] = 'X';
	session_send(s, SIDE_BACKEND, slice_str(a->trial.tag));
	session_send(s, SIDE_BACKEND, SLICE(" CAPABILITY\r\n"));
	return STATE_LOGIN;
}

static bool
looks_base64(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!byte_alpha(s.ptr[i]) && !byte_digit(s.ptr[i]) &&
		    s.ptr[i] != '+' && s.ptr[i] != '/' && s.ptr[i] != '=')
			return false;
	return true;
}

static enum state
continuation(struct session *s, const struct response *r)
{
	struct attempt *a = s->attempt;

	if (a->pieces_sent < a->pieces_count) {
		send_piece(s);
		return STATE_LOGIN;
	}
	if (!mechanism_oauth(a->mechanism) || a->trial.oauth_asked ||
	    a->trial.oauth_answered || a->trial.accepted)
		return broken(s, "continuation nobody asked for");
	/* RFC 7628 section 3.2.2: the error goes to the client, unlogged. */
	a->trial.oauth_asked = true;
	session_send(s, SIDE_CLIENT, SLICE("+ "));
	if (looks_base64(r->data))
		session_send(s, SIDE_CLIENT, r->data);
	session_send(s, SIDE_CLIENT, SLICE("\r\n"));
	return STATE_LOGIN;
}

static enum state
untagged(struct session *s, const struct response *r)
{
	struct attempt *a = s->attempt;
	struct slice words;

	if (response_capability(r, &words))
		keep_words(a, words);
	else if (r->status == STATUS_BYE)
		keep_code(a, r->code);
	else if (response_literal(r, &a->trial.skip)) {
		if (a->trial.skip == UINT64_MAX)
			return broken(s, "malformed literal");
		a->trial.within = true;
	}
	/* Nothing of it is shown to the client. */
	return STATE_LOGIN;
}

static enum state
answer(struct session *s, struct slice line)
{
	struct response r = {.kind = RESPONSE_UNTAGGED};

	if (s->attempt->trial.within) {
		/* The rest of a data response behind a literal. */
		s->attempt->trial.within = false;
		r.data = slice_head(line, slice_find(line, '\r'));
	} else if (response_parse(line, &r) != ERR_OK) {
		return broken(s, "malformed response");
	}
	switch (r.kind) {
	case RESPONSE_TAGGED:
		return tagged(s, &r);
	case RESPONSE_CONTINUE:
		return continuation(s, &r);
	case RESPONSE_UNTAGGED:
	default:
		return untagged(s, &r);
	}
}

/*
 * The client's reply to the backend's OAuth error is passed on; anything else,
 * such as other credentials, cancels. False: it is no line at all.
 */
static bool
pass_oauth_reply(struct session *s)
{
	struct leg *client = &s->legs[SIDE_CLIENT];
	struct slice in = buf_uncleared(&client->plain), line;
	size_t n = slice_find(in, '\n');

	if (n == in.len && !client->ended)
		return in.len < WAIT_MOST;
	line = slice_head(in, n);
	if (n < in.len && slice_iends(line, SLICE("\r")))
		line.len--;
	else
		line = SLICE("*");
	if (!sasl_error_reply(line))
		line = SLICE("*");
	session_send(s, SIDE_BACKEND, line);
	session_send(s, SIDE_BACKEND, SLICE("\r\n"));
	buf_skip(&client->plain, n < in.len ? n + 1 : in.len);
	s->attempt->trial.oauth_asked = false;
	s->attempt->trial.oauth_answered = true;
	s->moved = true;
	return true;
}

static enum state
next_line(struct session *s)
{
	struct attempt *a = s->attempt;
	struct buf *b = &s->legs[SIDE_BACKEND].plain;
	struct slice in = buf_uncleared(b);
	size_t n = in.len;
	enum state next = STATE_LOGIN;

	if (a->trial.skip > 0 && n > 0) {
		n = n < a->trial.skip ? n : (size_t)a->trial.skip;
		a->trial.skip -= n;
	} else if ((n = slice_find(in, '\n')) < in.len) {
		n++;
		next = answer(s, slice_head(in, n));
	} else if (n > LINE_MOST) {
		return broken(s, "endless line");
	} else {
		return STATE_LOGIN;
	}
	/* A closed leg has no bytes left to skip. */
	if (s->legs[SIDE_BACKEND].open)
		buf_skip(b, n);
	s->moved = true;
	return next;
}

enum state
login_replay(struct session *s)
{
	struct attempt *a = s->attempt;
	struct leg *backend = &s->legs[SIDE_BACKEND];
	enum state next;

	if (!a->script) {
		enum reply r = script_write(
		    a, capability_flags(slice_of(a->trial.greeter.words,
						 a->trial.greeter.words_len)));

		if (r != REPLY_NONE)
			return attempt_fail(s, r,
					    "backend lacks a way to do it");
		send_piece(s);
	}
	if (a->trial.oauth_asked && !pass_oauth_reply(s))
		return gate_too_long(s);
	next = next_line(s);
	if (next == STATE_LOGIN && !s->moved && backend->ended)
		return attempt_fail(s, REPLY_UNAVAILABLE,
				    "backend closed during the login");
	return next;
}
