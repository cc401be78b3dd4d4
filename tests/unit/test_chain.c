/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_chain.c - what the seals of a log prove: any change is found.
 */
#include "audit/chain.h"

#include "audit/keyring.h"
#include "audit/proof.h"

#include <CUnit/CUnit.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void suite_chain(void);

enum { RECORDS = 12, LOG_MAX = 8192 };

static const unsigned char secret[CHAIN_KEY] =
    "the secret of this chain, 32 by";
static const unsigned char id[CHAIN_ID] = {1, 2, 3, 4, 5, 6, 7, 8};

/* A log of RECORDS records, and where its lines begin. */
static struct log {
	char text[LOG_MAX];
	size_t len, at[RECORDS + 1];
	uint64_t before; /* records of the chain that are not in it */
	char anchor[512];
	size_t anchor_len;
} whole;

static void
make_log(struct log *l, uint64_t before)
{
	struct chain c;
	char text[200];

	chain_begin(&c, id, secret);
	for (uint64_t i = 0; i < before; i++)
		chain_step(&c);
	l->len = 0;
	l->before = before;
	for (size_t i = 0; i < RECORDS; i++) {
		int n = snprintf(text, sizeof text,
				 "{\"event.action\":\"login\",\"n\":%zu}\n", i);

		l->at[i] = l->len;
		l->len +=
		    chain_seal(&c, slice_of(text, (size_t)n), l->text + l->len);
	}
	l->at[RECORDS] = l->len;
	l->anchor_len = chain_anchor(
	    &c, SLICE("{\"@timestamp\":\"T\",\"event.action\":\"anchor\"}\n"),
	    l->anchor);
}

static struct proof *proof;

static struct verdict
judge(struct slice log, struct slice anchors, uint64_t first)
{
	struct place_in_log at = {0, 1};

	proof_free(proof);
	proof = proof_new(secret, first);
	CU_ASSERT_PTR_NOT_NULL_FATAL(proof);
	for (; log.len > 0; at.line++) {
		size_t n = slice_find(log, '\n') + 1;

		proof_line(proof, slice_head(log, n), at);
		log = slice_skip(log, n);
	}
	proof_anchor(proof, anchors, (struct place_in_log){1, 1});
	proof_end(proof);
	return proof_verdict(proof);
}

static bool
intact(const struct verdict *v)
{
	for (size_t i = 0; i < v->count; i++)
		if (v->findings[i].kind != FINDING_NONE)
			return false;
	return true;
}

static void
test_whole(void)
{
	static const uint64_t starts[] = {
	    0, 1, CHAIN_EPOCH - 5, CHAIN_EPOCH, 3 * CHAIN_EPOCH - 1, 3000000};

	for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
		struct verdict v;

		make_log(&whole, starts[i]);
		v = judge(slice_of(whole.text, whole.len),
			  slice_of(whole.anchor, whole.anchor_len), 0);
		CU_ASSERT(intact(&v));
		CU_ASSERT_EQUAL(v.records, RECORDS);
		CU_ASSERT_EQUAL(v.first, starts[i] + 1);
		CU_ASSERT_EQUAL(v.last, starts[i] + RECORDS);
		CU_ASSERT_EQUAL(v.anchors, 1);
		CU_ASSERT_EQUAL(v.anchored, v.last);
		CU_ASSERT_STRING_EQUAL(v.anchor_time, "T");
	}
}

/* The one finding that there is. */
static void
expect(struct verdict v, enum finding_kind kind, uint64_t line, uint64_t from,
       uint64_t to)
{
	const struct finding *f = NULL;

	for (size_t i = 0; i < v.count; i++) {
		if (v.findings[i].kind == FINDING_NONE)
			continue;
		CU_ASSERT_PTR_NULL(f);
		f = &v.findings[i];
	}
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	if (f->kind != kind || f->at.line != line || f->from != from ||
	    f->to != to)
		printf("kind %d line %u: %u to %u, not kind %d line %u: %u to "
		       "%u\n",
		       (int)f->kind, (unsigned)f->at.line, (unsigned)f->from,
		       (unsigned)f->to, (int)kind, (unsigned)line,
		       (unsigned)from, (unsigned)to);
	CU_ASSERT_EQUAL(f->kind, kind);
	CU_ASSERT_EQUAL(f->at.line, line);
	CU_ASSERT_EQUAL(f->from, from);
	CU_ASSERT_EQUAL(f->to, to);
}

static struct slice
line_of(const struct log *l, size_t i)
{
	return slice_of(l->text + l->at[i], l->at[i + 1] - l->at[i]);
}

/* A log of these lines, by their numbers from 0; -1: a foreign one. */
static struct slice
compose(const int *lines, size_t n)
{
	static char text[2 * LOG_MAX];
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		struct slice s = SLICE("{\"event.action\":\"login\"}\n");

		if (lines[i] >= 0)
			s = line_of(&whole, (size_t)lines[i]);
		memcpy(text + len, s.ptr, s.len);
		len += s.len;
	}
	return slice_of(text, len);
}

static void
test_every_byte(void)
{
	static char text[LOG_MAX];
	static const unsigned char others[] = {0x01, 0x20, 0x80, 0};

	make_log(&whole, 3);
	for (size_t i = 0; i < whole.len; i++) {
		size_t line = 0;

		while (whole.at[line + 1] <= i)
			line++;
		for (size_t j = 0; j < sizeof others; j++) {
			struct verdict v;

			memcpy(text, whole.text, whole.len);
			text[i] =
			    (char)(others[j] ? text[i] ^ others[j] : '\n');
			if (text[i] == whole.text[i])
				continue;
			v = judge(slice_of(text, whole.len),
				  slice_of(whole.anchor, whole.anchor_len), 0);
			if (intact(&v) || v.records > RECORDS - 1)
				printf("byte %zu\n", i);
			CU_ASSERT_FALSE(intact(&v));
			CU_ASSERT(v.findings[0].at.line >= line + 1 &&
				  v.findings[0].at.line <= line + 2);
		}
	}
}

/* A byte more, a byte less. */
static void
test_every_gap(void)
{
	static char text[LOG_MAX + 1];

	make_log(&whole, 0);
	for (size_t i = 0; i <= whole.len; i++) {
		struct verdict v;

		memcpy(text, whole.text, i);
		text[i] = ' ';
		memcpy(text + i + 1, whole.text + i, whole.len - i);
		v = judge(slice_of(text, whole.len + 1), SLICE_EMPTY, 0);
		CU_ASSERT_FALSE(intact(&v));
		if (i == whole.len)
			break;
		memcpy(text + i, whole.text + i + 1, whole.len - i - 1);
		v = judge(slice_of(text, whole.len - 1), SLICE_EMPTY, 0);
		CU_ASSERT_FALSE(intact(&v));
	}
}

static void
test_deleted(void)
{
	make_log(&whole, 100);
	for (int from = 1; from < RECORDS - 1; from++) {
		for (int to = from; to < RECORDS - 1; to++) {
			int lines[RECORDS];
			size_t n = 0;

			for (int i = 0; i < RECORDS; i++)
				if (i < from || i > to)
					lines[n++] = i;
			expect(judge(compose(lines, n), SLICE_EMPTY, 0),
			       FINDING_MISSING, (uint64_t)from + 1,
			       101 + (uint64_t)from, 101 + (uint64_t)to);
		}
	}
}

static void
test_inserted_and_repeated(void)
{
	make_log(&whole, 0);
	for (int at = 0; at <= RECORDS; at++) {
		for (int what = -1; what < RECORDS; what++) {
			int lines[RECORDS + 1];
			struct verdict v;

			for (int i = 0; i < RECORDS + 1; i++)
				lines[i] = i < at ? i : i == at ? what : i - 1;
			v = judge(compose(lines, RECORDS + 1), SLICE_EMPTY, 0);
			CU_ASSERT_FALSE(intact(&v));
			if (what < 0)
				expect(v, FINDING_FOREIGN, (uint64_t)at + 1, 0,
				       0);
			else if (what < at)
				expect(v, FINDING_AGAIN, (uint64_t)at + 1,
				       (uint64_t)what + 1, (uint64_t)at + 1);
		}
	}
}

static void
test_reordered(void)
{
	make_log(&whole, 0);
	for (int a = 1; a < RECORDS; a++) {
		for (int b = a + 1; b < RECORDS; b++) {
			int lines[RECORDS];
			struct verdict v;

			for (int i = 0; i < RECORDS; i++)
				lines[i] = i == a ? b : i == b ? a : i;
			v = judge(compose(lines, RECORDS), SLICE_EMPTY, 0);
			CU_ASSERT_FALSE(intact(&v));
			if (b == a + 1)
				expect(v, FINDING_MOVED, (uint64_t)b + 1,
				       (uint64_t)a + 1, (uint64_t)b + 2);
		}
	}
}

static void
test_truncated(void)
{
	struct slice anchor;

	make_log(&whole, 50);
	anchor = slice_of(whole.anchor, whole.anchor_len);
	for (size_t n = 0; n < RECORDS; n++) {
		struct verdict v =
		    judge(slice_of(whole.text, whole.at[n]), SLICE_EMPTY, 0);

		/* Nobody could tell... */
		CU_ASSERT(intact(&v));
		/* ... without the anchor. */
		expect(judge(slice_of(whole.text, whole.at[n]), anchor, 0),
		       FINDING_CUT, n, n > 0 ? 51 + n : 1, 62);
	}
}

static void
test_begun_too_late(void)
{
	make_log(&whole, 50);
	expect(judge(slice_of(whole.text, whole.len), SLICE_EMPTY, 41),
	       FINDING_MISSING, 1, 41, 50);
	make_log(&whole, 0);
	expect(
	    judge(slice_of(whole.text + whole.at[3], whole.len - whole.at[3]),
		  SLICE_EMPTY, 1),
	    FINDING_MISSING, 1, 1, 3);
}

static void
test_changed_is_named(void)
{
	static char text[LOG_MAX];

	make_log(&whole, 7);
	for (size_t i = 0; i < RECORDS; i++) {
		memcpy(text, whole.text, whole.len);
		memcpy(text + whole.at[i] + 17, "LOGIN", 5);
		expect(judge(slice_of(text, whole.len), SLICE_EMPTY, 0),
		       FINDING_CHANGED, i + 1, 8 + i, 8 + i);
		/* Even if the number itself is gone. */
		memset(text + whole.at[i + 1] - 60, 'x', 20);
		if (i > 0 && i < RECORDS - 1)
			expect(judge(slice_of(text, whole.len), SLICE_EMPTY, 0),
			       FINDING_CHANGED, i + 1, 8 + i, 8 + i);
	}
}

static void
test_anchors(void)
{
	static char text[512];
	struct slice log;
	struct verdict v;

	make_log(&whole, 0);
	log = slice_of(whole.text, whole.len);
	for (size_t i = 0; i < whole.anchor_len - 1; i++) {
		memcpy(text, whole.anchor, whole.anchor_len);
		text[i] = (char)(text[i] ^ 1);
		v = judge(log, slice_of(text, whole.anchor_len), 0);
		CU_ASSERT_EQUAL(v.anchors, 0);
	}
	/* What a syslog daemon makes of it; what is none. */
	(void)snprintf(text, sizeof text,
		       "Nov 22 05:30:00 mx imapward[7]: %.*s",
		       (int)whole.anchor_len, whole.anchor);
	v = judge(log, slice_str(text), 0);
	CU_ASSERT_EQUAL(v.anchors, 1);
	CU_ASSERT(intact(&v));
	v = judge(log, SLICE("Nov 22 05:30:00 mx cron[8]: {nothing}\n"), 0);
	CU_ASSERT_EQUAL(v.anchors, 0);
	CU_ASSERT(intact(&v));
	/* One that claims more than it proves. */
	v = judge(log,
		  SLICE("{\"event.action\":\"anchor\",\"event.sequence\":99,"
			"\"event.hash\":\"00000000000000000000000000000000\"}"
			"\n"),
		  0);
	expect(v, FINDING_ANCHOR, 1, 0, 0);
	/* A record is no anchor. */
	v = judge(log, line_of(&whole, 3), 0);
	CU_ASSERT_EQUAL(v.anchors, 0);
}

static void
test_keyring(void)
{
	struct keyring *r = keyring_new(secret);
	struct chain c;
	unsigned char early[CHAIN_KEY];

	CU_ASSERT_PTR_NOT_NULL_FATAL(r);
	chain_begin(&c, id, secret);
	for (uint64_t n = 1; n < 3 * CHAIN_EPOCH; n++) {
		const unsigned char *key = keyring_key(r, n);

		CU_ASSERT_PTR_NOT_NULL_FATAL(key);
		CU_ASSERT_EQUAL(memcmp(key, c.key, CHAIN_KEY), 0);
		if (n == 77)
			memcpy(early, key, CHAIN_KEY);
		chain_step(&c);
	}
	CU_ASSERT_PTR_NOT_NULL(keyring_key(r, UINT64_C(5000000000)));
	CU_ASSERT_EQUAL(memcmp(keyring_key(r, 77), early, CHAIN_KEY), 0);
	CU_ASSERT_PTR_NULL(keyring_key(r, 0));
	CU_ASSERT_PTR_NULL(keyring_key(r, KEYRING_MOST + 1));
	CU_ASSERT_PTR_NULL(keyring_key(r, UINT64_MAX));
	keyring_free(r);
}

/* HMAC-SHA-256: test case 2 of RFC 4231, whose key is padded with zeros. */
static void
test_known_answer(void)
{
	static const unsigned char key[DIGEST] = "Jefe";
	static const unsigned char expected[DIGEST] = {
	    0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e, 0x6a, 0x04, 0x24,
	    0x26, 0x08, 0x95, 0x75, 0xc7, 0x5a, 0x00, 0x3f, 0x08, 0x9d, 0x27,
	    0x39, 0x83, 0x9d, 0xec, 0x58, 0xb9, 0x64, 0xec, 0x38, 0x43};
	const struct slice parts[] = {SLICE("what do ya want "), SLICE(""),
				      SLICE("for nothing?")};
	unsigned char out[DIGEST];

	digest_mac(key, parts, 3, out);
	CU_ASSERT_EQUAL(memcmp(out, expected, sizeof out), 0);
}

static void
test_no_object(void)
{
	struct chain c;
	char out[200];

	chain_begin(&c, id, secret);
	CU_ASSERT_EQUAL(chain_seal(&c, SLICE(""), out), 0);
	CU_ASSERT_EQUAL(chain_seal(&c, SLICE("{}\n"), out), 0);
	CU_ASSERT_EQUAL(chain_seal(&c, SLICE("{\"a\":1"), out), 0);
	CU_ASSERT_EQUAL(c.sequence, 0);
}

static int
clean_up(void)
{
	proof_free(proof);
	proof = NULL;
	return 0;
}

void
suite_chain(void)
{
	CU_pSuite suite = CU_add_suite("chain", NULL, clean_up);

	CU_add_test(suite, "the hash is HMAC-SHA-256", test_known_answer);
	CU_add_test(suite, "only objects are sealed", test_no_object);
	CU_add_test(suite, "the verifier finds the keys of any record",
		    test_keyring);
	CU_add_test(suite, "a log as it was written is intact", test_whole);
	CU_add_test(suite, "any byte that was changed is found",
		    test_every_byte);
	CU_add_test(suite, "a byte more or less is found", test_every_gap);
	CU_add_test(suite, "records that are gone are named", test_deleted);
	CU_add_test(suite, "a line more is found, of ours or not",
		    test_inserted_and_repeated);
	CU_add_test(suite, "another order is found", test_reordered);
	CU_add_test(suite, "an end that is cut off is found by the anchor",
		    test_truncated);
	CU_add_test(suite, "a log that begins too late is found",
		    test_begun_too_late);
	CU_add_test(suite, "a changed record is named", test_changed_is_named);
	CU_add_test(suite, "an anchor cannot be made up", test_anchors);
}
