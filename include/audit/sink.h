/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sink.h - where the lines of the audit go.
 *
 * Used by one thread, the keeper's. Never waits for a reader. A line is written
 * whole or not at all: what a full disk or pipe tore is taken back, or
 * completed before the next one.
 *
 * SIGPIPE must be ignored by the process.
 */
#ifndef AUDIT_SINK_H
#define AUDIT_SINK_H

#include "audit/event.h"
#include "base/err.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum audit_kind {
	AUDIT_NONE,
	AUDIT_STDOUT,
	AUDIT_STDERR,
	AUDIT_FILE,
	AUDIT_SYSLOG,
	AUDIT_JOURNALD
};

/* As the configuration says it. */
struct sink_place {
	enum audit_kind kind;
	/* Of a file: absolute. Of a socket; "" is the usual one. */
	char path[4096];
};
bool sink_place_eq(const struct sink_place *a, const struct sink_place *b);

/* The memory is the caller's, the contents are sink.c's. */
struct sink {
	struct sink_place place;
	int fd;           /* -1: none */
	int error;        /* errno of the last failure, for who reports it */
	uint64_t skipped; /* lines that no try could have written; the caller's
			     to count and to set back */
	size_t rest_len;  /* end of a line whose beginning was written */
	char rest[EVENT_MAX];
};

/*
 * A file is made with mode 0640 if it is absent; ERR_REFUSED: a symbolic link,
 * or not a regular file. ERR_MISSING: its directory. ERR_DENIED, ERR_LIMIT
 * (path too long), ERR_SYSTEM. On failure s is as after sink_close, apart from
 * s->error. A socket that nobody listens to is no failure: it is tried again.
 */
enum err sink_open(struct sink *s, const struct sink_place *where) MUST_USE;

/*
 * lines: whole lines, else an error to do. Returns how many bytes of them are
 * written or, of the last one, will be; they end with a line. Fewer than all:
 * s->error says why, and the same lines are to be given again later.
 */
size_t sink_put(struct sink *s, struct slice lines) MUST_USE;

/* To be polled for writing after s->error was EAGAIN; -1: only time helps. */
int sink_poll_fd(const struct sink *s);

/* After the file was moved away: opens it anew. On failure the old one stays in
 * use. */
enum err sink_reopen(struct sink *s) MUST_USE;

void sink_close(struct sink *s); /* once more is fine */

#endif
