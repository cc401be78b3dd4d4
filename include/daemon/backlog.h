/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * backlog.h - lines that the audit log does not take just now.
 *
 * They are written in their order as soon as it does. What does not fit is
 * counted, and the count written behind what waited, as a `dropped` event.
 */
#ifndef DAEMON_BACKLOG_H
#define DAEMON_BACKLOG_H

#include "audit/event.h"
#include "audit/queue.h"
#include "base/slice.h"
#include "daemon/audit_log.h"

#include <stdbool.h>
#include <stdint.h>

enum { BACKLOG_PIECE = 64 * 1024 };

struct backlog {
	struct queue *waiting;
	size_t at, len;    /* of what was taken out last and not written yet */
	uint64_t lost;     /* lines, not told yet */
	uint64_t lost_all; /* since the beginning */
	unsigned char piece[BACKLOG_PIECE];
};

/* cap: bytes. False: out of memory. */
bool backlog_init(struct backlog *b, size_t cap);
void backlog_clear(struct backlog *b); /* once more is fine */
/* On a reload; out of memory: as it was. */
void backlog_limit(struct backlog *b, size_t cap);

/* As audit_log_put; none is left over. wall: ms since 1970. True: all is
 * written, what waited included. */
bool backlog_write(struct backlog *b, struct audit_log *l, struct slice lines,
		   uint64_t now, uint64_t wall);
/* Is nothing waiting? */
bool backlog_empty(const struct backlog *b);

#endif
