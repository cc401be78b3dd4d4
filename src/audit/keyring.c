/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "audit/keyring.h"

#include "base/wipe.h"

#include <stdlib.h>
#include <string.h>

/* A seed is kept for each so many epochs, the others are computed from it. */
enum { STRIDE = 256 };

struct seed {
	unsigned char bytes[CHAIN_KEY];
};

struct keyring {
	struct seed *seeds; /* of epochs 0, STRIDE, 2 * STRIDE, ... */
	size_t count, cap;
	uint64_t epoch; /* whose keys are here */
	size_t ready;   /* how many of them, from the first */
	unsigned char keys[CHAIN_EPOCH][CHAIN_KEY];
};

static bool
grow(struct keyring *r)
{
	size_t cap = r->cap > 0 ? 2 * r->cap : 64;
	struct seed *more;

	if (r->count < r->cap)
		return true;
	/* Not realloc: what it leaves behind would not be wiped. */
	more = calloc(cap, sizeof *more);
	if (!more)
		return false;
	if (r->count > 0)
		memcpy(more, r->seeds, r->count * sizeof *more);
	wipe(r->seeds, r->count * sizeof *r->seeds);
	free(r->seeds);
	r->seeds = more;
	r->cap = cap;
	return true;
}

struct keyring *
keyring_new(const unsigned char secret[CHAIN_KEY])
{
	struct keyring *r = calloc(1, sizeof *r);

	if (!r || !grow(r)) {
		free(r);
		return NULL;
	}
	memcpy(r->seeds[r->count++].bytes, secret, CHAIN_KEY);
	return r;
}

void
keyring_free(struct keyring *r)
{
	if (!r)
		return;
	wipe(r->seeds, r->count * sizeof *r->seeds);
	free(r->seeds);
	wipe(r, sizeof *r);
	free(r);
}

static bool
seed_of(struct keyring *r, uint64_t epoch, struct seed *out)
{
	size_t at = (size_t)(epoch / STRIDE);

	while (r->count <= at) {
		if (!grow(r))
			return false;
		r->seeds[r->count] = r->seeds[r->count - 1];
		for (int i = 0; i < STRIDE; i++)
			chain_next_seed(r->seeds[r->count].bytes);
		r->count++;
	}
	*out = r->seeds[at];
	for (uint64_t i = 0; i < epoch % STRIDE; i++)
		chain_next_seed(out->bytes);
	return true;
}

const unsigned char *
keyring_key(struct keyring *r, uint64_t sequence)
{
	uint64_t epoch = (sequence - 1) / CHAIN_EPOCH;
	size_t at = (size_t)((sequence - 1) % CHAIN_EPOCH);
	struct seed seed;

	if (sequence == 0 || sequence > KEYRING_MOST)
		return NULL;
	if (r->ready == 0 || epoch != r->epoch) {
		if (!seed_of(r, epoch, &seed))
			return NULL;
		chain_first_key(seed.bytes, r->keys[0]);
		wipe(&seed, sizeof seed);
		r->epoch = epoch;
		r->ready = 1;
	}
	for (; r->ready <= at; r->ready++) {
		memcpy(r->keys[r->ready], r->keys[r->ready - 1], CHAIN_KEY);
		chain_next_key(r->keys[r->ready]);
	}
	return r->keys[at];
}
