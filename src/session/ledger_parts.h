/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ledger_parts.h - the inside of the ledger, for ledger*.c alone. Whoever calls
 * these holds its lock.
 */
#ifndef SESSION_LEDGER_PARTS_H
#define SESSION_LEDGER_PARTS_H

#include "session/ledger.h"

#include <pthread.h>
#include <uthash.h>

/*
 * Networks that are part of a crowd stand in one list per number of their
 * connections in it, so that the one with most is found without a search. Who
 * has LEVELS or more shares the last list.
 */
enum { LEVELS = 64 };

struct crowd {
	uint64_t count;
	struct ledger_entry *levels[LEVELS];
};

/* A network's part of it. */
struct group {
	uint64_t count;
	struct ledger_seat *oldest;
	struct ledger_entry *prev, *next; /* in its level */
};

struct ledger_entry {
	struct address network;
	uint64_t connections;
	struct group groups[CROWDS];
	struct ledger_seat *queue; /* who waits for a handshake */
	struct {
		struct ledger_entry *prev, *next;
	} ring;
	bool in_ring;
	UT_hash_handle hh;
};

struct ledger {
	pthread_mutex_t lock;
	unsigned char key[HASH_KEY];
	struct ledger_entry *entries;
	uint64_t connections, addresses;
	struct crowd crowds[CROWDS];
	/* Networks whose first in the queue may go when a place is free. */
	struct ledger_entry *ring;
	struct ledger_limits limits;
};

/* In and out of a crowd. */
void ledger_join(struct ledger *l, struct ledger_seat *seat,
		 enum ledger_crowd c);
void ledger_part(struct ledger *l, struct ledger_seat *seat,
		 enum ledger_crowd c);
/* The oldest of the network that holds most; NULL: nobody is in it. */
struct ledger_seat *ledger_oldest_of_most(const struct ledger *l,
					  enum ledger_crowd c);
/* There are news of it for its home. */
void ledger_tell(struct ledger_seat *seat);
/* It has to go. */
void ledger_put_out(struct ledger *l, struct ledger_seat *seat,
		    enum ledger_verdict why, uint64_t now);
/* It needs no place any more. */
void ledger_end_handshake(struct ledger *l, struct ledger_seat *seat,
			  uint64_t now);

#endif
