/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ledger.h - who holds how many connections.
 *
 * Shared by all workers. Its size is bounded by limits.connections: who is
 * refused leaves no trace. IPv6 clients count by their /64.
 *
 * Newcomers are not refused for a flood of others: where limits.unauthenticated
 * is reached, the oldest connection of the address that holds most of them has
 * to go. It is handed to the worker it lives on (its home), which ends it.
 */
#ifndef SESSION_LEDGER_H
#define SESSION_LEDGER_H

#include "base/hash.h"
#include "policy/cidr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ledger;
struct ledger_entry;

struct ledger_limits {
	uint64_t connections, per_address, unauthenticated;
};

struct ledger_counts {
	uint64_t connections, unauthenticated, addresses;
};

enum ledger_verdict {
	LEDGER_ADMITTED,
	LEDGER_FULL,    /* limits.connections */
	LEDGER_ADDRESS, /* limits.connections_per_address */
	LEDGER_NOMEM
};

enum ledger_place {
	LEDGER_OUT,     /* not counted */
	LEDGER_WAITING, /* not authenticated yet */
	LEDGER_SEATED,  /* authenticated */
	LEDGER_PUT_OUT  /* to be ended; still counts in total */
};

/* A connection's place; embedded in it, the ledger's from enter to leave. */
struct ledger_seat {
	struct ledger_entry *entry;
	struct ledger_home *home;
	struct ledger_seat *prev, *next; /* in order of arrival */
	enum ledger_place place;
};

/* One worker. called by the ledger from any thread and with its lock held: only
 * to wake the worker up. */
struct ledger_home {
	void (*wake)(void *arg);
	void *arg;
	struct ledger_seat *put_out; /* the ledger's */
};

/* key: random, so that nobody chooses addresses that collide. NULL: out of
 * memory. */
struct ledger *ledger_new(const unsigned char key[HASH_KEY]);
/* NULL is fine. An error to do while somebody is in. */
void ledger_free(struct ledger *l);

/* Counts the connection, or says why not. */
enum ledger_verdict ledger_enter(struct ledger *l, struct ledger_seat *seat,
				 struct ledger_home *home,
				 const struct address *a,
				 const struct ledger_limits *limits);
/* It has logged in. False: too late, it is to be ended. */
bool ledger_authenticated(struct ledger *l, struct ledger_seat *seat);
/* Once more, or without enter, is fine. */
void ledger_leave(struct ledger *l, struct ledger_seat *seat);

/* One connection of this home that has to be ended; NULL: no more. */
struct ledger_seat *ledger_put_out(struct ledger *l, struct ledger_home *home);

void ledger_count(struct ledger *l, struct ledger_counts *out);

/* The setting that decided, for events. */
const char *ledger_rule(enum ledger_verdict v);

#endif
