/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * control.h - the keeper's side of the admin socket: the file, and who may.
 *
 * The keeper makes the socket and keeps it while relays come and go; the relay
 * answers (daemon/admin.h). Without one the gate works: that is a warning.
 */
#ifndef DAEMON_CONTROL_H
#define DAEMON_CONTROL_H

#include "daemon/files.h"
#include "daemon/request.h"
#include "net/channel.h"
#include "session/snapshot.h"

#include <stdbool.h>
#include <stdint.h>

struct control {
	bool open;
	bool kept; /* the socket is that of the one before */
	int fd;    /* if open */
	char path[SETTINGS_SOCKET_MAX + 1];
	uint64_t device, number; /* of the file, as it was made */
	struct admin_rights rights;
	char warning[256]; /* why there is none, or "" */
	bool told;         /* the same as before: need not be said again */
};

/* Who may. ERR_UNKNOWN: there is no such group; *fault says which. */
enum err control_rights(const struct files *f, const struct settings *s,
			struct admin_rights *out,
			struct snapshot_fault *fault) MUST_USE;
/*
 * Opens what s asks for, or keeps what `before` (which stays as it is; zeroed
 * at the start) has. A socket file that nobody listens on is replaced; nothing
 * else is. Fails as control_rights does, for nothing else.
 */
enum err control_open(const struct files *f, const struct settings *s,
		      const struct control *before, struct control *out,
		      struct snapshot_fault *fault) MUST_USE;
/* The same as before, whatever it is. */
void control_keep(const struct control *before, struct control *out);
/* next replaces *now; what next did not keep is closed and removed. */
void control_replace(struct control *now, struct control *next);
/* Closes what was opened, not what was kept. Once more is fine. */
void control_abandon(struct control *next);
/* Closes it, and removes the file if it is ours still. Once more is fine. */
void control_clear(struct control *c);

/* Queues it for the relay. */
enum err control_put(const struct control *c, struct channel *to) MUST_USE;

#endif
