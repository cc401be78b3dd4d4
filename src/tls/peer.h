/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * peer.h - the certificates of clients.
 *
 * The library verifies: chain, dates, purpose, revocation. What it refuses
 * stays refused; names are ours to judge.
 */
#ifndef TLS_PEER_H
#define TLS_PEER_H

#include "tls/policy.h"

#include <stdbool.h>

enum { PEER_SUBJECT_MAX = 256, PEER_SERIAL_MAX = 48 };

/* One client's, for as long as its connection lasts. */
struct peer {
	const struct tls_policy *policy; /* until the handshake is over */
	const char *reason;              /* why we refuse it, or NULL */
	bool shown;                      /* it has one, which was accepted */
	bool issuers_sent;               /* and certificates of issuers */
	char subject[PEER_SUBJECT_MAX];  /* RFC 4514 */
	char serial[PEER_SERIAL_MAX];    /* hex, upper case */
	char sha256[65]; /* of the certificate; hex, upper case */
};

/* Which file of a policy, and what is wrong with it. */
struct peer_fault {
	bool in_crl;
	char text[256];
};

/* The context asks its clients for certificates as the policy says. */
enum err peer_install(const struct tls_policy *p, WOLFSSL_CTX *ctx,
		      struct peer_fault *fault) MUST_USE;

/* p.client is not off; NULL: out of memory. */
struct peer *peer_new(const struct tls_policy *p, WOLFSSL *ssl) MUST_USE;
/*
 * After each step of a handshake. The library would keep what issuers one
 * client sent, and so believe the next who sends none (wolfSSL 5.9.2): each
 * shall stand by itself. No other handshake of the context may run meanwhile.
 */
void peer_forget_issuers(struct peer *p, WOLFSSL *ssl);

#endif
