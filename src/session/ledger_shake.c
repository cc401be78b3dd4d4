/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ledger_shake.c - who may shake hands: places, queues, the ring.
 *
 * Who waits stands in the queue of its network. Networks whose first in the
 * queue may go as soon as any place is free stand in the ring; one that is at
 * its own limit does not.
 */
#include "session/ledger_parts.h"

#include <stdatomic.h>
#include <utlist.h>

/* Who moves without end, byte by byte, has stalled too: its last moves do not
 * count. */
void
ledger_await(struct ledger_seat *seat, uint64_t since)
{
	if (since != LEDGER_OURS && seat->moves < LEDGER_MOVES) {
		seat->moves++;
		seat->moved = since;
	}
	if (since != LEDGER_OURS)
		since = seat->moved;
	atomic_store_explicit(&seat->since, since, memory_order_relaxed);
}

static uint64_t
since_of(const struct ledger_seat *seat)
{
	return atomic_load_explicit(&seat->since, memory_order_relaxed);
}

/* What keeps the network from one more handshake. */
static enum ledger_verdict
obstacle(const struct ledger *l, const struct ledger_entry *e)
{
	if (e->groups[CROWD_HANDSHAKES].count >=
	    l->limits.handshakes_per_address)
		return LEDGER_HANDSHAKES_ADDRESS;
	if (l->crowds[CROWD_HANDSHAKES].count >= l->limits.handshakes)
		return LEDGER_HANDSHAKES;
	return LEDGER_ADMITTED;
}

/* In the ring stands who waits and is below its own limit. */
static void
place_in_ring(struct ledger *l, struct ledger_entry *e)
{
	bool should = e->queue && obstacle(l, e) != LEDGER_HANDSHAKES_ADDRESS;

	if (should && !e->in_ring)
		DL_APPEND2(l->ring, e, ring.prev, ring.next);
	else if (!should && e->in_ring)
		DL_DELETE2(l->ring, e, ring.prev, ring.next);
	e->in_ring = should;
}

static void
leave_queue(struct ledger_seat *seat)
{
	DL_DELETE2(seat->entry->queue, seat, in[CROWD_HANDSHAKES].prev,
		   in[CROWD_HANDSHAKES].next);
}

/* Gives away the places that are free, network by network. */
static void
admit_waiting(struct ledger *l, uint64_t now)
{
	while (l->ring &&
	       l->crowds[CROWD_HANDSHAKES].count < l->limits.handshakes) {
		struct ledger_entry *e = l->ring;
		struct ledger_seat *seat = e->queue;

		leave_queue(seat);
		seat->shake = SHAKE_GOING;
		seat->moves = 0;
		ledger_await(seat, now);
		ledger_join(l, seat, CROWD_HANDSHAKES);
		ledger_tell(seat);
		/* If more of it wait: behind the others. */
		DL_DELETE2(l->ring, e, ring.prev, ring.next);
		e->in_ring = false;
		place_in_ring(l, e);
	}
}

void
ledger_end_handshake(struct ledger *l, struct ledger_seat *seat, uint64_t now)
{
	if (seat->shake == SHAKE_NONE)
		return;
	if (seat->shake == SHAKE_WAITING)
		leave_queue(seat);
	else
		ledger_part(l, seat, CROWD_HANDSHAKES);
	seat->shake = SHAKE_NONE;
	place_in_ring(l, seat->entry);
	admit_waiting(l, now);
}

/* Of its network the one that has waited longest; the first ones are looked at,
 * among whom it most often is. */
static struct ledger_seat *
stalest(struct ledger_seat *oldest)
{
	enum { LOOKED_AT = 64 };
	struct ledger_seat *found = oldest, *s = oldest;

	for (unsigned i = 0; s && i < LOOKED_AT; i++) {
		if (since_of(s) < since_of(found))
			found = s;
		s = s->in[CROWD_HANDSHAKES].next;
	}
	return found;
}

/* Whose end would let it in. */
static struct ledger_seat *
in_the_way_of(const struct ledger *l, const struct ledger_seat *seat)
{
	return stalest(obstacle(l, seat->entry) == LEDGER_HANDSHAKES_ADDRESS
			   ? seat->entry->groups[CROWD_HANDSHAKES].oldest
			   : ledger_oldest_of_most(l, CROWD_HANDSHAKES));
}

static enum ledger_verdict
shake(struct ledger *l, struct ledger_seat *seat, uint64_t now, uint64_t *again)
{
	if (seat->place == LEDGER_PUT_OUT) {
		*again = UINT64_MAX;
		return seat->why;
	}
	if (seat->shake == SHAKE_NONE) {
		seat->shake = SHAKE_WAITING;
		DL_APPEND2(seat->entry->queue, seat, in[CROWD_HANDSHAKES].prev,
			   in[CROWD_HANDSHAKES].next);
	}
	for (;;) {
		struct ledger_seat *other;
		uint64_t since;

		place_in_ring(l, seat->entry);
		admit_waiting(l, now);
		if (seat->shake == SHAKE_GOING)
			return LEDGER_ADMITTED;
		other = in_the_way_of(l, seat);
		since = since_of(other);
		*again = (since < now ? since : now) + LEDGER_STALLED_MS;
		if (*again > now)
			return obstacle(l, seat->entry);
		ledger_put_out(l, other, obstacle(l, seat->entry), now);
	}
}

enum ledger_verdict
ledger_shake(struct ledger *l, struct ledger_seat *seat, uint64_t now,
	     uint64_t *again)
{
	enum ledger_verdict v;
	bool told;

	(void)pthread_mutex_lock(&l->lock);
	told = seat->told;
	seat->told = true; /* it is asking, nobody need call it */
	v = shake(l, seat, now, again);
	seat->told = told;
	(void)pthread_mutex_unlock(&l->lock);
	return v;
}

void
ledger_shook(struct ledger *l, struct ledger_seat *seat, uint64_t now)
{
	(void)pthread_mutex_lock(&l->lock);
	ledger_end_handshake(l, seat, now);
	(void)pthread_mutex_unlock(&l->lock);
}
