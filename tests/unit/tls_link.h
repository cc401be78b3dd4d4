/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tls_link.h - a server's engine and a client, joined in memory.
 */
#ifndef TESTS_TLS_LINK_H
#define TESTS_TLS_LINK_H

#include "stand.h"
#include "tls_client.h"

#include <stdbool.h>

struct tls_visit {
	struct stand *stand;
	enum tls_version version;
	struct tls_session *session; /* offered, if not NULL; then the newest */
	void (*prepare)(struct tls_client *c); /* before it begins; or NULL */
	/* Of the server, afterwards. */
	bool resumed;
	int alert_received, alert_sent;
	const char *reason; /* of a failure, or NULL */
	char client_subject[64], client_serial[48], client_sha256[65];
	bool ticket;      /* the client has got one */
	int client_error; /* the client's library's */
};
/*
 * A handshake and a few words in both directions. false: one side gave up, or a
 * word did not arrive. The session is the caller's to free.
 */
bool tls_visit(struct tls_visit *v);

#endif
