/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tls/material.h"

#include "tls/internal.h"

#include <wolfssl/wolfcrypt/asn.h>
#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/ed25519.h>
#include <wolfssl/wolfcrypt/error-crypt.h>
#include <wolfssl/wolfcrypt/hash.h>
#include <wolfssl/wolfcrypt/rsa.h>
#include <wolfssl/wolfcrypt/signature.h>

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
rsa_verifies(struct slice key, enum wc_HashType hash, struct slice text,
	     struct slice signature)
{
	RsaKey k;
	word32 at = 0;
	bool good;

	if (wc_InitRsaKey(&k, NULL) != 0)
		return false;
	good = wc_RsaPublicKeyDecode(key.ptr, &at, &k, (word32)key.len) == 0 &&
	       wc_SignatureVerify(hash, WC_SIGNATURE_TYPE_RSA_W_ENC, text.ptr,
				  (word32)text.len, signature.ptr,
				  (word32)signature.len, &k, sizeof k) == 0;
	(void)wc_FreeRsaKey(&k);
	return good;
}

static bool
ecdsa_verifies(struct slice key, enum wc_HashType hash, struct slice text,
	       struct slice signature)
{
	ecc_key k;
	word32 at = 0;
	bool good;

	if (wc_ecc_init(&k) != 0)
		return false;
	good = wc_EccPublicKeyDecode(key.ptr, &at, &k, (word32)key.len) == 0 &&
	       wc_SignatureVerify(hash, WC_SIGNATURE_TYPE_ECC, text.ptr,
				  (word32)text.len, signature.ptr,
				  (word32)signature.len, &k, sizeof k) == 0;
	wc_ecc_free(&k);
	return good;
}

/* It has its hash inside. */
static bool
ed25519_verifies(struct slice key, enum wc_HashType hash, struct slice text,
		 struct slice signature)
{
	ed25519_key k;
	word32 at = 0;
	int good = 0;

	(void)hash;
	if (wc_ed25519_init(&k) != 0)
		return false;
	if (wc_Ed25519PublicKeyDecode(key.ptr, &at, &k, (word32)key.len) != 0 ||
	    wc_ed25519_verify_msg(signature.ptr, (word32)signature.len,
				  text.ptr, (word32)text.len, &good, &k) != 0)
		good = 0;
	wc_ed25519_free(&k);
	return good == 1;
}

static const struct {
	bool (*verifies)(struct slice key, enum wc_HashType hash,
			 struct slice text, struct slice signature);
	enum wc_HashType hash;
} verifiers[] = {
    [SIGNATURE_RSA_SHA256] = {rsa_verifies, WC_HASH_TYPE_SHA256},
    [SIGNATURE_RSA_SHA384] = {rsa_verifies, WC_HASH_TYPE_SHA384},
    [SIGNATURE_RSA_SHA512] = {rsa_verifies, WC_HASH_TYPE_SHA512},
    [SIGNATURE_ECDSA_SHA256] = {ecdsa_verifies, WC_HASH_TYPE_SHA256},
    [SIGNATURE_ECDSA_SHA384] = {ecdsa_verifies, WC_HASH_TYPE_SHA384},
    [SIGNATURE_ECDSA_SHA512] = {ecdsa_verifies, WC_HASH_TYPE_SHA512},
    [SIGNATURE_ED25519] = {ed25519_verifies, WC_HASH_TYPE_NONE},
};

bool
material_verifies(struct slice key, enum signature_kind kind, struct slice text,
		  struct slice signature)
{
	return kind != SIGNATURE_OTHER && signature.len > 0 &&
	       verifiers[kind].verifies(key, verifiers[kind].hash, text,
					signature);
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
