/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * buf.h - bytes on their way through, with three marks.
 *
 *   mem [ ..sent.. | judged, to be sent | not judged yet | room ] cap
 *                 sent               cleared          filled
 *
 * sent <= cleared <= filled always: nothing is sent before it was judged.
 *
 * The memory is one of: none; a worker's scratch memory, lent for the length
 * of one step; a block of the worker's pool. buf_settle ends a step: what is
 * left moves into a block, an empty buffer keeps nothing.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/err.h"
#include "base/pool.h"
#include "base/slice.h"

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>

struct buf {
	unsigned char *mem;
	size_t cap, sent, cleared, filled;
	bool lent; /* mem is scratch memory: never put into the pool */
};

/*
 * Lends scratch memory whose first `filled` bytes are data. An error to do
 * while the buffer holds memory (buf_empty(b) && !b->mem).
 */
void buf_lend(struct buf *b, unsigned char *mem, size_t cap, size_t filled);

/* Makes room for n more bytes behind filled; moves the content if it must. */
enum err buf_reserve(struct buf *b, struct pool *p, size_t n) MUST_USE;
enum err buf_append(struct buf *b, struct pool *p, struct slice s) MUST_USE;

/* Ends a step: see above. ERR_NOMEM leaves the content where it was. */
enum err buf_settle(struct buf *b, struct pool *p) MUST_USE;
/* Wipes the content and gives the memory back. */
void buf_drop(struct buf *b, struct pool *p);

static inline bool
buf_empty(const struct buf *b)
{
	return b->sent == b->filled;
}

/* Not judged yet. */
static inline struct slice
buf_uncleared(const struct buf *b)
{
	return slice_skip(slice_of(b->mem, b->filled), b->cleared);
}

/* Judged, waiting to be sent. */
static inline struct slice
buf_unsent(const struct buf *b)
{
	return slice_skip(slice_of(b->mem, b->cleared), b->sent);
}

static inline size_t
buf_room(const struct buf *b)
{
	return b->cap - b->filled;
}

/* The next n unjudged bytes may be sent. */
static inline void
buf_pass(struct buf *b, size_t n)
{
	assert(n <= b->filled - b->cleared);
	b->cleared += n;
}

/* The next n unjudged bytes vanish; what was passed must have been sent. */
static inline void
buf_skip(struct buf *b, size_t n)
{
	assert(b->sent == b->cleared && n <= b->filled - b->cleared);
	b->cleared += n;
	b->sent = b->cleared;
}

/* n passed bytes have been sent. */
static inline void
buf_take(struct buf *b, size_t n)
{
	assert(n <= b->cleared - b->sent);
	b->sent += n;
}

/* n bytes were written into the room behind filled. */
static inline void
buf_fill(struct buf *b, size_t n)
{
	assert(n <= b->cap - b->filled);
	b->filled += n;
}

#endif
