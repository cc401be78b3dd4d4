/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * worker.h - one thread with its own loop, listeners and sessions.
 *
 * Other threads reach it through its mailbox only.
 */
#ifndef DAEMON_WORKER_H
#define DAEMON_WORKER_H

#include "audit/queue.h"
#include "base/err.h"
#include "base/hash.h"
#include "daemon/hosts.h"
#include "net/loop.h"
#include "session/defence.h"
#include "session/ledger.h"
#include "session/snapshot.h"

#include <stdatomic.h>
#include <stddef.h>

/* What all workers share; the main thread's, and outlives them. */
struct common {
	struct ledger *ledger;
	struct defence *defence;
	struct queue *events;
	struct hosts *hosts;
	/* Descriptors from these numbers on are not for clients, resp. not for
	 * backends: see privs_reserve. */
	int accept_most, connect_most;
	struct wake collect;    /* the main thread: events are there */
	struct wake ended;      /* the main thread: a worker has ended */
	atomic_bool collecting; /* collect was woken and has not looked yet */
	atomic_uint running;    /* workers */
};

struct worker;

/* Starts the thread. seed: random. NULL: out of memory or threads. */
struct worker *worker_new(struct common *common,
			  const unsigned char seed[HASH_KEY]);
/*
 * What new sessions get from now on. fds are the listening sockets, in the
 * order of next's listeners. Takes over the reference and the descriptors.
 */
enum err worker_configure(struct worker *w, struct snapshot *next,
			  const int *fds, size_t count) MUST_USE;
/* Accepts no more, ends every session as soon as that loses nothing, then
 * itself. */
void worker_drain(struct worker *w);
/* The same at once. */
void worker_stop(struct worker *w);
/* Waits for its end (worker_drain or worker_stop was called) and frees it. */
void worker_join(struct worker *w);

#endif
