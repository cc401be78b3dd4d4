/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/settle.h"

#include <CUnit/CUnit.h>

void suite_settle(void);

enum { EVERY = 30000, START = 100000 };

/*
 * Plays time in steps of 10 ms: changes at these times, until `end`; *reads
 * gets the times of reading, all of them good or all bad.
 */
struct play {
	uint64_t change_from, change_until, change_step; /* after START */
	bool rumours;
	bool good;
	uint64_t end;
	uint64_t reads[64], told_at;
	unsigned reads_count, looks;
};

static bool
changes_at(const struct play *p, uint64_t t)
{
	return t >= p->change_from && t <= p->change_until &&
	       (t - p->change_from) % p->change_step == 0;
}

static void
turn(struct play *p, struct settle *s, bool *changed, uint64_t t)
{
	uint64_t now = START + t;

	if (settle_wants_look(s, now)) {
		p->looks++;
		settle_looked(s, *changed, now, now);
		*changed = false;
	}
	if (!settle_wants_reading(s, now))
		return;
	CU_ASSERT_FATAL(p->reads_count < 64);
	p->reads[p->reads_count++] = t;
	settle_reading(s);
	if (p->good)
		settle_taken(s);
	else if (settle_failed(s, now) && !p->told_at)
		p->told_at = t;
}

static void
play(struct play *p)
{
	struct settle s;
	bool changed = false;

	settle_init(&s, EVERY, START);
	for (uint64_t t = 0; t <= p->end; t += 10) {
		if (changes_at(p, t)) {
			changed = true;
			if (p->rumours)
				settle_heard(&s, START + t);
		}
		if (settle_due(&s) <= START + t)
			turn(p, &s, &changed, t);
	}
}

static void
a_change_is_read_when_it_is_quiet(void)
{
	struct play p = {.change_from = 5000,
			 .change_until = 5000,
			 .change_step = 10,
			 .rumours = true,
			 .good = true,
			 .end = 25000};

	play(&p);
	CU_ASSERT_EQUAL_FATAL(p.reads_count, 1);
	CU_ASSERT_EQUAL(p.reads[0], 5000 + SETTLE_HEARD_MS + SETTLE_QUIET_MS);
	CU_ASSERT_EQUAL(p.looks, 2);
}

static void
without_rumours_it_is_found_by_looking(void)
{
	struct play p = {.change_from = 5000,
			 .change_until = 5000,
			 .change_step = 10,
			 .good = true,
			 .end = 59000};

	play(&p);
	CU_ASSERT_EQUAL_FATAL(p.reads_count, 1);
	CU_ASSERT_EQUAL(p.reads[0], EVERY + SETTLE_QUIET_MS);
}

static void
who_goes_on_writing_is_waited_for_but_not_for_ever(void)
{
	struct play p = {.change_from = 1000,
			 .change_until = 4000,
			 .change_step = 500,
			 .rumours = true,
			 .good = true,
			 .end = 25000};
	struct play q = {.change_from = 1000,
			 .change_until = 60000,
			 .change_step = 500,
			 .rumours = true,
			 .good = true,
			 .end = 12500};

	play(&p);
	CU_ASSERT_EQUAL_FATAL(p.reads_count, 1);
	CU_ASSERT_EQUAL(p.reads[0], 4000 + SETTLE_HEARD_MS + SETTLE_QUIET_MS);
	play(&q);
	CU_ASSERT_EQUAL_FATAL(q.reads_count, 1);
	CU_ASSERT_EQUAL(q.reads[0], 1000 + SETTLE_HEARD_MS + SETTLE_MOST_MS);
}

static void
what_is_bad_is_tried_less_and_less_often(void)
{
	static const uint64_t after[] = {0,     1000,  3000,   7000,   15000,
					 31000, 63000, 123000, 183000, 243000};
	struct play p = {.change_from = 1000,
			 .change_until = 1000,
			 .change_step = 10,
			 .rumours = true,
			 .end = 290000};

	play(&p);
	CU_ASSERT_EQUAL_FATAL(p.reads_count, sizeof after / sizeof after[0]);
	for (unsigned i = 0; i < p.reads_count; i++)
		CU_ASSERT_EQUAL(p.reads[i] - p.reads[0], after[i]);
	CU_ASSERT_EQUAL(p.told_at - p.reads[0], 7000);
}

static void
a_change_of_what_is_bad_begins_anew(void)
{
	struct settle s;
	const uint64_t now = START + 100000;

	settle_init(&s, EVERY, START);
	for (unsigned i = 0; i < 8; i++)
		(void)settle_failed(&s, START);
	settle_looked(&s, true, now, now);
	CU_ASSERT_FALSE(settle_wants_reading(&s, now + SETTLE_QUIET_MS - 1));
	CU_ASSERT_TRUE(settle_wants_reading(&s, now + SETTLE_QUIET_MS));
	settle_reading(&s);
	CU_ASSERT_TRUE(settle_failed(&s, now + SETTLE_QUIET_MS));
	CU_ASSERT_EQUAL(settle_due(&s),
			now + SETTLE_QUIET_MS + SETTLE_AGAIN_MS);
}

static void
a_change_while_reading_is_not_lost(void)
{
	struct settle s;

	settle_init(&s, EVERY, START);
	settle_looked(&s, true, START, START);
	settle_reading(&s);
	settle_looked(&s, true, START + 1000, START + 1000);
	settle_taken(&s);
	CU_ASSERT_EQUAL(settle_due(&s), START + 1000 + SETTLE_QUIET_MS);
}

static void
who_gives_up_waits_for_a_change(void)
{
	struct settle s;

	settle_init(&s, EVERY, START);
	settle_looked(&s, true, START, START);
	settle_reading(&s);
	settle_gave_up(&s);
	CU_ASSERT_EQUAL(settle_due(&s), START + EVERY);
	settle_looked(&s, true, START + EVERY, START + EVERY);
	CU_ASSERT_EQUAL(settle_due(&s), START + EVERY + SETTLE_QUIET_MS);
}

static void
looks_take_a_small_part_of_the_time(void)
{
	struct settle s;
	uint64_t now = START, looks = 0;

	settle_init(&s, EVERY, START);
	while (now < START + 200000) {
		if (settle_listens(&s, now))
			settle_heard(&s, now);
		if (settle_wants_look(&s, now)) {
			now += 500; /* it takes so long */
			settle_looked(&s, false, now - 500, now);
			looks++;
		}
		now += 10;
	}
	CU_ASSERT_TRUE(looks <= 200000 / (500 * SETTLE_SHARE) + 1);
	CU_ASSERT_TRUE(looks >= 15);
}

static void
never_is_never(void)
{
	struct settle s;

	settle_init(&s, 0, START);
	CU_ASSERT_EQUAL(settle_due(&s), SETTLE_NEVER);
	CU_ASSERT_FALSE(settle_listens(&s, START));
	settle_heard(&s, START);
	CU_ASSERT_EQUAL(settle_due(&s), SETTLE_NEVER);
}

void
suite_settle(void)
{
	CU_pSuite s = CU_add_suite("settle", NULL, NULL);

	CU_add_test(s, "a change is read when it is quiet",
		    a_change_is_read_when_it_is_quiet);
	CU_add_test(s, "without rumours it is found by looking",
		    without_rumours_it_is_found_by_looking);
	CU_add_test(s, "who goes on writing is waited for, but not for ever",
		    who_goes_on_writing_is_waited_for_but_not_for_ever);
	CU_add_test(s, "what is bad is tried less and less often",
		    what_is_bad_is_tried_less_and_less_often);
	CU_add_test(s, "a change of what is bad begins anew",
		    a_change_of_what_is_bad_begins_anew);
	CU_add_test(s, "a change while reading is not lost",
		    a_change_while_reading_is_not_lost);
	CU_add_test(s, "who gives up waits for a change",
		    who_gives_up_waits_for_a_change);
	CU_add_test(s, "looks take a small part of the time",
		    looks_take_a_small_part_of_the_time);
	CU_add_test(s, "never is never", never_is_never);
}
