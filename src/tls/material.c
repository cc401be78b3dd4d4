/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tls/material.h"

#include "tls/internal.h"

#include <wolfssl/wolfcrypt/asn.h>
#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/error-crypt.h>

#include <string.h>

#define PEM_BEGIN "-----BEGIN CERTIFICATE-----"
#define PEM_END   "-----END CERTIFICATE-----"

/* The number of the byte at which `what` begins in s, or s.len. */
static size_t
find(struct slice s, struct slice what)
{
	const unsigned char *at =
	    s.len > 0 ? memmem(s.ptr, s.len, what.ptr, what.len) : NULL;

	return at ? (size_t)(at - s.ptr) : s.len;
}

struct slice
material_block(struct slice *rest)
{
	struct slice from = slice_skip(*rest, find(*rest, SLICE(PEM_BEGIN)));
	size_t n = find(from, SLICE(PEM_END)) + sizeof PEM_END - 1;

	*rest = slice_skip(from, n);
	return slice_head(from, n);
}

size_t
material_der(struct slice block, unsigned char *out)
{
	int n = wc_CertPemToDer(block.ptr, (int)block.len, out, (int)block.len,
				CERT_TYPE);

	return n > 0 ? (size_t)n : 0;
}

const char *
material_fault(struct slice certificate)
{
	DecodedCert cert;
	int ret;

	wc_InitDecodedCert(&cert, certificate.ptr, (word32)certificate.len,
			   NULL);
	ret = wc_ParseCert(&cert, CERT_TYPE, NO_VERIFY, NULL);
	wc_FreeDecodedCert(&cert);
	return ret == 0 ? NULL : wc_GetErrorString(ret);
}

bool
material_signed(struct slice subject, struct slice issuer)
{
	WOLFSSL_CERT_MANAGER *cm = wolfSSL_CertManagerNew();
	int ret = WOLFSSL_FATAL_ERROR;

	if (cm && wolfSSL_CertManagerLoadCABuffer_ex(
		      cm, issuer.ptr, (long)issuer.len, WOLFSSL_FILETYPE_ASN1,
		      0, WOLFSSL_LOAD_FLAG_DATE_ERR_OKAY) == WOLFSSL_SUCCESS)
		ret = wolfSSL_CertManagerVerifyBuffer(
		    cm, subject.ptr, (long)subject.len, WOLFSSL_FILETYPE_ASN1);
	wolfSSL_CertManagerFree(cm);
	/*
	 * The library asks the clock, we do not: a wrong date is reported after
	 * the signature was found good.
	 */
	return ret == WOLFSSL_SUCCESS || ret == ASN_BEFORE_DATE_E ||
	       ret == ASN_AFTER_DATE_E;
}

static bool
load_key(WOLFSSL_CTX *ctx, struct slice key)
{
	return key.len > 0 && key.len <= STORE_FILE_MAX &&
	       wolfSSL_CTX_use_PrivateKey_buffer(ctx, key.ptr, (long)key.len,
						 WOLFSSL_FILETYPE_PEM) ==
		   WOLFSSL_SUCCESS;
}

bool
material_key_loads(struct slice key)
{
	WOLFSSL_CTX *ctx = wolfSSL_CTX_new(wolfTLS_server_method());
	bool loads = ctx && load_key(ctx, key);

	wolfSSL_CTX_free(ctx);
	return loads;
}

bool
material_fits(struct slice certificate, struct slice key)
{
	WOLFSSL_CTX *ctx = wolfSSL_CTX_new(wolfTLS_server_method());
	bool fits = ctx &&
		    wolfSSL_CTX_use_certificate_buffer(
			ctx, certificate.ptr, (long)certificate.len,
			WOLFSSL_FILETYPE_ASN1) == WOLFSSL_SUCCESS &&
		    load_key(ctx, key) &&
		    wolfSSL_CTX_check_private_key(ctx) == WOLFSSL_SUCCESS;

	wolfSSL_CTX_free(ctx);
	return fits;
}
