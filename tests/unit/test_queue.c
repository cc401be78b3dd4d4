/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "audit/queue.h"

#include "audit/event.h"

#include <CUnit/CUnit.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>

static unsigned char out[EVENT_MAX];

static void
test_order(void)
{
	struct queue *q = queue_new(64);

	CU_ASSERT_PTR_NOT_NULL_FATAL(q);
	CU_ASSERT_EQUAL(queue_take(q, out, sizeof out), 0);
	CU_ASSERT(queue_put(q, SLICE("{1}\n{2}\n")));
	CU_ASSERT(queue_put(q, SLICE_EMPTY));
	CU_ASSERT(queue_put(q, SLICE("{3}\n")));
	CU_ASSERT_EQUAL(queue_take(q, out, sizeof out), 12);
	CU_ASSERT_EQUAL(memcmp(out, "{1}\n{2}\n{3}\n", 12), 0);
	CU_ASSERT_EQUAL(queue_take(q, out, sizeof out), 0);
	queue_free(q);
	queue_free(NULL);
}

static void
test_full(void)
{
	struct queue *q = queue_new(8);

	CU_ASSERT_PTR_NOT_NULL_FATAL(q);
	CU_ASSERT(queue_put(q, SLICE("{1}\n")));
	CU_ASSERT_FALSE(queue_put(q, SLICE("{2}\n{3}\n")));
	CU_ASSERT(queue_put(q, SLICE("{4}\n")));
	CU_ASSERT_FALSE(queue_put(q, SLICE("\n")));
	CU_ASSERT_EQUAL(queue_dropped(q), 3);
	CU_ASSERT_EQUAL(queue_dropped(q), 0);
	CU_ASSERT_EQUAL(queue_take(q, out, sizeof out), 8);
	CU_ASSERT_EQUAL(memcmp(out, "{1}\n{4}\n", 8), 0);
	queue_free(q);
}

/* Every place of the ring's seam, by taking one line less than was put. */
static void
test_ring(void)
{
	struct queue *q = queue_new(23);
	unsigned expected = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(q);
	for (unsigned i = 0; i < 2000; i++) {
		char line[16];
		size_t n;

		snprintf(line, sizeof line, "%07u\n%s", i, i % 3 ? "" : "x\n");
		CU_ASSERT(queue_put(q, slice_str(line)));
		n = queue_take(q, out, sizeof out);
		CU_ASSERT_EQUAL(n, strlen(line));
		CU_ASSERT_EQUAL(memcmp(out, line, n), 0);
		expected++;
	}
	CU_ASSERT_EQUAL(expected, 2000);
	queue_free(q);
}

/* What does not fit comes next time, from the beginning of a line. */
static void
test_pieces(void)
{
	static char lines[5001];
	struct queue *q = queue_new(4 * sizeof lines);

	memset(lines, 'a', sizeof lines);
	lines[4999] = '\n';
	CU_ASSERT_PTR_NOT_NULL_FATAL(q);
	CU_ASSERT(queue_put(q, slice_of(lines, 5000)));
	CU_ASSERT(queue_put(q, SLICE("short\n")));
	CU_ASSERT(queue_put(q, slice_of(lines, 5000)));
	CU_ASSERT_EQUAL(queue_take(q, out, sizeof out), 5006);
	CU_ASSERT_EQUAL(queue_take(q, out, sizeof out), 5000);
	CU_ASSERT_EQUAL(queue_take(q, out, sizeof out), 0);
	queue_free(q);
}

enum { WRITERS = 4, LINES = 5000 };

struct writer_thread {
	pthread_t thread;
	struct queue *queue;
	unsigned id, put;
};

static void *
run_writer(void *arg)
{
	struct writer_thread *w = arg;

	for (unsigned i = 0; i < LINES; i++) {
		char line[32];

		snprintf(line, sizeof line, "%u %u\n", w->id, i);
		w->put += queue_put(w->queue, slice_str(line));
	}
	return NULL;
}

/* Lines of each writer in their order; returns how many there were. */
static unsigned
take_all(struct queue *q, unsigned next[WRITERS])
{
	unsigned count = 0;
	struct slice rest = slice_of(out, queue_take(q, out, sizeof out));

	while (rest.len > 0) {
		struct slice line = slice_cut(&rest, '\n');
		uint64_t id = 0, n = 0;
		struct slice word = slice_cut(&line, ' ');

		CU_ASSERT_FATAL(slice_number(word, WRITERS - 1, &id) &&
				slice_number(line, LINES - 1, &n));
		CU_ASSERT(n >= next[id]);
		next[id] = (unsigned)n + 1;
		count++;
	}
	return count;
}

static void
test_threads(void)
{
	struct queue *q = queue_new(4096);
	struct writer_thread writers[WRITERS];
	unsigned next[WRITERS] = {0}, taken = 0, put = 0;
	uint64_t dropped = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(q);
	for (unsigned i = 0; i < WRITERS; i++) {
		writers[i] = (struct writer_thread){.queue = q, .id = i};
		CU_ASSERT_EQUAL_FATAL(pthread_create(&writers[i].thread, NULL,
						     run_writer, &writers[i]),
				      0);
	}
	while (taken + dropped < (uint64_t)WRITERS * LINES) {
		taken += take_all(q, next);
		dropped += queue_dropped(q);
	}
	for (unsigned i = 0; i < WRITERS; i++) {
		pthread_join(writers[i].thread, NULL);
		put += writers[i].put;
	}
	CU_ASSERT_EQUAL(taken, put);
	CU_ASSERT_EQUAL(taken + dropped, WRITERS * LINES);
	queue_free(q);
}

static void
test_limit(void)
{
	struct queue *q = queue_new(16);

	CU_ASSERT_PTR_NOT_NULL_FATAL(q);
	CU_ASSERT_TRUE(queue_put(q, SLICE("123\n123\n")));
	CU_ASSERT_EQUAL(queue_take(q, out, sizeof out), 8);
	/* So that the ring has wrapped when it grows. */
	CU_ASSERT_TRUE(queue_put(q, SLICE("1\n12345\n12345\n")));
	CU_ASSERT_FALSE(queue_put(q, SLICE("12345\n")));
	CU_ASSERT_TRUE(queue_limit(q, 24));
	CU_ASSERT_TRUE(queue_put(q, SLICE("123456789\n")));
	CU_ASSERT_FALSE(queue_put(q, SLICE("\n")));
	CU_ASSERT_TRUE(queue_limit(q, 8));
	CU_ASSERT_FALSE(queue_put(q, SLICE("\n")));
	CU_ASSERT_EQUAL(queue_take(q, out, sizeof out), 24);
	CU_ASSERT_EQUAL(memcmp(out, "1\n12345\n12345\n123456789\n", 24), 0);
	CU_ASSERT_TRUE(queue_empty(q));
	CU_ASSERT_TRUE(queue_put(q, SLICE("1234567\n")));
	CU_ASSERT_FALSE(queue_put(q, SLICE("\n")));
	CU_ASSERT_FALSE(queue_empty(q));
	CU_ASSERT_EQUAL(queue_dropped(q), 4);
	queue_free(q);
}

static void
test_crowd(void)
{
	struct queue *q = queue_new(16);

	CU_ASSERT_PTR_NOT_NULL_FATAL(q);
	CU_ASSERT_TRUE(queue_put(q, SLICE("123\n123\n")));
	CU_ASSERT_FALSE(queue_crowded(q)); /* the half is not more than that */
	CU_ASSERT_TRUE(queue_put(q, SLICE("\n")));
	CU_ASSERT_TRUE(queue_crowded(q));
	CU_ASSERT_EQUAL(queue_take(q, out, sizeof out), 9);
	CU_ASSERT_FALSE(queue_crowded(q));
	queue_free(q);
}

void
suite_queue(void)
{
	CU_pSuite suite = CU_add_suite("queue", NULL, NULL);

	CU_add_test(suite, "lines come out as they went in", test_order);
	CU_add_test(suite, "what does not fit is counted", test_full);
	CU_add_test(suite, "the ring has no seam", test_ring);
	CU_add_test(suite, "only whole lines are taken", test_pieces);
	CU_add_test(suite, "its bound can be moved", test_limit);
	CU_add_test(suite, "it says when it is half full", test_crowd);
	CU_add_test(suite, "many writers lose nothing uncounted", test_threads);
}
