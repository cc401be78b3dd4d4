/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * signature.c - whether a key has signed a text, by the library.
 */
#include "tls/internal.h"

#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/ed25519.h>
#include <wolfssl/wolfcrypt/hash.h>
#include <wolfssl/wolfcrypt/rsa.h>
#include <wolfssl/wolfcrypt/sha256.h>
#include <wolfssl/wolfcrypt/signature.h>

/* A signature to try; key: SubjectPublicKeyInfo. */
struct trial {
	struct slice key, text, bits;
	enum wc_HashType hash;
	int mask; /* of RSASSA-PSS */
	int salt;
};

/* The key of the trial; false: it is none, and needs no freeing. */
static bool
rsa_key(const struct trial *t, RsaKey *k)
{
	word32 at = 0;

	if (wc_InitRsaKey(k, NULL) != 0)
		return false;
	if (wc_RsaPublicKeyDecode(t->key.ptr, &at, k, (word32)t->key.len) == 0)
		return true;
	(void)wc_FreeRsaKey(k);
	return false;
}

static bool
rsa_verifies(const struct trial *t)
{
	RsaKey k;
	bool good;

	if (!rsa_key(t, &k))
		return false;
	good = wc_SignatureVerify(t->hash, WC_SIGNATURE_TYPE_RSA_W_ENC,
				  t->text.ptr, (word32)t->text.len, t->bits.ptr,
				  (word32)t->bits.len, &k, sizeof k) == 0;
	(void)wc_FreeRsaKey(&k);
	return good;
}

/* RFC 8017 section 8.1.2; the salt may be of any length that has room. */
static bool
pss_verifies(const struct trial *t)
{
	unsigned char digest[WC_MAX_DIGEST_SIZE], plain[RSA_MAX_SIZE / 8];
	int n = wc_HashGetDigestSize(t->hash), got;
	bool good;
	RsaKey k;

	if (n <= 0 ||
	    wc_Hash(t->hash, t->text.ptr, (word32)t->text.len, digest,
		    (word32)n) != 0 ||
	    !rsa_key(t, &k))
		return false;
	got = wc_RsaPSS_Verify_ex(t->bits.ptr, (word32)t->bits.len, plain,
				  sizeof plain, t->hash, t->mask, t->salt, &k);
	good = got > 0 && wc_RsaPSS_CheckPadding_ex2(
			      digest, (word32)n, plain, (word32)got, t->hash,
			      t->salt, mp_count_bits(&k.n), NULL) == 0;
	(void)wc_FreeRsaKey(&k);
	return good;
}

static bool
ecdsa_verifies(const struct trial *t)
{
	ecc_key k;
	word32 at = 0;
	bool good;

	if (wc_ecc_init(&k) != 0)
		return false;
	good = wc_EccPublicKeyDecode(t->key.ptr, &at, &k, (word32)t->key.len) ==
		   0 &&
	       wc_SignatureVerify(t->hash, WC_SIGNATURE_TYPE_ECC, t->text.ptr,
				  (word32)t->text.len, t->bits.ptr,
				  (word32)t->bits.len, &k, sizeof k) == 0;
	wc_ecc_free(&k);
	return good;
}

/* It has its hash inside. */
static bool
ed25519_verifies(const struct trial *t)
{
	ed25519_key k;
	word32 at = 0;
	int good = 0;

	if (wc_ed25519_init(&k) != 0)
		return false;
	if (wc_Ed25519PublicKeyDecode(t->key.ptr, &at, &k,
				      (word32)t->key.len) != 0 ||
	    wc_ed25519_verify_msg(t->bits.ptr, (word32)t->bits.len, t->text.ptr,
				  (word32)t->text.len, &good, &k) != 0)
		good = 0;
	wc_ed25519_free(&k);
	return good == 1;
}

static const struct {
	bool (*verifies)(const struct trial *t);
	enum wc_HashType hash;
	int mask;
} verifiers[] = {
    [SIGNATURE_RSA_SHA256] = {rsa_verifies, WC_HASH_TYPE_SHA256, 0},
    [SIGNATURE_RSA_SHA384] = {rsa_verifies, WC_HASH_TYPE_SHA384, 0},
    [SIGNATURE_RSA_SHA512] = {rsa_verifies, WC_HASH_TYPE_SHA512, 0},
    [SIGNATURE_PSS_SHA256] = {pss_verifies, WC_HASH_TYPE_SHA256, WC_MGF1SHA256},
    [SIGNATURE_PSS_SHA384] = {pss_verifies, WC_HASH_TYPE_SHA384, WC_MGF1SHA384},
    [SIGNATURE_PSS_SHA512] = {pss_verifies, WC_HASH_TYPE_SHA512, WC_MGF1SHA512},
    [SIGNATURE_ECDSA_SHA256] = {ecdsa_verifies, WC_HASH_TYPE_SHA256, 0},
    [SIGNATURE_ECDSA_SHA384] = {ecdsa_verifies, WC_HASH_TYPE_SHA384, 0},
    [SIGNATURE_ECDSA_SHA512] = {ecdsa_verifies, WC_HASH_TYPE_SHA512, 0},
    [SIGNATURE_ED25519] = {ed25519_verifies, WC_HASH_TYPE_NONE, 0},
};

bool
signature_verify(struct slice key, const struct signature *s, struct slice text)
{
	const struct trial t = {.key = key,
				.text = text,
				.bits = s->bits,
				.hash = verifiers[s->kind].hash,
				.mask = verifiers[s->kind].mask,
				.salt = (int)s->salt};

	return s->kind != SIGNATURE_OTHER && s->bits.len > 0 &&
	       verifiers[s->kind].verifies(&t);
}

static bool
verify(void *of, struct slice key, const struct signature *s, struct slice text)
{
	(void)of;
	return signature_verify(key, s, text);
}

static bool
sha256(void *of, struct slice text, unsigned char out[SHA256_BYTES])
{
	(void)of;
	return wc_Sha256Hash(text.ptr, (word32)text.len, out) == 0;
}

const struct crypto signature_crypto = {verify, sha256, NULL};
