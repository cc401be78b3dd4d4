/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "path_rules.h"

#include "parts.h"
#include "x509/der.h"

#define OID(bytes)                                                             \
	{                                                                      \
		(const unsigned char *)(bytes), sizeof(bytes) - 1              \
	}

#define CE   "\x55\x1d"                 /* 2.5.29 */
#define PKIX "\x2b\x06\x01\x05\x05\x07" /* 1.3.6.1.5.5.7 */

enum { RSA_BITS = 2048, CURVE_BITS = 256 };

/* Extensions that are looked at, and so may be critical. */
static const struct slice known[] = {
    OID(CE "\x0e"),       /* subjectKeyIdentifier */
    OID(CE "\x0f"),       /* keyUsage */
    OID(CE "\x11"),       /* subjectAltName */
    OID(CE "\x13"),       /* basicConstraints */
    OID(CE "\x1e"),       /* nameConstraints */
    OID(CE "\x20"),       /* certificatePolicies */
    OID(CE "\x21"),       /* policyMappings */
    OID(CE "\x23"),       /* authorityKeyIdentifier */
    OID(CE "\x24"),       /* policyConstraints */
    OID(CE "\x25"),       /* extKeyUsage */
    OID(CE "\x36"),       /* inhibitAnyPolicy */
    OID(PKIX "\x01\x18"), /* TLS feature */
};

struct trial {
	const struct path_input *in;
	const struct certificate *c;
	enum path_role role;
};

static bool
is_early(const struct trial *t)
{
	return t->in->now < t->c->not_before;
}

static bool
is_expired(const struct trial *t)
{
	return t->in->now > t->c->not_after;
}

static bool
is_early_anchor(const struct trial *t)
{
	return t->in->anchors_expire && t->c->version > 0 && is_early(t);
}

static bool
is_expired_anchor(const struct trial *t)
{
	return t->in->anchors_expire && t->c->version > 0 && is_expired(t);
}

static bool
has_no_such_version(const struct trial *t)
{
	return t->c->version < 3 && t->c->extension_list.len > 0;
}

static size_t
count_extensions(struct slice list)
{
	struct extension_item item;
	size_t n = 0;

	while (n <= PATH_EXTENSIONS_MAX && extension_next(&list, &item))
		n++;
	return n;
}

static bool
has_too_many(const struct trial *t)
{
	return count_extensions(t->c->extension_list) > PATH_EXTENSIONS_MAX;
}

/* certificate_read has refused those of the extensions it knows. */
static bool
has_twice(const struct trial *t)
{
	struct slice rest = t->c->extension_list;
	struct extension_item one, other;

	while (extension_next(&rest, &one)) {
		struct slice behind = rest;

		while (extension_next(&behind, &other))
			if (slice_eq(one.oid, other.oid))
				return true;
	}
	return false;
}

static bool
is_known(struct slice oid)
{
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (slice_eq(oid, known[i]))
			return true;
	return false;
}

static bool
has_critical(const struct trial *t)
{
	struct slice rest = t->c->extension_list;
	struct extension_item item;

	while (extension_next(&rest, &item))
		if (item.critical && !is_known(item.oid))
			return true;
	return false;
}

static bool
is_weakly_signed(const struct trial *t)
{
	return t->c->digest == DIGEST_MD5 || t->c->digest == DIGEST_SHA1;
}

static bool
is_oddly_signed(const struct trial *t)
{
	return t->c->signature.kind == SIGNATURE_OTHER;
}

static unsigned
at_least(unsigned wanted, unsigned otherwise)
{
	return wanted > 0 ? wanted : otherwise;
}

/* With an exponent of 1 every number is its own signature. */
static bool
is_weak_rsa(const struct trial *t)
{
	return t->c->key_bits < at_least(t->in->minimums.rsa_bits, RSA_BITS) ||
	       (t->c->key_exponent > 0 &&
		(t->c->key_exponent < 3 || t->c->key_exponent % 2 == 0));
}

static bool
has_weak_key(const struct trial *t)
{
	static const unsigned bits[] = {
	    [KEY_P256] = 256,    [KEY_P384] = 384,  [KEY_P521] = 521,
	    [KEY_ED25519] = 256, [KEY_ED448] = 456,
	};
	enum key_kind kind = t->c->key_kind;

	if (kind == KEY_RSA || kind == KEY_RSA_PSS)
		return is_weak_rsa(t);
	return bits[kind] > 0 &&
	       bits[kind] < at_least(t->in->minimums.curve_bits, CURVE_BITS);
}

/* DSA, GOST, a curve that nobody can name. */
static bool
has_odd_key(const struct trial *t)
{
	return t->c->key_kind == KEY_OTHER || t->c->key_kind == KEY_CURVE;
}

/* anyExtendedKeyUsage is no serverAuth: as browsers and OpenSSL have it. */
static bool
has_other_purpose(const struct trial *t)
{
	return (t->c->extensions & EXT_PURPOSES) &&
	       !(t->c->purposes & PURPOSE_SERVER);
}

/* RFC 8446 4.4.2.2, RFC 8422 5.3: there is no key exchange without. */
static bool
may_not_sign(const struct trial *t)
{
	return (t->c->extensions & EXT_KEY_USAGE) &&
	       !(t->c->usage & USAGE_SIGNATURE);
}

/*
 * Not of version 1 either, which cannot say: a server's own that is trusted
 * must not speak for others. A name with a key was put there to.
 */
static bool
is_no_ca(const struct trial *t)
{
	return t->c->version > 0 && !t->c->ca;
}

static bool
may_not_certify(const struct trial *t)
{
	return (t->c->extensions & EXT_KEY_USAGE) &&
	       !(t->c->usage & USAGE_CERT_SIGN);
}

#define PATH (ROLE_SERVER | ROLE_ISSUER)
#define ALL  (ROLE_SERVER | ROLE_ISSUER | ROLE_ANCHOR)

static const struct {
	unsigned roles;
	enum path_reason reason;
	bool (*broken)(const struct trial *t);
} rules[] = {
    {ALL, PATH_TOO_COMPLEX, has_too_many},
    {ALL, PATH_VERSION, has_no_such_version},
    {ALL, PATH_DUPLICATE, has_twice},
    {PATH, PATH_WEAK_SIGNATURE, is_weakly_signed},
    {PATH, PATH_UNSUPPORTED_SIGNATURE, is_oddly_signed},
    {ROLE_ISSUER | ROLE_ANCHOR, PATH_NOT_CA, is_no_ca},
    {ROLE_ISSUER | ROLE_ANCHOR, PATH_NO_CERT_SIGN, may_not_certify},
    {PATH, PATH_EARLY, is_early},
    {PATH, PATH_EXPIRED, is_expired},
    {ROLE_ANCHOR, PATH_EARLY, is_early_anchor},
    {ROLE_ANCHOR, PATH_EXPIRED, is_expired_anchor},
    {ALL | ROLE_PINNED, PATH_UNSUPPORTED_KEY, has_odd_key},
    {ALL | ROLE_PINNED, PATH_WEAK_KEY, has_weak_key},
    {ALL, PATH_USAGE, has_other_purpose},
    {ROLE_SERVER, PATH_NO_SIGNING, may_not_sign},
    {ALL, PATH_CRITICAL, has_critical},
};

enum path_reason
path_rules(const struct path_input *in, const struct certificate *c,
	   enum path_role role)
{
	struct trial t = {in, c, role};

	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
		if ((rules[i].roles & role) && rules[i].broken(&t))
			return rules[i].reason;
	return PATH_OK;
}
