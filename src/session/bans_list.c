/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bans_list.c - the records of bans: by what they are found, in which order
 * they go, and copies of them.
 */
#include "session/bans_parts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { V4_ALL = 128, V4_PREFIX = 120, V6_NETWORK = 64, V6_PREFIX = 48 };

const char *const ban_kind_words[BAN_KINDS] = {
    [BAN_ADDRESS] = "address",
    [BAN_PREFIX] = "prefix",
    [BAN_NETWORK] = "network",
    [BAN_USER] = "user",
};

struct ban_subject
ban_network(const struct cidr *net)
{
	bool v4 = address_is_v4(&net->network);
	struct ban_subject s = {.kind = BAN_NETWORK, .network = *net};

	if (net->bits == (v4 ? V4_ALL : V6_NETWORK))
		s.kind = BAN_ADDRESS;
	else if (net->bits == (v4 ? V4_PREFIX : V6_PREFIX))
		s.kind = BAN_PREFIX;
	return s;
}

struct ban_subject
ban_address(const struct address *a)
{
	return (struct ban_subject){.kind = BAN_ADDRESS,
				    .network = address_as_cidr(a)};
}

struct ban_subject
ban_prefix(const struct address *a)
{
	return (struct ban_subject){.kind = BAN_PREFIX,
				    .network = address_prefix(a)};
}

struct ban_subject
ban_user(struct slice user)
{
	return (struct ban_subject){.kind = BAN_USER, .user = user};
}

struct ban_subject
ban_by(enum rule_by by, const struct address *a, struct slice user)
{
	assert(by == RULE_ADDRESS || by == RULE_PREFIX || by == RULE_USER);
	if (by == RULE_USER)
		return ban_user(user);
	return by == RULE_PREFIX ? ban_prefix(a) : ban_address(a);
}

struct ban_key
ban_key_of(const struct ban_subject *subject)
{
	struct ban_key k; /* what lies behind its length is nobody's */
	struct slice user = slice_head(subject->user, BAN_USER_MAX);

	k.len = 1;
	if (subject->kind != BAN_USER) {
		k.bytes[0] = (unsigned char)subject->network.bits;
		memcpy(k.bytes + 1, subject->network.network.octets,
		       sizeof subject->network.network.octets);
		k.len += sizeof subject->network.network.octets;
		return k;
	}
	k.bytes[0] = KEY_OF_USER;
	for (size_t i = 0; i < user.len; i++)
		k.bytes[k.len++] = byte_lower(user.ptr[i]);
	return k;
}

bool
ban_is_user(const struct ban_record *r)
{
	return r->key[0] == KEY_OF_USER;
}

static unsigned
hash_of(const struct bans *b, const unsigned char *key, size_t len)
{
	return (unsigned)hash_keyed(b->key, slice_of(key, len));
}

struct ban_record *
records_find(const struct bans *b, const struct ban_key *key)
{
	struct ban_record *r = NULL;
	unsigned hash = hash_of(b, key->bytes, key->len);

	HASH_FIND_BYHASHVALUE(hh, b->records, key->bytes, key->len, hash, r);
	return r;
}

/* --- heaps --------------------------------------------------------------- */

static uint64_t
due(const struct ban_record *r)
{
	return r->over ? r->forgotten : r->ends;
}

static struct ban_heap *
heap_of(struct bans *b, const struct ban_record *r)
{
	return r->over ? &b->remembered : &b->holding;
}

static void
put(struct ban_heap *h, uint32_t at, struct ban_record *r)
{
	h->records[at] = r;
	r->place = at;
}

static void
rise(struct ban_heap *h, uint32_t at, struct ban_record *r)
{
	for (; at > 0 && due(h->records[(at - 1) / 2]) > due(r);
	     at = (at - 1) / 2)
		put(h, at, h->records[(at - 1) / 2]);
	put(h, at, r);
}

static void
sink(struct ban_heap *h, uint32_t at, struct ban_record *r)
{
	for (;;) {
		uint32_t child = 2 * at + 1;

		if (child + 1 < h->count &&
		    due(h->records[child + 1]) < due(h->records[child]))
			child++;
		if (child >= h->count || due(h->records[child]) >= due(r))
			break;
		put(h, at, h->records[child]);
		at = child;
	}
	put(h, at, r);
}

/* Those that hold are counted, for lookups. */
static void
tell_lookups(struct bans *b, const struct ban_record *r, int by)
{
	if (r->over)
		return;
	if (ban_is_user(r)) {
		b->users += (uint64_t)by;
		return;
	}
	b->networks += (uint64_t)by;
	b->sizes[r->key[0]] += (uint32_t)by;
}

void
records_place(struct bans *b, struct ban_record *r)
{
	struct ban_heap *h = heap_of(b, r);

	rise(h, h->count++, r);
	tell_lookups(b, r, 1);
}

void
records_leave(struct bans *b, struct ban_record *r)
{
	struct ban_heap *h = heap_of(b, r);
	struct ban_record *last = h->records[--h->count];

	tell_lookups(b, r, -1);
	if (last == r)
		return;
	/* It takes the place, and from there goes where it belongs. */
	sink(h, r->place, last);
	rise(h, last->place, last);
}

/* --- making and dropping ------------------------------------------------- */

void
records_drop(struct bans *b, struct ban_record *r)
{
	records_leave(b, r);
	HASH_DELETE(hh, b->records, r);
	b->slots[r->slot] = NULL;
	b->spare[b->spare_count++] = r->slot;
	free(r);
}

/* Whoever goes first, if there is no room. */
static enum err
make_room(struct bans *b, uint64_t ends)
{
	struct ban_record *r;

	if (b->spare_count > 0)
		return ERR_OK;
	r = b->remembered.count > 0 ? b->remembered.records[0]
				    : b->holding.records[0];
	if (!r->over && r->by_hand && r->ends >= ends)
		return ERR_LIMIT;
	if (!r->over)
		b->pushed_out++;
	records_drop(b, r);
	return ERR_OK;
}

enum err
records_make(struct bans *b, const struct ban_key *key, uint64_t ends,
	     struct ban_record **out)
{
	unsigned hash = hash_of(b, key->bytes, key->len);
	struct ban_record *r = calloc(1, sizeof *r + key->len);
	enum err e = r ? make_room(b, ends) : ERR_NOMEM;

	if (e != ERR_OK) {
		free(r);
		return e;
	}
	memcpy(r->key, key->bytes, key->len);
	r->key_len = key->len;
	HASH_ADD_KEYPTR_BYHASHVALUE(hh, b->records, r->key, r->key_len, hash,
				    r);
	r->slot = b->spare[--b->spare_count];
	b->slots[r->slot] = r;
	*out = r;
	return ERR_OK;
}

/* --- copies -------------------------------------------------------------- */

void
ban_text(char *out, size_t room, struct slice text)
{
	size_t n = text.len < room ? text.len : room - 1;

	for (size_t i = 0; i < n; i++)
		out[i] = text.ptr[i] == '\0' ? '?' : (char)text.ptr[i];
	out[n] = '\0';
}

enum ban_kind
ban_kind_of(const struct ban_record *r, struct cidr *network)
{
	if (ban_is_user(r))
		return BAN_USER;
	network->bits = r->key[0];
	memcpy(network->network.octets, r->key + 1,
	       sizeof network->network.octets);
	return ban_network(network).kind;
}

bool
ban_holds(const struct ban_record *r, uint64_t now)
{
	return !r->over && r->ends > now;
}

static uint64_t
until(uint64_t then, uint64_t now)
{
	if (then == UINT64_MAX)
		return UINT64_MAX;
	return then > now ? then - now : 0;
}

void
ban_copy(const struct ban_record *r, uint64_t now, uint64_t wall,
	 struct ban *out)
{
	*out = (struct ban){
	    .id = r->id,
	    .by_hand = r->by_hand,
	    .over = !ban_holds(r, now),
	    .evidence = r->evidence,
	    .since = r->since,
	    .left = r->over ? 0 : until(r->ends, now),
	    .forgotten_in = r->over ? until(r->forgotten, now) : r->longest,
	    .times = r->times,
	    .refused = r->refused,
	};
	out->until = wall + out->left;
	if (r->ends == UINT64_MAX)
		out->until = UINT64_MAX;
	else if (r->ends < now)
		out->until = wall - (now - r->ends);
	out->kind = ban_kind_of(r, &out->network);
	if (out->kind == BAN_USER)
		ban_text(out->user, sizeof out->user,
			 slice_of(r->key + 1, r->key_len - 1));
	memcpy(out->reason, r->reason, sizeof out->reason);
}

size_t
bans_list(struct bans *b, size_t *cursor, bool over, uint64_t now,
	  uint64_t wall, struct ban *out, size_t n)
{
	size_t copied = 0;

	(void)pthread_rwlock_rdlock(&b->lock);
	for (; *cursor < BANS_MOST && copied < n; ++*cursor) {
		const struct ban_record *r = b->slots[*cursor];

		if (r && (over || ban_holds(r, now)))
			ban_copy(r, now, wall, &out[copied++]);
	}
	(void)pthread_rwlock_unlock(&b->lock);
	return copied;
}
