/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * saved.c - writing the state, block by block; saved_load.c reads it.
 */
#include "session/saved_parts.h"

#include <string.h>

enum stage { HEADER, BANS, TABLES, END, DONE };

/* How many entries are looked at under one lock. */
enum { LOOK = 16384 };

uint64_t
saved_sum(uint64_t before, struct slice payload)
{
	unsigned char key[HASH_KEY] = "imapward";

	for (size_t i = 0; i < sizeof before; i++)
		key[8 + i] = (unsigned char)(before >> 8 * i);
	return hash_keyed(key, payload);
}

/* Bytes of a block as they come; there always is room. */
struct writer {
	unsigned char *mem;
	size_t len;
};

static void
put_bytes(struct writer *w, const void *bytes, size_t n)
{
	memcpy(w->mem + w->len, bytes, n);
	w->len += n;
}

static void
put_number(struct writer *w, uint64_t v, size_t octets)
{
	for (size_t i = 0; i < octets; i++)
		w->mem[w->len++] = (unsigned char)(v >> 8 * i);
}

/* At most 255 bytes. */
static void
put_text(struct writer *w, const char *text)
{
	size_t n = strlen(text);

	put_number(w, n, 1);
	put_bytes(w, text, n);
}

static void
put_evidence(struct writer *w, const struct evidence *e)
{
	put_number(w, e->first, 8);
	put_number(w, e->last, 8);
	put_number(w, e->attempts, 4);
	put_number(w, e->count, 1);
	for (uint32_t i = 0; i < e->count; i++)
		put_text(w, e->texts[i]);
}

static void
put_ban(struct writer *w, const struct ban *b)
{
	put_number(w,
		   (b->by_hand ? SAVED_BY_HAND : 0) |
		       (b->over ? SAVED_OVER : 0) |
		       (b->kind == BAN_USER ? SAVED_USER : 0),
		   1);
	if (b->kind == BAN_USER) {
		put_text(w, b->user);
	} else {
		put_number(w, b->network.bits, 1);
		put_bytes(w, b->network.network.octets,
			  sizeof b->network.network.octets);
	}
	put_number(w, b->since, 8);
	put_number(w, b->left, 8);
	put_number(w, b->forgotten_in, 8);
	put_number(w, b->times, 4);
	put_number(w, b->refused, 8);
	put_text(w, b->reason);
	put_evidence(w, &b->evidence);
}

static void
header(struct saved *s, struct writer *w)
{
	put_number(w, 'H', 1);
	put_bytes(w, SAVED_TITLE, SAVED_TITLE_SIZE);
	put_number(w, s->wall, 8);
	put_bytes(w, s->tally->key, HASH_KEY);
	s->stage++;
}

static void
bans(struct saved *s, struct writer *w)
{
	struct ban b;

	put_number(w, 'B', 1);
	while (w->len + SAVED_BAN_MOST <= SAVED_BLOCK_MAX) {
		if (bans_list(s->bans, &s->cursor, true, s->now, s->wall, &b,
			      1) == 0) {
			s->stage++;
			s->cursor = 0;
			return;
		}
		put_ban(w, &b);
	}
}

/* What is worth keeping of an entry; 0: nothing. */
static uint64_t
value_of(enum tally_region kind, const void *entry, const struct moment *m)
{
	double weight = entry_weight(kind, entry, m);
	struct acquaintance k;
	struct cell c;

	if (kind == TALLY_KNOWN && weight > 0) {
		memcpy(&k, entry, sizeof k);
		return KNOWN_EPOCH + m->now > k.seen
			   ? KNOWN_EPOCH + m->now - k.seen
			   : 1;
	}
	/* Who was seen once is nobody yet. */
	if (kind == TALLY_KNOWN || weight <= 1)
		return 0;
	memcpy(&c, entry, sizeof c);
	return c.paid - m->now * NS;
}

static void
put_entries(struct writer *w, const struct shard *s, size_t shard,
	    enum tally_region kind, size_t *at, const struct moment *m)
{
	size_t end = region_room(s, kind);

	if (end - *at > LOOK)
		end = *at + LOOK;
	for (; *at < end && w->len + SAVED_ENTRY <= SAVED_BLOCK_MAX; ++*at) {
		const void *entry = region_at(s, kind, *at);
		uint64_t value = value_of(kind, entry, m);

		if (value == 0)
			continue;
		put_number(w, kind, 1);
		put_number(w, shard, 1);
		put_number(w, entry_mark(entry), 8);
		put_number(w, value, 8);
	}
}

static bool
is_kept(enum tally_region kind)
{
	return kind != TALLY_WRONG_PAIRS && kind != TALLY_NOTES;
}

/* s->place counts regions, shard by shard; s->cursor entries of the region. */
static void
tables(struct saved *s, struct writer *w)
{
	const struct moment m = {s->now, s->rules->known_for};
	size_t shard = s->place / TALLY_REGIONS;
	enum tally_region kind = s->place % TALLY_REGIONS;
	struct shard *from = &s->tally->shards[shard];

	put_number(w, 'T', 1);
	(void)pthread_mutex_lock(&from->lock);
	if (is_kept(kind))
		put_entries(w, from, shard, kind, &s->cursor, &m);
	(void)pthread_mutex_unlock(&from->lock);
	if (is_kept(kind) && s->cursor < region_room(from, kind))
		return;
	s->cursor = 0;
	if (++s->place == (size_t)(SHARDS + 1) * TALLY_REGIONS)
		s->stage++;
}

static void
end(struct saved *s, struct writer *w)
{
	put_number(w, 'E', 1);
	put_number(w, s->blocks, 8);
	s->stage++;
}

void
saved_begin(struct saved *s, struct tally *t, struct bans *b,
	    const struct rules *rules, uint64_t now, uint64_t wall)
{
	*s = (struct saved){
	    .tally = t, .bans = b, .rules = rules, .now = now, .wall = wall};
}

static size_t
seal(struct saved *s, unsigned char *block, size_t len)
{
	struct writer w = {.mem = block};

	s->sum =
	    saved_sum(s->sum, slice_of(block + SAVED_HEAD, len - SAVED_HEAD));
	put_number(&w, len - SAVED_HEAD, 4);
	put_number(&w, s->sum, 8);
	s->blocks++;
	return len;
}

size_t
saved_next(struct saved *s, unsigned char out[SAVED_BLOCK_MAX])
{
	static void (*const write[DONE])(struct saved *, struct writer *) = {
	    [HEADER] = header, [BANS] = bans, [TABLES] = tables, [END] = end};

	while (s->stage < DONE) {
		struct writer w = {out, SAVED_HEAD};

		write[s->stage](s, &w);
		/* More than the letter. */
		if (w.len > SAVED_HEAD + 1)
			return seal(s, out, w.len);
	}
	return 0;
}
