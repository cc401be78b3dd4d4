/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * main.c - finds the sub-command.
 */
#include "cli/commands.h"

#include "daemon/setup.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int cli_help(int argc, char **argv);

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} commands[] = {
    {"run", cli_run, "serve clients"},
    {"reload", cli_reload, "have the daemon read its configuration anew"},
    {"audit", cli_audit, "read the audit, prove that it is whole"},
    {"status", cli_status, "say how the daemon is doing"},
    {"ban", cli_ban, "list, begin and end bans"},
    {"cert", cli_cert, "list certificates, say what clients dislike about one"},
    {"config", cli_config, "check, print or explain a configuration"},
    {"version", cli_version, "say what this program is made of"},
    {"help", cli_help, "this text"},
};

enum { COMMANDS = sizeof commands / sizeof commands[0] };

static void
print_usage(FILE *out)
{
	(void)fputs("usage: imapward COMMAND [ARGUMENTS]\n\n", out);
	for (size_t i = 0; i < COMMANDS; i++)
		(void)fprintf(out, "  %-8s  %s\n", commands[i].name,
			      commands[i].help);
	(void)fputs("\n\"imapward COMMAND --help\" says more.\n", out);
}

static int
cli_help(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	print_usage(stdout);
	return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static size_t
smallest(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;

	return least < c ? least : c;
}

enum { WORD_MAX = 16 };

/* How many letters have to be changed, added or left out. */
static size_t
distance(const char *a, const char *b)
{
	size_t row[WORD_MAX + 1], len = strlen(b);

	if (strlen(a) > WORD_MAX || len > WORD_MAX)
		return WORD_MAX;
	for (size_t j = 0; j <= len; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		size_t corner = row[0];

		row[0] = i;
		for (size_t j = 1; j <= len; j++) {
			size_t above = row[j];

			row[j] = smallest(above + 1, row[j - 1] + 1,
					  corner + (a[i - 1] != b[j - 1]));
			corner = above;
		}
	}
	return row[len];
}

static int
unknown(const char *name)
{
	size_t best = 0;

	for (size_t i = 1; i < COMMANDS; i++)
		if (distance(name, commands[i].name) <
		    distance(name, commands[best].name))
			best = i;
	(void)fprintf(stderr, "imapward: unknown command '%.40s'", name);
	if (distance(name, commands[best].name) <= 2)
		(void)fprintf(stderr, "; did you mean '%s'?",
			      commands[best].name);
	(void)fputs("\n", stderr);
	return EXIT_CODE_USAGE;
}

/* A socket must not become descriptor 2, where messages would go into it. */
static bool
open_standard_files(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	return fd > STDERR_FILENO && close(fd) == 0;
}

int
main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	if (!open_standard_files())
		return EXIT_CODE_RUN;
	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
		name = "help";
	if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0)
		name = "version";
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(name, commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	if (*name)
		return unknown(name);
	print_usage(stderr);
	return EXIT_CODE_USAGE;
}
