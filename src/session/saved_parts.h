/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * saved_parts.h - the format of saved state, for saved*.c alone.
 *
 *   file   = header *bans *table end       each of them a block
 *   block  = length sum payload            u32 of the payload, u64
 *   header = 'H' title wall key            17 bytes of title, u64, 16 bytes
 *   bans   = 'B' 1*ban
 *   table  = 'T' 1*(kind shard mark value) u8 enum tally_region, u8, u64, u64
 *   end    = 'E' blocks                    u64, of those before it
 *
 * Numbers are little endian. The sum is a keyed hash of the payload, under a
 * key made of the sum of the block before, so that a block that is changed,
 * missing or in another place is found. A value is what is owed, in ns, or for
 * TALLY_KNOWN how long ago, in ms; 0 bits of a mark that others use.
 */
#ifndef SESSION_SAVED_PARTS_H
#define SESSION_SAVED_PARTS_H

#include "session/saved.h"
#include "session/tally_parts.h"

/* One more for what cannot be read as this. */
#define SAVED_TITLE "imapward state 1\n"

enum {
	SAVED_HEAD = 4 + 8,
	SAVED_TITLE_SIZE = sizeof SAVED_TITLE - 1,
	/* The title without its number. */
	SAVED_NAME_SIZE = SAVED_TITLE_SIZE - 2,
	SAVED_HEADER = 1 + SAVED_TITLE_SIZE + 8 + HASH_KEY,
	SAVED_ENTRY = 1 + 1 + 8 + 8,
	SAVED_BAN_MOST = 1024
};

enum saved_flags { SAVED_BY_HAND = 1, SAVED_OVER = 2, SAVED_USER = 4 };

uint64_t saved_sum(uint64_t before, struct slice payload);

#endif
