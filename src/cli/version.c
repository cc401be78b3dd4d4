/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * version.c - imapward version: what this program is made of.
 */
#include "cli/commands.h"

#include "daemon/setup.h"
#include "net/loop.h"
#include "tls/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef IMAPWARD_REVISION
#define IMAPWARD_REVISION ""
#endif

static const char usage[] =
    "usage: imapward version\n"
    "Prints the versions of imapward and of the libraries in it.\n";

int
cli_version(int argc, char **argv)
{
	char tls[256] = "";

	if (argc > 1 &&
	    (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		(void)fputs(usage, stdout);
		return EXIT_SUCCESS;
	}
	if (argc > 1) {
		(void)fputs(usage, stderr);
		return EXIT_CODE_USAGE;
	}
	if (tls_library_init() == ERR_OK)
		tls_library_text(tls, sizeof tls);
	printf("imapward %s%s%s%s\n", IMAPWARD_VERSION,
	       *IMAPWARD_REVISION ? " (" : "", IMAPWARD_REVISION,
	       *IMAPWARD_REVISION ? ")" : "");
	printf("%s\n", tls);
	printf("libuv %s\n", loop_library_version());
	printf("License: GNU GPL version 3 or later; no warranty.\n");
	return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
