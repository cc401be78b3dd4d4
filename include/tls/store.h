/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store.h - what a listener presents: chain, key and TLS policy, built from
 * bytes.
 *
 * A store is immutable and counted; every running handshake keeps what it needs
 * through the TLS library's own count, so a store may go while sessions live
 * on. The count may be touched by any thread.
 */
#ifndef TLS_STORE_H
#define TLS_STORE_H

#include "base/err.h"
#include "base/slice.h"
#include "config/vocabulary.h"
#include "tls/appraisal.h"
#include "tls/pair.h"

#include <stdbool.h>
#include <stdint.h>

struct ticket_secrets; /* ticket_secrets.h */

struct store_options {
	struct slice chain; /* PEM, leaf first, then intermediates */
	struct slice key;   /* PEM: PKCS#8, SEC1 or PKCS#1, not encrypted */
	enum tls_version minimum; /* TLS_VERSION_12 or TLS_VERSION_13 */
	int64_t now;              /* seconds since 1970, to judge the dates */
	/* Of session tickets; NULL: the process's own. */
	struct ticket_secrets *secrets;
	/* The time of later handshakes; NULL: clock_wall_ms. */
	uint64_t (*wall_ms)(void);
};

struct store;

/*
 * Must be called once per process, before it has threads and before anything
 * else in tls/; once more does no harm.
 */
enum err tls_library_init(void) MUST_USE;
/*
 * "wolfSSL 5.9.2 (AES-NI, AVX2, ...)": library, version and the acceleration
 * this machine gives it.
 */
void tls_library_text(char *out, size_t cap);

/*
 * Checks pair, leaf first, chain order, dates (expired and not yet valid are
 * faults) and builds the server side of RFC 9325: TLS 1.2 and 1.3, ECDHE and
 * AEAD only, X25519MLKEM768, X25519, P-256, P-384, no renegotiation, no early
 * data, tickets on, no session cache. Keys are RSA of 2048 to 4096 bits, or
 * ECDSA on P-256 or P-384. NULL on a fault, *fault says which.
 */
struct store *store_new(const struct store_options *o,
			struct pair_fault *fault) MUST_USE;
struct store *store_ref(struct store *s);
void store_unref(struct store *s); /* NULL is fine */

/* Facts for `status` and events, about the leaf. */
struct store_facts {
	char name[256];  /* subject CN or first SAN, printable ASCII */
	char serial[64]; /* hex */
	int64_t not_before, not_after; /* seconds since 1970 */
	const char *key_type;          /* "RSA" or "ECDSA" */
};
const struct store_facts *store_facts(const struct store *s);
/* What clients may hold against the chain that is presented. */
const struct appraisal *store_appraisal(const struct store *s);
/* Is this key exchange group (its registered number) spoken? */
bool store_has_group(const struct store *s, unsigned group);

#endif
