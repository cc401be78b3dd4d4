/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_handshakes.c - who may shake hands, and whose turn it is.
 */
#include "session/ledger.h"
#include "session/turns.h"

#include <CUnit/CUnit.h>

#include <stddef.h>

void suite_handshakes(void);

enum { CLIENTS = 64 };

static const unsigned char key[HASH_KEY] = "0123456789abcde";

/* A gate with some clients, each in a seat. */
static struct hall {
	struct ledger *ledger;
	struct ledger_home home;
	struct ledger_limits limits;
	struct ledger_seat seats[CLIENTS];
	size_t count;
	unsigned woken;
	uint64_t now, again;
} hall;

static void
count_wake(void *arg)
{
	(void)arg;
	hall.woken++;
}

static void
open_hall(uint64_t handshakes, uint64_t per_address)
{
	hall = (struct hall){
	    .ledger = ledger_new(key),
	    .home = {.wake = count_wake},
	    .limits = {CLIENTS, CLIENTS, CLIENTS, handshakes, per_address},
	    .now = 5000};
	CU_ASSERT_PTR_NOT_NULL_FATAL(hall.ledger);
}

static enum ledger_verdict
ask(struct ledger_seat *seat)
{
	return ledger_shake(hall.ledger, seat, hall.now, &hall.again);
}

/* Client number n of that network comes and wants to shake hands. */
static enum ledger_verdict
come(const char *from)
{
	struct ledger_seat *seat = &hall.seats[hall.count++];
	struct address a;

	CU_ASSERT_EQUAL_FATAL(address_parse(slice_str(from), &a), ERR_OK);
	CU_ASSERT_EQUAL(ledger_enter(hall.ledger, seat, &hall.home, &a,
				     &hall.limits, hall.now),
			LEDGER_ADMITTED);
	return ask(seat);
}

/* The next of whom there are news; -1: none. */
static int
news(enum ledger_verdict *why)
{
	struct ledger_seat *seat = ledger_news(hall.ledger, &hall.home, why);

	return seat ? (int)(seat - hall.seats) : -1;
}

/* Is client n, and nobody else, called to go on? */
static bool
called(int n)
{
	enum ledger_verdict why = LEDGER_NOMEM;
	int first = news(&why);

	return first == n && why == LEDGER_ADMITTED &&
	       ask(&hall.seats[n]) == LEDGER_ADMITTED && news(&why) < 0;
}

static uint64_t
going(void)
{
	struct ledger_counts c;

	ledger_count(hall.ledger, &c);
	return c.handshakes;
}

static void
close_hall(void)
{
	for (size_t i = 0; i < hall.count; i++)
		ledger_leave(hall.ledger, &hall.seats[i], hall.now);
	CU_ASSERT_EQUAL(going(), 0);
	ledger_free(hall.ledger);
}

static void
who_finds_no_place_waits_for_one(void)
{
	open_hall(2, 9);
	CU_ASSERT_EQUAL(come("192.0.2.1"), LEDGER_ADMITTED);
	CU_ASSERT_EQUAL(come("192.0.2.2"), LEDGER_ADMITTED);
	CU_ASSERT_EQUAL(come("192.0.2.3"), LEDGER_HANDSHAKES);
	CU_ASSERT_EQUAL(come("192.0.2.4"), LEDGER_HANDSHAKES);
	CU_ASSERT_EQUAL(hall.woken, 0);
	ledger_shook(hall.ledger, &hall.seats[1], hall.now);
	ledger_shook(hall.ledger, &hall.seats[1], hall.now);
	CU_ASSERT_EQUAL(hall.woken, 1);
	CU_ASSERT_TRUE(called(2));
	CU_ASSERT_EQUAL(going(), 2);
	/* Whoever leaves gives the place on as well. */
	ledger_leave(hall.ledger, &hall.seats[0], hall.now);
	CU_ASSERT_TRUE(called(3));
	close_hall();
}

static void
a_network_has_a_limit_of_its_own(void)
{
	open_hall(9, 2);
	CU_ASSERT_EQUAL(come("2001:db8::1"), LEDGER_ADMITTED);
	CU_ASSERT_EQUAL(come("2001:db8::2"), LEDGER_ADMITTED);
	CU_ASSERT_EQUAL(come("2001:db8::3"), LEDGER_HANDSHAKES_ADDRESS);
	CU_ASSERT_EQUAL(come("2001:db8:0:1::3"), LEDGER_ADMITTED);
	CU_ASSERT_EQUAL(come("192.0.2.1"), LEDGER_ADMITTED);
	ledger_shook(hall.ledger, &hall.seats[4], hall.now);
	CU_ASSERT_EQUAL(hall.woken, 0);
	ledger_shook(hall.ledger, &hall.seats[0], hall.now);
	CU_ASSERT_TRUE(called(2));
	close_hall();
}

/* However many of one network wait, another one waits for one of them only. */
static void
free_places_go_round_the_networks(void)
{
	open_hall(1, 9);
	CU_ASSERT_EQUAL(come("192.0.2.1"), LEDGER_ADMITTED);
	for (int i = 0; i < 20; i++)
		CU_ASSERT_EQUAL(come("192.0.2.1"), LEDGER_HANDSHAKES);
	CU_ASSERT_EQUAL(come("192.0.2.2"), LEDGER_HANDSHAKES);
	CU_ASSERT_EQUAL(come("192.0.2.3"), LEDGER_HANDSHAKES);
	ledger_shook(hall.ledger, &hall.seats[0], hall.now);
	CU_ASSERT_TRUE(called(1));
	ledger_shook(hall.ledger, &hall.seats[1], hall.now);
	CU_ASSERT_TRUE(called(21));
	ledger_shook(hall.ledger, &hall.seats[21], hall.now);
	CU_ASSERT_TRUE(called(22));
	ledger_shook(hall.ledger, &hall.seats[22], hall.now);
	CU_ASSERT_TRUE(called(2));
	close_hall();
}

/* Who is at work is left alone; who has stalled makes room. */
static void
the_oldest_stalled_of_who_holds_most_makes_room(void)
{
	enum ledger_verdict why = LEDGER_ADMITTED;

	open_hall(4, 3);
	CU_ASSERT_EQUAL(come("192.0.2.1"), LEDGER_ADMITTED);
	hall.now += 10;
	for (int i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(come("192.0.2.9"), LEDGER_ADMITTED);
	CU_ASSERT_EQUAL(come("192.0.2.2"), LEDGER_HANDSHAKES);
	CU_ASSERT_EQUAL(hall.again, hall.now + LEDGER_STALLED_MS);
	hall.now = hall.again - 1;
	CU_ASSERT_EQUAL(ask(&hall.seats[4]), LEDGER_HANDSHAKES);
	hall.now++;
	CU_ASSERT_EQUAL(ask(&hall.seats[4]), LEDGER_ADMITTED);
	CU_ASSERT_EQUAL(news(&why), 1);
	CU_ASSERT_EQUAL(why, LEDGER_HANDSHAKES);
	CU_ASSERT_EQUAL(news(&why), -1);
	CU_ASSERT_FALSE(ledger_authenticated(hall.ledger, &hall.seats[1]));
	CU_ASSERT_NOT_EQUAL(ask(&hall.seats[1]), LEDGER_ADMITTED);
	CU_ASSERT_EQUAL(going(), 4);
	close_hall();
}

/* A client that waits for its turn has not stalled, however slow we are. */
static void
who_waits_for_us_is_left_alone(void)
{
	enum ledger_verdict why = LEDGER_ADMITTED;

	open_hall(1, 1);
	CU_ASSERT_EQUAL(come("192.0.2.1"), LEDGER_ADMITTED);
	ledger_await(&hall.seats[0], LEDGER_OURS);
	CU_ASSERT_EQUAL(come("192.0.2.2"), LEDGER_HANDSHAKES);
	for (int i = 0; i < 10; i++) {
		CU_ASSERT_EQUAL(hall.again, hall.now + LEDGER_STALLED_MS);
		hall.now = hall.again;
		CU_ASSERT_EQUAL(ask(&hall.seats[1]), LEDGER_HANDSHAKES);
	}
	ledger_await(&hall.seats[0], hall.now);
	hall.now = hall.again;
	CU_ASSERT_EQUAL(ask(&hall.seats[1]), LEDGER_ADMITTED);
	CU_ASSERT_EQUAL(news(&why), 0);
	close_hall();
}

/* A byte now and then, in a record of its own, is no progress. */
static void
who_drips_has_stalled(void)
{
	enum ledger_verdict why = LEDGER_ADMITTED;
	uint64_t begin;

	open_hall(1, 1);
	CU_ASSERT_EQUAL(come("192.0.2.1"), LEDGER_ADMITTED);
	CU_ASSERT_EQUAL(come("192.0.2.2"), LEDGER_HANDSHAKES);
	begin = hall.now;
	while (ask(&hall.seats[1]) != LEDGER_ADMITTED &&
	       hall.now < begin + 60000) {
		hall.now += LEDGER_STALLED_MS - 1;
		ledger_await(&hall.seats[0], LEDGER_OURS);
		ledger_await(&hall.seats[0], hall.now);
	}
	CU_ASSERT_TRUE(hall.now <=
		       begin + (LEDGER_MOVES + 1) * LEDGER_STALLED_MS);
	CU_ASSERT_TRUE(hall.now >= begin + 4 * (LEDGER_STALLED_MS - 1));
	CU_ASSERT_EQUAL(news(&why), 0);
	/* The next handshake in that seat would have its own. */
	ledger_await(&hall.seats[1], hall.now + 500);
	CU_ASSERT_EQUAL(come("192.0.2.3"), LEDGER_HANDSHAKES);
	hall.now += LEDGER_STALLED_MS;
	CU_ASSERT_EQUAL(ask(&hall.seats[2]), LEDGER_HANDSHAKES);
	close_hall();
}

/* One who moves keeps no place for those beside it who have stalled. */
static void
nobody_shields_the_stalled(void)
{
	enum ledger_verdict why = LEDGER_ADMITTED;

	open_hall(3, 3);
	for (int i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(come("192.0.2.1"), LEDGER_ADMITTED);
	CU_ASSERT_EQUAL(come("192.0.2.2"), LEDGER_HANDSHAKES);
	hall.now = hall.again - 1;
	ledger_await(&hall.seats[0], hall.now++);
	CU_ASSERT_EQUAL(ask(&hall.seats[3]), LEDGER_ADMITTED);
	CU_ASSERT_EQUAL(news(&why), 1);
	CU_ASSERT_EQUAL(news(&why), -1);
	close_hall();
}

static void
at_its_own_limit_a_network_makes_room_itself(void)
{
	enum ledger_verdict why = LEDGER_ADMITTED;

	open_hall(9, 2);
	for (int i = 0; i < 2; i++)
		CU_ASSERT_EQUAL(come("192.0.2.1"), LEDGER_ADMITTED);
	hall.now++;
	for (int i = 0; i < 2; i++)
		CU_ASSERT_EQUAL(come("192.0.2.9"), LEDGER_ADMITTED);
	CU_ASSERT_EQUAL(come("192.0.2.9"), LEDGER_HANDSHAKES_ADDRESS);
	hall.now = hall.again;
	CU_ASSERT_EQUAL(ask(&hall.seats[4]), LEDGER_ADMITTED);
	CU_ASSERT_EQUAL(news(&why), 2);
	CU_ASSERT_EQUAL(why, LEDGER_HANDSHAKES_ADDRESS);
	close_hall();
}

/* As soon as one of them is at work, a crowd waits for as long as it takes. */
static void
a_crowd_that_moves_loses_nobody(void)
{
	enum ledger_verdict why;

	open_hall(2, 2);
	for (int i = 0; i < CLIENTS; i++)
		(void)come("192.0.2.1");
	for (int i = 0; i < CLIENTS; i++) {
		hall.now += LEDGER_STALLED_MS / 4;
		CU_ASSERT_EQUAL(hall.seats[i].shake, SHAKE_GOING);
		for (int j = i; j < CLIENTS; j++)
			(void)ask(&hall.seats[j]);
		ledger_shook(hall.ledger, &hall.seats[i], hall.now);
		while (news(&why) >= 0)
			CU_ASSERT_EQUAL(why, LEDGER_ADMITTED);
	}
	close_hall();
}

static void
who_leaves_the_line_is_forgotten(void)
{
	open_hall(1, 1);
	CU_ASSERT_EQUAL(come("192.0.2.1"), LEDGER_ADMITTED);
	CU_ASSERT_EQUAL(come("192.0.2.1"), LEDGER_HANDSHAKES_ADDRESS);
	CU_ASSERT_EQUAL(come("192.0.2.1"), LEDGER_HANDSHAKES_ADDRESS);
	CU_ASSERT_EQUAL(come("192.0.2.2"), LEDGER_HANDSHAKES);
	ledger_leave(hall.ledger, &hall.seats[1], hall.now);
	ledger_shook(hall.ledger, &hall.seats[3], hall.now);
	ledger_shook(hall.ledger, &hall.seats[0], hall.now);
	CU_ASSERT_TRUE(called(2));
	/* Called, and gone before its worker looks. */
	CU_ASSERT_EQUAL(come("192.0.2.3"), LEDGER_HANDSHAKES);
	ledger_shook(hall.ledger, &hall.seats[2], hall.now);
	ledger_leave(hall.ledger, &hall.seats[4], hall.now);
	CU_ASSERT_EQUAL(going(), 0);
	close_hall();
}

static void
a_raised_limit_is_seen_by_who_waits(void)
{
	open_hall(1, 1);
	CU_ASSERT_EQUAL(come("192.0.2.1"), LEDGER_ADMITTED);
	CU_ASSERT_EQUAL(come("192.0.2.1"), LEDGER_HANDSHAKES_ADDRESS);
	hall.limits.handshakes = hall.limits.handshakes_per_address = 3;
	CU_ASSERT_EQUAL(come("192.0.2.2"), LEDGER_ADMITTED);
	CU_ASSERT_EQUAL(ask(&hall.seats[1]), LEDGER_ADMITTED);
	close_hall();
}

static void
turns_are_few_and_in_order(void)
{
	struct turns t = {0};
	struct turn crowd[40] = {{0}};
	size_t next = 0;

	for (size_t i = 0; i < 40; i++)
		CU_ASSERT_FALSE(turns_ask(&t, &crowd[i]));
	CU_ASSERT_PTR_NULL(turns_next(&t));
	turns_leave(&t, &crowd[7]);
	turns_leave(&t, &crowd[7]);
	while (turns_waited_for(&t)) {
		unsigned taken = 0;
		struct turn *one;

		turns_begin(&t);
		for (; (one = turns_next(&t)); taken++, next++) {
			next += next == 7;
			CU_ASSERT_PTR_EQUAL(one, &crowd[next]);
			CU_ASSERT_TRUE(turns_ask(&t, one));
		}
		CU_ASSERT_TRUE(taken <= TURNS_MOST);
		/* Who comes while others wait stands behind them. */
		if (next < 30)
			CU_ASSERT_FALSE(turns_ask(&t, &crowd[next - 1]));
		turns_leave(&t, &crowd[next - 1]);
	}
	CU_ASSERT_EQUAL(next, 40);
}

static void
what_is_left_of_the_turns_is_for_who_comes(void)
{
	struct turns t = {0};
	struct turn crowd[TURNS_MOST + 1] = {{0}};

	turns_begin(&t);
	for (size_t i = 0; i < TURNS_MOST; i++)
		CU_ASSERT_TRUE(turns_ask(&t, &crowd[i]));
	CU_ASSERT_FALSE(turns_ask(&t, &crowd[TURNS_MOST]));
	CU_ASSERT_PTR_NULL(turns_next(&t));
	turns_begin(&t);
	CU_ASSERT_PTR_EQUAL(turns_next(&t), &crowd[TURNS_MOST]);
	CU_ASSERT_FALSE(turns_waited_for(&t));
}

void
suite_handshakes(void)
{
	CU_pSuite s = CU_add_suite("handshakes", NULL, NULL);

	CU_add_test(s, "who finds no place waits for one",
		    who_finds_no_place_waits_for_one);
	CU_add_test(s, "a network has a limit of its own",
		    a_network_has_a_limit_of_its_own);
	CU_add_test(s, "free places go round the networks",
		    free_places_go_round_the_networks);
	CU_add_test(s, "the oldest stalled of who holds most makes room",
		    the_oldest_stalled_of_who_holds_most_makes_room);
	CU_add_test(s, "who waits for us is left alone",
		    who_waits_for_us_is_left_alone);
	CU_add_test(s, "who drips has stalled", who_drips_has_stalled);
	CU_add_test(s, "nobody shields the stalled",
		    nobody_shields_the_stalled);
	CU_add_test(s, "at its own limit a network makes room itself",
		    at_its_own_limit_a_network_makes_room_itself);
	CU_add_test(s, "a crowd that moves loses nobody",
		    a_crowd_that_moves_loses_nobody);
	CU_add_test(s, "who leaves the line is forgotten",
		    who_leaves_the_line_is_forgotten);
	CU_add_test(s, "a raised limit is seen by who waits",
		    a_raised_limit_is_seen_by_who_waits);
	CU_add_test(s, "turns are few and in order",
		    turns_are_few_and_in_order);
	CU_add_test(s, "what is left of the turns is for who comes",
		    what_is_left_of_the_turns_is_for_who_comes);
}
