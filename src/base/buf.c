/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/buf.h"

#include "base/wipe.h"

#include <string.h>

void
buf_lend(struct buf *b, unsigned char *mem, size_t cap, size_t filled)
{
	assert(!b->mem && filled <= cap);
	*b = (struct buf){
	    .mem = mem, .cap = cap, .filled = filled, .lent = true};
}

/* Moves the content to the front of a block of at least `want` bytes. */
static enum err
move(struct buf *b, struct pool *p, size_t want)
{
	size_t cap = 0, used = b->filled - b->sent;
	unsigned char *mem = pool_get(p, want, &cap);

	if (!mem)
		return ERR_NOMEM;
	if (b->mem)
		memcpy(mem, b->mem + b->sent, used);
	if (b->mem && !b->lent)
		pool_put(p, b->mem, b->cap);
	b->mem = mem;
	b->cap = cap;
	b->cleared -= b->sent;
	b->filled = used;
	b->sent = 0;
	b->lent = false;
	return ERR_OK;
}

enum err
buf_reserve(struct buf *b, struct pool *p, size_t n)
{
	size_t used = b->filled - b->sent;

	if (n <= b->cap - b->filled)
		return ERR_OK;
	if (b->mem && n <= b->cap - used) {
		memmove(b->mem, b->mem + b->sent, used);
		b->cleared -= b->sent;
		b->filled = used;
		b->sent = 0;
		return ERR_OK;
	}
	if (used > POOL_MAX || n > POOL_MAX - used)
		return ERR_LIMIT;
	return move(b, p, used + n);
}

enum err
buf_append(struct buf *b, struct pool *p, struct slice s)
{
	enum err e = buf_reserve(b, p, s.len);

	if (e == ERR_OK && s.len > 0) {
		memcpy(b->mem + b->filled, s.ptr, s.len);
		b->filled += s.len;
	}
	return e;
}

enum err
buf_settle(struct buf *b, struct pool *p)
{
	if (buf_empty(b)) {
		if (b->mem && !b->lent)
			pool_put(p, b->mem, b->cap);
		*b = (struct buf){0};
		return ERR_OK;
	}
	return b->lent ? move(b, p, b->filled - b->sent) : ERR_OK;
}

void
buf_drop(struct buf *b, struct pool *p)
{
	if (b->mem && b->lent)
		wipe(b->mem, b->filled);
	else if (b->mem)
		pool_put(p, b->mem, b->cap);
	*b = (struct buf){0};
}
