/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_tally_flood.c - a million strangers, in the memory that is the default:
 * whom do they push out?
 */
#include "session/tally.h"

#include <CUnit/CUnit.h>

#include <stdio.h>
#include <string.h>

/* Sanitizers take their time: less of everything. */
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
enum { LESS = 8 };
#else
enum { LESS = 1 };
#endif

enum { MINUTE = 60 * 1000, HOUR = 60 * MINUTE, MEMORY = (32 << 20) / LESS };
enum { STRANGERS = 1000000 / LESS, PEOPLE = 10000 / LESS };
enum { OFFENDERS = 1000 / LESS, DONE = 15 };

static const unsigned char key[HASH_KEY] = "0123456789abcde";

static void
built_in(struct rules *r)
{
	rules_init(r, (uint64_t)24 * HOUR, MINUTE);
	for (size_t i = 0; i < RULES_BUILT_IN; i++)
		CU_ASSERT_EQUAL(rules_add(r, &rules_built_in[i]), ERR_OK);
}

/* Nobody shares a prefix, nor a name, unless asked to. */
static struct tally_who
visitor(char kind, unsigned n, char name[16])
{
	struct tally_who w = {
	    .address = {{[0] = 0x20, [1] = (unsigned char)kind, [15] = 1}}};

	for (size_t i = 0; i < 4; i++)
		w.address.octets[2 + i] = (unsigned char)(n >> (24 - 8 * i));
	snprintf(name, 16, "%c%u", kind, n);
	w.user = slice_str(name);
	return w;
}

static void
attempt(struct tally *t, const struct rules *r, const struct tally_who *w,
	enum tally_outcome outcome, uint64_t now, struct tally_news *news)
{
	struct tally_attempt a;
	struct tally_verdict v;

	tally_begin(t, r, w, now, &a, &v);
	tally_end(t, &a, w, outcome, now, now, news);
}

static void
populate(struct tally *t, const struct rules *r)
{
	struct tally_news news;
	char name[16];

	for (unsigned i = 0; i < OFFENDERS; i++)
		for (unsigned n = 0; n < DONE; n++) {
			struct tally_who w = visitor('o', i, name);

			attempt(t, r, &w, TALLY_FAILED, 0, &news);
		}
	for (unsigned i = 0; i < PEOPLE; i++) {
		struct tally_who w = visitor('p', i, name);

		attempt(t, r, &w, TALLY_SUCCEEDED, 0, &news);
	}
}

/* Each offender has as much left as he should, each known pair is known. */
static void
look_after(struct tally *t, const struct rules *r, uint64_t now)
{
	unsigned forgotten = 0, strange = 0;
	char name[16];

	for (unsigned i = 0; i < OFFENDERS; i++) {
		struct tally_who w = visitor('o', i, name);
		struct tally_news news;
		struct evidence e;

		forgotten += !tally_evidence(t, &w, RULE_ADDRESS, &e) ||
			     e.attempts != DONE;
		for (unsigned n = DONE; n < 19; n++) {
			attempt(t, r, &w, TALLY_FAILED, now, &news);
			forgotten += news.full_count != 0;
		}
		attempt(t, r, &w, TALLY_FAILED, now, &news);
		forgotten += news.full_count != 2;
	}
	CU_ASSERT_EQUAL(forgotten, 0);
	for (unsigned i = 0; i < PEOPLE; i++) {
		struct tally_who w = visitor('p', i, name);

		strange += !tally_knows(t, r, &w.address, w.user, now);
	}
	CU_ASSERT_EQUAL(strange, 0);
}

/* All at one moment: nothing of it runs out meanwhile. */
static void
flood(unsigned strangers, void (*as)(struct tally_who *w, unsigned n))
{
	struct tally *t = tally_new(MEMORY, key, key);
	struct tally_usage before, after;
	struct rules r;

	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	built_in(&r);
	populate(t, &r);
	tally_use(t, &r, 0, &before);
	for (unsigned i = 0; i < strangers; i++) {
		struct tally_news news;
		char name[16];
		struct tally_who w = visitor('s', i, name);

		w.secret = SLICE("Summer2026");
		as(&w, i);
		attempt(t, &r, &w, TALLY_FAILED, 0, &news);
	}
	tally_use(t, &r, 0, &after);
	CU_ASSERT_EQUAL(after.bytes, before.bytes);
	CU_ASSERT_TRUE(after.bytes <= MEMORY);
	CU_ASSERT_TRUE(after.regions[TALLY_WRONG_PAIRS].pushed_out >
		       50000 / LESS);
	look_after(t, &r, 0);
	tally_free(t);
}

static void
new_everything(struct tally_who *w, unsigned n)
{
	(void)w;
	(void)n;
}

/* A botnet that wants nobody in particular. */
static void
strangers_from_everywhere(void)
{
	flood(STRANGERS, new_everything);
}

/* The names of those who are known, from everywhere. */
static void
same_users(struct tally_who *w, unsigned n)
{
	static char name[16];

	snprintf(name, sizeof name, "p%u", n % PEOPLE);
	w->user = slice_str(name);
}

static void
known_users_from_everywhere(void)
{
	flood(STRANGERS / 3, same_users);
}

/* Many users from few networks. */
static void
same_networks(struct tally_who *w, unsigned n)
{
	char name[16];

	w->address = visitor('n', n % 4999, name).address;
}

static void
many_users_from_some_networks(void)
{
	flood(STRANGERS / 3, same_networks);
}

void
suite_tally_flood(void)
{
	CU_pSuite s = CU_add_suite("tally_flood", NULL, NULL);

	CU_add_test(s, "strangers from everywhere", strangers_from_everywhere);
	CU_add_test(s, "known users from everywhere",
		    known_users_from_everywhere);
	CU_add_test(s, "many users from some networks",
		    many_users_from_some_networks);
}
