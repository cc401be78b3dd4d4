/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_tally_play.c - the tally beside its model; tests/bench/tally does the
 * same with a million keys.
 */
#include "unit/tally_play.h"

#include <CUnit/CUnit.h>

static void
with_room_for_all(void)
{
	static const uint64_t steps[] = {0, 3, 200, 20000};
	struct played sum = {0};

	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		const struct play p = {.memory = 32 << 20,
				       .attempts = 20000,
				       .regulars = i ? 200 : 40,
				       .step = steps[i],
				       .seed = 77 + i,
				       .model = true};
		struct played out;

		CU_ASSERT_TRUE_FATAL(tally_play(&p, &out));
		CU_ASSERT_EQUAL(out.differences, 0);
		CU_ASSERT_TRUE(out.keys > 20000);
		for (size_t k = 0; k < TALLY_REGIONS; k++)
			if (k != TALLY_NOTES)
				CU_ASSERT_EQUAL(out.usage.regions[k].pushed_out,
						0);
		for (size_t k = 0; k <= TALLY_BANNED; k++)
			sum.answers[k] += out.answers[k];
		sum.first += out.first;
		sum.repeated += out.repeated;
		sum.full += out.full;
		sum.observed += out.observed;
	}
	/* All of it was played. */
	for (size_t k = 0; k <= TALLY_BANNED; k++)
		CU_ASSERT_TRUE(sum.answers[k] > 500);
	CU_ASSERT_TRUE(sum.first > 500 && sum.repeated > 500 &&
		       sum.full > 500 && sum.observed > 500);
}

/* Strangers by the ten thousand in very little memory: those who come again are
 * not forgotten for them. */
static void
with_little_room(void)
{
	const struct play p = {.memory = 2 << 20,
			       .attempts = 60000,
			       .regulars = 40,
			       .step = 1,
			       .seed = 99,
			       .model = true};
	struct played out;

	CU_ASSERT_TRUE_FATAL(tally_play(&p, &out));
	CU_ASSERT_TRUE(out.usage.bytes <= p.memory);
	CU_ASSERT_TRUE(out.usage.regions[TALLY_ADDRESSES].pushed_out > 5000);
	CU_ASSERT_TRUE(out.usage.regions[TALLY_USERS].pushed_out > 5000);
	CU_ASSERT_TRUE(out.usage.regions[TALLY_WRONG_PAIRS].pushed_out > 5000);
	CU_ASSERT_EQUAL(out.of_regulars, 0);
}

void
suite_tally_play(void)
{
	CU_pSuite s = CU_add_suite("tally_play", NULL, NULL);

	CU_add_test(s, "with room for all, it says what its model says",
		    with_room_for_all);
	CU_add_test(s, "with little room, of those who come again",
		    with_little_room);
}
