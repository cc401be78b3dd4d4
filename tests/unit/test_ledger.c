/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "session/ledger.h"

#include <CUnit/CUnit.h>

#include <pthread.h>
#include <stdio.h>

static const unsigned char key[HASH_KEY] = "0123456789abcde";

static struct address
address(const char *text)
{
	struct address a = {{0}};

	CU_ASSERT_EQUAL_FATAL(address_parse(slice_str(text), &a), ERR_OK);
	return a;
}

static void
count_wake(void *arg)
{
	++*(unsigned *)arg;
}

static enum ledger_verdict
enter(struct ledger *l, struct ledger_seat *seat, struct ledger_home *home,
      const char *from, const struct ledger_limits *limits)
{
	struct address a = address(from);

	return ledger_enter(l, seat, home, &a, limits, 0);
}

/* Who has to go; NULL: nobody. */
static struct ledger_seat *
put_out(struct ledger *l, struct ledger_home *home)
{
	enum ledger_verdict why = LEDGER_STRANGERS;
	struct ledger_seat *seat = ledger_news(l, home, &why);

	CU_ASSERT_EQUAL(why, LEDGER_STRANGERS);
	return seat;
}

static void
check(struct ledger *l, uint64_t connections, uint64_t unauthenticated,
      uint64_t addresses)
{
	struct ledger_counts c;

	ledger_count(l, &c);
	CU_ASSERT_EQUAL(c.connections, connections);
	CU_ASSERT_EQUAL(c.unauthenticated, unauthenticated);
	CU_ASSERT_EQUAL(c.addresses, addresses);
}

static void
test_counts(void)
{
	const struct ledger_limits limits = {100, 100, 100, 9, 9};
	struct ledger *l = ledger_new(key);
	struct ledger_home home = {.wake = count_wake};
	struct ledger_seat a, b, never = {0};

	CU_ASSERT_EQUAL(enter(l, &a, &home, "192.0.2.1", &limits),
			LEDGER_ADMITTED);
	CU_ASSERT_EQUAL(enter(l, &b, &home, "::ffff:192.0.2.1", &limits),
			LEDGER_ADMITTED);
	check(l, 2, 2, 1);
	CU_ASSERT_TRUE(ledger_authenticated(l, &a));
	CU_ASSERT_TRUE(ledger_authenticated(l, &a));
	check(l, 2, 1, 1);
	ledger_leave(l, &a, 0);
	ledger_leave(l, &a, 0);
	ledger_leave(l, &never, 0);
	check(l, 1, 1, 1);
	ledger_leave(l, &b, 0);
	check(l, 0, 0, 0);
	ledger_free(l);
}

static void
test_limits(void)
{
	static const struct {
		const char *shows;
		struct ledger_limits limits;
		const char *from[3];
		enum ledger_verdict third;
	} rows[] = {
	    {"the total",
	     {2, 9, 9, 9, 9},
	     {"192.0.2.1", "192.0.2.2", "192.0.2.3"},
	     LEDGER_FULL},
	    {"per address",
	     {9, 2, 9, 9, 9},
	     {"192.0.2.1", "192.0.2.1", "192.0.2.1"},
	     LEDGER_ADDRESS},
	    {"another address is another one",
	     {9, 2, 9, 9, 9},
	     {"192.0.2.1", "192.0.2.1", "192.0.2.2"},
	     LEDGER_ADMITTED},
	    {"IPv6 counts by the /64",
	     {9, 2, 9, 9, 9},
	     {"2001:db8::1", "2001:db8::2", "2001:db8::ffff:1"},
	     LEDGER_ADDRESS},
	    {"the next /64 is another one",
	     {9, 2, 9, 9, 9},
	     {"2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"},
	     LEDGER_ADMITTED},
	    {"IPv4 does not count as one /64",
	     {9, 1, 9, 9, 9},
	     {"192.0.2.1", "192.0.2.2", "192.0.2.3"},
	     LEDGER_ADMITTED},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct ledger *l = ledger_new(key);
		struct ledger_home home = {.wake = count_wake};
		struct ledger_seat seats[3];
		bool in = rows[i].third == LEDGER_ADMITTED;

		for (size_t j = 0; j < 3; j++)
			CU_ASSERT_EQUAL(enter(l, &seats[j], &home,
					      rows[i].from[j], &rows[i].limits),
					j < 2 ? LEDGER_ADMITTED
					      : rows[i].third);
		CU_ASSERT_EQUAL(seats[2].place,
				in ? LEDGER_STRANGER : LEDGER_OUT);
		for (size_t j = 0; j < 3; j++)
			ledger_leave(l, &seats[j], 0);
		check(l, 0, 0, 0);
		ledger_free(l);
	}
}

/* Who is refused leaves no trace: the table cannot be filled from outside. */
static void
test_refused_is_forgotten(void)
{
	const struct ledger_limits limits = {1, 1, 1, 9, 9};
	struct ledger *l = ledger_new(key);
	struct ledger_home home = {.wake = count_wake};
	struct ledger_seat in, out;

	CU_ASSERT_EQUAL(enter(l, &in, &home, "192.0.2.1", &limits),
			LEDGER_ADMITTED);
	CU_ASSERT_EQUAL(enter(l, &out, &home, "192.0.2.2", &limits),
			LEDGER_FULL);
	check(l, 1, 1, 1);
	ledger_leave(l, &out, 0);
	ledger_leave(l, &in, 0);
	ledger_free(l);
}

static void
test_oldest_of_most_goes(void)
{
	const struct ledger_limits limits = {100, 100, 4, 9, 9};
	static const char *const from[] = {
	    "192.0.2.1", "192.0.2.9", "192.0.2.9", "192.0.2.9", "192.0.2.2"};
	struct ledger *l = ledger_new(key);
	unsigned woken = 0;
	struct ledger_home home = {.wake = count_wake, .arg = &woken};
	struct ledger_seat seats[5];

	for (size_t i = 0; i < 5; i++)
		CU_ASSERT_EQUAL(enter(l, &seats[i], &home, from[i], &limits),
				LEDGER_ADMITTED);
	CU_ASSERT_EQUAL(woken, 1);
	check(l, 5, 4, 3);
	CU_ASSERT_FALSE(ledger_authenticated(l, &seats[1]));
	CU_ASSERT_PTR_EQUAL(put_out(l, &home), &seats[1]);
	CU_ASSERT_PTR_NULL(put_out(l, &home));
	for (size_t i = 0; i < 5; i++)
		ledger_leave(l, &seats[i], 0);
	check(l, 0, 0, 0);
	ledger_free(l);
}

/* Logged in is safe, whoever floods. */
static void
test_authenticated_stays(void)
{
	const struct ledger_limits limits = {100, 100, 1, 9, 9};
	struct ledger *l = ledger_new(key);
	unsigned woken = 0;
	struct ledger_home home = {.wake = count_wake, .arg = &woken};
	struct ledger_seat user, bot, newcomer;

	(void)enter(l, &user, &home, "192.0.2.1", &limits);
	CU_ASSERT_TRUE(ledger_authenticated(l, &user));
	(void)enter(l, &bot, &home, "192.0.2.1", &limits);
	CU_ASSERT_EQUAL(woken, 0);
	(void)enter(l, &newcomer, &home, "192.0.2.2", &limits);
	CU_ASSERT_PTR_EQUAL(put_out(l, &home), &bot);
	ledger_leave(l, &bot, 0);
	/* The newcomer has to go, but leaves before its worker looks. */
	(void)enter(l, &bot, &home, "192.0.2.3", &limits);
	ledger_leave(l, &newcomer, 0);
	CU_ASSERT_PTR_NULL(put_out(l, &home));
	ledger_leave(l, &user, 0);
	ledger_leave(l, &bot, 0);
	ledger_free(l);
}

/* More than the levels tell apart. */
static void
test_big_holder(void)
{
	enum { MANY = 200 };
	const struct ledger_limits limits = {1000, 1000, MANY, 9, 9};
	struct ledger *l = ledger_new(key);
	struct ledger_home home = {.wake = count_wake, .arg = &(unsigned){0}};
	static struct ledger_seat seats[MANY], others[MANY];

	for (size_t i = 0; i < MANY; i++)
		(void)enter(l, &seats[i], &home, "192.0.2.9", &limits);
	for (size_t i = 0; i < MANY / 2; i++) {
		char text[32];

		(void)snprintf(text, sizeof text, "198.51.100.%zu", i);
		(void)enter(l, &others[i], &home, text, &limits);
		CU_ASSERT_PTR_EQUAL(put_out(l, &home), &seats[i]);
	}
	check(l, MANY + MANY / 2, MANY, MANY / 2 + 1);
	for (size_t i = 0; i < MANY; i++) {
		ledger_leave(l, &seats[i], 0);
		ledger_leave(l, &others[i], 0);
	}
	check(l, 0, 0, 0);
	ledger_free(l);
}

struct crowd {
	struct ledger *ledger;
	unsigned seed;
};

/* A worker's life; put out are found by the next look. */
static void *
come_and_go(void *arg)
{
	const struct ledger_limits limits = {60, 40, 20, 9, 9};
	struct crowd *c = arg;
	unsigned woken = 0, random = c->seed;
	struct ledger_home home = {.wake = count_wake, .arg = &woken};
	struct ledger_seat seats[32] = {{0}}, *out;
	bool in[32] = {false}; /* place is for the ledger to read */
	enum ledger_verdict why;
	uint64_t again;

	for (unsigned i = 0; i < 20000; i++) {
		struct ledger_seat *s;
		size_t at;
		struct address a = {{[10] = 0xff, [11] = 0xff, [12] = 10}};

		random = random * 1103515245 + 12345;
		at = random / 65536 % 32;
		s = &seats[at];
		a.octets[15] = (unsigned char)(random / 8192 % 5);
		if (!in[at]) {
			in[at] = ledger_enter(c->ledger, s, &home, &a, &limits,
					      i) == LEDGER_ADMITTED;
		} else if (random / 32768 % 3 == 1) {
			(void)ledger_shake(c->ledger, s, i, &again);
		} else if (random / 32768 % 7 == 1) {
			ledger_shook(c->ledger, s, i);
		} else if (random / 32768 % 3 == 0) {
			(void)ledger_authenticated(c->ledger, s);
		} else {
			ledger_leave(c->ledger, s, 0);
			in[at] = false;
		}
		while ((out = ledger_news(c->ledger, &home, &why))) {
			if (why == LEDGER_ADMITTED)
				continue;
			ledger_leave(c->ledger, out, i);
			in[out - seats] = false;
		}
	}
	for (size_t i = 0; i < 32; i++)
		ledger_leave(c->ledger, &seats[i], 0);
	return NULL;
}

static void
test_threads(void)
{
	struct ledger *l = ledger_new(key);
	struct crowd crowds[4];
	pthread_t threads[4];

	for (unsigned i = 0; i < 4; i++) {
		crowds[i] = (struct crowd){l, i};
		CU_ASSERT_EQUAL_FATAL(
		    pthread_create(&threads[i], NULL, come_and_go, &crowds[i]),
		    0);
	}
	for (unsigned i = 0; i < 4; i++)
		(void)pthread_join(threads[i], NULL);
	check(l, 0, 0, 0);
	ledger_free(l);
}

void
suite_ledger(void)
{
	CU_pSuite s = CU_add_suite("ledger", NULL, NULL);

	CU_add_test(s, "who comes and goes is counted", test_counts);
	CU_add_test(s, "each limit holds", test_limits);
	CU_add_test(s, "who is refused leaves no trace",
		    test_refused_is_forgotten);
	CU_add_test(s, "the oldest of who holds most makes room",
		    test_oldest_of_most_goes);
	CU_add_test(s, "who has logged in stays", test_authenticated_stays);
	CU_add_test(s, "a holder of very many is found", test_big_holder);
	CU_add_test(s, "workers may come and go at once", test_threads);
}
