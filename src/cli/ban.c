/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ban.c - imapward ban: who has to stay outside, and bans by hand.
 */
#include "cli/commands.h"

#include "ask.h"
#include "audit/members.h"
#include "ban_list.h"
#include "stretch.h"

#include "daemon/request.h"
#include "daemon/setup.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: imapward ban list [--json | --nft] [-c FILE | -s SOCKET]\n"
    "       imapward ban add NETWORK | --user NAME [--for TIME]\n"
    "                        [--reason TEXT] [-c FILE | -s SOCKET]\n"
    "       imapward ban remove NETWORK | --user NAME [-c FILE | -s SOCKET]\n"
    "       imapward ban flush [-c FILE | -s SOCKET]\n"
    "\n"
    "Lists who is banned by the daemon that runs, and why; bans a network or\n"
    "an address (192.0.2.0/24, 2001:db8::1) or a user by hand; ends a ban, or\n"
    "all of them, and forgives what led to it.\n"
    "\n"
    "  -u, --user NAME     a user instead of a network\n"
    "  -f, --for TIME      how long, such as 90s, 30m, 2h or 7d; without it\n"
    "                      until the ban is removed\n"
    "  -r, --reason TEXT   why, for ban list and events\n"
    "  -j, --json          as JSON, one ban on each line\n"
    "  -n, --nft           as input of nft -f: sets of the banned "
    "addresses\n" ASK_OPTIONS "\n"
    "exit codes: 0 done, 2 refused, or you may not do this, 3 no daemon, or "
    "no\n"
    "answer from it, 64 usage\n";

struct order {
	struct asker who;
	const char *user, *network, *reason;
	uint64_t seconds; /* 0: until it is removed */
	bool json, nft;
	bool timed;
};

static int
misused(const char *why)
{
	fprintf(stderr, "imapward: ban: %s; imapward ban --help says more\n",
		why);
	return EXIT_CODE_USAGE;
}

static int
finish(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return EXIT_SUCCESS;
	fprintf(stderr, "imapward: standard output: %s\n", strerror(errno));
	return EXIT_CODE_RUN;
}

/* " user bob" or " network 192.0.2.0/24" behind what is there. */
static bool
add_word(char request[REQUEST_MAX], const char *text)
{
	struct slice s = slice_str(text);
	size_t n = strlen(request);

	if (n + 3 * s.len + 3 > REQUEST_MAX) {
		(void)fputs("imapward: that is too long\n", stderr);
		return false;
	}
	request[n++] = ' ';
	request_word(s, request + n);
	return true;
}

static bool
add_subject(char request[REQUEST_MAX], const struct order *o)
{
	return add_word(request, o->user ? "user" : "network") &&
	       add_word(request, o->user ? o->user : o->network);
}

static int
send_order(const struct order *o, char request[REQUEST_MAX],
	   struct slice *answer)
{
	size_t n = strlen(request);

	request[n] = '\n';
	request[n + 1] = '\0';
	return ask_exit_code(ask_daemon(&o->who, request, answer));
}

static int
list(const struct order *o)
{
	char request[REQUEST_MAX] = "ban list";
	struct slice answer;
	int code = send_order(o, request, &answer);

	if (code != EXIT_SUCCESS)
		return code;
	if (o->json)
		(void)fwrite(answer.ptr, 1, answer.len, stdout);
	else if (!(o->nft ? ban_list_nft(answer) : ban_list_print(answer)))
		code = EXIT_CODE_RUN;
	ask_forget(&answer);
	return code == EXIT_SUCCESS ? finish() : code;
}

static int
add(const struct order *o)
{
	char request[REQUEST_MAX] = "ban add", seconds[24];
	struct slice answer;
	int code;

	(void)snprintf(seconds, sizeof seconds, "%llu",
		       (unsigned long long)o->seconds);
	if (!add_subject(request, o) || !add_word(request, seconds) ||
	    !add_word(request, o->reason && *o->reason ? o->reason : "-"))
		return EXIT_CODE_USAGE;
	code = send_order(o, request, &answer);
	if (code != EXIT_SUCCESS)
		return code;
	(void)ban_list_print(answer);
	ask_forget(&answer);
	return finish();
}

static int
end(const struct order *o, char request[REQUEST_MAX])
{
	struct slice answer, n;
	int code = send_order(o, request, &answer);

	if (code != EXIT_SUCCESS)
		return code;
	n = member(answer, "removed");
	printf("%.*s ban%s removed\n", (int)n.len, (const char *)n.ptr,
	       slice_eq(n, SLICE("1")) ? "" : "s");
	ask_forget(&answer);
	return finish();
}

static int
end_one(const struct order *o)
{
	char request[REQUEST_MAX] = "ban remove";

	return add_subject(request, o) ? end(o, request) : EXIT_CODE_USAGE;
}

static int
end_all(const struct order *o)
{
	char request[REQUEST_MAX] = "ban flush";

	return end(o, request);
}

/* What each may be told. */
static const struct {
	const char *name;
	int (*run)(const struct order *o);
	bool subject, forms, terms;
} orders[] = {
    {"list", list, false, true, false},
    {"add", add, true, false, true},
    {"remove", end_one, true, false, false},
    {"flush", end_all, false, false, false},
};

/* Why it cannot be taken, or NULL. */
static const char *
take_option(struct order *o, int option, const char *value)
{
	switch (option) {
	case 'u':
		o->user = value;
		return *value ? NULL : "--user wants a name";
	case 'f':
		o->timed = true;
		return stretch_read(value, &o->seconds) && o->seconds > 0
			   ? NULL
			   : "--for wants a time such as 90s, 30m, 2h or 7d";
	case 'r':
		o->reason = value;
		return NULL;
	case 'j':
		o->json = true;
		return NULL;
	case 'n':
		o->nft = true;
		return NULL;
	default:
		return ask_option(&o->who, option, value)
			   ? NULL
			   : "there is no such option";
	}
}

static int
carry_out(const char *name, const struct order *o)
{
	for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
		if (strcmp(orders[i].name, name) != 0)
			continue;
		if (o->user && o->network)
			return misused("a network or --user NAME, not both");
		if (orders[i].subject && !o->user && !o->network)
			return misused("whom? A network, an address or "
				       "--user NAME must be given");
		if (!orders[i].subject && (o->user || o->network))
			return misused("list and flush are for all bans");
		if ((o->json && o->nft) ||
		    (!orders[i].forms && (o->json || o->nft)))
			return misused("--json and --nft are for list, and "
				       "not both");
		if (!orders[i].terms && (o->timed || o->reason))
			return misused("--for and --reason are for add");
		return orders[i].run(o);
	}
	return misused("expected list, add, remove or flush");
}

int
cli_ban(int argc, char **argv)
{
	static const struct option options[] = {
	    {"config", required_argument, NULL, 'c'},
	    {"socket", required_argument, NULL, 's'},
	    {"user", required_argument, NULL, 'u'},
	    {"for", required_argument, NULL, 'f'},
	    {"reason", required_argument, NULL, 'r'},
	    {"json", no_argument, NULL, 'j'},
	    {"nft", no_argument, NULL, 'n'},
	    {"help", no_argument, NULL, 'h'},
	    {NULL, 0, NULL, 0}};
	struct order o = {.user = NULL};
	const char *why;
	int c;

	while ((c = getopt_long(argc, argv, "c:s:u:f:r:jnh", options, NULL)) !=
	       -1) {
		if (c == 'h')
			return fputs(usage, stdout) < 0 ? EXIT_CODE_RUN
							: EXIT_SUCCESS;
		why = take_option(&o, c, optarg);
		if (why)
			return misused(why);
	}
	if (argc - optind < 1) {
		(void)fputs(usage, stderr);
		return EXIT_CODE_USAGE;
	}
	if (argc - optind > 2)
		return misused("one network or address at a time");
	o.network = argv[optind + 1]; /* NULL at the end */
	return carry_out(argv[optind], &o);
}
