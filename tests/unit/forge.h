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

#include <stdbool.h>
#include <stddef.h>

enum { FORGE_MAX = 4096 };

/* ECDSA P-256 keys, made on first use, the same for all tests of a process. */
enum forge_key {
	FORGE_NONE,
	FORGE_ROOT,
	FORGE_CA,
	FORGE_LEAF,
	FORGE_OTHER,
	FORGE_KEYS
};

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
void forge_extension(struct forged *to, struct slice oid, struct slice value);

struct forge {
	const char *subject, *issuer; /* common names; NULL: an empty Name */
	const char *before, *after;   /* YYMMDD..., or YYYYMMDD... */
	enum forge_key key, signer;
	struct slice info;      /* SubjectPublicKeyInfo in place of the key's */
	struct slice algorithm; /* its content; empty: ECDSA with SHA-256 */
	bool sha1;              /* ECDSA with SHA-1, and really so */
	struct slice serial;    /* empty: 1 */
	unsigned version;       /* 0: 3 */
	struct slice extensions; /* SEQUENCEs; empty: none */
};

void forge_certificate(const struct forge *f, struct forged *out);

/* PEM behind what is there, which ends in NUL. */
void forge_pem(const struct forged *certificate, char *out, size_t cap);
struct slice forge_key_pem(enum forge_key key);
/* The public key as it stands in a certificate; its length. */
enum { FORGE_POINT = 65 };
size_t forge_point(enum forge_key key, unsigned char out[FORGE_POINT]);

#endif
