/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/pool.h"

#include "unit/input.h"

static void
test_sizes(void)
{
	static const struct {
		const char *shows;
		size_t want, cap;
	} rows[] = {
	    {"nothing is the least", 0, POOL_MIN},
	    {"one byte", 1, POOL_MIN},
	    {"the least", POOL_MIN, POOL_MIN},
	    {"one more", POOL_MIN + 1, 2 * POOL_MIN},
	    {"in between", 5000, 8192},
	    {"a power of two", 65536, 65536},
	    {"the most", POOL_MAX, POOL_MAX},
	    {"more than half of the most", POOL_MAX / 2 + 1, POOL_MAX},
	    {"more than the most", POOL_MAX + 1, 0},
	    {"all memory there is", SIZE_MAX, 0},
	};
	struct pool *p = pool_new();

	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t cap = 0;
		unsigned char *mem = pool_get(p, rows[i].want, &cap);

		SHOWS(rows[i].shows, cap == rows[i].cap);
		SHOWS(rows[i].shows, (mem != NULL) == (cap > 0));
		SHOWS(rows[i].shows, pool_lent(p) == cap);
		if (mem)
			memset(mem, 0xff, cap);
		pool_put(p, mem, cap);
		SHOWS(rows[i].shows, pool_lent(p) == 0);
	}
	pool_free(p);
}

static bool
wiped(const unsigned char *mem, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		if (mem[i] != 0)
			return false;
	return true;
}

/* All but the bytes that linked the free block to others. */
static void
test_wiped(void)
{
	struct pool *p = pool_new();
	size_t cap;
	unsigned char *mem = pool_get(p, 4096, &cap), *again;

	memset(mem, 's', cap);
	pool_put(p, mem, cap);
	again = pool_get(p, 4000, &cap);
	CU_ASSERT_PTR_EQUAL(again, mem);
	CU_ASSERT_TRUE(wiped(again, sizeof(void *), cap));
	pool_put(p, again, cap);
	pool_free(p);
}

static void
test_many(void)
{
	struct pool *p = pool_new();
	unsigned char *blocks[600];
	size_t cap;

	for (size_t i = 0; i < COUNT(blocks); i++) {
		blocks[i] = pool_get(p, 1024, &cap);
		memset(blocks[i], (int)(i & 0xff), cap);
	}
	CU_ASSERT_EQUAL(pool_lent(p), COUNT(blocks) * POOL_MIN);
	for (size_t i = 0; i < COUNT(blocks); i++) {
		CU_ASSERT_EQUAL(blocks[i][cap - 1], i & 0xff);
		pool_put(p, blocks[i], cap);
	}
	CU_ASSERT_EQUAL(pool_lent(p), 0);
	for (size_t i = 0; i < COUNT(blocks); i++)
		blocks[i] = pool_get(p, 1024, &cap);
	CU_ASSERT_EQUAL(pool_lent(p), COUNT(blocks) * POOL_MIN);
	for (size_t i = 0; i < COUNT(blocks); i++)
		pool_put(p, blocks[i], cap);
	pool_free(p);
}

static void
test_null(void)
{
	struct pool *p = pool_new();

	pool_put(p, NULL, 0);
	pool_put(p, NULL, SIZE_MAX);
	CU_ASSERT_EQUAL(pool_lent(p), 0);
	pool_free(p);
	pool_free(NULL);
}

void
suite_pool(void)
{
	CU_pSuite s = CU_add_suite("pool", NULL, NULL);

	CU_add_test(s, "blocks come in powers of two", test_sizes);
	CU_add_test(s, "a block comes back wiped", test_wiped);
	CU_add_test(s, "what is too much to keep goes back", test_many);
	CU_add_test(s, "NULL is fine", test_null);
}
