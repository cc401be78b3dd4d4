/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * status.c - imapward status: how the daemon that runs is doing.
 */
#include "cli/commands.h"

#include "ask.h"
#include "audit/members.h"
#include "stretch.h"

#include "daemon/setup.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: imapward status [-c FILE | -s SOCKET] [--json]\n"
    "\n"
    "Says how the daemon that runs is doing: how many are connected, how many\n"
    "logins went well, what each rule has held up, how many are banned, how\n"
    "full its memory of them is, which backends answer, whether events were\n"
    "lost.\n"
    "\n" ASK_OPTIONS "  -j, --json          as JSON\n"
    "\n"
    "exit codes: 0 said, 2 you may not do this, 3 no daemon, or no answer "
    "from\n"
    "it, 64 usage\n";

static void
put(struct slice answer, const char *name)
{
	struct slice value = member(answer, name);

	printf("%.*s", (int)value.len, (const char *)value.ptr);
}

static void
put_column(struct slice answer, const char *name, int width)
{
	struct slice value = member(answer, name);

	printf("%*.*s", width, (int)value.len, (const char *)value.ptr);
}

/* "$name" stands for the value of that name. */
static void
put_line(struct slice answer, const char *text)
{
	while (*text) {
		char name[32];
		size_t n = strspn(text + 1, "abcdefghijklmnopqrstuvwxyz_");

		if (*text != '$' || n >= sizeof name) {
			putchar(*text++);
			continue;
		}
		memcpy(name, text + 1, n);
		name[n] = '\0';
		put(answer, name);
		text += n + 1;
	}
}

static const char lines[] =
    "connections  $connections of $connections_most, from $networks networks\n"
    "strangers    $unauthenticated of $unauthenticated_most have not logged in "
    "yet\n"
    "handshakes   $handshakes of $handshakes_most\n"
    "logins       $logins_succeeded succeeded, $logins_wrong wrong, "
    "$logins_refused refused, $logins_undecided undecided\n"
    "bans         $bans_of_networks of networks, $bans_of_users of users\n"
    "events       $events_dropped lost, $events_waiting bytes waiting\n"
    "memory       ";

static void
put_head(struct slice answer)
{
	char up[STRETCH_MAX] = "?";
	uint64_t seconds, bytes;

	if (slice_number(member(answer, "uptime"), UINT64_MAX, &seconds))
		stretch_print(seconds, up);
	put_line(answer, "imapward $version, up ");
	printf("%s", up);
	put_line(answer, ", configuration $generation, $workers workers\n\n");
	put_line(answer, lines);
	if (slice_number(member(answer, "tally_bytes"), UINT64_MAX, &bytes))
		printf("%.1f MiB for what is counted\n",
		       (double)bytes / (1024 * 1024));
	else
		printf("?\n");
}

/* A table of what an array of objects holds. */
struct column {
	const char *title, *name;
	int width; /* negative: to the left */
};

static void
put_table(struct slice answer, const char *array, const struct column *columns)
{
	struct slice items = member(answer, array), one;

	putchar('\n');
	for (const struct column *c = columns; c->title; c++)
		printf("%s%*s", c > columns ? "  " : "", c->width, c->title);
	putchar('\n');
	while (member_item(&items, &one)) {
		for (const struct column *c = columns; c->title; c++) {
			printf("%s", c > columns ? "  " : "");
			put_column(one, c->name, c->width);
		}
		putchar('\n');
	}
}

static void
print_status(struct slice answer)
{
	static const struct column rules[] = {{"RULE", "name", -30},
					      {"ACTION", "action", -7},
					      {"HELD UP", "held", 10},
					      {"OBSERVED", "observed", 10},
					      {NULL, NULL, 0}};
	static const struct column regions[] = {{"REMEMBERED", "region", -30},
						{"USED", "used", 10},
						{"ROOM", "room", 10},
						{"LOST", "pushed_out", 10},
						{NULL, NULL, 0}};
	static const struct column backends[] = {{"BACKEND", "name", -30},
						 {"STATE", "state", -7},
						 {"PORT", "port", 5},
						 {"ADDRESS", "address", 0},
						 {NULL, NULL, 0}};

	put_head(answer);
	put_table(answer, "rules", rules);
	put_table(answer, "tally", regions);
	put_table(answer, "backends", backends);
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
cli_status(int argc, char **argv)
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
	how = ask_daemon(&who, "status\n", &answer);
	if (how != ASK_OK)
		return ask_exit_code(how);
	if (json)
		(void)fwrite(answer.ptr, 1, answer.len, stdout);
	else
		print_status(answer);
	ask_forget(&answer);
	return finish();
}
