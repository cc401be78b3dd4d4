/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tidings.h - what is said about certificates: what a reload brought, what
 * clients will not like, what is about to end.
 *
 * Each is an event; some are lines for the log, too.
 */
#ifndef DAEMON_TIDINGS_H
#define DAEMON_TIDINGS_H

#include "daemon/files.h"

enum { TIDINGS_LINES = 16 }; /* about changes, in the log */

struct tidings {
	uint64_t wall_ms; /* now */
	void (*event)(void *arg, struct slice line);
	void (*say)(void *arg, bool warning, const char *path,
		    const char *text);
	void *arg;
};

/*
 * What came, went, or changed in its file; files are told apart by their
 * paths. Returns how many; only the first TIDINGS_LINES are said.
 */
size_t tidings_changes(const struct tidings *t, const struct shelf *before,
		       const struct shelf *after);
/* Of files that have just been read into that shelf. Nothing is said. */
void tidings_notices(const struct tidings *t, const struct notices *n,
		     const struct shelf *shelf);
/*
 * What has ended since `since` (seconds since 1970), or since then has less
 * left than a third, or a tenth, of its lifetime.
 */
void tidings_dates(const struct tidings *t, const struct shelf *shelf,
		   int64_t since);

#endif
