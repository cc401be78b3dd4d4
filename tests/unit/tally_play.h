/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tally_play.h - crowds that come to a tally and to its model, in played time.
 *
 * Strangers come once. Regulars come again and again: offenders who guess,
 * people who log in, phones with an old password.
 */
#ifndef TESTS_TALLY_PLAY_H
#define TESTS_TALLY_PLAY_H

#include "session/tally.h"

struct play {
	size_t memory;
	unsigned attempts;
	unsigned regulars; /* of each kind */
	uint64_t step;     /* ms from one attempt to the next, on average */
	uint64_t seed;
	bool model; /* compare; else only the tally plays */
};

struct played {
	uint64_t keys;        /* of the model */
	uint64_t differences; /* what the tally said, and the model did not */
	uint64_t of_regulars; /* ... to regulars */
	uint64_t answers[TALLY_BANNED + 1];
	uint64_t first, repeated, full, observed;
	struct tally_usage usage;
};

/* False: out of memory. */
bool tally_play(const struct play *p, struct played *out);

#endif
