/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * settle.h - when files that may change are looked at, and when what changed
 * is read: not while somebody still writes, and again when it was no good.
 *
 * No clock and no file in here: time is an argument, in ms.
 */
#ifndef DAEMON_SETTLE_H
#define DAEMON_SETTLE_H

#include <stdbool.h>
#include <stdint.h>

enum {
	SETTLE_HEARD_MS = 200,       /* from a rumour to a look */
	SETTLE_QUIET_MS = 1000,      /* without a change, before it is read */
	SETTLE_MOST_MS = 10000,      /* from the first change to reading */
	SETTLE_AGAIN_MS = 1000,      /* after a failure; then twice that, ... */
	SETTLE_AGAIN_MAX_MS = 60000, /* ... up to this */
	SETTLE_PATIENCE_MS = 5000,   /* bad for so long is worth a word */
	SETTLE_SHARE = 20            /* looks take 1/20 of the time at most */
};

#define SETTLE_NEVER UINT64_MAX

struct settle {
	uint64_t every;      /* between looks without a rumour; 0: never any */
	uint64_t look_at;    /* NEVER: not by itself */
	uint64_t rest_until; /* no look before: the last one took long */
	uint64_t first;     /* change that was not read; NEVER: there is none */
	uint64_t read_at;   /* NEVER: there is nothing to read */
	uint64_t bad_since; /* NEVER: the last reading was good */
	unsigned failures;  /* since the last change */
};

/* All has just been read, and well. every: ms, 0 for never. */
void settle_init(struct settle *s, uint64_t every, uint64_t now);
/* When something is to be done; SETTLE_NEVER: nothing. */
uint64_t settle_due(const struct settle *s);

/* Somebody says that there may be news. */
void settle_heard(struct settle *s, uint64_t now);
/* May we listen to rumours? Not while a look is near anyway. */
bool settle_listens(const struct settle *s, uint64_t now);

/* Is it time for a look? Then what it found, and when it had begun. */
bool settle_wants_look(const struct settle *s, uint64_t now);
void settle_looked(struct settle *s, bool changed, uint64_t began,
		   uint64_t now);
/* Is it time to read? Ask after the look. If so, settle_reading, and how it
 * went: settle_taken, settle_failed or settle_gave_up. */
bool settle_wants_reading(const struct settle *s, uint64_t now);
void settle_reading(struct settle *s);
void settle_taken(struct settle *s);
/* True: it has been bad for long enough to say so. */
bool settle_failed(struct settle *s, uint64_t now);
/* As settle_failed, but it is not worth another try before the next change. */
void settle_gave_up(struct settle *s);

#endif
