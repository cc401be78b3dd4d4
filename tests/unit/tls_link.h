/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tls_link.h - a server's engine and a client, joined in memory.
 */
#ifndef TESTS_TLS_LINK_H
#define TESTS_TLS_LINK_H

#include "base/pool.h"
#include "stand.h"
#include "tls_client.h"

#include <stdbool.h>

/* A server engine and a client with the two directions between them. */
struct duo {
	struct pool *pool;
	struct engine *server;
	struct tls_client *client;
	struct buf up, down; /* to the server, to the client */
	struct buf plain;    /* what the server decrypted */
	enum io server_io, client_io;
	bool looked; /* at the hello */
	bool open;   /* the server's handshake is complete */
};

struct duo *duo_new(struct stand *s, const char *alpn,
		    enum tls_version version);
void duo_free(struct duo *p);
/* Gives `in` to the server and lets it do all it can. */
void duo_server_takes(struct duo *p, struct buf *in);
void duo_client_takes(struct duo *p, struct buf *in);
/* Until nothing moves. */
void duo_pump(struct duo *p);
struct engine_facts duo_facts(const struct duo *p);
size_t duo_waiting(const struct buf *b);
bool duo_plain_is(const struct duo *p, struct slice text);
void duo_server_says(struct duo *p, struct slice text);
void duo_client_says(struct duo *p, struct slice text);
/* Do both directions carry text? The server's plain queue is empty before. */
bool duo_talks(struct duo *p);

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
