/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ledger.h - who holds how many connections, and who may shake hands.
 *
 * Shared by all workers. Its size is bounded by limits.connections: who is
 * refused leaves no trace. Clients count by their network (address_network).
 *
 * Newcomers are not refused for a flood of others: where limits.unauthenticated
 * is reached, the oldest connection of the network that holds most of them has
 * to go.
 *
 * A TLS handshake needs a place, too: limits.handshakes in total and
 * limits.handshakes_per_address in a network. Who finds none waits, without
 * being read; free places go round the networks that wait. Only handshakes that
 * have stalled (LEDGER_STALLED_MS) have to make room: the one that has longest
 * in the network whose own limit is reached, else in the one that holds most.
 *
 * What happens to a connection is told to the worker it lives on, its home.
 * Times are monotonic ms.
 */
#ifndef SESSION_LEDGER_H
#define SESSION_LEDGER_H

#include "base/hash.h"
#include "policy/cidr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	LEDGER_STALLED_MS = 1000,
	LEDGER_MOVES = 8 /* more than any client's handshake has */
};
#define LEDGER_OURS UINT64_MAX

struct ledger;
struct ledger_entry;

struct ledger_limits {
	uint64_t connections, per_address, unauthenticated;
	uint64_t handshakes, handshakes_per_address;
};

struct ledger_counts {
	uint64_t connections, unauthenticated, handshakes, addresses;
};

enum ledger_verdict {
	LEDGER_ADMITTED,
	LEDGER_FULL,               /* limits.connections */
	LEDGER_ADDRESS,            /* limits.connections_per_address */
	LEDGER_STRANGERS,          /* limits.unauthenticated */
	LEDGER_HANDSHAKES,         /* limits.handshakes */
	LEDGER_HANDSHAKES_ADDRESS, /* limits.handshakes_per_address */
	LEDGER_NOMEM,
	LEDGER_VERDICTS
};

/* Of what there may be too many, told apart by network. */
enum ledger_crowd { CROWD_STRANGERS, CROWD_HANDSHAKES, CROWDS };

enum ledger_place {
	LEDGER_OUT,      /* not counted */
	LEDGER_STRANGER, /* not authenticated yet */
	LEDGER_SEATED,   /* authenticated */
	LEDGER_PUT_OUT   /* to be ended; still counts in total */
};

enum ledger_shake { SHAKE_NONE, SHAKE_WAITING, SHAKE_GOING };

struct ledger_links {
	struct ledger_seat *prev, *next;
};

/* A connection's place; embedded in it, the ledger's from enter to leave. */
struct ledger_seat {
	struct ledger_entry *entry;
	struct ledger_home *home;
	struct ledger_links
	    in[CROWDS];           /* of its network, in order of arrival */
	struct ledger_links news; /* of its home */
	/* Since when its handshake waits for the client; LEDGER_OURS: for us.
	 */
	_Atomic uint64_t since;
	uint64_t moved; /* its worker's: when the client last got on */
	unsigned moves; /* how often, up to LEDGER_MOVES */
	enum ledger_place place;
	enum ledger_shake shake;
	enum ledger_verdict why; /* it was put out */
	bool told;               /* its home has news of it */
};

/* One worker. wake: called by the ledger from any thread and with its lock
 * held: only to wake the worker up. */
struct ledger_home {
	void (*wake)(void *arg);
	void *arg;
	struct ledger_seat *news; /* the ledger's */
};

/* key: random, so that nobody chooses addresses that collide. NULL: out of
 * memory. */
struct ledger *ledger_new(const unsigned char key[HASH_KEY]);
/* NULL is fine. An error to do while somebody is in. */
void ledger_free(struct ledger *l);

/* Counts the connection, or says why not. The limits hold from now on. */
enum ledger_verdict ledger_enter(struct ledger *l, struct ledger_seat *seat,
				 struct ledger_home *home,
				 const struct address *a,
				 const struct ledger_limits *limits,
				 uint64_t now);
/*
 * May it shake hands? ADMITTED: it has a place, until ledger_shook. Else which
 * limit it waits for: to be asked again when its home has news of it, and
 * at *again, when somebody may have to make room.
 */
enum ledger_verdict ledger_shake(struct ledger *l, struct ledger_seat *seat,
				 uint64_t now, uint64_t *again);
/*
 * Now its handshake waits for the client since then, or for us. Takes no lock;
 * its worker alone may call it. After LEDGER_MOVES times it is as if it had not
 * been called.
 */
void ledger_await(struct ledger_seat *seat, uint64_t since);
/* The handshake is over, or will not be. Once more is fine. */
void ledger_shook(struct ledger *l, struct ledger_seat *seat, uint64_t now);
/* It has logged in. False: too late, it is to be ended. */
bool ledger_authenticated(struct ledger *l, struct ledger_seat *seat);
/* Once more, or without enter, is fine. */
void ledger_leave(struct ledger *l, struct ledger_seat *seat, uint64_t now);

/* A connection of this home of which there are news; NULL: no more. *why is
 * ADMITTED: it may shake hands; else it has to be ended. */
struct ledger_seat *ledger_news(struct ledger *l, struct ledger_home *home,
				enum ledger_verdict *why);

void ledger_count(struct ledger *l, struct ledger_counts *out);

/* The setting that decided, for events. */
const char *ledger_rule(enum ledger_verdict v);

#endif
