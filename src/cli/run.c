/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * run.c - imapward run: the daemon, in the foreground.
 */
#include "cli/commands.h"

#include "daemon/keeper.h"
#include "daemon/setup.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

static const char usage[] =
    "usage: imapward run [-c FILE] [--pid-file FILE]\n"
    "\n"
    "Serves until SIGTERM or SIGINT, in the foreground. SIGHUP reloads the\n"
    "configuration, SIGUSR1 reopens the audit log.\n"
    "\n"
    "  -c, --config FILE   the configuration; " CLI_CONFIG "\n"
    "      --pid-file FILE write the process number there\n"
    "\n"
    "exit codes: 0 ended as told, 2 bad configuration, certificate or key,\n"
    "3 cannot listen or run, 64 usage\n";

int
cli_run(int argc, char **argv)
{
	static const struct option options[] = {
	    {"config", required_argument, NULL, 'c'},
	    {"pid-file", required_argument, NULL, 'p'},
	    {"help", no_argument, NULL, 'h'},
	    {NULL, 0, NULL, 0}};
	struct keeper_options o = {.config_path = CLI_CONFIG};
	int c;

	while ((c = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
		switch (c) {
		case 'c':
			o.config_path = optarg;
			break;
		case 'p':
			o.pid_file = optarg;
			break;
		case 'h':
			return fputs(usage, stdout) < 0 ? EXIT_FAILURE
							: EXIT_SUCCESS;
		default:
			(void)fputs(usage, stderr);
			return EXIT_CODE_USAGE;
		}
	}
	if (optind < argc) {
		(void)fputs(usage, stderr);
		return EXIT_CODE_USAGE;
	}
	return keeper_run(&o);
}
