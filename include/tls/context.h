/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * context.h - what handshakes of one pair under one policy share, ready made.
 *
 * A set of contexts belongs to one worker. It is bounded: the one that was not
 * used for longest goes when there is no more room. After a reload those stay
 * whose pair and policy have not changed; the others go at the next get.
 */
#ifndef TLS_CONTEXT_H
#define TLS_CONTEXT_H

#include "base/err.h"
#include "tls/store.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Each takes one place, and one more for each 4 KiB of CA certificates and
 * lists of its policy.
 */
enum { CONTEXTS_MAX = 256, CONTEXTS_FILE_STEP = 4096 };

struct context;
struct contexts;

/* wall_ms: the time, as clock_wall_ms tells it. NULL: out of memory. */
struct contexts *contexts_new(uint64_t (*wall_ms)(void)) MUST_USE;
void contexts_free(struct contexts *c); /* NULL is fine */

/*
 * The one for this pair of the store and this policy (its place in the
 * settings), made if it is not there. It stays until the next call, unless
 * somebody refers to it. NULL: out of memory.
 */
struct context *contexts_get(struct contexts *c, const struct store *s,
			     size_t policy, size_t pair) MUST_USE;
size_t contexts_count(const struct contexts *c);

/* Of the same worker only. */
struct context *context_ref(struct context *x);
void context_unref(struct context *x); /* NULL is fine */

#endif
