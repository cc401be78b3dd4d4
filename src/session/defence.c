/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "session/defence.h"

#include "base/random.h"
#include "base/wipe.h"

#include <stdlib.h>

struct defence *
defence_new(size_t memory)
{
	unsigned char keys[3][HASH_KEY];
	struct defence *d = calloc(1, sizeof *d);

	if (d && random_fill(keys, sizeof keys) == ERR_OK) {
		d->tally = tally_new(memory, keys[0], keys[1]);
		d->bans = bans_new(keys[2]);
	}
	wipe(keys, sizeof keys);
	if (d && d->tally && d->bans)
		return d;
	defence_free(d);
	return NULL;
}

void
defence_free(struct defence *d)
{
	if (!d)
		return;
	tally_free(d->tally);
	bans_free(d->bans);
	free(d);
}

/* Its place, made if need be; NULL: there is none left. */
static struct hit *
place_of(struct defence *d, const struct rule *r)
{
	for (size_t i = 0; i < HITS_MOST; i++) {
		uint_fast64_t id = atomic_load(&d->hits[i].id);

		if (id == 0 &&
		    atomic_compare_exchange_strong(&d->hits[i].id, &id, r->id))
			return &d->hits[i];
		if (id == r->id)
			return &d->hits[i];
	}
	return NULL;
}

void
defence_hit(struct defence *d, const struct rule *r, bool observed, uint64_t n)
{
	struct hit *h = place_of(d, r);

	if (h)
		atomic_fetch_add(observed ? &h->observed : &h->held, n);
}

struct defence_hits
defence_hits(const struct defence *d, const struct rule *r)
{
	for (size_t i = 0; i < HITS_MOST; i++)
		if (atomic_load(&d->hits[i].id) == r->id)
			return (struct defence_hits){
			    atomic_load(&d->hits[i].held),
			    atomic_load(&d->hits[i].observed)};
	return (struct defence_hits){0};
}
