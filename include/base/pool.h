/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pool.h - memory blocks lent while they hold data.
 *
 * One pool belongs to one worker and is touched by no other thread. Blocks
 * come in powers of two from POOL_MIN to POOL_MAX bytes; a few of each size
 * are kept for reuse, the rest goes back to malloc. Every block is wiped when
 * it comes back, so that no session reads what another one left.
 */
#ifndef BASE_POOL_H
#define BASE_POOL_H

#include <stddef.h>

#define POOL_MIN ((size_t)1024)
#define POOL_MAX ((size_t)1024 * 1024)

struct pool;

struct pool *pool_new(void);    /* NULL: out of memory */
void pool_free(struct pool *p); /* NULL is fine; lent blocks must be back */

/*
 * A block of at least `want` bytes; *cap gets its real size. NULL when memory
 * is out or want > POOL_MAX.
 */
unsigned char *pool_get(struct pool *p, size_t want, size_t *cap);
/* Takes back a block of pool_get; cap as it said. NULL is fine. */
void pool_put(struct pool *p, unsigned char *mem, size_t cap);

size_t pool_lent(const struct pool *p); /* bytes lent at this moment */

#endif
