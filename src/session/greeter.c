/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * greeter.c - is there a usable IMAP server at the other end?
 *
 * Nothing a backend says here reaches a client; what it says wrong ends up as
 * a reason an administrator can act on.
 */
#include "session/greeter.h"

#include "imap/capability.h"
#include "imap/command.h"
#include "imap/response.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { STATE_GREETING, STATE_ASKED, STATE_READY, STATE_REFUSED };

/* How much of a peer's text may stand in a reason. */
enum { QUOTE_MAX = 80 };

#define LOGIN_DISABLED                                                         \
	"it refuses logins on this connection (LOGINDISABLED): set Dovecot: "  \
	"auth_allow_cleartext = yes (2.3: disable_plaintext_auth = no), "      \
	"Cyrus: allowplaintext: yes, Courier: IMAP_TLS_REQUIRED=0"
#define PREAUTH                                                                \
	"it greets with PREAUTH, so anyone would be logged in: turn "          \
	"pre-authentication off on the server"

_Static_assert(sizeof(LOGIN_DISABLED) <= sizeof((struct greeter *)0)->reason,
	       "cut reason");

/* First bytes of servers that are not IMAP servers. */
static const struct {
	const char *prefix, *reason;
} strangers[] = {
    {"+OK", "a POP3 server answers, not IMAP: check the port"},
    {"220", "an SMTP or FTP server answers, not IMAP: check the port"},
    {"\"", "a ManageSieve server answers, not IMAP: check the port"},
    {"SSH-", "an SSH server answers, not IMAP: check the port"},
    {"HTTP/", "an HTTP server answers, not IMAP: check the port"},
    {"\x15\x03", "it answers with a TLS alert: it wants TLS"},
};

void
greeter_init(struct greeter *g, const char *tag, bool quote)
{
	size_t len = strlen(tag);

	assert(len <= 16 && tag_valid(slice_of(tag, len)));
	*g = (struct greeter){.state = STATE_GREETING, .quote = quote};
	memcpy(g->tag, tag, len + 1);
	(void)snprintf(g->say, sizeof g->say, "%s CAPABILITY\r\n", tag);
}

static enum greeter_verdict
refuse(struct greeter *g, const char *reason)
{
	(void)snprintf(g->reason, sizeof g->reason, "%s", reason);
	g->state = STATE_REFUSED;
	return GREETER_REFUSED;
}

/* As refuse, with what the peer said: printable ASCII only, cut. */
static enum greeter_verdict
refuse_quoting(struct greeter *g, const char *reason, struct slice said)
{
	char quote[QUOTE_MAX + 1] = "";
	size_t n = said.len < QUOTE_MAX ? said.len : QUOTE_MAX;

	if (!g->quote)
		return refuse(g, reason);
	for (size_t i = 0; i < n; i++) {
		unsigned char c = said.ptr[i];

		quote[i] = c >= 0x20 && c < 0x7f ? (char)c : '?';
	}
	(void)snprintf(g->reason, sizeof g->reason, "%s: %s%s", reason, quote,
		       said.len > QUOTE_MAX ? "..." : "");
	g->state = STATE_REFUSED;
	return GREETER_REFUSED;
}

/* A later list replaces an earlier one (RFC 9051 section 6.1.1). */
static void
store(struct greeter *g, struct slice words)
{
	struct slice word;

	g->words_len = 0;
	while (capability_next(&words, &word)) {
		size_t part = g->words_len > 0;

		if (part + word.len > sizeof g->words - g->words_len)
			continue;
		if (part)
			g->words[g->words_len++] = ' ';
		memcpy(g->words + g->words_len, word.ptr, word.len);
		g->words_len += word.len;
	}
}

void
greeter_trust(struct greeter *g, struct slice words)
{
	assert(g->state == STATE_GREETING);
	store(g, words);
}

static enum greeter_verdict
learn(struct greeter *g, struct slice words)
{
	store(g, words);
	if (capability_has(words, SLICE("LOGINDISABLED")))
		return refuse(g, LOGIN_DISABLED);
	return GREETER_MORE;
}

static enum greeter_verdict
ready(struct greeter *g)
{
	g->state = STATE_READY;
	return GREETER_READY;
}

/* The words of a CAPABILITY response code; false: there is none. */
static bool
code_words(const struct response *r, struct slice *words)
{
	if (!slice_ieq(r->code, SLICE("CAPABILITY")))
		return false;
	*words = r->code_args;
	return words->len > 0;
}

/* What no backend may say at any time before login. */
static enum greeter_verdict
check(struct greeter *g, const struct response *r)
{
	uint64_t n;

	if (r->status == STATUS_BYE)
		return refuse_quoting(g, "it says BYE", r->text);
	if (r->status == STATUS_PREAUTH)
		return refuse(g, PREAUTH);
	if (r->kind == RESPONSE_CONTINUE)
		return refuse(g, "it asks for more, but nothing was said yet");
	if (response_literal(r, &n))
		return refuse(g, "it sends a literal before login");
	return GREETER_MORE;
}

static enum greeter_verdict
read_greeting(struct greeter *g, const struct response *r)
{
	struct slice words;

	if (r->kind != RESPONSE_UNTAGGED || r->status != STATUS_OK)
		return refuse(g, "its greeting is not \"* OK\"");
	if (code_words(r, &words) && learn(g, words) == GREETER_REFUSED)
		return GREETER_REFUSED;
	/* There may be none in a list, or none of a length to be kept. */
	if (g->words_len > 0)
		return ready(g);
	g->state = STATE_ASKED;
	return GREETER_SAY;
}

static enum greeter_verdict
read_answer(struct greeter *g, const struct response *r)
{
	struct slice words;
	enum greeter_verdict v = GREETER_MORE;

	if (response_capability(r, &words) || code_words(r, &words))
		v = learn(g, words);
	if (r->kind != RESPONSE_TAGGED || v != GREETER_MORE)
		return v;
	if (!slice_eq(r->tag, slice_str(g->tag)))
		return refuse(g, "it answers a command nobody gave");
	if (r->status != STATUS_OK)
		return refuse_quoting(g, "it refuses CAPABILITY", r->text);
	if (g->words_len == 0)
		return refuse(g, "it does not say what it can do");
	return ready(g);
}

static enum greeter_verdict
read_line(struct greeter *g, struct slice line)
{
	struct response r;
	enum greeter_verdict v;

	if (response_parse(line, &r) != ERR_OK)
		return refuse_quoting(g, "it does not speak IMAP", line);
	v = check(g, &r);
	if (v != GREETER_MORE)
		return v;
	return g->state == STATE_GREETING ? read_greeting(g, &r)
					  : read_answer(g, &r);
}

/* Some speak first and end their lines otherwise: say who it seems to be. */
static const char *
stranger(struct slice in)
{
	for (size_t i = 0; i < sizeof strangers / sizeof strangers[0]; i++)
		if (slice_istarts(in, slice_str(strangers[i].prefix)))
			return strangers[i].reason;
	return NULL;
}

enum greeter_verdict
greeter_read(struct greeter *g, struct slice in, size_t *used)
{
	enum greeter_verdict v = GREETER_MORE;

	assert(g->state != STATE_READY);
	*used = 0;
	if (g->state == STATE_REFUSED)
		return GREETER_REFUSED;
	if (g->state == STATE_GREETING && stranger(in))
		return refuse(g, stranger(in));
	while (v == GREETER_MORE) {
		struct slice rest = slice_skip(in, *used), line;
		size_t lf = slice_find(rest, '\n');

		if (lf >= GREETER_LINE_MAX)
			return refuse(g, "its line is too long");
		if (lf == rest.len)
			return GREETER_MORE;
		if (++g->lines > GREETER_LINES_MAX)
			return refuse(g, "it talks without answering");
		line = slice_head(rest, lf);
		if (!slice_iends(line, SLICE("\r")))
			return refuse(g, "it ends a line without CR");
		line.len--;
		*used += lf + 1;
		v = read_line(g, line);
	}
	return v;
}
