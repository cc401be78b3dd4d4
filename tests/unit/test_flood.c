/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "session/flood.h"

#include <CUnit/CUnit.h>

#include <stdio.h>

void suite_flood(void);

static const unsigned char key[HASH_KEY] = "0123456789abcde";
static struct flood flood;

static bool
tell(const char *from, uint64_t now)
{
	struct address a = {{0}};

	CU_ASSERT_EQUAL_FATAL(address_parse(slice_str(from), &a), ERR_OK);
	return flood_tell(&flood, &a, now);
}

/* How many of n connections are told. */
static unsigned
told_of(const char *from, unsigned n, uint64_t now)
{
	unsigned told = 0;

	while (n-- > 0)
		told += tell(from, now);
	return told;
}

static void
a_few_are_told_one_by_one(void)
{
	flood_init(&flood, key);
	for (uint64_t now = 5000; now < 15000; now += FLOOD_WINDOW_MS)
		CU_ASSERT_EQUAL(told_of("192.0.2.1", FLOOD_RATE, now),
				FLOOD_RATE);
	CU_ASSERT_EQUAL(flood_due(&flood), UINT64_MAX);
}

static void
the_rest_is_one_number(void)
{
	struct flood_record r;

	flood_init(&flood, key);
	CU_ASSERT_EQUAL(told_of("192.0.2.1", 1000, 7000), FLOOD_RATE);
	CU_ASSERT_EQUAL(told_of("192.0.2.1", 10, 7999), 0);
	CU_ASSERT_EQUAL(flood_due(&flood), 8000);
	CU_ASSERT_FALSE(flood_next(&flood, 7999, &r));
	CU_ASSERT_TRUE_FATAL(flood_next(&flood, 8000, &r));
	CU_ASSERT_EQUAL(r.count, 1010 - FLOOD_RATE);
	CU_ASSERT_FALSE(r.many);
	CU_ASSERT_EQUAL(r.last.octets[15], 1);
	CU_ASSERT_FALSE(flood_next(&flood, 8000, &r));
	CU_ASSERT_EQUAL(flood_due(&flood), UINT64_MAX);
	CU_ASSERT_EQUAL(told_of("192.0.2.1", 1000, 8000), FLOOD_RATE);
}

/* Whoever looks late finds one number, not a gap. */
static void
nothing_is_told_between_a_number_and_its_record(void)
{
	struct flood_record r;

	flood_init(&flood, key);
	(void)told_of("192.0.2.1", FLOOD_RATE + 1, 7000);
	CU_ASSERT_FALSE(tell("192.0.2.1", 9500));
	CU_ASSERT_TRUE_FATAL(flood_next(&flood, 9500, &r));
	CU_ASSERT_EQUAL(r.count, 2);
	CU_ASSERT_TRUE(tell("192.0.2.1", 9500));
}

static bool
is_on(const char *from, uint64_t now)
{
	struct address a = {{0}};

	CU_ASSERT_EQUAL_FATAL(address_parse(slice_str(from), &a), ERR_OK);
	return flood_is_on(&flood, &a, now);
}

/* Asking changes nothing, and says what telling would. */
static void
one_may_ask_before(void)
{
	flood_init(&flood, key);
	CU_ASSERT_FALSE(is_on("192.0.2.1", 7000));
	for (unsigned i = 0; i < 3 * FLOOD_RATE; i++) {
		bool on = is_on("192.0.2.1", 7000);

		CU_ASSERT_EQUAL(on, is_on("192.0.2.1", 7000));
		CU_ASSERT_EQUAL(on, !tell("192.0.2.1", 7000));
	}
	CU_ASSERT_FALSE(is_on("192.0.2.2", 7000));
	CU_ASSERT_TRUE(is_on("192.0.2.1", 9000));
	for (unsigned i = 0; i < 2000; i++) {
		char from[32];

		(void)snprintf(from, sizeof from, "10.%u.%u.1", i / 250,
			       i % 250);
		CU_ASSERT_EQUAL(is_on(from, 9000), !tell(from, 9000));
	}
}

static void
networks_are_told_apart(void)
{
	struct flood_record r;

	flood_init(&flood, key);
	(void)told_of("192.0.2.1", 500, 7000);
	CU_ASSERT_TRUE(tell("192.0.2.2", 7000));
	CU_ASSERT_EQUAL(told_of("2001:db8::1", FLOOD_RATE, 7000), FLOOD_RATE);
	CU_ASSERT_FALSE(tell("2001:db8::2", 7000));
	CU_ASSERT_TRUE(tell("2001:db8:0:1::2", 7000));
	CU_ASSERT_TRUE(flood_next(&flood, 8000, &r));
	CU_ASSERT_TRUE(flood_next(&flood, 8000, &r));
	CU_ASSERT_FALSE(flood_next(&flood, 8000, &r));
}

/* From very many networks at once: still a bounded number of events. */
static void
very_many_networks_are_counted_together(void)
{
	struct flood_record r;
	uint64_t counted = 0;
	unsigned told = 0;
	char from[32];
	bool many = false;

	flood_init(&flood, key);
	for (unsigned i = 0; i < 100000; i++) {
		(void)snprintf(from, sizeof from, "10.%u.%u.%u", i >> 16,
			       i >> 8 & 255, i & 255);
		told += tell(from, 7000);
	}
	CU_ASSERT_TRUE(told <= FLOOD_NETWORKS + FLOOD_RATE);
	CU_ASSERT_TRUE(told >= FLOOD_NETWORKS / 2);
	while (flood_next(&flood, UINT64_MAX, &r)) {
		counted += r.count;
		many = many || r.many;
	}
	CU_ASSERT_TRUE(many);
	CU_ASSERT_EQUAL(told + counted, 100000);
	CU_ASSERT_TRUE(tell("192.0.2.1", 8000));
}

void
suite_flood(void)
{
	CU_pSuite s = CU_add_suite("flood", NULL, NULL);

	CU_add_test(s, "a few are told one by one", a_few_are_told_one_by_one);
	CU_add_test(s, "the rest is one number", the_rest_is_one_number);
	CU_add_test(s, "who is counted stays so until that is told",
		    nothing_is_told_between_a_number_and_its_record);
	CU_add_test(s, "one may ask before", one_may_ask_before);
	CU_add_test(s, "networks are told apart", networks_are_told_apart);
	CU_add_test(s, "very many networks are counted together",
		    very_many_networks_are_counted_together);
}
