/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * choose.c - which pair a client gets, or why it gets none.
 */
#include "tls/making.h"
#include "tls/shelf_layout.h"

#include <string.h>

/* RFC 8446 section 6 */
enum {
	HANDSHAKE_FAILURE = 40,
	PROTOCOL_VERSION = 70,
	UNRECOGNIZED_NAME = 112,
	NO_APPLICATION_PROTOCOL = 120
};

static bool
offers(const struct hello *h, enum tls_version v)
{
	if (h->versions.count > 0)
		return hello_lists(&h->versions,
				   v == TLS_VERSION_13 ? 0x0304 : 0x0303);
	return v == TLS_VERSION_12 && h->version >= 0x0303;
}

/* The highest that both have. */
static enum tls_version
common_version(const struct tls_policy *p, const struct hello *h)
{
	for (unsigned v = p->maximum; v >= (unsigned)p->minimum; v--)
		if (offers(h, (enum tls_version)v))
			return (enum tls_version)v;
	return TLS_VERSION_NONE;
}

/* The bit in a policy's set; 0: we have no such term. */
static unsigned
bit_of(const struct vocabulary *v, unsigned code)
{
	for (size_t i = 0; i < v->count; i++)
		if (v->terms[i].code == code)
			return 1u << i;
	return 0;
}

/* What signs in a handshake of TLS 1.3: bound to the curve, or RSA-PSS. */
static bool
signs_13(enum key_kind kind, unsigned code)
{
	switch (code) {
	case 0x0403:
		return kind == KEY_P256;
	case 0x0503:
		return kind == KEY_P384;
	case 0x0603:
		return kind == KEY_P521;
	case 0x0804:
	case 0x0805:
	case 0x0806:
		return kind == KEY_RSA;
	default:
		return false;
	}
}

/* In TLS 1.2 any hash goes with any curve, and PKCS#1 is allowed. */
static bool
signs_12(enum key_kind kind, unsigned code)
{
	switch (code) {
	case 0x0403:
	case 0x0503:
	case 0x0603:
		return kind != KEY_RSA;
	case 0x0401:
	case 0x0501:
	case 0x0601:
	case 0x0804:
	case 0x0805:
	case 0x0806:
		return kind == KEY_RSA;
	default:
		return false;
	}
}

/* Is there a scheme for this key that client and policy both have? */
static bool
has_signature(const struct tls_policy *p, enum key_kind kind,
	      enum tls_version v, const struct hello *h)
{
	for (size_t i = 0; i < h->signatures.count; i++) {
		unsigned code = h->signatures.at[i];
		bool signs = v == TLS_VERSION_13 ? signs_13(kind, code)
						 : signs_12(kind, code);

		if (signs && bit_of(&tls_signatures, code) & p->signatures_set)
			return true;
	}
	/* What an absent list means is the library's to say. */
	return h->signatures.count == 0;
}

/* Of TLS 1.2, whose suites say with whose keys they work. */
static bool
has_suite(const struct tls_policy *p, unsigned keys, const struct hello *h)
{
	for (size_t i = 0; i < TLS_CIPHERS; i++) {
		const struct term *t = &tls_ciphers.terms[i];

		if (p->ciphers_set & 1u << i && t->tls12 && t->keys & keys &&
		    hello_lists(&h->suites, t->code))
			return true;
	}
	return false;
}

/* RFC 8422 section 5.1: the curve of the key too must be one of the client's.
 */
static bool
has_curve(enum key_kind kind, const struct hello *h)
{
	static const struct {
		enum key_kind kind;
		unsigned group;
	} rows[] = {{KEY_P256, 0x17}, {KEY_P384, 0x18}, {KEY_P521, 0x19}};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (rows[i].kind == kind)
			return h->groups.count == 0 ||
			       hello_lists(&h->groups, rows[i].group);
	return true;
}

/* Can the client be shown this key, and is it to be? */
static bool
usable(const struct tls_policy *p, enum tls_version v, enum key_kind kind,
       const struct hello *h)
{
	unsigned keys = kind == KEY_RSA ? TERM_RSA : TERM_ECDSA;

	/* We do not know all of what it offers. */
	if (h->overlong)
		return true;
	if (v == TLS_VERSION_12 && !has_suite(p, keys, h))
		return false;
	return has_signature(p, kind, v, h);
}

/* Pairs in the order in which they are looked at. */
struct candidates {
	size_t at[6], count;
};

static void
add(struct candidates *c, size_t pair)
{
	if (pair != SHELF_NONE)
		c->at[c->count++] = pair;
}

static void
add_match(struct candidates *c, struct shelf_match m)
{
	add(c, m.ecdsa);
	add(c, m.rsa);
}

/* The first pair, and its twin of the other kind: the one that has its names.
 */
static void
add_default(struct candidates *c, const struct shelf *s)
{
	struct shelf_match m = {SHELF_NONE, SHELF_NONE};
	struct shelf_pair first, twin;
	struct slice names, name;

	shelf_pair(s, 0, &first);
	names = first.names;
	if (shelf_next_name(&names, &name))
		m = shelf_exact(s, name);
	if (m.ecdsa == 0 || m.rsa == 0)
		add_match(c, m);
	else
		add(c, 0);
	for (size_t i = 0; i < c->count; i++) {
		shelf_pair(s, c->at[i], &twin);
		if (memcmp(twin.group, first.group, SHELF_DIGEST) != 0)
			c->at[i] = 0;
	}
}

static bool
refuse(struct choice *out, unsigned char alert, const char *reason)
{
	out->alert = alert;
	out->reason = reason;
	return false;
}

/* RFC 9325 section 3.7: an offer without our protocol is for somebody else. */
static bool
rules_hold(const struct tls_policy *p, const struct hello *h,
	   struct choice *out)
{
	if (h->alpn_offered && !h->alpn_imap)
		return refuse(out, NO_APPLICATION_PROTOCOL,
			      "the client wants no IMAP (ALPN)");
	if (!h->alpn_offered && p->alpn == TLS_ALPN_REQUIRED)
		return refuse(out, NO_APPLICATION_PROTOCOL,
			      "the client names no protocol (ALPN), and the "
			      "policy requires it");
	if (!h->server_name[0] && p->sni != TLS_SNI_OPTIONAL)
		return refuse(out, UNRECOGNIZED_NAME,
			      "the client names no server (SNI), and the "
			      "policy requires it");
	return true;
}

/* The first candidate that suits, else the first that will do. */
static bool
pick(const struct shelf *s, const struct candidates *c,
     const struct tls_policy *p, enum tls_version v, const struct hello *h,
     struct choice *out)
{
	bool found = false;

	for (size_t i = 0; i < c->count; i++) {
		struct shelf_pair pair;
		bool curve;

		shelf_pair(s, c->at[i], &pair);
		curve = v == TLS_VERSION_13 || has_curve(pair.kind, h);
		if (!usable(p, v, pair.kind, h) || (found && !curve))
			continue;
		out->pair = c->at[i];
		found = true;
		if (curve)
			break;
	}
	return found;
}

void
store_choose(const struct store *s, size_t policy, const struct hello *h,
	     struct choice *out)
{
	const struct tls_policy *p = store_policy(s, policy);
	const struct shelf *shelf = store_shelf(s);
	struct slice host = slice_str(h->server_name);
	enum tls_version v = common_version(p, h);
	struct candidates c = {.count = 0};

	*out = (struct choice){.pair = 0};
	if (!rules_hold(p, h, out))
		return;
	if (v == TLS_VERSION_NONE) {
		(void)refuse(out, PROTOCOL_VERSION,
			     offers(h, TLS_VERSION_13)
				 ? "no TLS version in common"
				 : "the client's TLS version is too old");
		return;
	}
	if (host.len > 0) {
		add_match(&c, shelf_exact(shelf, host));
		add_match(&c, shelf_wildcard(shelf, host));
	}
	if (c.count == 0 && p->sni == TLS_SNI_MATCH) {
		(void)refuse(out, UNRECOGNIZED_NAME,
			     "no certificate is for the name the client asks "
			     "for");
		return;
	}
	if (c.count == 0)
		add_default(&c, shelf);
	out->pair = c.at[0];
	if (!pick(shelf, &c, p, v, h, out))
		(void)refuse(out, HANDSHAKE_FAILURE,
			     "no cipher suite or signature in common");
}
