/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store.h - what listeners present: the pairs on a shelf, the TLS policies, the
 * secrets of session tickets.
 *
 * A store is immutable and counted; handshakes keep what they need of it, so
 * that a store may go while sessions live on. The count, and the number of
 * handshakes, may be touched by any thread.
 */
#ifndef TLS_STORE_H
#define TLS_STORE_H

#include "base/err.h"
#include "base/slice.h"
#include "config/settings.h"
#include "tls/appraisal.h"
#include "tls/hello.h"
#include "tls/shelf.h"

#include <stddef.h>
#include <stdint.h>

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

struct store;

struct store_options {
	/*
	 * A shelf with the pairs and with the files that the policies name. It
	 * must stay as it is until `release` is called, by whatever thread.
	 */
	struct slice shelf;
	void (*release)(void *arg); /* NULL: nobody wants to know */
	void *arg;
	const struct settings *settings; /* read in store_new only */
	/* The store in use, or NULL: its tickets open still, and its counts go
	 * on, as far as nothing has changed. */
	const struct store *before;
};

/* One line for the administrator: "FILE: what". */
struct store_fault {
	char text[1024];
};

/*
 * Tries each policy with the first pair. On a fault (ERR_SYNTAX and the like:
 * of a file; *fault says which) the shelf is not released.
 */
enum err store_new(const struct store_options *o, struct store **out,
		   struct store_fault *fault) MUST_USE;
struct store *store_ref(struct store *s);
void store_unref(struct store *s); /* NULL is fine */

const struct shelf *store_shelf(const struct store *s);

/* What a client gets who said this hello. */
struct choice {
	/* Number on the shelf; of one that is refused, what it would have got.
	 */
	size_t pair;
	unsigned char
	    alert; /* or: refused, with this one (RFC 8446 section 6) */
	const char *reason; /* why */
};
/*
 * policy: a place in settings.tls_policies. By its rules for ALPN, SNI and
 * versions, then by name: exact, wildcard, the first pair of the shelf; of
 * pairs with the same name ECDSA before RSA, if the client can use it.
 */
void store_choose(const struct store *s, size_t policy, const struct hello *h,
		  struct choice *out);

/*
 * What clients may hold against this pair; appraisal_clear it. ERR_NOMEM.
 */
enum err store_appraise(const struct store *s, size_t pair,
			struct appraisal *out) MUST_USE;
/* Does this policy speak this key exchange group (its registered number)? */
bool store_has_group(const struct store *s, size_t policy, unsigned group);

/* A handshake with this pair was completed. */
void store_count(struct store *s, size_t pair);
/* How many were, in the life of the process. */
uint64_t store_handshakes(const struct store *s, size_t pair);

#endif
