/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * saved.h - bans, counts and known pairs as bytes that outlive the process.
 *
 * What is saved: all bans, counts of which more than one thing is left, known
 * pairs, and the key they are found by; so the file is for its owner alone. No
 * digest of a secret and no name that is not banned or evidence of a ban.
 * Checksums find damage, not forgery. Times are kept as distances from the
 * moment of saving, so a clock set back makes nothing last longer.
 *
 * In blocks: a header, then as many as it takes, then an end.
 */
#ifndef SESSION_SAVED_H
#define SESSION_SAVED_H

#include "base/err.h"
#include "base/slice.h"
#include "session/bans.h"
#include "session/tally.h"

enum { SAVED_BLOCK_MAX = 64 * 1024 };

/* Saving under way; no memory of its own. */
struct saved {
	struct tally *tally;
	struct bans *bans;
	const struct rules *rules;
	uint64_t now, wall;
	uint64_t sum;    /* of the block before */
	uint64_t blocks; /* written */
	unsigned stage;
	size_t place, cursor;
};

/* rules: for what is still known; must stay until the last block. */
void saved_begin(struct saved *s, struct tally *t, struct bans *b,
		 const struct rules *rules, uint64_t now, uint64_t wall);
/*
 * The next block; 0: that was all. Any thread; takes one lock for at most the
 * time of one block, so what it saves is not of one moment.
 */
size_t saved_next(struct saved *s, unsigned char out[SAVED_BLOCK_MAX]);

/* Why it was refused, in one phrase: "damaged", "cut short", "not a state
 * file", "of another version". */
struct saved_fault {
	const char *text;
};

/*
 * Reads the whole of it into an empty tally and empty bans: before anybody
 * else uses them. All of it, or nothing: ERR_SYNTAX, ERR_MISMATCH (checksum),
 * ERR_UNKNOWN (version), ERR_NOMEM, and *fault. The memory of the tally may be
 * another than that of the one saved: what has no room goes as always.
 */
enum err saved_load(struct slice bytes, struct tally *t, struct bans *b,
		    uint64_t now, uint64_t wall,
		    struct saved_fault *fault) MUST_USE;

#endif
