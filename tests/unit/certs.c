/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs.h"

#include <wolfssl/options.h>
/* The options come first. */
#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/ecc.h>
#include <wolfssl/wolfcrypt/ed25519.h>
#include <wolfssl/wolfcrypt/random.h>
#include <wolfssl/wolfcrypt/rsa.h>

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { DER_CAP = 4096, PEM_CAP = 16384 };

struct der {
	unsigned char bytes[DER_CAP];
	int len;
};

struct pem {
	char text[PEM_CAP];
	size_t len;
};

struct key {
	int type; /* of wc_MakeCert_ex */
	union {
		ecc_key ec;
		RsaKey rsa;
		ed25519_key ed;
	} u;
};

struct identity {
	bool made;
	struct pem chain, key, pkcs8;
};

/* What a certificate is to say. */
struct wish {
	const char *cn, *until;
	bool ca, san;
};

static WC_RNG rng;
static struct key root_key, issuer_key, old_key;
static struct der root, issuer, old_issuer;
static struct pem root_pem, issuer_pem;
static struct identity identities[CERTS_KINDS];

#define UNTIL "491231235959Z"

static void
must(bool ok)
{
	assert(ok);
}

static void
add_pem(struct pem *p, const struct der *d, int type)
{
	int n = wc_DerToPem(d->bytes, (word32)d->len, (byte *)p->text + p->len,
			    (word32)(PEM_CAP - p->len), type);

	must(n > 0);
	p->len += (size_t)n;
}

static void
make_ec(struct key *k, int bytes, int curve)
{
	k->type = ECC_TYPE;
	must(wc_ecc_init(&k->u.ec) == 0);
	must(wc_ecc_make_key_ex(&rng, bytes, &k->u.ec, curve) == 0);
}

static void
make_rsa(struct key *k)
{
	k->type = RSA_TYPE;
	must(wc_InitRsaKey(&k->u.rsa, NULL) == 0);
	must(wc_MakeRsaKey(&k->u.rsa, 2048, WC_RSA_EXPONENT, &rng) == 0);
}

static void
make_ed(struct key *k)
{
	k->type = ED25519_TYPE;
	must(wc_ed25519_init(&k->u.ed) == 0);
	must(wc_ed25519_make_key(&rng, ED25519_KEY_SIZE, &k->u.ed) == 0);
}

static void
free_key(struct key *k)
{
	if (k->type == ECC_TYPE)
		wc_ecc_free(&k->u.ec);
	else if (k->type == RSA_TYPE)
		must(wc_FreeRsaKey(&k->u.rsa) == 0);
	else
		wc_ed25519_free(&k->u.ed);
}

/* UTCTime, as DER. */
static int
put_date(unsigned char *out, const char *text)
{
	out[0] = 0x17;
	out[1] = (unsigned char)strlen(text);
	memcpy(out + 2, text, out[1]);
	return 2 + out[1];
}

static void
put_san(Cert *c)
{
	static const char host[] = CERTS_HOST;
	const unsigned char n = sizeof host - 1;

	c->altNames[0] = 0x30;
	c->altNames[1] = (unsigned char)(n + 2);
	c->altNames[2] = 0x82;
	c->altNames[3] = n;
	memcpy(c->altNames + 4, host, n);
	c->altNamesSz = n + 4;
}

/* by NULL: signed by its own key. */
static void
make_cert(struct der *out, struct key *k, const struct wish *wish,
	  const struct der *by, struct key *by_key)
{
	static Cert c; /* large */
	int n;

	must(wc_InitCert(&c) == 0);
	if (wish->cn)
		(void)snprintf(c.subject.commonName,
			       sizeof c.subject.commonName, "%s", wish->cn);
	(void)snprintf(c.subject.org, sizeof c.subject.org, "Tests");
	c.beforeDateSz = put_date(c.beforeDate, "200101000000Z");
	c.afterDateSz = put_date(c.afterDate, wish->until);
	c.isCA = wish->ca;
	if (wish->san)
		put_san(&c);
	must(wc_SetSubjectKeyIdFromPublicKey_ex(&c, k->type, &k->u) == 0);
	must(wc_SetKeyUsage(&c, wish->ca ? "digitalSignature,keyCertSign"
					 : "digitalSignature") == 0);
	if (by) {
		must(wc_SetIssuerBuffer(&c, by->bytes, by->len) == 0);
		must(wc_SetAuthKeyIdFromCert(&c, by->bytes, by->len) == 0);
	} else {
		by_key = k;
		c.selfSigned = 1;
	}
	c.sigType =
	    by_key->type == RSA_TYPE ? CTC_SHA256wRSA : CTC_SHA256wECDSA;
	n = wc_MakeCert_ex(&c, out->bytes, DER_CAP, k->type, &k->u, &rng);
	must(n > 0);
	out->len = wc_SignCert_ex(c.bodySz, c.sigType, out->bytes, DER_CAP,
				  by_key->type, &by_key->u, &rng);
	must(out->len > 0);
}

static void
make_authorities(void)
{
	static bool made;
	const struct wish root_wish = {"Test Root", UNTIL, true, false};
	const struct wish wish = {"Test Intermediate", UNTIL, true, false};
	const struct wish old = {"Old Intermediate", "240101000000Z", true,
				 false};

	if (made)
		return;
	made = true;
	must(wc_InitRng(&rng) == 0);
	make_ec(&root_key, 32, ECC_SECP256R1);
	make_ec(&issuer_key, 32, ECC_SECP256R1);
	make_ec(&old_key, 32, ECC_SECP256R1);
	make_cert(&root, &root_key, &root_wish, NULL, NULL);
	make_cert(&issuer, &issuer_key, &wish, &root, &root_key);
	make_cert(&old_issuer, &old_key, &old, &root, &root_key);
	add_pem(&root_pem, &root, CERT_TYPE);
	add_pem(&issuer_pem, &issuer, CERT_TYPE);
}

static void
make_key(struct key *k, enum certs_kind kind)
{
	if (kind == CERTS_RSA)
		make_rsa(k);
	else if (kind == CERTS_EC384)
		make_ec(k, 48, ECC_SECP384R1);
	else if (kind == CERTS_EC521)
		make_ec(k, 66, ECC_SECP521R1);
	else if (kind == CERTS_ED25519)
		make_ed(k);
	else
		make_ec(k, 32, ECC_SECP256R1);
}

static void
keep_key(struct identity *id, struct key *k)
{
	static struct der der, pkcs8;
	word32 n = DER_CAP;
	int oid = RSAk, type = PRIVATEKEY_TYPE;

	if (k->type == RSA_TYPE) {
		der.len = wc_RsaKeyToDer(&k->u.rsa, der.bytes, DER_CAP);
	} else if (k->type == ECC_TYPE) {
		der.len = wc_EccKeyToDer(&k->u.ec, der.bytes, DER_CAP);
		type = ECC_PRIVATEKEY_TYPE;
		pkcs8.len = wc_EccPrivateKeyToPKCS8(&k->u.ec, pkcs8.bytes, &n);
		pkcs8.len = (int)n;
	} else {
		der.len =
		    wc_Ed25519PrivateKeyToDer(&k->u.ed, der.bytes, DER_CAP);
		type = PKCS8_PRIVATEKEY_TYPE;
		pkcs8 = der;
	}
	must(der.len > 0);
	if (k->type == RSA_TYPE)
		pkcs8.len = wc_CreatePKCS8Key(pkcs8.bytes, &n, der.bytes,
					      (word32)der.len, oid, NULL, 0);
	must(pkcs8.len > 0);
	add_pem(&id->key, &der, type);
	add_pem(&id->pkcs8, &pkcs8, PKCS8_PRIVATEKEY_TYPE);
}

static const struct identity *
identity(enum certs_kind kind)
{
	struct identity *id = &identities[kind];
	const bool old = kind == CERTS_OLD_ISSUER;
	const bool self = kind == CERTS_SELF_CA;
	const struct wish wish = {
	    .cn = kind == CERTS_NO_CN ? NULL : CERTS_HOST,
	    .until = UNTIL,
	    .ca = self,
	    .san = true,
	};
	static struct der leaf;
	struct key k;

	if (id->made)
		return id;
	id->made = true;
	make_authorities();
	make_key(&k, kind);
	make_cert(&leaf, &k, &wish,
		  self  ? NULL
		  : old ? &old_issuer
			: &issuer,
		  old ? &old_key : &issuer_key);
	add_pem(&id->chain, &leaf, CERT_TYPE);
	if (!self)
		add_pem(&id->chain, old ? &old_issuer : &issuer, CERT_TYPE);
	keep_key(id, &k);
	free_key(&k);
	return id;
}

struct slice
certs_chain(enum certs_kind kind)
{
	const struct identity *id = identity(kind);

	return slice_of(id->chain.text, id->chain.len);
}

struct slice
certs_key(enum certs_kind kind)
{
	const struct identity *id = identity(kind);

	return slice_of(id->key.text, id->key.len);
}

struct slice
certs_key_pkcs8(enum certs_kind kind)
{
	const struct identity *id = identity(kind);

	return slice_of(id->pkcs8.text, id->pkcs8.len);
}

struct slice
certs_root(void)
{
	make_authorities();
	return slice_of(root_pem.text, root_pem.len);
}

struct slice
certs_intermediate(void)
{
	make_authorities();
	return slice_of(issuer_pem.text, issuer_pem.len);
}
