/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * inside.h - the inside of a context, for the engine.
 */
#ifndef TLS_INSIDE_H
#define TLS_INSIDE_H

#include "tls/context.h"
#include "tls/policy.h"

struct context {
	unsigned count; /* the set's, and one for each handshake */
	WOLFSSL_CTX *ctx;
	struct tls_policy *policy;
	struct tickets *tickets;
	struct staple *staple;
	/* What it was made of. */
	unsigned char pair[SHELF_DIGEST];
	uint64_t staple_hash;
	struct ticket_secrets *secrets; /* tickets refers to it */
	size_t places;
	struct context *prev, *next; /* in the set */
};

#endif
