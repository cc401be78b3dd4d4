/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sink.h - where the lines of the audit log go.
 *
 * Used by one thread, the keeper's. Never waits for a reader: what cannot be
 * written now is dropped and counted, and the first thing written afterwards is
 * a `dropped` event with the count. A line is written whole or not at all:
 * what a full disk or pipe tore is taken back or completed before the next one.
 *
 * SIGPIPE must be ignored by the process.
 */
#ifndef AUDIT_SINK_H
#define AUDIT_SINK_H

#include "audit/event.h"
#include "base/err.h"
#include "base/slice.h"

#include <stdint.h>

enum audit_kind { AUDIT_NONE, AUDIT_STDOUT, AUDIT_FILE, AUDIT_SYSLOG };

/* The memory is the caller's, the contents are sink.c's. */
struct sink {
	enum audit_kind kind;
	int fd;    /* -1: none */
	int error; /* errno of the last failure, for the one who reports */
	uint64_t dropped; /* lines lost and not yet reported in the log */
	size_t rest_len;  /* end of a line whose beginning was written */
	char path[4096];
	char rest[EVENT_MAX];
};

/*
 * path counts for AUDIT_FILE only: absolute; made with mode 0640 if absent;
 * ERR_REFUSED: a symbolic link, or not a regular file. ERR_MISSING: its
 * directory. ERR_DENIED, ERR_LIMIT (path too long), ERR_SYSTEM. On failure
 * s is as after sink_close, apart from s->error.
 */
enum err sink_open(struct sink *s, enum audit_kind kind,
		   const char *path) MUST_USE;

/*
 * lines: one or more whole lines; what stands behind the last newline counts
 * as a lost line. Empty: only catches up with what is owed. ERR_SYSTEM: lines
 * were dropped or are still owed, s->error says why.
 */
enum err sink_write(struct sink *s, struct slice lines,
		    uint64_t wall_ms) MUST_USE;

/* After the file was moved away: opens it anew. On failure the old one stays in
 * use. */
enum err sink_reopen(struct sink *s) MUST_USE;

void sink_close(struct sink *s); /* once more is fine */

#endif
