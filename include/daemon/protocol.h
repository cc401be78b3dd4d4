/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * protocol.h - what keeper and relay say to each other over net/channel.
 *
 *   keeper: STATE                          to a new relay: what it shall know
 *   keeper: LISTENER ... ADMIN CONFIG      the sockets first, then what to do
 *   relay:  READY, or FAULT and nothing has changed
 *   relay:  EVENTS, NOTE                   whenever there are some
 *   relay:  STATE                          to be kept for the next one
 *   relay:  UNREADABLE                     the STATE that came was
 *   relay:  RELOAD                         an administrator wants one
 *   keeper: RELOADED                       how the last one before that went
 *   keeper: TAKEN                          events are written, for
 *                                          audit.full: block
 *   keeper: DRAIN, STOP                    the relay ends, exit code 0
 */
#ifndef DAEMON_PROTOCOL_H
#define DAEMON_PROTOCOL_H

#include "base/err.h"
#include "config/settings.h"
#include "net/channel.h"
#include "session/snapshot.h"

#include <stdbool.h>
#include <stdint.h>

enum message {
	MESSAGE_LISTENER = 1, /* struct listener_key, one socket per worker; in
				 more than one message if there are many */
	MESSAGE_CONFIG,       /* protocol_put_config, one descriptor */
	MESSAGE_DRAIN,
	MESSAGE_STOP,
	MESSAGE_READY,    /* struct ready */
	MESSAGE_FAULT,    /* one line of text */
	MESSAGE_EVENTS,   /* whole lines for the audit log */
	MESSAGE_NOTE,     /* one line of text for the administrator */
	MESSAGE_ADMIN,    /* struct admin_rights, the admin socket if any */
	MESSAGE_RELOAD,   /* uint64_t: a number greater than those before */
	MESSAGE_RELOADED, /* struct reloaded, and a sentence */
	MESSAGE_TAKEN, /* uint64_t: of MESSAGE_EVENTS, so many bytes so far */
	/* One descriptor: from the keeper a file, from the relay sealed memory
	 * (daemon/vault.h). */
	MESSAGE_STATE,
	MESSAGE_UNREADABLE /* one phrase of text */
};

/* Listeners of two configurations are the same when these are. */
struct listener_key {
	unsigned char octets[16];
	uint16_t port;
	bool any;
};

struct ready {
	uint64_t generation, descriptors;
	uint32_t listeners, workers;
};

struct reloaded {
	uint64_t upto; /* answers all wishes up to this number; 0: none */
	bool good;
};

struct listener_key listener_key(const struct listener_settings *l);
bool listener_key_eq(const struct listener_key *a,
		     const struct listener_key *b);

/* All but the shelf goes as bytes; that goes as a descriptor, which is sealed
 * (daemon/vault.h) and stays the caller's. */
enum err protocol_put_config(struct channel *c,
			     const struct snapshot_source *src,
			     int shelf) MUST_USE;
/* *src points into body, and has no shelf. ERR_PROTOCOL: malformed. */
enum err protocol_get_config(struct slice body,
			     struct snapshot_source *src) MUST_USE;

#endif
