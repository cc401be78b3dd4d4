/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "session/bans.h"

#include <CUnit/CUnit.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE };
#define WALL UINT64_C(1795305600000)

static const unsigned char key[HASH_KEY] = "0123456789abcde";

static const struct rule rule = {.name = "failures-per-address",
				 .count = RULE_FAILURES,
				 .by = RULE_ADDRESS,
				 .action = RULE_BAN,
				 .rate = {1, MINUTE, 20},
				 .ban = 10 * MINUTE,
				 .ban_most = HOUR};

static struct bans *
new_bans(void)
{
	struct bans *b = bans_new(key);

	CU_ASSERT_PTR_NOT_NULL_FATAL(b);
	return b;
}

static struct address
address(const char *text)
{
	struct address a = {{0}};

	CU_ASSERT_EQUAL_FATAL(address_parse(slice_str(text), &a), ERR_OK);
	return a;
}

static struct ban_subject
network(const char *text)
{
	struct cidr net = {.bits = 0};

	CU_ASSERT_EQUAL_FATAL(cidr_parse(slice_str(text), &net), ERR_OK);
	return ban_network(&net);
}

static bool
begin(struct bans *b, const char *net, uint64_t now, struct ban *out)
{
	struct ban_subject s = network(net);

	return bans_begin(b, &rule, &s, NULL, now, WALL + now, out);
}

static void
add(struct bans *b, const char *net, uint64_t ms, uint64_t now)
{
	struct ban_subject s = network(net);
	struct ban ban;

	CU_ASSERT_EQUAL(
	    bans_add(b, &s, ms, SLICE("by hand"), now, WALL + now, &ban),
	    ERR_OK);
	CU_ASSERT_TRUE(ban.by_hand);
}

static bool
stays_out(struct bans *b, const char *from, uint64_t now)
{
	struct address a = address(from);
	struct ban_found found;

	return bans_find(b, &a, now, &found);
}

static void
check(struct bans *b, uint64_t networks, uint64_t users, uint64_t remembered)
{
	struct bans_counts c;

	bans_count(b, &c);
	CU_ASSERT_EQUAL(c.networks, networks);
	CU_ASSERT_EQUAL(c.users, users);
	CU_ASSERT_EQUAL(c.remembered, remembered);
}

static void
whom_a_ban_is_for(void)
{
	static const struct {
		const char *shows, *banned, *in, *out;
		enum ban_kind kind;
	} rows[] = {
	    {"an address", "192.0.2.1/32", "192.0.2.1", "192.0.2.2",
	     BAN_ADDRESS},
	    {"a mapped address", "192.0.2.1/32", "::ffff:192.0.2.1",
	     "::192.0.2.1", BAN_ADDRESS},
	    {"a prefix", "192.0.2.0/24", "192.0.2.77", "192.0.3.77",
	     BAN_PREFIX},
	    {"a network", "192.0.0.0/20", "192.0.15.77", "192.0.16.77",
	     BAN_NETWORK},
	    {"all of IPv4", "0.0.0.0/0", "255.1.2.3", "2001:db8::1",
	     BAN_NETWORK},
	    {"a network of IPv6", "2001:db8:1:2::/64",
	     "2001:db8:1:2:3::", "2001:db8:1:3::", BAN_ADDRESS},
	    {"a prefix of IPv6", "2001:db8:1::/48", "2001:db8:1:ffff::1",
	     "2001:db8:2::", BAN_PREFIX},
	    {"one address of IPv6", "2001:db8::1/128", "2001:db8::1",
	     "2001:db8::2", BAN_NETWORK},
	    {"all of IPv6", "::/0", "2001:db8::1", "192.0.2.1", BAN_NETWORK},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct bans *b = new_bans();
		struct address a = address(rows[i].in);
		struct ban_found found;

		CU_ASSERT_FALSE(stays_out(b, rows[i].in, 0));
		add(b, rows[i].banned, MINUTE, 0);
		CU_ASSERT_TRUE(bans_find(b, &a, 0, &found));
		CU_ASSERT_EQUAL(found.kind, rows[i].kind);
		CU_ASSERT_EQUAL(found.left, MINUTE);
		CU_ASSERT_STRING_EQUAL(found.reason, "by hand");
		CU_ASSERT_TRUE(found.by_hand);
		CU_ASSERT_FALSE(stays_out(b, rows[i].out, 0));
		CU_ASSERT_TRUE(stays_out(b, rows[i].in, MINUTE - 1));
		CU_ASSERT_FALSE(stays_out(b, rows[i].in, MINUTE));
		bans_free(b);
	}
}

static void
what_rules_ban(void)
{
	struct address a = address("2001:db8:1:2::3");
	struct ban_subject s;

	s = ban_by(RULE_ADDRESS, &a, SLICE("joe"));
	CU_ASSERT_EQUAL(s.kind, BAN_ADDRESS);
	CU_ASSERT_EQUAL(s.network.bits, 64);
	s = ban_by(RULE_PREFIX, &a, SLICE("joe"));
	CU_ASSERT_EQUAL(s.kind, BAN_PREFIX);
	CU_ASSERT_EQUAL(s.network.bits, 48);
	s = ban_by(RULE_USER, &a, SLICE("joe"));
	CU_ASSERT_EQUAL(s.kind, BAN_USER);
	CU_ASSERT_TRUE(slice_eq(s.user, SLICE("joe")));
}

static void
users_are_banned_folded(void)
{
	struct bans *b = new_bans();
	struct ban_subject s = ban_user(SLICE("Joe"));
	struct ban_found found;
	struct ban ban;

	CU_ASSERT_FALSE(bans_find_user(b, SLICE("joe"), 0, &found));
	CU_ASSERT_TRUE(bans_begin(b, &rule, &s, NULL, 0, WALL, &ban));
	CU_ASSERT_STRING_EQUAL(ban.user, "joe");
	CU_ASSERT_EQUAL(ban.kind, BAN_USER);
	CU_ASSERT_TRUE(bans_find_user(b, SLICE("JOE"), 0, &found));
	CU_ASSERT_EQUAL(found.kind, BAN_USER);
	CU_ASSERT_STRING_EQUAL(found.reason, rule.name);
	CU_ASSERT_FALSE(bans_find_user(b, SLICE("joe2"), 0, &found));
	CU_ASSERT_FALSE(bans_find_user(b, SLICE(""), 0, &found));
	CU_ASSERT_FALSE(bans_find_user(b, SLICE("joe"), 10 * MINUTE, &found));
	check(b, 0, 1, 0);
	bans_free(b);
}

static void
a_ban_grows_and_growth_is_forgotten(void)
{
	static const struct {
		uint64_t left;
		uint32_t times;
	} rows[] = {{10 * MINUTE, 1},
		    {20 * MINUTE, 2},
		    {40 * MINUTE, 3},
		    {60 * MINUTE, 4},
		    {60 * MINUTE, 5}};
	struct bans *b = new_bans();
	uint64_t now = 7;
	struct ban ban;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		CU_ASSERT_TRUE(begin(b, "192.0.2.1", now, &ban));
		CU_ASSERT_EQUAL(ban.times, rows[i].times);
		CU_ASSERT_EQUAL(ban.left, rows[i].left);
		CU_ASSERT_EQUAL(ban.since, WALL + now);
		CU_ASSERT_EQUAL(ban.until, WALL + now + rows[i].left);
		/* What is still under way makes it no longer. */
		CU_ASSERT_FALSE(begin(b, "192.0.2.1", now + 1, &ban));
		now += ban.left + HOUR - 1;
		/* Whether its end was told or not. */
		if (i % 2 == 1)
			CU_ASSERT_TRUE(bans_ended(b, now, WALL + now, &ban));
	}
	now += 60 * MINUTE + 1;
	CU_ASSERT_TRUE(begin(b, "192.0.2.1", now, &ban));
	CU_ASSERT_EQUAL(ban.times, 1);
	now += ban.left + HOUR;
	CU_ASSERT_TRUE(bans_ended(b, now, WALL, &ban));
	check(b, 0, 0, 1);
	CU_ASSERT_FALSE(bans_ended(b, now, WALL, &ban));
	check(b, 0, 0, 0);
	CU_ASSERT_TRUE(begin(b, "192.0.2.1", now, &ban));
	CU_ASSERT_EQUAL(ban.times, 1);
	bans_free(b);
}

static void
evidence_comes_with_it(void)
{
	struct bans *b = new_bans();
	struct ban_subject s = network("192.0.2.1");
	struct evidence e = {0};
	struct ban ban;
	size_t cursor = 0;

	evidence_note(&e, SLICE("joe"), WALL);
	CU_ASSERT_TRUE(bans_begin(b, &rule, &s, &e, 0, WALL, &ban));
	CU_ASSERT_STRING_EQUAL(ban.evidence.texts[0], "joe");
	evidence_note(&e, SLICE("ann"), WALL + 1);
	CU_ASSERT_FALSE(bans_begin(b, &rule, &s, &e, 1, WALL + 1, &ban));
	CU_ASSERT_EQUAL(bans_list(b, &cursor, false, 1, WALL + 1, &ban, 1), 1);
	CU_ASSERT_EQUAL(ban.evidence.attempts, 2);
	CU_ASSERT_EQUAL(ban.since, WALL);
	bans_free(b);
}

static void
by_hand_goes_before_rules(void)
{
	struct bans *b = new_bans();
	struct address a = address("192.0.2.1");
	struct ban_found found;
	struct ban ban;

	CU_ASSERT_TRUE(begin(b, "192.0.2.0/24", 0, &ban));
	CU_ASSERT_TRUE(begin(b, "192.0.2.1", 0, &ban));
	CU_ASSERT_TRUE(bans_find(b, &a, 0, &found));
	CU_ASSERT_EQUAL(found.kind, BAN_PREFIX);
	/* A smaller one by hand, then the same one. */
	add(b, "192.0.2.0/28", UINT64_MAX, 0);
	CU_ASSERT_TRUE(bans_find(b, &a, 0, &found));
	CU_ASSERT_EQUAL(found.kind, BAN_NETWORK);
	CU_ASSERT_EQUAL(found.left, UINT64_MAX);
	add(b, "192.0.2.0/24", MINUTE, 0);
	CU_ASSERT_TRUE(bans_find(b, &a, 0, &found));
	CU_ASSERT_EQUAL(found.kind, BAN_PREFIX);
	CU_ASSERT_TRUE(found.by_hand);
	/* A rule does not change what was done by hand. */
	CU_ASSERT_FALSE(begin(b, "192.0.2.0/28", 0, &ban));
	check(b, 3, 0, 0);
	bans_free(b);
}

static void
ends_are_told_once_and_in_order(void)
{
	struct bans *b = new_bans();
	struct ban ban;
	char net[24];

	CU_ASSERT_EQUAL(bans_due(b), UINT64_MAX);
	for (unsigned i = 0; i < 200; i++) {
		snprintf(net, sizeof net, "10.0.%u.0/24", i * 77 % 200);
		add(b, net, (i * 77 % 200 + 1) * SECOND, 0);
	}
	add(b, "192.0.2.0/24", UINT64_MAX, 0);
	CU_ASSERT_EQUAL(bans_due(b), SECOND);
	CU_ASSERT_FALSE(bans_ended(b, SECOND - 1, WALL, &ban));
	for (unsigned i = 0; i < 200; i++) {
		CU_ASSERT_TRUE(bans_ended(b, HOUR, WALL + HOUR, &ban));
		CU_ASSERT_EQUAL(ban.network.network.octets[14], i);
		CU_ASSERT_TRUE(ban.over);
		CU_ASSERT_EQUAL(ban.until, WALL + (i + 1) * SECOND);
	}
	CU_ASSERT_FALSE(bans_ended(b, HOUR, WALL, &ban));
	CU_ASSERT_EQUAL(bans_due(b), UINT64_MAX);
	/* By hand has no growth to remember. */
	check(b, 1, 0, 0);
	bans_free(b);
}

/* Taken out of the middle, the others keep their order. */
static void
whatever_is_removed_the_rest_ends_in_order(void)
{
	struct bans *b = new_bans();
	uint64_t random = 1, last = 0;
	struct ban ban;
	char net[24];
	unsigned left = 0;

	for (unsigned i = 0; i < 2000; i++) {
		random = random * 6364136223846793005U + 1442695040888963407U;
		snprintf(net, sizeof net, "10.0.%u.%u", i >> 8, i & 255);
		add(b, net, (random >> 33) % (unsigned)HOUR + 1, 0);
	}
	for (unsigned i = 0; i < 2000; i++) {
		struct ban_subject s;

		random = random * 6364136223846793005U + 1442695040888963407U;
		snprintf(net, sizeof net, "10.0.%u.%u", i >> 8, i & 255);
		s = network(net);
		if (random >> 63 || !bans_remove(b, &s, 0, WALL, &ban))
			left++;
	}
	for (; bans_ended(b, HOUR, WALL + HOUR, &ban); left--) {
		CU_ASSERT_TRUE(ban.until >= last);
		last = ban.until;
	}
	CU_ASSERT_EQUAL(left, 0);
	check(b, 0, 0, 0);
	bans_free(b);
}

static void
removed_by_hand(void)
{
	struct bans *b = new_bans();
	struct ban_subject s = network("192.0.2.1");
	struct ban ban;

	CU_ASSERT_FALSE(bans_remove(b, &s, 0, WALL, &ban));
	CU_ASSERT_TRUE(begin(b, "192.0.2.1", 0, &ban));
	CU_ASSERT_TRUE(bans_remove(b, &s, 0, WALL, &ban));
	CU_ASSERT_STRING_EQUAL(ban.reason, rule.name);
	CU_ASSERT_FALSE(stays_out(b, "192.0.2.1", 0));
	/* The growth, too. */
	CU_ASSERT_TRUE(begin(b, "192.0.2.1", 0, &ban));
	CU_ASSERT_EQUAL(ban.times, 1);
	CU_ASSERT_TRUE(bans_ended(b, HOUR, WALL, &ban));
	CU_ASSERT_FALSE(bans_remove(b, &s, HOUR, WALL, &ban));
	CU_ASSERT_TRUE(begin(b, "192.0.2.1", HOUR, &ban));
	CU_ASSERT_EQUAL(ban.times, 1);
	add(b, "192.0.2.9", MINUTE, 0);
	CU_ASSERT_EQUAL(bans_flush(b, HOUR), 1);
	check(b, 0, 0, 0);
	bans_free(b);
}

static void
one_event_a_minute(void)
{
	struct bans *b = new_bans();
	struct address a = address("192.0.2.1");
	uint64_t told = 0, refused = 0;
	struct ban ban;

	CU_ASSERT_TRUE(begin(b, "192.0.2.1", 0, &ban));
	for (uint64_t now = 0; now < 10 * MINUTE; now += SECOND) {
		struct ban_found found;

		CU_ASSERT_TRUE(bans_find(b, &a, now, &found));
		told += found.tell;
		refused += found.refused;
		CU_ASSERT_EQUAL(found.tell, now % MINUTE == 0);
	}
	CU_ASSERT_EQUAL(told, 10);
	CU_ASSERT_EQUAL(refused, 541);
	CU_ASSERT_TRUE(bans_ended(b, 10 * MINUTE, WALL, &ban));
	CU_ASSERT_EQUAL(ban.refused, 600);
	bans_free(b);
}

static char *
number(unsigned n, char out[24])
{
	snprintf(out, 24, "10.%u.%u.%u", n >> 16, n >> 8 & 255, n & 255);
	return out;
}

/* What is there all the time is listed once, whatever comes and goes. */
static void
a_list_is_steady(void)
{
	static unsigned char seen[3000];
	struct bans *b = new_bans();
	struct ban page[7];
	size_t cursor = 0, n;
	unsigned churn = 0;
	char text[24];

	memset(seen, 0, sizeof seen);
	for (unsigned i = 0; i < 3000; i++)
		add(b, number(i, text), HOUR + i, 0);
	while ((n = bans_list(b, &cursor, false, 0, WALL, page, 7)) > 0) {
		struct ban_subject s = network(number(churn * 3, text));
		struct ban ban;

		for (size_t i = 0; i < n; i++) {
			const unsigned char *o = page[i].network.network.octets;
			unsigned at = (unsigned)o[14] << 8 | o[15];

			if (o[13] == 0)
				seen[at]++;
		}
		(void)bans_remove(b, &s, 0, WALL, &ban);
		add(b, number(0x10000 + churn, text), HOUR, 0);
		churn++;
	}
	CU_ASSERT_TRUE(churn > 400);
	for (unsigned i = 0; i < 3000; i++)
		CU_ASSERT_TRUE(seen[i] == 1 ||
			       (seen[i] == 0 && i % 3 == 0 && i < 3 * churn));
	bans_free(b);
}

/* Those over go first, then those that end soonest; never those by hand that
 * would outlast it. */
static void
full_of_bans(void)
{
	struct bans *b = new_bans();
	struct bans_counts c;
	struct ban_subject s;
	struct ban ban;
	char text[24];

	CU_ASSERT_TRUE(begin(b, "192.0.2.1", 0, &ban));
	CU_ASSERT_TRUE(begin(b, "192.0.2.2", 0, &ban));
	for (unsigned i = 0; i < BANS_MOST - 2; i++)
		add(b, number(i, text), UINT64_MAX, 0);
	CU_ASSERT_TRUE(bans_ended(b, 10 * MINUTE, WALL, &ban));
	CU_ASSERT_TRUE(begin(b, "192.0.2.3", 10 * MINUTE - 1, &ban));
	bans_count(b, &c);
	CU_ASSERT_EQUAL(c.remembered, 0);
	CU_ASSERT_EQUAL(c.pushed_out, 0);
	CU_ASSERT_TRUE(begin(b, "192.0.2.4", 10 * MINUTE - 1, &ban));
	CU_ASSERT_TRUE(stays_out(b, "192.0.2.3", 10 * MINUTE));
	CU_ASSERT_TRUE(begin(b, "192.0.2.5", 10 * MINUTE, &ban));
	CU_ASSERT_EQUAL(stays_out(b, "192.0.2.3", 10 * MINUTE) +
			    stays_out(b, "192.0.2.4", 10 * MINUTE),
			1);
	bans_count(b, &c);
	CU_ASSERT_EQUAL(c.networks, BANS_MOST);
	CU_ASSERT_EQUAL(c.pushed_out, 2);
	for (unsigned i = 0; i < 2; i++)
		add(b, i ? "192.0.2.6" : "192.0.2.7", UINT64_MAX, 0);
	CU_ASSERT_FALSE(begin(b, "192.0.2.8", 0, &ban));
	s = network("192.0.2.9");
	CU_ASSERT_EQUAL(bans_add(b, &s, HOUR, SLICE("x"), 0, WALL, &ban),
			ERR_LIMIT);
	/* Which of them it is can still change. */
	add(b, "192.0.2.6", HOUR, 0);
	CU_ASSERT_EQUAL(bans_flush(b, 0), BANS_MOST);
	bans_free(b);
}

static void
restored_elsewhere(void)
{
	struct bans *b = new_bans(), *c = new_bans();
	struct ban_subject s = ban_user(SLICE("joe"));
	struct evidence e = {0};
	struct ban ban[8], again[8];
	size_t cursor = 0, n;

	evidence_note(&e, SLICE("10.1.2.3"), WALL);
	CU_ASSERT_TRUE(begin(b, "192.0.2.1", 0, &ban[0]));
	CU_ASSERT_TRUE(bans_ended(b, 20 * MINUTE, WALL, &ban[0]));
	CU_ASSERT_TRUE(bans_begin(b, &rule, &s, &e, 30 * MINUTE, WALL, ban));
	add(b, "192.0.2.0/24", UINT64_MAX, 30 * MINUTE);
	add(b, "2001:db8::/32", HOUR, 30 * MINUTE);
	n = bans_list(b, &cursor, true, 35 * MINUTE, WALL, ban, 8);
	CU_ASSERT_EQUAL_FATAL(n, 4);
	for (size_t i = 0; i < n; i++) {
		CU_ASSERT_EQUAL(bans_restore(c, &ban[i], 5), ERR_OK);
		CU_ASSERT_EQUAL(bans_restore(c, &ban[i], 5), ERR_DUPLICATE);
	}
	check(c, 2, 1, 1);
	cursor = 0;
	CU_ASSERT_EQUAL(bans_list(c, &cursor, true, 5, WALL, again, 8), 4);
	for (size_t i = 0; i < n; i++) {
		CU_ASSERT_EQUAL(again[i].left, ban[i].left);
		CU_ASSERT_EQUAL(again[i].until,
				ban[i].over ? WALL : ban[i].until);
		CU_ASSERT_EQUAL(again[i].over, ban[i].over);
		CU_ASSERT_EQUAL(again[i].since, ban[i].since);
		CU_ASSERT_EQUAL(again[i].times, ban[i].times);
		CU_ASSERT_EQUAL(again[i].by_hand, ban[i].by_hand);
		CU_ASSERT_EQUAL(again[i].forgotten_in, ban[i].forgotten_in);
		CU_ASSERT_EQUAL(again[i].kind, ban[i].kind);
		CU_ASSERT_STRING_EQUAL(again[i].reason, ban[i].reason);
		CU_ASSERT_EQUAL(
		    memcmp(&again[i].evidence, &ban[i].evidence, sizeof e), 0);
	}
	/* The growth goes on where it was. */
	CU_ASSERT_TRUE(begin(c, "192.0.2.1", 10, &ban[0]));
	CU_ASSERT_EQUAL(ban[0].times, 2);
	bans_free(b);
	bans_free(c);
}

enum { THREADS = 6, ROUNDS = 3000 };

struct crowd {
	struct bans *b;
	unsigned number;
	uint64_t told;
};

static void *
come(void *arg)
{
	struct crowd *me = arg;
	struct address shared = address("192.0.2.1");
	char text[24];

	for (unsigned i = 0; i < ROUNDS; i++) {
		struct ban_subject s =
		    network(number((me->number << 8) + i % 64, text));
		struct ban_found found;
		struct ban ban;

		me->told += bans_find(me->b, &shared, i, &found) && found.tell;
		(void)bans_begin(me->b, &rule, &s, NULL, i, i, &ban);
		(void)bans_find(me->b, &s.network.network, i, &found);
		if (i % 3 == 0)
			(void)bans_remove(me->b, &s, i, i, &ban);
		if (i % 100 == 0)
			(void)bans_ended(me->b, i, i, &ban);
	}
	return NULL;
}

static void
workers_ask_at_once(void)
{
	struct bans *b = new_bans();
	struct crowd crowds[THREADS];
	pthread_t threads[THREADS];
	uint64_t told = 0;
	size_t cursor = 0;
	struct ban ban;

	add(b, "192.0.2.1", UINT64_MAX, 0);
	for (unsigned i = 0; i < THREADS; i++) {
		crowds[i] = (struct crowd){b, i, 0};
		CU_ASSERT_EQUAL_FATAL(
		    pthread_create(&threads[i], NULL, come, &crowds[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		(void)pthread_join(threads[i], NULL);
		told += crowds[i].told;
	}
	CU_ASSERT_EQUAL(told, 1);
	while (bans_list(b, &cursor, true, 0, 0, &ban, 1) > 0)
		if (ban.by_hand)
			CU_ASSERT_EQUAL(ban.refused, THREADS * ROUNDS);
	bans_free(b);
}

void
suite_bans(void)
{
	CU_pSuite s = CU_add_suite("bans", NULL, NULL);

	CU_add_test(s, "whom a ban is for", whom_a_ban_is_for);
	CU_add_test(s, "what rules ban", what_rules_ban);
	CU_add_test(s, "users are banned folded", users_are_banned_folded);
	CU_add_test(s, "a ban grows, and growth is forgotten",
		    a_ban_grows_and_growth_is_forgotten);
	CU_add_test(s, "evidence comes with it", evidence_comes_with_it);
	CU_add_test(s, "by hand goes before rules", by_hand_goes_before_rules);
	CU_add_test(s, "ends are told once and in order",
		    ends_are_told_once_and_in_order);
	CU_add_test(s, "whatever is removed, the rest ends in order",
		    whatever_is_removed_the_rest_ends_in_order);
	CU_add_test(s, "removed by hand", removed_by_hand);
	CU_add_test(s, "one event a minute", one_event_a_minute);
	CU_add_test(s, "a list is steady", a_list_is_steady);
	CU_add_test(s, "full of bans", full_of_bans);
	CU_add_test(s, "restored elsewhere", restored_elsewhere);
	CU_add_test(s, "workers ask at once", workers_ask_at_once);
}
