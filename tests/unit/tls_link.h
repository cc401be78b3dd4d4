/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tls_link.h - a server's engine and a client, joined in memory.
 */
#ifndef TESTS_TLS_LINK_H
#define TESTS_TLS_LINK_H

#include "tls_client.h"

#include <stdbool.h>

struct tls_visit {
	struct store *store;
	enum tls_version version;
	struct tls_session *session; /* offered, if not NULL; then the newest */
	void (*prepare)(struct tls_client *c); /* before it begins; or NULL */
	/* Of the server, afterwards. */
	bool resumed;
	int alert_received;
	int client_error; /* the client's library's */
};
/*
 * A handshake and a few words in both directions. false: one side gave up, or a
 * word did not arrive. The session is the caller's to free.
 */
bool tls_visit(struct tls_visit *v);

#endif
