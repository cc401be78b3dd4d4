/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * keeping.h - the keeper's state, and what its files do for each other.
 *
 * keeper.c has the loop, signals and phases; minder.c the life of the relay;
 * keepsake.c what outlives it; reload.c new configurations; vigil.c files that
 * change by themselves; herald.c what is said about it all.
 */
#ifndef DAEMON_KEEPING_H
#define DAEMON_KEEPING_H

#include "audit/event.h"
#include "daemon/archive.h"
#include "daemon/backlog.h"
#include "daemon/keeper.h"
#include "daemon/lookout.h"
#include "daemon/protocol.h"
#include "daemon/settle.h"
#include "daemon/setup.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define NEVER UINT64_MAX

enum {
	ANSWER_MS = 30000 /* for the relay to say READY or FAULT */
};

enum phase {
	PHASE_STARTING, /* waiting for READY */
	PHASE_SERVING,
	PHASE_RELOADING,  /* waiting for READY or FAULT about `next` */
	PHASE_RESTARTING, /* no relay, a new one at `deadline` */
	PHASE_DRAINING,
	PHASE_STOPPING,
	PHASE_OVER
};

struct keeper {
	const struct keeper_options *options;
	unsigned char privacy_key[16];
	struct setup now, next;
	enum phase phase;
	pid_t relay;         /* 0: none */
	struct identity who; /* what the relay that runs was started as */
	struct channel channel;
	uint64_t deadline; /* of the phase */
	uint64_t began;    /* the relay */
	unsigned young;    /* deaths in a row */
	bool served;       /* some relay was READY */
	bool faulted;      /* it said why it could not be */
	bool reload_wanted;
	bool renewing;   /* `next` is there because files have changed */
	uint64_t memory; /* limits.memory of the relay that runs */
	struct archive archive;
	bool handed; /* the relay may say that what it got is unreadable */
	struct lookout lookout;
	struct settle settle;
	uint64_t seen;     /* lookout_print, when it was looked last */
	bool renewal_owed; /* it was told that it had failed */
	char told[sizeof(struct snapshot_fault)]; /* fault of a reload; "" */
	uint64_t asked;    /* the newest wish of the relay for a reload */
	uint64_t answered; /* those that the reload on its way answers */
	uint64_t dates_at; /* those of certificates are looked at again */
	int64_t dated;     /* when they were, seconds since 1970 */
	struct backlog backlog;
	uint64_t write_at; /* the audit is owed another try; NEVER: no */
	uint64_t stuck_at; /* since when; 0: it is not */
	struct complaint_times {
		uint64_t waiting, losing, anchors, chain;
	} complained;
	uint64_t heard; /* bytes of events from this relay */
	uint64_t taken; /* of them: it was told that they are written */
	int code;
};

/* --- keeper.c --- */

const struct settings *keeper_settings(const struct keeper *k);
/* after_ms: until the phase's deadline, or NEVER. */
void keeper_enter(struct keeper *k, enum phase phase, uint64_t after_ms);
void keeper_end(struct keeper *k, int code);
void keeper_ignore_signals(void); /* in the child */

/* --- herald.c --- */

/* One line on stderr. */
void keeper_tell(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* What is not as one would think. */
void keeper_warn_of_setup(struct keeper *k);
/* Of k->now; before: the shelf in use until now, or nothing. */
void keeper_tell_certificates(struct keeper *k, const struct vault *before);
/* Nobody may reload for months: what comes near its end meanwhile is told. */
void keeper_look_at_dates(struct keeper *k);
/* The relay is not trusted with the administrator's terminal. */
void keeper_quote(struct slice from, char *to, size_t cap);
/* To the audit log; empty: only what is owed. */
void keeper_write(struct keeper *k, struct slice lines);
/* Proves what was written, when that is due. */
void keeper_anchor(struct keeper *k);
/* What could not be written by now is lost. */
void keeper_last_words(struct keeper *k);
void keeper_event(struct keeper *k, enum event_id id, bool good,
		  const char *reason);

/* --- minder.c --- */

/* A relay is started, now or, when that fails, later. */
void minder_start(struct keeper *k);
/* It will be missed by minder_reap. */
void minder_kill(struct keeper *k);
/* Has it ended? Then whatever follows from that. */
void minder_reap(struct keeper *k);
/* Takes one read's worth of messages. False: that was all for now. */
bool minder_read(struct keeper *k);
void minder_say(struct keeper *k, enum message what);
enum err minder_send(struct keeper *k, const struct setup *s) MUST_USE;

/* --- keepsake.c --- */

/* To a relay that starts: what the one before had to be kept. */
enum err keepsake_send(struct keeper *k) MUST_USE;
/* The relay has something to be kept; takes over fd. */
void keepsake_take(struct keeper *k, int fd);
/* It cannot read what it was sent. */
void keepsake_refused(struct keeper *k, struct slice why);

/* --- reload.c --- */

/* In PHASE_SERVING: builds k->next and gives it to the relay. */
void reload_begin(struct keeper *k);
/* The same with the YAML that is in use, because files have changed. */
void reload_renew(struct keeper *k);
/* The relay has taken k->next. */
void reload_end(struct keeper *k);
/* It has not: nothing has changed. */
void reload_refused(struct keeper *k, const char *why);

/* --- vigil.c --- */

/* The files of k->now are watched from now on, if that is wanted. */
void vigil_begin(struct keeper *k);
uint64_t vigil_due(const struct keeper *k); /* of vigil_turn; or NEVER */
/* To be polled for reading, then vigil_heard; -1: not now. */
int vigil_fd(const struct keeper *k);
void vigil_heard(struct keeper *k);
/* Does what is due. */
void vigil_turn(struct keeper *k);

#endif
