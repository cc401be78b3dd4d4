/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * prober.h - looks at each backend now and then: address, greeting,
 * capabilities.
 *
 * What it finds goes to session/backends and daemon/hosts. Belongs to the main
 * thread's loop.
 */
#ifndef DAEMON_PROBER_H
#define DAEMON_PROBER_H

#include "base/err.h"
#include "daemon/hosts.h"
#include "net/loop.h"
#include "session/snapshot.h"

struct prober;

struct prober_ops {
	/* A backend became usable, unusable or different: one event line. */
	void (*event)(void *arg, struct slice line);
	/* It cannot be used, or can be again: a sentence, once per change. */
	void (*note)(void *arg, const char *text);
	/* After prober_configure each backend has been looked at once. */
	void (*round)(void *arg);
};

/* NULL: out of memory. */
struct prober *prober_new(struct loop *l, struct hosts *h,
			  const struct prober_ops *ops, void *arg);
/* Looks at the backends of this snapshot from now on, and at once. */
enum err prober_configure(struct prober *p, struct snapshot *s) MUST_USE;
/* A session found a backend usable or unusable: each is looked at soon, and
 * what has changed is noted. */
void prober_look(struct prober *p);
/* Stops; false: a look-up is under way and the loop must not be cleared. */
bool prober_close(struct prober *p);
/* After loop_clear. */
void prober_free(struct prober *p);

#endif
