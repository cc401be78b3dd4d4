/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/acceptor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ACCEPTS_PER_TURN = 64, PAUSE_MS = 100 };

struct listening {
	struct watch watch;
	struct acceptor *acceptor;
	struct listening *next;
	size_t which;
	unsigned burst; /* accepts in the next turn */
	int fd;
};

static int
spare_descriptor(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void
want_all(struct acceptor *a, bool on)
{
	for (struct listening *l = a->first; l; l = l->next)
		watch_want(&l->watch, on, false);
}

static void
resume(void *arg)
{
	struct acceptor *a = arg;

	if (a->reserve < 0)
		a->reserve = spare_descriptor();
	a->paused = false;
	want_all(a, true);
}

static void
pause_accepting(struct acceptor *a)
{
	a->paused = true;
	want_all(a, false);
	timer_set(&a->resume, loop_now(a->loop) + PAUSE_MS);
}

static int
accept_one(int listening, struct endpoint *peer)
{
	struct sockaddr_storage at;
	socklen_t len = sizeof at;
	int fd = accept4(listening, (struct sockaddr *)&at, &len,
			 SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd >= 0 && !endpoint_from_sockaddr((struct sockaddr *)&at, peer)) {
		(void)close(fd);
		errno = ECONNABORTED;
		return -1;
	}
	return fd;
}

/* Lets one waiting client know at once instead of when it loses patience. */
static void
turn_away(struct acceptor *a, int listening)
{
	struct endpoint peer;
	int fd;

	if (a->reserve < 0)
		return;
	(void)close(a->reserve);
	fd = accept_one(listening, &peer);
	if (fd >= 0) {
		(void)close(fd);
		a->ops->exhausted(a->arg, &peer);
	}
	a->reserve = spare_descriptor();
}

/* The rest is not for connections. False: stop for this turn. */
static bool
give_back(struct acceptor *a, int fd, const struct endpoint *peer)
{
	(void)close(fd);
	a->ops->exhausted(a->arg, peer);
	pause_accepting(a);
	return false;
}

/* False: stop for this turn. */
static bool
accept_failed(struct acceptor *a, int listening, int error)
{
	switch (error) {
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
		turn_away(a, listening);
		pause_accepting(a);
		return false;
	case EAGAIN:
	case EBADF:
	case EINVAL:
		return false;
	default: /* that connection died while it waited (accept(2)) */
		return true;
	}
}

static void
ready(void *arg, bool readable, bool writable)
{
	struct listening *l = arg;
	struct acceptor *a = l->acceptor;
	unsigned done = 0;
	bool more = readable;

	(void)writable;
	for (; more && done < l->burst; done++) {
		struct endpoint peer;
		int fd = accept_one(l->fd, &peer);

		if (fd < 0)
			more = accept_failed(a, l->fd, errno);
		else if (fd < a->most)
			a->ops->accepted(a->arg, l->which, fd, &peer);
		else
			more = give_back(a, fd, &peer);
	}
	/* A lone client shall not cost a second, vain accept each time. */
	l->burst = more ? 2 * l->burst : 1;
	if (l->burst > ACCEPTS_PER_TURN)
		l->burst = ACCEPTS_PER_TURN;
}

void
acceptor_init(struct acceptor *a, struct loop *l, int most,
	      const struct accept_ops *ops, void *arg)
{
	*a = (struct acceptor){.loop = l, .ops = ops, .arg = arg, .most = most};
	a->reserve = spare_descriptor();
	timer_init(&a->resume, l, resume, a);
}

enum err
acceptor_add(struct acceptor *a, int fd, size_t which)
{
	struct listening *l = malloc(sizeof *l);

	if (!l || watch_init(&l->watch, a->loop, fd, ready, l) != ERR_OK) {
		free(l);
		(void)close(fd);
		return ERR_NOMEM;
	}
	l->acceptor = a;
	l->which = which;
	l->fd = fd;
	l->burst = 1;
	l->next = a->first;
	a->first = l;
	watch_want(&l->watch, !a->paused, false);
	return ERR_OK;
}

static void
listening_closed(void *arg)
{
	free(arg);
}

void
acceptor_clear(struct acceptor *a)
{
	while (a->first) {
		struct listening *l = a->first;

		a->first = l->next;
		watch_close(&l->watch, listening_closed);
		(void)close(l->fd);
	}
}

void
acceptor_close(struct acceptor *a)
{
	acceptor_clear(a);
	timer_close(&a->resume);
	if (a->reserve >= 0)
		(void)close(a->reserve);
	a->reserve = -1;
}
