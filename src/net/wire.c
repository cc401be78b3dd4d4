/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/wire.h"

#include "base/wipe.h"

#include <assert.h>
#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { KEEPALIVE_SECONDS = 120, WRITE_MAX = 1024 * 1024 * 1024 };

/* More than this is not a peer's last word: no more patience. */
enum { DISCARD_MAX = 256 * 1024 };

/* What a socket did not take, in one allocation with its request. */
struct rest {
	uv_write_t req;
	size_t len;
	unsigned char bytes[];
};

static void start_reading(struct wire *w);

static enum err
cause_of(ssize_t status)
{
	switch (status) {
	case UV_ETIMEDOUT:
		return ERR_TIMEOUT;
	case UV_ECONNREFUSED:
		return ERR_REFUSED;
	case UV_EHOSTUNREACH:
	case UV_ENETUNREACH:
	case UV_EADDRNOTAVAIL:
	case UV_EACCES:
	case UV_EPERM:
		return ERR_UNREACHABLE;
	case UV_ECONNRESET:
	case UV_ECONNABORTED:
	case UV_EPIPE:
		return ERR_CLOSED;
	case UV_ENOMEM:
	case UV_ENOBUFS:
		return ERR_NOMEM;
	case UV_EMFILE:
	case UV_ENFILE:
		return ERR_LIMIT;
	default:
		return ERR_SYSTEM;
	}
}

static struct wire *
wire_of(void *uv)
{
	return uv;
}

static uv_stream_t *
stream_of(struct wire *w)
{
	return (uv_stream_t *)&w->uv;
}

static bool
usable(const struct wire *w)
{
	return w->phase == WIRE_OPEN && w->fault == ERR_OK;
}

void
wire_init(struct wire *w, const struct wire_ops *ops)
{
	memset(w, 0, sizeof *w);
	w->ops = ops;
}

bool
wire_idle(const struct wire *w)
{
	return w->phase == WIRE_IDLE;
}

enum err
wire_fault(const struct wire *w)
{
	return w->fault;
}

static void
closed(uv_handle_t *uv)
{
	struct wire *w = wire_of(uv);

	w->phase = WIRE_IDLE;
	w->ops->closed(w);
}

/* Makes the handle live; from here on only uv_close ends it. */
static void
begin(struct wire *w, struct loop *l, enum wire_phase phase)
{
	assert(w->phase == WIRE_IDLE);
	wire_init(w, w->ops);
	(void)uv_tcp_init(&l->uv, &w->uv);
	w->phase = (unsigned char)phase;
}

void
wire_open(struct wire *w, struct loop *l, int fd)
{
	int status;

	begin(w, l, WIRE_OPEN);
	status = uv_tcp_open(&w->uv, fd);
	if (status != 0) {
		(void)close(fd);
		w->fault = cause_of(status);
	}
}

static void
connect_done(uv_connect_t *req, int status)
{
	struct wire *w = wire_of(req->handle);

	free(req);
	if (w->phase != WIRE_CONNECTING)
		return; /* closed meanwhile */
	w->phase = WIRE_OPEN;
	if (status == 0) {
		w->ops->connected(w);
	} else {
		w->fault = cause_of(status);
		w->ops->lost(w, cause_of(status));
	}
}

/*
 * libuv's own keep-alive gives up after ten seconds of silence; a backend that
 * reboots gets the system's patience after two minutes without traffic.
 */
static void
keep_alive(uv_os_fd_t fd)
{
	int on = 1, idle = KEEPALIVE_SECONDS;

	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
}

void
wire_connect(struct wire *w, struct loop *l, const struct endpoint *to,
	     int most)
{
	struct sockaddr_storage at;
	uv_connect_t *req = malloc(sizeof *req);
	int status = UV_ENOMEM;
	uv_os_fd_t fd = -1;

	(void)endpoint_sockaddr(to, &at);
	begin(w, l, WIRE_CONNECTING);
	(void)uv_tcp_nodelay(&w->uv, 1); /* when the socket is made */
	if (req)
		status = uv_tcp_connect(req, &w->uv, (struct sockaddr *)&at,
					connect_done);
	if (status == 0 && uv_fileno((uv_handle_t *)&w->uv, &fd) == 0 &&
	    fd < most) {
		keep_alive(fd);
		/* Asked for now, reading costs one change of epoll less. */
		start_reading(w);
		return;
	}
	if (status == 0)
		status = UV_EMFILE; /* the request goes when the wire does */
	else
		free(req);
	w->phase = WIRE_OPEN;
	w->fault = cause_of(status);
}

/* Closing only: what is next now that something was sent or heard. */
static void
closing_step(struct wire *w)
{
	if (w->phase == WIRE_FLUSHING && w->waiting == 0) {
		uv_os_fd_t fd;

		if (w->ended || w->fault != ERR_OK ||
		    uv_fileno((uv_handle_t *)&w->uv, &fd) != 0) {
			wire_abort(w);
			return;
		}
		if (!w->finished)
			(void)shutdown(fd, SHUT_WR);
		w->finished = true;
		w->phase = WIRE_LINGERING;
		start_reading(w);
	} else if (w->phase == WIRE_LINGERING &&
		   (w->ended || w->fault != ERR_OK ||
		    w->discarded > DISCARD_MAX)) {
		wire_abort(w);
	}
}

static void
finish_step(struct wire *w)
{
	uv_os_fd_t fd;

	if (!w->finish || w->finished || w->waiting > 0 || !usable(w) ||
	    uv_fileno((uv_handle_t *)&w->uv, &fd) != 0)
		return;
	(void)shutdown(fd, SHUT_WR);
	w->finished = true;
}

static void
lend_room(uv_handle_t *uv, size_t suggested, uv_buf_t *buf)
{
	struct wire *w = wire_of(uv);
	size_t cap = 0;

	(void)suggested;
	buf->base = (char *)w->ops->room(w, &cap);
	buf->len = cap;
}

static void
read_done(uv_stream_t *uv, ssize_t n, const uv_buf_t *buf)
{
	struct wire *w = wire_of(uv);

	(void)buf;
	if (n == 0)
		return; /* EAGAIN */
	if (n == UV_EOF)
		w->ended = true;
	else if (n < 0)
		w->fault = cause_of(n);
	if (n < 0)
		w->reading = false;
	if (w->phase != WIRE_OPEN) {
		w->discarded += n > 0 ? (size_t)n : 0;
		closing_step(w);
	} else if (n > 0) {
		w->ops->received(w, (size_t)n);
	} else if (n == UV_EOF) {
		w->ops->ended(w);
	} else {
		(void)uv_read_stop(uv);
		w->ops->lost(w, cause_of(n));
	}
}

static void
start_reading(struct wire *w)
{
	if (w->reading)
		return;
	w->reading = true;
	(void)uv_read_start(stream_of(w), lend_room, read_done);
}

void
wire_read(struct wire *w, bool on)
{
	if (w->reading == on || !usable(w) || w->ended)
		return;
	if (on) {
		start_reading(w);
	} else {
		w->reading = false;
		(void)uv_read_stop(stream_of(w));
	}
}

enum io
wire_look(struct wire *w, unsigned char *room, size_t cap, size_t *n)
{
	uv_os_fd_t fd;
	ssize_t got;

	if (w->phase != WIRE_OPEN || uv_fileno((uv_handle_t *)&w->uv, &fd) != 0)
		return IO_FAIL;
	got = recv(fd, room, cap, MSG_DONTWAIT);
	if (got < 0)
		return errno == EAGAIN ? IO_WAIT : IO_FAIL;
	*n = (size_t)got;
	return got > 0 ? IO_DONE : IO_EOF;
}

static void
write_done(uv_write_t *req, int status)
{
	struct wire *w = wire_of(req->handle);
	struct rest *r = (struct rest *)req;
	bool canceled = status == UV_ECANCELED;

	w->waiting -= r->len;
	wipe(r->bytes, r->len);
	free(r);
	if (status != 0 && w->fault == ERR_OK && !canceled) {
		w->fault = cause_of(status);
		if (w->phase == WIRE_OPEN)
			w->ops->lost(w, cause_of(status));
	}
	if (w->phase == WIRE_FLUSHING) {
		closing_step(w);
	} else if (usable(w)) {
		finish_step(w);
		w->ops->sent(w, w->waiting);
	}
}

/* Copies what the socket did not take. */
static void
write_later(struct wire *w, struct slice s)
{
	struct rest *r = malloc(sizeof *r + s.len);
	uv_buf_t buf;
	int status;

	if (!r) {
		w->fault = ERR_NOMEM;
		return;
	}
	r->len = s.len;
	memcpy(r->bytes, s.ptr, s.len);
	buf = uv_buf_init((char *)r->bytes, (unsigned)s.len);
	status = uv_write(&r->req, stream_of(w), &buf, 1, write_done);
	if (status == 0) {
		w->waiting += s.len;
		return;
	}
	w->fault = cause_of(status);
	wipe(r->bytes, r->len);
	free(r);
}

size_t
wire_write(struct wire *w, struct slice s)
{
	uv_buf_t buf;
	int n;

	assert(!w->finish && s.len <= WRITE_MAX);
	if (!usable(w) || s.len == 0)
		return w->waiting;
	/* libuv's buffers are not const, though it only reads them here. */
	buf.base = (char *)(uintptr_t)s.ptr;
	buf.len = s.len;
	n = uv_try_write(stream_of(w), &buf, 1);
	if (n == UV_EAGAIN)
		n = 0;
	if (n < 0)
		w->fault = cause_of(n);
	else if ((size_t)n < s.len)
		write_later(w, slice_skip(s, (size_t)n));
	return w->waiting;
}

size_t
wire_untaken(const struct wire *w)
{
	uv_os_fd_t fd;
	int kernel = 0;

	if (usable(w) && uv_fileno((const uv_handle_t *)&w->uv, &fd) == 0)
		(void)ioctl(fd, SIOCOUTQ, &kernel);
	return uv_stream_get_write_queue_size((const uv_stream_t *)&w->uv) +
	       (size_t)kernel;
}

void
wire_finish(struct wire *w)
{
	w->finish = true;
	finish_step(w);
}

void
wire_close(struct wire *w, bool gentle)
{
	if (w->phase == WIRE_OPEN && gentle && w->fault == ERR_OK) {
		w->phase = WIRE_FLUSHING;
		closing_step(w);
	} else {
		wire_abort(w);
	}
}

void
wire_abort(struct wire *w)
{
	if (w->phase == WIRE_IDLE || w->phase == WIRE_CLOSING)
		return;
	w->phase = WIRE_CLOSING;
	uv_close((uv_handle_t *)&w->uv, closed);
}
