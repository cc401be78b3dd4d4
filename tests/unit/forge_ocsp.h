/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * forge_ocsp.h - OCSP responses with any fault one wants, signed for good.
 */
#ifndef TESTS_FORGE_OCSP_H
#define TESTS_FORGE_OCSP_H

#include "forge.h"

#include <stdbool.h>

#define FORGE_GOOD    "\x80\x00"
#define FORGE_UNKNOWN "\x82\x00"
/* On 2026-11-20, since the key was compromised. */
#define FORGE_REVOKED                                                          \
	"\xa1\x16\x18\x0f"                                                     \
	"20261120000000Z"                                                      \
	"\xa0\x03\x0a\x01\x01"

struct forge_answer {
	struct slice hash;  /* AlgorithmIdentifier's content; empty: SHA-1 */
	const char *issuer; /* common name */
	enum forge_key issuer_key;
	struct slice serial;      /* empty: 1 */
	struct slice verdict;     /* empty: good */
	const char *from, *until; /* GeneralizedTime; until: or NULL */
	struct slice extensions;  /* SEQUENCEs; empty: none */
};

struct forge_ocsp {
	const char *signer; /* common name; NULL: named by its key */
	enum forge_key key;
	const struct forge_answer *answers;
	size_t count;
	struct slice extensions;   /* SEQUENCEs; empty: none */
	struct slice algorithm;    /* its content; empty: ECDSA with SHA-256 */
	struct slice certificates; /* DER; empty: none */
};

void forge_response(const struct forge_ocsp *f, struct forged *out);

/* What an OCSPResponse says that gives no answer, or another type's. */
void forge_refusal(unsigned char status, struct forged *out);

#endif
