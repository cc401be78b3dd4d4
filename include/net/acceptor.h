/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * acceptor.h - the listening sockets of one worker.
 *
 * Accepts a bounded number per turn. When descriptors run out, a waiting
 * connection is taken and closed, if need be with a descriptor held in reserve,
 * then accepting pauses for a moment: no busy loop, no client left hanging.
 * The kernel hands out the lowest free number, so that the number of a
 * connection tells how many descriptors the process holds: from `most` on they
 * are left to the rest of it.
 */
#ifndef NET_ACCEPTOR_H
#define NET_ACCEPTOR_H

#include "base/err.h"
#include "net/loop.h"
#include "net/socket.h"

#include <stddef.h>

struct accept_ops {
	/* A connection: fd is the callee's. `which` as given to acceptor_add.
	 */
	void (*accepted)(void *arg, size_t which, int fd,
			 const struct endpoint *peer);
	/* One had to be closed because descriptors or memory ran out. */
	void (*exhausted)(void *arg, const struct endpoint *peer);
};

struct listening; /* one socket */

struct acceptor {
	struct loop *loop;
	const struct accept_ops *ops;
	void *arg;
	struct listening *first;
	struct timer resume;
	int most;    /* no connection has this number or a higher one */
	int reserve; /* descriptor, -1: to be opened again */
	bool paused;
};

void acceptor_init(struct acceptor *a, struct loop *l, int most,
		   const struct accept_ops *ops, void *arg);
/* Takes over a listening descriptor; on failure it is closed. */
enum err acceptor_add(struct acceptor *a, int fd, size_t which) MUST_USE;
/* Closes every socket; acceptor_add may follow. */
void acceptor_clear(struct acceptor *a);
/* acceptor_clear, and gives back the rest; before loop_clear. */
void acceptor_close(struct acceptor *a);

#endif
