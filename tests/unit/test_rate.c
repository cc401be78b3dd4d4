/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/rate.h"

#include <CUnit/CUnit.h>

void suite_rate(void);

enum { SECOND = 1000, MINUTE = 60 * SECOND, DAY = 24 * 60 * MINUTE };

static const struct rate sixty = {60, MINUTE, 10}, third = {3, SECOND, 300},
			 free_of_limits = {0, 0, 0},
			 bytes = {10000000, SECOND, 65536};

static unsigned
takes(const struct rate *r, uint64_t *paid, unsigned tries, uint64_t now)
{
	unsigned taken = 0;
	uint64_t wait;

	while (tries-- > 0)
		taken += rate_take(r, paid, 1, now, &wait);
	return taken;
}

static void
a_burst_at_once_and_not_one_more(void)
{
	uint64_t paid = 0, wait = 0;

	CU_ASSERT_EQUAL(takes(&sixty, &paid, 50, 7000), 10);
	CU_ASSERT_FALSE(rate_take(&sixty, &paid, 1, 7000, &wait));
	CU_ASSERT_EQUAL(wait, SECOND);
	paid = 0;
	/* A price that does not come out even loses none of the burst. */
	CU_ASSERT_EQUAL(takes(&third, &paid, 1000, 7000), 300);
}

static void
then_one_at_a_time(void)
{
	uint64_t paid = 0, wait = 0;

	CU_ASSERT_EQUAL(takes(&sixty, &paid, 50, 5000), 10);
	CU_ASSERT_FALSE(rate_take(&sixty, &paid, 1, 5999, &wait));
	CU_ASSERT_EQUAL(wait, 1);
	CU_ASSERT_EQUAL(takes(&sixty, &paid, 50, 6000), 1);
	CU_ASSERT_EQUAL(takes(&sixty, &paid, 50, 9000), 3);
	CU_ASSERT_EQUAL(takes(&sixty, &paid, 50, 9000 + DAY), 10);
}

static void
all_or_nothing(void)
{
	uint64_t paid = 0, before, wait = 0;

	CU_ASSERT_TRUE(rate_take(&sixty, &paid, 8, 0, &wait));
	before = paid;
	CU_ASSERT_FALSE(rate_take(&sixty, &paid, 3, 0, &wait));
	CU_ASSERT_EQUAL(wait, SECOND);
	CU_ASSERT_EQUAL(paid, before);
	CU_ASSERT_TRUE(rate_take(&sixty, &paid, 2, 0, &wait));
	CU_ASSERT_FALSE(rate_take(&sixty, &paid, 11, DAY, &wait));
	CU_ASSERT_EQUAL(wait, UINT64_MAX);
}

static void
what_is_given_back_can_be_taken_again(void)
{
	uint64_t paid = 0;

	CU_ASSERT_EQUAL(takes(&sixty, &paid, 50, 5000), 10);
	rate_return(&sixty, &paid, 4);
	CU_ASSERT_EQUAL(rate_room(&sixty, paid, 5000), 4);
	CU_ASSERT_EQUAL(takes(&sixty, &paid, 50, 5000), 4);
	/* Never more than a burst, however much is given back. */
	rate_return(&sixty, &paid, 1000);
	CU_ASSERT_EQUAL(takes(&sixty, &paid, 50, 5000), 10);
}

static void
what_has_happened_is_owed(void)
{
	uint64_t paid = 0;

	CU_ASSERT_EQUAL(rate_spend(&bytes, &paid, 65535, 1000), 0);
	CU_ASSERT_EQUAL(rate_spend(&bytes, &paid, 1, 1000), 1);
	CU_ASSERT_EQUAL(rate_spend(&bytes, &paid, 10000000, 1000), 1001);
	CU_ASSERT_EQUAL(rate_spend(&bytes, &paid, 0, 2500), 0);
	CU_ASSERT_EQUAL(rate_spend(&bytes, &paid, UINT64_MAX, 2500),
			RATE_SPAN_MOST - 6);
	CU_ASSERT_EQUAL(rate_room(&bytes, paid, 2500), 0);
	CU_ASSERT_EQUAL(rate_spend(&bytes, &paid, 0, 2500 + RATE_SPAN_MOST), 0);
}

static void
without_a_limit_there_is_none(void)
{
	uint64_t paid = 0, wait = 0;

	CU_ASSERT_TRUE(rate_take(&free_of_limits, &paid, UINT64_MAX, 1, &wait));
	CU_ASSERT_EQUAL(rate_spend(&free_of_limits, &paid, UINT64_MAX, 1), 0);
	CU_ASSERT_EQUAL(rate_room(&free_of_limits, paid, 1), UINT64_MAX);
	CU_ASSERT_EQUAL(paid, 0);
}

/* In any second of a day of greed: what the rate says, and never a burst more.
 */
static void
over_time_the_limit_holds(void)
{
	uint64_t paid = 0, taken = 0;

	for (uint64_t now = 0; now < DAY; now += 100)
		taken += takes(&sixty, &paid, 3, now);
	CU_ASSERT_EQUAL(taken, 10 + DAY / SECOND - 1);
}

static void
rates_that_cannot_be_counted_are_told(void)
{
	static const struct {
		struct rate rate;
		bool valid;
	} rows[] = {
	    {{0, 0, 0}, true},
	    {{1, 1, 1}, true},
	    {{1, DAY, 30}, true},
	    {{1, DAY, 31}, false},
	    {{1, 0, 1}, false},
	    {{1, 1, 0}, false},
	    {{1000000, 1, 1}, true},
	    {{1000001, 1, 1}, false},
	    {{1, RATE_SPAN_MOST, 1}, true},
	    {{1, RATE_SPAN_MOST + 1, 1}, false},
	    {{1, UINT64_MAX, UINT64_MAX}, false},
	    {{1000, SECOND, UINT64_MAX}, false},
	};

	for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++)
		CU_ASSERT_EQUAL(rate_valid(&rows[i].rate), rows[i].valid);
}

void
suite_rate(void)
{
	CU_pSuite suite = CU_add_suite("rate", NULL, NULL);

	CU_add_test(suite, "a burst at once and not one more",
		    a_burst_at_once_and_not_one_more);
	CU_add_test(suite, "then one at a time", then_one_at_a_time);
	CU_add_test(suite, "all or nothing", all_or_nothing);
	CU_add_test(suite, "what is given back can be taken again",
		    what_is_given_back_can_be_taken_again);
	CU_add_test(suite, "what has happened is owed",
		    what_has_happened_is_owed);
	CU_add_test(suite, "without a limit there is none",
		    without_a_limit_there_is_none);
	CU_add_test(suite, "over time the limit holds",
		    over_time_the_limit_holds);
	CU_add_test(suite, "rates that cannot be counted are told",
		    rates_that_cannot_be_counted_are_told);
}
