/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * warden.h - the relay's main thread looks after what its workers share of
 * attackers and people: it reads and saves it, and tells of bans that end.
 */
#ifndef DAEMON_WARDEN_H
#define DAEMON_WARDEN_H

#include "base/err.h"
#include "base/slice.h"
#include "net/loop.h"
#include "session/defence.h"
#include "session/snapshot.h"

#include <stdint.h>

struct warden_ops {
	/* One finished event line. */
	void (*event)(void *arg, struct slice line);
	/* To be kept: sealed memory, which stays the warden's. */
	void (*save)(void *arg, int fd);
	/* What the keeper gave cannot be read: why, in a phrase. */
	void (*unreadable)(void *arg, const char *why);
};

struct warden {
	struct loop *loop;
	const struct warden_ops *ops;
	void *arg;
	struct defence *defence; /* NULL before the first warden_configure */
	struct policy *policy;   /* in use */
	struct timer watch, save;
	uint64_t interval; /* ms; 0: nothing is saved */
	int file;          /* the state that came; -1: none */
};

void warden_init(struct warden *w, struct loop *l, const struct warden_ops *ops,
		 void *arg);
/* Takes over a descriptor to be read, before the first warden_configure. */
void warden_take_file(struct warden *w, int fd);
/*
 * These settings hold from now on. The first time the defence is made, of that
 * size, and what was saved is read into it. ERR_NOMEM.
 */
enum err warden_configure(struct warden *w, struct policy *p) MUST_USE;
/* Saves it now. */
void warden_save(struct warden *w);
/* Before loop_clear; once more is fine. */
void warden_close(struct warden *w);
/* After it. The defence goes, too. */
void warden_clear(struct warden *w);

#endif
