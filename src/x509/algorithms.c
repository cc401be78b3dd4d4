/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * algorithms.c - which key it is, and what was signed how.
 */
#include "parts.h"

#include "x509/der.h"

#define OID(bytes)                                                             \
	{                                                                      \
		(const unsigned char *)(bytes), sizeof(bytes) - 1              \
	}

#define PKCS1 "\x2a\x86\x48\x86\xf7\x0d\x01\x01" /* 1.2.840.113549.1.1 */
#define ANSI  "\x2a\x86\x48\xce\x3d"             /* 1.2.840.10045 */
#define NIST  "\x60\x86\x48\x01\x65\x03\x04"     /* 2.16.840.1.101.3.4 */
#define SIGN  NIST "\x03"

static const struct {
	struct slice oid;
	enum digest_kind kind;
} signatures[] = {
    {OID(PKCS1 "\x0b"), DIGEST_SHA2}, /* RSA with SHA-256 */
    {OID(PKCS1 "\x0c"), DIGEST_SHA2}, /* SHA-384 */
    {OID(PKCS1 "\x0d"), DIGEST_SHA2}, /* SHA-512 */
    {OID(PKCS1 "\x0e"), DIGEST_SHA2}, /* SHA-224 */
    {OID(PKCS1 "\x05"), DIGEST_SHA1},
    {OID(PKCS1 "\x04"), DIGEST_MD5},
    {OID(PKCS1 "\x02"), DIGEST_MD5},            /* MD2 */
    {OID("\x2b\x0e\x03\x02\x1d"), DIGEST_SHA1}, /* OIW RSA with SHA-1 */
    {OID("\x2b\x0e\x03\x02\x03"), DIGEST_MD5},  /* OIW RSA with MD5 */
    {OID(ANSI "\x04\x01"), DIGEST_SHA1},        /* ECDSA with SHA-1 */
    {OID(ANSI "\x04\x03\x01"), DIGEST_SHA2},    /* SHA-224 */
    {OID(ANSI "\x04\x03\x02"), DIGEST_SHA2},
    {OID(ANSI "\x04\x03\x03"), DIGEST_SHA2},
    {OID(ANSI "\x04\x03\x04"), DIGEST_SHA2},
    {OID("\x2a\x86\x48\xce\x38\x04\x03"), DIGEST_SHA1}, /* DSA */
    {OID("\x2b\x65\x70"), DIGEST_INNER},                /* Ed25519 */
    {OID("\x2b\x65\x71"), DIGEST_INNER},                /* Ed448 */
    {OID(SIGN "\x11"), DIGEST_INNER},                   /* ML-DSA-44 */
    {OID(SIGN "\x12"), DIGEST_INNER},                   /* ML-DSA-65 */
    {OID(SIGN "\x13"), DIGEST_INNER},                   /* ML-DSA-87 */
};

/* Those of them that we verify ourselves. */
static const struct {
	struct slice oid;
	enum signature_kind kind;
} kinds[] = {
    {OID(PKCS1 "\x0b"), SIGNATURE_RSA_SHA256},
    {OID(PKCS1 "\x0c"), SIGNATURE_RSA_SHA384},
    {OID(PKCS1 "\x0d"), SIGNATURE_RSA_SHA512},
    {OID(ANSI "\x04\x03\x02"), SIGNATURE_ECDSA_SHA256},
    {OID(ANSI "\x04\x03\x03"), SIGNATURE_ECDSA_SHA384},
    {OID(ANSI "\x04\x03\x04"), SIGNATURE_ECDSA_SHA512},
    {OID("\x2b\x65\x70"), SIGNATURE_ED25519},
};

static const struct {
	struct slice oid;
	enum key_kind kind;
} keys[] = {
    {OID(PKCS1 "\x01"), KEY_RSA},      {OID(PKCS1 "\x0a"), KEY_RSA_PSS},
    {OID(ANSI "\x02\x01"), KEY_CURVE}, {OID("\x2b\x65\x70"), KEY_ED25519},
    {OID("\x2b\x65\x71"), KEY_ED448},
};

static const struct {
	struct slice oid;
	enum key_kind kind;
} curves[] = {
    {OID(ANSI "\x03\x01\x07"), KEY_P256},
    {OID("\x2b\x81\x04\x00\x22"), KEY_P384},
    {OID("\x2b\x81\x04\x00\x23"), KEY_P521},
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const struct slice rsa_pss = OID(PKCS1 "\x0a");
static const struct slice mgf1 = OID(PKCS1 "\x08");
static const struct slice sha2_family = OID(NIST "\x02");

static const struct {
	struct slice oid;
	enum signature_kind kind;
} pss_kinds[] = {
    {OID(NIST "\x02\x01"), SIGNATURE_PSS_SHA256},
    {OID(NIST "\x02\x02"), SIGNATURE_PSS_SHA384},
    {OID(NIST "\x02\x03"), SIGNATURE_PSS_SHA512},
};

/* RFC 4055 section 3.1; what was left out is empty, or the default. */
struct pss {
	struct slice hash, mask_hash; /* OIDs; empty: SHA-1 */
	bool other_mask;
	uint32_t salt, trailer;
};

/* [tag] AlgorithmIdentifier, or nothing: its OID, and what comes behind. */
static bool
take_tagged(struct slice *list, unsigned tag, struct slice *oid,
	    struct slice *parameters)
{
	struct slice tagged;

	*oid = *parameters = SLICE_EMPTY;
	if (!der_comes(*list, DER_CONSTRUCTED(tag)))
		return true;
	return der_take(list, DER_CONSTRUCTED(tag), &tagged) &&
	       der_only(tagged, DER_SEQUENCE, parameters) &&
	       der_take(parameters, DER_OID, oid);
}

static bool
take_tagged_number(struct slice *list, unsigned tag, uint32_t *out)
{
	struct slice tagged, number;

	return !der_comes(*list, DER_CONSTRUCTED(tag)) ||
	       (der_take(list, DER_CONSTRUCTED(tag), &tagged) &&
		der_only(tagged, DER_INTEGER, &number) &&
		der_number(number, out));
}

static bool
read_pss(struct slice parameters, struct pss *out)
{
	struct slice list, behind, mask, inner;

	*out = (struct pss){SLICE_EMPTY, SLICE_EMPTY, false, 20, 1};
	if (!der_only(parameters, DER_SEQUENCE, &list) ||
	    !take_tagged(&list, 0, &out->hash, &behind) ||
	    !take_tagged(&list, 1, &mask, &inner))
		return false;
	out->other_mask = mask.len > 0 && !slice_eq(mask, mgf1);
	if (mask.len > 0 && !out->other_mask &&
	    (!der_only(inner, DER_SEQUENCE, &behind) ||
	     !der_take(&behind, DER_OID, &out->mask_hash)))
		return false;
	return take_tagged_number(&list, 2, &out->salt) &&
	       take_tagged_number(&list, 3, &out->trailer) && list.len == 0;
}

/*
 * The hash is [0], SHA-1 when it is left out. All hashes below NIST's arc are
 * SHA-2 or SHA-3. What follows is looked at by those who verify it.
 */
static bool
pss_digest(struct slice parameters, enum digest_kind *out)
{
	struct slice list, hash, behind;

	if (!der_only(parameters, DER_SEQUENCE, &list) ||
	    !take_tagged(&list, 0, &hash, &behind))
		return false;
	*out = slice_eq(slice_head(hash, sha2_family.len), sha2_family)
		   ? DIGEST_SHA2
		   : DIGEST_SHA1;
	return true;
}

/* The defaults, SHA-1 with 20 bytes of salt, are none of ours. */
static void
take_pss(struct slice parameters, struct signature *out)
{
	struct pss p;

	if (!read_pss(parameters, &p) || p.other_mask ||
	    !slice_eq(p.hash, p.mask_hash) || p.trailer != 1 ||
	    p.salt > SALT_MAX)
		return;
	for (size_t i = 0; i < COUNT(pss_kinds); i++)
		if (slice_eq(p.hash, pss_kinds[i].oid))
			out->kind = pss_kinds[i].kind;
	out->salt = p.salt;
}

bool
signature_read(struct slice algorithm, struct certificate *out)
{
	struct slice oid;

	if (!der_take(&algorithm, DER_OID, &oid))
		return false;
	if (slice_eq(oid, rsa_pss))
		return pss_digest(algorithm, &out->digest);
	for (size_t i = 0; i < COUNT(signatures); i++)
		if (slice_eq(oid, signatures[i].oid))
			out->digest = signatures[i].kind;
	return true;
}

bool
signature_take(struct slice algorithm, struct slice bits, struct signature *out)
{
	struct slice oid, content;

	*out = (struct signature){SIGNATURE_OTHER, 0, SLICE_EMPTY};
	if (!der_only(bits, DER_BIT_STRING, &content) ||
	    !der_bytes(content, &out->bits))
		return false;
	if (!der_take(&algorithm, DER_OID, &oid))
		return true;
	if (slice_eq(oid, rsa_pss))
		take_pss(algorithm, out);
	for (size_t i = 0; i < COUNT(kinds); i++)
		if (slice_eq(oid, kinds[i].oid))
			out->kind = kinds[i].kind;
	return true;
}

/* PKCS#1: the bits of the modulus. */
static bool
read_rsa(struct slice key, struct certificate *out)
{
	struct slice pair, n, e;
	unsigned top;

	if (!der_only(key, DER_SEQUENCE, &pair) ||
	    !der_take(&pair, DER_INTEGER, &n) ||
	    !der_only(pair, DER_INTEGER, &e) || !der_integer(n) ||
	    !der_integer(e) || n.ptr[0] >= 0x80)
		return false;
	if (!der_number(e, &out->key_exponent))
		out->key_exponent = 0;
	if (n.ptr[0] == 0)
		n = slice_skip(n, 1);
	if (n.len == 0)
		return true;
	out->key_bits = (unsigned)n.len * 8;
	for (top = n.ptr[0]; top < 0x80; top <<= 1)
		out->key_bits--;
	return true;
}

static bool
read_curve(struct slice parameters, struct certificate *out)
{
	struct slice oid;

	if (parameters.len == 0)
		return false;
	/* Explicit parameters: another curve, whatever they say. */
	if (!der_only(parameters, DER_OID, &oid))
		return true;
	for (size_t i = 0; i < COUNT(curves); i++)
		if (slice_eq(oid, curves[i].oid))
			out->key_kind = curves[i].kind;
	return true;
}

bool
spki_read(struct slice info, struct certificate *out)
{
	struct slice algorithm, oid, bits, key;

	if (!der_take(&info, DER_SEQUENCE, &algorithm) ||
	    !der_take(&algorithm, DER_OID, &oid) ||
	    !der_only(info, DER_BIT_STRING, &bits) || !der_bytes(bits, &key))
		return false;
	for (size_t i = 0; i < COUNT(keys); i++)
		if (slice_eq(oid, keys[i].oid))
			out->key_kind = keys[i].kind;
	if (out->key_kind == KEY_RSA || out->key_kind == KEY_RSA_PSS)
		return read_rsa(key, out);
	return out->key_kind != KEY_CURVE || read_curve(algorithm, out);
}

struct slice
certificate_key_bits(const struct certificate *c)
{
	struct slice info, algorithm, bits, key;

	if (!der_only(c->key, DER_SEQUENCE, &info) ||
	    !der_take(&info, DER_SEQUENCE, &algorithm) ||
	    !der_only(info, DER_BIT_STRING, &bits) || !der_bytes(bits, &key))
		return SLICE_EMPTY;
	return key;
}
