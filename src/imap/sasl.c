/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sasl.c - what a client's SASL messages say, and how we say it to a backend.
 */
#include "imap/sasl.h"

#include <assert.h>
#include <string.h>

enum { KVSEP = 0x01 };

static const char *const mechanisms[] = {
#define X(id, text) [MECHANISM_##id] = (text),
    MECHANISM_LIST(X)
#undef X
	[MECHANISM_COUNT] = "",
};

enum mechanism
mechanism_of(struct slice name)
{
	enum mechanism m = 0;

	while (m < MECHANISM_COUNT && !slice_ieq(name, mechanism_text(m)))
		m++;
	return m;
}

struct slice
mechanism_text(enum mechanism m)
{
	assert(m <= MECHANISM_COUNT);
	return slice_str(mechanisms[m]);
}

bool
mechanism_oauth(enum mechanism m)
{
	return m == MECHANISM_XOAUTH2 || m == MECHANISM_OAUTHBEARER;
}

bool
credential_valid(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] < 0x20 || s.ptr[i] == 0x7f)
			return false;
	return true;
}

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* The six bits of a base64 byte, or 64 for all other bytes. */
static unsigned
sextet(unsigned char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A' + 0u;
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26u;
	if (c >= '0' && c <= '9')
		return c - '0' + 52u;
	return c == '+' ? 62 : c == '/' ? 63 : 64;
}

/* How many of the last bytes are padding. */
static size_t
padding(struct slice s)
{
	if (slice_iends(s, SLICE("==")))
		return 2;
	return slice_iends(s, SLICE("=")) ? 1 : 0;
}

enum err
base64_decode(struct slice s, unsigned char *out, size_t *len)
{
	size_t digits = s.len - padding(s), n = 0;
	unsigned bits = 0, have = 0;

	if (s.len % 4 != 0)
		return ERR_SYNTAX;
	for (size_t i = 0; i < digits; i++) {
		unsigned v = sextet(s.ptr[i]);

		if (v > 63)
			return ERR_SYNTAX;
		bits = (bits << 6 | v) & 0xffff;
		have += 6;
		if (have >= 8) {
			have -= 8;
			out[n++] = (unsigned char)(bits >> have);
		}
	}
	/* A second spelling of the same bytes (RFC 4648 section 3.5). */
	if ((bits & ((1u << have) - 1)) != 0)
		return ERR_SYNTAX;
	*len = n;
	return ERR_OK;
}

size_t
base64_encode(struct slice s, unsigned char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; i += 3) {
		size_t left = s.len - i;
		unsigned v = (unsigned)s.ptr[i] << 16;

		if (left > 1)
			v |= (unsigned)s.ptr[i + 1] << 8;
		if (left > 2)
			v |= s.ptr[i + 2];
		for (size_t d = 0; d < 4; d++) {
			char c = alphabet[v >> (18 - 6 * d) & 63];

			out[n++] = (unsigned char)(d > left ? '=' : c);
		}
	}
	return n;
}

/* RFC 4616: [authzid] NUL authcid NUL passwd, the last two never empty. */
static enum err
read_plain(struct slice message, struct sasl_identity *out)
{
	struct sasl_identity id = {.authzid = slice_cut(&message, '\0')};
	bool split = slice_find(message, '\0') < message.len;

	id.user = slice_cut(&message, '\0');
	id.secret = message;
	if (!split || id.user.len == 0 || id.secret.len == 0)
		return ERR_SYNTAX;
	if (!credential_valid(id.authzid) || !credential_valid(id.user) ||
	    !credential_valid(id.secret))
		return ERR_REFUSED;
	/* mbsync and imtest always send one. */
	if (slice_eq(id.authzid, id.user))
		id.authzid = SLICE_EMPTY;
	*out = id;
	return ERR_OK;
}

static enum err
read_login(struct slice message, struct sasl_identity *out)
{
	if (!credential_valid(message))
		return ERR_REFUSED;
	*out = (struct sasl_identity){
	    .authzid = SLICE_EMPTY, .user = message, .secret = message};
	return ERR_OK;
}

/* "Bearer" 1*SP token. Tokens are opaque, so wider than RFC 6750's b64token. */
static enum err
read_bearer(struct slice value, struct slice *token)
{
	if (!slice_istarts(value, SLICE("Bearer ")))
		return ERR_SYNTAX;
	value = slice_skip(value, 7);
	while (value.len > 0 && value.ptr[0] == ' ')
		value = slice_skip(value, 1);
	for (size_t i = 0; i < value.len; i++)
		if (value.ptr[i] <= 0x20 || value.ptr[i] > 0x7e)
			return ERR_SYNTAX;
	if (value.len == 0)
		return ERR_SYNTAX;
	*token = value;
	return ERR_OK;
}

struct pairs {
	bool has_user, has_auth;
	struct slice user, token;
};

/* key "=" value. Keys fold case: a backend may do so, too. */
static enum err
read_pair(struct slice pair, struct pairs *p)
{
	bool split = slice_find(pair, '=') < pair.len;
	struct slice key = slice_cut(&pair, '=');

	if (!split || key.len == 0)
		return ERR_SYNTAX;
	for (size_t i = 0; i < key.len; i++)
		if (!byte_alpha(key.ptr[i]))
			return ERR_SYNTAX;
	if (!credential_valid(pair))
		return ERR_REFUSED;
	if (slice_ieq(key, SLICE("user")) && !p->has_user) {
		p->has_user = true;
		p->user = pair;
		return ERR_OK;
	}
	if (slice_ieq(key, SLICE("auth")) && !p->has_auth) {
		p->has_auth = true;
		return read_bearer(pair, &p->token);
	}
	if (slice_ieq(key, SLICE("user")) || slice_ieq(key, SLICE("auth")))
		return ERR_SYNTAX;
	return ERR_OK;
}

/* *(pair %x01) %x01 (RFC 7628 section 3.1). */
static enum err
read_pairs(struct slice s, struct pairs *p)
{
	for (;;) {
		bool ended = slice_find(s, KVSEP) < s.len;
		struct slice pair = slice_cut(&s, KVSEP);
		enum err e;

		if (!ended)
			return ERR_SYNTAX;
		if (pair.len == 0)
			return s.len == 0 && p->has_auth ? ERR_OK : ERR_SYNTAX;
		e = read_pair(pair, p);
		if (e != ERR_OK)
			return e;
	}
}

static enum err
read_xoauth2(struct slice message, struct sasl_identity *out)
{
	struct pairs p = {.has_user = false};
	enum err e = read_pairs(message, &p);

	if (e != ERR_OK)
		return e;
	if (p.user.len == 0)
		return ERR_SYNTAX;
	*out = (struct sasl_identity){
	    .authzid = SLICE_EMPTY, .user = p.user, .secret = p.token};
	return ERR_OK;
}

/* The saslname of "a=" saslname, which may be left out altogether. */
static enum err
read_gs2_name(struct slice field, struct slice *name)
{
	size_t at = 0;

	*name = SLICE_EMPTY;
	if (field.len == 0)
		return ERR_OK;
	if (field.len < 3 || field.ptr[0] != 'a' || field.ptr[1] != '=')
		return ERR_SYNTAX;
	*name = slice_skip(field, 2);
	if (!credential_valid(*name))
		return ERR_REFUSED;
	while ((at += slice_find(slice_skip(*name, at), '=')) < name->len) {
		struct slice escape = slice_head(slice_skip(*name, at), 3);

		if (!slice_ieq(escape, SLICE("=2C")) &&
		    !slice_ieq(escape, SLICE("=3D")))
			return ERR_SYNTAX;
		at += 3;
	}
	return ERR_OK;
}

/* gs2-header %x01 pairs; no channel binding, so "p=" is not for us. */
static enum err
read_oauthbearer(struct slice message, struct sasl_identity *out)
{
	struct pairs p = {.has_user = false};
	struct slice flag, name, field;
	bool split;
	enum err e;

	if (slice_eq(message, SLICE("\x01")))
		return ERR_MISSING;
	flag = slice_cut(&message, ',');
	if (!slice_eq(flag, SLICE("n")) && !slice_eq(flag, SLICE("y")))
		return ERR_SYNTAX;
	split = slice_find(message, ',') < message.len;
	field = slice_cut(&message, ',');
	if (!split || message.len == 0 || message.ptr[0] != KVSEP)
		return ERR_SYNTAX;
	e = read_gs2_name(field, &name);
	if (e == ERR_OK)
		e = read_pairs(slice_skip(message, 1), &p);
	/* The user is in the header; a second one is for somebody else. */
	if (e == ERR_OK && p.has_user)
		e = ERR_SYNTAX;
	if (e == ERR_OK)
		*out = (struct sasl_identity){
		    .authzid = SLICE_EMPTY, .user = name, .secret = p.token};
	return e;
}

enum err
sasl_read(enum mechanism m, struct slice message, struct sasl_identity *out)
{
	static enum err (*const readers[])(struct slice,
					   struct sasl_identity *) = {
	    [MECHANISM_PLAIN] = read_plain,
	    [MECHANISM_LOGIN] = read_login,
	    [MECHANISM_XOAUTH2] = read_xoauth2,
	    [MECHANISM_OAUTHBEARER] = read_oauthbearer,
	};

	assert(m < MECHANISM_COUNT);
	return readers[m](message, out);
}

enum err
sasl_name_decode(struct slice s, unsigned char *out, size_t *len)
{
	size_t n = 0;

	while (s.len > 0) {
		unsigned char c = s.ptr[0];
		size_t used = 1;

		if (c == '=') {
			if (slice_istarts(s, SLICE("=2C")))
				c = ',';
			else if (!slice_istarts(s, SLICE("=3D")))
				return ERR_SYNTAX;
			used = 3;
		}
		out[n++] = c;
		s = slice_skip(s, used);
	}
	*len = n;
	return ERR_OK;
}

bool
sasl_error_reply(struct slice line)
{
	return line.len == 0 || slice_eq(line, SLICE("AQ=="));
}

static size_t
put(unsigned char *out, struct slice s)
{
	if (s.len > 0)
		memcpy(out, s.ptr, s.len);
	return s.len;
}

size_t
sasl_write_plain(const struct sasl_identity *id, unsigned char *out)
{
	size_t n = put(out, id->authzid);

	out[n++] = '\0';
	n += put(out + n, id->user);
	out[n++] = '\0';
	return n + put(out + n, id->secret);
}
