/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tickets.h - session tickets: the whole state of a session, sealed, kept by
 * the client (RFC 5077, RFC 8446 section 4.6.1).
 *
 * One secret per process, random, never written anywhere; each policy seals
 * with keys of its own that are derived from it, so that a ticket opens only
 * where the same policy holds.
 */
#ifndef TLS_TICKETS_H
#define TLS_TICKETS_H

#include "tls/internal.h"

enum { TICKET_LIFETIME_S = 3600 };

struct ticket_keys {
	unsigned char name[WOLFSSL_TICKET_NAME_SZ];
	unsigned char seal[32];
};

/* Draws the secret; later calls change nothing. Not for two threads at once. */
enum err tickets_init(void) MUST_USE;

/* The keys for a policy: the same bytes give the same keys. */
enum err ticket_keys_derive(struct ticket_keys *k,
			    struct slice policy) MUST_USE;

/* Seals with *k from now on, which must stay as long as handshakes run. */
enum err tickets_install(WOLFSSL_CTX *ctx, struct ticket_keys *k) MUST_USE;

#endif
