/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * audit_log.h - the audit as the keeper writes it: a sink, a chain through its
 * records, and a place for the chain's anchors.
 */
#ifndef DAEMON_AUDIT_LOG_H
#define DAEMON_AUDIT_LOG_H

#include "audit/chain.h"
#include "audit/sink.h"
#include "base/err.h"
#include "config/settings.h"

#include <stdbool.h>
#include <stdint.h>

/* What could not be opened, and why. */
enum audit_log_part { AUDIT_LOG_SINK, AUDIT_LOG_ANCHORS, AUDIT_LOG_CHAIN };
struct audit_log_fault {
	enum audit_log_part part;
	int error;      /* errno of a sink */
	char text[256]; /* of the chain */
};

struct audit_log {
	bool opened;
	struct sink sink, anchors;
	bool chained;
	bool inherits; /* the chain goes on that the log before has */
	struct chain chain;
	int state;          /* its file */
	uint64_t anchored;  /* records that the last anchor proves */
	uint64_t anchor_at; /* the next one; UINT64_MAX: nothing to prove */
	int error;          /* errno of the chain's file; 0; to be set back */
};

/*
 * before: the log in use, or one that is not opened. Where nothing changes *l
 * stays unopened: the one before goes on.
 */
enum err audit_log_open(struct audit_log *l, const struct settings *s,
			const struct audit_log *before,
			struct audit_log_fault *fault) MUST_USE;
/* next, if it is opened, takes the place of *now. */
void audit_log_replace(struct audit_log *now, struct audit_log *next);
/* In a child that has no business with it: the keys, not the files. */
void audit_log_forget(struct audit_log *l);
/* The last anchor, then all is closed and wiped; once more is fine. */
void audit_log_close(struct audit_log *l);

/*
 * As sink_put, of lines that begin with {" and end with }, with room for a seal
 * within EVENT_MAX. now: monotonic ms.
 */
size_t audit_log_put(struct audit_log *l, struct slice lines,
		     uint64_t now) MUST_USE;
/* Files that were moved away are followed by new ones. False: one is not, it
 * stays in use, and *error says why. */
bool audit_log_reopen(struct audit_log *l, int *error);
/* Writes the anchor that is due. False: it could not, l->anchors.error says
 * why.
 */
bool audit_log_turn(struct audit_log *l, uint64_t now);

#endif
