/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * edge.h - all that a session can do to the outside world.
 *
 * Implemented by the daemon over libuv and by the tests over memory. A session
 * calls these from within session_step only; none of them calls back into the
 * session before it returns.
 */
#ifndef SESSION_EDGE_H
#define SESSION_EDGE_H

#include "base/err.h"
#include "base/slice.h"
#include "policy/cidr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum side { SIDE_CLIENT, SIDE_BACKEND, SIDES };

struct session;

struct edge_ops {
	/*
	 * May a TLS handshake begin? False: not yet, and the session is stepped
	 * when it may. Asked until it may; the edge sees by session_shaking
	 * when the handshake is over.
	 */
	bool (*admit)(struct session *s);
	/* May the next step of the handshake be made, which is dear? False:
	 * the session is stepped when it is its turn. */
	bool (*turn)(struct session *s);
	/*
	 * Sends s on that side: at once as far as the socket takes it, the
	 * rest is copied and sent later; session_sent reports that. Returns how
	 * many bytes of that side are still waiting. Errors come as
	 * session_lost.
	 */
	size_t (*write)(struct session *s, enum side side, struct slice bytes);
	/* Reading on or off; repeated calls with the same value cost nothing.
	 */
	void (*interest)(struct session *s, enum side side, bool read);
	/*
	 * Reads what has arrived on that side by now, into the worker's read
	 * buffer: IO_DONE and *n, IO_WAIT: nothing, IO_EOF: the peer's FIN,
	 * IO_FAIL: broken. What it returns is not told again.
	 */
	enum io (*look)(struct session *s, enum side side, size_t *n);
	/*
	 * Begins a connection to backend number `index` of the snapshot;
	 * answers with session_connected or session_lost(SIDE_BACKEND).
	 */
	void (*connect)(struct session *s, size_t index);
	/* How many bytes sent on that side its peer has not taken yet, those
	 * in the kernel's hands included. */
	size_t (*untaken)(struct session *s, enum side side);
	/* Ends our direction once everything written has left (TCP FIN). */
	void (*finish)(struct session *s, enum side side);
	/*
	 * Closes that side once what was written has left or `linger_ms` have
	 * passed (0: at once). Nothing of this side is reported any more.
	 */
	void (*close)(struct session *s, enum side side, uint64_t linger_ms);
	/* Both sides are closed or closing: the session will not be stepped
	 * again. */
	void (*done)(struct session *s);
	/* Will what comes of a login be told? False: it shall not be tried. */
	bool (*recorded)(struct session *s);
	/* One finished event line, newline included. */
	void (*event)(struct session *s, struct slice line);
	/* The deadline changed: call session_step at or soon after `at`
	 * (monotonic ms). UINT64_MAX: never. */
	void (*deadline)(struct session *s, uint64_t at);
};

#endif
