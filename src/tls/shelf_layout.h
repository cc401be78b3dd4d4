/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shelf_layout.h - how the bytes of a shelf lie: head, records, slots, digests,
 * files, and behind them what all of these point to.
 *
 * Writer and reader are the same program: no byte order to agree on.
 */
#ifndef TLS_SHELF_LAYOUT_H
#define TLS_SHELF_LAYOUT_H

#include "tls/shelf.h"

#define SHELF_MAGIC UINT64_C(0x31666c6568732077) /* "w shelf1" */

/* Bytes of the last part. */
struct span {
	uint32_t at, len;
};

struct shelf_head {
	uint64_t magic, size;
	uint32_t pairs, slots, files;
	uint32_t records_at, slots_at, digests_at, files_at, bytes_at;
};

struct shelf_record {
	struct span chain[PAIR_CHAIN_MAX];
	struct span key, names, staple, clash;
	struct span name, serial, path; /* with NUL */
	int64_t not_before, not_after;
	int64_t valid_from, valid_until; /* all of the chain is */
	int64_t staple_from, staple_until;
	uint64_t staple_hash;
	uint32_t count, kind, clash_with;
	unsigned char digest[SHELF_DIGEST];
	unsigned char group[SHELF_DIGEST];
	unsigned char leaf[SHELF_DIGEST];
};

enum { SHELF_ECDSA, SHELF_RSA, SHELF_KINDS };

/* Of a table with open addressing, at most half full. len 0: free. */
struct shelf_slot {
	struct span name;
	uint32_t pair[SHELF_KINDS];
};

/* In order of the first bytes of the digests. */
struct shelf_digest {
	uint64_t first;
	uint32_t pair;
};

struct shelf_file {
	struct span path, bytes; /* path with NUL */
};

const struct shelf_record *shelf_record(const struct shelf *s, size_t i);
/* shelf_order.c: the next name that chooses a pair, out of its GeneralNames. */
bool shelf_next_name(struct slice *rest, struct slice *out);
/* Where the search for a name begins; without regard to case. */
uint64_t shelf_hash(struct slice name);
uint64_t shelf_digest_first(const unsigned char *digest);
/* The kind of slot for a key. */
unsigned shelf_kind(uint32_t key_kind);

#endif
