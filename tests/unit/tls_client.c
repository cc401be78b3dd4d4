/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tls_client.h"

#include "certs.h"

#include <wolfssl/options.h>
/* The options come first. */
#include <wolfssl/ssl.h>

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct tls_client {
	WOLFSSL_CTX *context;
	WOLFSSL *ssl; /* made by the first step */
	char *sni, *alpn;
	WOLFSSL_SESSION *resume;
	struct buf *from, *to;
	struct pool *pool;
	unsigned char *text;
	size_t len, cap;
	int error;
	bool complete, ended, asks_status;
};

static int
on_send(WOLFSSL *ssl, char *bytes, int n, void *client)
{
	struct tls_client *c = client;

	(void)ssl;
	if (!c->to ||
	    buf_append(c->to, c->pool, slice_of(bytes, (size_t)n)) != ERR_OK)
		return WOLFSSL_CBIO_ERR_GENERAL;
	return n;
}

static int
on_receive(WOLFSSL *ssl, char *bytes, int n, void *client)
{
	struct tls_client *c = client;
	struct slice part = SLICE_EMPTY;

	(void)ssl;
	if (c->from && !buf_empty(c->from))
		part = slice_of(c->from->mem + c->from->sent,
				c->from->filled - c->from->sent);
	part = slice_head(part, (size_t)n);
	if (part.len == 0)
		return WOLFSSL_CBIO_ERR_WANT_READ;
	memcpy(bytes, part.ptr, part.len);
	c->from->sent += part.len;
	if (c->from->cleared < c->from->sent)
		c->from->cleared = c->from->sent;
	return (int)part.len;
}

static char *
copy(const char *text)
{
	return text ? strdup(text) : NULL;
}

struct tls_client *
tls_client_new(const char *sni, const char *alpn, enum tls_version version)
{
	struct tls_client *c = calloc(1, sizeof *c);
	struct slice root = certs_root();

	assert(c);
	c->context = wolfSSL_CTX_new(
	    version == TLS_VERSION_12   ? wolfTLSv1_2_client_method()
	    : version == TLS_VERSION_13 ? wolfTLSv1_3_client_method()
					: wolfTLS_client_method());
	assert(c->context);
	c->sni = copy(sni);
	c->alpn = copy(alpn);
	wolfSSL_CTX_set_verify(c->context, WOLFSSL_VERIFY_PEER, NULL);
	assert(wolfSSL_CTX_load_verify_buffer(
		   c->context, root.ptr, (long)root.len,
		   WOLFSSL_FILETYPE_PEM) == WOLFSSL_SUCCESS);
	assert(wolfSSL_CTX_UseSessionTicket(c->context) == WOLFSSL_SUCCESS);
	wolfSSL_CTX_SetIORecv(c->context, on_receive);
	wolfSSL_CTX_SetIOSend(c->context, on_send);
	return c;
}

void
tls_client_free(struct tls_client *c)
{
	if (!c)
		return;
	wolfSSL_free(c->ssl);
	wolfSSL_CTX_free(c->context);
	wolfSSL_SESSION_free(c->resume);
	free(c->sni);
	free(c->alpn);
	free(c->text);
	free(c);
}

void
tls_client_distrust(struct tls_client *c)
{
	assert(wolfSSL_CTX_UnloadCAs(c->context) == WOLFSSL_SUCCESS);
}

void
tls_client_trust(struct tls_client *c, struct slice pem)
{
	assert(wolfSSL_CTX_load_verify_buffer(
		   c->context, pem.ptr, (long)pem.len, WOLFSSL_FILETYPE_PEM) ==
	       WOLFSSL_SUCCESS);
}

void
tls_client_certificate(struct tls_client *c, struct slice chain,
		       struct slice key)
{
	assert(wolfSSL_CTX_use_certificate_chain_buffer_format(
		   c->context, chain.ptr, (long)chain.len,
		   WOLFSSL_FILETYPE_PEM) == WOLFSSL_SUCCESS);
	assert(wolfSSL_CTX_use_PrivateKey_buffer(
		   c->context, key.ptr, (long)key.len, WOLFSSL_FILETYPE_PEM) ==
	       WOLFSSL_SUCCESS);
}

void
tls_client_ask_status(struct tls_client *c, bool must)
{
	c->asks_status = true;
	assert(wolfSSL_CTX_EnableOCSPStapling(c->context) == WOLFSSL_SUCCESS);
	if (must)
		assert(wolfSSL_CTX_EnableOCSPMustStaple(c->context) ==
		       WOLFSSL_SUCCESS);
}

bool
tls_client_ciphers(struct tls_client *c, const char *list)
{
	return wolfSSL_CTX_set_cipher_list(c->context, list) == WOLFSSL_SUCCESS;
}

void
tls_client_group(struct tls_client *c, int group)
{
	assert(wolfSSL_CTX_set_groups(c->context, &group, 1) ==
	       WOLFSSL_SUCCESS);
}

void
tls_client_no_fresh_keys(struct tls_client *c)
{
	assert(wolfSSL_CTX_no_dhe_psk(c->context) == 0);
}

void
tls_client_resume(struct tls_client *c, const struct tls_session *s)
{
	WOLFSSL_SESSION *session = (WOLFSSL_SESSION *)(uintptr_t)s;

	assert(wolfSSL_SESSION_up_ref(session) == WOLFSSL_SUCCESS);
	c->resume = session;
}

static void
begin(struct tls_client *c)
{
	c->ssl = wolfSSL_new(c->context);
	assert(c->ssl);
	wolfSSL_SetIOReadCtx(c->ssl, c);
	wolfSSL_SetIOWriteCtx(c->ssl, c);
	assert(wolfSSL_check_domain_name(c->ssl, CERTS_HOST) ==
	       WOLFSSL_SUCCESS);
	if (c->sni)
		assert(wolfSSL_UseSNI(c->ssl, WOLFSSL_SNI_HOST_NAME, c->sni,
				      (unsigned short)strlen(c->sni)) ==
		       WOLFSSL_SUCCESS);
	if (c->alpn)
		assert(wolfSSL_UseALPN(c->ssl, c->alpn,
				       (unsigned)strlen(c->alpn),
				       WOLFSSL_ALPN_CONTINUE_ON_MISMATCH) ==
		       WOLFSSL_SUCCESS);
	if (c->asks_status)
		assert(wolfSSL_UseOCSPStapling(c->ssl, WOLFSSL_CSR_OCSP, 0) ==
		       WOLFSSL_SUCCESS);
	if (c->resume)
		assert(wolfSSL_set_session(c->ssl, c->resume) ==
		       WOLFSSL_SUCCESS);
}

static void
keep(struct tls_client *c, const unsigned char *text, size_t n)
{
	if (c->len + n > c->cap) {
		c->cap = 2 * (c->len + n);
		c->text = realloc(c->text, c->cap);
		assert(c->text);
	}
	memcpy(c->text + c->len, text, n);
	c->len += n;
}

static enum io
outcome(struct tls_client *c, int ret)
{
	int error = wolfSSL_get_error(c->ssl, ret);

	if (error == WOLFSSL_ERROR_WANT_READ)
		return c->complete ? IO_DONE : IO_WAIT;
	if (error == WOLFSSL_ERROR_ZERO_RETURN) {
		c->ended = true;
		return IO_EOF;
	}
	c->error = error;
	return IO_FAIL;
}

static enum io
step(struct tls_client *c)
{
	unsigned char text[16384];
	int n;

	if (!c->complete) {
		n = wolfSSL_connect(c->ssl);
		if (n != WOLFSSL_SUCCESS)
			return outcome(c, n);
		c->complete = true;
	}
	while ((n = wolfSSL_read(c->ssl, text, sizeof text)) > 0)
		keep(c, text, (size_t)n);
	return outcome(c, n);
}

enum io
tls_client_step(struct tls_client *c, struct buf *from, struct buf *to,
		struct pool *p)
{
	enum io io;

	if (c->error)
		return IO_FAIL;
	if (c->ended)
		return IO_EOF;
	if (!c->ssl)
		begin(c);
	c->from = from;
	c->to = to;
	c->pool = p;
	io = step(c);
	c->from = c->to = NULL;
	return io;
}

struct slice
tls_client_text(const struct tls_client *c)
{
	return slice_of(c->text ? c->text : (const unsigned char *)"", c->len);
}

void
tls_client_forget(struct tls_client *c)
{
	c->len = 0;
}

void
tls_client_write(struct tls_client *c, struct slice s, struct buf *to,
		 struct pool *p)
{
	c->to = to;
	c->pool = p;
	assert(wolfSSL_write(c->ssl, s.ptr, (int)s.len) == (int)s.len);
	c->to = NULL;
}

void
tls_client_close(struct tls_client *c, struct buf *to, struct pool *p)
{
	c->to = to;
	c->pool = p;
	(void)wolfSSL_shutdown(c->ssl);
	c->to = NULL;
}

void
tls_client_update_keys(struct tls_client *c, struct buf *to, struct pool *p)
{
	c->to = to;
	c->pool = p;
	assert(wolfSSL_update_keys(c->ssl) == WOLFSSL_SUCCESS);
	c->to = NULL;
}

/* How the library makes records; it stands in no header of the installation. */
int BuildMessage(WOLFSSL *ssl, unsigned char *output, int output_size,
		 const unsigned char *input, int input_size, int type,
		 int hash_output, int size_only, int async_okay, int epoch);

void
tls_client_seal(struct tls_client *c, unsigned char type, struct slice content,
		struct buf *to, struct pool *p)
{
	unsigned char record[16384 + 64];
	int n;

	assert(c->complete && content.len <= 16384);
	n = BuildMessage(c->ssl, record, sizeof record, content.ptr,
			 (int)content.len, type, 0, 0, 0, 0);
	assert(n > 0);
	assert(buf_append(to, p, slice_of(record, (size_t)n)) == ERR_OK);
}

bool
tls_client_has_ticket(struct tls_client *c)
{
	unsigned char ticket[4096];
	word32 n = sizeof ticket;

	return wolfSSL_get_SessionTicket(c->ssl, ticket, &n) ==
		   WOLFSSL_SUCCESS &&
	       n > 0;
}

struct tls_session *
tls_client_session(struct tls_client *c)
{
	return (struct tls_session *)wolfSSL_get1_session(c->ssl);
}

void
tls_session_free(struct tls_session *s)
{
	wolfSSL_SESSION_free((WOLFSSL_SESSION *)s);
}

struct tls_client_facts
tls_client_facts(const struct tls_client *c)
{
	WOLFSSL_ALERT_HISTORY h;
	unsigned short n = 0;
	char *alpn = NULL;
	struct tls_client_facts f = {.error = c->error};

	(void)wolfSSL_get_alert_history(c->ssl, &h);
	f.alert_received = h.last_rx.code > 0 ? h.last_rx.code : -1;
	f.alert_sent = h.last_tx.code > 0 ? h.last_tx.code : -1;
	f.resumed = wolfSSL_session_reused(c->ssl) == 1;
	f.group = wolfSSL_get_curve_name(c->ssl);
	if (wolfSSL_ALPN_GetProtocol(c->ssl, &alpn, &n) == WOLFSSL_SUCCESS)
		f.alpn = alpn;
	return f;
}
