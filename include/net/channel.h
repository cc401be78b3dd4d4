/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * channel.h - framed messages with descriptors over a stream socket pair.
 *
 * Never waits: what the socket does not take is kept, bounded by what the
 * owner puts in. All memory that held a message is wiped: keys pass here.
 */
#ifndef NET_CHANNEL_H
#define NET_CHANNEL_H

#include "base/err.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CHANNEL_BYTES_MAX = 4 * 1024 * 1024, CHANNEL_FDS_MAX = 128 };

struct channel_frame;

struct channel {
	int fd; /* -1: none */
	struct channel_frame *first, **last;
	size_t waiting; /* bytes not sent yet */
	unsigned char *in;
	size_t in_cap, in_len, in_taken;
	int fds[2 * CHANNEL_FDS_MAX + 256]; /* received, not taken yet */
	bool fds_lost; /* some of the next message did not fit into the process
			*/
	size_t fds_count;
};

struct channel_message {
	uint32_t type;
	struct slice body; /* until the next channel_next or channel_fill */
	int fds[CHANNEL_FDS_MAX]; /* the receiver's to close */
	size_t fds_count;
};

/* A pair of connected, non-blocking descriptors, closed on exec. */
enum err channel_pair(int fds[2]) MUST_USE;
/* Takes over fd. */
void channel_init(struct channel *c, int fd);
/* Closes everything that was not taken; once more is fine. */
void channel_clear(struct channel *c);

/*
 * Queues one message; the descriptors are duplicated, the caller's stay open.
 * ERR_NOMEM, ERR_LIMIT (too large), ERR_SYSTEM.
 */
enum err channel_put(struct channel *c, uint32_t type,
		     const struct slice *parts, size_t parts_count,
		     const int *fds, size_t fds_count) MUST_USE;
/* IO_DONE: nothing waits any more; IO_WAIT: call again when writable; IO_FAIL.
 */
enum io channel_flush(struct channel *c) MUST_USE;

/* Reads what is there: IO_DONE, IO_WAIT, IO_EOF or IO_FAIL. */
enum io channel_fill(struct channel *c) MUST_USE;
/* IO_DONE: *m is the next message; IO_WAIT: none is complete; IO_FAIL:
 * nonsense. */
enum io channel_next(struct channel *c, struct channel_message *m) MUST_USE;

#endif
