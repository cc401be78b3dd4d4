/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * audit_init.c - imapward audit init: a new chain.
 */
#include "audit_parts.h"

#include "daemon/chain_file.h"
#include "daemon/setup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: imapward audit init STATE KEY\n"
    "\n"
    "Begins a chain for the audit: makes the file STATE, which audit.chain is\n"
    "to name, and KEY, without which nothing can be verified. Keep KEY on\n"
    "another machine, or on paper: who has it can make up records.\n"
    "\n"
    "exit codes: 0 made, 3 not made, 64 usage\n";

int
audit_init(int argc, char **argv)
{
	struct chain_fault fault;
	const char *path;

	if (argc == 2 &&
	    (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0))
		return fputs(usage, stdout) < 0 ? EXIT_CODE_RUN : EXIT_SUCCESS;
	if (argc != 3 || argv[1][0] == '-' || argv[2][0] == '-') {
		(void)fputs(usage, stderr);
		return EXIT_CODE_USAGE;
	}
	if (chain_file_make(argv[1], argv[2], &path, &fault) != ERR_OK) {
		(void)fprintf(stderr, "imapward: %s: %s\n", path, fault.text);
		return EXIT_CODE_RUN;
	}
	printf("%s: for audit.chain\n"
	       "%s: for imapward audit verify; move it to another machine\n",
	       argv[1], argv[2]);
	return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_CODE_RUN;
}
