/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tls/staple.h"

#include "tls/internal.h"
#include "tls/material.h"
#include "x509/der.h"
#include "x509/ocsp.h"

#include <wolfssl/wolfcrypt/sha.h>
#include <wolfssl/wolfcrypt/sha256.h>

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a response without an end is good for. */
#define DAY INT64_C(86400)

struct staple {
	atomic_uint count;
	uint64_t (*wall_ms)(void);
	int64_t from, until;
	size_t len;
	unsigned char der[];
};

/* One response under examination. */
struct trial {
	const struct staple_input *in;
	struct staple_verdict *out;
	struct certificate leaf, issuer;
	struct ocsp response;
	struct ocsp_answer answer;
};

static enum err refuse(struct trial *t, enum err cause, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static enum err
refuse(struct trial *t, enum err cause, const char *format, ...)
{
	va_list args;

	t->out->cause = cause;
	va_start(args, format);
	(void)vsnprintf(t->out->text, sizeof t->out->text, format, args);
	va_end(args);
	return cause;
}

/* RFC 6960 section 4.2.1 */
static const char *
status_text(unsigned status)
{
	static const char *const texts[] = {
	    [OCSP_STATUS_MALFORMED_REQUEST] = "malformedRequest",
	    [OCSP_STATUS_INTERNAL_ERROR] = "internalError",
	    [OCSP_STATUS_TRY_LATER] = "tryLater",
	    [OCSP_STATUS_SIGNATURE_REQUIRED] = "sigRequired",
	    [OCSP_STATUS_UNAUTHORIZED] = "unauthorized",
	};

	if (status >= sizeof texts / sizeof texts[0] || !texts[status])
		return "an error";
	return texts[status];
}

static enum err
check_form(struct trial *t)
{
	struct slice der = t->in->response;

	if (der.len > STAPLE_FILE_MAX)
		return refuse(t, ERR_LIMIT, "it has more than %d bytes",
			      STAPLE_FILE_MAX);
	if (slice_eq(slice_head(der, 5), SLICE("-----")))
		return refuse(t, ERR_SYNTAX,
			      "it is PEM, where DER is wanted: take the lines "
			      "that begin with ----- away and run openssl "
			      "base64 -d");
	if (ocsp_read(der, &t->response) != ERR_OK)
		return refuse(t, ERR_SYNTAX, "it is no OCSP response (DER)");
	if (t->response.status != OCSP_STATUS_SUCCESSFUL)
		return refuse(t, ERR_PROTOCOL,
			      "the responder gave no answer, but said %s",
			      status_text(t->response.status));
	if (!t->response.basic)
		return refuse(t, ERR_SYNTAX,
			      "it is a response of an unknown type");
	return ERR_OK;
}

static enum err
check_certificates(struct trial *t)
{
	if (t->in->issuer.len == 0)
		return refuse(t, ERR_MISSING,
			      "it cannot be checked without the issuer's "
			      "certificate, which must follow the server's in "
			      "the chain file");
	if (certificate_read(t->in->leaf, &t->leaf) != ERR_OK ||
	    certificate_read(t->in->issuer, &t->issuer) != ERR_OK)
		return refuse(t, ERR_SYNTAX,
			      "it cannot be checked, since the certificate or "
			      "its issuer's is malformed");
	return ERR_OK;
}

static bool
hashes_to(enum ocsp_hash kind, struct slice text, struct slice hash)
{
	unsigned char out[WC_SHA256_DIGEST_SIZE];
	size_t n = kind == OCSP_HASH_SHA1     ? WC_SHA_DIGEST_SIZE
		   : kind == OCSP_HASH_SHA256 ? WC_SHA256_DIGEST_SIZE
					      : 0;

	if (n == 0 || text.len == 0 || hash.len != n)
		return false;
	if ((kind == OCSP_HASH_SHA1
		 ? wc_ShaHash(text.ptr, (word32)text.len, out)
		 : wc_Sha256Hash(text.ptr, (word32)text.len, out)) != 0)
		return false;
	return slice_eq(hash, slice_of(out, n));
}

static bool
about_leaf(const struct trial *t, const struct ocsp_answer *a)
{
	return slice_eq(a->serial, t->leaf.serial) &&
	       hashes_to(a->hash, t->leaf.issuer, a->issuer_name) &&
	       hashes_to(a->hash, certificate_key_bits(&t->issuer),
			 a->issuer_key);
}

/* Of several the newest counts. */
static enum err
find_answer(struct trial *t)
{
	struct slice rest = t->response.answers;
	struct ocsp_answer a;
	bool found = false;

	while (ocsp_next(&rest, &a)) {
		if (!about_leaf(t, &a) ||
		    (found && a.this_update <= t->answer.this_update))
			continue;
		t->answer = a;
		found = true;
	}
	if (!found)
		return refuse(t, ERR_MISMATCH,
			      "it is about another certificate");
	t->out->from = t->answer.this_update;
	t->out->until = t->answer.limited ? t->answer.next_update
					  : t->answer.this_update + DAY;
	t->out->alarm = t->out->until - (t->out->until - t->out->from) / 4;
	t->out->old = t->in->now >= t->out->alarm;
	return ERR_OK;
}

/* Does the response name c as its signer, and did c sign it? */
static bool
signed_by(const struct ocsp *o, const struct certificate *c)
{
	bool named = o->signer.len > 0
			 ? slice_eq(o->signer, c->subject)
			 : hashes_to(OCSP_HASH_SHA1, certificate_key_bits(c),
				     o->signer_key);

	return named && signature_verify(c->key, &o->signature, o->text);
}

/* RFC 6960 section 4.2.2.2: has the issuer appointed this responder? */
static bool
appointed(const struct trial *t, const struct certificate *c)
{
	return (c->purposes & PURPOSE_OCSP) != 0 &&
	       c->not_before <= t->in->now && t->in->now <= c->not_after &&
	       material_signed(c->der, t->in->issuer);
}

static enum err
check_signature(struct trial *t)
{
	struct slice rest = t->response.certificates;
	struct certificate c;
	struct der d;

	if (t->response.signature.kind == SIGNATURE_OTHER)
		return refuse(
		    t, ERR_MISMATCH,
		    "it is signed in a way that is no longer trusted, "
		    "or not yet common");
	if (signed_by(&t->response, &t->issuer))
		return ERR_OK;
	while (der_next(&rest, &d))
		if (certificate_read(d.whole, &c) == ERR_OK &&
		    signed_by(&t->response, &c) && appointed(t, &c))
			return ERR_OK;
	return refuse(t, ERR_MISMATCH,
		      "it is signed neither by the certificate's issuer nor by "
		      "a responder whom that has appointed");
}

static enum err
check_verdict(struct trial *t)
{
	char date[DATE_TEXT];

	if (t->response.critical || t->answer.critical)
		return refuse(t, ERR_SYNTAX,
			      "it has a critical extension, which clients do "
			      "not understand");
	if (t->answer.verdict == OCSP_REVOKED)
		return refuse(t, ERR_REFUSED,
			      "the CA has revoked the certificate on %s",
			      date_text(t->answer.revoked, date));
	if (t->answer.verdict == OCSP_UNKNOWN)
		return refuse(t, ERR_UNKNOWN,
			      "the responder does not know the certificate");
	return ERR_OK;
}

static enum err
check_time(struct trial *t)
{
	char date[DATE_TEXT];

	if (t->out->until <= t->out->from)
		return refuse(t, ERR_SYNTAX, "it ends before it begins");
	if (t->in->now < t->out->from)
		return refuse(t, ERR_EARLY, "it is not valid before %s",
			      date_text(t->out->from, date));
	if (t->in->now > t->out->until)
		return refuse(t, ERR_EXPIRED, "it ended on %s",
			      date_text(t->out->until, date));
	return ERR_OK;
}

static enum err (*const checks[])(struct trial *t) = {
    check_form,      check_certificates, find_answer,
    check_signature, check_verdict,      check_time,
};

void
staple_judge(const struct staple_input *in, struct staple_verdict *out)
{
	struct trial t = {.in = in, .out = out};

	*out = (struct staple_verdict){.cause = ERR_OK};
	for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++)
		if (checks[i](&t) != ERR_OK)
			return;
}

struct staple *
staple_of(struct slice response, int64_t from, int64_t until,
	  uint64_t (*wall_ms)(void))
{
	struct staple *s = malloc(sizeof *s + response.len);

	if (!s)
		return NULL;
	atomic_init(&s->count, 1);
	s->wall_ms = wall_ms;
	s->from = from;
	s->until = until;
	s->len = response.len;
	memcpy(s->der, response.ptr, response.len);
	return s;
}

struct staple *
staple_new(const struct staple_input *in, uint64_t (*wall_ms)(void),
	   struct staple_verdict *out)
{
	struct staple *s;

	staple_judge(in, out);
	if (out->cause != ERR_OK)
		return NULL;
	s = staple_of(in->response, out->from, out->until, wall_ms);
	if (!s) {
		out->cause = ERR_NOMEM;
		(void)snprintf(out->text, sizeof out->text, "out of memory");
	}
	return s;
}

struct staple *
staple_ref(struct staple *s)
{
	atomic_fetch_add_explicit(&s->count, 1, memory_order_relaxed);
	return s;
}

void
staple_unref(struct staple *s)
{
	if (s &&
	    atomic_fetch_sub_explicit(&s->count, 1, memory_order_acq_rel) == 1)
		free(s);
}

/* tlsextStatusCb: for a client that asks, and does not resume. */
static int
on_status(WOLFSSL *ssl, void *staple)
{
	const struct staple *s = staple;
	int64_t now = (int64_t)(s->wall_ms() / 1000);
	unsigned char *copy;

	if (now < s->from || now > s->until)
		return WOLFSSL_OCSP_STATUS_CB_NOACK;
	/* The library frees it, after the handshake. */
	copy = XMALLOC(s->len, NULL, DYNAMIC_TYPE_OCSP);
	if (!copy)
		return WOLFSSL_OCSP_STATUS_CB_NOACK;
	memcpy(copy, s->der, s->len);
	if (wolfSSL_set_tlsext_status_ocsp_resp(ssl, copy, (int)s->len) ==
	    WOLFSSL_SUCCESS)
		return WOLFSSL_OCSP_STATUS_CB_OK;
	XFREE(copy, NULL, DYNAMIC_TYPE_OCSP);
	return WOLFSSL_OCSP_STATUS_CB_NOACK;
}

/* Where the library has no answer it would ask the responder itself, by HTTP,
 * while all other clients wait. */
static int
ask_nobody(void *context, const char *url, int url_len, unsigned char *request,
	   int request_len, unsigned char **response)
{
	(void)context;
	(void)url;
	(void)url_len;
	(void)request;
	(void)request_len;
	(void)response;
	return -1;
}

enum err
staple_install(WOLFSSL_CTX *ctx, struct staple *s)
{
	if (wolfSSL_CTX_set_tlsext_status_cb(ctx, on_status) !=
		WOLFSSL_SUCCESS ||
	    wolfSSL_CTX_set_tlsext_status_arg(ctx, s) != WOLFSSL_SUCCESS ||
	    wolfSSL_CTX_SetOCSP_Cb(ctx, ask_nobody, NULL, NULL) !=
		WOLFSSL_SUCCESS)
		return ERR_INTERNAL;
	return ERR_OK;
}
