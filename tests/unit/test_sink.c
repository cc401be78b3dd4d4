/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "audit/sink.h"

#include <CUnit/CUnit.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64], path[96], other[96];
static struct sink sink; /* 12 KiB */
static void (*old_pipe)(int), (*old_size)(int);

static int
set_up(void)
{
	snprintf(dir, sizeof dir, "/tmp/imapward-sink-XXXXXX");
	old_pipe = signal(SIGPIPE, SIG_IGN);
	old_size = signal(SIGXFSZ, SIG_IGN);
	if (!mkdtemp(dir))
		return 1;
	snprintf(path, sizeof path, "%s/audit.jsonl", dir);
	snprintf(other, sizeof other, "%s/other", dir);
	return 0;
}

static int
tear_down(void)
{
	signal(SIGPIPE, old_pipe);
	signal(SIGXFSZ, old_size);
	unlink(path);
	unlink(other);
	return rmdir(dir);
}

static void
put_file(const char *name, const char *text)
{
	FILE *f = fopen(name, "w");

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fputs(text, f);
	fclose(f);
}

static const char *
get_file(const char *name)
{
	static char text[64 * 1024];
	FILE *f = fopen(name, "r");

	text[0] = '\0';
	if (f) {
		text[fread(text, 1, sizeof text - 1, f)] = '\0';
		fclose(f);
	}
	return text;
}

static enum err
write_text(const char *text)
{
	return sink_write(&sink, slice_str(text), 0);
}

static void
test_file(void)
{
	struct stat st;
	mode_t mask = umask(0);

	unlink(path);
	CU_ASSERT_EQUAL(sink_open(&sink, AUDIT_FILE, path), ERR_OK);
	umask(mask);
	CU_ASSERT_EQUAL(stat(path, &st), 0);
	CU_ASSERT_EQUAL(st.st_mode & 07777, 0640);
	CU_ASSERT_EQUAL(write_text("{1}\n{2}\n"), ERR_OK);
	CU_ASSERT_EQUAL(write_text(""), ERR_OK);
	CU_ASSERT_EQUAL(write_text("{3}\n"), ERR_OK);
	sink_close(&sink);
	sink_close(&sink);
	CU_ASSERT_STRING_EQUAL(get_file(path), "{1}\n{2}\n{3}\n");
	CU_ASSERT_EQUAL(sink_open(&sink, AUDIT_FILE, path), ERR_OK);
	CU_ASSERT_EQUAL(write_text("{4}\n"), ERR_OK);
	sink_close(&sink);
	CU_ASSERT_STRING_EQUAL(get_file(path), "{1}\n{2}\n{3}\n{4}\n");
}

static void
test_torn_by_power_loss(void)
{
	put_file(path, "{1}\n{2");
	CU_ASSERT_EQUAL(sink_open(&sink, AUDIT_FILE, path), ERR_OK);
	CU_ASSERT_EQUAL(write_text("{3}\n"), ERR_OK);
	sink_close(&sink);
	CU_ASSERT_STRING_EQUAL(get_file(path), "{1}\n{2\n{3}\n");
}

static void
test_refused(void)
{
	char deep[128], longest[5000];

	put_file(other, "");
	unlink(path);
	CU_ASSERT_EQUAL(symlink(other, path), 0);
	CU_ASSERT_EQUAL(sink_open(&sink, AUDIT_FILE, path), ERR_REFUSED);
	CU_ASSERT_EQUAL(sink.fd, -1);
	unlink(path);
	CU_ASSERT_EQUAL(mkfifo(path, 0600), 0);
	CU_ASSERT_EQUAL(sink_open(&sink, AUDIT_FILE, path), ERR_REFUSED);
	unlink(path);
	CU_ASSERT_EQUAL(sink_open(&sink, AUDIT_FILE, dir), ERR_REFUSED);
	CU_ASSERT_EQUAL(sink_open(&sink, AUDIT_FILE, "/dev/null"), ERR_REFUSED);
	snprintf(deep, sizeof deep, "%s/none/audit", dir);
	CU_ASSERT_EQUAL(sink_open(&sink, AUDIT_FILE, deep), ERR_MISSING);
	memset(longest, '/', sizeof longest);
	longest[sizeof longest - 1] = '\0';
	CU_ASSERT_EQUAL(sink_open(&sink, AUDIT_FILE, longest), ERR_LIMIT);
	CU_ASSERT_EQUAL(sink.error, ENAMETOOLONG);
	/* A sink that was not opened swallows. */
	CU_ASSERT_EQUAL(write_text("{1}\n"), ERR_OK);
	sink_close(&sink);
}

static void
test_reopen(void)
{
	unlink(path);
	CU_ASSERT_EQUAL(sink_open(&sink, AUDIT_FILE, path), ERR_OK);
	CU_ASSERT_EQUAL(write_text("{1}\n"), ERR_OK);
	CU_ASSERT_EQUAL(rename(path, other), 0);
	CU_ASSERT_EQUAL(write_text("{2}\n"), ERR_OK);
	CU_ASSERT_EQUAL(sink_reopen(&sink), ERR_OK);
	CU_ASSERT_EQUAL(write_text("{3}\n"), ERR_OK);
	CU_ASSERT_STRING_EQUAL(get_file(other), "{1}\n{2}\n");
	CU_ASSERT_STRING_EQUAL(get_file(path), "{3}\n");
	CU_ASSERT_EQUAL(rename(path, other), 0);
	CU_ASSERT_EQUAL(symlink(other, path), 0);
	CU_ASSERT_EQUAL(sink_reopen(&sink), ERR_REFUSED);
	CU_ASSERT_EQUAL(write_text("{4}\n"), ERR_OK);
	sink_close(&sink);
	CU_ASSERT_STRING_EQUAL(get_file(other), "{3}\n{4}\n");
	unlink(path);
}

/* Nothing is printed while the limit holds: it holds for every file. */
static enum err
write_limited(const char *text, rlim_t size)
{
	struct rlimit old, small;
	enum err e;

	getrlimit(RLIMIT_FSIZE, &old);
	small = old;
	small.rlim_cur = size;
	setrlimit(RLIMIT_FSIZE, &small);
	e = write_text(text);
	setrlimit(RLIMIT_FSIZE, &old);
	return e;
}

static size_t
report_length(uint64_t count)
{
	struct event e;

	event_begin(&e, EV_DROPPED, NULL, NULL, 0);
	event_text(&e, FIELD_REASON, strerror(EFBIG));
	event_number(&e, FIELD_COUNT, count);
	return event_end(&e).len;
}

static void
test_full_disk(void)
{
	size_t full;
	const char *text;

	unlink(path);
	CU_ASSERT_EQUAL(sink_open(&sink, AUDIT_FILE, path), ERR_OK);
	/* Room for one and a half of three lines. */
	CU_ASSERT_EQUAL(write_limited("{11}\n{22}\n{33}\n", 8), ERR_SYSTEM);
	CU_ASSERT_STRING_EQUAL(get_file(path), "{11}\n");
	CU_ASSERT_EQUAL(sink.dropped, 2);
	CU_ASSERT_EQUAL(sink.error, EFBIG);
	/* Still full, then room for half a report: the count goes up. */
	CU_ASSERT_EQUAL(write_limited("{44}\n", 8), ERR_SYSTEM);
	CU_ASSERT_EQUAL(write_limited("{44}\n", 100), ERR_SYSTEM);
	CU_ASSERT_EQUAL(sink.dropped, 4);
	CU_ASSERT_STRING_EQUAL(get_file(path), "{11}\n");
	/* Room for the report, not for all of what follows. */
	full = 5 + report_length(4) + 2;
	CU_ASSERT_EQUAL(write_limited("{55}\n", full), ERR_SYSTEM);
	CU_ASSERT_EQUAL(sink.dropped, 1);
	text = get_file(path);
	CU_ASSERT_EQUAL(strlen(text), full - 2);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"event.action\":\"dropped\""));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"imapward.count\":4}\n"));
	CU_ASSERT_PTR_NOT_NULL(
	    strstr(text, "\"event.reason\":\"File too large\""));
	sink_close(&sink);
}

static void
test_recovery(void)
{
	const char *text;

	unlink(path);
	CU_ASSERT_EQUAL(sink_open(&sink, AUDIT_FILE, path), ERR_OK);
	CU_ASSERT_EQUAL(write_limited("{1}\n{2}\n", 2), ERR_SYSTEM);
	CU_ASSERT_EQUAL(sink.dropped, 2);
	CU_ASSERT_EQUAL(write_text(""), ERR_OK);
	CU_ASSERT_EQUAL(sink.dropped, 0);
	CU_ASSERT_EQUAL(write_text("{3}\n"), ERR_OK);
	sink_close(&sink);
	text = get_file(path);
	CU_ASSERT_EQUAL(strncmp(text, "{\"@timestamp\":\"1970-", 20), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"imapward.count\":2}\n{3}\n"));
}

static void
test_no_newline(void)
{
	const char *text;

	unlink(path);
	CU_ASSERT_EQUAL(sink_open(&sink, AUDIT_FILE, path), ERR_OK);
	CU_ASSERT_EQUAL(write_text("{1}\n{2"), ERR_SYSTEM);
	CU_ASSERT_EQUAL(write_text("{3}\n"), ERR_OK);
	sink_close(&sink);
	text = get_file(path);
	CU_ASSERT_EQUAL(strncmp(text, "{1}\n{\"@timestamp\"", 16), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "\"imapward.count\":1}\n{3}\n"));
}

/* Opens the sink while `fd` stands for our standard output. */
static void
open_stdout(int fd)
{
	int saved;

	fflush(stdout);
	saved = dup(STDOUT_FILENO);
	dup2(fd, STDOUT_FILENO);
	CU_ASSERT_EQUAL(sink_open(&sink, AUDIT_STDOUT, NULL), ERR_OK);
	dup2(saved, STDOUT_FILENO);
	close(saved);
}

static void
fill(char *line, size_t len, char letter)
{
	memset(line, letter, len - 1);
	line[len - 1] = '\n';
}

/* A line that a full pipe tore is completed before anything else. */
static void
test_full_pipe(void)
{
	static char lines[3 * 3000 + 1], out[64 * 1024];
	enum { PIPE = 8192 };
	int ends[2];
	size_t n;
	char *rest;

	fill(lines, 3000, 'a');
	fill(lines + 3000, 3000, 'b');
	fill(lines + 6000, 3000, 'c');
	CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
	CU_ASSERT_EQUAL_FATAL(fcntl(ends[1], F_SETPIPE_SZ, PIPE), PIPE);
	open_stdout(ends[1]);
	CU_ASSERT_EQUAL(write_text(lines), ERR_SYSTEM);
	CU_ASSERT_EQUAL(sink.dropped, 0);
	CU_ASSERT_EQUAL(sink.rest_len, 9000 - PIPE);
	CU_ASSERT_EQUAL(write_text("{1}\n{2}\n"), ERR_SYSTEM);
	CU_ASSERT_EQUAL(sink.dropped, 2);
	CU_ASSERT_EQUAL(sink.error, EAGAIN);
	CU_ASSERT_EQUAL(read(ends[0], out, PIPE), PIPE);
	CU_ASSERT_EQUAL(write_text("{3}\n"), ERR_OK);
	n = (size_t)read(ends[0], out + PIPE, sizeof out - PIPE - 1);
	out[PIPE + n] = '\0';
	CU_ASSERT_EQUAL(memcmp(out, lines, 9000), 0);
	rest = strchr(out + 9000, '\n');
	CU_ASSERT_PTR_NOT_NULL_FATAL(rest);
	CU_ASSERT_PTR_NOT_NULL(strstr(out + 9000, "\"imapward.count\":2}\n"));
	CU_ASSERT_STRING_EQUAL(rest + 1, "{3}\n");
	sink_close(&sink);
	close(ends[0]);
	close(ends[1]);
}

/* What no event can be is ended where it was torn, and counted. */
static void
test_giant(void)
{
	static char line[8192 + 2 * EVENT_MAX], out[64 * 1024];
	int ends[2];
	size_t n;

	fill(line, sizeof line, 'a');
	CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
	CU_ASSERT_EQUAL_FATAL(fcntl(ends[1], F_SETPIPE_SZ, 8192), 8192);
	open_stdout(ends[1]);
	CU_ASSERT_EQUAL(sink_write(&sink, slice_of(line, sizeof line), 0),
			ERR_SYSTEM);
	CU_ASSERT_EQUAL(sink.dropped, 1);
	CU_ASSERT_EQUAL(read(ends[0], out, sizeof out), 8192);
	/* Closing pays what is owed. */
	sink_close(&sink);
	n = (size_t)read(ends[0], out, sizeof out);
	CU_ASSERT(n == 1 && out[0] == '\n');
	close(ends[0]);
	close(ends[1]);
}

static void
test_closed_pipe(void)
{
	int ends[2];

	CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
	open_stdout(ends[1]);
	close(ends[0]);
	CU_ASSERT_EQUAL(write_text("{1}\n"), ERR_SYSTEM);
	CU_ASSERT_EQUAL(sink.error, EPIPE);
	CU_ASSERT_EQUAL(sink.dropped, 1);
	CU_ASSERT_EQUAL(sink_reopen(&sink), ERR_OK);
	sink_close(&sink);
	close(ends[1]);
}

static void
test_none_and_syslog(void)
{
	CU_ASSERT_EQUAL(sink_open(&sink, AUDIT_NONE, NULL), ERR_OK);
	CU_ASSERT_EQUAL(write_text("{1}\n"), ERR_OK);
	CU_ASSERT_EQUAL(sink_reopen(&sink), ERR_OK);
	sink_close(&sink);
	CU_ASSERT_EQUAL(sink_open(&sink, AUDIT_SYSLOG, NULL), ERR_OK);
	CU_ASSERT_EQUAL(write_text("{\"a\":\"100%s\"}\n{2}\n"), ERR_OK);
	sink_close(&sink);
}

void
suite_sink(void)
{
	CU_pSuite suite = CU_add_suite("sink", set_up, tear_down);

	CU_add_test(suite, "lines are appended to a private file", test_file);
	CU_add_test(suite, "after power loss a line begins anew",
		    test_torn_by_power_loss);
	CU_add_test(suite, "only regular files, no links", test_refused);
	CU_add_test(suite, "a moved file is followed by a new one",
		    test_reopen);
	CU_add_test(suite, "a full disk tears no line", test_full_disk);
	CU_add_test(suite, "lost lines are counted in the log", test_recovery);
	CU_add_test(suite, "half a line is a lost line", test_no_newline);
	CU_add_test(suite, "a full pipe never holds us", test_full_pipe);
	CU_add_test(suite, "a giant line is ended and counted", test_giant);
	CU_add_test(suite, "a closed pipe is survived", test_closed_pipe);
	CU_add_test(suite, "none and syslog take all", test_none_and_syslog);
}
