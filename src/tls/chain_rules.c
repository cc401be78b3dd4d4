/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * chain_rules.c - which chains are served.
 */
#include "tls/internal.h"
#include "tls/material.h"
#include "tls/reading.h"

#include <wolfssl/wolfcrypt/asn.h>
#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/error-crypt.h>

#include <stdio.h>
#include <time.h>

enum { NAME_MAX_SHOWN = 64, RSA_BITS_MAX = 4096 };

/* A certificate's text goes to terminals and logs. */
static void
printable(struct slice s, char *out, size_t cap)
{
	size_t n = slice_head(s, cap - 1).len;

	for (size_t i = 0; i < n; i++)
		out[i] = (char)(s.ptr[i] > ' ' && s.ptr[i] < 127 ? s.ptr[i]
				: s.ptr[i] == ' '                ? ' '
								 : '?');
	out[n] = '\0';
}

static void
name_of(const DecodedCert *cert, char *out, size_t cap)
{
	const DNS_entry *alt = cert->altNames;

	while (alt && alt->type != ASN_DNS_TYPE)
		alt = alt->next;
	if (cert->subjectCN && cert->subjectCNLen > 0)
		printable(slice_of(cert->subjectCN, (size_t)cert->subjectCNLen),
			  out, cap);
	else if (alt)
		printable(slice_of(alt->name, (size_t)alt->len), out, cap);
	else
		(void)snprintf(out, cap, "no name");
}

/* "certificate 2 (Name)" */
struct label {
	char text[NAME_MAX_SHOWN + 40];
};

static struct label
label_of(const DecodedCert *cert, size_t i)
{
	struct label l;
	char name[NAME_MAX_SHOWN];

	name_of(cert, name, sizeof name);
	(void)snprintf(l.text, sizeof l.text, "certificate %zu (%s)", i + 1,
		       name);
	return l;
}

/* 0, and the caller frees *cert with wc_FreeDecodedCert; or the cause. */
static int
parse(struct slice der, DecodedCert *cert)
{
	int ret;

	wc_InitDecodedCert(cert, der.ptr, (word32)der.len, NULL);
	ret = wc_ParseCert(cert, CERT_TYPE, NO_VERIFY, NULL);
	if (ret != 0)
		wc_FreeDecodedCert(cert);
	return ret;
}

/* `raw` with its DER header, as DecodedCert keeps it. */
static bool
date_of(const byte *raw, int raw_len, int64_t *out)
{
	struct tm tm = {0};
	const byte *date;
	byte format;
	int n;

	if (wc_GetDateInfo(raw, raw_len, &date, &format, &n) != 0 ||
	    wc_GetDateAsCalendarTime(date, n, format, &tm) != 0)
		return false;
	*out = timegm(&tm);
	return true;
}

static enum err
check_dates(struct reading *r, const DecodedCert *cert, size_t i)
{
	struct pair *p = r->pair;
	int64_t before, after;
	char text[DATE_TEXT];

	if (!date_of(cert->beforeDate, cert->beforeDateLen, &before) ||
	    !date_of(cert->afterDate, cert->afterDateLen, &after))
		return reading_refuse(r, ERR_SYNTAX,
				      "%s has dates that cannot be read",
				      label_of(cert, i).text);
	if (i == 0) {
		p->not_before = p->valid_from = before;
		p->not_after = p->valid_until = after;
	}
	if (before > p->valid_from)
		p->valid_from = before;
	if (after < p->valid_until)
		p->valid_until = after;
	if (r->src->now < before)
		return reading_object(r, ERR_EARLY, "%s is not valid before %s",
				      label_of(cert, i).text,
				      date_text(before, text));
	if (r->src->now > after)
		return reading_object(r, ERR_EXPIRED, "%s expired on %s",
				      label_of(cert, i).text,
				      date_text(after, text));
	return ERR_OK;
}

static size_t
rsa_bits(const DecodedCert *cert)
{
	struct slice key = slice_of(cert->publicKey, cert->pubKeySize);
	struct slice n, e;
	size_t bits;

	if (!material_rsa(key, &n, &e) || n.len == 0)
		return 0;
	bits = n.len * 8;
	for (unsigned top = n.ptr[0]; top < 128; top <<= 1)
		bits--;
	return bits;
}

static enum err
check_rsa(struct reading *r, const DecodedCert *cert)
{
	static const char format[] =
	    "the first certificate has an RSA key of %zu bits: it must have "
	    "%d to %d";
	size_t bits = rsa_bits(cert);

	if (bits < RSA_BITS_SERVED || bits > RSA_BITS_MAX)
		return reading_refuse(r, ERR_RANGE, format, bits, RSA_BITS_MIN,
				      RSA_BITS_MAX);
	if (bits < RSA_BITS_MIN)
		return reading_object(r, ERR_RANGE, format, bits, RSA_BITS_MIN,
				      RSA_BITS_MAX);
	return ERR_OK;
}

static enum err
check_curve(struct reading *r, const DecodedCert *cert)
{
	static const char text[] =
	    "the first certificate has an ECDSA key on another curve than "
	    "P-256 and P-384";

	switch (cert->pkCurveOID) {
	case ECC_SECP256R1_OID:
	case ECC_SECP384R1_OID:
		return ERR_OK;
	case ECC_SECP521R1_OID:
		return reading_object(r, ERR_RANGE, "%s", text);
	default:
		return reading_refuse(r, ERR_RANGE, "%s", text);
	}
}

static enum err
check_key_type(struct reading *r, const DecodedCert *cert)
{
	switch (cert->keyOID) {
	case RSAk:
		return check_rsa(r, cert);
	case ECDSAk:
		return check_curve(r, cert);
	default:
		return reading_refuse(r, ERR_RANGE,
				      "the first certificate has a key that is "
				      "neither RSA nor ECDSA");
	}
}

static void
serial_of(const DecodedCert *cert, char *out, size_t cap)
{
	size_t n = cert->serialSz > 0 ? (size_t)cert->serialSz : 0;

	out[0] = '\0';
	for (size_t i = 0; i < n && 2 * i + 2 < cap; i++)
		(void)snprintf(out + 2 * i, 3, "%02x", cert->serial[i]);
}

static bool
is_signed(const struct reading *r, size_t i, size_t by)
{
	const struct pair *p = r->pair;

	return r->src->issuers
		   ? issuers_signed(r->src->issuers, p->chain[i], p->chain[by])
		   : material_signed(p->chain[i], p->chain[by]);
}

/* By what stands in them; a signature may still tell otherwise. */
static bool
could_be_signed(const struct reading *r, size_t i, size_t by)
{
	const struct pair *p = r->pair;
	struct certificate subject, issuer;

	return certificate_read(p->chain[i], &subject) == ERR_OK &&
	       certificate_read(p->chain[by], &issuer) == ERR_OK &&
	       certificate_names_issuer(&subject, &issuer);
}

/* A file with the CA on top has its server certificate further below. */
static enum err
check_leaf_first(struct reading *r, const DecodedCert *first)
{
	DecodedCert other;

	for (size_t i = 1; first->isCA && i < r->pair->count; i++) {
		if (!is_signed(r, i, 0) ||
		    parse(r->pair->chain[i], &other) != 0)
			continue;
		(void)reading_refuse(
		    r, ERR_MISMATCH,
		    "the server's own certificate must be the first: "
		    "%s is the CA that signed %s",
		    label_of(first, 0).text, label_of(&other, i).text);
		wc_FreeDecodedCert(&other);
		return ERR_MISMATCH;
	}
	return ERR_OK;
}

static enum err
check_signature(struct reading *r, size_t i)
{
	DecodedCert cert;
	struct label l = {""};

	if (is_signed(r, i, i + 1))
		return ERR_OK;
	if (parse(r->pair->chain[i], &cert) == 0) {
		l = label_of(&cert, i);
		wc_FreeDecodedCert(&cert);
	}
	return reading_object(
	    r, ERR_MISMATCH,
	    "%s is not signed by certificate %zu, which follows it; "
	    "each must be followed by its issuer",
	    l.text, i + 2);
}

static enum err
check_issuer(struct reading *r, const DecodedCert *cert, size_t i)
{
	if (i > 0 &&
	    (!cert->isCA || (cert->extKeyUsageSet &&
			     !(cert->extKeyUsage & KEYUSE_KEY_CERT_SIGN))))
		return reading_object(
		    r, ERR_MISMATCH,
		    "%s stands as an issuer, but may not sign "
		    "certificates (CA:TRUE, keyCertSign)",
		    label_of(cert, i).text);
	if (i + 1 == r->pair->count || (r->src->unproven && !r->src->serve &&
					could_be_signed(r, i, i + 1)))
		return ERR_OK;
	return check_signature(r, i);
}

/* Of the server's own certificate. */
static enum err
take_leaf(struct reading *r, const DecodedCert *cert)
{
	struct pair *p = r->pair;
	struct certificate c;
	enum err e;

	name_of(cert, p->name, sizeof p->name);
	serial_of(cert, p->serial, sizeof p->serial);
	p->names = SLICE_EMPTY;
	if (certificate_read(p->chain[0], &c) == ERR_OK)
		p->names = c.names;
	e = check_leaf_first(r, cert);
	return e == ERR_OK ? check_key_type(r, cert) : e;
}

static enum err
check_one(struct reading *r, size_t i)
{
	DecodedCert cert;
	int ret = parse(r->pair->chain[i], &cert);
	enum err e = ERR_OK;

	if (ret != 0)
		return reading_refuse(r, ERR_SYNTAX,
				      "certificate %zu cannot be read: %s",
				      i + 1, wc_GetErrorString(ret));
	if (i == 0)
		e = take_leaf(r, &cert);
	if (e == ERR_OK)
		e = check_dates(r, &cert, i);
	if (e == ERR_OK)
		e = check_issuer(r, &cert, i);
	wc_FreeDecodedCert(&cert);
	return e;
}

enum err
chain_judge(struct reading *r)
{
	enum err e = ERR_OK;

	for (size_t i = 0; e == ERR_OK && i < r->pair->count; i++)
		e = check_one(r, i);
	return e;
}

enum err
chain_prove(struct reading *r)
{
	enum err e = ERR_OK;

	for (size_t i = 0; e == ERR_OK && i + 1 < r->pair->count; i++)
		e = check_signature(r, i);
	return e;
}
