/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * wheel.h - deadlines for many, in O(1) and without a clock of its own.
 *
 * A hashed wheel of ticks. Moving a deadline further away touches no list: the
 * node stays in its slot and is sorted in anew when that slot comes round. No
 * deadline fires early; none fires more than one tick after it could have.
 * Belongs to one thread; time is an argument (milliseconds, never back).
 */
#ifndef NET_WHEEL_H
#define NET_WHEEL_H

#include <stddef.h>
#include <stdint.h>

enum { WHEEL_TICK_MS = 100, WHEEL_SLOTS = 512 };

#define WHEEL_NEVER UINT64_MAX

struct wheel_node {
	struct wheel_node *next, **link; /* link NULL: in no slot */
	uint64_t due;  /* the deadline, WHEEL_NEVER for none */
	uint64_t tick; /* of the slot it is in */
};

struct wheel {
	uint64_t tick; /* slots up to this one have been looked at */
	size_t count;  /* nodes in slots */
	uint64_t used[WHEEL_SLOTS / 64]; /* bit: the slot is not empty */
	struct wheel_node *slots[WHEEL_SLOTS];
};

void wheel_init(struct wheel *w, uint64_t now);
void wheel_node_init(struct wheel_node *n);

/* Sets or moves the deadline; one in the past is due at the next tick. */
void wheel_set(struct wheel *w, struct wheel_node *n, uint64_t due,
	       uint64_t now);
/* Takes the node out for good. An error to do: forgetting it before its memory
 * goes. */
void wheel_remove(struct wheel *w, struct wheel_node *n);

/*
 * Takes out and returns one node whose deadline has passed; NULL: none is
 * left. Between two calls any node may be set or removed.
 */
struct wheel_node *wheel_expire(struct wheel *w, uint64_t now);

/* When wheel_expire has to be called next; WHEEL_NEVER while it is empty. */
uint64_t wheel_next(const struct wheel *w);

#endif
