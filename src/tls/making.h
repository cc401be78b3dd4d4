/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * making.h - contexts of the library, made out of a policy and a pair.
 */
#ifndef TLS_MAKING_H
#define TLS_MAKING_H

#include "tls/peer.h"
#include "tls/policy.h"
#include "tls/shelf.h"
#include "tls/store.h"

/*
 * All but tickets and staple. ERR_SYNTAX: *fault says what is wrong with a file
 * of the policy; else what was wrong is the memory, or us.
 */
enum err making_context(const struct tls_policy *p,
			const struct shelf_pair *pair, WOLFSSL_CTX **out,
			struct peer_fault *fault) MUST_USE;
/* Would it be made, with the first pair of the shelf? */
enum err making_try(const struct tls_policy *p, const struct shelf *shelf,
		    struct peer_fault *fault) MUST_USE;

/* store.c */
uint64_t store_number(const struct store *s);
struct tls_policy *store_policy(const struct store *s, size_t i);
bool store_has_policy(const struct store *s, const struct tls_policy *p);
struct ticket_secrets *store_secrets(const struct store *s);

#endif
