/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * queue.h - lines on their way from the workers to the thread that hands them
 * on.
 *
 * Bounded, in bytes; never waits. Any thread may call any function; what one
 * thread puts comes out in its order, unmixed with the lines of others.
 */
#ifndef AUDIT_QUEUE_H
#define AUDIT_QUEUE_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct queue;

struct queue *queue_new(size_t cap); /* NULL: out of memory */
void queue_free(struct queue *q); /* NULL is fine; nobody may use it any more */

/* From now on it holds so many bytes; what is there already stays. False: out
 * of memory, and nothing has changed. */
bool queue_limit(struct queue *q, size_t limit);

/*
 * lines: whole lines of at most EVENT_MAX bytes (audit/event.h), an error to
 * do: something else. False: there is no room for all of them, none was taken,
 * each was counted as dropped.
 */
bool queue_put(struct queue *q, struct slice lines);

/*
 * Takes as many whole lines as are there and fit; returns their length, 0 when
 * there is none. An error to do: cap below EVENT_MAX.
 */
size_t queue_take(struct queue *q, unsigned char *out, size_t cap);

/* More than half full; it is no longer when it is a quarter full. */
bool queue_crowded(struct queue *q);
bool queue_empty(struct queue *q);

/* How many lines were dropped since this was last asked. */
uint64_t queue_dropped(struct queue *q);

/* Bytes that wait in it. */
size_t queue_waiting(struct queue *q);

#endif
