/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "forge.h"

#include "x509/der.h"

#include <wolfssl/options.h>
/* The options come first. */
#include <wolfssl/wolfcrypt/asn_public.h>

#include <assert.h>
#include <stdbool.h>
#include <string.h>

static void
must(bool ok)
{
	assert(ok);
}

static void
add(struct forged *to, const void *bytes, size_t n)
{
	must(n <= FORGE_MAX - to->len);
	if (n > 0)
		memcpy(to->bytes + to->len, bytes, n);
	to->len += n;
}

static struct slice
all(const struct forged *f)
{
	return slice_of(f->bytes, f->len);
}

void
forge_put(struct forged *to, unsigned tag, struct slice content)
{
	unsigned char head[] = {(unsigned char)tag, 0x82,
				(unsigned char)(content.len >> 8),
				(unsigned char)content.len};

	if (content.len < 0x100) {
		head[1] = 0x81;
		head[2] = head[3];
	}
	if (content.len < 0x80)
		head[1] = head[3];
	add(to, head, content.len < 0x80 ? 2 : content.len < 0x100 ? 3 : 4);
	add(to, content.ptr, content.len);
}

void
forge_extension(struct forged *to, struct slice oid, struct slice value)
{
	static struct forged one;

	one.len = 0;
	forge_put(&one, DER_OID, oid);
	forge_put(&one, DER_OCTET_STRING, value);
	forge_put(to, DER_SEQUENCE, all(&one));
}

void
forge_name(struct forged *to, const char *common)
{
	struct forged pair = {.len = 0}, list = {.len = 0}, set = {.len = 0};

	if (common) {
		forge_put(&pair, DER_OID, SLICE("\x55\x04\x03"));
		forge_put(&pair, 0x0c, slice_str(common));
		forge_put(&set, DER_SEQUENCE, all(&pair));
		forge_put(&list, DER_SET, all(&set));
	}
	forge_put(to, DER_SEQUENCE, all(&list));
}

static void
put_dates(struct forged *to, const struct forge *f)
{
	const char *dates[] = {f->before, f->after};
	struct forged pair = {.len = 0};

	for (size_t i = 0; i < 2; i++)
		forge_put(&pair,
			  strlen(dates[i]) == 13 ? DER_UTC_TIME
						 : DER_GENERALIZED_TIME,
			  slice_str(dates[i]));
	forge_put(to, DER_SEQUENCE, all(&pair));
}

static void
put_key(struct forged *to, const struct forge *f)
{
	unsigned char der[FORGE_KEY_MAX];

	if (f->info.len > 0)
		add(to, f->info.ptr, f->info.len);
	else
		add(to, der, forge_key_info(f->key, der));
}

static void
put_extensions(struct forged *to, const struct forge *f)
{
	struct forged list = {.len = 0};

	if (f->extensions.len == 0)
		return;
	forge_put(&list, DER_SEQUENCE, f->extensions);
	forge_put(to, DER_CONSTRUCTED(3), all(&list));
}

void
forge_signature_as(struct forged *to, struct slice text, enum forge_key signer,
		   struct slice algorithm)
{
	unsigned char bits[1 + FORGE_SIGNATURE_MAX] = {0};
	size_t n = forge_sign(text, signer, algorithm, bits + 1);

	forge_put(to, DER_BIT_STRING, slice_of(bits, n + 1));
}

void
forge_signature(struct forged *to, struct slice text, enum forge_key signer)
{
	forge_signature_as(to, text, signer, SLICE(FORGE_ECDSA_SHA256));
}

void
forge_certificate(const struct forge *f, struct forged *out)
{
	unsigned char version[] = {
	    2, 1, (unsigned char)(f->version > 0 ? f->version - 1 : 2)};
	struct slice algorithm =
	    f->algorithm.len > 0 ? f->algorithm : forge_algorithm(f->signer);
	struct forged tbs = {.len = 0}, whole = {.len = 0};

	if (f->version != 1)
		forge_put(&tbs, DER_CONSTRUCTED(0), slice_of(version, 3));
	forge_put(&tbs, DER_INTEGER,
		  f->serial.len > 0 ? f->serial : SLICE("\x01"));
	forge_put(&tbs, DER_SEQUENCE, algorithm);
	forge_name(&tbs, f->issuer);
	put_dates(&tbs, f);
	forge_name(&tbs, f->subject);
	put_key(&tbs, f);
	put_extensions(&tbs, f);
	forge_put(&whole, DER_SEQUENCE, all(&tbs));
	tbs = whole;
	forge_put(&whole, DER_SEQUENCE, algorithm);
	forge_signature_as(&whole, all(&tbs), f->signer, algorithm);
	out->len = 0;
	forge_put(out, DER_SEQUENCE, all(&whole));
}

void
forge_pem(const struct forged *certificate, char *out, size_t cap)
{
	size_t used = strlen(out);
	int n = wc_DerToPem(certificate->bytes, (word32)certificate->len,
			    (byte *)out + used, (word32)(cap - used - 1),
			    CERT_TYPE);

	must(n > 0);
	out[used + (size_t)n] = '\0';
}
