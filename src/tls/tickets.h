/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tickets.h - session tickets: the whole state of a session, sealed, kept by
 * the client (RFC 5077, RFC 8446 section 4.6.1).
 *
 * Each context seals with keys of its own, derived from the secrets, the
 * generation and a binding that the caller chooses: a ticket opens only where
 * the same binding holds. A ticket that does not open costs a full handshake
 * and nothing else.
 */
#ifndef TLS_TICKETS_H
#define TLS_TICKETS_H

#include "tls/internal.h"
#include "tls/ticket_secrets.h"

#include <stdbool.h>

enum {
	TICKET_NAME = WOLFSSL_TICKET_NAME_SZ,
	TICKET_NONCE = 12,
	TICKET_TAG = 16,
	TICKET_KEY = 32,
	/* How many bytes longer the sealed state is. */
	TICKET_EXTRA = 9
};

struct tickets;

/*
 * For one context. binding: what must be the same where a ticket is to open,
 * such as the policy and the names it serves; any bytes. wall_ms gives the
 * time, as clock_wall_ms does. Takes a reference to the secrets. NULL: out of
 * memory.
 */
struct tickets *tickets_new(struct ticket_secrets *secrets,
			    struct slice binding,
			    uint64_t (*wall_ms)(void)) MUST_USE;
/* Wipes the keys. No handshake of its contexts may run. NULL is fine. */
void tickets_free(struct tickets *t);

/* *t must stay as long as handshakes of the context run. */
enum err tickets_install(WOLFSSL_CTX *ctx, struct tickets *t) MUST_USE;

/*
 * What tickets_install lets the library do, for any bytes of state. Any thread
 * may call them.
 */
struct ticket {
	unsigned char name[TICKET_NAME];
	unsigned char nonce[TICKET_NONCE]; /* the caller's, never used twice */
	unsigned char tag[TICKET_TAG];
};
/* In place; state has room for n + TICKET_EXTRA bytes. */
enum err tickets_seal(struct tickets *t, const struct lineage *from,
		      struct ticket *out, unsigned char *state,
		      size_t n) MUST_USE;
/*
 * ERR_UNKNOWN: not ours, or no longer; ERR_SYNTAX: damaged; ERR_EXPIRED: too
 * old, or resumed too often. *from: the lineage of a session that is resumed
 * with it. The first n - TICKET_EXTRA bytes of state are what was sealed.
 */
enum err tickets_open(struct tickets *t, const struct ticket *in,
		      unsigned char *state, size_t n,
		      struct lineage *from) MUST_USE;

/* ticket_secrets.c */

/* The process's own, which tls_library_init draws. */
struct ticket_secrets *ticket_secrets_own(void);
const struct ticket_schedule *
ticket_secrets_schedule(const struct ticket_secrets *s);
size_t ticket_secrets_count(const struct ticket_secrets *s);
/* How many generations before the present one may open. */
int64_t ticket_previous(const struct ticket_schedule *s);
/*
 * The present one; forgets what may be forgotten. *era: when it is another one
 * than before, no number has the seed that it had.
 */
int64_t ticket_generation(struct ticket_secrets *s, int64_t now_s,
			  unsigned *era);
/* false: forgotten, or too far ahead. */
bool ticket_seed(struct ticket_secrets *s, size_t which, int64_t generation,
		 unsigned char seed[TICKET_SECRET]) MUST_USE;

#endif
