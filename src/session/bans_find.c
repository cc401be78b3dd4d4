/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bans_find.c - is there a ban? Many may ask at once.
 */
#include "session/bans_parts.h"

#include <stdatomic.h>
#include <string.h>

enum { V4_BITS = 96 };

/* Of several threads one tells. */
static bool
may_tell(struct ban_record *r, uint64_t now)
{
	uint64_t last = r->told_at;

	if (last > 0 && now < last - 1 + BAN_TELL_EVERY_MS)
		return false;
	return atomic_compare_exchange_strong(&r->told_at, &last, now + 1);
}

static void
turn_away(struct ban_record *r, uint64_t now, struct ban_found *out)
{
	uint64_t refused = ++r->refused;

	*out = (struct ban_found){.id = r->id, .by_hand = r->by_hand};
	out->left = r->ends < UINT64_MAX ? r->ends - now : UINT64_MAX;
	out->kind = ban_kind_of(r, &out->network);
	memcpy(out->reason, r->reason, sizeof out->reason);
	if (!may_tell(r, now))
		return;
	out->tell = true;
	out->refused = refused - atomic_exchange(&r->told, refused);
}

/* By hand, else the largest. */
static struct ban_record *
network_of(const struct bans *b, const struct address *a, uint64_t now)
{
	struct ban_record *found = NULL;

	for (unsigned bits = address_is_v4(a) ? V4_BITS : 0; bits < SIZES;
	     bits++) {
		struct cidr net;
		struct ban_subject s;
		struct ban_key key;
		struct ban_record *r;

		if (b->sizes[bits] == 0)
			continue;
		net = cidr_around(a, bits);
		s = ban_network(&net);
		key = ban_key_of(&s);
		r = records_find(b, &key);
		if (!r || !ban_holds(r, now))
			continue;
		if (r->by_hand)
			return r;
		if (!found)
			found = r;
	}
	return found;
}

bool
bans_find(struct bans *b, const struct address *a, uint64_t now,
	  struct ban_found *out)
{
	struct ban_record *r;

	if (b->networks == 0)
		return false;
	(void)pthread_rwlock_rdlock(&b->lock);
	r = network_of(b, a, now);
	if (r)
		turn_away(r, now, out);
	(void)pthread_rwlock_unlock(&b->lock);
	return r != NULL;
}

bool
bans_find_user(struct bans *b, struct slice user, uint64_t now,
	       struct ban_found *out)
{
	const struct ban_subject s = ban_user(user);
	struct ban_record *r;
	struct ban_key key;
	bool found;

	if (b->users == 0)
		return false;
	key = ban_key_of(&s);
	(void)pthread_rwlock_rdlock(&b->lock);
	r = records_find(b, &key);
	found = r && ban_holds(r, now);
	if (found)
		turn_away(r, now, out);
	(void)pthread_rwlock_unlock(&b->lock);
	return found;
}
