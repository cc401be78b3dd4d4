/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "audit/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

static enum err
cause_of(int error)
{
	switch (error) {
	case ELOOP: /* O_NOFOLLOW met a symbolic link */
	case ENXIO: /* a FIFO without a reader, a socket */
	case EISDIR:
	case EINVAL:
		return ERR_REFUSED;
	case ENOENT:
	case ENOTDIR:
		return ERR_MISSING;
	case EACCES:
	case EPERM:
	case EROFS:
		return ERR_DENIED;
	case ENAMETOOLONG:
		return ERR_LIMIT;
	default:
		return ERR_SYSTEM;
	}
}

static enum err
fail(struct sink *s, int error)
{
	s->error = error;
	return cause_of(error);
}

/* Power loss may have torn the last line: then ours begins on a new one. */
static void
end_line(struct sink *s, int fd, off_t size)
{
	char last = '\n';

	if (size == 0 || pread(fd, &last, 1, size - 1) != 1 || last == '\n')
		return;
	if (write(fd, "\n", 1) != 1)
		s->error = errno;
}

static enum err
open_file(struct sink *s, int *out)
{
	/* O_NONBLOCK: so that a FIFO without a reader does not hold us here. */
	int fd = open(s->path,
		      O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC |
			  O_NONBLOCK | O_NOCTTY,
		      0640);
	struct stat st;

	if (fd < 0)
		return fail(s, errno);
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return fail(s, EINVAL);
	}
	end_line(s, fd, st.st_size);
	*out = fd;
	return ERR_OK;
}

enum err
sink_open(struct sink *s, enum audit_kind kind, const char *path)
{
	enum err e = ERR_OK;
	int n = 0;

	s->kind = AUDIT_NONE;
	s->fd = -1;
	s->error = 0;
	s->dropped = 0;
	s->rest_len = 0;
	s->path[0] = '\0';
	if (kind == AUDIT_FILE) {
		n = snprintf(s->path, sizeof s->path, "%s", path);
		if (n < 0 || (size_t)n >= sizeof s->path)
			return fail(s, ENAMETOOLONG);
		e = open_file(s, &s->fd);
	} else if (kind == AUDIT_STDOUT) {
		s->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
		if (s->fd < 0)
			e = fail(s, errno);
	} else if (kind == AUDIT_SYSLOG) {
		openlog("imapward", LOG_NDELAY, LOG_AUTHPRIV);
	}
	if (e == ERR_OK)
		s->kind = kind;
	return e;
}

/*
 * A pipe or a terminal takes PIPE_BUF bytes without waiting when poll says that
 * it takes any. O_NONBLOCK would be shared with whoever else holds our stdout.
 */
static size_t
piece_of(struct sink *s, size_t len)
{
	struct pollfd p = {.fd = s->fd, .events = POLLOUT};

	if (s->kind != AUDIT_STDOUT)
		return len;
	if (poll(&p, 1, 0) != 1) {
		s->error = EAGAIN;
		return 0;
	}
	return len < PIPE_BUF ? len : PIPE_BUF;
}

/* How many bytes went out; fewer than all: s->error says why. */
static size_t
put(struct sink *s, struct slice bytes)
{
	size_t done = 0;

	while (done < bytes.len) {
		size_t piece = piece_of(s, bytes.len - done);
		ssize_t n;

		if (piece == 0)
			break;
		n = write(s->fd, bytes.ptr + done, piece);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			s->error = n < 0 ? errno : EIO;
			break;
		}
		done += (size_t)n;
	}
	return done;
}

/* Takes the last n bytes off the file, unless others wrote behind them. */
static bool
take_back(struct sink *s, size_t n)
{
	struct stat st;
	off_t end;

	if (s->kind != AUDIT_FILE || fstat(s->fd, &st) != 0)
		return false;
	end = lseek(s->fd, 0, SEEK_CUR);
	return end == st.st_size && (off_t)n <= end &&
	       ftruncate(s->fd, end - (off_t)n) == 0;
}

static uint64_t
count_lines(struct slice s)
{
	uint64_t n = 0;

	for (size_t i = 0; i < s.len; i++)
		n += s.ptr[i] == '\n';
	return n;
}

/* The length of the whole lines among the first `max` bytes. */
static size_t
whole_lines(struct slice s, size_t max)
{
	while (max > 0 && s.ptr[max - 1] != '\n')
		max--;
	return max;
}

/*
 * Only the first `done` bytes of these lines went out. Returns how many lines
 * are lost; one that can neither be taken back nor forgotten is owed.
 */
static uint64_t
mend(struct sink *s, struct slice lines, size_t done)
{
	size_t begin = whole_lines(lines, done);
	struct slice after = slice_skip(lines, done), rest;

	if (done == begin || take_back(s, done - begin))
		return count_lines(slice_skip(lines, begin));
	rest = slice_head(after, slice_find(after, '\n') + 1);
	if (rest.len <= sizeof s->rest) {
		memcpy(s->rest, rest.ptr, rest.len);
		s->rest_len = rest.len;
		return count_lines(after) - 1;
	}
	s->rest[0] = '\n';
	s->rest_len = 1;
	return count_lines(after);
}

static bool
pay_rest(struct sink *s)
{
	size_t n = put(s, slice_of(s->rest, s->rest_len));

	s->rest_len -= n;
	memmove(s->rest, s->rest + n, s->rest_len);
	return s->rest_len == 0;
}

/* Writes what is owed: the end of a line, the count of lost ones. */
static bool
settle(struct sink *s, uint64_t wall_ms)
{
	struct event e;
	struct slice line;
	size_t done;

	if (s->rest_len > 0 && !pay_rest(s))
		return false;
	if (s->dropped == 0)
		return true;
	event_begin(&e, EV_DROPPED, NULL, NULL, wall_ms);
	event_text(&e, FIELD_REASON, strerror(s->error));
	event_number(&e, FIELD_COUNT, s->dropped);
	line = event_end(&e);
	done = put(s, line);
	if (done == line.len || mend(s, line, done) == 0)
		s->dropped = 0;
	return done == line.len;
}

static void
write_syslog(struct slice lines)
{
	while (lines.len > 0) {
		struct slice line = slice_cut(&lines, '\n');

		syslog(LOG_INFO, "%.*s", (int)slice_head(line, EVENT_MAX).len,
		       (const char *)line.ptr);
	}
}

enum err
sink_write(struct sink *s, struct slice lines, uint64_t wall_ms)
{
	size_t whole = whole_lines(lines, lines.len), done = 0;
	uint64_t lost = whole < lines.len;

	if (lost > 0)
		s->error = EBADMSG;
	lines = slice_head(lines, whole);
	if (s->kind == AUDIT_NONE)
		return ERR_OK;
	if (s->kind == AUDIT_SYSLOG) {
		write_syslog(lines);
		return ERR_OK;
	}
	if (settle(s, wall_ms)) {
		done = put(s, lines);
		if (done < lines.len)
			lost += mend(s, lines, done);
	} else {
		lost += count_lines(lines);
	}
	s->dropped += lost;
	return s->dropped > 0 || s->rest_len > 0 ? ERR_SYSTEM : ERR_OK;
}

enum err
sink_reopen(struct sink *s)
{
	enum err e;
	int fd = -1;

	if (s->kind != AUDIT_FILE)
		return ERR_OK;
	e = open_file(s, &fd);
	if (e != ERR_OK)
		return e;
	if (s->rest_len > 0 && !pay_rest(s))
		s->dropped++;
	s->rest_len = 0;
	close(s->fd);
	s->fd = fd;
	return ERR_OK;
}

void
sink_close(struct sink *s)
{
	if (s->rest_len > 0)
		(void)pay_rest(s);
	if (s->fd >= 0)
		close(s->fd);
	if (s->kind == AUDIT_SYSLOG)
		closelog();
	s->kind = AUDIT_NONE;
	s->fd = -1;
	s->rest_len = 0;
}
