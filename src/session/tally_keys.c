/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tally_keys.c - who it is, as keyed hashes, and the locks that go with them.
 */
#include "session/tally_parts.h"

#include <string.h>

enum { ADDRESS = sizeof(struct address) };

/* The name, folded as IMAP does, behind the address. */
static struct slice
pair_text(const struct address *prefix, struct slice user,
	  unsigned char out[ADDRESS + TALLY_USER_MAX])
{
	size_t n = user.len < TALLY_USER_MAX ? user.len : TALLY_USER_MAX;

	memcpy(out, prefix->octets, ADDRESS);
	for (size_t i = 0; i < n; i++)
		out[ADDRESS + i] = byte_lower(user.ptr[i]);
	return slice_of(out, ADDRESS + n);
}

/* Known like a pair, in the place of a prefix that nobody can come from:
 * multicast (RFC 4291 section 2.7). */
static uint64_t
family_hash(const struct tally *t, const struct tally_who *who)
{
	unsigned char text[ADDRESS + TALLY_USER_MAX];
	struct address nowhere = {{0xff}};
	uint64_t word = hash_keyed(t->key, who->family);

	memcpy(nowhere.octets + ADDRESS - sizeof word, &word, sizeof word);
	return hash_keyed(t->key, pair_text(&nowhere, who->user, text)) | 1;
}

void
keys_of(const struct tally *t, const struct tally_who *who,
	struct tally_attempt *a)
{
	unsigned char text[ADDRESS + TALLY_USER_MAX];
	struct address network = address_network(&who->address);
	struct address prefix = address_prefix(&who->address).network;
	struct slice pair = pair_text(&prefix, who->user, text);

	a->address = hash_keyed(t->key, slice_of(network.octets, ADDRESS));
	a->prefix = hash_keyed(t->key, slice_of(prefix.octets, ADDRESS));
	a->user = hash_keyed(t->key, slice_skip(pair, ADDRESS));
	a->pair = hash_keyed(t->key, pair);
	if (who->user.len > 0 && who->family.len > 0)
		a->family = family_hash(t, who);
}

/* Under a key of the pair's own: the same secret of two users looks different,
 * and need not be copied to lie behind their names. */
uint16_t
digest_of(const struct tally *t, const struct tally_attempt *a,
	  struct slice secret)
{
	unsigned char key[HASH_KEY];

	memcpy(key, t->digests, sizeof key);
	for (size_t i = 0; i < sizeof a->pair; i++)
		key[i] ^= (unsigned char)(a->pair >> 8 * i);
	return (uint16_t)hash_keyed(key, secret);
}

struct shard *
shard_of(struct tally *t, uint64_t hash)
{
	return &t->shards[hash >> 60 & (SHARDS - 1)];
}

static void
lock(struct shard *s)
{
	if (s)
		(void)pthread_mutex_lock(&s->lock);
}

static void
unlock(struct shard *s)
{
	if (s)
		(void)pthread_mutex_unlock(&s->lock);
}

struct grip
grip_take(struct tally *t, const struct tally_attempt *a, bool user,
	  bool commons)
{
	struct grip g = {.prefix = shard_of(t, a->prefix)};

	if (user)
		g.user = shard_of(t, a->user);
	if (commons)
		g.commons = &t->shards[COMMONS];
	if (g.user && g.user < g.prefix)
		lock(g.user);
	lock(g.prefix);
	if (g.user > g.prefix)
		lock(g.user);
	lock(g.commons);
	return g;
}

void
grip_drop(struct grip *g)
{
	unlock(g->commons);
	unlock(g->prefix);
	if (g->user != g->prefix)
		unlock(g->user);
}
