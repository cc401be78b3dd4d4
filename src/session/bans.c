/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bans.c - bans begin and end; bans_find.c has the lookups.
 */
#include "session/bans_parts.h"

#include <stdlib.h>
#include <string.h>

struct bans *
bans_new(const unsigned char key[HASH_KEY])
{
	struct bans *b = calloc(1, sizeof *b);

	if (!b)
		return NULL;
	b->holding.records = calloc(BANS_MOST, sizeof(void *));
	b->remembered.records = calloc(BANS_MOST, sizeof(void *));
	b->slots = calloc(BANS_MOST, sizeof(void *));
	b->spare = calloc(BANS_MOST, sizeof *b->spare);
	memcpy(b->key, key, sizeof b->key);
	if (b->holding.records && b->remembered.records && b->slots &&
	    b->spare && pthread_rwlock_init(&b->lock, NULL) == 0) {
		while (b->spare_count < BANS_MOST) {
			b->spare[b->spare_count] =
			    BANS_MOST - 1 - b->spare_count;
			b->spare_count++;
		}
		return b;
	}
	free(b->holding.records);
	free(b->remembered.records);
	free(b->slots);
	free(b->spare);
	free(b);
	return NULL;
}

static void
drop_all(struct bans *b)
{
	for (uint32_t i = 0; i < BANS_MOST; i++)
		if (b->slots[i])
			records_drop(b, b->slots[i]);
}

void
bans_free(struct bans *b)
{
	if (!b)
		return;
	drop_all(b);
	(void)pthread_rwlock_destroy(&b->lock);
	free(b->holding.records);
	free(b->remembered.records);
	free(b->slots);
	free(b->spare);
	free(b);
}

static void
forget_due(struct bans *b, uint64_t now)
{
	while (b->remembered.count > 0 &&
	       b->remembered.records[0]->forgotten <= now)
		records_drop(b, b->remembered.records[0]);
}

/* Stands in the holding heap from now on, as a ban that nobody has met yet. */
static void
begin(struct bans *b, struct ban_record *r, uint64_t ends, uint64_t wall)
{
	r->id = ++b->last_id;
	r->ends = ends;
	r->since = wall;
	r->over = false;
	r->refused = r->told = r->told_at = 0;
	records_place(b, r);
}

static uint64_t
end_of(uint64_t ms, uint64_t now)
{
	return ms < UINT64_MAX - now ? now + ms : UINT64_MAX;
}

/* Stands in no heap before; then is remembered as long as it is due. */
static void
end(struct bans *b, struct ban_record *r)
{
	r->over = true;
	r->forgotten = r->ends + r->longest;
	records_place(b, r);
}

/* The times-th ban in a row. */
static uint64_t
grown(const struct rule *rule, uint32_t times)
{
	uint64_t ms = rule->ban;

	while (times-- > 1 && ms < rule->ban_most)
		ms *= 2;
	return ms < rule->ban_most ? ms : rule->ban_most;
}

static uint32_t
times_before(const struct ban_record *r, uint64_t now)
{
	uint64_t forgotten;

	if (!r)
		return 0;
	forgotten = r->over ? r->forgotten : r->ends + r->longest;
	return now < forgotten ? r->times : 0;
}

static bool
begin_by_rule(struct bans *b, const struct rule *rule,
	      const struct ban_subject *subject,
	      const struct evidence *evidence, uint64_t now, uint64_t wall,
	      struct ban *out)
{
	struct ban_key key = ban_key_of(subject);
	struct ban_record *r = records_find(b, &key);
	uint32_t times = times_before(r, now) + 1;
	uint64_t ends = now + grown(rule, times);

	if (r && ban_holds(r, now)) {
		if (evidence && !r->by_hand)
			r->evidence = *evidence;
		return false;
	}
	if (r)
		records_leave(b, r);
	else if (records_make(b, &key, ends, &r) != ERR_OK)
		return false;
	r->times = times;
	r->by_hand = false;
	r->longest = rule->ban_most;
	r->evidence = evidence ? *evidence : (struct evidence){0};
	ban_text(r->reason, sizeof r->reason, slice_str(rule->name));
	begin(b, r, ends, wall);
	ban_copy(r, now, wall, out);
	return true;
}

bool
bans_begin(struct bans *b, const struct rule *rule,
	   const struct ban_subject *subject, const struct evidence *evidence,
	   uint64_t now, uint64_t wall, struct ban *out)
{
	bool begins;

	(void)pthread_rwlock_wrlock(&b->lock);
	forget_due(b, now);
	begins = begin_by_rule(b, rule, subject, evidence, now, wall, out);
	(void)pthread_rwlock_unlock(&b->lock);
	return begins;
}

static enum err
begin_by_hand(struct bans *b, const struct ban_subject *subject, uint64_t ends,
	      struct slice reason, uint64_t wall, struct ban_record **out)
{
	struct ban_key key = ban_key_of(subject);
	struct ban_record *r = records_find(b, &key);
	enum err e = ERR_OK;

	if (r)
		records_leave(b, r);
	else
		e = records_make(b, &key, ends, &r);
	if (e != ERR_OK)
		return e;
	r->by_hand = true;
	ban_text(r->reason, sizeof r->reason, reason);
	begin(b, r, ends, wall);
	*out = r;
	return ERR_OK;
}

enum err
bans_add(struct bans *b, const struct ban_subject *subject, uint64_t ms,
	 struct slice reason, uint64_t now, uint64_t wall, struct ban *out)
{
	struct ban_record *r;
	enum err e;

	(void)pthread_rwlock_wrlock(&b->lock);
	forget_due(b, now);
	e = begin_by_hand(b, subject, end_of(ms, now), reason, wall, &r);
	if (e == ERR_OK)
		ban_copy(r, now, wall, out);
	(void)pthread_rwlock_unlock(&b->lock);
	return e;
}

bool
bans_remove(struct bans *b, const struct ban_subject *subject, uint64_t now,
	    uint64_t wall, struct ban *out)
{
	struct ban_key key = ban_key_of(subject);
	struct ban_record *r;
	bool held;

	(void)pthread_rwlock_wrlock(&b->lock);
	r = records_find(b, &key);
	held = r && ban_holds(r, now);
	if (held)
		ban_copy(r, now, wall, out);
	if (r)
		records_drop(b, r);
	(void)pthread_rwlock_unlock(&b->lock);
	return held;
}

size_t
bans_flush(struct bans *b, uint64_t now)
{
	size_t held = 0;

	(void)pthread_rwlock_wrlock(&b->lock);
	for (uint32_t i = 0; i < b->holding.count; i++)
		held += ban_holds(b->holding.records[i], now);
	drop_all(b);
	(void)pthread_rwlock_unlock(&b->lock);
	return held;
}

uint64_t
bans_due(struct bans *b)
{
	uint64_t due;

	(void)pthread_rwlock_rdlock(&b->lock);
	due = b->holding.count > 0 ? b->holding.records[0]->ends : UINT64_MAX;
	(void)pthread_rwlock_unlock(&b->lock);
	return due;
}

static bool
end_next(struct bans *b, uint64_t now, uint64_t wall, struct ban *out)
{
	struct ban_record *r =
	    b->holding.count > 0 ? b->holding.records[0] : NULL;

	if (!r || r->ends > now)
		return false;
	ban_copy(r, now, wall, out);
	records_leave(b, r);
	end(b, r);
	return true;
}

bool
bans_ended(struct bans *b, uint64_t now, uint64_t wall, struct ban *out)
{
	bool ended;

	(void)pthread_rwlock_wrlock(&b->lock);
	ended = end_next(b, now, wall, out);
	if (!ended)
		forget_due(b, now);
	(void)pthread_rwlock_unlock(&b->lock);
	return ended;
}

void
bans_count(struct bans *b, struct bans_counts *out)
{
	(void)pthread_rwlock_rdlock(&b->lock);
	*out = (struct bans_counts){.networks = b->networks,
				    .users = b->users,
				    .remembered = b->remembered.count,
				    .pushed_out = b->pushed_out};
	(void)pthread_rwlock_unlock(&b->lock);
}

static void
restore(struct bans *b, const struct ban *from, uint64_t now,
	struct ban_record *r)
{
	r->times = from->times;
	r->by_hand = from->by_hand;
	r->longest = from->forgotten_in;
	r->evidence = from->evidence;
	memcpy(r->reason, from->reason, sizeof r->reason);
	if (from->over) {
		r->id = ++b->last_id;
		r->since = from->since;
		r->ends = now;
		end(b, r);
		return;
	}
	begin(b, r, end_of(from->left, now), from->since);
	r->refused = r->told = from->refused;
}

enum err
bans_restore(struct bans *b, const struct ban *from, uint64_t now)
{
	const struct ban_subject s = {from->kind, from->network,
				      slice_str(from->user)};
	struct ban_key key = ban_key_of(&s);
	struct ban_record *r;
	enum err e = ERR_DUPLICATE;

	(void)pthread_rwlock_wrlock(&b->lock);
	if (!records_find(b, &key))
		e = records_make(b, &key, end_of(from->left, now), &r);
	if (e == ERR_OK)
		restore(b, from, now, r);
	(void)pthread_rwlock_unlock(&b->lock);
	return e;
}
