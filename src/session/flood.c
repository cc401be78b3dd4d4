/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "session/flood.h"

#include <string.h>

enum { WAYS = 4 }; /* places that a network may have */

void
flood_init(struct flood *f, const unsigned char key[HASH_KEY])
{
	memset(f, 0, sizeof *f);
	memcpy(f->key, key, sizeof f->key);
	f->due = UINT64_MAX;
}

static bool
over(const struct flood_place *p, uint64_t now)
{
	return p->told == 0 || now - p->since >= FLOOD_WINDOW_MS;
}

static struct flood_place *
place_of(struct flood *f, const struct address *network, uint64_t now)
{
	uint64_t at = hash_keyed(f->key, slice_of(network->octets, 16));
	struct flood_place *unused = NULL;

	for (size_t i = 0; i < WAYS; i++) {
		struct flood_place *p = &f->places[(at + i) % FLOOD_NETWORKS];

		if (p->told > 0 && address_eq(&p->network, network))
			return p;
		if (!unused && p->held == 0 && over(p, now))
			unused = p;
	}
	if (!unused)
		return &f->places[FLOOD_NETWORKS];
	*unused = (struct flood_place){.network = *network};
	return unused;
}

bool
flood_tell(struct flood *f, const struct address *from, uint64_t now)
{
	struct address network = address_network(from);
	struct flood_place *p = place_of(f, &network, now);

	/* Who is held stays so until that was told. */
	if (p->held == 0 && over(p, now)) {
		p->since = now;
		p->told = 0;
	}
	if (p->held == 0 && p->told < FLOOD_RATE) {
		p->told++;
		return true;
	}
	p->held++;
	p->last = *from;
	if (p->since + FLOOD_WINDOW_MS < f->due)
		f->due = p->since + FLOOD_WINDOW_MS;
	return false;
}

/* Held, or in a second in which enough were told. */
static bool
is_full(const struct flood_place *p, uint64_t now)
{
	return p->held > 0 || (!over(p, now) && p->told >= FLOOD_RATE);
}

bool
flood_is_on(const struct flood *f, const struct address *from, uint64_t now)
{
	struct address network = address_network(from);
	uint64_t at = hash_keyed(f->key, slice_of(network.octets, 16));
	bool room = false;

	for (size_t i = 0; i < WAYS; i++) {
		const struct flood_place *p =
		    &f->places[(at + i) % FLOOD_NETWORKS];

		if (p->told > 0 && address_eq(&p->network, &network))
			return is_full(p, now);
		room |= p->held == 0 && over(p, now);
	}
	return !room && is_full(&f->places[FLOOD_NETWORKS], now);
}

uint64_t
flood_due(const struct flood *f)
{
	return f->due;
}

bool
flood_next(struct flood *f, uint64_t now, struct flood_record *out)
{
	if (f->due > now)
		return false;
	f->due = UINT64_MAX;
	for (size_t i = 0; i <= FLOOD_NETWORKS; i++) {
		struct flood_place *p = &f->places[i];
		uint64_t at = p->since + FLOOD_WINDOW_MS;

		if (p->held == 0)
			continue;
		if (at > now) {
			f->due = at < f->due ? at : f->due;
			continue;
		}
		*out = (struct flood_record){p->held, i == FLOOD_NETWORKS,
					     p->last};
		p->held = p->told = 0;
		f->due = 0; /* there may be more */
		return true;
	}
	return false;
}
