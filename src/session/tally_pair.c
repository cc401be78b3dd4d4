/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tally_pair.c - pairs of prefix and user: those that logged in, and what was
 * wrong of others.
 */
#include "session/tally_parts.h"

enum { TENTH = 100 }; /* ms */

bool
known_is(const struct shard *s, uint64_t hash, const struct moment *m)
{
	const struct acquaintance *k =
	    region_find(s, TALLY_KNOWN, entry_id(hash, TALLY_KNOWN));

	return k && entry_weight(TALLY_KNOWN, k, m) > 0;
}

void
known_make(struct shard *s, uint64_t hash, const struct moment *m)
{
	struct acquaintance *k =
	    region_claim(s, TALLY_KNOWN, entry_id(hash, TALLY_KNOWN), m);

	k->seen = KNOWN_EPOCH + m->now;
}

static uint64_t
wrong_id(const struct tally_attempt *a)
{
	return entry_id(a->pair, TALLY_WRONG_PAIRS);
}

static uint32_t
tenths(uint64_t ms)
{
	return (uint32_t)(ms / TENTH) + 1;
}

/* Where its digest is, or TALLY_WRONG_MOST. */
static size_t
place_of(const struct wrong *w, uint16_t digest)
{
	size_t i = 0;

	while (i < TALLY_WRONG_MOST &&
	       (w->when[i] == 0 || w->digests[i] != digest))
		i++;
	return i;
}

static void
visit(struct wrong *w)
{
	if ((w->mark & MARK_LOW) < MARK_LOW)
		w->mark++;
}

bool
wrong_is(struct shard *s, const struct tally_attempt *a, uint64_t within,
	 const struct moment *m)
{
	struct wrong *w = region_find(s, TALLY_WRONG_PAIRS, wrong_id(a));
	size_t at = w ? place_of(w, a->digest) : TALLY_WRONG_MOST;
	uint64_t age;

	if (at == TALLY_WRONG_MOST)
		return false;
	/* The clock of another worker may be a little ahead. */
	age = tenths(m->now) > w->when[at] ? tenths(m->now) - w->when[at] : 0;
	if (age * TENTH >= within)
		return false;
	visit(w);
	return true;
}

static size_t
oldest(const struct wrong *w)
{
	size_t at = 0;

	for (size_t i = 1; i < TALLY_WRONG_MOST; i++)
		if (w->when[i] < w->when[at])
			at = i;
	return at;
}

bool
wrong_make(struct shard *s, const struct tally_attempt *a,
	   const struct moment *m)
{
	struct wrong *w = region_claim(s, TALLY_WRONG_PAIRS, wrong_id(a), m);
	size_t at = place_of(w, a->digest);
	bool first = at == TALLY_WRONG_MOST;

	if (first)
		at = oldest(w);
	w->when[at] = tenths(m->now);
	w->digests[at] = a->digest;
	visit(w);
	return first;
}
