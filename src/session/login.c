/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * login.c - an attempt to log in: judged, replayed to the backend, answered.
 *
 * The client's bytes are not forwarded: the command is written anew from the
 * decoded credentials, in the form the backend knows. The verdict is the first
 * complete line with our own tag after all of it was sent.
 */
#include "session/session.h"

#include "base/wipe.h"
#include "imap/capability.h"
#include "imap/response.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GRID_MS = 250, LINE_MOST = 16 * 1024 };

/* ---- the attempt's memory ---- */

struct attempt *
attempt_new(struct session *s, struct slice tag, size_t room)
{
	struct attempt *a = calloc(1, sizeof *a);

	if (!a || !attempt_room(a, room)) {
		free(a);
		return NULL;
	}
	a->verdict = REPLY_NONE;
	a->mechanism = MECHANISM_COUNT;
	a->began = s->now;
	a->answer_at = UINT64_MAX;
	a->tag_len = (unsigned char)tag.len;
	memcpy(a->tag, tag.ptr, tag.len);
	attempt_free(s);
	s->attempt = a;
	return a;
}

static void
forget(unsigned char *mem, size_t n)
{
	if (mem)
		wipe(mem, n);
	free(mem);
}

bool
attempt_room(struct attempt *a, size_t n)
{
	size_t cap = n < 64 ? 64 : n;
	unsigned char *mem;

	if (a->message && n <= a->message_cap)
		return true;
	mem = calloc(1, cap);
	if (!mem)
		return false;
	if (a->message_len > 0)
		memcpy(mem, a->message, a->message_len);
	forget(a->message, a->message_cap);
	a->message = mem;
	a->message_cap = cap;
	return true;
}

void
attempt_free(struct session *s)
{
	struct attempt *a = s->attempt;

	if (!a)
		return;
	forget(a->message, a->message_cap);
	forget(a->script, a->script_cap);
	wipe(a, sizeof *a);
	free(a);
	s->attempt = NULL;
}

/* ---- judging ---- */

/*
 * Wrong password, unknown user and whatever else is keyed by the user sound
 * the same and take the same time: not before the delay, and on a grid.
 */
static uint64_t
answer_time(const struct session *s)
{
	uint64_t took = s->now - s->attempt->began;
	uint64_t least = session_settings(s)->timeouts.auth_failure_delay;

	if (took < least)
		took = least;
	took = (took + GRID_MS - 1) / GRID_MS * GRID_MS;
	return s->attempt->began + took;
}

enum state
attempt_fail(struct session *s, enum reply verdict, const char *reason)
{
	struct attempt *a = s->attempt;

	a->verdict = verdict;
	a->answer_at = s->now;
	if (verdict == REPLY_LOGIN_FAILED) {
		s->failures++;
		a->answer_at = answer_time(s);
	}
	report_login(s, verdict, reason);
	a->reported = true;
	upstream_close(s);
	return STATE_JUDGE;
}

enum state
login_judge(struct session *s)
{
	struct attempt *a = s->attempt;

	if (a->verdict == REPLY_NONE) {
		s->attempts++;
		a->judged = true;
		/* To some directories an empty password is "no password asked".
		 */
		if (a->identity.secret.len == 0 ||
		    (a->identity.user.len == 0 &&
		     !mechanism_oauth(a->mechanism)))
			return attempt_fail(s, REPLY_LOGIN_FAILED,
					    "empty user or password");
		return STATE_CONNECT;
	}
	if (s->now < a->answer_at)
		return STATE_JUDGE;
	session_say(s, a->verdict, slice_of(a->tag, a->tag_len));
	attempt_free(s);
	if (s->failures >= session_settings(s)->limits.login_attempts)
		return session_end(s, REPLY_BYE_TOO_MANY_FAILURES,
				   "too many failed logins");
	return gate_home(s);
}

/* ---- the script: what goes to the backend, piece by piece ---- */

struct script {
	struct attempt *a;
	size_t len;
};

static void
add(struct script *sc, struct slice text)
{
	assert(text.len <= sc->a->script_cap - sc->len);
	memcpy(sc->a->script + sc->len, text.ptr, text.len);
	sc->len += text.len;
}

/* What follows waits for the backend's "+". */
static void
end_piece(struct script *sc)
{
	assert(sc->a->pieces_count < ATTEMPT_PIECES);
	sc->a->pieces[++sc->a->pieces_count] = sc->len;
}

static void
add_string(struct script *sc, struct slice s)
{
	char head[32];

	if (string_fits_quoted(s)) {
		sc->len += string_quote(s, sc->a->script + sc->len);
		return;
	}
	(void)snprintf(head, sizeof head, "{%zu}\r\n", s.len);
	add(sc, slice_str(head));
	end_piece(sc);
	add(sc, s);
}

static void
write_login(struct script *sc)
{
	add(sc, SLICE(" LOGIN "));
	add_string(sc, sc->a->identity.user);
	add(sc, SLICE(" "));
	add_string(sc, sc->a->identity.secret);
	add(sc, SLICE("\r\n"));
}

/* message: decoded; encoded here. initial: the backend takes it in the line. */
static void
write_sasl(struct script *sc, enum mechanism m, struct slice message,
	   bool initial)
{
	add(sc, SLICE(" AUTHENTICATE "));
	add(sc, mechanism_text(m));
	if (initial) {
		add(sc, SLICE(" "));
	} else {
		add(sc, SLICE("\r\n"));
		end_piece(sc);
	}
	if (message.len == 0 && initial)
		add(sc, SLICE("="));
	sc->len += base64_encode(message, sc->a->script + sc->len);
	add(sc, SLICE("\r\n"));
}

static void
write_plain(struct script *sc, bool initial)
{
	struct attempt *a = sc->a;
	size_t n = a->identity.authzid.len + a->identity.user.len +
		   a->identity.secret.len + 2;
	/* The message is built at the end of the script, then encoded. */
	unsigned char *message = a->script + a->script_cap - n;

	(void)sasl_write_plain(&a->identity, message);
	write_sasl(sc, MECHANISM_PLAIN, slice_of(message, n), initial);
}

/* REPLY_NONE: written; else what the client must hear instead. */
static enum reply
write_script(struct attempt *a, unsigned flags)
{
	struct script sc = {.a = a};
	bool initial = flags & CAP_SASL_IR, plain = flags & CAP_AUTH_PLAIN;

	a->script_cap = 6 * (a->identity.authzid.len + a->identity.user.len +
			     a->identity.secret.len + a->message_len) +
			512;
	a->script = calloc(1, a->script_cap);
	if (!a->script)
		return REPLY_UNAVAILABLE;
	add(&sc, slice_str(a->own_tag));
	if (a->mechanism == MECHANISM_XOAUTH2 ||
	    a->mechanism == MECHANISM_OAUTHBEARER) {
		unsigned need = a->mechanism == MECHANISM_XOAUTH2
				    ? CAP_AUTH_XOAUTH2
				    : CAP_AUTH_OAUTHBEARER;

		if (!(flags & need))
			return REPLY_MECHANISM_UNKNOWN;
		write_sasl(&sc, a->mechanism,
			   slice_of(a->message, a->message_len), initial);
	} else if (a->identity.authzid.len > 0 && !plain) {
		return REPLY_AUTHZ_FAILED;
	} else if (plain && !a->login_command) {
		write_plain(&sc, initial);
	} else {
		write_login(&sc);
	}
	end_piece(&sc);
	return REPLY_NONE;
}

static void
send_piece(struct session *s)
{
	struct attempt *a = s->attempt;
	size_t from = a->pieces[a->pieces_sent],
	       to = a->pieces[++a->pieces_sent];

	session_send(s, SIDE_BACKEND, slice_of(a->script + from, to - from));
	a->sent = true;
}

/* ---- the backend's answers ---- */

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

static void
keep_code(struct attempt *a, struct slice code)
{
	(void)snprintf(a->backend_code, sizeof a->backend_code, "%.*s",
		       (int)code.len, (const char *)code.ptr);
}

static void
keep_words(struct attempt *a, struct slice words)
{
	a->words_len = words.len < sizeof a->words ? words.len : 0;
	memcpy(a->words, words.ptr, a->words_len);
}

static enum state
refused(struct session *s, const struct response *r)
{
	struct attempt *a = s->attempt;
	enum reply verdict = verdict_of(r);
	bool again = slice_ieq(r->code, SLICE("UNAVAILABLE")) &&
		     a->tried + 1 < session_settings(s)->backends_count;

	keep_code(a, r->code);
	if (again) {
		/* The credentials were refused unread: another may take them.
		 */
		forget(a->script, a->script_cap);
		a->script = NULL;
		a->pieces_count = a->pieces_sent = 0;
		a->sent = a->oauth_asked = false;
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
	struct slice rest = slice_of(a->words, a->words_len), word;
	unsigned char text[TAG_MAX + sizeof a->words + 64];
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
	if (a->words_len > 0)
		text[n++] = ']';
	n = put(text, n, SLICE(" Logged in\r\n"));
	session_send(s, SIDE_CLIENT, slice_of(text, n));
}

static enum state
welcome(struct session *s)
{
	struct attempt *a = s->attempt;
	struct slice known =
	    a->words_len > 0 ? slice_of(a->words, a->words_len)
			     : slice_of(a->greeter.words, a->greeter.words_len);
	unsigned flags = capability_flags(known);

	say_welcome(s);
	s->authenticated = true;
	s->user = malloc(a->name.len + 1);
	if (s->user) {
		memcpy(s->user, a->name.ptr, a->name.len);
		s->user[a->name.len] = '\0';
	}
	report_login(s, REPLY_NONE, NULL);
	s->backend = a->backend;
	attempt_free(s);
	dialog_init(&s->in.dialog, flags);
	return STATE_RELAY;
}

static enum state
tagged(struct session *s, const struct response *r)
{
	struct attempt *a = s->attempt;

	if (!slice_eq(r->tag, slice_str(a->own_tag)))
		return broken(s, "answer to no command");
	if (a->listing)
		return welcome(s);
	if (r->status != STATUS_OK)
		return refused(s, r);
	if (a->pieces_sent < a->pieces_count)
		return broken(s, "login answered before it was sent");
	a->accepted = true;
	if (slice_ieq(r->code, SLICE("CAPABILITY")))
		keep_words(a, r->code_args);
	if (a->words_len > 0)
		return welcome(s);
	a->listing = true;
	a->own_tag[0] = 'X';
	session_send(s, SIDE_BACKEND, slice_str(a->own_tag));
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
	if (!mechanism_oauth(a->mechanism) || a->oauth_asked || a->accepted)
		return broken(s, "continuation nobody asked for");
	/* RFC 7628 section 3.2.2: the error goes to the client, unlogged. */
	a->oauth_asked = true;
	session_send(s, SIDE_CLIENT, SLICE("+ "));
	if (looks_base64(r->data))
		session_send(s, SIDE_CLIENT, r->data);
	session_send(s, SIDE_CLIENT, SLICE("\r\n"));
	return STATE_LOGIN;
}

/* The n of a line that ends in {n}. */
static bool
literal_size(struct slice line, uint64_t *n)
{
	size_t at = line.len;
	struct slice digits;

	while (at > 0 && line.ptr[at - 1] != '{')
		at--;
	digits = slice_skip(line, at);
	digits.len = slice_find(digits, '}');
	return slice_number(digits, UINT64_MAX / 2, n);
}

static enum state
untagged(struct session *s, const struct response *r, struct slice line)
{
	struct attempt *a = s->attempt;
	struct slice words;

	if (response_capability(r, &words))
		keep_words(a, words);
	else if (r->status == STATUS_BYE)
		keep_code(a, r->code);
	else if (response_literal(r)) {
		if (!literal_size(line, &a->skip))
			return broken(s, "malformed literal");
		a->within = true;
	}
	/* Nothing of it is shown to the client. */
	return STATE_LOGIN;
}

static enum state
answer(struct session *s, struct slice line)
{
	struct response r = {.kind = RESPONSE_UNTAGGED};

	if (s->attempt->within) {
		/* The rest of a data response behind a literal. */
		s->attempt->within = false;
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
		return untagged(s, &r, line);
	}
}

/* The client's reply to the backend's OAuth error, checked and passed on. */
static void
pass_oauth_reply(struct session *s)
{
	struct leg *client = &s->legs[SIDE_CLIENT];
	struct slice in = buf_uncleared(&client->plain), line;
	size_t n = slice_find(in, '\n');

	if (n == in.len && !client->ended && in.len < LINE_MOST)
		return;
	line = slice_head(in, n > 0 && n < in.len ? n - 1 : 0);
	if (n == in.len || !looks_base64(line))
		line = SLICE("*");
	session_send(s, SIDE_BACKEND, line);
	session_send(s, SIDE_BACKEND, SLICE("\r\n"));
	buf_skip(&client->plain, n < in.len ? n + 1 : in.len);
	s->attempt->oauth_asked = false;
	s->attempt->oauth_answered = true;
	s->moved = true;
}

static enum state
next_line(struct session *s)
{
	struct attempt *a = s->attempt;
	struct buf *b = &s->legs[SIDE_BACKEND].plain;
	struct slice in = buf_uncleared(b);
	size_t n = in.len;
	enum state next = STATE_LOGIN;

	if (a->skip > 0 && n > 0) {
		n = n < a->skip ? n : (size_t)a->skip;
		a->skip -= n;
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
		enum reply r = write_script(
		    a, capability_flags(
			   slice_of(a->greeter.words, a->greeter.words_len)));

		if (r != REPLY_NONE)
			return attempt_fail(s, r,
					    "backend lacks a way to do it");
		send_piece(s);
	}
	if (a->oauth_asked)
		pass_oauth_reply(s);
	next = next_line(s);
	if (next == STATE_LOGIN && !s->moved && backend->ended)
		return attempt_fail(s, REPLY_UNAVAILABLE,
				    "backend closed during the login");
	return next;
}
