/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tls/chain.h"

#include "tls/internal.h"
#include "tls/material.h"

#include <wolfssl/wolfcrypt/asn.h>
#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/error-crypt.h>

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { NAME_MAX_SHOWN = 64, RSA_BITS_MIN = 2048, RSA_BITS_MAX = 4096 };

#define PEM_BEGIN "-----BEGIN CERTIFICATE-----"
#define PEM_END   "-----END CERTIFICATE-----"

enum err
fault_set(struct store_fault *f, enum err cause, const char *format, ...)
{
	va_list args;

	f->cause = cause;
	va_start(args, format);
	(void)vsnprintf(f->text, sizeof f->text, format, args);
	va_end(args);
	return cause;
}

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

struct slice
chain_at(const struct chain *c, size_t i)
{
	assert(i < c->count);
	return slice_of(c->der + c->begin[i], c->begin[i + 1] - c->begin[i]);
}

/* 0, and the caller frees *cert with wc_FreeDecodedCert; or the cause. */
static int
parse(const struct chain *c, size_t i, DecodedCert *cert)
{
	struct slice der = chain_at(c, i);
	int ret;

	wc_InitDecodedCert(cert, der.ptr, (word32)der.len, NULL);
	ret = wc_ParseCert(cert, CERT_TYPE, NO_VERIFY, NULL);
	if (ret != 0)
		wc_FreeDecodedCert(cert);
	return ret;
}

/* The number of the byte at which `what` begins in s, or s.len. */
static size_t
find(struct slice s, struct slice what)
{
	const unsigned char *at =
	    s.len > 0 ? memmem(s.ptr, s.len, what.ptr, what.len) : NULL;

	return at ? (size_t)(at - s.ptr) : s.len;
}

/* The next CERTIFICATE block of *rest, whole; empty when there is none. */
static struct slice
next_block(struct slice *rest)
{
	struct slice block = slice_skip(*rest, find(*rest, SLICE(PEM_BEGIN)));

	block =
	    slice_head(block, find(block, SLICE(PEM_END)) + sizeof PEM_END - 1);
	*rest = slice_skip(*rest, (size_t)(block.ptr - rest->ptr) + block.len);
	return block;
}

static enum err
decode(struct chain *c, struct slice pem, struct store_fault *fault)
{
	for (;;) {
		struct slice block = next_block(&pem);
		int n;

		if (block.len == 0)
			break;
		if (c->count == CHAIN_MAX)
			return fault_set(fault, ERR_LIMIT,
					 "more than %d certificates",
					 CHAIN_MAX);
		/* The DER is shorter than its base64. */
		n = wc_CertPemToDer(block.ptr, (int)block.len,
				    c->der + c->begin[c->count], (int)block.len,
				    CERT_TYPE);
		if (n <= 0)
			return fault_set(fault, ERR_SYNTAX,
					 "certificate %zu is not valid PEM",
					 c->count + 1);
		c->count++;
		c->begin[c->count] = c->begin[c->count - 1] + (size_t)n;
	}
	if (c->count == 0)
		return fault_set(fault, ERR_MISSING,
				 "there is no certificate in it");
	return ERR_OK;
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
check_dates(const DecodedCert *cert, size_t i, int64_t now,
	    struct store_facts *facts, struct store_fault *fault)
{
	int64_t before, after;
	char text[DATE_TEXT];

	if (!date_of(cert->beforeDate, cert->beforeDateLen, &before) ||
	    !date_of(cert->afterDate, cert->afterDateLen, &after))
		return fault_set(fault, ERR_SYNTAX,
				 "%s has dates that cannot be read",
				 label_of(cert, i).text);
	if (now < before)
		return fault_set(fault, ERR_EARLY, "%s is not valid before %s",
				 label_of(cert, i).text,
				 date_text(before, text));
	if (now > after)
		return fault_set(fault, ERR_EXPIRED, "%s expired on %s",
				 label_of(cert, i).text,
				 date_text(after, text));
	if (i == 0) {
		facts->not_before = before;
		facts->not_after = after;
	}
	return ERR_OK;
}

static size_t
rsa_bits(const DecodedCert *cert)
{
	const byte *n, *e;
	word32 at = 0, n_len, e_len;
	size_t bits;

	if (wc_RsaPublicKeyDecode_ex(cert->publicKey, &at, cert->pubKeySize, &n,
				     &n_len, &e, &e_len) != 0)
		return 0;
	while (n_len > 0 && *n == 0) {
		n++;
		n_len--;
	}
	bits = (size_t)n_len * 8;
	for (unsigned top = n_len > 0 ? *n : 128; top < 128; top <<= 1)
		bits--;
	return bits;
}

static enum err
check_key_type(const DecodedCert *cert, struct store_facts *facts,
	       struct store_fault *fault)
{
	size_t bits;

	switch (cert->keyOID) {
	case RSAk:
		bits = rsa_bits(cert);
		if (bits < RSA_BITS_MIN || bits > RSA_BITS_MAX)
			return fault_set(
			    fault, ERR_RANGE,
			    "the first certificate has an RSA key of %zu bits: "
			    "it must have %d to %d",
			    bits, RSA_BITS_MIN, RSA_BITS_MAX);
		facts->key_type = "RSA";
		return ERR_OK;
	case ECDSAk:
		if (cert->pkCurveOID != ECC_SECP256R1_OID &&
		    cert->pkCurveOID != ECC_SECP384R1_OID)
			return fault_set(
			    fault, ERR_RANGE,
			    "the first certificate has an ECDSA key on another "
			    "curve than P-256 and P-384");
		facts->key_type = "ECDSA";
		return ERR_OK;
	default:
		return fault_set(fault, ERR_RANGE,
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

/* A file with the CA on top has its server certificate further below. */
static enum err
check_leaf_first(const struct chain *c, const DecodedCert *first,
		 struct store_fault *fault)
{
	DecodedCert other;

	for (size_t i = 1; first->isCA && i < c->count; i++) {
		if (!material_signed(chain_at(c, i), chain_at(c, 0)) ||
		    parse(c, i, &other) != 0)
			continue;
		(void)fault_set(fault, ERR_MISMATCH,
				"the server's own certificate must be the "
				"first: %s is the CA that signed %s",
				label_of(first, 0).text,
				label_of(&other, i).text);
		wc_FreeDecodedCert(&other);
		return ERR_MISMATCH;
	}
	return ERR_OK;
}

static enum err
check_issuer(const struct chain *c, size_t i, const DecodedCert *cert,
	     struct store_fault *fault)
{
	if (i + 1 == c->count ||
	    material_signed(chain_at(c, i), chain_at(c, i + 1)))
		return ERR_OK;
	return fault_set(fault, ERR_MISMATCH,
			 "%s is not signed by certificate %zu, which follows "
			 "it; each must be followed by its issuer",
			 label_of(cert, i).text, i + 2);
}

static enum err
check_one(const struct chain *c, size_t i, int64_t now,
	  struct store_facts *facts, struct store_fault *fault)
{
	DecodedCert cert;
	int ret = parse(c, i, &cert);
	enum err e = ERR_OK;

	if (ret != 0)
		return fault_set(fault, ERR_SYNTAX,
				 "certificate %zu cannot be read: %s", i + 1,
				 wc_GetErrorString(ret));
	if (i == 0) {
		name_of(&cert, facts->name, sizeof facts->name);
		serial_of(&cert, facts->serial, sizeof facts->serial);
		e = check_leaf_first(c, &cert, fault);
		if (e == ERR_OK)
			e = check_key_type(&cert, facts, fault);
	}
	if (e == ERR_OK)
		e = check_dates(&cert, i, now, facts, fault);
	if (e == ERR_OK)
		e = check_issuer(c, i, &cert, fault);
	wc_FreeDecodedCert(&cert);
	return e;
}

enum err
chain_init(struct chain *c, struct slice pem, int64_t now,
	   struct store_facts *facts, struct store_fault *fault)
{
	enum err e;

	*c = (struct chain){0};
	if (pem.len > STORE_FILE_MAX)
		return fault_set(fault, ERR_LIMIT, "more than %d bytes",
				 STORE_FILE_MAX);
	c->der = malloc(pem.len + 1);
	if (!c->der)
		return fault_set(fault, ERR_NOMEM, "out of memory");
	e = decode(c, pem, fault);
	for (size_t i = 0; e == ERR_OK && i < c->count; i++)
		e = check_one(c, i, now, facts, fault);
	if (e != ERR_OK)
		chain_clear(c);
	return e;
}

void
chain_clear(struct chain *c)
{
	free(c->der);
	*c = (struct chain){0};
}
