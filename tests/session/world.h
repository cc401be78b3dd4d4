/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * world.h - a session with no socket: its edge is memory, its clock is ours.
 */
#ifndef TESTS_WORLD_H
#define TESTS_WORLD_H

#include "session/session.h"
#include "unit/tls_client.h"

#include <stdbool.h>
#include <stddef.h>

/* Which listener the client comes to. */
enum door {
	DOOR_TLS,      /* implicit TLS; the harness makes the handshake */
	DOOR_STRANGER, /* the same, with a client that knows no CA */
	DOOR_RAW,      /* implicit TLS; bytes go as they are given */
	DOOR_STARTTLS, /* in clear until world_starttls */
	DOOR_PLAIN     /* STARTTLS listener, from a network that may log in */
};

struct world_text {
	unsigned char *bytes;
	size_t len, cap;
};

struct world {
	struct session session; /* first: edges find the world by it */
	struct workspace *work;
	struct snapshot *snapshot, *own; /* own: of this world alone */
	struct defence *defence;
	struct tls_client *tls;
	struct pool *pool;
	struct buf wire_in, wire_out; /* of the TLS client */
	uint64_t now, wall, alarm;
	struct world_text to_client; /* what the client has got, decrypted */
	struct world_text to_backend;
	struct world_text raw; /* what left towards the client, as it left */
	struct world_text events;
	struct world_text arrived; /* seen by a look before it is received */
	size_t piece;              /* bytes per delivery; 0: all at once */
	size_t took[SIDES];        /* a stalled side takes this many bytes */
	bool stalled[SIDES], open[SIDES], reading[SIDES], finished[SIDES];
	bool dialing, done, closed_notify, tls_broken;
	bool full;       /* no place for a handshake; may be set before
			    world_begin, like the next one */
	bool busy;       /* it is never its turn */
	bool unrecorded; /* the audit takes no more */
	/* May be set before world_begin, too. */
	struct defence *shared; /* with other worlds; NULL: one of its own */
	const char *from;       /* the client's address */
	bool exempt;
	uint64_t later;       /* ms after the usual time */
	unsigned turns_asked; /* how often it wanted one */
	/* The client's first flight goes in records of this size; 0: as it is.
	 * May be set before world_begin, too. */
	size_t cut;
	size_t dialed; /* backend index of the last connect */
	unsigned dials;
	uint64_t linger;
	/* Sees each line as it is written; set it after world_begin. */
	void (*on_event)(struct world *w, struct slice line);
};

/* backends: 1 or 2. yaml: lines added to the configuration, or NULL. */
void world_begin(struct world *w, enum door door, size_t piece,
		 const char *yaml, unsigned backends);
/* The same; these bytes arrive while the handshake is being completed. */
void world_begin_early(struct world *w, enum door door, size_t piece,
		       const char *yaml, unsigned backends, struct slice early);
void world_end(struct world *w);

void world_step(struct world *w);
/* From the client: through its TLS when there is one. */
void world_client(struct world *w, struct slice bytes);
void world_client_raw(struct world *w, struct slice bytes);
void world_starttls(struct world *w);
void world_client_close(struct world *w); /* close_notify, then FIN */
void world_backend(struct world *w, struct slice bytes);
void world_connected(struct world *w);
void world_ended(struct world *w, enum side side);
void world_lost(struct world *w, enum side side, enum err cause);
void world_drain(struct world *w);
/* There is a place for its handshake, and it is its turn. */
void world_admit(struct world *w);
/* Lets time pass, calling the session when its alarm rings. */
void world_wait(struct world *w, uint64_t ms);
/* A stalled side takes what waits. */
void world_unstall(struct world *w, enum side side);

struct slice world_seen(const struct world_text *t);
void world_forget(struct world_text *t, size_t n); /* drops the first n */
bool world_holds(const struct world_text *t, const char *text);

#endif
