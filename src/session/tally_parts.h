/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tally_parts.h - the inside of the tally, for tally*.c and saved*.c alone.
 *
 * What is kept lies in shards, each behind its own lock. All that is kept of an
 * address, its prefix and the pairs of it and its users lies in the shard of
 * the prefix, all that is counted by RULE_USER in the shard of the user, and
 * what is counted by RULE_LISTENER and RULE_ALL in the last one, the commons.
 * So an attempt holds three locks at most, taken in the order of the shards.
 *
 * Each shard has a region of its own for each kind of entry, made of buckets of
 * WAYS; an entry may stand in CHOICES of them. Whoever calls what works on
 * regions holds the lock of their shard.
 */
#ifndef SESSION_TALLY_PARTS_H
#define SESSION_TALLY_PARTS_H

#include "session/tally.h"

#include <pthread.h>
#include <stdalign.h>

enum { SHARDS = 16, COMMONS = SHARDS, WAYS = 8, CHOICES = 2, LINE = 64 };
enum { NS = 1000000 }; /* in a ms, as in policy/rate */

/*
 * Every entry begins with a mark: 48 bits of a keyed hash that, in its region,
 * stand for the whole key (entry_id), and 16 bits below that each kind uses in
 * its own way. 0: empty.
 */
enum { MARK_SHIFT = 16, MARK_LOW = 0xffff };

/* Of TALLY_ADDRESSES, _PREFIXES, _USERS and _COMMONS: a bucket of one rule. In
 * the low bits of the mark is what one thing costs, see price_pack. */
struct cell {
	uint64_t mark;
	uint64_t paid; /* see policy/rate.h */
};

/* Of TALLY_KNOWN. */
struct acquaintance {
	uint64_t mark;
	uint64_t seen; /* the last login, ms, KNOWN_EPOCH + monotonic */
};

/* So that a login of before this boot has a time, too. */
#define KNOWN_EPOCH (UINT64_C(1) << 40)

/* Of TALLY_WRONG_PAIRS. In the low bits of the mark is how often it came. */
struct wrong {
	uint64_t mark;
	uint32_t when[TALLY_WRONG_MOST]; /* 1 + tenths of seconds; 0: none */
	uint16_t digests[TALLY_WRONG_MOST];
};

/* Of TALLY_NOTES. */
struct note {
	uint64_t mark;
	uint64_t last; /* monotonic ms */
	struct evidence evidence;
};

/* What the weight of an entry depends on, besides itself. */
struct moment {
	uint64_t now, known_for;
};

struct region {
	unsigned char *entries;
	size_t buckets; /* 0: this shard has none of these */
	uint64_t pushed_out;
};

struct shard {
	alignas(LINE) pthread_mutex_t lock;
	struct region regions[TALLY_REGIONS];
};

struct tally {
	struct shard shards[SHARDS + 1];
	unsigned char key[HASH_KEY], digests[HASH_KEY];
	size_t bytes;
	void *memory;
};

/* --- tally_table.c: regions ---------------------------------------------- */

size_t entry_size(enum tally_region kind);
/* 48 bits, never 0, of two things mixed. */
uint64_t entry_id(uint64_t hash, uint64_t of);
uint64_t entry_mark(const void *entry);
/* How much it matters; 0: not at all. The newcomer of its kind has 1. */
double entry_weight(enum tally_region kind, const void *entry,
		    const struct moment *m);
/* NULL: it is not there. */
void *region_find(const struct shard *s, enum tally_region kind, uint64_t id);
/* The same, or a new one, zero but for its mark, where one had to go. */
void *region_claim(struct shard *s, enum tally_region kind, uint64_t id,
		   const struct moment *m);
/* Entry number i of a region that has region_room of them. */
void *region_at(const struct shard *s, enum tally_region kind, size_t i);
size_t region_room(const struct shard *s, enum tally_region kind);

/* 16 bits that are about as much as 64; never more. */
uint16_t price_pack(uint64_t ns);
uint64_t price_unpack(uint16_t packed);

/* --- tally_keys.c: who it is, and the locks ------------------------------ */

/* Fills in the hashes of a zeroed attempt. */
void keys_of(const struct tally *t, const struct tally_who *who,
	     struct tally_attempt *a);
/* Of the secret, for this pair. */
uint16_t digest_of(const struct tally *t, const struct tally_attempt *a,
		   struct slice secret);

struct shard *shard_of(struct tally *t, uint64_t hash);

/* Locks held, and what is found behind them. NULL: not held. */
struct grip {
	struct shard *prefix, *user, *commons;
};

/* The shard of the prefix, and the others if they are wished for. */
struct grip grip_take(struct tally *t, const struct tally_attempt *a, bool user,
		      bool commons);
void grip_drop(struct grip *g);

/* --- tally_pair.c: what is known of a pair ------------------------------- */

/* hash: of a pair or a prefix. */
bool known_is(const struct shard *s, uint64_t hash, const struct moment *m);
void known_make(struct shard *s, uint64_t hash, const struct moment *m);

/* Found wrong less than `within` ms ago. Counts as one more visit. */
bool wrong_is(struct shard *s, const struct tally_attempt *a, uint64_t within,
	      const struct moment *m);
/* Found wrong now. True: it is the first time. */
bool wrong_make(struct shard *s, const struct tally_attempt *a,
		const struct moment *m);

/* --- tally_count.c: the rules -------------------------------------------- */

/* Who is counted, behind which locks. */
struct counting {
	const struct rules *rules;
	const struct tally_who *who;
	const struct tally_attempt *keys;
	struct grip grip;
	struct moment moment;
};

/* Do they count by listener or all together? */
bool counting_commons(const struct rules *rules, enum rule_count count);
/* Is there room for one? Else *out says which rule has none. Takes nothing. */
bool counting_judge(const struct counting *c, enum rule_count count,
		    struct tally_verdict *out);
/* Takes one of each rule that has room; returns which, as bits. */
uint64_t counting_take(const struct counting *c, enum rule_count count);
void counting_return(const struct counting *c, uint64_t taken);
/* n have happened. Calls full for each rule that has no room left for one more
 * and will have it in `wait` ms. */
void counting_spend(const struct counting *c, enum rule_count count, uint64_t n,
		    void (*full)(void *arg, const struct rule *r,
				 uint64_t wait),
		    void *arg);
void counting_forget(const struct counting *c, enum rule_by by);
/* Distinct failures of the user, of late. */
uint32_t lately_count(const struct counting *c);
void lately_note(const struct counting *c);

/* --- tally_note.c: evidence ---------------------------------------------- */

/* A distinct failure. */
void notes_take(const struct counting *c, uint64_t wall);
/* Of address, prefix or user; NULL: none. */
struct note *note_find(const struct counting *c, enum rule_by by);

#endif
