/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * engine.h - one TLS connection as a function over byte queues.
 *
 * The engine never sees a descriptor. What arrived stands in `in` (the bytes
 * between sent and filled; the engine takes whole records off its front with
 * buf_skip, unfinished records stay), what must go out is appended to `out`,
 * whose marks are the caller's business. The engine allocates from the pool
 * only through these buffers. It belongs to one worker.
 *
 * After a failure it neither reads nor writes: every call says so again.
 */
#ifndef TLS_ENGINE_H
#define TLS_ENGINE_H

#include "base/buf.h"
#include "base/err.h"
#include "tls/context.h"

#include <stdint.h>

struct engine;

/* NULL: out of memory, or no randomness. Keeps x until the handshake is over.
 */
struct engine *engine_new_server(struct context *x) MUST_USE;
/*
 * Before the first step: the client's ticket is not looked at. For one that
 * would go on with the ticket's secret alone (hello.h, psk_only): whoever finds
 * a ticket key could read what was recorded (RFC 8446 section 2.2).
 */
void engine_refuse_tickets(struct engine *e);
void engine_free(struct engine *e); /* NULL is fine */

/*
 * Drives the handshake with what is in `in`. IO_DONE: complete; IO_WAIT: needs
 * bytes; IO_FAIL: engine_facts says why, the alert is already in `out`.
 * Each record is judged by tls/guard before the library sees it.
 */
enum io engine_handshake(struct engine *e, struct buf *in, struct buf *out,
			 struct pool *p) MUST_USE;

/*
 * Decrypts whole records from `in` into `plain` (room is made as needed)
 * until `in` has no whole record, or plain holds at least `most` bytes more
 * than before. IO_DONE: something was decrypted (there may be more); IO_WAIT:
 * nothing could be; IO_EOF: the peer's close_notify; IO_FAIL: broken.
 * What was decrypted before an end or a failure is delivered first, with
 * IO_DONE. Key updates may append to `out`. An error to do before the
 * handshake is complete.
 */
enum io engine_read(struct engine *e, struct buf *in, struct buf *plain,
		    size_t most, struct buf *out, struct pool *p) MUST_USE;

/*
 * Encrypts all of s behind what is in `out`. ERR_NOMEM, ERR_LIMIT: nothing was
 * written, try again when `out` is shorter; ERR_CLOSED: after a failure or
 * engine_close. An error to do before the handshake is complete.
 */
enum err engine_write(struct engine *e, struct slice s, struct buf *out,
		      struct pool *p) MUST_USE;

/*
 * Appends close_notify to `out`, once; does nothing when that is not possible:
 * before the end of the handshake, and after a failure, whose alert was the
 * last word.
 */
void engine_close(struct engine *e, struct buf *out, struct pool *p);

/* What is known for events; pointers live as long as the engine. */
struct engine_facts {
	const char *version; /* "1.2", "1.3" (ECS tls.version) or NULL */
	const char *cipher;  /* "TLS_AES_128_GCM_SHA256" or NULL */
	const char *curve;   /* "X25519MLKEM768" or NULL */
	const char *alpn;    /* "imap" or NULL */
	bool resumed;
	/* RFC 8446 section 6 numbers, or -1; a close_notify does not count. */
	int alert_received;
	int alert_sent;
	/*
	 * It came in clear although TLS 1.3 was agreed upon: OpenSSL does that
	 * while it has no keys of its own. Anybody on the way can.
	 */
	bool alert_plain;
	bool close_notify; /* received */
	/* Of the certificate that the client has shown; NULL: none. The subject
	 * as RFC 4514 writes it, the others in upper case hex. */
	const char *client_subject, *client_sha256, *client_serial;
	const char *reason; /* why it failed, NULL while nothing failed */
};
void engine_facts(const struct engine *e, struct engine_facts *out);

#endif
