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
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
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
open_sink(enum audit_kind kind, const char *where)
{
	struct sink_place place = {.kind = kind};

	(void)snprintf(place.path, sizeof place.path, "%s", where);
	return sink_open(&sink, &place);
}

/* How many bytes of it were not taken. */
static size_t
left_of(const char *text)
{
	return strlen(text) - sink_put(&sink, slice_str(text));
}

static void
test_file(void)
{
	struct stat st;
	mode_t mask = umask(0);

	unlink(path);
	CU_ASSERT_EQUAL(open_sink(AUDIT_FILE, path), ERR_OK);
	umask(mask);
	CU_ASSERT_EQUAL(stat(path, &st), 0);
	CU_ASSERT_EQUAL(st.st_mode & 07777, 0640);
	CU_ASSERT_EQUAL(left_of("{1}\n{2}\n"), 0);
	CU_ASSERT_EQUAL(left_of(""), 0);
	CU_ASSERT_EQUAL(left_of("{3}\n"), 0);
	sink_close(&sink);
	sink_close(&sink);
	CU_ASSERT_STRING_EQUAL(get_file(path), "{1}\n{2}\n{3}\n");
	CU_ASSERT_EQUAL(open_sink(AUDIT_FILE, path), ERR_OK);
	CU_ASSERT_EQUAL(left_of("{4}\n"), 0);
	sink_close(&sink);
	CU_ASSERT_STRING_EQUAL(get_file(path), "{1}\n{2}\n{3}\n{4}\n");
}

static void
test_torn_by_power_loss(void)
{
	put_file(path, "{1}\n{2");
	CU_ASSERT_EQUAL(open_sink(AUDIT_FILE, path), ERR_OK);
	CU_ASSERT_EQUAL(left_of("{3}\n"), 0);
	sink_close(&sink);
	CU_ASSERT_STRING_EQUAL(get_file(path), "{1}\n{2\n{3}\n");
}

static void
test_refused(void)
{
	char deep[128], longest[4000];

	put_file(other, "");
	unlink(path);
	CU_ASSERT_EQUAL(symlink(other, path), 0);
	CU_ASSERT_EQUAL(open_sink(AUDIT_FILE, path), ERR_REFUSED);
	CU_ASSERT_EQUAL(sink.fd, -1);
	unlink(path);
	CU_ASSERT_EQUAL(mkfifo(path, 0600), 0);
	CU_ASSERT_EQUAL(open_sink(AUDIT_FILE, path), ERR_REFUSED);
	unlink(path);
	CU_ASSERT_EQUAL(open_sink(AUDIT_FILE, dir), ERR_REFUSED);
	CU_ASSERT_EQUAL(open_sink(AUDIT_FILE, "/dev/null"), ERR_REFUSED);
	snprintf(deep, sizeof deep, "%s/none/audit", dir);
	CU_ASSERT_EQUAL(open_sink(AUDIT_FILE, deep), ERR_MISSING);
	memset(longest, 'a', sizeof longest);
	longest[0] = '/';
	longest[sizeof longest - 1] = '\0';
	CU_ASSERT_EQUAL(open_sink(AUDIT_FILE, longest), ERR_LIMIT);
	CU_ASSERT_EQUAL(sink.error, ENAMETOOLONG);
	/* A sink that was not opened swallows. */
	CU_ASSERT_EQUAL(left_of("{1}\n"), 0);
	sink_close(&sink);
}

static void
test_reopen(void)
{
	unlink(path);
	CU_ASSERT_EQUAL(open_sink(AUDIT_FILE, path), ERR_OK);
	CU_ASSERT_EQUAL(left_of("{1}\n"), 0);
	CU_ASSERT_EQUAL(rename(path, other), 0);
	CU_ASSERT_EQUAL(left_of("{2}\n"), 0);
	CU_ASSERT_EQUAL(sink_reopen(&sink), ERR_OK);
	CU_ASSERT_EQUAL(left_of("{3}\n"), 0);
	CU_ASSERT_STRING_EQUAL(get_file(other), "{1}\n{2}\n");
	CU_ASSERT_STRING_EQUAL(get_file(path), "{3}\n");
	CU_ASSERT_EQUAL(rename(path, other), 0);
	CU_ASSERT_EQUAL(symlink(other, path), 0);
	CU_ASSERT_EQUAL(sink_reopen(&sink), ERR_REFUSED);
	CU_ASSERT_EQUAL(left_of("{4}\n"), 0);
	sink_close(&sink);
	CU_ASSERT_STRING_EQUAL(get_file(other), "{3}\n{4}\n");
	unlink(path);
}

/* Nothing is printed while the limit holds: it holds for every file. */
static size_t
left_within(const char *text, rlim_t size)
{
	struct rlimit old, small;
	size_t left;

	getrlimit(RLIMIT_FSIZE, &old);
	small = old;
	small.rlim_cur = size;
	setrlimit(RLIMIT_FSIZE, &small);
	left = left_of(text);
	setrlimit(RLIMIT_FSIZE, &old);
	return left;
}

static void
test_full_disk(void)
{
	unlink(path);
	CU_ASSERT_EQUAL(open_sink(AUDIT_FILE, path), ERR_OK);
	/* Room for one and a half of three lines. */
	CU_ASSERT_EQUAL(left_within("{11}\n{22}\n{33}\n", 8), 10);
	CU_ASSERT_STRING_EQUAL(get_file(path), "{11}\n");
	CU_ASSERT_EQUAL(sink.error, EFBIG);
	CU_ASSERT_EQUAL(sink_poll_fd(&sink), -1);
	CU_ASSERT_EQUAL(left_within("{22}\n{33}\n", 8), 10);
	CU_ASSERT_EQUAL(left_within("{22}\n{33}\n", 10), 5);
	CU_ASSERT_EQUAL(left_of("{33}\n"), 0);
	CU_ASSERT_STRING_EQUAL(get_file(path), "{11}\n{22}\n{33}\n");
	CU_ASSERT_EQUAL(sink.skipped, 0);
	sink_close(&sink);
}

/* Opens the sink while `fd` stands for our standard output. */
static void
open_stdout(int fd)
{
	int saved;

	fflush(stdout);
	saved = dup(STDOUT_FILENO);
	dup2(fd, STDOUT_FILENO);
	CU_ASSERT_EQUAL(open_sink(AUDIT_STDOUT, ""), ERR_OK);
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

	fill(lines, 3000, 'a');
	fill(lines + 3000, 3000, 'b');
	fill(lines + 6000, 3000, 'c');
	CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
	CU_ASSERT_EQUAL_FATAL(fcntl(ends[1], F_SETPIPE_SZ, PIPE), PIPE);
	open_stdout(ends[1]);
	CU_ASSERT_EQUAL(left_of(lines), 0); /* or will be */
	CU_ASSERT_EQUAL(sink.rest_len, 9000 - PIPE);
	CU_ASSERT_EQUAL(left_of("{1}\n{2}\n"), 8);
	CU_ASSERT_EQUAL(sink.error, EAGAIN);
	CU_ASSERT_EQUAL(sink_poll_fd(&sink), sink.fd);
	CU_ASSERT_EQUAL(read(ends[0], out, PIPE), PIPE);
	CU_ASSERT_EQUAL(left_of("{3}\n"), 0);
	n = (size_t)read(ends[0], out + PIPE, sizeof out - PIPE - 1);
	out[PIPE + n] = '\0';
	CU_ASSERT_EQUAL(memcmp(out, lines, 9000), 0);
	CU_ASSERT_STRING_EQUAL(out + 9000, "{3}\n");
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
	CU_ASSERT_EQUAL(sink_put(&sink, slice_of(line, sizeof line)),
			sizeof line);
	CU_ASSERT_EQUAL(sink.skipped, 1);
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
	CU_ASSERT_EQUAL(left_of("{1}\n"), 4);
	CU_ASSERT_EQUAL(sink.error, EPIPE);
	CU_ASSERT_EQUAL(sink_reopen(&sink), ERR_OK);
	sink_close(&sink);
	close(ends[1]);
}

static void
test_none(void)
{
	CU_ASSERT_EQUAL(open_sink(AUDIT_NONE, ""), ERR_OK);
	CU_ASSERT_EQUAL(left_of("{1}\n"), 0);
	CU_ASSERT_EQUAL(sink_reopen(&sink), ERR_OK);
	sink_close(&sink);
}

/* A daemon that listens at `path`, never waiting. */
static int
listen_there(void)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	unlink(path);
	snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
	CU_ASSERT_EQUAL_FATAL(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
	return fd;
}

/* The next datagram. */
static const char *
hear(int fd)
{
	static char text[64 * 1024];
	ssize_t n = recv(fd, text, sizeof text - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

static const char login[] =
    "{\"@timestamp\":\"2026-11-22T05:30:00.123Z\",\"event.kind\":\"event\","
    "\"event.action\":\"login\",\"event.outcome\":\"failure\","
    "\"user.name\":\"a\\n=b%s\",\"n.x\":12,\"l\":[\"x\",\"y\"]}\n";

static void
test_syslog(void)
{
	int fd = listen_there();
	char host[256] = "", expected[1024];

	(void)gethostname(host, sizeof host - 1);
	CU_ASSERT_EQUAL(open_sink(AUDIT_SYSLOG, path), ERR_OK);
	CU_ASSERT_EQUAL(left_of(login), 0);
	snprintf(expected, sizeof expected,
		 "<85>1 2026-11-22T05:30:00.123Z %s imapward %ld login - %.*s",
		 host, (long)getpid(), (int)sizeof login - 2, login);
	CU_ASSERT_STRING_EQUAL(hear(fd), expected);
	CU_ASSERT_EQUAL(left_of("{\"event.kind\":\"alert\"}\n{\"a\":1}\n"), 0);
	CU_ASSERT_EQUAL(strncmp(hear(fd), "<84>1 - ", 8), 0);
	CU_ASSERT_EQUAL(strncmp(hear(fd), "<86>1 - ", 8), 0);
	sink_close(&sink);
	close(fd);
}

static void
test_journald(void)
{
	int fd = listen_there();
	char expected[1024];

	CU_ASSERT_EQUAL(open_sink(AUDIT_JOURNALD, path), ERR_OK);
	CU_ASSERT_EQUAL(left_of(login), 0);
	snprintf(expected, sizeof expected,
		 "MESSAGE=%.*s\nPRIORITY=5\nSYSLOG_FACILITY=10\n"
		 "SYSLOG_IDENTIFIER=imapward\nIMAPWARD_EVENT=login\n"
		 "EVENT_KIND=event\nEVENT_ACTION=login\n"
		 "EVENT_OUTCOME=failure\nUSER_NAME=a\\n=b%%s\nN_X=12\n"
		 "L=\"x\",\"y\"\n",
		 (int)sizeof login - 2, login);
	CU_ASSERT_STRING_EQUAL(hear(fd), expected);
	sink_close(&sink);
	close(fd);
}

/* One that does not read, goes, and comes back. */
static void
test_daemon_gone(void)
{
	int fd = listen_there();
	size_t sent = 0;

	CU_ASSERT_EQUAL(open_sink(AUDIT_SYSLOG, path), ERR_OK);
	while (sent < 10000 && left_of("{\"n\":1}\n") == 0)
		sent++;
	CU_ASSERT(sent > 0 && sent < 10000);
	CU_ASSERT_EQUAL(sink.error, EAGAIN);
	CU_ASSERT_EQUAL(sink_poll_fd(&sink), sink.fd);
	(void)hear(fd);
	/* Two of three lines are left. */
	CU_ASSERT_EQUAL(left_of("{\"n\":2}\n{\"n\":3}\n{\"n\":4}\n"), 16);
	close(fd);
	CU_ASSERT_EQUAL(left_of("{\"n\":5}\n"), 8);
	unlink(path);
	CU_ASSERT_EQUAL(left_of("{\"n\":5}\n"), 8);
	CU_ASSERT_EQUAL(sink.error, ENOENT);
	CU_ASSERT_EQUAL(sink_poll_fd(&sink), -1);
	fd = listen_there();
	CU_ASSERT_EQUAL(left_of("{\"n\":5}\n"), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(hear(fd), "{\"n\":5}"));
	sink_close(&sink);
	close(fd);
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
	CU_add_test(suite, "a full pipe never holds us", test_full_pipe);
	CU_add_test(suite, "a giant line is ended and counted", test_giant);
	CU_add_test(suite, "a closed pipe is survived", test_closed_pipe);
	CU_add_test(suite, "none takes all", test_none);
	CU_add_test(suite, "a syslog daemon gets RFC 5424", test_syslog);
	CU_add_test(suite, "journald gets fields", test_journald);
	CU_add_test(suite, "a log daemon may be slow, go, and come back",
		    test_daemon_gone);
}
