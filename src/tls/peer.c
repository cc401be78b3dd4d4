/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tls/peer.h"

#include "tls/material.h"
#include "x509/certificate.h"
#include "x509/names.h"

#include <wolfssl/error-ssl.h>
#include <wolfssl/wolfcrypt/error-crypt.h>
#include <wolfssl/wolfcrypt/sha256.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__attribute__((format(printf, 3, 4))) static enum err
refuse(struct peer_fault *f, bool in_crl, const char *format, ...)
{
	va_list args;

	f->in_crl = in_crl;
	va_start(args, format);
	(void)vsnprintf(f->text, sizeof f->text, format, args);
	va_end(args);
	return ERR_SYNTAX;
}

/* Nobody shall vouch for clients whom no CA has meant for that. */
static bool
is_authority(struct slice der)
{
	struct certificate c;

	return certificate_read(der, &c) != ERR_OK || c.version < 3 || c.ca;
}

static enum err
load_issuer(WOLFSSL_CERT_MANAGER *cm, struct slice der, size_t number,
	    struct peer_fault *fault)
{
	if (der.len == 0)
		return refuse(fault, false, "certificate %zu is not valid PEM",
			      number);
	if (!is_authority(der) ||
	    wolfSSL_CertManagerLoadCABuffer_ex(
		cm, der.ptr, (long)der.len, WOLFSSL_FILETYPE_ASN1, 0,
		WOLFSSL_LOAD_FLAG_DATE_ERR_OKAY) != WOLFSSL_SUCCESS)
		return refuse(fault, false,
			      "certificate %zu is not that of a CA", number);
	return ERR_OK;
}

static enum err
load_issuers(WOLFSSL_CERT_MANAGER *cm, struct slice pem,
	     struct peer_fault *fault)
{
	unsigned char *der = malloc(pem.len + 1);
	size_t count = 0;
	enum err e = der ? ERR_OK : ERR_NOMEM;

	while (e == ERR_OK) {
		struct slice block = material_block(&pem);

		if (block.len == 0)
			break;
		e = load_issuer(cm, slice_of(der, material_der(block, der)),
				++count, fault);
	}
	if (e == ERR_OK && count == 0)
		e = refuse(fault, false, "there is no certificate in it");
	free(der);
	return e;
}

/* Each by itself: the library takes the first of a file only. */
static enum err
load_crls(WOLFSSL_CERT_MANAGER *cm, struct slice pem, struct peer_fault *fault)
{
	size_t count = 0;

	if (wolfSSL_CertManagerEnableCRL(cm, 0) != WOLFSSL_SUCCESS)
		return ERR_INTERNAL;
	for (;;) {
		struct slice block = material_crl(&pem);
		int ret;

		if (block.len == 0)
			break;
		count++;
		ret = wolfSSL_CertManagerLoadCRLBuffer(
		    cm, block.ptr, (long)block.len, WOLFSSL_FILETYPE_PEM);
		if (ret == ASN_CRL_NO_SIGNER_E || ret == ASN_CRL_CONFIRM_E)
			return refuse(fault, true,
				      "list %zu is signed by a CA that is not "
				      "in client_ca",
				      count);
		if (ret != WOLFSSL_SUCCESS)
			return refuse(fault, true,
				      "list %zu cannot be read: %s", count,
				      wc_GetErrorString(ret));
	}
	if (count == 0)
		return refuse(fault, true,
			      "there is no list of revoked certificates in it");
	return ERR_OK;
}

/* CN, or one of the alternative names. */
static bool
is_allowed(const struct tls_policy *p, const struct certificate *c)
{
	struct slice common = certificate_common_name(c->subject);

	for (size_t i = 0; i < p->names_count; i++) {
		struct slice name = slice_str(p->names[i]);

		if (slice_ieq(common, name) || names_hold(c->names, name))
			return true;
	}
	return p->names_count == 0;
}

static void
put_hex(struct slice bytes, char *out, size_t cap)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t n = 0;

	for (size_t i = 0; i < bytes.len && n + 2 < cap; i++) {
		out[n++] = digits[bytes.ptr[i] >> 4];
		out[n++] = digits[bytes.ptr[i] & 15];
	}
	out[n] = '\0';
}

static void
describe(struct peer *p, const struct certificate *c)
{
	unsigned char hash[WC_SHA256_DIGEST_SIZE];

	p->shown = true;
	certificate_dn(c->subject, p->subject, sizeof p->subject);
	put_hex(c->serial, p->serial, sizeof p->serial);
	if (wc_Sha256Hash(c->der.ptr, (word32)c->der.len, hash) == 0)
		put_hex(slice_of(hash, sizeof hash), p->sha256,
			sizeof p->sha256);
}

/* What the library does not mind; NULL: nothing. */
static const char *
weakness(const struct certificate *c)
{
	if (c->key_kind == KEY_RSA && c->key_bits < RSA_BITS_MIN)
		return "the client's certificate, or an issuer's, has a weak "
		       "key";
	if (c->digest == DIGEST_SHA1 || c->digest == DIGEST_MD5)
		return "the client's certificate, or an issuer's, is signed "
		       "with SHA-1 or MD5";
	return NULL;
}

/* Brought by the client; how a root is signed says nothing. */
static bool
judge_issuer(struct peer *p, struct slice der)
{
	struct certificate c;

	if (certificate_read(der, &c) == ERR_OK && !certificate_self_issued(&c))
		p->reason = weakness(&c);
	return !p->reason;
}

/* The client's own certificate, which the library found good. */
static bool
judge(struct peer *p, struct slice der)
{
	struct certificate c;

	if (certificate_read(der, &c) != ERR_OK) {
		p->reason = "the client's certificate is malformed";
		return false;
	}
	describe(p, &c);
	p->reason = weakness(&c);
	if (!p->reason && !is_allowed(p->policy, &c))
		p->reason = "the client's certificate has none of the names in "
			    "client_names";
	return !p->reason;
}

/* VerifyCallback: from the top of the chain down to the client's own. */
static int
on_verify(int good, WOLFSSL_X509_STORE_CTX *store)
{
	struct peer *p = store->userCtx;
	int i = store->error_depth;
	struct slice der;

	p->issuers_sent |= store->totalCerts > 1;
	if (!good)
		return 0;
	/* Called once too for a client that has none. */
	if (i < 0 || i >= store->totalCerts)
		return 1;
	der = slice_of(store->certs[i].buffer, store->certs[i].length);
	return i > 0 ? judge_issuer(p, der) : judge(p, der);
}

enum err
peer_install(const struct tls_policy *p, WOLFSSL_CTX *ctx,
	     struct peer_fault *fault)
{
	WOLFSSL_CERT_MANAGER *cm = wolfSSL_CTX_GetCertManager(ctx);
	enum err e;

	if (p->client == CLIENT_CERTIFICATE_OFF) {
		wolfSSL_CTX_set_verify(ctx, WOLFSSL_VERIFY_NONE, NULL);
		return ERR_OK;
	}
	wolfSSL_CTX_set_verify(ctx,
			       p->client == CLIENT_CERTIFICATE_REQUIRED
				   ? WOLFSSL_VERIFY_PEER |
					 WOLFSSL_VERIFY_FAIL_IF_NO_PEER_CERT
				   : WOLFSSL_VERIFY_PEER,
			       on_verify);
	e = load_issuers(cm, p->client_ca, fault);
	if (e == ERR_OK && p->client_crl.len > 0)
		e = load_crls(cm, p->client_crl, fault);
	return e;
}

struct peer *
peer_new(const struct tls_policy *p, WOLFSSL *ssl)
{
	struct peer *peer = calloc(1, sizeof *peer);

	if (!peer)
		return NULL;
	peer->policy = p;
	wolfSSL_SetCertCbCtx(ssl, peer);
	return peer;
}

void
peer_forget_issuers(struct peer *p, WOLFSSL *ssl)
{
	if (p->issuers_sent)
		(void)wolfSSL_CertManagerUnloadIntermediateCerts(
		    wolfSSL_CTX_GetCertManager(wolfSSL_get_SSL_CTX(ssl)));
	p->issuers_sent = false;
}
