/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_ocsp.c - any bytes as an OCSP response (DER).
 *
 * What is read lies within the input; a response cut short is none; what is
 * judged as a staple gets a printable sentence or is good. Then the same text
 * once more, made to be about our certificate and signed by its issuer: it is
 * served only if it says good, now, and nothing that clients do not understand.
 */
#include "tls/staple.h"
#include "tls/store.h"
#include "unit/forge_ocsp.h"
#include "x509/der.h"
#include "x509/ocsp.h"

#include <wolfssl/options.h>
/* The options come first. */
#include <wolfssl/wolfcrypt/hash.h>

#include <stdlib.h>
#include <string.h>

#define REQUIRE(condition) ((condition) ? (void)0 : abort())

/* What forge.h has room for. */
enum { SIGNED_MAX = 2000, HASH = WC_SHA_DIGEST_SIZE };

static const int64_t now = 1795305600; /* 2026-11-22 */

static struct {
	struct forged leaf, issuer;
	unsigned char name[HASH], key[HASH];
} ours;

static struct slice
all(const struct forged *f)
{
	return slice_of(f->bytes, f->len);
}

static void
make_ours(void)
{
	const struct forge issuer = {.subject = "Forged CA",
				     .issuer = "Forged CA",
				     .before = "150101000000Z",
				     .after = "491231235959Z",
				     .key = FORGE_CA,
				     .signer = FORGE_CA};
	const struct forge leaf = {.subject = "imap.example.com",
				   .issuer = "Forged CA",
				   .before = "150101000000Z",
				   .after = "491231235959Z",
				   .key = FORGE_LEAF,
				   .signer = FORGE_CA};
	struct forged name = {.len = 0};
	unsigned char point[FORGE_POINT];

	forge_certificate(&issuer, &ours.issuer);
	forge_certificate(&leaf, &ours.leaf);
	forge_name(&name, "Forged CA");
	REQUIRE(wc_ShaHash(name.bytes, (word32)name.len, ours.name) == 0);
	REQUIRE(wc_ShaHash(point, (word32)forge_point(FORGE_CA, point),
			   ours.key) == 0);
}

static bool
within(struct slice part, struct slice whole)
{
	return part.len == 0 || (part.ptr >= whole.ptr &&
				 part.ptr + part.len <= whole.ptr + whole.len);
}

static void
check_parts(const struct ocsp *o, struct slice in)
{
	const struct slice parts[] = {o->text,           o->signer,
				      o->signer_key,     o->answers,
				      o->signature.bits, o->certificates};
	struct slice rest = o->answers;
	struct ocsp_answer a;
	struct der d;

	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		REQUIRE(within(parts[i], in));
	while (ocsp_next(&rest, &a))
		REQUIRE(within(a.serial, in) && a.serial.len > 0 &&
			within(a.issuer_name, in) && within(a.issuer_key, in));
	REQUIRE(rest.len == 0);
	rest = o->certificates;
	while (der_next(&rest, &d))
		REQUIRE(within(d.whole, in));
	REQUIRE(rest.len == 0);
}

static struct staple_verdict
judge(struct slice response)
{
	const struct staple_input in = {.response = response,
					.leaf = all(&ours.leaf),
					.issuer = all(&ours.issuer),
					.now = now};
	struct staple_verdict v;

	staple_judge(&in, &v);
	REQUIRE((v.cause == ERR_OK) == (v.text[0] == '\0'));
	for (const char *p = v.text; *p; p++)
		REQUIRE(*p >= ' ' && *p < 127);
	return v;
}

/* In the copy of the input that `part` lies in. */
static void
overwrite(struct slice part, const unsigned char hash[HASH])
{
	if (part.len == HASH)
		memcpy((void *)(uintptr_t)part.ptr, hash, HASH);
}

static void
sign(const struct ocsp *o, struct forged *out)
{
	struct forged whole = {.len = 0}, list = {.len = 0}, pair = {.len = 0},
		      bytes = {.len = 0};

	memcpy(whole.bytes, o->text.ptr, o->text.len);
	whole.len = o->text.len;
	forge_put(&whole, DER_SEQUENCE,
		  SLICE("\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02"));
	forge_signature(&whole, o->text, FORGE_CA);
	forge_put(&list, DER_SEQUENCE, all(&whole));
	forge_put(&pair, DER_OID,
		  SLICE("\x2b\x06\x01\x05\x05\x07\x30\x01\x01"));
	forge_put(&pair, DER_OCTET_STRING, all(&list));
	forge_put(&bytes, DER_SEQUENCE, all(&pair));
	list.len = 0;
	forge_put(&list, DER_ENUMERATED, SLICE("\x00"));
	forge_put(&list, DER_CONSTRUCTED(0), all(&bytes));
	out->len = 0;
	forge_put(out, DER_SEQUENCE, all(&list));
}

/* Is there an answer that allows it to be served? */
static bool
allows(const struct ocsp *o)
{
	struct slice rest = o->answers;
	struct ocsp_answer a;

	while (ocsp_next(&rest, &a))
		if (a.verdict == OCSP_GOOD && !a.critical &&
		    slice_eq(a.serial, SLICE("\x01")) && a.this_update <= now &&
		    (a.limited ? a.next_update : a.this_update + 86400) >= now)
			return !o->critical;
	return false;
}

static void
check_signed(struct slice in)
{
	static unsigned char copy[SIGNED_MAX];
	static struct forged made;
	struct slice rest;
	struct ocsp_answer a;
	struct ocsp o;

	memcpy(copy, in.ptr, in.len);
	REQUIRE(ocsp_read(slice_of(copy, in.len), &o) == ERR_OK);
	if (!o.basic)
		return;
	overwrite(o.signer_key, ours.key);
	rest = o.answers;
	while (ocsp_next(&rest, &a)) {
		overwrite(a.issuer_name, ours.name);
		overwrite(a.issuer_key, ours.key);
	}
	sign(&o, &made);
	REQUIRE(judge(all(&made)).cause != ERR_OK || allows(&o));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = slice_of(data, size);
	struct ocsp o, again;

	REQUIRE(tls_library_init() == ERR_OK);
	if (ours.leaf.len == 0)
		make_ours();
	(void)judge(in);
	if (ocsp_read(in, &o) != ERR_OK)
		return 0;
	check_parts(&o, in);
	for (size_t n = 0; n < size; n += size / 16 + 1)
		REQUIRE(ocsp_read(slice_head(in, n), &again) != ERR_OK);
	if (size <= SIGNED_MAX)
		check_signed(in);
	return 0;
}
