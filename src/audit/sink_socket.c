/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sink_socket.c - lines as datagrams: RFC 5424 for syslog daemons, fields for
 * journald (systemd's "Native Journal Protocol").
 *
 * Not syslog(3), which waits for a daemon that does not read.
 */
#include "audit/sink_socket.h"

#include "audit/members.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define SYSLOG_SOCKET   "/dev/log"
#define JOURNALD_SOCKET "/run/systemd/journal/socket"

enum {
	FACILITY = 10, /* authpriv */
	WARNING = 4,
	NOTICE = 5,
	INFO = 6,
	FRAME_MAX = 4 * EVENT_MAX /* the line once more, as fields */
};

static void
disconnect(struct sink *s)
{
	if (s->fd >= 0)
		(void)close(s->fd);
	s->fd = -1;
}

bool
sink_socket_connect(struct sink *s)
{
	const char *usual =
	    s->place.kind == AUDIT_SYSLOG ? SYSLOG_SOCKET : JOURNALD_SOCKET;
	const char *path = *s->place.path ? s->place.path : usual;
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	size_t len = strlen(path);

	if (len >= sizeof at.sun_path) {
		s->error = ENAMETOOLONG;
		return false;
	}
	memcpy(at.sun_path, path, len + 1);
	s->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd >= 0 &&
	    connect(s->fd, (const struct sockaddr *)&at, sizeof at) == 0)
		return true;
	s->error = errno;
	disconnect(s);
	return false;
}

static int
severity(struct slice line)
{
	if (slice_eq(member(line, "event.kind"), SLICE("alert")))
		return WARNING;
	return slice_eq(member(line, "event.outcome"), SLICE("failure"))
		   ? NOTICE
		   : INFO;
}

/* "-" where there is none. */
static struct slice
known(struct slice s)
{
	return s.len > 0 ? s : SLICE("-");
}

/* RFC 5424 section 6: header, no structured data, the line as it is. */
static size_t
frame_syslog(struct slice line, char *out)
{
	struct slice time = known(member(line, "@timestamp"));
	struct slice action = known(member(line, "event.action"));
	char host[256] = "-";
	int n;

	(void)gethostname(host, sizeof host - 1);
	n = snprintf(out, FRAME_MAX, "<%d>1 %.*s %s imapward %ld %.*s - %.*s",
		     FACILITY * 8 + severity(line),
		     (int)slice_head(time, 32).len, (const char *)time.ptr,
		     *host ? host : "-", (long)getpid(),
		     (int)slice_head(action, 32).len, (const char *)action.ptr,
		     (int)line.len, (const char *)line.ptr);
	return n < FRAME_MAX ? (size_t)n : FRAME_MAX - 1;
}

struct frame {
	char *at;
	size_t len;
};

/* A value holds no newline: then this form, and no length, is right. */
static void
put_field(struct frame *f, struct slice name, struct slice value)
{
	if (name.len + value.len + 2 > FRAME_MAX - f->len)
		return;
	for (size_t i = 0; i < name.len; i++) {
		unsigned char c = name.ptr[i];

		if (byte_alpha(c))
			c &= (unsigned char)~0x20;
		else if (!byte_digit(c))
			c = '_';
		f->at[f->len++] = (char)c;
	}
	f->at[f->len++] = '=';
	memcpy(f->at + f->len, value.ptr, value.len);
	f->len += value.len;
	f->at[f->len++] = '\n';
}

/* The line as it is, and each of its members, escaped as it stands there. */
static size_t
frame_journald(struct slice line, char *out)
{
	struct frame f = {out, 0};
	struct slice rest = slice_skip(line, 1);
	struct member m;
	char digit[2] = {(char)('0' + severity(line)), '\0'};

	put_field(&f, SLICE("MESSAGE"), line);
	put_field(&f, SLICE("PRIORITY"), slice_str(digit));
	put_field(&f, SLICE("SYSLOG_FACILITY"), SLICE("10"));
	put_field(&f, SLICE("SYSLOG_IDENTIFIER"), SLICE("imapward"));
	put_field(&f, SLICE("IMAPWARD_EVENT"), member(line, "event.action"));
	while (member_next(&rest, &m))
		if (m.name.len > 0 && byte_alpha(m.name.ptr[0]))
			put_field(&f, m.name, m.value);
	return f.len;
}

static bool
has_gone(int error)
{
	return error == ECONNREFUSED || error == ECONNRESET ||
	       error == ENOTCONN || error == EPIPE || error == ENOENT;
}

/* A daemon that was started anew is found again at once. */
static bool
send_frame(struct sink *s, struct slice frame)
{
	for (int tries = 0; tries < 2; tries++) {
		if (s->fd < 0 && !sink_socket_connect(s))
			return false;
		if (send(s->fd, frame.ptr, frame.len, MSG_NOSIGNAL) >= 0)
			return true;
		s->error = errno;
		if (!has_gone(s->error))
			break;
		disconnect(s);
	}
	if (s->error != EMSGSIZE)
		return false;
	s->skipped++;
	return true;
}

size_t
sink_socket_put(struct sink *s, struct slice lines)
{
	char frame[FRAME_MAX];
	struct slice rest = lines;

	while (rest.len > 0) {
		struct slice before = rest;
		struct slice line =
		    slice_head(slice_cut(&rest, '\n'), EVENT_MAX);
		size_t n = s->place.kind == AUDIT_SYSLOG
			       ? frame_syslog(line, frame)
			       : frame_journald(line, frame);

		if (!send_frame(s, slice_of(frame, n)))
			return lines.len - before.len;
	}
	return lines.len;
}
