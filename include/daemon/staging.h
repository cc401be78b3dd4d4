/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * staging.h - the sockets that came for a configuration, until it comes itself;
 * for daemon/relay.c alone.
 */
#ifndef DAEMON_STAGING_H
#define DAEMON_STAGING_H

#include "config/settings.h"
#include "daemon/listeners.h"
#include "daemon/protocol.h"
#include "daemon/request.h"

#include <stdbool.h>
#include <stddef.h>

struct staged {
	struct listener_key key;
	size_t count; /* one for each worker */
	int fds[WORKERS_MAX];
};

struct staging {
	struct staged listeners[SETTINGS_LISTENERS_MAX];
	size_t count;
	struct admin_rights rights;
	int admin; /* the admin socket; -1: none */
};

void staging_init(struct staging *s);
/* Take over the descriptors of a message; false: it is nonsense, and the
 * process had better end, and with it the sockets. */
bool staging_listener(struct staging *s, const struct channel_message *m);
bool staging_admin(struct staging *s, const struct channel_message *m);
/* For how many workers there are sockets. */
size_t staging_workers(const struct staging *s);
/* Is there one socket per worker for each listener of the settings, and no
 * other? workers 0: as many as there are. */
bool staging_fits(const struct staging *s, const struct settings *settings,
		  size_t workers);
/* Closes them all. */
void staging_drop(struct staging *s);

#endif
