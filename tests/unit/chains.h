/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * chains.h - chains of certificates, good and bad in one respect each, with
 * what is to be said of them.
 *
 * chain_cases.c has the cases, chains.c the certificates they are made of.
 */
#ifndef TESTS_CHAINS_H
#define TESTS_CHAINS_H

#include "base/slice.h"
#include "x509/path.h"

#include <stddef.h>
#include <stdint.h>

#define CHAINS_NOW  INT64_C(1795305600) /* 2026-11-22 */
#define CHAINS_HOST "imap.example.com"

struct chain_case {
	const char *shows;
	/* Names of certificates, the server's own first. */
	const char *presented, *anchors;
	const char *host; /* NULL: CHAINS_HOST */
	enum path_reason reason;
	size_t certificate; /* at fault, of those presented */
	const char *crls;   /* names of lists, or NULL */
	enum path_revocation revocation;
	/* Why OpenSSL says something else; NULL: it says the same. */
	const char *why;
};

extern const struct chain_case chain_cases[];
extern const size_t chain_cases_count;

/* DER, made on first use; the name must exist. */
struct slice chain_certificate(const char *name);
struct slice chain_crl(const char *name);

/* All that a case needs, read. */
enum { CHAIN_ANCHORS_MAX = 4, CHAIN_CRLS_MAX = 4, CHAIN_PRESENTED_MAX = 20 };
struct chain {
	struct slice presented[CHAIN_PRESENTED_MAX];
	struct slice roots[CHAIN_ANCHORS_MAX], lists[CHAIN_CRLS_MAX]; /* DER */
	struct certificate anchors[CHAIN_ANCHORS_MAX];
	struct crl crls[CHAIN_CRLS_MAX];
	struct path_input input; /* points into this */
};
void chain_make(const struct chain_case *c, struct chain *out);
/* The same without a case, in memory that the next call uses again. */
struct chain *chain_of(const char *presented, const char *anchors);

#endif
