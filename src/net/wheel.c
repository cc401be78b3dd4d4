/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/wheel.h"

#include <assert.h>
#include <string.h>

static size_t
slot_of(uint64_t tick)
{
	return (size_t)(tick % WHEEL_SLOTS);
}

void
wheel_init(struct wheel *w, uint64_t now)
{
	memset(w, 0, sizeof *w);
	w->tick = now / WHEEL_TICK_MS;
}

void
wheel_node_init(struct wheel_node *n)
{
	*n = (struct wheel_node){.due = WHEEL_NEVER};
}

static void
link_at(struct wheel *w, struct wheel_node *n, uint64_t tick)
{
	size_t slot = slot_of(tick);

	n->tick = tick;
	n->next = w->slots[slot];
	n->link = &w->slots[slot];
	if (n->next)
		n->next->link = &n->next;
	w->slots[slot] = n;
	w->used[slot / 64] |= UINT64_C(1) << slot % 64;
	w->count++;
}

static void
unlink_node(struct wheel *w, struct wheel_node *n)
{
	size_t slot = slot_of(n->tick);

	*n->link = n->next;
	if (n->next)
		n->next->link = n->link;
	n->link = NULL;
	if (!w->slots[slot])
		w->used[slot / 64] &= ~(UINT64_C(1) << slot % 64);
	w->count--;
}

/* The first tick at or after `due` that is still to come and has a slot. */
static uint64_t
tick_for(const struct wheel *w, uint64_t due, uint64_t now)
{
	uint64_t soonest = now / WHEEL_TICK_MS,
		 latest = w->tick + WHEEL_SLOTS - 1;
	uint64_t tick = due / WHEEL_TICK_MS + (due % WHEEL_TICK_MS > 0);

	if (soonest < w->tick)
		soonest = w->tick;
	if (tick <= soonest)
		tick = soonest + 1;
	return tick < latest ? tick : latest;
}

void
wheel_set(struct wheel *w, struct wheel_node *n, uint64_t due, uint64_t now)
{
	uint64_t tick;

	n->due = due;
	if (due == WHEEL_NEVER)
		return;
	if (w->count == 0 && w->tick < now / WHEEL_TICK_MS)
		w->tick = now / WHEEL_TICK_MS;
	tick = tick_for(w, due, now);
	if (n->link && n->tick <= tick)
		return;
	if (n->link)
		unlink_node(w, n);
	link_at(w, n, tick);
}

void
wheel_remove(struct wheel *w, struct wheel_node *n)
{
	n->due = WHEEL_NEVER;
	if (n->link)
		unlink_node(w, n);
}

/* The first tick after w->tick whose slot is in use. */
static uint64_t
next_used(const struct wheel *w)
{
	uint64_t tick = w->tick + 1;

	assert(w->count > 0);
	for (;;) {
		size_t slot = slot_of(tick);
		uint64_t bits = w->used[slot / 64] >> slot % 64;

		if (bits)
			return tick + (uint64_t)__builtin_ctzll(bits);
		tick += 64 - slot % 64;
	}
}

struct wheel_node *
wheel_expire(struct wheel *w, uint64_t now)
{
	uint64_t last = now / WHEEL_TICK_MS;

	while (w->count > 0) {
		uint64_t tick = next_used(w);
		struct wheel_node *n;

		if (tick > last)
			break;
		/* Its neighbours stay due: the slot is looked at until empty.
		 */
		w->tick = tick - 1;
		n = w->slots[slot_of(tick)];
		unlink_node(w, n);
		if (n->due <= now)
			return n;
		wheel_set(w, n, n->due, now);
	}
	if (w->tick < last)
		w->tick = last;
	return NULL;
}

uint64_t
wheel_next(const struct wheel *w)
{
	if (w->count == 0)
		return WHEEL_NEVER;
	return next_used(w) * WHEEL_TICK_MS;
}
