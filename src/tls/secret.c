/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tls/secret.h"

#include "base/wipe.h"
#include "tls/internal.h"
#include "tls/material.h"
#include "tls/old_lock.h"
#include "x509/der.h"

#include <wolfssl/wolfcrypt/asn.h>
#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/coding.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/ed25519.h>
#include <wolfssl/wolfcrypt/rsa.h>

#include <stdlib.h>
#include <string.h>

enum { POINT_MAX = 1 + 2 * MAX_ECC_BYTES };

/* The text between `from` and `to`; false: not there. *rest goes on behind. */
static bool
between(struct slice *rest, const char *from, const char *to, struct slice *out)
{
	const unsigned char *at, *end;
	struct slice s = *rest;

	at = s.len > 0 ? memmem(s.ptr, s.len, from, strlen(from)) : NULL;
	if (!at)
		return false;
	s = slice_skip(s, (size_t)(at - s.ptr) + strlen(from));
	end = s.len > 0 ? memmem(s.ptr, s.len, to, strlen(to)) : NULL;
	if (!end)
		return false;
	*out = slice_head(s, (size_t)(end - s.ptr));
	*rest = slice_skip(s, out->len + strlen(to));
	return true;
}

/* Past certificates, curve parameters and whatever else is in the file. */
static bool
find_block(struct slice pem, struct slice *label, struct slice *body)
{
	while (between(&pem, "-----BEGIN ", "-----", label))
		if (slice_iends(*label, SLICE("PRIVATE KEY"))) {
			*body = pem;
			return true;
		}
	return false;
}

static enum key_kind
kind_of(const ecc_key *k)
{
	switch (wc_ecc_get_curve_id(k->idx)) {
	case ECC_SECP256R1:
		return KEY_P256;
	case ECC_SECP384R1:
		return KEY_P384;
	case ECC_SECP521R1:
		return KEY_P521;
	default:
		return KEY_CURVE;
	}
}

/* The public key is made anew: what the file says about it proves nothing. */
static int
take_ec(struct slice der, struct secret *out)
{
	word32 at = 0;
	ecc_key k;
	int n = -1;

	if (wc_ecc_init(&k) != 0)
		return -1;
	if (wc_EccPrivateKeyDecode(der.ptr, &at, &k, (word32)der.len) == 0 &&
	    wc_ecc_make_pub(&k, NULL) == 0) {
		n = wc_EccKeyToDer(&k, out->der, SECRET_MAX);
		out->kind = kind_of(&k);
	}
	wc_ecc_free(&k);
	return n;
}

static int
take_rsa(struct slice der, struct secret *out)
{
	word32 at = 0;
	RsaKey k;
	int n = -1;

	if (wc_InitRsaKey(&k, NULL) != 0)
		return -1;
	if (wc_RsaPrivateKeyDecode(der.ptr, &at, &k, (word32)der.len) == 0)
		n = wc_RsaKeyToDer(&k, out->der, SECRET_MAX);
	out->kind = KEY_RSA;
	(void)wc_FreeRsaKey(&k);
	return n;
}

static int
take_ed25519(struct slice der, struct secret *out)
{
	word32 at = 0;
	ed25519_key k;
	int n = -1;

	if (wc_ed25519_init(&k) != 0)
		return -1;
	if (der.len <= SECRET_MAX &&
	    wc_Ed25519PrivateKeyDecode(der.ptr, &at, &k, (word32)der.len) ==
		0) {
		memcpy(out->der, der.ptr, der.len);
		n = (int)der.len;
	}
	out->kind = KEY_ED25519;
	wc_ed25519_free(&k);
	return n;
}

static enum secret_state
take(struct slice der, struct secret *out)
{
	static int (*const kinds[])(struct slice, struct secret *) = {
	    take_ec, take_rsa, take_ed25519};

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		int n = kinds[i](der, out);

		if (n > 0) {
			out->len = (size_t)n;
			return SECRET_READ;
		}
	}
	return SECRET_BROKEN;
}

#define RSADSI "\x2a\x86\x48\x86\xf7\x0d"

static bool
among(struct slice oid, const struct slice *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (slice_eq(oid, list[i]))
			return true;
	return false;
}

/*
 * RFC 8018 A.4: PBES2 with PBKDF2, HMAC with SHA-1 (where nothing is said) or
 * SHA-256, and AES in CBC mode: what our library can undo.
 */
static bool
lock_is_known(struct slice der)
{
	static const struct slice ciphers[] = {
	    {(const unsigned char *)"\x60\x86\x48\x01\x65\x03\x04\x01\x02", 9},
	    {(const unsigned char *)"\x60\x86\x48\x01\x65\x03\x04\x01\x2a", 9}};
	static const struct slice macs[] = {
	    {(const unsigned char *)RSADSI "\x02\x07", 8},
	    {(const unsigned char *)RSADSI "\x02\x09", 8}};
	struct slice info, scheme, params, kdf, cipher, mac, oid;
	struct der d;

	if (!der_take(&der, DER_SEQUENCE, &info) ||
	    !der_take(&info, DER_SEQUENCE, &scheme) ||
	    !der_take(&scheme, DER_OID, &oid) ||
	    !slice_eq(oid, SLICE(RSADSI "\x01\x05\x0d")) ||
	    !der_take(&scheme, DER_SEQUENCE, &params) ||
	    !der_take(&params, DER_SEQUENCE, &kdf) ||
	    !der_take(&kdf, DER_OID, &oid) ||
	    !slice_eq(oid, SLICE(RSADSI "\x01\x05\x0c")) ||
	    !der_take(&kdf, DER_SEQUENCE, &kdf) ||
	    !der_take(&params, DER_SEQUENCE, &cipher) ||
	    !der_take(&cipher, DER_OID, &oid) ||
	    !among(oid, ciphers, sizeof ciphers / sizeof ciphers[0]))
		return false;
	/* Salt, iterations, maybe the key's length: then the function. */
	while (kdf.len > 0 && !der_comes(kdf, DER_SEQUENCE))
		if (!der_next(&kdf, &d))
			return false;
	return kdf.len == 0 || (der_take(&kdf, DER_SEQUENCE, &mac) &&
				der_take(&mac, DER_OID, &oid) &&
				among(oid, macs, sizeof macs / sizeof macs[0]));
}

/* PKCS#8 in place. What does not decrypt to a key had another passphrase. */
static enum secret_state
unlock(unsigned char *der, size_t len, struct slice passphrase,
       struct secret *out)
{
	int n;

	if (!lock_is_known(slice_of(der, len)))
		return SECRET_FOREIGN;
	if (passphrase.len == 0)
		return SECRET_LOCKED;
	n = wc_DecryptPKCS8Key(der, (word32)len, (const char *)passphrase.ptr,
			       (int)passphrase.len);
	if (n <= 0 || (size_t)n > len ||
	    take(slice_of(der, (size_t)n), out) != SECRET_READ)
		return SECRET_MISMATCH;
	return SECRET_READ;
}

/* DER of a block; state: what stands in it. */
static enum secret_state
open_block(struct slice label, const struct old_lock_info *old,
	   struct slice passphrase, unsigned char *der, size_t n,
	   struct secret *out)
{
	if (slice_eq(label, SLICE("ENCRYPTED PRIVATE KEY")))
		return unlock(der, n, passphrase, out);
	if (!old)
		return take(slice_of(der, n), out);
	n = old_lock_open(old, passphrase, der, n);
	/* By chance the padding may fit. */
	return n > 0 && take(slice_of(der, n), out) == SECRET_READ
		   ? SECRET_READ
		   : SECRET_MISMATCH;
}

static enum secret_state
decode(struct slice label, struct slice body, const struct old_lock_info *old,
       struct slice passphrase, struct secret *out)
{
	unsigned char *der = malloc(body.len + 1);
	word32 n = (word32)body.len;
	enum secret_state s = SECRET_BROKEN;

	if (der && Base64_Decode(body.ptr, n, der, &n) == 0 && n > 0)
		s = open_block(label, old, passphrase, der, n, out);
	if (der)
		wipe(der, body.len + 1);
	free(der);
	return s;
}

enum secret_state
secret_read(struct slice pem, struct slice passphrase, struct secret *out)
{
	struct slice label, rest, body;
	struct secret s = {.len = 0};
	struct old_lock_info info;
	enum old_lock old;
	enum secret_state state;

	if (!find_block(pem, &label, &rest))
		return SECRET_ABSENT;
	if (!between(&rest, "", "-----END ", &body))
		return SECRET_BROKEN;
	old = old_lock_read(&body, &info);
	if (old == OLD_LOCK_FOREIGN)
		return SECRET_FOREIGN;
	if (old == OLD_LOCK_KNOWN && passphrase.len == 0)
		return SECRET_LOCKED;
	state = decode(label, body, old == OLD_LOCK_KNOWN ? &info : NULL,
		       passphrase, &s);
	if (state == SECRET_READ)
		*out = s;
	secret_clear(&s);
	return state;
}

void
secret_clear(struct secret *s)
{
	wipe(s, sizeof *s);
}

const char *
secret_text(enum secret_state s)
{
	static const char *const texts[] = {
	    [SECRET_READ] = "",
	    [SECRET_ABSENT] = "there is no private key in it",
	    [SECRET_LOCKED] =
		"the key is protected by a passphrase, and none is given",
	    [SECRET_MISMATCH] = "the key is protected by another passphrase "
				"than the one that is given",
	    [SECRET_FOREIGN] =
		"the key is encrypted in a way we do not know; openssl pkcs8 "
		"-topk8 -v2 aes-256-cbc -in OLD -out NEW makes one that we do",
	    [SECRET_BROKEN] = "the private key cannot be read",
	};

	return texts[s];
}

/* Each: is the public half the one that the certificate has? */
static bool
point_of(int (*read)(const byte *, word32 *, ecc_key *, word32),
	 struct slice der, unsigned char *out, word32 *len)
{
	word32 at = 0;
	ecc_key k;
	bool good;

	if (wc_ecc_init(&k) != 0)
		return false;
	good = read(der.ptr, &at, &k, (word32)der.len) == 0 &&
	       wc_ecc_export_x963(&k, out, len) == 0;
	wc_ecc_free(&k);
	return good;
}

static bool
fits_ec(const struct secret *s, struct slice public)
{
	unsigned char own[POINT_MAX], theirs[POINT_MAX];
	word32 own_len = sizeof own, theirs_len = sizeof theirs;

	return point_of(wc_EccPrivateKeyDecode, slice_of(s->der, s->len), own,
			&own_len) &&
	       point_of(wc_EccPublicKeyDecode, public, theirs, &theirs_len) &&
	       slice_eq(slice_of(own, own_len), slice_of(theirs, theirs_len));
}

static bool
fits_rsa(const struct secret *s, struct slice public)
{
	unsigned char e[RSA_MAX_SIZE / 8], n[RSA_MAX_SIZE / 8];
	word32 e_len = sizeof e, n_len = sizeof n, at = 0;
	bool same = false;
	struct slice modulus, exponent;
	RsaKey k;

	if (!material_rsa(public, &modulus, &exponent) ||
	    wc_InitRsaKey(&k, NULL) != 0)
		return false;
	if (wc_RsaPrivateKeyDecode(s->der, &at, &k, (word32)s->len) == 0 &&
	    wc_RsaFlattenPublicKey(&k, e, &e_len, n, &n_len) == 0)
		same = slice_eq(slice_of(n, n_len), modulus) &&
		       slice_eq(slice_of(e, e_len), exponent);
	(void)wc_FreeRsaKey(&k);
	return same;
}

static bool
fits_ed25519(const struct secret *s, struct slice public)
{
	unsigned char point[ED25519_PUB_KEY_SIZE];
	word32 at = 0;
	bool same = false;
	ed25519_key k;

	if (wc_ed25519_init(&k) != 0)
		return false;
	if (wc_Ed25519PrivateKeyDecode(s->der, &at, &k, (word32)s->len) == 0 &&
	    wc_ed25519_make_public(&k, point, sizeof point) == 0)
		same = slice_eq(slice_of(point, sizeof point), public);
	wc_ed25519_free(&k);
	return same;
}

bool
secret_fits(const struct secret *s, struct slice certificate)
{
	DecodedCert c;
	bool fits = false;

	wc_InitDecodedCert(&c, certificate.ptr, (word32)certificate.len, NULL);
	if (wc_ParseCert(&c, CERT_TYPE, NO_VERIFY, NULL) == 0) {
		struct slice public = slice_of(c.publicKey, c.pubKeySize);

		if (s->kind == KEY_RSA)
			fits = c.keyOID == RSAk && fits_rsa(s, public);
		else if (s->kind == KEY_ED25519)
			fits = c.keyOID == ED25519k && fits_ed25519(s, public);
		else
			fits = c.keyOID == ECDSAk && fits_ec(s, public);
	}
	wc_FreeDecodedCert(&c);
	return fits;
}
