/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/channel.h"

#include "base/wipe.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { READ_CHUNK = 64 * 1024, KEPT_MOST = 4 * READ_CHUNK };

/* Both ends are the same program: no byte order to agree on. */
struct header {
	uint32_t type, len, fds;
};

struct channel_frame {
	struct channel_frame *next;
	size_t len, sent; /* header included */
	size_t fds_count;
	int fds[CHANNEL_FDS_MAX]; /* go with the first byte */
	unsigned char bytes[];
};

enum err
channel_pair(int fds[2])
{
	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
			  0, fds) == 0
		   ? ERR_OK
		   : ERR_SYSTEM;
}

void
channel_init(struct channel *c, int fd)
{
	memset(c, 0, sizeof *c);
	c->fd = fd;
	c->last = &c->first;
}

static void
close_all(const int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		(void)close(fds[i]);
}

static void
frame_free(struct channel_frame *f)
{
	close_all(f->fds, f->fds_count);
	wipe(f->bytes, f->len);
	free(f);
}

void
channel_clear(struct channel *c)
{
	while (c->first) {
		struct channel_frame *f = c->first;

		c->first = f->next;
		frame_free(f);
	}
	wipe(c->in, c->in_cap);
	free(c->in);
	close_all(c->fds, c->fds_count);
	if (c->fd >= 0)
		(void)close(c->fd);
	channel_init(c, -1);
}

static enum err
frame_take_fds(struct channel_frame *f, const int *fds, size_t n)
{
	for (; f->fds_count < n; f->fds_count++) {
		int copy = fcntl(fds[f->fds_count], F_DUPFD_CLOEXEC, 0);

		if (copy < 0)
			return ERR_SYSTEM;
		f->fds[f->fds_count] = copy;
	}
	return ERR_OK;
}

enum err
channel_put(struct channel *c, uint32_t type, const struct slice *parts,
	    size_t parts_count, const int *fds, size_t fds_count)
{
	struct header h = {.type = type, .fds = (uint32_t)fds_count};
	struct channel_frame *f;
	size_t len = 0;
	unsigned char *at;

	for (size_t i = 0; i < parts_count; i++)
		len += parts[i].len;
	if (len > CHANNEL_BYTES_MAX || fds_count > CHANNEL_FDS_MAX)
		return ERR_LIMIT;
	f = calloc(1, sizeof *f + sizeof h + len);
	if (!f)
		return ERR_NOMEM;
	f->len = sizeof h + len;
	if (frame_take_fds(f, fds, fds_count) != ERR_OK) {
		frame_free(f);
		return ERR_SYSTEM;
	}
	h.len = (uint32_t)len;
	memcpy(f->bytes, &h, sizeof h);
	at = f->bytes + sizeof h;
	for (size_t i = 0; i < parts_count; i++) {
		if (parts[i].len > 0)
			memcpy(at, parts[i].ptr, parts[i].len);
		at += parts[i].len;
	}
	*c->last = f;
	c->last = &f->next;
	c->waiting += f->len;
	return ERR_OK;
}

union fd_space {
	char bytes[CMSG_SPACE(sizeof(int) * 253)]; /* SCM_MAX_FD of Linux */
	struct cmsghdr align;
};

static ssize_t
frame_send(int fd, struct channel_frame *f)
{
	struct iovec iov = {f->bytes + f->sent, f->len - f->sent};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
	union fd_space space;

	if (f->fds_count > 0) {
		struct cmsghdr *h;

		memset(&space, 0, sizeof space);
		m.msg_control = space.bytes;
		m.msg_controllen = CMSG_SPACE(sizeof(int) * f->fds_count);
		h = CMSG_FIRSTHDR(&m);
		h->cmsg_level = SOL_SOCKET;
		h->cmsg_type = SCM_RIGHTS;
		h->cmsg_len = CMSG_LEN(sizeof(int) * f->fds_count);
		memcpy(CMSG_DATA(h), f->fds, sizeof(int) * f->fds_count);
	}
	return sendmsg(fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
}

enum io
channel_flush(struct channel *c)
{
	while (c->first) {
		struct channel_frame *f = c->first;
		ssize_t n = frame_send(c->fd, f);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN || errno == ENOBUFS ? IO_WAIT
								   : IO_FAIL;
		close_all(f->fds, f->fds_count);
		f->fds_count = 0;
		f->sent += (size_t)n;
		c->waiting -= (size_t)n;
		if (f->sent < f->len)
			continue;
		c->first = f->next;
		if (!c->first)
			c->last = &c->first;
		frame_free(f);
	}
	return IO_DONE;
}

/* Room for n more bytes; what was taken goes first. */
static bool
in_reserve(struct channel *c, size_t n)
{
	size_t left = c->in_len - c->in_taken, cap;
	unsigned char *mem;

	if (n <= c->in_cap - c->in_len)
		return true;
	if (c->in_taken > 0) {
		memmove(c->in, c->in + c->in_taken, left);
		c->in_taken = 0;
		c->in_len = left;
	}
	if (n <= c->in_cap - c->in_len)
		return true;
	cap = 2 * (left + n);
	mem = malloc(cap);
	if (!mem)
		return false;
	if (left > 0)
		memcpy(mem, c->in, left);
	wipe(c->in, c->in_cap);
	free(c->in);
	c->in = mem;
	c->in_cap = cap;
	return true;
}

static bool
take_rights(struct channel *c, struct msghdr *m)
{
	bool good = true;

	/* No descriptor was left: the message comes without any. */
	if (m->msg_flags & MSG_CTRUNC)
		c->fds_lost = true;

	for (struct cmsghdr *h = CMSG_FIRSTHDR(m); h; h = CMSG_NXTHDR(m, h)) {
		size_t n = (h->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		int fds[253];

		if (h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS)
			continue;
		memcpy(fds, CMSG_DATA(h), n * sizeof(int));
		if (n > sizeof c->fds / sizeof c->fds[0] - c->fds_count) {
			close_all(fds, n);
			good = false;
			continue;
		}
		memcpy(c->fds + c->fds_count, fds, n * sizeof(int));
		c->fds_count += n;
	}
	return good;
}

enum io
channel_fill(struct channel *c)
{
	union fd_space space;
	struct iovec iov;
	struct msghdr m = {.msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = space.bytes,
			   .msg_controllen = sizeof space.bytes};
	ssize_t n;

	if (!in_reserve(c, READ_CHUNK))
		return IO_FAIL;
	iov = (struct iovec){c->in + c->in_len, READ_CHUNK};
	do
		n = recvmsg(c->fd, &m, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN ? IO_WAIT : IO_FAIL;
	if (!take_rights(c, &m))
		return IO_FAIL;
	c->in_len += (size_t)n;
	return n == 0 ? IO_EOF : IO_DONE;
}

/* What was handed out is done with; a big buffer is not kept for long. */
static void
forget_taken(struct channel *c)
{
	wipe(c->in, c->in_taken);
	if (c->in_taken < c->in_len)
		return;
	c->in_taken = c->in_len = 0;
	if (c->in_cap > KEPT_MOST) {
		wipe(c->in, c->in_cap);
		free(c->in);
		c->in = NULL;
		c->in_cap = 0;
	}
}

enum io
channel_next(struct channel *c, struct channel_message *m)
{
	struct header h;

	forget_taken(c);
	if (c->in_len - c->in_taken < sizeof h)
		return IO_WAIT;
	memcpy(&h, c->in + c->in_taken, sizeof h);
	if (h.len > CHANNEL_BYTES_MAX || h.fds > CHANNEL_FDS_MAX)
		return IO_FAIL;
	if (c->in_len - c->in_taken < sizeof h + h.len)
		return IO_WAIT;
	if (h.fds > c->fds_count) {
		if (!c->fds_lost)
			return IO_FAIL;
		close_all(c->fds, c->fds_count);
		c->fds_count = 0;
		c->fds_lost = false;
		h.fds = 0;
	}
	m->type = h.type;
	m->body = slice_of(c->in + c->in_taken + sizeof h, h.len);
	m->fds_count = h.fds;
	memcpy(m->fds, c->fds, h.fds * sizeof(int));
	c->fds_count -= h.fds;
	memmove(c->fds, c->fds + h.fds, c->fds_count * sizeof(int));
	c->in_taken += sizeof h + h.len;
	return IO_DONE;
}
