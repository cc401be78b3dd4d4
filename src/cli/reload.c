/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reload.c - imapward reload: as SIGHUP, but one learns how it went.
 */
#include "cli/commands.h"

#include "ask.h"

#include "audit/members.h"
#include "daemon/setup.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

static const char usage[] =
    "usage: imapward reload [-c FILE | -s SOCKET]\n"
    "\n"
    "Has the daemon that runs read its configuration and certificates anew, "
    "as\n"
    "SIGHUP does, and waits until it has taken or refused them.\n"
    "\n" ASK_OPTIONS "\n"
    "exit codes: 0 taken, 2 refused: nothing has changed, or you may not do\n"
    "this, 3 no daemon, or no answer from it, 64 usage\n";

int
cli_reload(int argc, char **argv)
{
	static const struct option options[] = {
	    {"config", required_argument, NULL, 'c'},
	    {"socket", required_argument, NULL, 's'},
	    {"help", no_argument, NULL, 'h'},
	    {NULL, 0, NULL, 0}};
	struct asker who = {NULL, NULL};
	struct slice answer;
	enum ask how;
	int c;

	while ((c = getopt_long(argc, argv, "c:s:h", options, NULL)) != -1) {
		if (c == 'h')
			return fputs(usage, stdout) < 0 ? EXIT_CODE_RUN
							: EXIT_SUCCESS;
		if (!ask_option(&who, c, optarg)) {
			(void)fputs(usage, stderr);
			return EXIT_CODE_USAGE;
		}
	}
	if (optind < argc) {
		(void)fputs(usage, stderr);
		return EXIT_CODE_USAGE;
	}
	how = ask_daemon(&who, "reload\n", &answer);
	if (how == ASK_OK) {
		struct slice text = member(answer, "text");

		printf("imapward: %.*s\n", (int)text.len,
		       (const char *)text.ptr);
		ask_forget(&answer);
	}
	return how == ASK_OK && fflush(stdout) != 0 ? EXIT_CODE_RUN
						    : ask_exit_code(how);
}
