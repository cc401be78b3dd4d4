/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tally_model.h - what the tally should say, computed the long way.
 *
 * A hash table of whole keys that grows as it likes and forgets nothing. It
 * knows secrets by the 16 bits that the tally keeps of them.
 */
#ifndef TESTS_TALLY_MODEL_H
#define TESTS_TALLY_MODEL_H

#include "session/tally.h"

struct model;

struct model_attempt {
	struct tally_who who;
	uint16_t digest;
	uint64_t taken;
	bool known, open;
};

/* Rules must stay. */
struct model *model_new(const struct rules *rules);
void model_free(struct model *m);
/* Keys that were counted, known or wrong, ever. */
size_t model_keys(const struct model *m);

/* As tally_take, tally_begin and tally_end. Of who the text of the user must
 * stay until the end. */
void model_take(struct model *m, enum rule_count count,
		const struct tally_who *who, uint64_t now,
		struct tally_verdict *out);
void model_begin(struct model *m, const struct tally_who *who, uint16_t digest,
		 uint64_t now, struct model_attempt *a,
		 struct tally_verdict *out);
void model_end(struct model *m, struct model_attempt *a,
	       enum tally_outcome outcome, uint64_t now,
	       struct tally_news *out);

#endif
