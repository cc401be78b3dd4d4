/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * chain.h - records of the audit, numbered and sealed.
 *
 * Each record carries its number (event.sequence) and a keyed hash of itself
 * with that number (event.hash: HMAC-SHA-256, the first 128 bits). The key of a
 * record serves for it alone; the next one follows from it by a one-way step,
 * and then it is erased. So who takes over the machine can seal what comes, but
 * not what has been. Which key it is depends on the number: a record at another
 * place, or twice, does not fit.
 *
 * An anchor is a line that proves how many records there were at a time. It is
 * sealed by the key of the record that comes next, which it does not use up.
 *
 * Keys come in epochs of CHAIN_EPOCH records, whose seeds follow from each
 * other in the same way, so that the key of record 1,000,000,000 can be had
 * without going through all that come before.
 */
#ifndef AUDIT_CHAIN_H
#define AUDIT_CHAIN_H

#include "audit/event.h"
#include "base/digest.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	CHAIN_KEY = DIGEST,
	CHAIN_ID = 8,
	CHAIN_TAG = 16, /* bytes of event.hash */
	CHAIN_EPOCH = 4096,
	/* ,"event.sequence":18446744073709551615,"event.hash":"..." */
	CHAIN_SEAL_MAX = EVENT_SEAL
};

/* Where a chain is. All of it must be wiped in the end. */
struct chain {
	unsigned char id[CHAIN_ID];
	uint64_t sequence;             /* of the last record; 0: none yet */
	unsigned char key[CHAIN_KEY];  /* of the next one */
	unsigned char seed[CHAIN_KEY]; /* of the next epoch */
};

/* From the beginning; secret is what the verifier needs later. */
void chain_begin(struct chain *c, const unsigned char id[CHAIN_ID],
		 const unsigned char secret[CHAIN_KEY]);
/* One record on, without a record. */
void chain_step(struct chain *c);

/*
 * line: one object with its newline, as event_end gives it, or without. out has
 * room for line.len + CHAIN_SEAL_MAX + 1 bytes. Returns the length of the
 * sealed line, newline included; the chain is one record on. 0: line is no
 * object.
 */
size_t chain_seal(struct chain *c, struct slice line, char *out);
/* The same for an anchor, with the number of the last record; the chain stays
 * where it is. */
size_t chain_anchor(const struct chain *c, struct slice line, char *out);

/* What a sealed line says of itself. */
struct seal {
	struct slice body; /* what is sealed: all before event.hash */
	uint64_t sequence;
	unsigned char tag[CHAIN_TAG];
};
/* False: it carries no seal. line: with its newline or without. */
bool seal_read(struct slice line, struct seal *out);

/* Is it the tag of that body? By the key of its record. */
bool seal_fits(const struct seal *s, const unsigned char key[CHAIN_KEY]);
bool seal_fits_anchor(const struct seal *s, const unsigned char key[CHAIN_KEY]);

/* The seed of the next epoch, and the key of the first record of this. */
void chain_next_seed(unsigned char seed[CHAIN_KEY]);
void chain_first_key(const unsigned char seed[CHAIN_KEY],
		     unsigned char key[CHAIN_KEY]);
void chain_next_key(unsigned char key[CHAIN_KEY]);

#endif
