/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * capability.c - which words about a backend a client may believe.
 */
#include "imap/capability.h"

#include "imap/sasl.h"

#include <string.h>

static const struct {
	const char *word;
	unsigned flag;
} flags[] = {
    {"LITERAL+", CAP_LITERAL_PLUS},
    {"LITERAL-", CAP_LITERAL_MINUS},
    {"IMAP4rev2", CAP_IMAP4REV2},
    {"SASL-IR", CAP_SASL_IR},
    {"ID", CAP_ID},
    {"STARTTLS", CAP_STARTTLS},
    {"LOGINDISABLED", CAP_LOGINDISABLED},
    {"BINARY", CAP_BINARY},
    {"AUTH=PLAIN", CAP_AUTH_PLAIN},
    {"AUTH=LOGIN", CAP_AUTH_LOGIN},
    {"AUTH=XOAUTH2", CAP_AUTH_XOAUTH2},
    {"AUTH=OAUTHBEARER", CAP_AUTH_OAUTHBEARER},
    {"IMAP4rev1", CAP_IMAP4REV1},
};

/* Words of a backend which no client sees; "*" ends a prefix. */
static const char *const hidden[] = {
    "STARTTLS",  "LOGINDISABLED",  "AUTH=*",          "SASL-IR",
    "COMPRESS*", "UNAUTHENTICATE", "LOGIN-REFERRALS", "MAILBOX-REFERRALS",
};

/* Words about which the gate decides by other rules than "all have it". */
static const char *const ours[] = {
    "IMAP4rev1", "IMAP4rev2", "ID", "LITERAL+", "LITERAL-",
};

bool
capability_next(struct slice *words, struct slice *word)
{
	while (words->len > 0) {
		*word = slice_cut(words, ' ');
		if (word->len > 0)
			return true;
	}
	return false;
}

bool
capability_has(struct slice words, struct slice word)
{
	struct slice have;

	while (capability_next(&words, &have))
		if (slice_ieq(have, word))
			return true;
	return false;
}

unsigned
capability_flags(struct slice words)
{
	unsigned found = 0;
	struct slice word;

	while (capability_next(&words, &word))
		for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
			if (slice_ieq(word, slice_str(flags[i].word)))
				found |= flags[i].flag;
	return found;
}

static bool
matches(struct slice word, const char *pattern)
{
	struct slice p = slice_str(pattern);

	if (slice_iends(p, SLICE("*")))
		return slice_istarts(word, slice_head(p, p.len - 1));
	return slice_ieq(word, p);
}

static bool
listed(struct slice word, const char *const *patterns, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (matches(word, patterns[i]))
			return true;
	return false;
}

static bool
is_atom(struct slice word)
{
	for (size_t i = 0; i < word.len; i++)
		if (word.ptr[i] <= 0x20 || word.ptr[i] >= 0x7f ||
		    strchr("(){%*\"\\]", word.ptr[i]))
			return false;
	return word.len > 0;
}

bool
capability_passes(struct slice word)
{
	return is_atom(word) &&
	       !listed(word, hidden, sizeof hidden / sizeof hidden[0]);
}

struct lists {
	const struct slice *at;
	size_t n;
};

/* All lists have it, and there is one at least. */
static bool
common(struct lists l, struct slice word)
{
	for (size_t i = 0; i < l.n; i++)
		if (!capability_has(l.at[i], word))
			return false;
	return l.n > 0;
}

/* All lists have one of the flags, and there is one list at least. */
static bool
common_any(struct lists l, unsigned any)
{
	for (size_t i = 0; i < l.n; i++)
		if (!(capability_flags(l.at[i]) & any))
			return false;
	return l.n > 0;
}

/* Writes words parted by SP; one that does not fit is left out. */
struct writer {
	char *out;
	size_t cap, len;
};

static void
put(struct writer *w, const char *prefix, struct slice word)
{
	size_t part = w->len > 0, more = strlen(prefix);

	if (part + more + word.len > w->cap - w->len)
		return;
	if (part)
		w->out[w->len++] = ' ';
	memcpy(w->out + w->len, prefix, more);
	memcpy(w->out + w->len + more, word.ptr, word.len);
	w->len += more + word.len;
}

/*
 * A client that could bind to the channel would have to be refused when it
 * says that we cannot (RFC 5802 section 6): with X-PLUS behind us, X goes too.
 */
static bool
bound_somewhere(struct lists l, struct slice mechanism)
{
	for (size_t i = 0; i < l.n; i++) {
		struct slice words = l.at[i], word;

		while (capability_next(&words, &word))
			if (slice_istarts(word, SLICE("AUTH=")) &&
			    slice_iends(word, SLICE("-PLUS")) &&
			    slice_ieq(
				slice_head(slice_skip(word, 5), word.len - 10),
				mechanism))
				return true;
	}
	return false;
}

/* PLAIN always: the gate says it to the backend in the words that has. */
static void
put_mechanisms(struct writer *w, struct lists l)
{
	static const struct {
		enum mechanism mechanism;
		unsigned flag;
	} others[] = {
	    {MECHANISM_LOGIN, CAP_AUTH_LOGIN},
	    {MECHANISM_XOAUTH2, CAP_AUTH_XOAUTH2},
	    {MECHANISM_OAUTHBEARER, CAP_AUTH_OAUTHBEARER},
	};

	put(w, "AUTH=", mechanism_text(MECHANISM_PLAIN));
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		struct slice name = mechanism_text(others[i].mechanism);

		if (common_any(l, others[i].flag) && !bound_somewhere(l, name))
			put(w, "AUTH=", name);
	}
}

/* What a word in front of it says already is not said twice. */
static bool
repeated(struct slice list, struct slice word)
{
	size_t before = (size_t)(word.ptr - list.ptr);

	return capability_has(slice_head(list, before), word);
}

static void
put_common(struct writer *w, struct lists l)
{
	struct slice rest = l.n > 0 ? l.at[0] : SLICE_EMPTY, word;

	while (capability_next(&rest, &word))
		if (capability_passes(word) && common(l, word) &&
		    !listed(word, ours, sizeof ours / sizeof ours[0]) &&
		    !repeated(l.at[0], word))
			put(w, "", word);
}

size_t
capability_gate(const struct slice *lists, size_t n, bool tls, bool plaintext,
		char *out, size_t cap)
{
	struct writer w = {out, cap, 0};
	struct lists l = {lists, n};
	bool rev2 = common(l, SLICE("IMAP4rev2"));

	if (!tls && !plaintext) {
		put(&w, "", SLICE("IMAP4rev1"));
		put(&w, "", SLICE("STARTTLS"));
		put(&w, "", SLICE("LOGINDISABLED"));
		put(&w, "", SLICE("ID"));
		return w.len;
	}
	/* Old servers may forget the word; those of revision 2 mean it. */
	if (!rev2 || common(l, SLICE("IMAP4rev1")))
		put(&w, "", SLICE("IMAP4rev1"));
	if (rev2)
		put(&w, "", SLICE("IMAP4rev2"));
	if (!tls)
		put(&w, "", SLICE("STARTTLS"));
	put(&w, "", SLICE("SASL-IR"));
	put_mechanisms(&w, l);
	put(&w, "", SLICE("ID"));
	if (common_any(l, CAP_LITERAL_PLUS | CAP_LITERAL_MINUS | CAP_IMAP4REV2))
		put(&w, "", SLICE("LITERAL-"));
	put_common(&w, l);
	return w.len;
}
