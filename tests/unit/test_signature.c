/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "x509/signature.h"

#include "tls/internal.h"
#include "unit/input.h"

#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/ed25519.h>
#include <wolfssl/wolfcrypt/hash.h>
#include <wolfssl/wolfcrypt/rsa.h>
#include <wolfssl/wolfcrypt/signature.h>

enum { TEXT = 100 };

/* A public key and what it signed. */
struct specimen {
	unsigned char key[1024], signature[512];
	word32 key_len, signature_len;
};

static void
make_rsa(WC_RNG *rng, enum wc_HashType hash, const unsigned char *text,
	 struct specimen *out)
{
	RsaKey k;

	CU_ASSERT_EQUAL(wc_InitRsaKey(&k, NULL), 0);
	CU_ASSERT_EQUAL(wc_MakeRsaKey(&k, 2048, 65537, rng), 0);
	out->key_len =
	    (word32)wc_RsaKeyToPublicDer(&k, out->key, sizeof out->key);
	out->signature_len = sizeof out->signature;
	CU_ASSERT_EQUAL(wc_SignatureGenerate(hash, WC_SIGNATURE_TYPE_RSA_W_ENC,
					     text, TEXT, out->signature,
					     &out->signature_len, &k, sizeof k,
					     rng),
			0);
	(void)wc_FreeRsaKey(&k);
}

static void
sign_pss(WC_RNG *rng, enum wc_HashType hash, const unsigned char *text,
	 int salt, struct specimen *out)
{
	const int mask = hash == WC_HASH_TYPE_SHA256   ? WC_MGF1SHA256
			 : hash == WC_HASH_TYPE_SHA384 ? WC_MGF1SHA384
						       : WC_MGF1SHA512;
	unsigned char digest[WC_MAX_DIGEST_SIZE];
	int n = wc_HashGetDigestSize(hash), got;
	RsaKey k;

	CU_ASSERT_EQUAL(wc_InitRsaKey(&k, NULL), 0);
	CU_ASSERT_EQUAL(wc_MakeRsaKey(&k, 2048, 65537, rng), 0);
	out->key_len =
	    (word32)wc_RsaKeyToPublicDer(&k, out->key, sizeof out->key);
	CU_ASSERT_EQUAL(wc_Hash(hash, text, TEXT, digest, (word32)n), 0);
	got =
	    wc_RsaPSS_Sign_ex(digest, (word32)n, out->signature,
			      sizeof out->signature, hash, mask, salt, &k, rng);
	CU_ASSERT_EQUAL(got, 256);
	out->signature_len = (word32)got;
	(void)wc_FreeRsaKey(&k);
}

static void
make_pss(WC_RNG *rng, enum wc_HashType hash, const unsigned char *text,
	 struct specimen *out)
{
	sign_pss(rng, hash, text, wc_HashGetDigestSize(hash), out);
}

static void
make_ecdsa(WC_RNG *rng, enum wc_HashType hash, const unsigned char *text,
	   struct specimen *out)
{
	ecc_key k;

	CU_ASSERT_EQUAL(wc_ecc_init(&k), 0);
	CU_ASSERT_EQUAL(wc_ecc_make_key_ex(rng, 48, &k, ECC_SECP384R1), 0);
	out->key_len =
	    (word32)wc_EccPublicKeyToDer(&k, out->key, sizeof out->key, 1);
	out->signature_len = sizeof out->signature;
	CU_ASSERT_EQUAL(wc_SignatureGenerate(hash, WC_SIGNATURE_TYPE_ECC, text,
					     TEXT, out->signature,
					     &out->signature_len, &k, sizeof k,
					     rng),
			0);
	wc_ecc_free(&k);
}

static void
make_ed25519(WC_RNG *rng, enum wc_HashType hash, const unsigned char *text,
	     struct specimen *out)
{
	ed25519_key k;

	(void)hash;
	CU_ASSERT_EQUAL(wc_ed25519_init(&k), 0);
	CU_ASSERT_EQUAL(wc_ed25519_make_key(rng, ED25519_KEY_SIZE, &k), 0);
	out->key_len =
	    (word32)wc_Ed25519PublicKeyToDer(&k, out->key, sizeof out->key, 1);
	out->signature_len = sizeof out->signature;
	CU_ASSERT_EQUAL(wc_ed25519_sign_msg(text, TEXT, out->signature,
					    &out->signature_len, &k),
			0);
	wc_ed25519_free(&k);
}

/* With as much salt as RSASSA-PSS has by default here. */
static bool
good(struct slice key, enum signature_kind kind, struct slice text,
     struct slice bits)
{
	const struct signature s = {kind,
				    kind == SIGNATURE_PSS_SHA256   ? 32
				    : kind == SIGNATURE_PSS_SHA384 ? 48
								   : 64,
				    bits};

	return signature_verify(key, &s, text);
}

static void
verifies(void)
{
	static const struct {
		enum signature_kind kind;
		void (*make)(WC_RNG *rng, enum wc_HashType hash,
			     const unsigned char *text, struct specimen *out);
		enum wc_HashType hash;
	} makers[] = {
	    {SIGNATURE_RSA_SHA256, make_rsa, WC_HASH_TYPE_SHA256},
	    {SIGNATURE_RSA_SHA384, make_rsa, WC_HASH_TYPE_SHA384},
	    {SIGNATURE_RSA_SHA512, make_rsa, WC_HASH_TYPE_SHA512},
	    {SIGNATURE_PSS_SHA256, make_pss, WC_HASH_TYPE_SHA256},
	    {SIGNATURE_PSS_SHA384, make_pss, WC_HASH_TYPE_SHA384},
	    {SIGNATURE_PSS_SHA512, make_pss, WC_HASH_TYPE_SHA512},
	    {SIGNATURE_ECDSA_SHA256, make_ecdsa, WC_HASH_TYPE_SHA256},
	    {SIGNATURE_ECDSA_SHA384, make_ecdsa, WC_HASH_TYPE_SHA384},
	    {SIGNATURE_ECDSA_SHA512, make_ecdsa, WC_HASH_TYPE_SHA512},
	    {SIGNATURE_ED25519, make_ed25519, WC_HASH_TYPE_NONE},
	};
	unsigned char text[TEXT];
	WC_RNG rng;

	memset(text, 'x', sizeof text);
	CU_ASSERT_EQUAL_FATAL(wc_InitRng(&rng), 0);
	for (size_t i = 0; i < COUNT(makers); i++) {
		struct specimen s;
		struct slice key, said = slice_of(text, TEXT), signature;

		makers[i].make(&rng, makers[i].hash, text, &s);
		key = slice_of(s.key, s.key_len);
		signature = slice_of(s.signature, s.signature_len);
		for (size_t k = 0; k < COUNT(makers); k++)
			CU_ASSERT_EQUAL(
			    good(key, makers[k].kind, said, signature), k == i);
		CU_ASSERT_FALSE(good(key, SIGNATURE_OTHER, said, signature));
		CU_ASSERT_FALSE(good(key, makers[i].kind,
				     slice_head(said, TEXT - 1), signature));
		CU_ASSERT_FALSE(good(key, makers[i].kind, said,
				     slice_head(signature, signature.len - 1)));
		CU_ASSERT_FALSE(good(key, makers[i].kind, said, SLICE_EMPTY));
		CU_ASSERT_FALSE(
		    good(SLICE("\x30\x00"), makers[i].kind, said, signature));
		s.signature[10] ^= 1;
		CU_ASSERT_FALSE(good(key, makers[i].kind, said, signature));
	}
	(void)wc_FreeRng(&rng);
}

/* RFC 4055 3.1: the length of the salt stands in the certificate. */
static void
has_salt(void)
{
	static const unsigned salts[] = {0, 20, 32, 222};
	unsigned char text[TEXT] = {0};
	WC_RNG rng;

	CU_ASSERT_EQUAL_FATAL(wc_InitRng(&rng), 0);
	for (size_t i = 0; i < COUNT(salts); i++) {
		struct specimen made;

		sign_pss(&rng, WC_HASH_TYPE_SHA256, text, (int)salts[i], &made);
		for (size_t k = 0; k < COUNT(salts); k++) {
			const struct signature s = {
			    SIGNATURE_PSS_SHA256, salts[k],
			    slice_of(made.signature, made.signature_len)};

			CU_ASSERT_EQUAL(
			    signature_verify(slice_of(made.key, made.key_len),
					     &s, slice_of(text, TEXT)),
			    k == i);
		}
	}
	(void)wc_FreeRng(&rng);
}

static void
serves_x509(void)
{
	unsigned char hash[SHA256_BYTES];

	CU_ASSERT_TRUE(signature_crypto.sha256(NULL, SLICE("abc"), hash));
	CU_ASSERT_EQUAL(hash[0], 0xba);
	CU_ASSERT_EQUAL(hash[31], 0xad);
}

void
suite_signature(void)
{
	CU_pSuite suite = CU_add_suite("signature", NULL, NULL);

	CU_add_test(suite, "what was signed how, and nothing else", verifies);
	CU_add_test(suite, "salt of any length", has_salt);
	CU_add_test(suite, "hashes", serves_x509);
}
