/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "session/ledger.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include <utlist.h>

/*
 * Addresses with connections that wait for a login stand in one list per
 * number of such connections, so that the one with most is found without a
 * search. Who has LEVELS or more shares the last list.
 */
enum { LEVELS = 64 };

struct ledger_entry {
	struct address network; /* see address_network */
	uint64_t connections, waiting;
	struct ledger_seat *oldest;       /* of those waiting */
	struct ledger_entry *prev, *next; /* in its level */
	UT_hash_handle hh;
};

struct ledger {
	pthread_mutex_t lock;
	unsigned char key[HASH_KEY];
	struct ledger_entry *entries;
	struct ledger_entry *levels[LEVELS];
	struct ledger_counts counts;
};

struct ledger *
ledger_new(const unsigned char key[HASH_KEY])
{
	struct ledger *l = calloc(1, sizeof *l);

	if (!l || pthread_mutex_init(&l->lock, NULL) != 0) {
		free(l);
		return NULL;
	}
	memcpy(l->key, key, sizeof l->key);
	return l;
}

void
ledger_free(struct ledger *l)
{
	if (!l)
		return;
	assert(!l->entries);
	(void)pthread_mutex_destroy(&l->lock);
	free(l);
}

static unsigned
hash_of(const struct ledger *l, const struct address *network)
{
	return (unsigned)hash_keyed(l->key, slice_of(network->octets, 16));
}

static struct ledger_entry *
find(const struct ledger *l, const struct address *network)
{
	struct ledger_entry *e = NULL;
	unsigned hash = hash_of(l, network);

	HASH_FIND_BYHASHVALUE(hh, l->entries, network->octets, 16, hash, e);
	return e;
}

static struct ledger_entry *
make(struct ledger *l, const struct address *network)
{
	struct ledger_entry *e = calloc(1, sizeof *e);
	unsigned hash = hash_of(l, network);

	if (!e)
		return NULL;
	e->network = *network;
	HASH_ADD_KEYPTR_BYHASHVALUE(hh, l->entries, e->network.octets, 16, hash,
				    e);
	l->counts.addresses++;
	return e;
}

static struct ledger_entry **
level_of(struct ledger *l, const struct ledger_entry *e)
{
	return &l->levels[e->waiting < LEVELS ? e->waiting : LEVELS - 1];
}

/* Waiting becomes one more or one less: the level follows. */
static void
change_waiting(struct ledger *l, struct ledger_entry *e, bool more)
{
	if (e->waiting > 0)
		DL_DELETE(*level_of(l, e), e);
	if (more) {
		e->waiting++;
		l->counts.unauthenticated++;
	} else {
		e->waiting--;
		l->counts.unauthenticated--;
	}
	if (e->waiting > 0)
		DL_APPEND(*level_of(l, e), e);
}

static void
stop_waiting(struct ledger *l, struct ledger_seat *seat)
{
	DL_DELETE(seat->entry->oldest, seat);
	change_waiting(l, seat->entry, false);
}

/* The oldest connection of the address that holds most has to go. */
static void
make_room(struct ledger *l)
{
	for (size_t i = LEVELS; i-- > 1;) {
		struct ledger_seat *seat;

		if (!l->levels[i])
			continue;
		seat = l->levels[i]->oldest;
		stop_waiting(l, seat);
		seat->place = LEDGER_PUT_OUT;
		DL_APPEND(seat->home->put_out, seat);
		seat->home->wake(seat->home->arg);
		break;
	}
}

static enum ledger_verdict
judge(struct ledger *l, const struct ledger_entry *e,
      const struct ledger_limits *limits)
{
	if (l->counts.connections >= limits->connections)
		return LEDGER_FULL;
	if (e && e->connections >= limits->per_address)
		return LEDGER_ADDRESS;
	return LEDGER_ADMITTED;
}

static enum ledger_verdict
enter(struct ledger *l, struct ledger_seat *seat, const struct address *a,
      const struct ledger_limits *limits)
{
	struct address network = address_network(a);
	struct ledger_entry *e = find(l, &network);
	enum ledger_verdict v = judge(l, e, limits);

	if (v != LEDGER_ADMITTED)
		return v;
	if (!e)
		e = make(l, &network);
	if (!e)
		return LEDGER_NOMEM;
	e->connections++;
	l->counts.connections++;
	if (l->counts.unauthenticated >= limits->unauthenticated)
		make_room(l);
	seat->entry = e;
	seat->place = LEDGER_WAITING;
	DL_APPEND(e->oldest, seat);
	change_waiting(l, e, true);
	return LEDGER_ADMITTED;
}

enum ledger_verdict
ledger_enter(struct ledger *l, struct ledger_seat *seat,
	     struct ledger_home *home, const struct address *a,
	     const struct ledger_limits *limits)
{
	enum ledger_verdict v;

	*seat = (struct ledger_seat){.home = home};
	(void)pthread_mutex_lock(&l->lock);
	v = enter(l, seat, a, limits);
	(void)pthread_mutex_unlock(&l->lock);
	return v;
}

bool
ledger_authenticated(struct ledger *l, struct ledger_seat *seat)
{
	bool in;

	(void)pthread_mutex_lock(&l->lock);
	if (seat->place == LEDGER_WAITING) {
		stop_waiting(l, seat);
		seat->place = LEDGER_SEATED;
	}
	in = seat->place == LEDGER_SEATED;
	(void)pthread_mutex_unlock(&l->lock);
	return in;
}

static void
leave(struct ledger *l, struct ledger_seat *seat)
{
	struct ledger_entry *e = seat->entry;

	if (seat->place == LEDGER_WAITING)
		stop_waiting(l, seat);
	else if (seat->place == LEDGER_PUT_OUT && seat->prev)
		DL_DELETE(seat->home->put_out, seat);
	seat->place = LEDGER_OUT;
	l->counts.connections--;
	if (--e->connections > 0)
		return;
	HASH_DELETE(hh, l->entries, e);
	l->counts.addresses--;
	free(e);
}

void
ledger_leave(struct ledger *l, struct ledger_seat *seat)
{
	(void)pthread_mutex_lock(&l->lock);
	if (seat->place != LEDGER_OUT)
		leave(l, seat);
	(void)pthread_mutex_unlock(&l->lock);
}

struct ledger_seat *
ledger_put_out(struct ledger *l, struct ledger_home *home)
{
	struct ledger_seat *seat;

	(void)pthread_mutex_lock(&l->lock);
	seat = home->put_out;
	if (seat) {
		DL_DELETE(home->put_out, seat);
		seat->prev = NULL; /* in no list: see leave */
	}
	(void)pthread_mutex_unlock(&l->lock);
	return seat;
}

void
ledger_count(struct ledger *l, struct ledger_counts *out)
{
	(void)pthread_mutex_lock(&l->lock);
	*out = l->counts;
	(void)pthread_mutex_unlock(&l->lock);
}

const char *
ledger_rule(enum ledger_verdict v)
{
	switch (v) {
	case LEDGER_FULL:
		return "limits.connections";
	case LEDGER_ADDRESS:
		return "limits.connections_per_address";
	case LEDGER_NOMEM:
		return "memory";
	case LEDGER_ADMITTED:
	default:
		return "none";
	}
}
