/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cert_list.c - imapward cert list: what the daemon that runs presents.
 */
#include "cert_list.h"

#include "ask.h"

#include "audit/members.h"
#include "cli/commands.h"
#include "daemon/setup.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 80, INDENT = 34 };

static const char usage[] =
    "usage: imapward cert list [-c FILE | -s SOCKET] [--json]\n"
    "\n"
    "Lists the certificates that the daemon presents, the default (*) first:\n"
    "the days that each is valid still, its key, the handshakes since it is\n"
    "presented; and its names, its serial number and the file it is from.\n"
    "\n" ASK_OPTIONS
    "  -j, --json          as JSON, one certificate on each line\n"
    "\n"
    "exit codes: 0 listed, 2 you may not do this, 3 no daemon, or no answer\n"
    "from it, 64 usage\n";

/* Names as they fit, each further line below the first name. */
static void
print_names(struct slice names)
{
	size_t column = INDENT;
	struct slice name;

	while (member_item(&names, &name)) {
		if (column > INDENT && column + 1 + name.len > COLUMNS) {
			printf("\n%*s", INDENT, "");
			column = INDENT;
		} else if (column > INDENT) {
			putchar(' ');
			column++;
		}
		printf("%.*s", (int)name.len, (const char *)name.ptr);
		column += name.len;
	}
	putchar('\n');
}

static void
print_member(struct slice line, const char *name, int width)
{
	struct slice value = member(line, name);

	printf("%*.*s", width, (int)value.len, (const char *)value.ptr);
}

static void
print_certificate(struct slice line)
{
	bool first = slice_eq(member(line, "default"), SLICE("true"));
	struct slice names = member(line, "names");

	printf("%c", first ? '*' : ' ');
	print_member(line, "days_left", 6);
	printf("  ");
	print_member(line, "key", -11);
	print_member(line, "handshakes", 12);
	printf("  ");
	print_names(names.len > 0 ? names : member(line, "name"));
	printf("%*s", INDENT, "");
	print_member(line, "serial", 0);
	printf("\n%*s", INDENT, "");
	print_member(line, "file", 0);
	putchar('\n');
}

static void
print_table(struct slice answer)
{
	printf("%7s  %-11s%12s  %s\n", "DAYS", "KEY", "HANDSHAKES",
	       "NAMES, SERIAL NUMBER, FILE");
	while (answer.len > 0) {
		struct slice line = slice_cut(&answer, '\n');

		if (slice_istarts(line, SLICE("{\"default\"")))
			print_certificate(line);
	}
}

static int
finish(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return EXIT_SUCCESS;
	fprintf(stderr, "imapward: standard output: %s\n", strerror(errno));
	return EXIT_CODE_RUN;
}

int
cert_list(int argc, char **argv)
{
	static const struct option options[] = {
	    {"config", required_argument, NULL, 'c'},
	    {"socket", required_argument, NULL, 's'},
	    {"json", no_argument, NULL, 'j'},
	    {"help", no_argument, NULL, 'h'},
	    {NULL, 0, NULL, 0}};
	struct asker who = {NULL, NULL};
	struct slice answer;
	bool json = false;
	enum ask how;
	int c;

	while ((c = getopt_long(argc, argv, "c:s:jh", options, NULL)) != -1) {
		if (c == 'h')
			return fputs(usage, stdout) < 0 ? EXIT_CODE_RUN
							: EXIT_SUCCESS;
		json |= c == 'j';
		if (c != 'j' && !ask_option(&who, c, optarg))
			break;
	}
	if (c != -1 || optind < argc) {
		(void)fputs(usage, stderr);
		return EXIT_CODE_USAGE;
	}
	how = ask_daemon(&who, "cert list\n", &answer);
	if (how != ASK_OK)
		return ask_exit_code(how);
	if (json)
		(void)fwrite(answer.ptr, 1, answer.len, stdout);
	else
		print_table(answer);
	ask_forget(&answer);
	return finish();
}
