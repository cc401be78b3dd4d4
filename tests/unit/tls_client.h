/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tls_client.h - a TLS client over buffers, for tests.
 */
#ifndef TESTS_TLS_CLIENT_H
#define TESTS_TLS_CLIENT_H

#include "base/buf.h"
#include "base/err.h"
#include "tls/store.h"

struct tls_client;
struct tls_session; /* what a later connection can resume */

/*
 * sni, alpn (a comma separated list): NULL for none. version: TLS_VERSION_12
 * or _13 and nothing else, TLS_VERSION_NONE for both. Trusts certs_root() and
 * expects CERTS_HOST.
 */
struct tls_client *tls_client_new(const char *sni, const char *alpn,
				  enum tls_version version);
void tls_client_free(struct tls_client *c); /* NULL is fine */

/* Before the first step: */
void tls_client_distrust(struct tls_client *c);                /* knows no CA */
void tls_client_trust(struct tls_client *c, struct slice pem); /* too */
/* PEM; shown when it is asked for. */
void tls_client_certificate(struct tls_client *c, struct slice chain,
			    struct slice key);
/* Asks for an OCSP response, and judges it; must: fails without one. */
void tls_client_ask_status(struct tls_client *c, bool must);
/* False: the library has none of them, and so neither side speaks them. */
bool tls_client_ciphers(struct tls_client *c, const char *list);
void tls_client_group(struct tls_client *c, int group); /* and only this one */
/* TLS 1.3: resumes with the ticket's key alone, no fresh one (psk_ke). */
void tls_client_no_fresh_keys(struct tls_client *c);
void tls_client_resume(struct tls_client *c, const struct tls_session *s);

/*
 * Reads all of `from`, appends to `to`. IO_DONE: handshake complete and
 * nothing more to read; IO_WAIT: handshake goes on; IO_EOF: close_notify
 * received; IO_FAIL: broken.
 */
enum io tls_client_step(struct tls_client *c, struct buf *from, struct buf *to,
			struct pool *p);

/* Text received since the last tls_client_forget. */
struct slice tls_client_text(const struct tls_client *c);
void tls_client_forget(struct tls_client *c);

void tls_client_write(struct tls_client *c, struct slice s, struct buf *to,
		      struct pool *p);
void tls_client_close(struct tls_client *c, struct buf *to, struct pool *p);
void tls_client_update_keys(struct tls_client *c, struct buf *to,
			    struct pool *p);
/*
 * What no honest client sends: a record of any type with any content, at most
 * 16384 bytes, as encrypted as everything else.
 */
void tls_client_seal(struct tls_client *c, unsigned char type,
		     struct slice content, struct buf *to, struct pool *p);

/* Has the server given it one? After the same. */
bool tls_client_has_ticket(struct tls_client *c);
/* After the handshake (in 1.3: after a step that brought the tickets). */
struct tls_session *tls_client_session(struct tls_client *c);
void tls_session_free(struct tls_session *s); /* NULL is fine */

struct tls_client_facts {
	bool resumed;
	const char *alpn;               /* or NULL */
	const char *group;              /* or NULL */
	int alert_received, alert_sent; /* fatal ones, or -1 */
	int error;                      /* the library's, 0 while none */
};
struct tls_client_facts tls_client_facts(const struct tls_client *c);

#endif
