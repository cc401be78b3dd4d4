/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "session/shares.h"

#include "unit/input.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

void suite_shares(void);

static struct share *
enter(const char *user, uint64_t most)
{
	struct share *s = NULL;

	return share_enter(slice_str(user), most, &s) == ERR_OK ? s : NULL;
}

static void
so_many_and_no_more(void)
{
	struct share *a = enter("bob", 2), *b = enter("BOB", 2), *c, *d;

	CU_ASSERT(a && b);
	CU_ASSERT_PTR_EQUAL(a, b);
	CU_ASSERT_PTR_NULL(enter("Bob", 2));
	c = enter("alice", 2);
	CU_ASSERT_PTR_NOT_NULL(c);
	CU_ASSERT_EQUAL(shares_count().users, 2);
	CU_ASSERT_EQUAL(shares_count().sessions, 3);
	/* Another configuration: nobody is put out, nobody comes in. */
	CU_ASSERT_PTR_NULL(enter("bob", 1));
	d = enter("bob", 3);
	CU_ASSERT_PTR_NOT_NULL(d);
	share_leave(d);
	share_leave(a);
	CU_ASSERT_PTR_NOT_NULL((a = enter("bob", 2)));
	share_leave(a);
	share_leave(b);
	share_leave(c);
	share_leave(NULL);
	CU_ASSERT_EQUAL(shares_count().users, 0);
	CU_ASSERT_EQUAL(shares_count().sessions, 0);
}

static void
any_name(void)
{
	static char name[600];
	struct share *a, *b, *c;

	memset(name, 'x', sizeof name - 1);
	a = enter(name, 1);
	CU_ASSERT_PTR_NOT_NULL(a);
	name[SHARE_NAME_MAX] = 'y';
	CU_ASSERT_PTR_NULL(enter(name, 1));
	name[0] = 'y';
	b = enter(name, 1);
	c = enter("", 1);
	CU_ASSERT(b && c);
	CU_ASSERT_PTR_NULL(enter("", 1));
	share_leave(a);
	share_leave(b);
	share_leave(c);
}

enum { THREADS = 8, ROUNDS = 5000, MOST = 5 };

static atomic_int inside, most_inside, refused;

static void *
come_and_go(void *arg)
{
	(void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		struct share *s = enter(i % 2 ? "carol" : "CAROL", MOST);
		int n, seen;

		if (!s) {
			atomic_fetch_add(&refused, 1);
			continue;
		}
		n = atomic_fetch_add(&inside, 1) + 1;
		seen = atomic_load(&most_inside);
		while (n > seen &&
		       !atomic_compare_exchange_weak(&most_inside, &seen, n))
			;
		atomic_fetch_sub(&inside, 1);
		share_leave(s);
	}
	return NULL;
}

static void
many_threads(void)
{
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, come_and_go, NULL) != 0)
			abort();
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	CU_ASSERT(atomic_load(&most_inside) <= MOST);
	CU_ASSERT(atomic_load(&most_inside) > 0);
	CU_ASSERT(atomic_load(&refused) < THREADS * ROUNDS);
	CU_ASSERT_EQUAL(shares_count().users, 0);
}

void
suite_shares(void)
{
	CU_pSuite s = CU_add_suite("shares", NULL, NULL);

	CU_add_test(s, "so many and no more", so_many_and_no_more);
	CU_add_test(s, "any name", any_name);
	CU_add_test(s, "many threads", many_threads);
}
