/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * evidence.h - what a verdict rests on, for people.
 *
 * Pure. Of an address or a prefix: the users that were tried; of a user: the
 * addresses it was tried from. Bytes as the peer sent them: whoever shows them
 * escapes them.
 */
#ifndef POLICY_EVIDENCE_H
#define POLICY_EVIDENCE_H

#include "base/slice.h"

#include <stdint.h>

enum { EVIDENCE_MOST = 4, EVIDENCE_TEXT = 48 };

struct evidence {
	uint64_t first, last; /* wall ms; 0: nothing was noted */
	uint32_t attempts;    /* stops at its largest value */
	uint32_t count;       /* of texts */
	/* The first ones and always the latest one; cut off at 47 bytes, end in
	 * NUL (a NUL within is a '?'). */
	char texts[EVIDENCE_MOST][EVIDENCE_TEXT];
};

/* One more attempt. */
void evidence_note(struct evidence *e, struct slice text, uint64_t wall);

#endif
