/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * wire.h - one TCP connection on a loop.
 *
 * Writes go out at once; only what the socket does not take is copied and
 * waits. A fault met while writing is kept, never reported from inside the
 * call: the owner asks wire_fault when its batch is done.
 *
 * A wire is idle (wire_init), open, closing, and idle again after `closed`.
 */
#ifndef NET_WIRE_H
#define NET_WIRE_H

#include "base/err.h"
#include "base/slice.h"
#include "net/loop.h"
#include "net/socket.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wire;

/* Called by the loop, never from inside a wire_* call. None after wire_close
 * but closed. */
struct wire_ops {
	/* Memory to read into; it is the wire's until received returns. */
	unsigned char *(*room)(struct wire *w, size_t *cap);
	void (*received)(struct wire *w,
			 size_t n);    /* n bytes stand in room's memory */
	void (*ended)(struct wire *w); /* the peer's FIN */
	void (*lost)(struct wire *w, enum err cause);
	void (*connected)(struct wire *w);
	void (*sent)(struct wire *w,
		     size_t waiting); /* some of what waited has left */
	void (*closed)(
	    struct wire *w); /* the descriptor is gone; the memory may go */
};

enum wire_phase {
	WIRE_IDLE,
	WIRE_CONNECTING,
	WIRE_OPEN,
	WIRE_FLUSHING,  /* closing: what was written is on its way */
	WIRE_LINGERING, /* closing: FIN sent, the peer's is awaited */
	WIRE_CLOSING
};

struct wire {
	uv_tcp_t uv; /* first: the loop hands it back */
	const struct wire_ops *ops;
	size_t waiting;      /* bytes copied and not sent yet */
	size_t discarded;    /* while lingering */
	unsigned char phase; /* enum wire_phase */
	enum err fault;      /* why nothing works any more */
	bool reading;
	bool ended;  /* the peer's FIN was seen */
	bool finish; /* FIN when nothing waits any more */
	bool finished;
};

void wire_init(struct wire *w, const struct wire_ops *ops);
/*
 * On an idle wire: takes over a connected descriptor, or begins to connect,
 * which ends in connected (and reading) or lost. A failure shows as a fault of
 * the wire, which has to be closed like any other.
 */
void wire_open(struct wire *w, struct loop *l, int fd);
/* most: descriptors from this number on are kept back for others, ERR_LIMIT. */
void wire_connect(struct wire *w, struct loop *l, const struct endpoint *to,
		  int most);

/* Returns how many bytes wait now. Nothing happens on a wire with a fault. */
size_t wire_write(struct wire *w, struct slice s);
/* Bytes the peer has not acknowledged, those that wait here included. */
size_t wire_untaken(const struct wire *w);
void wire_read(struct wire *w,
	       bool on); /* the same value again costs nothing */
/*
 * Reads at once what has come: IO_DONE and *n bytes in `room`, IO_WAIT:
 * nothing, IO_EOF: FIN, IO_FAIL: broken. Works after a fault in writing too:
 * what came before a reset can still be read.
 */
enum io wire_look(struct wire *w, unsigned char *room, size_t cap, size_t *n);
/* FIN once everything written has left. */
void wire_finish(struct wire *w);
enum err wire_fault(const struct wire *w);

/*
 * gentle: what was written goes out first, then FIN, then the peer's last
 * bytes are dropped until its FIN: closing over unread bytes would reset the
 * connection and could take our last words from the peer. The owner limits
 * that time with wire_abort. Otherwise closes at once.
 */
void wire_close(struct wire *w, bool gentle);
/* Closes at once; does nothing on an idle or closing wire. */
void wire_abort(struct wire *w);
/* Nothing of it is left: idle. */
bool wire_idle(const struct wire *w);

#endif
