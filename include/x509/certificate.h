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
#include "x509/signature.h"

#include <stdbool.h>
#include <stdint.h>

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
enum key_usage {
	USAGE_SIGNATURE = 1 << 0,
	USAGE_CERT_SIGN = 1 << 5,
	USAGE_CRL_SIGN = 1 << 6
};

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
	EXT_FEATURES = 1 << 7,
	EXT_SUBTREES = 1 << 8,
	EXT_POINTS = 1 << 9
};

struct certificate {
	struct slice der;
	struct slice text; /* what is signed: TBSCertificate, with its tag */
	struct signature signature;
	unsigned version;              /* 1 to 3; 0: certificate_anchor's */
	struct slice serial;           /* INTEGER's content, as it stands */
	struct slice issuer;           /* Name, with tag and length */
	struct slice subject;          /* Name, with tag and length */
	int64_t not_before, not_after; /* seconds since 1970 */
	enum digest_kind digest;
	struct slice key; /* SubjectPublicKeyInfo, with tag and length */
	enum key_kind key_kind;
	unsigned key_bits;     /* of RSA's modulus; else 0 */
	uint32_t key_exponent; /* RSA's; 0: of more than 31 bits */

	struct slice extension_list; /* the content of Extensions, or empty */
	unsigned extensions;         /* of enum extension */
	struct slice names; /* GeneralNames: see names.h; may be empty */
	bool ca;
	bool path_limited; /* by path_max: CAs that may stand below */
	uint32_t path_max;
	unsigned usage;    /* of enum key_usage, and other bits */
	unsigned purposes; /* of enum purpose */
	bool must_staple;  /* RFC 7633 */
	struct slice subject_key, authority_key; /* identifiers, or empty */
	struct slice issuer_url;                 /* AIA caIssuers, or empty */
	/* As they stand, not yet looked into: */
	struct slice subtrees; /* NameConstraints: see constraints.h */
	struct slice points;   /* CRLDistributionPoints: see crl.h */
};

/* ERR_SYNTAX: not a certificate, or not DER. *out is the caller's memory. */
enum err certificate_read(struct slice der, struct certificate *out) MUST_USE;

/*
 * What is trusted without a certificate: a Name and a SubjectPublicKeyInfo (RFC
 * 5280 6.1.1 d). Its version is 0, and there are no dates and no extensions.
 */
enum err certificate_anchor(struct slice name, struct slice key,
			    struct certificate *out) MUST_USE;

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
