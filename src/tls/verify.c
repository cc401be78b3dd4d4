/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * verify.c - signatures that are neither a certificate's nor a handshake's.
 */
#include "tls/internal.h"

#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/ed25519.h>
#include <wolfssl/wolfcrypt/hash.h>
#include <wolfssl/wolfcrypt/rsa.h>
#include <wolfssl/wolfcrypt/signature.h>

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
verify(struct slice key, enum signature_kind kind, struct slice text,
       struct slice signature)
{
	return kind != SIGNATURE_OTHER && signature.len > 0 &&
	       verifiers[kind].verifies(key, verifiers[kind].hash, text,
					signature);
}
