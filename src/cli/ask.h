/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ask.h - one request to the daemon that runs (daemon/request.h).
 */
#ifndef CLI_ASK_H
#define CLI_ASK_H

#include "base/slice.h"
#include "cli/commands.h"

#include <stdbool.h>

enum ask {
	ASK_OK,
	ASK_REFUSED, /* the answer, or the configuration, is an error */
	ASK_FAILED   /* there is no daemon, or no whole answer */
};

#define ASK_OPTIONS                                                            \
	"  -c, --config FILE   the daemon's configuration; " CLI_CONFIG "\n"   \
	"  -s, --socket SOCKET its admin.socket\n"

struct asker {
	const char *socket, *config; /* as given, or NULL */
};

/* Takes -s SOCKET or -c FILE. */
bool ask_option(struct asker *a, int option, const char *value);

/*
 * ASK_OK: *out is the JSON of the answer, without bytes that a terminal would
 * obey, the caller's to free. Otherwise it said why on standard error.
 */
enum ask ask_daemon(const struct asker *a, const char *request,
		    struct slice *out);

void ask_forget(struct slice *answer);

/* How an ask that did not go well ends the program. */
int ask_exit_code(enum ask how);

#endif
