/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tally_table.c - the memory of the tally: who has a place, who has to go.
 */
#include "session/tally_parts.h"

#include "base/wipe.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { SIXTEENTHS = 16, COMMONS_BUCKETS = 64 };
#define DAY (UINT64_C(24) * 60 * 60 * 1000)
/* How long evidence and digests matter after they were last touched. */
#define NOTE_FOR  DAY
#define WRONG_FOR (7 * DAY)

const char *const tally_region_words[TALLY_REGIONS] = {
    [TALLY_ADDRESSES] = "addresses", [TALLY_PREFIXES] = "prefixes",
    [TALLY_USERS] = "users",         [TALLY_KNOWN] = "known",
    [TALLY_WRONG_PAIRS] = "wrong",   [TALLY_NOTES] = "notes",
    [TALLY_COMMONS] = "commons",
};

/* What one thing costs is in the mark, so that a count can be weighed without
 * its rule: there may be none any more. */
static double
weigh_cell(const void *entry, const struct moment *m)
{
	const struct cell *c = entry;
	uint64_t price = price_unpack((uint16_t)(c->mark & MARK_LOW));

	if (c->paid <= m->now * NS)
		return 0;
	return (double)(c->paid - m->now * NS) / (double)(price ? price : 1);
}

/* The latest matters most, newcomers included: they have logged in. */
static double
weigh_known(const void *entry, const struct moment *m)
{
	const struct acquaintance *k = entry;
	uint64_t ends = k->seen + m->known_for, now = KNOWN_EPOCH + m->now;

	return k->seen > 0 && ends > now ? (double)(ends - now) : 0;
}

/* How often it came; of equals the older one goes. */
static double
weigh_wrong(const void *entry, const struct moment *m)
{
	const struct wrong *w = entry;
	uint64_t latest = 0, ends;

	for (size_t i = 0; i < TALLY_WRONG_MOST; i++)
		if (w->when[i] > latest)
			latest = w->when[i];
	ends = latest * 100 + WRONG_FOR;
	if (latest == 0 || ends <= m->now)
		return 0;
	return (double)(w->mark & MARK_LOW) +
	       (double)(ends - m->now) / (2.0 * (double)WRONG_FOR);
}

static double
weigh_note(const void *entry, const struct moment *m)
{
	const struct note *n = entry;
	uint64_t ends = n->last + NOTE_FOR;

	if (n->evidence.attempts == 0 || ends <= m->now)
		return 0;
	return (double)n->evidence.attempts +
	       (double)(ends - m->now) / (2.0 * (double)NOTE_FOR);
}

static const struct {
	size_t size, share; /* bytes; sixteenths of the memory */
	double (*weigh)(const void *entry, const struct moment *m);
} kinds[TALLY_REGIONS] = {
    [TALLY_ADDRESSES] = {sizeof(struct cell), 4, weigh_cell},
    [TALLY_PREFIXES] = {sizeof(struct cell), 2, weigh_cell},
    [TALLY_USERS] = {sizeof(struct cell), 4, weigh_cell},
    [TALLY_KNOWN] = {sizeof(struct acquaintance), 2, weigh_known},
    [TALLY_WRONG_PAIRS] = {sizeof(struct wrong), 2, weigh_wrong},
    [TALLY_NOTES] = {sizeof(struct note), 2, weigh_note},
    [TALLY_COMMONS] = {sizeof(struct cell), 0, weigh_cell},
};

size_t
entry_size(enum tally_region kind)
{
	return kinds[kind].size;
}

double
entry_weight(enum tally_region kind, const void *entry, const struct moment *m)
{
	return entry_mark(entry) == 0 ? 0 : kinds[kind].weigh(entry, m);
}

uint64_t
entry_mark(const void *entry)
{
	uint64_t mark;

	memcpy(&mark, entry, sizeof mark);
	return mark;
}

/* The finish of MurmurHash3: each bit of the sum reaches all others. Nobody
 * outside knows the hash, so nobody chooses where it lands. */
uint64_t
entry_id(uint64_t hash, uint64_t of)
{
	uint64_t v = hash ^ of;

	v = (v ^ v >> 33) * UINT64_C(0xff51afd7ed558ccd);
	v = (v ^ v >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
	v = (v ^ v >> 33) >> MARK_SHIFT;
	return v ? v : 1;
}

uint16_t
price_pack(uint64_t ns)
{
	unsigned shift = 0;

	while (ns >> shift > 0x3ff)
		shift++;
	return (uint16_t)(shift << 10 | (unsigned)(ns >> shift));
}

uint64_t
price_unpack(uint16_t packed)
{
	return (uint64_t)(packed & 0x3ff) << (packed >> 10);
}

size_t
region_room(const struct shard *s, enum tally_region kind)
{
	return s->regions[kind].buckets * WAYS;
}

void *
region_at(const struct shard *s, enum tally_region kind, size_t i)
{
	return s->regions[kind].entries + i * kinds[kind].size;
}

/* The first entry of one of the two buckets that an id may be in. Two make
 * that only a region that is full pushes out, not a bucket that happens to be.
 */
static size_t
bucket_of(const struct region *r, uint64_t id, unsigned choice)
{
	uint64_t spread = id >> 16;

	if (choice > 0)
		spread = id * UINT64_C(0x9e3779b97f4a7c15) >> 32;
	return (size_t)(spread * r->buckets >> 32) * WAYS;
}

void *
region_find(const struct shard *s, enum tally_region kind, uint64_t id)
{
	for (unsigned choice = 0; choice < CHOICES; choice++) {
		size_t at = bucket_of(&s->regions[kind], id, choice);

		for (size_t i = 0; i < WAYS; i++) {
			void *entry = region_at(s, kind, at + i);

			if (entry_mark(entry) >> MARK_SHIFT == id)
				return entry;
		}
	}
	return NULL;
}

static void *
lightest(const struct shard *s, enum tally_region kind, uint64_t id,
	 const struct moment *m, double *weight)
{
	void *found = NULL;

	for (unsigned choice = 0; choice < CHOICES; choice++) {
		size_t at = bucket_of(&s->regions[kind], id, choice);

		for (size_t i = 0; i < WAYS; i++) {
			void *entry = region_at(s, kind, at + i);
			double w = entry_weight(kind, entry, m);

			if (found && w >= *weight)
				continue;
			found = entry;
			*weight = w;
			if (w <= 0)
				return found;
		}
	}
	return found;
}

void *
region_claim(struct shard *s, enum tally_region kind, uint64_t id,
	     const struct moment *m)
{
	void *entry = region_find(s, kind, id);
	uint64_t mark = id << MARK_SHIFT;
	double weight;

	if (entry)
		return entry;
	entry = lightest(s, kind, id, m, &weight);
	if (weight > 0)
		s->regions[kind].pushed_out++;
	memset(entry, 0, kinds[kind].size);
	memcpy(entry, &mark, sizeof mark);
	return entry;
}

static size_t
bucket_bytes(size_t kind)
{
	return WAYS * kinds[kind].size;
}

/* How the memory is shared out; returns how much it takes. */
static size_t
lay_out(struct tally *t, size_t memory, unsigned char *at)
{
	size_t per = memory / SHARDS, used = 0;

	for (size_t i = 0; i < SHARDS; i++)
		for (size_t k = 0; k < TALLY_COMMONS; k++) {
			struct region *r = &t->shards[i].regions[k];

			r->buckets =
			    per * kinds[k].share / SIXTEENTHS / bucket_bytes(k);
			assert(r->buckets > 0);
			r->entries = at ? at + used : NULL;
			used += r->buckets * bucket_bytes(k);
		}
	t->shards[COMMONS].regions[TALLY_COMMONS] = (struct region){
	    .entries = at ? at + used : NULL, .buckets = COMMONS_BUCKETS};
	return used + COMMONS_BUCKETS * bucket_bytes(TALLY_COMMONS);
}

static size_t
lock_all(struct tally *t)
{
	size_t n = 0;

	while (n <= SHARDS && pthread_mutex_init(&t->shards[n].lock, NULL) == 0)
		n++;
	return n;
}

struct tally *
tally_new(size_t memory, const unsigned char key[HASH_KEY],
	  const unsigned char digests[HASH_KEY])
{
	const size_t aside = sizeof(struct tally) + LINE +
			     COMMONS_BUCKETS * bucket_bytes(TALLY_COMMONS);
	struct tally *t = NULL;
	size_t locks;

	if (memory < TALLY_MEMORY_LEAST)
		memory = TALLY_MEMORY_LEAST;
	t = aligned_alloc(LINE, sizeof *t);
	if (!t)
		return NULL;
	memset(t, 0, sizeof *t);
	t->bytes = sizeof *t + LINE + lay_out(t, memory - aside, NULL);
	t->memory = calloc(1, t->bytes - sizeof *t);
	locks = lock_all(t);
	if (!t->memory || locks <= SHARDS) {
		while (locks-- > 0)
			(void)pthread_mutex_destroy(&t->shards[locks].lock);
		free(t->memory);
		free(t);
		return NULL;
	}
	/* Buckets begin where lines of the cache do. */
	(void)lay_out(t, memory - aside,
		      (unsigned char *)t->memory +
			  (LINE - (uintptr_t)t->memory % LINE) % LINE);
	memcpy(t->key, key, sizeof t->key);
	memcpy(t->digests, digests, sizeof t->digests);
	return t;
}

void
tally_free(struct tally *t)
{
	if (!t)
		return;
	for (size_t i = 0; i <= SHARDS; i++)
		(void)pthread_mutex_destroy(&t->shards[i].lock);
	free(t->memory);
	wipe(t, sizeof *t);
	free(t);
}
