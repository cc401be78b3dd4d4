/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * audit_tail.c - imapward audit tail: the last events, for people.
 */
#include "audit_parts.h"

#include "audit_filter.h"
#include "findings.h"
#include "lines.h"

#include "audit/json.h"
#include "audit/view.h"
#include "cli/commands.h"
#include "config/settings.h"
#include "daemon/setup.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SHOWN = 10, SHOWN_MAX = 100000, LOOK_EVERY_MS = 250 };

static const char usage[] =
    "usage: imapward audit tail [-f] [-n N] [-u USER] [-a ADDRESS] [-e EVENT]\n"
    "                           [-o OUTCOME] [-j] [-c CONFIG | FILE]\n"
    "\n"
    "Shows the last events of the audit, one a line. Without FILE it is the\n"
    "file that audit.sink of the configuration names; - is the standard "
    "input.\n"
    "\n"
    "  -f, --follow        and those that come; a rotated file is followed\n"
    "  -n, --number N      how many (10); 0 is all\n"
    "  -u, --user USER     of that user, or hash of one\n"
    "  -a, --address NET   of that address or network (192.0.2.0/24)\n"
    "  -e, --event EVENT   of that action (imapward audit events lists them);\n"
    "                      like -o may be given more than once\n"
    "  -o, --outcome WORD  success, failure or unknown\n"
    "  -j, --json          as they stand in the file\n"
    "\n"
    "Colours are for terminals only, and not if NO_COLOR is set.\n"
    "\n"
    "exit codes: 0 fine, 1 output failed, 2 bad configuration, 3 cannot run,\n"
    "64 usage\n";

static struct {
	bool follow, json, colour;
	uint64_t number;
	const char *config, *path;
	struct filter filter;
	size_t columns; /* 0: any */
} order = {.number = SHOWN};

/* As it is; on a terminal, nothing that steers it: anybody may have written to
 * the file. */
static void
show_raw(struct slice line)
{
	while (line.len > 0) {
		int32_t point;
		struct slice one = slice_head(line, utf8_next(line, &point));

		if (order.columns == 0 || point == '\n' || utf8_visible(one))
			(void)fwrite(one.ptr, 1, one.len, stdout);
		else
			(void)putchar('?');
		line = slice_skip(line, one.len);
	}
}

static void
show(struct slice line)
{
	static const char *const colours[] = {[VIEW_PLAIN] = "",
					      [VIEW_GOOD] = "\033[32m",
					      [VIEW_BAD] = "\033[31m",
					      [VIEW_ALERT] = "\033[33m"};
	char text[VIEW_MAX];
	enum view_mood mood;
	size_t n;

	if (order.json) {
		show_raw(line);
		return;
	}
	mood = view_line(line, text, sizeof text);
	n = order.columns > 0 ? view_columns(text, order.columns)
			      : strlen(text);
	printf("%s%.*s%s\n", order.colour ? colours[mood] : "", (int)n, text,
	       order.colour && *colours[mood] ? "\033[0m" : "");
}

/* The last lines that are wanted, in a ring. */
struct kept {
	unsigned char *mem;
	size_t len;
};
struct last {
	struct kept *at;
	size_t count, next;
};

static bool
keep(struct last *l, struct slice line)
{
	struct kept *place = &l->at[l->next];
	unsigned char *copy = realloc(place->mem, line.len + 1);

	if (!copy)
		return false;
	memcpy(copy, line.ptr, line.len);
	*place = (struct kept){copy, line.len};
	l->next = (l->next + 1) % order.number;
	if (l->count < order.number)
		l->count++;
	return true;
}

static void
show_last(struct last *l)
{
	size_t first = l->count < order.number ? 0 : l->next;

	for (size_t i = 0; i < l->count; i++) {
		struct kept *k = &l->at[(first + i) % order.number];

		show(slice_of(k->mem, k->len));
		free(k->mem);
	}
	free(l->at);
	l->count = 0;
}

/* All that is there now. */
static enum io
read_on(struct lines *l, struct last *last)
{
	struct slice line;
	enum io io;

	while ((io = lines_next(l, &line)) == IO_DONE) {
		if (!filter_wants(&order.filter, line))
			continue;
		if (!last)
			show(line);
		else if (!keep(last, line))
			return IO_FAIL;
	}
	return io;
}

static int
open_path(const char *path)
{
	if (strcmp(path, "-") == 0)
		return dup(STDIN_FILENO);
	return open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
}

/* It was moved away, and there is another; or it was cut. */
static void
follow_file(struct lines *l, const char *path)
{
	struct stat now, there;
	off_t at = lseek(l->fd, 0, SEEK_CUR);
	int fd;

	if (fstat(l->fd, &now) != 0 || stat(path, &there) != 0)
		return;
	if (now.st_ino == there.st_ino && now.st_dev == there.st_dev) {
		if (S_ISREG(now.st_mode) && now.st_size < at)
			(void)lines_rewind(l);
		return;
	}
	(void)read_on(l, NULL); /* what came before it was moved */
	fd = open_path(path);
	if (fd < 0)
		return;
	(void)close(l->fd);
	lines_init(l, fd);
}

static enum io
follow(struct lines *l)
{
	enum io io;

	do {
		if (fflush(stdout) != 0)
			return IO_FAIL;
		(void)poll(NULL, 0, LOOK_EVERY_MS);
		io = read_on(l, NULL);
		follow_file(l, order.path);
	} while (io == IO_WAIT);
	return io;
}

static int
show_all(void)
{
	static struct lines lines;
	struct last last = {NULL, 0, 0};
	int fd = open_path(order.path);
	enum io io = IO_FAIL;

	if (order.number > 0)
		last.at = calloc(order.number, sizeof *last.at);
	lines_init(&lines, fd);
	if (fd >= 0 && (order.number == 0 || last.at))
		io = read_on(&lines, last.at ? &last : NULL);
	show_last(&last);
	if (io == IO_WAIT && order.follow && strcmp(order.path, "-") != 0)
		io = follow(&lines);
	if (io != IO_WAIT && !ferror(stdout))
		fprintf(stderr, "imapward: %s: %s\n", order.path,
			strerror(errno));
	if (lines.fd >= 0)
		(void)close(lines.fd);
	if (fflush(stdout) != 0 || ferror(stdout))
		return EXIT_FAILURE;
	return io == IO_WAIT ? EXIT_SUCCESS : EXIT_CODE_RUN;
}

/* The file that the configuration names. */
static bool
find_path(char out[sizeof(((struct sink_place *)0)->path)])
{
	const char *config = order.config ? order.config : CLI_CONFIG;
	struct settings_fault fault;
	struct settings *s = NULL;
	struct slice yaml;
	enum err e;

	if (!findings_read(config, SETTINGS_BYTES_MAX, &yaml, NULL))
		return false;
	e = settings_load(yaml, &s, &fault);
	findings_forget(&yaml);
	if (e != ERR_OK) {
		fprintf(stderr, "imapward: %s:%u:%u: %s\n", config, fault.line,
			fault.column, fault.text);
		return false;
	}
	memcpy(out, s->audit.sink.path, sizeof s->audit.sink.path);
	e = s->audit.sink.kind == AUDIT_FILE ? ERR_OK : ERR_MISSING;
	settings_free(s);
	if (e != ERR_OK)
		fprintf(stderr,
			"imapward: %s: audit.sink is no file; give one, or - "
			"for the standard input\n",
			config);
	return e == ERR_OK;
}

static bool
take_option(int c)
{
	switch (c) {
	case 'f':
		return order.follow = true;
	case 'j':
		return order.json = true;
	case 'n':
		return slice_number(slice_str(optarg), SHOWN_MAX,
				    &order.number);
	case 'u':
		order.filter.user = optarg;
		return true;
	case 'c':
		order.config = optarg;
		return true;
	case 'a':
		return filter_set_network(&order.filter, optarg);
	case 'e':
		return filter_add_event(&order.filter, optarg);
	case 'o':
		return filter_add_outcome(&order.filter, optarg);
	default:
		return false;
	}
}

/* What an option that takes only some values was given instead of. */
static const char *
wanted(int c)
{
	switch (c) {
	case 'n':
		return "--number wants a number from 0 to 100000";
	case 'a':
		return "--address wants an address or a network such as "
		       "192.0.2.0/24";
	case 'e':
		return "--event wants one that imapward audit events lists";
	case 'o':
		return "--outcome wants success, failure or unknown";
	default:
		return NULL;
	}
}

static int
misused(int c)
{
	const char *why = wanted(c);

	if (why)
		fprintf(stderr, "imapward: audit tail: %s, not '%.40s'\n", why,
			optarg);
	else
		(void)fputs(usage, stderr);
	return EXIT_CODE_USAGE;
}

static void
look_at_terminal(void)
{
	const char *no_colour = getenv("NO_COLOR");
	struct winsize size;

	if (!isatty(STDOUT_FILENO))
		return;
	order.colour = !no_colour || !*no_colour;
	order.columns = 80;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		order.columns = size.ws_col;
}

int
audit_tail(int argc, char **argv)
{
	static const struct option options[] = {
	    {"follow", no_argument, NULL, 'f'},
	    {"number", required_argument, NULL, 'n'},
	    {"user", required_argument, NULL, 'u'},
	    {"address", required_argument, NULL, 'a'},
	    {"event", required_argument, NULL, 'e'},
	    {"outcome", required_argument, NULL, 'o'},
	    {"json", no_argument, NULL, 'j'},
	    {"config", required_argument, NULL, 'c'},
	    {"help", no_argument, NULL, 'h'},
	    {NULL, 0, NULL, 0}};
	static char path[sizeof(((struct sink_place *)0)->path)];
	int c;

	while ((c = getopt_long(argc, argv, "fn:u:a:e:o:jc:h", options,
				NULL)) != -1) {
		if (c == 'h')
			return fputs(usage, stdout) < 0 ? EXIT_FAILURE
							: EXIT_SUCCESS;
		if (!take_option(c))
			return misused(c);
	}
	if (argc - optind > 1 || (optind < argc && order.config))
		return misused(c);
	order.path = optind < argc ? argv[optind] : path;
	if (order.path == path && !find_path(path))
		return EXIT_CODE_CONFIG;
	look_at_terminal();
	return show_all();
}
