/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "x509/path.h"

#include "unit/chains.h"
#include "unit/forge.h"
#include "unit/forge_words.h"
#include "unit/input.h"
#include "x509/der.h"

#include <stdio.h>

static struct slice
all(const struct forged *f)
{
	return slice_of(f->bytes, f->len);
}

/* With all DER in memory of just its size. */
static bool
judge(const struct path_input *in, struct path *out)
{
	static struct slice copies[CHAIN_PRESENTED_MAX];
	struct path_input copy = *in;
	bool good;

	copy.presented = copies;
	for (size_t i = 0; i < in->presented_count; i++)
		copies[i] = exact(in->presented[i]);
	good = path_judge(&copy, out);
	for (size_t i = 0; i < in->presented_count; i++)
		exact_free(copies[i]);
	return good;
}

static void
judges_cases(void)
{
	static struct chain c;
	static struct path p;

	for (size_t i = 0; i < chain_cases_count; i++) {
		const struct chain_case *row = &chain_cases[i];
		bool good;

		chain_make(row, &c);
		good = judge(&c.input, &p);
		SHOWS(row->shows, p.reason == row->reason);
		SHOWS(row->shows, good == (row->reason == PATH_OK));
		if (!good)
			SHOWS(row->shows, p.certificate == row->certificate);
		if (good)
			SHOWS(row->shows, p.length > 0 && p.way[0] == 0 &&
					      p.anchored &&
					      p.from <= CHAINS_NOW &&
					      CHAINS_NOW <= p.until);
		SHOWS(row->shows, p.signatures <= PATH_SIGNATURES_MAX);
	}
}

static void
swap(struct slice *a, struct slice *b)
{
	struct slice c = *a;

	*a = *b;
	*b = c;
}

/* What stands behind the server's own may stand there in any order. */
static void
takes_any_order(void)
{
	static struct chain c;
	static struct path p;

	for (size_t i = 0; i < chain_cases_count; i++) {
		const struct chain_case *row = &chain_cases[i];
		size_t n;

		chain_make(row, &c);
		n = c.input.presented_count;
		for (size_t a = 1; a < n; a++) {
			for (size_t b = a + 1; b < n; b++) {
				swap(&c.presented[a], &c.presented[b]);
				(void)judge(&c.input, &p);
				SHOWS(row->shows, p.reason == row->reason);
			}
		}
	}
}

static void
tells_the_way(void)
{
	static struct path p;
	struct chain *c = chain_of("leaf-sub other sub ca", "other root");

	CU_ASSERT_TRUE_FATAL(path_judge(&c->input, &p));
	CU_ASSERT_EQUAL_FATAL(p.length, 3);
	CU_ASSERT(p.way[0] == 0 && p.way[1] == 2 && p.way[2] == 3);
	CU_ASSERT_EQUAL(p.anchor, 1);
	CU_ASSERT_EQUAL(p.signatures, 3);
	CU_ASSERT_EQUAL(p.certificate, PATH_NOBODY);
	CU_ASSERT_EQUAL(p.from, 1577836800);
	CU_ASSERT_EQUAL(p.until, 2524607999);
	CU_ASSERT_TRUE(p.readable[1]);
	/* What was sent several times is looked at once. */
	c = chain_of("leaf ca ca ca", "other");
	CU_ASSERT_FALSE(path_judge(&c->input, &p));
	CU_ASSERT_EQUAL(p.signatures, 1);
}

/* RFC 5280 6.1.1 (d): a name and a key. */
static void
takes_names_with_keys(void)
{
	static struct path p;
	struct chain *c = chain_of("leaf ca", "root-expired");
	struct certificate root = c->anchors[0];

	CU_ASSERT_TRUE(path_judge(&c->input, &p));
	c->input.anchors_expire = true;
	CU_ASSERT_FALSE(path_judge(&c->input, &p));
	CU_ASSERT_EQUAL(p.reason, PATH_EXPIRED);
	CU_ASSERT_EQUAL(p.certificate, PATH_ANCHOR);
	CU_ASSERT_EQUAL_FATAL(
	    certificate_anchor(root.subject, root.key, &c->anchors[0]), ERR_OK);
	CU_ASSERT_TRUE(path_judge(&c->input, &p));
	CU_ASSERT_EQUAL_FATAL(
	    certificate_anchor(root.subject, p.at[0].key, &c->anchors[0]),
	    ERR_OK);
	CU_ASSERT_FALSE(path_judge(&c->input, &p));
	CU_ASSERT_EQUAL(p.reason, PATH_BAD_SIGNATURE);
	CU_ASSERT_EQUAL(p.certificate, 1);
	CU_ASSERT_EQUAL(p.other, PATH_ANCHOR);
}

static void
dates_anchors(void)
{
	static struct path p;
	struct chain *c = chain_of("leaf ca", "root-early");

	CU_ASSERT_TRUE(path_judge(&c->input, &p));
	c->input.anchors_expire = true;
	CU_ASSERT_FALSE(path_judge(&c->input, &p));
	CU_ASSERT_EQUAL(p.reason, PATH_EARLY);
	CU_ASSERT_EQUAL(p.certificate, PATH_ANCHOR);
	c = chain_of("leaf ca", "root-early root");
	c->input.anchors_expire = true;
	CU_ASSERT_TRUE(path_judge(&c->input, &p));
	CU_ASSERT_EQUAL(p.anchor, 1);
}

static void
has_minimums(void)
{
	static struct path p;
	struct chain *c = chain_of("leaf-rsa rsa-ca", "root");

	c->input.minimums.rsa_bits = 3072;
	CU_ASSERT_FALSE(path_judge(&c->input, &p));
	CU_ASSERT_EQUAL(p.reason, PATH_WEAK_KEY);
	CU_ASSERT_EQUAL(p.certificate, 0);
	c = chain_of("leaf-p384 ca", "p384-root");
	c->input.minimums.curve_bits = 384;
	CU_ASSERT_TRUE(path_judge(&c->input, &p));
	c->input.minimums.curve_bits = 521;
	CU_ASSERT_FALSE(path_judge(&c->input, &p));
	c = chain_of("leaf ca", "root");
	c->input.minimums.curve_bits = 384;
	CU_ASSERT_FALSE(path_judge(&c->input, &p));
	CU_ASSERT_EQUAL(p.reason, PATH_WEAK_KEY);
}

/* With an exponent of 1 anybody can sign; with an even one nobody. */
static void
looks_at_exponents(void)
{
	static const struct {
		struct slice exponent;
		enum path_reason reason;
	} rows[] = {
	    {T("\x01"), PATH_WEAK_KEY},
	    {T("\x02"), PATH_WEAK_KEY},
	    {T("\x03"), PATH_OK},
	    {T("\x01\x00\x00"), PATH_WEAK_KEY},
	    {T("\x01\x00\x00\x00\x00\x01"), PATH_OK},
	};
	static struct forged extensions, made;
	static struct path p;
	unsigned char modulus[257];

	memset(modulus, 0xc5, sizeof modulus);
	modulus[0] = 0;
	forge_words(&extensions, "notca ku=80 eku=server dns=" CHAINS_HOST,
		    FORGE_LEAF, FORGE_CA);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct forged pair = {.len = 0}, key = {.len = 0},
			      bits = {.len = 0}, info = {.len = 0};
		struct forge f = {.subject = CHAINS_HOST,
				  .issuer = "CA",
				  .before = "200101000000Z",
				  .after = "491231235959Z",
				  .signer = FORGE_CA,
				  .extensions = all(&extensions)};
		struct chain *c = chain_of("leaf ca", "root");

		forge_put(&pair, DER_INTEGER, slice_of(modulus, 257));
		forge_put(&pair, DER_INTEGER, rows[i].exponent);
		forge_put(&bits, DER_SEQUENCE, all(&pair));
		memmove(bits.bytes + 1, bits.bytes, bits.len++);
		bits.bytes[0] = 0;
		forge_put(&key, DER_SEQUENCE,
			  SLICE("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"
				"\x05\x00"));
		forge_put(&key, DER_BIT_STRING, all(&bits));
		forge_put(&info, DER_SEQUENCE, all(&key));
		f.info = all(&info);
		forge_certificate(&f, &made);
		c->presented[0] = all(&made);
		(void)path_judge(&c->input, &p);
		CU_ASSERT_EQUAL(p.reason, rows[i].reason);
	}
}

/* --- pins --------------------------------------------------------------------
 */

static struct pin
pin_of_key(const struct chain *c, struct slice key)
{
	struct pin p;

	CU_ASSERT_TRUE(pin_of(key, &c->input.crypto, &p));
	return p;
}

static void
knows_pins(void)
{
	static struct path p;
	struct chain *c = chain_of("leaf ca", "root");
	struct pin pins[2] = {{{0}}, {{0}}};

	c->input.pins = pins;
	c->input.pins_count = 2;
	CU_ASSERT_FALSE(path_judge(&c->input, &p));
	CU_ASSERT_EQUAL(p.reason, PATH_PIN);
	for (size_t i = 0; i < 3; i++) {
		pins[1] =
		    pin_of_key(c, i < 2 ? p.at[i].key : c->anchors[0].key);
		CU_ASSERT_TRUE(path_judge(&c->input, &p));
		CU_ASSERT_FALSE(p.no_backup);
	}
	pins[0] = pin_of_key(c, p.at[0].key);
	CU_ASSERT_TRUE(path_judge(&c->input, &p));
	CU_ASSERT_TRUE(p.no_backup);
	/* A pin is no anchor. */
	c->input.anchors_count = 0;
	CU_ASSERT_FALSE(path_judge(&c->input, &p));
	CU_ASSERT_EQUAL(p.reason, PATH_UNKNOWN_CA);
}

/* A key that comes with it, but is not on the way, is nobody's. */
static void
ignores_keys_beside(void)
{
	static struct path p;
	struct chain *c = chain_of("leaf ca rsa-ca", "root");
	struct pin pins[2] = {{{0}}, {{0}}};

	CU_ASSERT_TRUE(path_judge(&c->input, &p));
	pins[0] = pin_of_key(c, p.at[2].key);
	c->input.pins = pins;
	c->input.pins_count = 2;
	CU_ASSERT_FALSE(path_judge(&c->input, &p));
	CU_ASSERT_EQUAL(p.reason, PATH_PIN);
}

/* One way has the pin, the other has not: whichever comes first. */
static void
finds_the_pinned_way(void)
{
	static struct path p;
	struct chain *c = chain_of("leaf ca cross", "root other");
	struct pin pins[2] = {{{0}}, {{0}}};

	c->input.pins = pins;
	c->input.pins_count = 2;
	for (size_t i = 0; i < 2; i++) {
		pins[0] = pin_of_key(c, c->anchors[i].key);
		CU_ASSERT_TRUE(path_judge(&c->input, &p));
		CU_ASSERT_EQUAL(p.anchor, i);
	}
}

/* RFC 7671 5.1: the key is what is trusted, the rest is decoration. */
static void
trusts_pins_alone(void)
{
	static const char *const fine[] = {"self", "self-expired", "leaf-cn",
					   "leaf-client", "leaf-sha1"};
	static struct path p;
	struct pin pins[2] = {{{0}}, {{0}}};

	for (size_t i = 0; i < COUNT(fine); i++) {
		struct chain *c = chain_of(fine[i], "");

		c->input.pins = pins;
		c->input.pins_suffice = true;
		c->input.pins_count = 0;
		CU_ASSERT_FALSE(path_judge(&c->input, &p));
		CU_ASSERT_EQUAL(p.reason, PATH_PIN);
		c->input.pins_count = 2;
		pins[1] = (struct pin){{0}};
		CU_ASSERT_FALSE(path_judge(&c->input, &p));
		pins[1] = pin_of_key(c, p.at[0].key);
		CU_ASSERT_TRUE(path_judge(&c->input, &p));
		CU_ASSERT(p.length == 1 && !p.anchored && p.signatures == 0);
	}
	for (size_t i = 0; i < 2; i++) {
		struct chain *c =
		    chain_of(i == 0 ? "leaf-1024" : "leaf ca", "");

		c->input.pins = pins;
		c->input.pins_suffice = true;
		c->input.pins_count = 2;
		CU_ASSERT_FALSE(path_judge(&c->input, &p));
		pins[1] = pin_of_key(c, p.at[i].key);
		CU_ASSERT_FALSE(path_judge(&c->input, &p));
		CU_ASSERT_EQUAL(p.reason, i == 0 ? PATH_WEAK_KEY : PATH_PIN);
	}
}

/* --- words -------------------------------------------------------------------
 */

static void
explains(void)
{
	static const struct {
		const char *presented, *anchors, *text;
	} rows[] = {
	    {"leaf ca-expired", "root", "certificate 2 (CA) has expired"},
	    {"leaf ca-not", "root",
	     "certificate 2 (CA) has issued certificate 1 (imap.example.com), "
	     "but is not a CA's"},
	    {"leaf ca", "root-org",
	     "certificate 1 (imap.example.com) has a name that the trusted "
	     "certificate (Root) may not give"},
	    {"leaf-names-twice ca", "root",
	     "certificate 1 is no certificate that can be read"},
	};
	static struct path p;
	char text[200], cut[20];

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct chain *c = chain_of(rows[i].presented, rows[i].anchors);

		(void)path_judge(&c->input, &p);
		path_explain(&c->input, &p, text, sizeof text);
		CU_ASSERT_STRING_EQUAL(text, rows[i].text);
		path_explain(&c->input, &p, cut, sizeof cut);
		CU_ASSERT_EQUAL(strlen(cut), sizeof cut - 1);
	}
	CU_ASSERT_STRING_EQUAL(path_word(PATH_NAME), "name_mismatch");
	CU_ASSERT_STRING_EQUAL(path_rule(PATH_NAME), "RFC 9525 6.3");
}

void
suite_path(void)
{
	CU_pSuite suite = CU_add_suite("path", NULL, NULL);

	CU_add_test(suite, "good and bad chains", judges_cases);
	CU_add_test(suite, "... in any order", takes_any_order);
	CU_add_test(suite, "which way it was", tells_the_way);
	CU_add_test(suite, "trust without certificates", takes_names_with_keys);
	CU_add_test(suite, "dates of what is trusted", dates_anchors);
	CU_add_test(suite, "how weak a key may be", has_minimums);
	CU_add_test(suite, "exponents with which nothing is signed",
		    looks_at_exponents);
	CU_add_test(suite, "pins", knows_pins);
	CU_add_test(suite, "a pinned key beside the way", ignores_keys_beside);
	CU_add_test(suite, "a pinned key on another way", finds_the_pinned_way);
	CU_add_test(suite, "pins alone", trusts_pins_alone);
	CU_add_test(suite, "what is said to people", explains);
}
