/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "session/saved.h"

#include <CUnit/CUnit.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE };
enum { DAY = 24 * HOUR, MEMORY = 1024 * 1024, ROOM = 4 * 1024 * 1024 };
#define WALL UINT64_C(1795305600000)

static const unsigned char key[HASH_KEY] = "0123456789abcde";
static const unsigned char other[HASH_KEY] = "edcba9876543210";

struct world {
	struct tally *tally;
	struct bans *bans;
	struct rules rules;
};

static void
open_world(struct world *w, size_t memory, const unsigned char k[HASH_KEY])
{
	w->tally = tally_new(memory, k, k);
	w->bans = bans_new(k);
	rules_init(&w->rules, (uint64_t)30 * DAY, MINUTE);
	for (size_t i = 0; i < RULES_BUILT_IN; i++)
		CU_ASSERT_EQUAL(rules_add(&w->rules, &rules_built_in[i]),
				ERR_OK);
	CU_ASSERT_FATAL(w->tally && w->bans);
}

static void
close_world(struct world *w)
{
	tally_free(w->tally);
	bans_free(w->bans);
}

static struct tally_who
who(const char *from, const char *user, const char *secret)
{
	struct tally_who a = {.user = slice_str(user)};

	if (secret)
		a.secret = slice_str(secret);
	CU_ASSERT_EQUAL_FATAL(address_parse(slice_str(from), &a.address),
			      ERR_OK);
	return a;
}

static enum tally_answer
attempt(struct world *w, const char *from, const char *user, const char *secret,
	enum tally_outcome outcome, uint64_t now, struct tally_news *news)
{
	struct tally_who a = who(from, user, secret);
	struct tally_attempt open;
	struct tally_verdict v;

	tally_begin(w->tally, &w->rules, &a, now, &open, &v);
	tally_end(w->tally, &open, &a, outcome, now, WALL + now, news);
	return v.answer;
}

/* None that can be compared: each is another one. */
static void
guess(struct world *w, const char *from, const char *user, unsigned n,
      uint64_t now)
{
	struct tally_news news;

	while (n-- > 0)
		CU_ASSERT_EQUAL(
		    attempt(w, from, user, NULL, TALLY_FAILED, now, &news),
		    TALLY_ASK);
}

static void
ban(struct world *w, const char *net, uint64_t ms, uint64_t now)
{
	struct cidr c = {.bits = 0};
	struct ban_subject s;
	struct ban out;

	CU_ASSERT_EQUAL_FATAL(cidr_parse(slice_str(net), &c), ERR_OK);
	s = ban_network(&c);
	CU_ASSERT_EQUAL(bans_add(w->bans, &s, ms, SLICE("spam, ticket 7"), now,
				 WALL + now, &out),
			ERR_OK);
}

/* Somebody who attacked joe, joe at home, a phone with an old password. */
static void
populate(struct world *w, uint64_t now)
{
	struct tally_news news;
	struct ban_subject s = ban_user(SLICE("Ann"));
	struct evidence e = {0};
	struct ban out;

	guess(w, "192.0.2.1", "joe", 19, now);
	(void)attempt(w, "198.51.100.1", "joe", "right", TALLY_SUCCEEDED, now,
		      &news);
	(void)attempt(w, "203.0.113.1", "phone", "old", TALLY_FAILED, now,
		      &news);
	ban(w, "10.0.0.0/8", UINT64_MAX, now);
	ban(w, "192.0.2.0/24", HOUR, now);
	evidence_note(&e, SLICE("10.1.2.3"), WALL);
	CU_ASSERT_TRUE(bans_begin(w->bans,
				  rules_find(&w->rules, SLICE("failures-per-"
							      "address")),
				  &s, &e, now, WALL + now, &out));
}

static size_t
save(struct world *w, uint64_t now, uint64_t wall, unsigned char *out)
{
	struct saved s;
	size_t len = 0, n;

	saved_begin(&s, w->tally, w->bans, &w->rules, now, wall);
	while ((n = saved_next(&s, out + len)) > 0) {
		CU_ASSERT_TRUE(n <= SAVED_BLOCK_MAX);
		len += n;
		CU_ASSERT_FATAL(len + SAVED_BLOCK_MAX <= ROOM);
	}
	CU_ASSERT_EQUAL(saved_next(&s, out + len), 0);
	return len;
}

static unsigned char *
room(void)
{
	unsigned char *mem = malloc(ROOM);

	CU_ASSERT_PTR_NOT_NULL_FATAL(mem);
	return mem;
}

static void
load(struct world *w, struct slice bytes, uint64_t now, uint64_t wall)
{
	struct saved_fault fault = {NULL};
	enum err e = saved_load(bytes, w->tally, w->bans, now, wall, &fault);

	CU_ASSERT_EQUAL(e, ERR_OK);
	if (e != ERR_OK)
		printf("%s: %s\n", err_text(e), fault.text);
}

static void
it_goes_on_where_it_was(void)
{
	static const size_t memories[] = {TALLY_MEMORY_LEAST, MEMORY,
					  9 * MEMORY};
	unsigned char *mem = room();
	struct world old;
	size_t len;

	open_world(&old, MEMORY, key);
	populate(&old, 5 * DAY);
	len = save(&old, 5 * DAY, WALL, mem);
	close_world(&old);
	for (size_t i = 0; i < sizeof memories / sizeof memories[0]; i++) {
		struct world w;
		struct tally_news news;
		struct bans_counts c;
		struct ban_found found;
		struct address a = who("192.0.2.9", "", "").address;

		/* The machine, too, was started again: its clock is at 7. */
		open_world(&w, memories[i], other);
		load(&w, slice_of(mem, len), 7, WALL + 30 * SECOND);
		CU_ASSERT_EQUAL(attempt(&w, "192.0.2.1", "jim", "x",
					TALLY_FAILED, 7, &news),
				TALLY_ASK);
		CU_ASSERT_EQUAL_FATAL(news.full_count, 1);
		CU_ASSERT_STRING_EQUAL(news.full[0]->name,
				       "failures-per-address");
		/* joe's failures: 19, and the one of the other network. */
		guess(&w, "172.16.1.1", "joe", 1, 7);
		CU_ASSERT_EQUAL(attempt(&w, "172.16.1.1", "joe", "y",
					TALLY_FAILED, 7, &news),
				TALLY_REFUSED);
		CU_ASSERT_EQUAL(attempt(&w, "198.51.100.1", "joe", "right",
					TALLY_SUCCEEDED, 7, &news),
				TALLY_ASK);
		CU_ASSERT_FALSE(news.first);
		CU_ASSERT_EQUAL(news.after_failures, 20);
		/* Of secrets nothing was kept. */
		CU_ASSERT_EQUAL(attempt(&w, "203.0.113.1", "phone", "old",
					TALLY_FAILED, 7, &news),
				TALLY_ASK);
		CU_ASSERT_FALSE(news.repeated);
		bans_count(w.bans, &c);
		CU_ASSERT_EQUAL(c.networks, 2);
		CU_ASSERT_EQUAL(c.users, 1);
		CU_ASSERT_TRUE(bans_find(w.bans, &a, 7, &found));
		CU_ASSERT_TRUE(found.by_hand);
		CU_ASSERT_EQUAL(found.left, HOUR - 30 * SECOND);
		CU_ASSERT_STRING_EQUAL(found.reason, "spam, ticket 7");
		CU_ASSERT_TRUE(bans_find_user(w.bans, SLICE("ann"), 7, &found));
		close_world(&w);
	}
	free(mem);
}

static void
time_has_gone_by(void)
{
	static const struct {
		const char *shows;
		int64_t later;    /* by the wall clock */
		unsigned guesses; /* until an address is full */
		bool known;
		uint64_t networks, users, remembered;
	} rows[] = {
	    {"at once", 0, 1, true, 2, 1, 0},
	    {"the clock was set back", -(int64_t)DAY, 1, true, 2, 1, 0},
	    {"five minutes", 5 * MINUTE, 6, true, 2, 1, 0},
	    /* What ended meanwhile ends now. */
	    {"half an hour", 30 * MINUTE, 20, true, 2, 1, 0},
	    {"29 days", (int64_t)29 * DAY, 20, true, 2, 1, 0},
	    {"31 days", (int64_t)31 * DAY, 20, false, 2, 1, 0},
	};
	unsigned char *mem = room();
	struct world old;
	size_t len;

	open_world(&old, MEMORY, key);
	populate(&old, 0);
	len = save(&old, 0, WALL, mem);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct world w;
		struct tally_news news = {0};
		struct bans_counts c;
		struct ban out;
		unsigned n = 0, ended = 0;
		char user[8];

		open_world(&w, MEMORY, other);
		load(&w, slice_of(mem, len), 99,
		     WALL + (uint64_t)rows[i].later);
		bans_count(w.bans, &c);
		CU_ASSERT_EQUAL(c.networks, rows[i].networks);
		CU_ASSERT_EQUAL(c.users, rows[i].users);
		CU_ASSERT_EQUAL(c.remembered, rows[i].remembered);
		while (bans_ended(w.bans, 99, WALL, &out))
			ended++;
		CU_ASSERT_EQUAL(ended, (rows[i].later >= 10 * MINUTE) +
					   (rows[i].later >= HOUR));
		for (; n < 50 && news.full_count == 0; n++) {
			snprintf(user, sizeof user, "u%u", n);
			(void)attempt(&w, "192.0.2.1", user, "x", TALLY_FAILED,
				      99, &news);
		}
		CU_ASSERT_EQUAL(n, rows[i].guesses);
		CU_ASSERT_EQUAL(
		    tally_knows_prefix(
			w.tally, &w.rules,
			&(struct address){{[10] = 0xff, 0xff, 198, 51, 100}},
			99),
		    rows[i].known);
		close_world(&w);
	}
	close_world(&old);
	free(mem);
}

/* Nothing of it is used, and it is told why. */
static void
refused(struct slice bytes, enum err expected, const char *why)
{
	struct saved_fault fault = {NULL};
	struct tally_usage use;
	struct bans_counts c;
	struct world w;
	enum err e;

	open_world(&w, TALLY_MEMORY_LEAST, key);
	e = saved_load(bytes, w.tally, w.bans, 0, WALL, &fault);
	CU_ASSERT_NOT_EQUAL(e, ERR_OK);
	CU_ASSERT_PTR_NOT_NULL_FATAL(fault.text);
	if (why) {
		CU_ASSERT_EQUAL(e, expected);
		CU_ASSERT_STRING_EQUAL(fault.text, why);
	}
	tally_use(w.tally, &w.rules, 0, &use);
	for (size_t k = 0; k < TALLY_REGIONS; k++)
		CU_ASSERT_EQUAL(use.regions[k].used, 0);
	bans_count(w.bans, &c);
	CU_ASSERT_EQUAL(c.networks + c.users + c.remembered, 0);
	close_world(&w);
}

static void
all_of_it_or_nothing(void)
{
	unsigned char *mem = room();
	struct world old;
	size_t len;

	open_world(&old, MEMORY, key);
	populate(&old, 0);
	len = save(&old, 0, WALL, mem);
	close_world(&old);
	refused(SLICE(""), ERR_SYNTAX, "not a state file");
	refused(SLICE("{\"some\": \"other file that is a bit longer\"}"),
		ERR_SYNTAX, "not a state file");
	mem[len] = 0;
	refused(slice_of(mem, len + 1), ERR_SYNTAX, "damaged");
	for (size_t n = 0; n < len; n++)
		refused(slice_of(mem, n), ERR_SYNTAX,
			n < 30 ? NULL : "cut short");
	for (size_t i = 0; i < len; i++) {
		mem[i] ^= 1;
		refused(slice_of(mem, len), ERR_OK, NULL);
		mem[i] ^= 1;
	}
	mem[4 + 8 + 1 + 15]++;
	refused(slice_of(mem, len), ERR_UNKNOWN, "of another version");
	free(mem);
}

/* A block of another file, or twice, or left out. */
static void
blocks_belong_together(void)
{
	unsigned char *mem = room(), *mixed = room();
	size_t first, second, len;
	struct world old;

	open_world(&old, MEMORY, key);
	populate(&old, 0);
	len = save(&old, 0, WALL, mem);
	close_world(&old);
	first = 12 + mem[0] + ((size_t)mem[1] << 8);
	second = first + 12 + mem[first] + ((size_t)mem[first + 1] << 8);
	CU_ASSERT_TRUE_FATAL(second < len);
	memcpy(mixed, mem, second);
	memcpy(mixed + second, mem + first, len - first);
	refused(slice_of(mixed, len + second - first), ERR_MISMATCH, "damaged");
	memcpy(mixed, mem, first);
	memcpy(mixed + first, mem + second, len - second);
	refused(slice_of(mixed, len - (second - first)), ERR_MISMATCH,
		"damaged");
	free(mem);
	free(mixed);
}

/* The smaller memory keeps what matters most. */
static void
into_less_room(void)
{
	unsigned char *mem = room();
	struct world old, w;
	struct tally_usage use;
	struct tally_news news;
	char from[24];
	size_t len;
	unsigned kept = 0;

	open_world(&old, 16 * MEMORY, key);
	for (unsigned i = 0; i < 20000; i++) {
		snprintf(from, sizeof from, "10.%u.%u.1", i >> 8, i & 255);
		guess(&old, from, from, i < 50 ? 15 : 2, 0);
	}
	len = save(&old, 0, WALL, mem);
	close_world(&old);
	open_world(&w, TALLY_MEMORY_LEAST, other);
	load(&w, slice_of(mem, len), 0, WALL);
	tally_use(w.tally, &w.rules, 0, &use);
	CU_ASSERT_TRUE(use.regions[TALLY_ADDRESSES].pushed_out > 10000);
	for (unsigned i = 0; i < 50; i++) {
		snprintf(from, sizeof from, "10.%u.%u.1", i >> 8, i & 255);
		for (unsigned n = 0; n < 5; n++) {
			char user[16];

			snprintf(user, sizeof user, "%u %u", i, n);
			(void)attempt(&w, from, user, "z", TALLY_FAILED, 0,
				      &news);
		}
		kept += news.full_count > 0;
	}
	CU_ASSERT_EQUAL(kept, 50);
	close_world(&w);
	free(mem);
}

/* No block is made while others wait for long: many small ones. */
static void
in_pieces(void)
{
	unsigned char *mem = room();
	struct saved s;
	struct world w, again;
	char text[32];
	size_t n, len = 0;
	unsigned blocks = 0;

	open_world(&w, 4 * MEMORY, key);
	for (unsigned i = 0; i < 5000; i++) {
		struct tally_news news;

		snprintf(text, sizeof text, "10.%u.%u.1", i >> 8, i & 255);
		(void)attempt(&w, text, "joe", "right", TALLY_SUCCEEDED, 0,
			      &news);
		snprintf(text, sizeof text, "10.%u.%u.1/32", i >> 8, i & 255);
		ban(&w, text, HOUR, 0);
	}
	saved_begin(&s, w.tally, w.bans, &w.rules, 0, WALL);
	for (; (n = saved_next(&s, mem + len)) > 0; blocks++)
		len += n;
	CU_ASSERT_TRUE(blocks > 5);
	open_world(&again, 4 * MEMORY, other);
	load(&again, slice_of(mem, len), 0, WALL);
	for (unsigned i = 0; i < 5000; i++) {
		struct address a = {{[10] = 0xff,
				     0xff,
				     10,
				     (unsigned char)(i >> 8),
				     (unsigned char)i,
				     1}};
		struct ban_found found;

		CU_ASSERT_TRUE(tally_knows(again.tally, &again.rules, &a,
					   SLICE("joe"), 0));
		CU_ASSERT_TRUE(bans_find(again.bans, &a, 0, &found));
	}
	close_world(&w);
	close_world(&again);
	free(mem);
}

void
suite_saved(void)
{
	CU_pSuite s = CU_add_suite("saved", NULL, NULL);

	CU_add_test(s, "it goes on where it was", it_goes_on_where_it_was);
	CU_add_test(s, "time has gone by", time_has_gone_by);
	CU_add_test(s, "all of it or nothing", all_of_it_or_nothing);
	CU_add_test(s, "blocks belong together", blocks_belong_together);
	CU_add_test(s, "into less room", into_less_room);
	CU_add_test(s, "in pieces", in_pieces);
}
