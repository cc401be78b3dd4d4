/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/wheel.h"

#include <CUnit/CUnit.h>

#include <stdbool.h>
#include <stdlib.h>

/* Runs the wheel as the worker does and says when n fired; 0: never. */
static uint64_t
fires_at(struct wheel *w, const struct wheel_node *n, uint64_t from,
	 uint64_t until)
{
	for (uint64_t now = from; now <= until; now = wheel_next(w)) {
		for (struct wheel_node *e; (e = wheel_expire(w, now));)
			if (e == n)
				return now;
		if (wheel_next(w) == WHEEL_NEVER)
			break;
	}
	return 0;
}

static void
test_due(void)
{
	static const struct {
		const char *shows;
		uint64_t now, due, fires;
	} rows[] = {
	    {"on a tick", 1000, 1500, 1500},
	    {"between two ticks: at the later one", 1000, 1501, 1600},
	    {"in the past: at the next tick", 1000, 10, 1100},
	    {"now: at the next tick", 1000, 1000, 1100},
	    {"the last slot of the first turn", 0, 51100, 51100},
	    {"more than one turn away", 0, 51200, 51200},
	    {"half an hour", 123456, 123456 + 1800000, 1923500},
	    {"four weeks", 7, 7 + UINT64_C(2419200000), UINT64_C(2419200100)},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct wheel w;
		struct wheel_node n;

		wheel_init(&w, rows[i].now);
		wheel_node_init(&n);
		wheel_set(&w, &n, rows[i].due, rows[i].now);
		CU_ASSERT_EQUAL(fires_at(&w, &n, rows[i].now, WHEEL_NEVER - 1),
				rows[i].fires);
		CU_ASSERT_EQUAL(w.count, 0);
	}
}

static void
test_later_is_free(void)
{
	struct wheel w;
	struct wheel_node n;
	struct wheel_node **link;

	wheel_init(&w, 0);
	wheel_node_init(&n);
	wheel_set(&w, &n, 1000, 0);
	link = n.link;
	wheel_set(&w, &n, 1800000, 0);
	CU_ASSERT_PTR_EQUAL(n.link, link);
	CU_ASSERT_EQUAL(n.tick, 10);
	CU_ASSERT_EQUAL(wheel_next(&w), 1000);
	CU_ASSERT_EQUAL(fires_at(&w, &n, 0, 9999999), 1800000);
}

static void
test_earlier_moves(void)
{
	struct wheel w;
	struct wheel_node n;

	wheel_init(&w, 0);
	wheel_node_init(&n);
	wheel_set(&w, &n, 1800000, 0);
	wheel_set(&w, &n, 300, 0);
	CU_ASSERT_EQUAL(fires_at(&w, &n, 0, 9999999), 300);
}

static void
test_never(void)
{
	struct wheel w;
	struct wheel_node n;

	wheel_init(&w, 0);
	wheel_node_init(&n);
	wheel_set(&w, &n, 500, 0);
	wheel_set(&w, &n, WHEEL_NEVER, 0);
	CU_ASSERT_EQUAL(fires_at(&w, &n, 0, 9999999), 0);
	CU_ASSERT_EQUAL(w.count, 0);
	wheel_set(&w, &n, 600, 500);
	wheel_remove(&w, &n);
	wheel_remove(&w, &n);
	CU_ASSERT_EQUAL(wheel_next(&w), WHEEL_NEVER);
}

/* A handler that asks for "at once" again and again must not hold the loop. */
static void
test_at_once_again(void)
{
	struct wheel w;
	struct wheel_node n;
	unsigned fired = 0;

	wheel_init(&w, 0);
	wheel_node_init(&n);
	wheel_set(&w, &n, 100, 0);
	while (wheel_expire(&w, 5000)) {
		fired++;
		wheel_set(&w, &n, 0, 5000);
		CU_ASSERT_FATAL(fired < 3);
	}
	CU_ASSERT_EQUAL(fired, 1);
	CU_ASSERT_EQUAL(wheel_next(&w), 5100);
	wheel_remove(&w, &n);
}

/* The machine slept for a day. */
static void
test_long_pause(void)
{
	struct wheel w;
	struct wheel_node soon, late;

	wheel_init(&w, 0);
	wheel_node_init(&soon);
	wheel_node_init(&late);
	wheel_set(&w, &soon, 200, 0);
	wheel_set(&w, &late, 86400000 + 5000, 0);
	CU_ASSERT_PTR_EQUAL(wheel_expire(&w, 86400000), &soon);
	CU_ASSERT_PTR_NULL(wheel_expire(&w, 86400000));
	CU_ASSERT_EQUAL(fires_at(&w, &late, 86400000, WHEEL_NEVER - 1),
			86405000);
}

/* An empty wheel that nobody turned for an hour sorts newcomers in rightly. */
static void
test_idle_wheel(void)
{
	struct wheel w;
	struct wheel_node n;

	wheel_init(&w, 0);
	wheel_node_init(&n);
	wheel_set(&w, &n, 3600000 + 250, 3600000);
	CU_ASSERT_EQUAL(wheel_next(&w), 3600300);
	CU_ASSERT_EQUAL(fires_at(&w, &n, 3600000, 9999999), 3600300);
}

/* Against a plain model: never early, at most one tick late, none forgotten. */
static void
test_many(void)
{
	enum { NODES = 500 };
	struct wheel w;
	static struct wheel_node nodes[NODES];
	uint64_t now = 12345;
	unsigned fired = 0, random = 1;

	wheel_init(&w, now);
	for (size_t i = 0; i < NODES; i++)
		wheel_node_init(&nodes[i]);
	for (unsigned turn = 0; turn < 20000; turn++) {
		struct wheel_node *n;

		random = random * 1103515245 + 12345;
		n = &nodes[random / 65536 % NODES];
		wheel_set(&w, n, now + random / 512 % 40000, now);
		if (random / 131072 % 16 == 0)
			wheel_remove(&w, n);
		now += random / 1024 % 40;
		while ((n = wheel_expire(&w, now))) {
			CU_ASSERT(n->due <= now);
			CU_ASSERT(now < n->due + WHEEL_TICK_MS + 100);
			fired++;
		}
		for (size_t i = 0; turn % 64 == 0 && i < NODES; i++)
			CU_ASSERT(!nodes[i].link || nodes[i].due > now ||
				  now - nodes[i].due < WHEEL_TICK_MS);
	}
	CU_ASSERT(fired > 1000);
	for (size_t i = 0; i < NODES; i++)
		wheel_remove(&w, &nodes[i]);
	CU_ASSERT_EQUAL(w.count, 0);
}

void
suite_wheel(void)
{
	CU_pSuite s = CU_add_suite("wheel", NULL, NULL);

	CU_add_test(s, "no deadline fires early or a tick late", test_due);
	CU_add_test(s, "a later deadline costs no list operation",
		    test_later_is_free);
	CU_add_test(s, "an earlier deadline moves", test_earlier_moves);
	CU_add_test(s, "a deadline taken back never fires", test_never);
	CU_add_test(s, "a handler cannot hold the loop", test_at_once_again);
	CU_add_test(s, "a long pause loses nothing", test_long_pause);
	CU_add_test(s, "an idle wheel keeps up with time", test_idle_wheel);
	CU_add_test(s, "many nodes against a plain model", test_many);
}
