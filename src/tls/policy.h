/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * policy.h - a TLS policy in the library's terms.
 *
 * Immutable and counted: contexts made by it outlive the store it came with.
 */
#ifndef TLS_POLICY_H
#define TLS_POLICY_H

#include "base/err.h"
#include "config/settings.h"
#include "tls/internal.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { POLICY_DIGEST = 32, POLICY_LIST_MAX = 512 };

struct tls_policy {
	atomic_uint count;
	enum tls_version minimum, maximum;
	char ciphers[POLICY_LIST_MAX]; /* as the library reads them */
	int groups[TLS_GROUPS];        /* the library's numbers */
	int groups_count;
	char signatures[POLICY_LIST_MAX]; /* the same */
	unsigned ciphers_set;             /* a bit for each enum tls_cipher */
	unsigned signatures_set; /* a bit for each enum tls_signature */
	enum tls_alpn alpn;
	enum tls_sni sni;
	enum client_certificate client;
	/* Who may come; none: anybody whom a CA of ours vouches for. */
	char **names; /* own memory */
	size_t names_count;
	/* PEM; as long as the shelf it came from. */
	struct slice client_ca, client_crl;
	/* Of all that a session owes to it: it resumes under no other. */
	unsigned char digest[POLICY_DIGEST];
};

/* client_ca, client_crl: their files, or empty. NULL: out of memory. */
struct tls_policy *tls_policy_new(const struct tls_policy_settings *s,
				  struct slice client_ca,
				  struct slice client_crl) MUST_USE;
struct tls_policy *tls_policy_ref(struct tls_policy *p);
void tls_policy_unref(struct tls_policy *p); /* NULL is fine */

/* Versions, suites, groups: all but certificates. */
enum err tls_policy_apply(const struct tls_policy *p,
			  WOLFSSL_CTX *ctx) MUST_USE;
/* A context's groups bind TLS 1.3 only; a connection's bind TLS 1.2 too. */
bool tls_policy_limit_groups(const struct tls_policy *p, WOLFSSL *ssl);
/* A context of the policy's versions; NULL: out of memory. */
WOLFSSL_CTX *tls_policy_context(const struct tls_policy *p) MUST_USE;

#endif
