/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * command.c - the commands a client may say before login.
 *
 * What is read here is never forwarded as it stands: the session writes its
 * own LOGIN or AUTHENTICATE from the decoded parts, so that no backend can
 * read a client's bytes in another way than we did.
 */
#include "imap/command.h"

#include "imap/sasl.h"

#include <assert.h>
#include <string.h>

enum { LITERAL_DIGITS_MAX = 10, MECHANISM_MAX = 20, QUOTED_MAX = 1000 };

enum arity { ARITY_ANY, ARITY_NONE, ARITY_SOME };

/* clang-format off */
/* The others are refused before login whatever they carry. */
static const enum arity arities[VERB_COUNT] = {
	[VERB_CAPABILITY] = ARITY_NONE,
	[VERB_NOOP] = ARITY_NONE,
	[VERB_LOGOUT] = ARITY_NONE,
	[VERB_STARTTLS] = ARITY_NONE,
	[VERB_ID] = ARITY_SOME,
	[VERB_LOGIN] = ARITY_SOME,
	[VERB_AUTHENTICATE] = ARITY_SOME,
};
/* clang-format on */

/* RFC 9051 section 9: ATOM-CHAR, and "]" which only astrings and tags have. */
static bool
astring_byte(unsigned char c)
{
	return c > 0x20 && c < 0x7f && !strchr("(){%*\"\\", c);
}

bool
tag_valid(struct slice tag)
{
	if (tag.len == 0 || tag.len > TAG_MAX)
		return false;
	for (size_t i = 0; i < tag.len; i++)
		if (!astring_byte(tag.ptr[i]) || tag.ptr[i] == '+')
			return false;
	return true;
}

static bool
atom_valid(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!astring_byte(s.ptr[i]) || s.ptr[i] == ']')
			return false;
	return s.len > 0;
}

static bool
arity_fits(const struct command *c)
{
	switch (arities[c->verb]) {
	case ARITY_NONE:
		return !c->has_args;
	case ARITY_SOME:
		return c->args.len > 0;
	case ARITY_ANY:
		break;
	}
	return true;
}

enum err
command_parse(struct slice whole, struct command *out)
{
	bool ended = slice_iends(whole, SLICE("\r\n"));
	struct slice rest = slice_head(whole, whole.len - (ended ? 2 : 0));
	struct command c = {.tag = slice_cut(&rest, ' ')};

	*out = (struct command){.tag = SLICE_EMPTY, .verb = VERB_OTHER};
	if (!tag_valid(c.tag))
		return ERR_SYNTAX;
	out->tag = c.tag;
	c.has_args = slice_find(rest, ' ') < rest.len;
	c.name = slice_cut(&rest, ' ');
	c.args = rest;
	c.verb = verb_of(c.name);
	if (!ended || !atom_valid(c.name) || !arity_fits(&c))
		return ERR_SYNTAX;
	*out = c;
	return ERR_OK;
}

/* What is left of the arguments, and where decoded strings go. */
struct reader {
	struct slice rest;
	unsigned char *mem;
};

static bool
take(struct reader *r, unsigned char c)
{
	if (r->rest.len == 0 || r->rest.ptr[0] != c)
		return false;
	r->rest = slice_skip(r->rest, 1);
	return true;
}

static bool
next(struct reader *r, unsigned char *c)
{
	if (r->rest.len == 0)
		return false;
	*c = r->rest.ptr[0];
	r->rest = slice_skip(r->rest, 1);
	return true;
}

/* The next n bytes, decoded already, become a string. */
static struct slice
keep(struct reader *r, size_t n)
{
	struct slice s = slice_of(r->mem, n);

	if (n > 0)
		memcpy(r->mem, r->rest.ptr, n);
	r->mem += n;
	r->rest = slice_skip(r->rest, n);
	return s;
}

/* Behind the opening quote. Only \" and \\ are escapes (RFC 9051 section 9). */
static bool
read_quoted(struct reader *r, struct slice *out)
{
	unsigned char c, *start = r->mem;

	while (next(r, &c)) {
		if (c == '"') {
			*out = slice_of(start, (size_t)(r->mem - start));
			return true;
		}
		if (c == '\\' && (!next(r, &c) || (c != '"' && c != '\\')))
			return false;
		if (c == '\r' || c == '\n' || c == '\0')
			return false;
		*r->mem++ = c;
	}
	return false;
}

/* Behind the opening brace: n} or n+} (RFC 7888), CRLF and n bytes. */
static bool
read_literal(struct reader *r, struct slice *out)
{
	struct slice digits = slice_cut(&r->rest, '}');
	uint64_t n;

	if (slice_iends(digits, SLICE("+")))
		digits.len--;
	if (digits.len > LITERAL_DIGITS_MAX ||
	    !slice_number(digits, UINT32_MAX, &n))
		return false;
	if (!take(r, '\r') || !take(r, '\n') || n > r->rest.len)
		return false;
	*out = keep(r, (size_t)n);
	return true;
}

static bool
read_string(struct reader *r, struct slice *out)
{
	if (take(r, '"'))
		return read_quoted(r, out);
	return take(r, '{') && read_literal(r, out);
}

static bool
read_astring(struct reader *r, struct slice *out)
{
	size_t n = 0;

	while (n < r->rest.len && astring_byte(r->rest.ptr[n]))
		n++;
	if (n == 0)
		return read_string(r, out);
	*out = keep(r, n);
	return true;
}

enum err
command_login(struct slice args, unsigned char *mem, struct slice *user,
	      struct slice *password)
{
	struct reader r = {args, mem};
	struct slice u, p;

	if (!read_astring(&r, &u) || !take(&r, ' ') || !read_astring(&r, &p) ||
	    r.rest.len > 0)
		return ERR_SYNTAX;
	if (!credential_valid(u) || !credential_valid(p))
		return ERR_REFUSED;
	*user = u;
	*password = p;
	return ERR_OK;
}

static bool
mechanism_valid(struct slice name)
{
	if (name.len == 0 || name.len > MECHANISM_MAX)
		return false;
	for (size_t i = 0; i < name.len; i++) {
		unsigned char c = name.ptr[i];

		if (!byte_alpha(c) && !byte_digit(c) && c != '-' && c != '_')
			return false;
	}
	return true;
}

/* The alphabet only: base64_decode is the judge of the rest. */
static bool
base64_plausible(struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = s.ptr[i];

		if (!byte_alpha(c) && !byte_digit(c) && c != '+' && c != '/' &&
		    c != '=')
			return false;
	}
	return s.len > 0;
}

enum err
command_authenticate(struct slice args, struct authenticate *out)
{
	struct authenticate a = {.initial = SLICE_EMPTY};

	a.has_initial = slice_find(args, ' ') < args.len;
	a.mechanism = slice_cut(&args, ' ');
	if (!mechanism_valid(a.mechanism))
		return ERR_SYNTAX;
	if (a.has_initial && !base64_plausible(args))
		return ERR_SYNTAX;
	if (a.has_initial && !slice_eq(args, SLICE("=")))
		a.initial = args;
	*out = a;
	return ERR_OK;
}

struct pairs {
	size_t n;
	struct slice keys[ID_PAIRS_MAX], values[ID_PAIRS_MAX];
};

static bool
framing_bytes(struct slice s)
{
	return slice_find(s, '\r') < s.len || slice_find(s, '\n') < s.len ||
	       slice_find(s, '\0') < s.len;
}

static enum err
pair_check(const struct pairs *p, struct slice key, struct slice value)
{
	if (framing_bytes(key) || framing_bytes(value))
		return ERR_REFUSED;
	if (p->n == ID_PAIRS_MAX || key.len > ID_KEY_MAX ||
	    value.len > ID_VALUE_MAX)
		return ERR_LIMIT;
	for (size_t i = 0; i < p->n; i++)
		if (slice_ieq(p->keys[i], key))
			return ERR_DUPLICATE;
	return ERR_OK;
}

/* string SP nstring */
static enum err
read_pair(struct reader *r, struct pairs *p)
{
	struct slice key, value = {NULL, 0};
	enum err e;

	if (!read_string(r, &key) || !take(r, ' '))
		return ERR_SYNTAX;
	if (slice_istarts(r->rest, SLICE("NIL")))
		r->rest = slice_skip(r->rest, 3);
	else if (!read_string(r, &value))
		return ERR_SYNTAX;
	e = pair_check(p, key, value);
	if (e != ERR_OK)
		return e;
	p->keys[p->n] = key;
	p->values[p->n++] = value;
	return ERR_OK;
}

/* Behind the opening parenthesis. */
static enum err
read_pairs(struct reader *r, struct pairs *p)
{
	enum err e;

	if (take(r, ')'))
		return ERR_OK;
	do {
		e = read_pair(r, p);
		if (e != ERR_OK)
			return e;
	} while (take(r, ' '));
	return take(r, ')') ? ERR_OK : ERR_SYNTAX;
}

enum err
command_id(struct slice args, unsigned char *mem, id_pair *pair, void *arg)
{
	struct reader r = {args, mem};
	struct pairs p = {.n = 0};
	enum err e;

	if (slice_ieq(args, SLICE("NIL")))
		return ERR_OK;
	if (!take(&r, '('))
		return ERR_SYNTAX;
	e = read_pairs(&r, &p);
	if (e == ERR_OK && r.rest.len > 0)
		e = ERR_SYNTAX;
	for (size_t i = 0; e == ERR_OK && i < p.n; i++)
		pair(arg, p.keys[i], p.values[i]);
	return e;
}

enum err
command_mailbox(struct slice args, unsigned char *mem, struct slice *name)
{
	struct reader r = {args, mem};
	size_t n = slice_find(args, ' ');

	if (args.len > 0 && (args.ptr[0] == '"' || args.ptr[0] == '{'))
		return read_string(&r, name) ? ERR_OK : ERR_SYNTAX;
	if (n == 0)
		return ERR_SYNTAX;
	*name = keep(&r, n);
	return ERR_OK;
}

bool
string_fits_quoted(struct slice s)
{
	if (s.len > QUOTED_MAX || framing_bytes(s))
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] > 0x7f)
			return false;
	return true;
}

size_t
string_quote(struct slice s, unsigned char *out)
{
	size_t n = 0;

	out[n++] = '"';
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] == '"' || s.ptr[i] == '\\')
			out[n++] = '\\';
		out[n++] = s.ptr[i];
	}
	out[n++] = '"';
	return n;
}
