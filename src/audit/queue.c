/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "audit/queue.h"

#include "audit/event.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct queue {
	pthread_mutex_t lock;
	size_t limit, cap, start, used;
	uint64_t dropped;
	bool crowded;
	unsigned char *mem; /* a ring of cap bytes, limit of them in use */
};

struct queue *
queue_new(size_t cap)
{
	struct queue *q = malloc(sizeof *q);

	if (!q)
		return NULL;
	*q = (struct queue){.limit = cap, .cap = cap, .mem = malloc(cap)};
	if (q->mem && pthread_mutex_init(&q->lock, NULL) == 0)
		return q;
	free(q->mem);
	free(q);
	return NULL;
}

void
queue_free(struct queue *q)
{
	if (!q)
		return;
	pthread_mutex_destroy(&q->lock);
	free(q->mem);
	free(q);
}

/* Where in mem the n-th used byte, or the n-th free one behind them, stands. */
static size_t
place(const struct queue *q, size_t n)
{
	size_t to_end = q->cap - q->start;

	return n < to_end ? q->start + n : n - to_end;
}

static void
copy_in(struct queue *q, struct slice s)
{
	size_t at = place(q, q->used);
	struct slice first = slice_head(s, q->cap - at);

	memcpy(q->mem + at, first.ptr, first.len);
	memcpy(q->mem, s.ptr + first.len, s.len - first.len);
	q->used += s.len;
}

static void
copy_out(struct queue *q, unsigned char *out, size_t n)
{
	struct slice first =
	    slice_head(slice_of(q->mem + q->start, q->cap - q->start), n);

	memcpy(out, first.ptr, first.len);
	memcpy(out + first.len, q->mem, n - first.len);
	q->start = place(q, n);
	q->used -= n;
}

/* The length of the whole lines among the first `max` bytes. */
static size_t
whole_lines(const struct queue *q, size_t max)
{
	while (max > 0 && q->mem[place(q, max - 1)] != '\n')
		max--;
	return max;
}

static uint64_t
count_lines(struct slice s)
{
	uint64_t n = 0;

	for (size_t i = 0; i < s.len; i++)
		n += s.ptr[i] == '\n';
	return n;
}

/* Not at one threshold: what waits for it would come and go with each line. */
static void
look_for_crowd(struct queue *q)
{
	if (q->used > q->limit / 2)
		q->crowded = true;
	else if (q->used <= q->limit / 4)
		q->crowded = false;
}

bool
queue_limit(struct queue *q, size_t limit)
{
	unsigned char *mem = NULL, *old = NULL;
	bool good = true;

	pthread_mutex_lock(&q->lock);
	if (limit > q->cap) {
		size_t used = q->used;

		mem = malloc(limit);
		good = mem != NULL;
		if (good) {
			copy_out(q, mem, used);
			old = q->mem;
			q->mem = mem;
			q->cap = limit;
			q->start = 0;
			q->used = used;
		}
	}
	if (good)
		q->limit = limit;
	look_for_crowd(q);
	pthread_mutex_unlock(&q->lock);
	free(old);
	return good;
}

bool
queue_put(struct queue *q, struct slice lines)
{
	bool fits;

	assert(lines.len == 0 || lines.ptr[lines.len - 1] == '\n');
	pthread_mutex_lock(&q->lock);
	fits = q->used <= q->limit && lines.len <= q->limit - q->used;
	if (!fits)
		q->dropped += count_lines(lines);
	else if (lines.len > 0)
		copy_in(q, lines);
	look_for_crowd(q);
	pthread_mutex_unlock(&q->lock);
	return fits;
}

size_t
queue_take(struct queue *q, unsigned char *out, size_t cap)
{
	size_t n;

	assert(cap >= EVENT_MAX);
	pthread_mutex_lock(&q->lock);
	n = whole_lines(q, cap < q->used ? cap : q->used);
	if (n > 0)
		copy_out(q, out, n);
	/* An empty ring begins anew, so that it stays in a few pages. */
	if (q->used == 0)
		q->start = 0;
	look_for_crowd(q);
	pthread_mutex_unlock(&q->lock);
	return n;
}

bool
queue_crowded(struct queue *q)
{
	bool crowded;

	pthread_mutex_lock(&q->lock);
	crowded = q->crowded;
	pthread_mutex_unlock(&q->lock);
	return crowded;
}

bool
queue_empty(struct queue *q)
{
	bool empty;

	pthread_mutex_lock(&q->lock);
	empty = q->used == 0;
	pthread_mutex_unlock(&q->lock);
	return empty;
}

uint64_t
queue_dropped(struct queue *q)
{
	uint64_t n;

	pthread_mutex_lock(&q->lock);
	n = q->dropped;
	q->dropped = 0;
	pthread_mutex_unlock(&q->lock);
	return n;
}

size_t
queue_waiting(struct queue *q)
{
	size_t n;

	pthread_mutex_lock(&q->lock);
	n = q->used;
	pthread_mutex_unlock(&q->lock);
	return n;
}
