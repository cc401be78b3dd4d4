/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * certificate.h - what stands in an X.509 certificate (RFC 5280).
 *
 * Fields and those extensions that decide whether a mail program is content.
 * All slices point into the DER that was given. Nothing is judged here, and no
 * signature is checked.
 */
#ifndef X509_CERTIFICATE_H
#define X509_CERTIFICATE_H

#include "base/err.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

/* What the signature covers, as far as it matters. */
enum digest_kind {
	DIGEST_OTHER,
	DIGEST_MD5, /* and MD2 */
	DIGEST_SHA1,
	DIGEST_SHA2, /* SHA-2 and SHA-3 of 224 bits or more */
	DIGEST_INNER /* EdDSA and the like, which bring their own */
};

/* How it was made, as far as we can verify it. */
enum signature_kind {
	SIGNATURE_OTHER,
	SIGNATURE_RSA_SHA256, /* PKCS #1 1.5 */
	SIGNATURE_RSA_SHA384,
	SIGNATURE_RSA_SHA512,
	SIGNATURE_ECDSA_SHA256,
	SIGNATURE_ECDSA_SHA384,
	SIGNATURE_ECDSA_SHA512,
	SIGNATURE_ED25519
};

enum key_kind {
	KEY_OTHER,
	KEY_RSA,
	KEY_RSA_PSS,
	KEY_P256,
	KEY_P384,
	KEY_P521,
	KEY_CURVE, /* ECDSA on another curve */
	KEY_ED25519,
	KEY_ED448
};

/* RFC 5280 4.2.1.3 */
enum key_usage { USAGE_SIGNATURE = 1 << 0, USAGE_CERT_SIGN = 1 << 5 };

/* RFC 5280 4.2.1.12 */
enum purpose {
	PURPOSE_SERVER = 1,
	PURPOSE_ANY = 2,
	PURPOSE_OTHER = 4,
	PURPOSE_OCSP = 8 /* signs OCSP responses */
};

/* Which extensions there are. */
enum extension {
	EXT_SUBJECT_KEY = 1 << 0,
	EXT_KEY_USAGE = 1 << 1,
	EXT_NAMES = 1 << 2,
	EXT_CONSTRAINTS = 1 << 3,
	EXT_AUTHORITY_KEY = 1 << 4,
	EXT_PURPOSES = 1 << 5,
	EXT_ACCESS = 1 << 6,
	EXT_FEATURES = 1 << 7
};

struct certificate {
	struct slice der;
	unsigned version;              /* 1 to 3 */
	struct slice serial;           /* INTEGER's content, as it stands */
	struct slice issuer;           /* Name, with tag and length */
	struct slice subject;          /* Name, with tag and length */
	int64_t not_before, not_after; /* seconds since 1970 */
	enum digest_kind digest;
	struct slice key; /* SubjectPublicKeyInfo, with tag and length */
	enum key_kind key_kind;
	unsigned key_bits; /* of RSA's modulus; else 0 */

	unsigned extensions; /* of enum extension */
	struct slice names;  /* GeneralNames: see names.h; may be empty */
	bool ca;
	unsigned usage;    /* of enum key_usage, and other bits */
	unsigned purposes; /* of enum purpose */
	bool must_staple;  /* RFC 7633 */
	struct slice subject_key, authority_key; /* identifiers, or empty */
	struct slice issuer_url;                 /* AIA caIssuers, or empty */
};

/* ERR_SYNTAX: not a certificate, or not DER. *out is the caller's memory. */
enum err certificate_read(struct slice der, struct certificate *out) MUST_USE;

/* Does its issuer have its subject's name? */
bool certificate_self_issued(const struct certificate *c);
/*
 * Could `issuer` have issued c, by names and key identifiers? Only the
 * signature can tell.
 */
bool certificate_names_issuer(const struct certificate *c,
			      const struct certificate *issuer);

/* The key without its type: what key hashes are made of; empty if broken. */
struct slice certificate_key_bits(const struct certificate *c);

/* The common name of a Name, else its organisation; bytes as they stand. */
struct slice certificate_title(struct slice name);
/* The common name; empty: none. */
struct slice certificate_common_name(struct slice name);
/*
 * A Name as RFC 4514 writes it, "CN=anna,O=Example\\, Inc.", cut at cap - 1
 * bytes; bytes beyond ASCII as they stand. What it is cut to ends in NUL.
 */
void certificate_dn(struct slice name, char *out, size_t cap);

#endif
