/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * audit.c - imapward audit: what stands in the audit, and whether it is whole.
 */
#include "cli/commands.h"

#include "audit_parts.h"

#include "audit/catalogue.h"
#include "daemon/setup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: imapward audit tail [-f] [FILTERS] [FILE]   the last events\n"
    "       imapward audit init STATE KEY   begins a chain\n"
    "       imapward audit verify -k KEY [-a ANCHORS] FILE...   is it whole?\n"
    "       imapward audit events    what is told, as a table\n"
    "       imapward audit schema    the JSON Schema of its lines\n"
    "       imapward audit manual    the lists of imapward-events(7), for\n"
    "                                mdoc(7)\n"
    "\n"
    "Those of the first three lines explain themselves with --help.\n"
    "\n"
    "exit codes: 0 fine, 1 output failed, 64 usage\n";

static void
write_out(void *arg, struct slice text)
{
	(void)fwrite(text.ptr, 1, text.len, arg);
}

static int
finish(void)
{
	return fflush(stdout) == 0 && !ferror(stdout) ? EXIT_SUCCESS
						      : EXIT_FAILURE;
}

static bool
is_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

/* What is printed of the catalogue. */
static int
print(int argc, char **argv, void (*how)(catalogue_emit *emit, void *arg))
{
	if (argc == 2 && is_help(argv[1])) {
		(void)fputs(usage, stdout);
		return finish();
	}
	if (argc > 1) {
		(void)fputs(usage, stderr);
		return EXIT_CODE_USAGE;
	}
	how(write_out, stdout);
	return finish();
}

static int
events(int argc, char **argv)
{
	return print(argc, argv, catalogue_table);
}

static int
schema(int argc, char **argv)
{
	return print(argc, argv, catalogue_schema);
}

static int
manual(int argc, char **argv)
{
	return print(argc, argv, catalogue_manual);
}

static const struct {
	const char *name;
	int (*run)(int argc, char **argv); /* argv[0] is the name */
} actions[] = {
    {"tail", audit_tail}, {"init", audit_init}, {"verify", audit_verify},
    {"events", events},   {"schema", schema},   {"manual", manual},
};

int
cli_audit(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++)
		if (strcmp(name, actions[i].name) == 0)
			return actions[i].run(argc - 1, argv + 1);
	if (is_help(name)) {
		(void)fputs(usage, stdout);
		return finish();
	}
	(void)fputs(usage, stderr);
	return EXIT_CODE_USAGE;
}
