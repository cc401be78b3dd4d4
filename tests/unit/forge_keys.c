/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "forge.h"

#include <wolfssl/options.h>
/* The options come first. */
#include <wolfssl/wolfcrypt/asn.h>
#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/ed25519.h>
#include <wolfssl/wolfcrypt/hash.h>
#include <wolfssl/wolfcrypt/random.h>
#include <wolfssl/wolfcrypt/rsa.h>

#include <assert.h>
#include <stdbool.h>
#include <string.h>

enum kind { EC, RSA, ED };

static struct {
	bool made;
	union {
		ecc_key ec;
		RsaKey rsa;
		ed25519_key ed;
	} u;
} keys[FORGE_KEYS];
static WC_RNG rng;

static void
must(bool ok)
{
	assert(ok);
}

static enum kind
kind_of(enum forge_key k)
{
	return k == FORGE_RSA ? RSA : k == FORGE_ED25519 ? ED : EC;
}

static void
make_ec(enum forge_key k)
{
	int bytes = k == FORGE_P384 ? 48 : k == FORGE_P521 ? 66 : 32;
	int curve = k == FORGE_P384   ? ECC_SECP384R1
		    : k == FORGE_P521 ? ECC_SECP521R1
				      : ECC_SECP256R1;

	must(wc_ecc_init(&keys[k].u.ec) == 0);
	must(wc_ecc_make_key_ex(&rng, bytes, &keys[k].u.ec, curve) == 0);
}

static void
make(enum forge_key k)
{
	static bool begun;

	must(begun || wc_InitRng(&rng) == 0);
	begun = true;
	if (keys[k].made)
		return;
	keys[k].made = true;
	if (kind_of(k) == EC) {
		make_ec(k);
	} else if (kind_of(k) == RSA) {
		must(wc_InitRsaKey(&keys[k].u.rsa, NULL) == 0);
		must(wc_MakeRsaKey(&keys[k].u.rsa, 2048, WC_RSA_EXPONENT,
				   &rng) == 0);
	} else {
		must(wc_ed25519_init(&keys[k].u.ed) == 0);
		must(wc_ed25519_make_key(&rng, ED25519_KEY_SIZE,
					 &keys[k].u.ed) == 0);
	}
}

static ecc_key *
ec_key(enum forge_key k)
{
	must(kind_of(k) == EC);
	make(k);
	return &keys[k].u.ec;
}

size_t
forge_key_info(enum forge_key key, unsigned char out[FORGE_KEY_MAX])
{
	int n;

	make(key);
	n = kind_of(key) == EC
		? wc_EccPublicKeyToDer(&keys[key].u.ec, out, FORGE_KEY_MAX, 1)
	    : kind_of(key) == RSA
		? wc_RsaKeyToPublicDer(&keys[key].u.rsa, out, FORGE_KEY_MAX)
		: wc_Ed25519PublicKeyToDer(&keys[key].u.ed, out, FORGE_KEY_MAX,
					   1);
	must(n > 0);
	return (size_t)n;
}

struct slice
forge_algorithm(enum forge_key key)
{
	switch (kind_of(key)) {
	case RSA:
		return SLICE(FORGE_RSA_SHA256);
	case ED:
		return SLICE(FORGE_ED);
	case EC:
	default:
		return SLICE(FORGE_ECDSA_SHA256);
	}
}

/* The salt of PSS stands in the last byte. */
static size_t
sign_pss(struct slice text, RsaKey *key, struct slice algorithm,
	 unsigned char *out)
{
	unsigned char digest[WC_SHA256_DIGEST_SIZE];
	int n;

	must(wc_Sha256Hash(text.ptr, (word32)text.len, digest) == 0);
	n = wc_RsaPSS_Sign_ex(digest, sizeof digest, out, FORGE_SIGNATURE_MAX,
			      WC_HASH_TYPE_SHA256, WC_MGF1SHA256,
			      algorithm.ptr[algorithm.len - 1], key, &rng);
	must(n > 0);
	return (size_t)n;
}

static size_t
sign_ed(struct slice text, ed25519_key *key, unsigned char *out)
{
	word32 n = FORGE_SIGNATURE_MAX;

	must(wc_ed25519_sign_msg(text.ptr, (word32)text.len, out, &n, key) ==
	     0);
	return n;
}

static const struct {
	struct slice algorithm;
	enum kind kind;
	enum wc_HashType hash;
} ways[] = {
#define A(text)                                                                \
	{                                                                      \
		(const unsigned char *)(text), sizeof(text) - 1                \
	}
    {A(FORGE_ECDSA_SHA256), EC, WC_HASH_TYPE_SHA256},
    {A(FORGE_ECDSA_SHA384), EC, WC_HASH_TYPE_SHA384},
    {A(FORGE_ECDSA_SHA224), EC, WC_HASH_TYPE_SHA224},
    {A(FORGE_ECDSA_SHA1), EC, WC_HASH_TYPE_SHA},
    {A(FORGE_RSA_SHA256), RSA, WC_HASH_TYPE_SHA256},
    {A(FORGE_RSA_SHA1), RSA, WC_HASH_TYPE_SHA},
};

static enum wc_HashType
hash_of(struct slice algorithm, enum kind kind)
{
	for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
		if (ways[i].kind == kind &&
		    slice_eq(ways[i].algorithm, algorithm))
			return ways[i].hash;
	return WC_HASH_TYPE_SHA256;
}

/* Not by wc_SignatureGenerate: it has no weak hashes. */
static size_t
sign_hash(struct slice text, enum forge_key signer, enum wc_HashType hash,
	  unsigned char *out)
{
	unsigned char digest[WC_MAX_DIGEST_SIZE], info[WC_MAX_DIGEST_SIZE + 32];
	int n = wc_HashGetDigestSize(hash);
	word32 len = FORGE_SIGNATURE_MAX;

	must(n > 0 &&
	     wc_Hash(hash, text.ptr, (word32)text.len, digest, (word32)n) == 0);
	if (kind_of(signer) == EC) {
		must(wc_ecc_sign_hash(digest, (word32)n, out, &len, &rng,
				      &keys[signer].u.ec) == 0);
		return len;
	}
	len = wc_EncodeSignature(info, digest, (word32)n,
				 hash == WC_HASH_TYPE_SHA ? SHAh : SHA256h);
	n = wc_RsaSSL_Sign(info, len, out, FORGE_SIGNATURE_MAX,
			   &keys[signer].u.rsa, &rng);
	must(n > 0);
	return (size_t)n;
}

size_t
forge_sign(struct slice text, enum forge_key signer, struct slice algorithm,
	   unsigned char out[FORGE_SIGNATURE_MAX])
{
	const struct slice pss = SLICE("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01"
				       "\x01\x0a\x30");

	make(signer);
	if (kind_of(signer) == ED)
		return sign_ed(text, &keys[signer].u.ed, out);
	if (kind_of(signer) == RSA &&
	    slice_eq(slice_head(algorithm, pss.len), pss))
		return sign_pss(text, &keys[signer].u.rsa, algorithm, out);
	return sign_hash(text, signer, hash_of(algorithm, kind_of(signer)),
			 out);
}

struct slice
forge_key_pem(enum forge_key key)
{
	static char pem[1024];
	unsigned char der[256];
	int n = wc_EccKeyToDer(ec_key(key), der, sizeof der), m;

	must(n > 0);
	m = wc_DerToPem(der, (word32)n, (byte *)pem, sizeof pem,
			ECC_PRIVATEKEY_TYPE);
	must(m > 0);
	return slice_of(pem, (size_t)m);
}

size_t
forge_point(enum forge_key key, unsigned char out[FORGE_POINT])
{
	word32 n = FORGE_POINT;

	must(wc_ecc_export_x963(ec_key(key), out, &n) == 0);
	return n;
}
