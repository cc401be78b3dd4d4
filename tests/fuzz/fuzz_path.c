/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_path.c - any bytes as what a server presents.
 *
 * The first byte says how: whether signatures are looked at or all found good
 * (else nobody would get far), for whom, with which lists and pins. Then come
 * certificates, one behind the other.
 *
 * What is found good is gone through once more, by the rules as a reader of RFC
 * 5280 would list them; it stays good without the certificates beside the way,
 * is not good in three hundred years, and not good if no signature is.
 */
#include "tls/internal.h"
#include "unit/chains.h"
#include "x509/der.h"
#include "x509/names.h"
#include "x509/path.h"

#include <stdlib.h>
#include <string.h>

#define REQUIRE(condition) ((condition) ? (void)0 : abort())

enum { REAL = 1, LISTS = 2, PINS = 4, OTHER_HOST = 8, ALONE = 16, MORE = 32 };
enum { PRESENTED = PATH_PRESENTED_MAX + 2 };

static unsigned calls;
static bool answer;

static bool
verify(void *of, struct slice key, const struct signature *s, struct slice text)
{
	(void)of;
	REQUIRE(s->kind != SIGNATURE_OTHER);
	REQUIRE(key.len > 0 && text.len > 0);
	calls++;
	return answer;
}

static bool
within(struct slice part, struct slice whole)
{
	return part.len == 0 || (part.ptr >= whole.ptr &&
				 part.ptr + part.len <= whole.ptr + whole.len);
}

static void
check_critical(const struct certificate *c)
{
	static const struct slice arc = {(const unsigned char *)"\x55\x1d", 2};
	static const struct slice feature = {
	    (const unsigned char *)"\x2b\x06\x01\x05\x05\x07\x01\x18", 8};
	struct slice rest = c->extension_list, one, oid;

	while (der_take(&rest, DER_SEQUENCE, &one)) {
		REQUIRE(der_take(&one, DER_OID, &oid));
		if (der_comes(one, DER_BOOLEAN) && one.ptr[2] == 0xff)
			REQUIRE(slice_eq(slice_head(oid, 2), arc) ||
				slice_eq(oid, feature));
	}
	REQUIRE(c->version == 3 || c->extension_list.len == 0);
}

static void
check_one(const struct path_input *in, const struct certificate *c)
{
	check_critical(c);
	REQUIRE(c->not_before <= in->now && in->now <= c->not_after);
	REQUIRE(c->digest == DIGEST_SHA2 || c->digest == DIGEST_INNER);
	REQUIRE(!(c->extensions & EXT_PURPOSES) ||
		(c->purposes & PURPOSE_SERVER));
	REQUIRE(c->key_kind != KEY_OTHER && c->key_kind != KEY_CURVE);
	REQUIRE((c->key_kind != KEY_RSA && c->key_kind != KEY_RSA_PSS) ||
		c->key_bits >= 2048);
}

/* Between two neighbours; `below`: CAs under the upper one that count. */
static void
check_step(const struct certificate *c, const struct certificate *issuer,
	   size_t below)
{
	REQUIRE(slice_eq(c->issuer, issuer->subject));
	REQUIRE(issuer->ca);
	REQUIRE(!(issuer->extensions & EXT_KEY_USAGE) ||
		(issuer->usage & USAGE_CERT_SIGN));
	REQUIRE(!issuer->path_limited || below <= issuer->path_max);
}

static void
check_good(const struct path_input *in, const struct path *p)
{
	const struct certificate *leaf = &p->at[0];
	size_t below = 0;

	REQUIRE(p->way[0] == 0 && p->length >= 1);
	REQUIRE(p->length <= PATH_LENGTH_MAX);
	if (in->pins_suffice)
		return;
	REQUIRE(p->anchored && p->anchor < in->anchors_count);
	REQUIRE(names_cover(leaf->names, in->host));
	for (size_t i = 0; i < p->length; i++) {
		const struct certificate *c = &p->at[p->way[i]];

		REQUIRE(p->readable[p->way[i]]);
		check_one(in, c);
		below += i > 0 && !certificate_self_issued(c);
		if (i + 1 < p->length)
			check_step(c, &p->at[p->way[i + 1]], below);
		else if (!slice_eq(c->der, in->anchors[p->anchor].der))
			check_step(c, &in->anchors[p->anchor], below);
	}
}

static void
check_text(const struct path_input *in, const struct path *p)
{
	char text[120];

	path_explain(in, p, text, sizeof text);
	REQUIRE(text[0] != '\0' && strlen(text) < sizeof text);
	for (const char *c = text; *c; c++)
		REQUIRE(*c >= ' ' && *c < 127);
	REQUIRE(path_word(p->reason)[0] != '\0');
}

/* The same in other circumstances. */
static void
check_others(const struct path_input *in, const struct path *p)
{
	static struct path other;
	struct slice way[PATH_LENGTH_MAX];
	struct path_input again = *in;
	bool direct = in->pins_suffice ||
		      slice_eq(p->at[0].der, in->anchors[p->anchor].der);

	for (size_t i = 0; i < p->length; i++)
		way[i] = in->presented[p->way[i]];
	again.presented = way;
	again.presented_count = p->length;
	REQUIRE(path_judge(&again, &other));
	if (in->pins_suffice)
		return;
	again.now += INT64_C(300) * 366 * 86400;
	if (p->until < again.now)
		REQUIRE(!path_judge(&again, &other));
	again.now = in->now;
	again.crypto.verify = verify;
	answer = false;
	REQUIRE(path_judge(&again, &other) == direct);
	answer = true;
}

/* One behind the other, as long as they are DER; then the rest. */
static size_t
cut(struct slice in, struct slice *out)
{
	struct der d;
	size_t n = 0;

	while (in.len > 0 && n < PRESENTED)
		if (der_next(&in, &d)) {
			out[n++] = d.whole;
		} else {
			out[n++] = in;
			in = SLICE_EMPTY;
		}
	return n;
}

static void
prepare(unsigned how, struct slice bytes, struct chain *c, struct pin *pins)
{
	const struct chain_case row = {
	    .presented = "",
	    .anchors = how & MORE ? "p384-root rsa-root" : "root other ed-root",
	    .host = how & OTHER_HOST ? "192.0.2.1" : NULL,
	    .crls = how & LISTS ? "ca-bad root-good" : NULL,
	    .revocation = how & LISTS ? REVOCATION_SOFT : REVOCATION_OFF};
	struct path_input *in = &c->input;

	chain_make(&row, c);
	in->presented_count = cut(bytes, c->presented);
	if (!(how & REAL))
		in->crypto.verify = verify;
	if (!(how & (PINS | ALONE)))
		return;
	memset(pins, 0, 2 * sizeof *pins);
	REQUIRE(pin_of(c->anchors[0].key, &signature_crypto, &pins[1]));
	in->pins = pins;
	in->pins_count = 2;
	in->pins_suffice = (how & ALONE) != 0;
}

static void
check_bounds(const struct path_input *in, const struct path *p)
{
	struct slice all = SLICE_EMPTY;

	if (in->presented_count > 0)
		all = slice_of(
		    in->presented[0].ptr,
		    (size_t)(in->presented[in->presented_count - 1].ptr +
			     in->presented[in->presented_count - 1].len -
			     in->presented[0].ptr));
	REQUIRE(p->signatures <= PATH_SIGNATURES_MAX);
	for (size_t i = 0; i < PATH_PRESENTED_MAX && i < in->presented_count;
	     i++)
		REQUIRE(!p->readable[i] || within(p->at[i].names, all));
	REQUIRE(p->reason == PATH_OK || p->certificate <= PATH_NOBODY);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct chain c;
	static struct path p;
	struct pin pins[2];
	bool good;

	REQUIRE(tls_library_init() == ERR_OK);
	if (size == 0)
		return 0;
	answer = true;
	calls = 0;
	prepare(data[0], slice_of(data + 1, size - 1), &c, pins);
	good = path_judge(&c.input, &p);
	REQUIRE(good == (p.reason == PATH_OK));
	REQUIRE(c.input.crls_count > 0 || calls <= PATH_SIGNATURES_MAX);
	check_bounds(&c.input, &p);
	check_text(&c.input, &p);
	if (!good)
		return 0;
	check_good(&c.input, &p);
	check_others(&c.input, &p);
	return 0;
}
