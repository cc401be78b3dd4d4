/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shelf_build.h - a shelf in the making: what its two files share.
 */
#ifndef TLS_SHELF_BUILD_H
#define TLS_SHELF_BUILD_H

#include "tls/shelf_layout.h"

/* A pair whose signatures are still to be proven. */
struct shelf_doubt {
	uint32_t pair;
	bool proven;
};

struct shelf_builder {
	struct shelf before;
	bool has_before;
	bool kept;   /* the last one was there before */
	bool failed; /* something had no room */
	int64_t now;
	struct issuers *issuers;
	bool proofs_left; /* to shelf_prove */
	struct shelf_doubt *doubts;
	size_t doubts_count, doubts_cap;
	struct shelf_record *records;
	size_t count, cap;
	struct shelf_file *files;
	size_t files_count, files_cap;
	unsigned char *bytes; /* all that spans point to */
	size_t bytes_len, bytes_cap;
	struct span met[32]; /* issuers */
	size_t met_next;
	/* From shelf_finish on. */
	struct shelf_slot *slots;
	uint32_t slots_count; /* a power of two */
	struct shelf_digest *digests;
};

/*
 * shelf_order.c: the digest of a pair's names, in whatever order and case they
 * stand; of `name` where there are none. false: out of memory.
 */
bool shelf_group(struct slice names, const char *name,
		 unsigned char out[SHELF_DIGEST]) MUST_USE;

#endif
