/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "forge_ocsp.h"

#include "x509/der.h"

#include <wolfssl/options.h>
/* The options come first. */
#include <wolfssl/wolfcrypt/hash.h>

#include <assert.h>
#include <string.h>

static const struct slice sha1 = {
    (const unsigned char *)"\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00", 9};

static struct slice
all(const struct forged *f)
{
	return slice_of(f->bytes, f->len);
}

static void
put_hash(struct forged *to, bool short_one, struct slice text)
{
	unsigned char hash[WC_SHA256_DIGEST_SIZE];
	int ret = short_one ? wc_ShaHash(text.ptr, (word32)text.len, hash)
			    : wc_Sha256Hash(text.ptr, (word32)text.len, hash);

	assert(ret == 0);
	forge_put(to, DER_OCTET_STRING,
		  slice_of(hash, short_one ? WC_SHA_DIGEST_SIZE
					   : WC_SHA256_DIGEST_SIZE));
}

static void
put_id(struct forged *to, const struct forge_answer *a)
{
	struct slice hash = a->hash.len > 0 ? a->hash : sha1;
	struct forged id = {.len = 0}, name = {.len = 0};
	unsigned char point[FORGE_POINT];

	forge_put(&id, DER_SEQUENCE, hash);
	forge_name(&name, a->issuer);
	put_hash(&id, slice_eq(hash, sha1), all(&name));
	put_hash(&id, slice_eq(hash, sha1),
		 slice_of(point, forge_point(a->issuer_key, point)));
	forge_put(&id, DER_INTEGER,
		  a->serial.len > 0 ? a->serial : SLICE("\x01"));
	forge_put(to, DER_SEQUENCE, all(&id));
}

static void
put_extensions(struct forged *to, struct slice extensions)
{
	struct forged list = {.len = 0};

	if (extensions.len == 0)
		return;
	forge_put(&list, DER_SEQUENCE, extensions);
	forge_put(to, DER_CONSTRUCTED(1), all(&list));
}

static void
put_answer(struct forged *to, const struct forge_answer *a)
{
	struct slice verdict =
	    a->verdict.len > 0 ? a->verdict : SLICE(FORGE_GOOD);
	struct forged one = {.len = 0}, until = {.len = 0};

	put_id(&one, a);
	memcpy(one.bytes + one.len, verdict.ptr, verdict.len);
	one.len += verdict.len;
	forge_put(&one, DER_GENERALIZED_TIME, slice_str(a->from));
	if (a->until) {
		forge_put(&until, DER_GENERALIZED_TIME, slice_str(a->until));
		forge_put(&one, DER_CONSTRUCTED(0), all(&until));
	}
	put_extensions(&one, a->extensions);
	forge_put(to, DER_SEQUENCE, all(&one));
}

static void
put_signer(struct forged *to, const struct forge_ocsp *f)
{
	struct forged signer = {.len = 0};
	unsigned char point[FORGE_POINT];

	if (f->signer)
		forge_name(&signer, f->signer);
	else
		put_hash(&signer, true,
			 slice_of(point, forge_point(f->key, point)));
	forge_put(to, DER_CONSTRUCTED(f->signer ? 1 : 2), all(&signer));
}

static void
put_text(struct forged *to, const struct forge_ocsp *f)
{
	struct forged text = {.len = 0}, list = {.len = 0};

	put_signer(&text, f);
	forge_put(&text, DER_GENERALIZED_TIME, SLICE("20261121120000Z"));
	for (size_t i = 0; i < f->count; i++)
		put_answer(&list, &f->answers[i]);
	forge_put(&text, DER_SEQUENCE, all(&list));
	put_extensions(&text, f->extensions);
	forge_put(to, DER_SEQUENCE, all(&text));
}

static void
put_certificates(struct forged *to, struct slice certificates)
{
	struct forged list = {.len = 0};

	if (certificates.len == 0)
		return;
	forge_put(&list, DER_SEQUENCE, certificates);
	forge_put(to, DER_CONSTRUCTED(0), all(&list));
}

static void
wrap(struct slice basic, struct forged *out)
{
	struct forged pair = {.len = 0}, bytes = {.len = 0}, whole = {.len = 0};

	forge_put(&pair, DER_OID,
		  SLICE("\x2b\x06\x01\x05\x05\x07\x30\x01\x01"));
	forge_put(&pair, DER_OCTET_STRING, basic);
	forge_put(&bytes, DER_SEQUENCE, all(&pair));
	forge_put(&whole, DER_ENUMERATED, SLICE("\x00"));
	forge_put(&whole, DER_CONSTRUCTED(0), all(&bytes));
	out->len = 0;
	forge_put(out, DER_SEQUENCE, all(&whole));
}

void
forge_response(const struct forge_ocsp *f, struct forged *out)
{
	struct forged text = {.len = 0}, whole = {.len = 0}, basic = {.len = 0};

	put_text(&text, f);
	whole = text;
	forge_put(&whole, DER_SEQUENCE,
		  f->algorithm.len > 0
		      ? f->algorithm
		      : SLICE("\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02"));
	forge_signature(&whole, all(&text), f->key);
	put_certificates(&whole, f->certificates);
	forge_put(&basic, DER_SEQUENCE, all(&whole));
	wrap(all(&basic), out);
}

void
forge_refusal(unsigned char status, struct forged *out)
{
	struct forged whole = {.len = 0};

	forge_put(&whole, DER_ENUMERATED, slice_of(&status, 1));
	out->len = 0;
	forge_put(out, DER_SEQUENCE, all(&whole));
}
