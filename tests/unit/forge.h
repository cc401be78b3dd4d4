/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * forge.h - certificates with any fault one wants, signed for good.
 *
 * Where certs.h has what a CA makes, this writes the DER itself: dates, names,
 * extensions as they are given, right or wrong.
 */
#ifndef TESTS_FORGE_H
#define TESTS_FORGE_H

#include "base/slice.h"

#include <stddef.h>

enum { FORGE_MAX = 4096 };

/* Keys, made on first use, the same for all tests of a process. */
enum forge_key {
	/* ECDSA P-256 */
	FORGE_NONE,
	FORGE_ROOT,
	FORGE_CA,
	FORGE_LEAF,
	FORGE_OTHER,
	FORGE_EXTRA,
	FORGE_P256_KEYS,
	/* others */
	FORGE_P384 = FORGE_P256_KEYS,
	FORGE_P521,
	FORGE_RSA, /* 2048 bits */
	FORGE_ED25519,
	FORGE_KEYS
};

/* Contents of AlgorithmIdentifiers. */
#define FORGE_ECDSA_SHA256 "\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02"
#define FORGE_ECDSA_SHA384 "\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03"
#define FORGE_ECDSA_SHA1   "\x06\x07\x2a\x86\x48\xce\x3d\x04\x01"
#define FORGE_ECDSA_SHA224 "\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x01"
#define FORGE_RSA_SHA256   "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b\x05\x00"
#define FORGE_RSA_SHA1     "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05\x05\x00"
#define FORGE_ED           "\x06\x03\x2b\x65\x70"
/* RSASSA-PSS with SHA-256 and so many bytes of salt: "\x01\x20". */
#define FORGE_PSS_SHA256(salt)                                                 \
	"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a"                         \
	"\x30\x34\xa0\x0f\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02"     \
	"\x01\x05\x00\xa1\x1c\x30\x1a\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01" \
	"\x08\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00"     \
	"\xa2\x03\x02\x01" salt

/* DER contents, to be put together by forge_put. */
struct forged {
	unsigned char bytes[FORGE_MAX];
	size_t len;
};
void forge_put(struct forged *to, unsigned tag, struct slice content);
void forge_name(struct forged *to, const char *common); /* NULL: empty */
/* A BIT STRING: ECDSA with SHA-256. */
void forge_signature(struct forged *to, struct slice text,
		     enum forge_key signer);
/* The same, as `algorithm` says if the key can do that. */
void forge_signature_as(struct forged *to, struct slice text,
			enum forge_key signer, struct slice algorithm);
void forge_extension(struct forged *to, struct slice oid, struct slice value);

struct forge {
	const char *subject, *issuer; /* common names; NULL: an empty Name */
	const char *before, *after;   /* YYMMDD..., or YYYYMMDD... */
	enum forge_key key, signer;
	struct slice info;      /* SubjectPublicKeyInfo in place of the key's */
	struct slice algorithm; /* its content; empty: the key's usual one */
	struct slice serial;    /* empty: 1 */
	unsigned version;       /* 0: 3 */
	struct slice extensions; /* SEQUENCEs; empty: none */
};

void forge_certificate(const struct forge *f, struct forged *out);

/* PEM behind what is there, which ends in NUL. */
void forge_pem(const struct forged *certificate, char *out, size_t cap);
struct slice forge_key_pem(enum forge_key key); /* P-256 */

/* forge_keys.c: its SubjectPublicKeyInfo; the length. */
enum { FORGE_KEY_MAX = 400, FORGE_SIGNATURE_MAX = 256 };
size_t forge_key_info(enum forge_key key, unsigned char out[FORGE_KEY_MAX]);
/* What it signs with unless told otherwise. */
struct slice forge_algorithm(enum forge_key key);
/*
 * The length of the signature. An algorithm that the key cannot do, or that
 * nobody knows: the usual one.
 */
size_t forge_sign(struct slice text, enum forge_key signer,
		  struct slice algorithm,
		  unsigned char out[FORGE_SIGNATURE_MAX]);
/* P-256: the public key as it stands in a certificate; its length. */
enum { FORGE_POINT = 65 };
size_t forge_point(enum forge_key key, unsigned char out[FORGE_POINT]);

#endif
