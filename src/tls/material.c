/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tls/material.h"

#include "tls/internal.h"

#include <wolfssl/wolfcrypt/asn.h>
#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/error-crypt.h>

#include <stdlib.h>
#include <string.h>

/* The number of the byte at which `what` begins in s, or s.len. */
static size_t
find(struct slice s, struct slice what)
{
	const unsigned char *at =
	    s.len > 0 ? memmem(s.ptr, s.len, what.ptr, what.len) : NULL;

	return at ? (size_t)(at - s.ptr) : s.len;
}

/* The next block between two lines, with them. */
static struct slice
next_block(struct slice *rest, struct slice begin, struct slice end)
{
	struct slice from = slice_skip(*rest, find(*rest, begin));
	size_t n = find(from, end) + end.len;

	*rest = slice_skip(from, n);
	return slice_head(from, n);
}

struct slice
material_block(struct slice *rest)
{
	return next_block(rest, SLICE("-----BEGIN CERTIFICATE-----"),
			  SLICE("-----END CERTIFICATE-----"));
}

struct slice
material_crl(struct slice *rest)
{
	return next_block(rest, SLICE("-----BEGIN X509 CRL-----"),
			  SLICE("-----END X509 CRL-----"));
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

/* NULL: out of memory, or the library takes it for no issuer. */
static WOLFSSL_CERT_MANAGER *
load_issuer(struct slice issuer)
{
	WOLFSSL_CERT_MANAGER *cm = wolfSSL_CertManagerNew();

	if (cm && wolfSSL_CertManagerLoadCABuffer_ex(
		      cm, issuer.ptr, (long)issuer.len, WOLFSSL_FILETYPE_ASN1,
		      0, WOLFSSL_LOAD_FLAG_DATE_ERR_OKAY) == WOLFSSL_SUCCESS)
		return cm;
	wolfSSL_CertManagerFree(cm);
	return NULL;
}

static bool
proves(WOLFSSL_CERT_MANAGER *cm, struct slice subject)
{
	int ret = wolfSSL_CertManagerVerifyBuffer(
	    cm, subject.ptr, (long)subject.len, WOLFSSL_FILETYPE_ASN1);

	/*
	 * The library asks the clock, we do not: a wrong date is reported after
	 * the signature was found good.
	 */
	return ret == WOLFSSL_SUCCESS || ret == ASN_BEFORE_DATE_E ||
	       ret == ASN_AFTER_DATE_E;
}

bool
material_signed(struct slice subject, struct slice issuer)
{
	WOLFSSL_CERT_MANAGER *cm = load_issuer(issuer);
	bool good = cm && proves(cm, subject);

	wolfSSL_CertManagerFree(cm);
	return good;
}

/* A public CA issues from four or so at a time. */
enum { KEPT = 8 };

struct issuers {
	size_t next; /* place of the one that goes first */
	struct {
		WOLFSSL_CERT_MANAGER *cm;
		unsigned char *der;
		size_t len;
		unsigned signers; /* that are known, a bit for each place */
	} at[KEPT];
};

struct issuers *
issuers_new(void)
{
	return calloc(1, sizeof(struct issuers));
}

void
issuers_free(struct issuers *i)
{
	if (!i)
		return;
	for (size_t k = 0; k < KEPT; k++) {
		wolfSSL_CertManagerFree(i->at[k].cm);
		free(i->at[k].der);
	}
	free(i);
}

/* Its place, or KEPT. */
static size_t
find_place(const struct issuers *i, struct slice der)
{
	size_t k = 0;

	while (k < KEPT &&
	       (!i->at[k].cm ||
		!slice_eq(slice_of(i->at[k].der, i->at[k].len), der)))
		k++;
	return k;
}

/* Its place, or KEPT: out of memory, or no issuer. */
static size_t
keep_issuer(struct issuers *i, struct slice issuer)
{
	WOLFSSL_CERT_MANAGER *cm = load_issuer(issuer);
	unsigned char *der = malloc(issuer.len + 1);
	size_t k = i->next;

	if (!cm || !der) {
		wolfSSL_CertManagerFree(cm);
		free(der);
		return KEPT;
	}
	memcpy(der, issuer.ptr, issuer.len);
	wolfSSL_CertManagerFree(i->at[k].cm);
	free(i->at[k].der);
	i->at[k].cm = cm;
	i->at[k].der = der;
	i->at[k].len = issuer.len;
	i->at[k].signers = 0;
	for (size_t other = 0; other < KEPT; other++)
		i->at[other].signers &= ~(1U << k);
	i->next = (k + 1) % KEPT;
	return k;
}

bool
issuers_signed(struct issuers *i, struct slice subject, struct slice issuer)
{
	size_t by = find_place(i, issuer), own = find_place(i, subject);

	if (by == KEPT) {
		by = keep_issuer(i, issuer);
		own = find_place(i, subject); /* it may have had that place */
	}
	if (by == KEPT)
		return false;
	if (own < KEPT && i->at[own].signers & 1U << by)
		return true;
	if (!proves(i->at[by].cm, subject))
		return false;
	if (own < KEPT)
		i->at[own].signers |= 1U << by;
	return true;
}

bool
material_rsa(struct slice key, struct slice *modulus, struct slice *exponent)
{
	const byte *n, *e;
	word32 at = 0, n_len, e_len;

	if (wc_RsaPublicKeyDecode_ex(key.ptr, &at, (word32)key.len, &n, &n_len,
				     &e, &e_len) != 0)
		return false;
	*modulus = slice_of(n, n_len);
	*exponent = slice_of(e, e_len);
	while (modulus->len > 0 && modulus->ptr[0] == 0)
		*modulus = slice_skip(*modulus, 1);
	while (exponent->len > 0 && exponent->ptr[0] == 0)
		*exponent = slice_skip(*exponent, 1);
	return true;
}
