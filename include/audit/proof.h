/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * proof.h - is a chained audit as it was written?
 *
 * Lines are given one by one, in the order of the log. What is wrong is told as
 * soon as it is understood; a record that was moved takes back that it was
 * missing, so the findings are complete at the end only.
 */
#ifndef AUDIT_PROOF_H
#define AUDIT_PROOF_H

#include "audit/chain.h"
#include "base/err.h"

enum finding_kind {
	FINDING_NONE,    /* taken back */
	FINDING_CHANGED, /* record `from` is not as it was written */
	FINDING_FOREIGN, /* no record at all, or it cannot be said which */
	FINDING_MISSING, /* records from .. to, before this line */
	FINDING_MOVED,   /* record `from` belongs before record `to` */
	FINDING_AGAIN,   /* record `from` was there before */
	FINDING_CUT,     /* records from .. to, behind this line */
	FINDING_ANCHOR   /* an anchor that was not made so */
};

/* Where: what the caller last said with proof_at. */
struct place_in_log {
	unsigned file;
	uint64_t line;
};

struct finding {
	enum finding_kind kind;
	struct place_in_log at;
	uint64_t from, to;
};

enum {
	FINDINGS_MAX = 1000, /* kept; more are only counted */
	PROOF_TIME = 32
};

struct proof;

/* first: the record that must be there; 0: whichever is the first. NULL: out of
 * memory. */
struct proof *proof_new(const unsigned char secret[CHAIN_KEY], uint64_t first);
void proof_free(struct proof *p); /* wipes; NULL is fine */

/* Of the log, with its newline. */
void proof_line(struct proof *p, struct slice line, struct place_in_log at);
/* Of a place for anchors; what is no anchor is passed over, also before it. */
void proof_anchor(struct proof *p, struct slice line, struct place_in_log at);
void proof_end(struct proof *p);

/* After proof_end. */
struct verdict {
	const struct finding *findings;
	size_t count;         /* of those kept */
	uint64_t more;        /* that were not */
	uint64_t records;     /* that are as they were written */
	uint64_t first, last; /* their numbers; 0: none */
	uint64_t anchors;     /* that are good */
	uint64_t anchored;    /* records that the last of them proves */
	char anchor_time[PROOF_TIME];
};
struct verdict proof_verdict(const struct proof *p);

#endif
