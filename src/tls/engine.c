/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tls/engine.h"

#include "tls/guard.h"
#include "tls/inside.h"
#include "tls/internal.h"
#include "tls/peer.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/*
 * 9,000 of these idle at once: every byte counts. `record`, `out` and `pool`
 * are set during a call only.
 */
struct engine {
	WOLFSSL *ssl;
	struct context *context; /* NULL once the handshake is complete */
	struct peer *peer;       /* NULL: no certificates are asked for */
	struct slice record;     /* what the library may read */
	struct buf *out;
	struct pool *pool;
	const char *reason; /* not NULL: failed */
	struct guard guard;
	struct lineage lineage;
	int16_t alert; /* received in the handshake, or 0 */
	bool complete; /* the handshake is */
	bool fresh;    /* tickets are refused */
	bool resumed, alpn;
	bool ended;  /* close_notify received */
	bool closed; /* close_notify sent */
};

static_assert(sizeof(struct engine) <= 128, "struct engine must stay small");

enum {
	RECORD_PLAIN_MAX = 16384,
	/* Header, explicit nonce, tag and content type, rounded up. */
	RECORD_EXTRA = 40
};

struct lineage *
engine_lineage(WOLFSSL *ssl)
{
	struct engine *e = wolfSSL_GetIOReadCtx(ssl);

	return e->fresh ? NULL : &e->lineage;
}

void
engine_refuse_tickets(struct engine *e)
{
	e->fresh = true;
}

/* Always takes everything: the library never has to try again. */
static int
on_send(WOLFSSL *ssl, char *bytes, int n, void *engine)
{
	struct engine *e = engine;

	(void)ssl;
	if (!e->out ||
	    buf_append(e->out, e->pool, slice_of(bytes, (size_t)n)) != ERR_OK) {
		if (!e->reason)
			e->reason = "out of memory";
		return WOLFSSL_CBIO_ERR_GENERAL;
	}
	return n;
}

static int
on_receive(WOLFSSL *ssl, char *bytes, int n, void *engine)
{
	struct engine *e = engine;
	struct slice part = slice_head(e->record, (size_t)n);

	(void)ssl;
	if (part.len == 0)
		return WOLFSSL_CBIO_ERR_WANT_READ;
	memcpy(bytes, part.ptr, part.len);
	e->record = slice_skip(e->record, part.len);
	return (int)part.len;
}

void
engine_install(WOLFSSL_CTX *ctx)
{
	wolfSSL_CTX_SetIORecv(ctx, on_receive);
	wolfSSL_CTX_SetIOSend(ctx, on_send);
}

static bool
set_up(struct engine *e, struct context *x)
{
	/* The library cuts the list up in place. */
	char imap[] = "imap";

	e->ssl = wolfSSL_new(x->ctx);
	if (!e->ssl || !tls_policy_limit_groups(x->policy, e->ssl) ||
	    wolfSSL_UseALPN(e->ssl, imap, sizeof imap - 1,
			    WOLFSSL_ALPN_FAILED_ON_MISMATCH) != WOLFSSL_SUCCESS)
		return false;
	wolfSSL_SetIOReadCtx(e->ssl, e);
	wolfSSL_SetIOWriteCtx(e->ssl, e);
	/* Ours may be a weak one that is to be served; peer.c looks at theirs.
	 */
	if (wolfSSL_SetMinRsaKey_Sz(e->ssl, RSA_BITS_SERVED) != WOLFSSL_SUCCESS)
		return false;
	if (x->policy->client == CLIENT_CERTIFICATE_OFF)
		return true;
	e->peer = peer_new(x->policy, e->ssl);
	return e->peer != NULL;
}

struct engine *
engine_new_server(struct context *x)
{
	struct engine *e = calloc(1, sizeof *e);

	if (!e)
		return NULL;
	e->guard.handshake = true;
	e->context = context_ref(x);
	if (set_up(e, x))
		return e;
	engine_free(e);
	return NULL;
}

void
engine_free(struct engine *e)
{
	if (!e)
		return;
	wolfSSL_free(e->ssl);
	context_unref(e->context);
	free(e->peer);
	free(e);
}

static void
lend(struct engine *e, struct buf *out, struct pool *p)
{
	e->out = out;
	e->pool = p;
}

static void
give_back(struct engine *e)
{
	e->out = NULL;
	e->pool = NULL;
	e->record = SLICE_EMPTY;
}

/* A fatal alert's number, or -1. */
static int
fatal(int level, int code)
{
	return level > 0 && code > 0 ? code : -1;
}

/*
 * A client that has no keys yet sends its last alert in the clear, where the
 * library may miss it; the guard does not.
 */
static int
alert_received(const struct engine *e)
{
	WOLFSSL_ALERT_HISTORY h;
	int code;

	if (e->alert > 0)
		return e->alert;
	(void)wolfSSL_get_alert_history(e->ssl, &h);
	code = fatal(h.last_rx.level, h.last_rx.code);
	return code > 0
		   ? code
		   : fatal(e->guard.alert_level, e->guard.alert_description);
}

/* The library remembers the last one only: close_notify follows a 90. */
static void
note_alert(struct engine *e)
{
	int code = alert_received(e);

	if (code > 0)
		e->alert = (int16_t)code;
}

static void
fail(struct engine *e, int code)
{
	if (!e->reason && e->peer)
		e->reason = e->peer->reason;
	if (!e->reason)
		e->reason = reason_text(code, alert_received(e));
}

/*
 * The guard's refusal. The library has no call that sends an alert; it does
 * when it meets a record that it must refuse itself, so it is given one.
 */
static void
refuse(struct engine *e, const char *why)
{
	static const unsigned char never[GUARD_HEADER + 32] = {23, 3, 3, 0, 32};
	char byte;

	e->reason = why;
	e->record = slice_of(never, sizeof never);
	if (e->complete)
		(void)wolfSSL_read(e->ssl, &byte, 1);
	else
		(void)wolfSSL_accept(e->ssl);
}

/* Moves the next whole record from `in` to where the library reads it. */
static enum io
next_record(struct engine *e, struct buf *in)
{
	const char *why = NULL;
	size_t n = 0;

	assert(e->record.len == 0);
	switch (guard_next(&e->guard, buf_uncleared(in), &n, &why)) {
	case GUARD_MORE:
		return IO_WAIT;
	case GUARD_BAD:
		refuse(e, why);
		return IO_FAIL;
	case GUARD_RECORD:
		break;
	}
	e->record = slice_head(buf_uncleared(in), n);
	buf_skip(in, n);
	return IO_DONE;
}

static void
complete(struct engine *e)
{
	char *name;
	unsigned short length;

	e->complete = true;
	e->guard.handshake = false;
	e->guard.tls13 = wolfSSL_version(e->ssl) == TLS1_3_VERSION;
	e->resumed = wolfSSL_session_reused(e->ssl) == 1;
	e->alpn =
	    wolfSSL_ALPN_GetProtocol(e->ssl, &name, &length) == WOLFSSL_SUCCESS;
	if (e->peer)
		e->peer->policy = NULL;
	context_unref(e->context);
	e->context = NULL;
}

static enum io
handshake(struct engine *e, struct buf *in)
{
	for (;;) {
		int ret = wolfSSL_accept(e->ssl), code;
		enum io io;

		if (e->peer)
			peer_forget_issuers(e->peer, e->ssl);
		if (ret == WOLFSSL_SUCCESS) {
			complete(e);
			return IO_DONE;
		}
		code = wolfSSL_get_error(e->ssl, ret);
		note_alert(e);
		if (code != WOLFSSL_ERROR_WANT_READ) {
			fail(e, code);
			return IO_FAIL;
		}
		io = next_record(e, in);
		if (io != IO_DONE)
			return io;
	}
}

enum io
engine_handshake(struct engine *e, struct buf *in, struct buf *out,
		 struct pool *p)
{
	enum io io;

	if (e->reason)
		return IO_FAIL;
	if (e->complete)
		return IO_DONE;
	lend(e, out, p);
	io = handshake(e, in);
	give_back(e);
	return io;
}

/* Hands the record to the library, until that has read all of it. */
static enum io
read_all(struct engine *e, struct buf *plain)
{
	size_t room = e->record.len;
	int n, code;

	while (e->record.len > 0) {
		n = wolfSSL_read(e->ssl, plain->mem + plain->filled, (int)room);
		if (n > 0) {
			/* No record holds more text than it has bytes. */
			buf_fill(plain, (size_t)n);
			room -= (size_t)n;
			continue;
		}
		code = wolfSSL_get_error(e->ssl, n);
		if (code == WOLFSSL_ERROR_WANT_READ)
			return IO_DONE;
		if (code == WOLFSSL_ERROR_ZERO_RETURN) {
			e->ended = true;
			return IO_EOF;
		}
		fail(e, code);
		return IO_FAIL;
	}
	return IO_DONE;
}

/* One record. IO_DONE: taken, whether or not there was text in it. */
static enum io
read_record(struct engine *e, struct buf *in, struct buf *plain)
{
	enum io io = next_record(e, in);
	size_t length = e->record.len, used;
	const char *why;

	if (io != IO_DONE)
		return io;
	if (buf_reserve(plain, e->pool, length) != ERR_OK) {
		e->reason = "out of memory";
		return IO_FAIL;
	}
	used = plain->filled;
	io = read_all(e, plain);
	why = guard_weigh(&e->guard, length, plain->filled - used);
	if (io == IO_DONE && why) {
		refuse(e, why);
		return IO_FAIL;
	}
	return io;
}

enum io
engine_read(struct engine *e, struct buf *in, struct buf *plain, size_t most,
	    struct buf *out, struct pool *p)
{
	size_t got = 0;
	enum io io = most > 0 ? IO_DONE : IO_WAIT;

	assert(e->complete);
	if (e->reason)
		return IO_FAIL;
	if (e->ended)
		return IO_EOF;
	lend(e, out, p);
	while (io == IO_DONE && got < most) {
		size_t used = plain->filled - plain->sent;

		io = read_record(e, in, plain);
		got += plain->filled - plain->sent - used;
	}
	give_back(e);
	return got > 0 ? IO_DONE : io;
}

enum err
engine_write(struct engine *e, struct slice s, struct buf *out, struct pool *p)
{
	size_t records = s.len / RECORD_PLAIN_MAX + 1;
	enum err err;
	int n;

	assert(e->complete);
	if (e->reason || e->closed)
		return ERR_CLOSED;
	if (s.len == 0)
		return ERR_OK;
	/* All or nothing: a record that was begun cannot be taken back. */
	if (s.len > POOL_MAX)
		return ERR_LIMIT;
	err = buf_reserve(out, p, s.len + records * RECORD_EXTRA);
	if (err != ERR_OK)
		return err;
	lend(e, out, p);
	n = wolfSSL_write(e->ssl, s.ptr, (int)s.len);
	if (n <= 0 || (size_t)n != s.len)
		fail(e, wolfSSL_get_error(e->ssl, n));
	give_back(e);
	return e->reason ? ERR_CLOSED : ERR_OK;
}

void
engine_close(struct engine *e, struct buf *out, struct pool *p)
{
	if (!e->complete || e->reason || e->closed)
		return;
	e->closed = true;
	lend(e, out, p);
	/* It speaks of the peer's close_notify, which we read elsewhere. */
	(void)wolfSSL_shutdown(e->ssl);
	give_back(e);
}

/* Nothing is negotiated before a suite was chosen; the library tells what it
 * hopes for. */
static const char *
version_text(const struct engine *e)
{
	if (wolfSSL_get_current_cipher_suite(e->ssl) <= 0)
		return NULL;
	return wolfSSL_version(e->ssl) == TLS1_3_VERSION ? "1.3" : "1.2";
}

void
engine_facts(const struct engine *e, struct engine_facts *out)
{
	int suite = wolfSSL_get_current_cipher_suite(e->ssl);
	WOLFSSL_ALERT_HISTORY h;

	(void)wolfSSL_get_alert_history(e->ssl, &h);
	*out = (struct engine_facts){
	    .version = version_text(e),
	    .resumed = e->resumed,
	    .alpn = e->alpn ? "imap" : NULL,
	    .alert_received = alert_received(e),
	    .alert_sent = fatal(h.last_tx.level, h.last_tx.code),
	    .close_notify = h.last_rx.level > 0 && h.last_rx.code == 0,
	    .reason = e->reason,
	};
	out->alert_plain = e->guard.alert_description > 0 && out->version &&
			   wolfSSL_version(e->ssl) == TLS1_3_VERSION;
	if (e->peer && e->peer->shown) {
		out->client_subject = e->peer->subject;
		out->client_sha256 = e->peer->sha256;
		out->client_serial = e->peer->serial;
	}
	if (!out->version)
		return;
	out->cipher = wolfSSL_get_cipher_name_iana_from_suite(
	    (unsigned char)(suite >> 8), (unsigned char)suite);
	out->curve = wolfSSL_get_curve_name(e->ssl);
}
