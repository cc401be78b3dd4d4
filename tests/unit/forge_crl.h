/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * forge_crl.h - lists of revoked certificates with any fault one wants, signed
 * for good.
 */
#ifndef TESTS_FORGE_CRL_H
#define TESTS_FORGE_CRL_H

#include "forge.h"

struct forge_entry {
	struct slice serial;
	const char *date;        /* YYMMDD..., or YYYYMMDD... */
	struct slice extensions; /* SEQUENCEs; empty: none */
};

struct forge_crl {
	const char *issuer; /* common name */
	enum forge_key signer;
	const char *from, *until; /* until: or NULL */
	const struct forge_entry *entries;
	size_t count;
	struct slice extensions; /* SEQUENCEs; empty: none */
	struct slice algorithm;  /* its content; empty: ECDSA with SHA-256 */
	unsigned version;        /* 0: 2 */
};

void forge_crl(const struct forge_crl *f, struct forged *out);

#endif
