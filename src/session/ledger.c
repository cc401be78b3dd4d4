/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ledger.c - connections and strangers; ledger_shake.c has the handshakes.
 */
#include "session/ledger_parts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

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
	l->addresses++;
	return e;
}

static struct ledger_entry **
level_of(struct ledger *l, const struct ledger_entry *e, enum ledger_crowd c)
{
	uint64_t n = e->groups[c].count;

	return &l->crowds[c].levels[n < LEVELS ? n : LEVELS - 1];
}

/* Becomes one more or one less: the level follows. */
static void
resize(struct ledger *l, struct ledger_entry *e, enum ledger_crowd c, int by)
{
	struct group *g = &e->groups[c];

	if (g->count > 0)
		DL_DELETE2(*level_of(l, e, c), e, groups[c].prev,
			   groups[c].next);
	g->count += (uint64_t)by;
	l->crowds[c].count += (uint64_t)by;
	if (g->count > 0)
		DL_APPEND2(*level_of(l, e, c), e, groups[c].prev,
			   groups[c].next);
}

void
ledger_join(struct ledger *l, struct ledger_seat *seat, enum ledger_crowd c)
{
	DL_APPEND2(seat->entry->groups[c].oldest, seat, in[c].prev, in[c].next);
	resize(l, seat->entry, c, 1);
}

void
ledger_part(struct ledger *l, struct ledger_seat *seat, enum ledger_crowd c)
{
	DL_DELETE2(seat->entry->groups[c].oldest, seat, in[c].prev, in[c].next);
	resize(l, seat->entry, c, -1);
}

struct ledger_seat *
ledger_oldest_of_most(const struct ledger *l, enum ledger_crowd c)
{
	for (size_t i = LEVELS; i-- > 1;)
		if (l->crowds[c].levels[i])
			return l->crowds[c].levels[i]->groups[c].oldest;
	return NULL;
}

void
ledger_tell(struct ledger_seat *seat)
{
	if (seat->told)
		return;
	seat->told = true;
	DL_APPEND2(seat->home->news, seat, news.prev, news.next);
	seat->home->wake(seat->home->arg);
}

void
ledger_put_out(struct ledger *l, struct ledger_seat *seat,
	       enum ledger_verdict why, uint64_t now)
{
	if (seat->place == LEDGER_STRANGER)
		ledger_part(l, seat, CROWD_STRANGERS);
	seat->place = LEDGER_PUT_OUT;
	seat->why = why;
	ledger_end_handshake(l, seat, now);
	ledger_tell(seat);
}

static enum ledger_verdict
judge(const struct ledger *l, const struct ledger_entry *e)
{
	if (l->connections >= l->limits.connections)
		return LEDGER_FULL;
	if (e && e->connections >= l->limits.per_address)
		return LEDGER_ADDRESS;
	return LEDGER_ADMITTED;
}

static enum ledger_verdict
enter(struct ledger *l, struct ledger_seat *seat, const struct address *a,
      uint64_t now)
{
	struct address network = address_network(a);
	struct ledger_entry *e = find(l, &network);
	enum ledger_verdict v = judge(l, e);

	if (v != LEDGER_ADMITTED)
		return v;
	if (!e)
		e = make(l, &network);
	if (!e)
		return LEDGER_NOMEM;
	e->connections++;
	l->connections++;
	if (l->crowds[CROWD_STRANGERS].count >= l->limits.unauthenticated)
		ledger_put_out(l, ledger_oldest_of_most(l, CROWD_STRANGERS),
			       LEDGER_STRANGERS, now);
	seat->entry = e;
	seat->place = LEDGER_STRANGER;
	ledger_join(l, seat, CROWD_STRANGERS);
	return LEDGER_ADMITTED;
}

enum ledger_verdict
ledger_enter(struct ledger *l, struct ledger_seat *seat,
	     struct ledger_home *home, const struct address *a,
	     const struct ledger_limits *limits, uint64_t now)
{
	enum ledger_verdict v;

	*seat = (struct ledger_seat){.home = home};
	(void)pthread_mutex_lock(&l->lock);
	l->limits = *limits;
	v = enter(l, seat, a, now);
	(void)pthread_mutex_unlock(&l->lock);
	return v;
}

bool
ledger_authenticated(struct ledger *l, struct ledger_seat *seat)
{
	bool in;

	(void)pthread_mutex_lock(&l->lock);
	if (seat->place == LEDGER_STRANGER) {
		ledger_part(l, seat, CROWD_STRANGERS);
		seat->place = LEDGER_SEATED;
	}
	in = seat->place == LEDGER_SEATED;
	(void)pthread_mutex_unlock(&l->lock);
	return in;
}

static void
leave(struct ledger *l, struct ledger_seat *seat, uint64_t now)
{
	struct ledger_entry *e = seat->entry;

	if (seat->place == LEDGER_STRANGER)
		ledger_part(l, seat, CROWD_STRANGERS);
	ledger_end_handshake(l, seat, now);
	if (seat->told)
		DL_DELETE2(seat->home->news, seat, news.prev, news.next);
	seat->told = false;
	seat->place = LEDGER_OUT;
	l->connections--;
	if (--e->connections > 0)
		return;
	HASH_DELETE(hh, l->entries, e);
	l->addresses--;
	free(e);
}

void
ledger_leave(struct ledger *l, struct ledger_seat *seat, uint64_t now)
{
	(void)pthread_mutex_lock(&l->lock);
	if (seat->place != LEDGER_OUT)
		leave(l, seat, now);
	(void)pthread_mutex_unlock(&l->lock);
}

struct ledger_seat *
ledger_news(struct ledger *l, struct ledger_home *home,
	    enum ledger_verdict *why)
{
	struct ledger_seat *seat;

	(void)pthread_mutex_lock(&l->lock);
	seat = home->news;
	if (seat) {
		DL_DELETE2(home->news, seat, news.prev, news.next);
		seat->told = false;
		*why =
		    seat->place == LEDGER_PUT_OUT ? seat->why : LEDGER_ADMITTED;
	}
	(void)pthread_mutex_unlock(&l->lock);
	return seat;
}

void
ledger_count(struct ledger *l, struct ledger_counts *out)
{
	(void)pthread_mutex_lock(&l->lock);
	*out = (struct ledger_counts){
	    .connections = l->connections,
	    .unauthenticated = l->crowds[CROWD_STRANGERS].count,
	    .handshakes = l->crowds[CROWD_HANDSHAKES].count,
	    .addresses = l->addresses,
	};
	(void)pthread_mutex_unlock(&l->lock);
}

const char *
ledger_rule(enum ledger_verdict v)
{
	static const char *const rules[LEDGER_VERDICTS] = {
	    [LEDGER_ADMITTED] = "none",
	    [LEDGER_FULL] = "limits.connections",
	    [LEDGER_ADDRESS] = "limits.connections_per_address",
	    [LEDGER_STRANGERS] = "limits.unauthenticated",
	    [LEDGER_HANDSHAKES] = "limits.handshakes",
	    [LEDGER_HANDSHAKES_ADDRESS] = "limits.handshakes_per_address",
	    [LEDGER_NOMEM] = "memory",
	};

	return rules[v];
}
