/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * saved_load.c - reading the state: all of it is judged before any is used.
 */
#include "session/saved_parts.h"

#include <string.h>

/* Nobody bans for longer, but for good. */
#define LEFT_MOST (UINT64_C(1000) * 366 * 24 * 60 * 60 * 1000)

/* What is left of a block. Reading past its end makes it bad, and gives 0. */
struct reader {
	struct slice rest;
	bool bad;
};

static struct slice
get_bytes(struct reader *r, size_t n)
{
	struct slice bytes = slice_head(r->rest, n);

	r->rest = slice_skip(r->rest, n);
	if (bytes.len == n)
		return bytes;
	r->bad = true;
	return SLICE_EMPTY;
}

static uint64_t
get_number(struct reader *r, size_t octets)
{
	struct slice bytes = get_bytes(r, octets);
	uint64_t v = 0;

	for (size_t i = 0; i < bytes.len; i++)
		v |= (uint64_t)bytes.ptr[i] << 8 * i;
	return v;
}

static void
require(struct reader *r, bool condition)
{
	if (!condition)
		r->bad = true;
}

/* room: with the NUL. */
static void
get_text(struct reader *r, char *out, size_t room)
{
	struct slice text = get_bytes(r, (size_t)get_number(r, 1));

	require(r, text.len < room && slice_find(text, '\0') == text.len);
	if (r->bad)
		return;
	memcpy(out, text.ptr, text.len);
	out[text.len] = '\0';
}

static void
get_evidence(struct reader *r, struct evidence *e)
{
	e->first = get_number(r, 8);
	e->last = get_number(r, 8);
	e->attempts = (uint32_t)get_number(r, 4);
	e->count = (uint32_t)get_number(r, 1);
	require(r, e->count <= EVIDENCE_MOST);
	for (uint32_t i = 0; i < e->count && !r->bad; i++)
		get_text(r, e->texts[i], sizeof e->texts[i]);
}

static void
get_subject(struct reader *r, bool user, struct ban *b)
{
	struct address a = {{0}};
	struct slice octets;
	unsigned bits;

	if (user) {
		b->kind = BAN_USER;
		get_text(r, b->user, sizeof b->user);
		return;
	}
	bits = (unsigned)get_number(r, 1);
	octets = get_bytes(r, sizeof a.octets);
	require(r, bits <= 128);
	if (r->bad)
		return;
	memcpy(a.octets, octets.ptr, sizeof a.octets);
	b->network = cidr_around(&a, bits);
	require(r, address_eq(&a, &b->network.network));
	b->kind = ban_network(&b->network).kind;
}

static void
get_ban(struct reader *r, struct ban *b)
{
	uint64_t flags = get_number(r, 1);

	*b = (struct ban){.by_hand = (flags & SAVED_BY_HAND) != 0,
			  .over = (flags & SAVED_OVER) != 0};
	require(r, flags <= (SAVED_BY_HAND | SAVED_OVER | SAVED_USER));
	get_subject(r, (flags & SAVED_USER) != 0, b);
	b->since = get_number(r, 8);
	b->left = get_number(r, 8);
	b->forgotten_in = get_number(r, 8);
	b->times = (uint32_t)get_number(r, 4);
	b->refused = get_number(r, 8);
	require(r, b->left <= LEFT_MOST || b->left == UINT64_MAX);
	require(r, b->forgotten_in <= RULE_BAN_MOST);
	require(r, b->left == 0 || !b->over);
	get_text(r, b->reason, sizeof b->reason);
	get_evidence(r, &b->evidence);
}

struct entry {
	enum tally_region kind;
	size_t shard;
	uint64_t mark, value;
};

static void
get_entry(struct reader *r, struct entry *e)
{
	static const uint64_t most[TALLY_REGIONS] = {
	    [TALLY_ADDRESSES] = RATE_SPAN_MOST * NS,
	    [TALLY_PREFIXES] = RATE_SPAN_MOST * NS,
	    [TALLY_USERS] = RATE_SPAN_MOST * NS,
	    [TALLY_COMMONS] = RATE_SPAN_MOST * NS,
	    [TALLY_KNOWN] = KNOWN_EPOCH / 2,
	};
	uint64_t kind = get_number(r, 1), shard = get_number(r, 1);

	e->mark = get_number(r, 8);
	e->value = get_number(r, 8);
	require(r, kind < TALLY_REGIONS && shard <= SHARDS);
	require(r, (kind == TALLY_COMMONS) == (shard == COMMONS));
	require(r, e->mark >> MARK_SHIFT > 0 && e->value > 0);
	if (r->bad)
		return;
	e->kind = (enum tally_region)kind;
	e->shard = (size_t)shard;
	require(r, e->value <= most[kind]);
}

/* --- what is done with it ------------------------------------------------ */

struct loading {
	struct tally *tally; /* NULL: only judging */
	struct bans *bans;
	uint64_t now, wall;
	uint64_t elapsed; /* ms since it was saved, by the wall clock */
	uint64_t sum, blocks;
	unsigned char letter; /* of the block before */
};

static enum err
use_ban(const struct loading *l, struct ban *b)
{
	uint64_t late = l->elapsed;
	enum err e;

	if (b->left != UINT64_MAX) {
		late -= b->left < late ? b->left : late;
		b->left -= b->left < l->elapsed ? b->left : l->elapsed;
		b->forgotten_in -=
		    b->forgotten_in < late ? b->forgotten_in : late;
	}
	if (b->over && b->forgotten_in == 0)
		return ERR_OK;
	/* One that ended meanwhile ends now, and is told. */
	e = bans_restore(l->bans, b, l->now);
	return e == ERR_NOMEM ? e : ERR_OK;
}

/* It lasts as long as it would have, had nobody stopped. */
static void
use_entry(const struct loading *l, const struct entry *e)
{
	const struct moment m = {l->now, KNOWN_EPOCH};
	struct shard *s = &l->tally->shards[e->shard];
	uint64_t id = e->mark >> MARK_SHIFT;

	(void)pthread_mutex_lock(&s->lock);
	if (e->kind == TALLY_KNOWN) {
		uint64_t age = e->value + l->elapsed;
		struct acquaintance *k = region_claim(s, e->kind, id, &m);

		k->seen = age < KNOWN_EPOCH ? KNOWN_EPOCH + l->now - age : 1;
	} else if (e->value / NS > l->elapsed) {
		struct cell *c = region_claim(s, e->kind, id, &m);

		c->mark = e->mark;
		c->paid = l->now * NS + e->value - l->elapsed * NS;
	}
	(void)pthread_mutex_unlock(&s->lock);
}

/* --- blocks -------------------------------------------------------------- */

static enum err
read_header(struct loading *l, struct reader *r)
{
	struct slice title = get_bytes(r, SAVED_TITLE_SIZE);
	uint64_t wall = get_number(r, 8);
	struct slice key = get_bytes(r, HASH_KEY);

	if (r->bad || !slice_eq(title, SLICE(SAVED_TITLE)))
		return ERR_SYNTAX;
	/* A clock that was set back has stood still. */
	l->elapsed = l->wall > wall ? l->wall - wall : 0;
	if (l->tally)
		memcpy(l->tally->key, key.ptr, HASH_KEY);
	return ERR_OK;
}

static enum err
read_bans(struct loading *l, struct reader *r)
{
	enum err e = ERR_OK;
	struct ban b;

	while (r->rest.len > 0 && !r->bad && e == ERR_OK) {
		get_ban(r, &b);
		if (!r->bad && l->tally)
			e = use_ban(l, &b);
	}
	return e;
}

static void
read_table(struct loading *l, struct reader *r)
{
	struct entry entry;

	while (r->rest.len > 0 && !r->bad) {
		get_entry(r, &entry);
		if (!r->bad && l->tally)
			use_entry(l, &entry);
	}
}

/* In the order of the format. */
static bool
may_follow(unsigned char before, unsigned char letter)
{
	static const char order[] = "HBTE";
	const char *a = before ? strchr(order, before) : order;
	const char *b = letter ? strchr(order, letter) : NULL;

	if (!before || letter == 'H')
		return !before && letter == 'H';
	return a && b && b >= a && before != 'E';
}

static enum err
read_block(struct loading *l, struct slice payload)
{
	struct reader r = {.rest = payload};
	unsigned char letter = (unsigned char)get_number(&r, 1);
	enum err e = ERR_OK;

	require(&r, may_follow(l->letter, letter));
	l->letter = letter;
	if (r.bad)
		return ERR_SYNTAX;
	if (letter == 'H')
		e = read_header(l, &r);
	else if (letter == 'B')
		e = read_bans(l, &r);
	else if (letter == 'T')
		read_table(l, &r);
	else
		require(&r, get_number(&r, 8) == l->blocks);
	if (e == ERR_OK && (r.bad || r.rest.len > 0))
		e = ERR_SYNTAX;
	return e;
}

static enum err
next_block(struct loading *l, struct reader *file, struct saved_fault *fault)
{
	size_t len = (size_t)get_number(file, 4);
	uint64_t sum = get_number(file, 8);
	struct slice payload = get_bytes(file, len);
	enum err e;

	if (file->bad) {
		fault->text = "cut short";
		return ERR_SYNTAX;
	}
	l->sum = saved_sum(l->sum, payload);
	if (l->sum != sum)
		return ERR_MISMATCH;
	e = read_block(l, payload);
	l->blocks++;
	return e;
}

static enum err
read_all(struct loading *l, struct slice bytes, struct saved_fault *fault)
{
	struct reader file = {.rest = bytes};

	while (l->letter != 'E') {
		enum err e = next_block(l, &file, fault);

		if (e != ERR_OK)
			return e;
	}
	return file.rest.len == 0 ? ERR_OK : ERR_SYNTAX;
}

/* Before anything else: what is it at all? */
static enum err
recognize(struct slice bytes, struct saved_fault *fault)
{
	struct slice title =
	    slice_head(slice_skip(bytes, SAVED_HEAD + 1), SAVED_TITLE_SIZE);

	fault->text = "damaged";
	if (slice_eq(title, SLICE(SAVED_TITLE)))
		return ERR_OK;
	if (slice_eq(slice_head(title, SAVED_NAME_SIZE),
		     slice_head(SLICE(SAVED_TITLE), SAVED_NAME_SIZE))) {
		fault->text = "of another version";
		return ERR_UNKNOWN;
	}
	fault->text = "not a state file";
	return ERR_SYNTAX;
}

enum err
saved_load(struct slice bytes, struct tally *t, struct bans *b, uint64_t now,
	   uint64_t wall, struct saved_fault *fault)
{
	struct loading judging = {.now = now, .wall = wall}, using = judging;
	enum err e = recognize(bytes, fault);

	if (e == ERR_OK)
		e = read_all(&judging, bytes, fault);
	if (e != ERR_OK)
		return e;
	using.tally = t;
	using.bans = b;
	e = read_all(&using, bytes, fault);
	if (e != ERR_OK) { /* out of memory, among the bans, which come first */
		fault->text = err_text(e);
		(void)bans_flush(b, now);
	}
	return e;
}
