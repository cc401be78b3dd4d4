/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * archive.h - the file in which the keeper keeps what outlives relays
 * (state.path).
 *
 * What is in it is the relay's matter: sealed bytes come and are written, a
 * descriptor goes back to the next relay. The file is replaced as a whole, by
 * one that is on the disk before it takes the name; so there is always a whole
 * one, the old or the new. A child process writes it: a disk that takes its
 * time holds up nothing else.
 */
#ifndef DAEMON_ARCHIVE_H
#define DAEMON_ARCHIVE_H

#include "base/err.h"
#include "daemon/vault.h"

#include <stdbool.h>
#include <sys/types.h>

enum {
	ARCHIVE_TEXT_MAX = 480,
	ARCHIVE_PATIENCE_MS = 5000, /* for the last one to be written */
	ARCHIVE_ASIDE_MAX = 99      /* files set aside, at most */
};

/* All zero, but writer_path and next; see archive_init. */
struct archive {
	pid_t writer;      /* 0: none */
	struct vault next; /* for when it has ended; of several the newest */
	char next_path[4096], writer_path[4096];
	bool failing; /* the last one was not written */
};

void archive_init(struct archive *a);

/*
 * For reading; -1: there is none, and *text is "", or the file is not one of
 * ours, and *text is a sentence that says so. The caller closes it.
 */
int archive_open(const char *path, char text[ARCHIVE_TEXT_MAX]);
/*
 * It cannot be read: it becomes PATH.corrupt-N, N the first free number, unless
 * there are too many already; the next one written takes its place anyway.
 * *text says what was done: "it is now PATH.corrupt-1".
 */
void archive_set_aside(const char *path, char text[ARCHIVE_TEXT_MAX]);

/* Takes over v, which is sealed, and has it written, now or when the one before
 * has been. */
void archive_write(struct archive *a, const char *path, struct vault *v);
/*
 * After SIGCHLD. True: there is news for the administrator in *text, that it
 * fails, or works again.
 */
bool archive_reap(struct archive *a, char text[ARCHIVE_TEXT_MAX]);
/* Everything is written, or ARCHIVE_PATIENCE_MS are over; as archive_reap. */
bool archive_finish(struct archive *a, char text[ARCHIVE_TEXT_MAX]);

/* Why the directory of path is none that a file can be written into, in a
 * phrase; NULL: it is. */
const char *archive_obstacle(const char *path);

#endif
