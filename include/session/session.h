/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session.h - one client's way through the gate, from accept to close.
 *
 * A session is born, lives and dies on one worker. The worker embeds struct
 * session in its own connection object, feeds it bytes and facts, and calls
 * session_step after each batch; the session answers through struct edge_ops.
 */
#ifndef SESSION_SESSION_H
#define SESSION_SESSION_H

#include "base/hash.h"
#include "session/edge.h"
#include "session/snapshot.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What the sessions of one worker share: scratch memory that is lent for the
 * length of one step, the pool, the counters. One thread only.
 */
struct workspace;
struct defence;

/*
 * seed: random bytes that make session ids unique and our own tags
 * unguessable. defence: shared by all workers. NULL: out of memory. Sessions
 * must be gone before it is freed.
 */
struct workspace *workspace_new(const struct edge_ops *ops, struct defence *d,
				const unsigned char seed[HASH_KEY]);
void workspace_free(struct workspace *w); /* NULL is fine */
/* Where the worker reads into before session_received; see session_room. */
unsigned char *workspace_read_buffer(struct workspace *w);

/*
 * Connections that were counted instead of being told (session/flood.h): *line
 * is the next record that is due at `now` (UINT64_MAX: of all there are), valid
 * until the next call; false: none is.
 */
bool workspace_flood(struct workspace *w, const struct policy *p, uint64_t now,
		     uint64_t wall, struct slice *line);
uint64_t workspace_flood_due(const struct workspace *w);

struct session_peer {
	struct address address;
	uint16_t port;
	size_t listener; /* index into the settings' listeners */
	bool exempt;     /* spared what is counted by address */
};

/* sizeof(struct session) is what the worker embeds; see session/internal.h for
 * the inside. */
#include "session/internal.h"

/*
 * Begins a session. Keeps its own references to the parts of snap it needs.
 * ERR_NOMEM: nothing was kept. `now` is monotonic ms, `wall` ms since 1970.
 */
enum err session_init(struct session *s, struct workspace *w,
		      struct snapshot *snap, const struct session_peer *peer,
		      uint64_t now, uint64_t wall) MUST_USE;
/* Frees what the session holds; after edge done() and both close callbacks. */
void session_clear(struct session *s);

/* How many bytes of that side may be read at once now. */
size_t session_room(const struct session *s, enum side side);

/*
 * Facts from outside; each is followed by session_step (several may be given
 * before one step). After session_received the read buffer belongs to the
 * session until session_step returns.
 */
void session_received(struct session *s, enum side side,
		      size_t n); /* n <= room bytes stand in the read buffer */
void session_ended(struct session *s, enum side side); /* the peer's FIN */
void session_lost(struct session *s, enum side side,
		  enum err cause); /* reset, connect failure, write error */
/*
 * True: what a client sent before its connection broke may say why it left; it
 * is to be given to the session before session_lost.
 */
bool session_listens(const struct session *s);
void session_connected(struct session *s, const struct address *to);
void session_sent(struct session *s, enum side side,
		  size_t waiting); /* bytes still waiting on that side */
/* Ends soon: at the next moment that loses nothing (design 6.13), at the latest
 * at the drain deadline. */
void session_drain(struct session *s);

/* Does all that can be done now. `now` monotonic ms, `wall` ms since 1970. */
void session_step(struct session *s, uint64_t now, uint64_t wall);

/* True once credentials were accepted: the worker counts unauthenticated
 * sessions by it. */
bool session_authenticated(const struct session *s);
/* True while it waits for a TLS handshake or makes it. */
bool session_shaking(const struct session *s);
const char *session_state_name(const struct session *s);

#endif
