/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shelf_prove.c - the signatures in the chains of a shelf.
 *
 * A signature takes as long as all else that is done about a pair. Only bytes
 * that stay where they are, and each thread's own marks, are touched here.
 */
#include "tls/material.h"
#include "tls/reading.h"
#include "tls/shelf_build.h"

void
shelf_leave_proofs(struct shelf_builder *b)
{
	b->proofs_left = true;
}

size_t
shelf_unproven(const struct shelf_builder *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->doubts_count; i++)
		n += !b->doubts[i].proven;
	return n;
}

static enum err
prove(const struct shelf_builder *b, const struct shelf_record *record,
      struct issuers *issuers, struct pair_fault *fault)
{
	const struct pair_source src = {.issuers = issuers};
	struct pair pair = {.count = record->count};
	struct reading r = {&src, &pair, fault};

	for (size_t i = 0; i < pair.count; i++)
		pair.chain[i] = slice_of(b->bytes + record->chain[i].at,
					 record->chain[i].len);
	return chain_prove(&r);
}

void
shelf_prove(struct shelf_builder *b, size_t part, size_t parts,
	    struct shelf_proof *out)
{
	struct issuers *issuers = issuers_new();

	*out = (struct shelf_proof){.path = NULL};
	for (size_t i = part; i < b->doubts_count && !out->path; i += parts) {
		struct shelf_doubt *d = &b->doubts[i];
		const struct shelf_record *r = &b->records[d->pair];

		d->proven = prove(b, r, issuers, &out->fault) == ERR_OK;
		if (d->proven)
			continue;
		out->pair = d->pair;
		out->path = (const char *)b->bytes + r->path.at;
	}
	issuers_free(issuers);
}
