/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/buf.h"

#include "unit/input.h"

/* The three parts: sent already, to be sent, not judged. */
static bool
is(const struct buf *b, struct slice unsent, struct slice uncleared)
{
	return b->sent <= b->cleared && b->cleared <= b->filled &&
	       b->filled <= b->cap && slice_eq(buf_unsent(b), unsent) &&
	       slice_eq(buf_uncleared(b), uncleared);
}

static void
test_zero(void)
{
	struct pool *p = pool_new();
	struct buf b = {0};

	CU_ASSERT_TRUE(buf_empty(&b));
	CU_ASSERT_TRUE(is(&b, SLICE(""), SLICE("")));
	CU_ASSERT_EQUAL(buf_room(&b), 0);
	CU_ASSERT_EQUAL(buf_settle(&b, p), ERR_OK);
	CU_ASSERT_EQUAL(buf_append(&b, p, SLICE("")), ERR_OK);
	CU_ASSERT_PTR_NULL(b.mem);
	buf_drop(&b, p);
	CU_ASSERT_EQUAL(pool_lent(p), 0);
	pool_free(p);
}

static void
test_marks(void)
{
	struct pool *p = pool_new();
	struct buf b = {0};

	CU_ASSERT_EQUAL(buf_append(&b, p, SLICE("abcdef")), ERR_OK);
	CU_ASSERT_TRUE(is(&b, SLICE(""), SLICE("abcdef")));
	buf_skip(&b, 1);
	CU_ASSERT_TRUE(is(&b, SLICE(""), SLICE("bcdef")));
	buf_pass(&b, 3);
	CU_ASSERT_TRUE(is(&b, SLICE("bcd"), SLICE("ef")));
	buf_take(&b, 2);
	CU_ASSERT_TRUE(is(&b, SLICE("d"), SLICE("ef")));
	CU_ASSERT_EQUAL(buf_append(&b, p, SLICE("gh")), ERR_OK);
	CU_ASSERT_TRUE(is(&b, SLICE("d"), SLICE("efgh")));
	buf_take(&b, 1);
	buf_skip(&b, 4);
	CU_ASSERT_TRUE(buf_empty(&b));
	CU_ASSERT_EQUAL(buf_settle(&b, p), ERR_OK);
	CU_ASSERT_PTR_NULL(b.mem);
	CU_ASSERT_EQUAL(pool_lent(p), 0);
	pool_free(p);
}

static void
test_fill(void)
{
	struct pool *p = pool_new();
	struct buf b = {0};

	CU_ASSERT_EQUAL(buf_reserve(&b, p, 3000), ERR_OK);
	CU_ASSERT_TRUE(buf_room(&b) >= 3000);
	memcpy(b.mem + b.filled, "xyz", 3);
	buf_fill(&b, 3);
	CU_ASSERT_TRUE(is(&b, SLICE(""), SLICE("xyz")));
	buf_drop(&b, p);
	CU_ASSERT_PTR_NULL(b.mem);
	CU_ASSERT_EQUAL(pool_lent(p), 0);
	pool_free(p);
}

/* Room is found in front before a bigger block is asked for. */
static void
test_moves_to_front(void)
{
	struct pool *p = pool_new();
	struct buf b = {0};
	char fill[1000];

	memset(fill, 'f', sizeof fill);
	CU_ASSERT_EQUAL(buf_append(&b, p, slice_of(fill, 1000)), ERR_OK);
	CU_ASSERT_EQUAL(buf_append(&b, p, SLICE("abcd")), ERR_OK);
	buf_pass(&b, 1001);
	buf_take(&b, 1000);
	CU_ASSERT_EQUAL(buf_append(&b, p, slice_of(fill, 500)), ERR_OK);
	CU_ASSERT_EQUAL(b.cap, POOL_MIN);
	CU_ASSERT_EQUAL(b.sent, 0);
	CU_ASSERT_TRUE(slice_eq(buf_unsent(&b), SLICE("a")));
	CU_ASSERT_TRUE(slice_istarts(buf_uncleared(&b), SLICE("bcdf")));
	CU_ASSERT_EQUAL(buf_append(&b, p, slice_of(fill, 1000)), ERR_OK);
	CU_ASSERT_EQUAL(b.cap, 2 * POOL_MIN);
	CU_ASSERT_TRUE(slice_eq(buf_unsent(&b), SLICE("a")));
	CU_ASSERT_EQUAL(buf_uncleared(&b).len, 1503);
	CU_ASSERT_EQUAL(pool_lent(p), 2 * POOL_MIN);
	buf_drop(&b, p);
	pool_free(p);
}

static void
test_limit(void)
{
	struct pool *p = pool_new();
	struct buf b = {0};

	CU_ASSERT_EQUAL(buf_append(&b, p, SLICE("abc")), ERR_OK);
	CU_ASSERT_EQUAL(buf_reserve(&b, p, POOL_MAX - 2), ERR_LIMIT);
	CU_ASSERT_EQUAL(buf_reserve(&b, p, SIZE_MAX), ERR_LIMIT);
	CU_ASSERT_TRUE(is(&b, SLICE(""), SLICE("abc")));
	CU_ASSERT_EQUAL(buf_reserve(&b, p, POOL_MAX - 3), ERR_OK);
	CU_ASSERT_TRUE(is(&b, SLICE(""), SLICE("abc")));
	buf_drop(&b, p);
	pool_free(p);
}

static void
test_lent(void)
{
	struct pool *p = pool_new();
	struct buf b = {0};
	unsigned char scratch[64] = "hello";

	buf_lend(&b, scratch, sizeof scratch, 5);
	CU_ASSERT_TRUE(is(&b, SLICE(""), SLICE("hello")));
	CU_ASSERT_EQUAL(buf_append(&b, p, SLICE("!")), ERR_OK);
	CU_ASSERT_PTR_EQUAL(b.mem, scratch);
	buf_skip(&b, 1);
	buf_pass(&b, 2);
	CU_ASSERT_EQUAL(buf_settle(&b, p), ERR_OK);
	CU_ASSERT_PTR_NOT_EQUAL(b.mem, scratch);
	CU_ASSERT_FALSE(b.lent);
	CU_ASSERT_EQUAL(b.sent, 0);
	CU_ASSERT_TRUE(is(&b, SLICE("el"), SLICE("lo!")));
	CU_ASSERT_EQUAL(buf_settle(&b, p), ERR_OK);
	CU_ASSERT_TRUE(is(&b, SLICE("el"), SLICE("lo!")));
	buf_drop(&b, p);
	CU_ASSERT_EQUAL(pool_lent(p), 0);
	pool_free(p);
}

static void
test_lent_empty(void)
{
	struct pool *p = pool_new();
	struct buf b = {0};
	unsigned char scratch[8] = "hello";

	buf_lend(&b, scratch, sizeof scratch, 5);
	buf_skip(&b, 5);
	CU_ASSERT_EQUAL(buf_settle(&b, p), ERR_OK);
	CU_ASSERT_PTR_NULL(b.mem);
	CU_ASSERT_EQUAL(pool_lent(p), 0);
	buf_lend(&b, scratch, sizeof scratch, 5);
	CU_ASSERT_EQUAL(buf_append(&b, p, SLICE(" world")), ERR_OK);
	CU_ASSERT_FALSE(b.lent);
	CU_ASSERT_TRUE(is(&b, SLICE(""), SLICE("hello world")));
	buf_drop(&b, p);
	pool_free(p);
}

static void
test_lent_drop(void)
{
	struct pool *p = pool_new();
	struct buf b = {0};
	unsigned char scratch[8] = "secret";

	buf_lend(&b, scratch, sizeof scratch, 6);
	buf_drop(&b, p);
	CU_ASSERT_PTR_NULL(b.mem);
	CU_ASSERT_EQUAL(scratch[0], 0);
	CU_ASSERT_EQUAL(scratch[5], 0);
	pool_free(p);
}

static void
test_lent_too_big(void)
{
	struct pool *p = pool_new();
	struct buf b = {0};
	size_t cap = POOL_MAX + 1;
	unsigned char *scratch = calloc(1, cap);

	buf_lend(&b, scratch, cap, cap);
	CU_ASSERT_EQUAL(buf_reserve(&b, p, 1), ERR_LIMIT);
	CU_ASSERT_EQUAL(buf_settle(&b, p), ERR_NOMEM);
	CU_ASSERT_PTR_EQUAL(b.mem, scratch);
	CU_ASSERT_EQUAL(buf_uncleared(&b).len, cap);
	buf_drop(&b, p);
	free(scratch);
	pool_free(p);
}

/* The same bytes come out, whatever steps they took. */
static void
test_stream(void)
{
	struct pool *p = pool_new();
	struct buf b = {0};
	unsigned char in = 0, out = 0;
	unsigned seed = 1;

	for (size_t step = 0; step < 20000; step++) {
		size_t n = (seed = seed * 1103515245 + 12345) >> 16 & 63;
		struct slice s;

		CU_ASSERT_EQUAL(buf_reserve(&b, p, n), ERR_OK);
		for (size_t i = 0; i < n; i++)
			b.mem[b.filled + i] = in++;
		buf_fill(&b, n);
		n = (seed >> 8) & 63;
		s = buf_uncleared(&b);
		buf_pass(&b, n < s.len ? n : s.len);
		s = slice_head(buf_unsent(&b), (seed >> 5) & 63);
		for (size_t i = 0; i < s.len; i++)
			if (s.ptr[i] != out++)
				CU_FAIL("another byte");
		buf_take(&b, s.len);
		CU_ASSERT_EQUAL(buf_settle(&b, p), ERR_OK);
		CU_ASSERT_EQUAL(pool_lent(p), b.cap);
	}
	buf_drop(&b, p);
	CU_ASSERT_EQUAL(pool_lent(p), 0);
	pool_free(p);
}

void
suite_buf(void)
{
	CU_pSuite s = CU_add_suite("buf", NULL, NULL);

	CU_add_test(s, "a buffer of zeros is empty", test_zero);
	CU_add_test(s, "nothing is sent before it was judged", test_marks);
	CU_add_test(s, "room can be filled by others", test_fill);
	CU_add_test(s, "room in front is used first", test_moves_to_front);
	CU_add_test(s, "a buffer has a limit", test_limit);
	CU_add_test(s, "what is left of scratch memory is kept", test_lent);
	CU_add_test(s, "scratch memory goes back", test_lent_empty);
	CU_add_test(s, "scratch memory is wiped", test_lent_drop);
	CU_add_test(s, "too much scratch memory stays where it is",
		    test_lent_too_big);
	CU_add_test(s, "bytes come out as they went in", test_stream);
}
