/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sink.c - files, pipes and terminals; and which sink does what.
 */
#include "audit/sink.h"

#include "audit/sink_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool
sink_place_eq(const struct sink_place *a, const struct sink_place *b)
{
	return a->kind == b->kind && strcmp(a->path, b->path) == 0;
}

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
	int fd = open(s->place.path,
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

static enum err
open_stream(struct sink *s, int which)
{
	s->fd = fcntl(which, F_DUPFD_CLOEXEC, 3);
	return s->fd < 0 ? fail(s, errno) : ERR_OK;
}

enum err
sink_open(struct sink *s, const struct sink_place *where)
{
	enum err e = ERR_OK;

	s->place = *where;
	s->fd = -1;
	s->error = 0;
	s->skipped = 0;
	s->rest_len = 0;
	switch (where->kind) {
	case AUDIT_FILE:
		e = open_file(s, &s->fd);
		break;
	case AUDIT_STDOUT:
		e = open_stream(s, STDOUT_FILENO);
		break;
	case AUDIT_STDERR:
		e = open_stream(s, STDERR_FILENO);
		break;
	case AUDIT_SYSLOG:
	case AUDIT_JOURNALD:
		(void)sink_socket_connect(s);
		break;
	case AUDIT_NONE:
	default:
		break;
	}
	if (e != ERR_OK)
		s->place.kind = AUDIT_NONE;
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

	if (s->place.kind == AUDIT_FILE)
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

	if (s->place.kind != AUDIT_FILE || fstat(s->fd, &st) != 0)
		return false;
	end = lseek(s->fd, 0, SEEK_CUR);
	return end == st.st_size && (off_t)n <= end &&
	       ftruncate(s->fd, end - (off_t)n) == 0;
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
 * Only the first `done` bytes of these lines went out, which may have torn one
 * of them: taken back, or owed. Returns how many bytes are dealt with.
 */
static size_t
mend(struct sink *s, struct slice lines, size_t done)
{
	size_t begin = whole_lines(lines, done);
	struct slice after = slice_skip(lines, done), rest;

	if (done == begin || take_back(s, done - begin))
		return begin;
	rest = slice_head(after, slice_find(after, '\n') + 1);
	if (rest.len <= sizeof s->rest) {
		memcpy(s->rest, rest.ptr, rest.len);
		s->rest_len = rest.len;
	} else { /* no event is as long as that */
		s->rest[0] = '\n';
		s->rest_len = 1;
		s->skipped++;
	}
	return done + rest.len;
}

static bool
pay_rest(struct sink *s)
{
	size_t n = put(s, slice_of(s->rest, s->rest_len));

	s->rest_len -= n;
	memmove(s->rest, s->rest + n, s->rest_len);
	return s->rest_len == 0;
}

static size_t
put_stream(struct sink *s, struct slice lines)
{
	size_t done;

	if (s->rest_len > 0 && !pay_rest(s))
		return 0;
	done = put(s, lines);
	return done < lines.len ? mend(s, lines, done) : done;
}

size_t
sink_put(struct sink *s, struct slice lines)
{
	switch (s->place.kind) {
	case AUDIT_FILE:
	case AUDIT_STDOUT:
	case AUDIT_STDERR:
		return put_stream(s, lines);
	case AUDIT_SYSLOG:
	case AUDIT_JOURNALD:
		return sink_socket_put(s, lines);
	case AUDIT_NONE:
	default:
		return lines.len;
	}
}

int
sink_poll_fd(const struct sink *s)
{
	bool waits = s->place.kind != AUDIT_FILE && s->error == EAGAIN;

	return waits ? s->fd : -1;
}

enum err
sink_reopen(struct sink *s)
{
	enum err e;
	int fd = -1;

	if (s->place.kind != AUDIT_FILE)
		return ERR_OK;
	e = open_file(s, &fd);
	if (e != ERR_OK)
		return e;
	if (s->rest_len > 0 && !pay_rest(s))
		s->skipped++;
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
	s->place.kind = AUDIT_NONE;
	s->fd = -1;
	s->rest_len = 0;
}
