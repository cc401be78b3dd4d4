/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tls/making.h"

#include "base/wipe.h"

#include <stdlib.h>
#include <string.h>

static enum err
set_chain(WOLFSSL_CTX *ctx, const struct shelf_pair *pair)
{
	unsigned char *der;
	size_t n = 0;
	int ret;

	for (size_t i = 0; i < pair->count; i++)
		n += pair->chain[i].len;
	if (n == 0)
		return ERR_INTERNAL; /* the shelf has no such pair */
	der = malloc(n);
	if (!der)
		return ERR_NOMEM;
	n = 0;
	for (size_t i = 0; i < pair->count; i++) {
		memcpy(der + n, pair->chain[i].ptr, pair->chain[i].len);
		n += pair->chain[i].len;
	}
	ret = wolfSSL_CTX_use_certificate_chain_buffer_format(
	    ctx, der, (long)n, WOLFSSL_FILETYPE_ASN1);
	free(der);
	return ret == WOLFSSL_SUCCESS ? ERR_OK : ERR_INTERNAL;
}

static enum err
set_pair(WOLFSSL_CTX *ctx, const struct shelf_pair *pair)
{
	enum err e = set_chain(ctx, pair);

	if (e == ERR_OK && wolfSSL_CTX_use_PrivateKey_buffer(
			       ctx, pair->key.ptr, (long)pair->key.len,
			       WOLFSSL_FILETYPE_ASN1) != WOLFSSL_SUCCESS)
		e = ERR_INTERNAL;
	return e;
}

static enum err
fill_in(WOLFSSL_CTX *ctx, const struct tls_policy *p,
	const struct shelf_pair *pair, struct peer_fault *fault)
{
	enum err e = tls_policy_apply(p, ctx);

	/* 33 places for all of the world: tickets do it. */
	(void)wolfSSL_CTX_set_session_cache_mode(ctx, WOLFSSL_SESS_CACHE_OFF);
	engine_install(ctx);
	if (e == ERR_OK && wolfSSL_CTX_SetMinRsaKey_Sz(ctx, RSA_BITS_SERVED) !=
			       WOLFSSL_SUCCESS)
		e = ERR_INTERNAL;
	if (e == ERR_OK)
		e = set_pair(ctx, pair);
	if (e == ERR_OK &&
	    wolfSSL_CTX_SetMinRsaKey_Sz(ctx, RSA_BITS_MIN) != WOLFSSL_SUCCESS)
		e = ERR_INTERNAL;
	return e == ERR_OK ? peer_install(p, ctx, fault) : e;
}

enum err
making_context(const struct tls_policy *p, const struct shelf_pair *pair,
	       WOLFSSL_CTX **out, struct peer_fault *fault)
{
	WOLFSSL_CTX *ctx = tls_policy_context(p);
	enum err e = ctx ? fill_in(ctx, p, pair, fault) : ERR_NOMEM;

	if (e == ERR_OK)
		*out = ctx;
	else
		wolfSSL_CTX_free(ctx);
	return e;
}

enum err
making_try(const struct tls_policy *p, const struct shelf *shelf,
	   struct peer_fault *fault)
{
	struct shelf_pair pair;
	WOLFSSL_CTX *ctx = NULL;
	enum err e;

	shelf_pair(shelf, 0, &pair);
	e = making_context(p, &pair, &ctx, fault);
	wolfSSL_CTX_free(ctx);
	return e;
}
