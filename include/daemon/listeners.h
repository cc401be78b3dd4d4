/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * listeners.h - the keeper's listening sockets: one per worker and listener.
 *
 * They are the keeper's, so that no connection is lost while a relay is
 * replaced: clients wait in the backlog.
 */
#ifndef DAEMON_LISTENERS_H
#define DAEMON_LISTENERS_H

#include "daemon/protocol.h"
#include "session/snapshot.h"

enum { WORKERS_MAX = 256 };

struct listener {
	struct listener_key key;
	bool kept; /* the descriptors are those of the set before */
	int fds[WORKERS_MAX];
};

struct listeners {
	size_t count, workers;
	struct listener
	    *at; /* as many as there are listeners, in their order */
};

/*
 * Opens what s asks for, but takes from old (which stays as it is) what is
 * there already. ERR_BUSY, ERR_DENIED, ...: *fault says which and why, nothing
 * is left open.
 */
enum err listeners_open(const struct settings *s, size_t workers,
			const struct listeners *old, struct listeners *out,
			struct snapshot_fault *fault) MUST_USE;
/* next replaces *now; what next did not keep is closed. */
void listeners_replace(struct listeners *now, struct listeners *next);
/* Closes what was opened, not what was kept. Once more is fine. */
void listeners_abandon(struct listeners *next);
/* Closes all. Once more is fine. */
void listeners_clear(struct listeners *l);

/* Queues all of them for the relay. */
enum err listeners_put(const struct listeners *l, struct channel *c) MUST_USE;

#endif
