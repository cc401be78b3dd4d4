/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pair.h - a certificate chain and its private key, out of PEM files, checked
 * before they are presented.
 */
#ifndef TLS_PAIR_H
#define TLS_PAIR_H

#include "base/err.h"
#include "base/slice.h"
#include "x509/certificate.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	PAIR_FILE_MAX = 256 * 1024, /* of each of the two files */
	PAIR_CHAIN_MAX = 9,         /* what a peer with our library can take */
	PAIR_TEXT_MAX = 256
};

struct issuers; /* tls/material.h */

struct pair_source {
	struct slice chain;      /* PEM, leaf first, then intermediates */
	struct slice key;        /* PEM: PKCS#8, SEC1 or PKCS#1 */
	struct slice passphrase; /* of an encrypted key; may be empty */
	/*
	 * Faults for which clients refuse a certificate, but which our library
	 * can serve, are warnings: dates, a small key, a wrong chain.
	 */
	bool serve;
	/*
	 * Who signed whom is taken from names and key identifiers: the caller
	 * will see to the signatures. Not where faults are served.
	 */
	bool unproven;
	int64_t now;             /* seconds since 1970, to judge the dates */
	struct issuers *issuers; /* NULL: each signature is checked by itself */
};

/* Why a pair was refused, for the one line the administrator reads. */
struct pair_fault {
	enum err cause;
	/*
	 * A sentence without file names: "the key does not belong to the first
	 * certificate". Printable ASCII, whatever stands in the certificate.
	 */
	char text[PAIR_TEXT_MAX];
	bool in_key; /* the fault is in the key file, not in the chain file */
};

struct pair {
	/* DER, leaf first, each signed by the next; a root is left out. */
	struct slice chain[PAIR_CHAIN_MAX];
	size_t count;
	struct slice key;                /* DER: PKCS#1 or SEC1 */
	enum key_kind kind;              /* KEY_RSA, KEY_P256, KEY_P384, ... */
	struct slice names;              /* GeneralNames of the leaf */
	char name[PAIR_TEXT_MAX];        /* CN or first SAN, printable ASCII */
	char serial[64];                 /* of the leaf; hex */
	int64_t not_before, not_after;   /* of the leaf; seconds since 1970 */
	int64_t valid_from, valid_until; /* when all of the chain is */
	char warning[PAIR_TEXT_MAX]; /* the first fault served; "" for none */
	unsigned char *mem; /* what the slices point into; wiped when freed */
	size_t mem_len;
};

/*
 * Checks pair, leaf first, chain order (each issuer a CA), dates (expired and
 * not yet valid are faults) and key type: RSA of 2048 to 4096 bits, ECDSA on
 * P-256 or P-384. ERR_OK and *out (pair_clear it), or *fault.
 */
enum err pair_read(const struct pair_source *src, struct pair *out,
		   struct pair_fault *fault) MUST_USE;
void pair_clear(struct pair *p); /* once more is fine */
/* Of a file with a passphrase: its first line, without the end; or empty. */
struct slice pair_passphrase(struct slice file);

#endif
