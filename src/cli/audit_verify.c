/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * audit_verify.c - imapward audit verify: is a chained audit as it was written?
 */
#include "audit_parts.h"

#include "lines.h"

#include "audit/json.h"
#include "audit/proof.h"
#include "base/wipe.h"
#include "daemon/chain_file.h"
#include "daemon/setup.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FILES_MAX = 4096 };

static const char usage[] =
    "usage: imapward audit verify -k KEY [-a FILE]... [--from N] [--json] "
    "FILE...\n"
    "\n"
    "Is the audit in the FILEs, one log that was rotated, as imapward wrote "
    "it?\n"
    "What was changed, deleted, inserted or moved is named with its line. "
    "What\n"
    "was cut off at the end is found as far as anchors prove it. The order of\n"
    "the FILEs does not matter; - is the standard input.\n"
    "\n"
    "  -k, --key FILE      the key that imapward audit init made\n"
    "  -a, --anchors FILE  where audit.anchors went; may hold other lines, "
    "and\n"
    "                      be given more than once\n"
    "  -f, --from N        record N must be there, and all behind it\n"
    "  -j, --json          one JSON object for each finding, and a last one\n"
    "\n"
    "exit codes: 0 as it was written, 1 output failed, 2 not as it was "
    "written,\n"
    "3 cannot run, 64 usage\n";

struct log_file {
	const char *path;
	uint64_t first; /* its first record; UINT64_MAX: none */
};

struct order {
	const char *key;
	const char *anchors[FILES_MAX];
	size_t anchors_count;
	struct log_file logs[FILES_MAX];
	size_t logs_count;
	uint64_t from;
	bool json;
};

static struct order order; /* large; there is one */
static struct lines lines;

static bool
complain_of(const char *path)
{
	fprintf(stderr, "imapward: %s: %s\n", path, strerror(errno));
	return false;
}

static bool
open_lines(const char *path)
{
	int fd = strcmp(path, "-") == 0
		     ? dup(STDIN_FILENO)
		     : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return complain_of(path);
	lines_init(&lines, fd);
	return true;
}

/* One line after the other, what is behind the last newline too. */
static bool
each_line(const char *path, unsigned number, struct proof *p,
	  void (*take)(struct proof *p, struct slice line,
		       struct place_in_log at))
{
	struct place_in_log at = {number, 1};
	struct slice line;
	enum io io;

	if (!open_lines(path))
		return false;
	for (; (io = lines_next(&lines, &line)) == IO_DONE; at.line++)
		take(p, line, at);
	line = io == IO_WAIT ? lines_rest(&lines) : SLICE_EMPTY;
	if (line.len > 0)
		take(p, line, at);
	if (io == IO_FAIL)
		(void)complain_of(path);
	(void)close(lines.fd);
	return io == IO_WAIT;
}

/* By its first line that carries a number. */
static bool
find_first(struct log_file *f)
{
	struct slice line;
	struct seal s;
	enum io io;

	f->first = UINT64_MAX;
	if (strcmp(f->path, "-") == 0)
		return true;
	if (!open_lines(f->path))
		return false;
	while ((io = lines_next(&lines, &line)) == IO_DONE) {
		if (seal_read(line, &s)) {
			f->first = s.sequence;
			break;
		}
	}
	if (io == IO_FAIL)
		(void)complain_of(f->path);
	(void)close(lines.fd);
	return io != IO_FAIL;
}

static int
by_first(const void *a, const void *b)
{
	const struct log_file *x = a, *y = b;

	return x->first < y->first ? -1 : x->first > y->first;
}

static bool
read_all(struct proof *p)
{
	for (size_t i = 0; i < order.logs_count; i++)
		if (!find_first(&order.logs[i]))
			return false;
	if (order.logs_count > 1)
		qsort(order.logs, order.logs_count, sizeof order.logs[0],
		      by_first);
	for (size_t i = 0; i < order.logs_count; i++)
		if (!each_line(order.logs[i].path, (unsigned)i, p, proof_line))
			return false;
	for (size_t i = 0; i < order.anchors_count; i++)
		if (!each_line(order.anchors[i],
			       (unsigned)(order.logs_count + i), p,
			       proof_anchor))
			return false;
	proof_end(p);
	return true;
}

static const char *
path_of(const struct finding *f)
{
	const char *path = f->at.file < order.logs_count
			       ? order.logs[f->at.file].path
			       : order.anchors[f->at.file - order.logs_count];

	return strcmp(path, "-") == 0 ? "standard input" : path;
}

/* Words for a finding; %1 is its first record, %2 its last, or what it stands
 * before. */
static const struct {
	const char *word, *one, *many;
} findings[] = {
    [FINDING_CHANGED] = {"changed", "record %1 was changed", NULL},
    [FINDING_FOREIGN] = {"foreign",
			 "imapward did not write this line so: it was "
			 "inserted, changed or torn",
			 NULL},
    [FINDING_MISSING] = {"missing", "record %1 is missing before this line",
			 "records %1 to %2 are missing before this line"},
    [FINDING_MOVED] = {"moved",
		       "record %1 stands here, but was written before record "
		       "%2",
		       "record %1 stands here, but was written before record "
		       "%2"},
    [FINDING_AGAIN] = {"again", "record %1 stands here once more",
		       "record %1 stands here once more"},
    [FINDING_CUT] = {"cut",
		     "the end was cut off: an anchor proves that there was "
		     "record %1",
		     "the end was cut off: an anchor proves that there were "
		     "records %1 to %2"},
    [FINDING_ANCHOR] = {"anchor",
			"imapward did not write this anchor so, or for "
			"another chain",
			NULL},
};

static void
finding_text(const struct finding *f, char *out, size_t cap)
{
	const char *p =
	    f->from < f->to ? findings[f->kind].many : findings[f->kind].one;
	size_t n = 0;

	for (; *p && n < cap - 24; p++) {
		if (p[0] == '%')
			n += (size_t)snprintf(out + n, cap - n, "%" PRIu64,
					      *++p == '1' ? f->from : f->to);
		else
			out[n++] = *p;
	}
	out[n] = '\0';
}

static void
print_finding(const struct finding *f)
{
	char text[256], path[JSON_STRING_MAX];
	bool cut = false;
	size_t n;

	finding_text(f, text, sizeof text);
	n = json_string(slice_str(path_of(f)), path, &cut);
	if (order.json)
		printf("{\"finding\":\"%s\",\"file\":%.*s,\"line\":%" PRIu64
		       ",\"from\":%" PRIu64 ",\"to\":%" PRIu64
		       ",\"text\":\"%s\"}\n",
		       findings[f->kind].word, (int)n, path, f->at.line,
		       f->from, f->to, text);
	else
		printf("%.*s:%" PRIu64 ": %s\n", (int)n - 2, path + 1,
		       f->at.line, text);
}

static uint64_t
print_findings(const struct verdict *v)
{
	uint64_t count = v->more;

	for (size_t i = 0; i < v->count; i++) {
		if (v->findings[i].kind == FINDING_NONE)
			continue;
		print_finding(&v->findings[i]);
		count++;
	}
	if (v->more > 0 && !order.json)
		printf("and %" PRIu64 " findings more\n", v->more);
	return count;
}

/* The time in an anchor that fits is ours, and so is its form. */
static void
print_anchors(const struct verdict *v)
{
	if (v->anchors == 0)
		printf("no anchor was given: whether the end was cut off "
		       "cannot be said\n");
	else
		printf("%" PRIu64 " anchor%s; the last one, of %s, proves "
		       "record %" PRIu64 "\nand all before it\n",
		       v->anchors, v->anchors == 1 ? "" : "s", v->anchor_time,
		       v->anchored);
}

static void
print_verdict(const struct verdict *v, uint64_t count)
{
	bool good = count == 0 && v->records > 0;

	if (order.json) {
		printf("{\"intact\":%s,\"records\":%" PRIu64
		       ",\"first\":%" PRIu64 ",\"last\":%" PRIu64
		       ",\"anchors\":%" PRIu64 ",\"anchored\":%" PRIu64
		       ",\"findings\":%" PRIu64 "}\n",
		       good ? "true" : "false", v->records, v->first, v->last,
		       v->anchors, v->anchored, count);
		return;
	}
	if (v->records == 0)
		printf("no record of this chain was found\n");
	else
		printf("%s: %" PRIu64 " records, %" PRIu64 " to %" PRIu64
		       ", are as they were written\n",
		       good ? "intact" : "NOT INTACT", v->records, v->first,
		       v->last);
	if (v->first > 1 && order.from == 0)
		printf("the log begins with record %" PRIu64
		       ": what came before is not here\n",
		       v->first);
	print_anchors(v);
}

static int
verify(void)
{
	struct chain_secret secret;
	struct chain_fault fault;
	struct proof *p;
	struct verdict v;
	uint64_t count;
	bool good;

	if (chain_file_read_key(order.key, &secret, &fault) != ERR_OK) {
		fprintf(stderr, "imapward: %s: %s\n", order.key, fault.text);
		return EXIT_CODE_RUN;
	}
	p = proof_new(secret.secret, order.from);
	wipe(&secret, sizeof secret);
	if (!p || !read_all(p)) {
		if (!p)
			fprintf(stderr, "imapward: out of memory\n");
		proof_free(p);
		return EXIT_CODE_RUN;
	}
	v = proof_verdict(p);
	count = print_findings(&v);
	print_verdict(&v, count);
	good = count == 0 && v.records > 0;
	proof_free(p);
	if (fflush(stdout) != 0)
		return EXIT_FAILURE;
	return good ? EXIT_SUCCESS : EXIT_CODE_CONFIG;
}

/* False: it makes no sense. */
static bool
take_option(int c)
{
	switch (c) {
	case 'k':
		order.key = optarg;
		return true;
	case 'a':
		if (order.anchors_count == FILES_MAX)
			return false;
		order.anchors[order.anchors_count++] = optarg;
		return true;
	case 'f':
		return slice_number(slice_str(optarg), UINT64_MAX,
				    &order.from) &&
		       order.from > 0;
	case 'j':
		order.json = true;
		return true;
	default:
		return false;
	}
}

int
audit_verify(int argc, char **argv)
{
	static const struct option options[] = {
	    {"key", required_argument, NULL, 'k'},
	    {"anchors", required_argument, NULL, 'a'},
	    {"from", required_argument, NULL, 'f'},
	    {"json", no_argument, NULL, 'j'},
	    {"help", no_argument, NULL, 'h'},
	    {NULL, 0, NULL, 0}};
	bool good = true;
	int c;

	while (good &&
	       (c = getopt_long(argc, argv, "k:a:f:jh", options, NULL)) != -1) {
		if (c == 'h')
			return fputs(usage, stdout) < 0 ? EXIT_FAILURE
							: EXIT_SUCCESS;
		good = take_option(c);
	}
	for (int i = optind; i < argc && order.logs_count < FILES_MAX; i++)
		order.logs[order.logs_count++].path = argv[i];
	if (!good || !order.key || order.logs_count == 0 ||
	    argc - optind > FILES_MAX) {
		(void)fputs(usage, stderr);
		return EXIT_CODE_USAGE;
	}
	return verify();
}
