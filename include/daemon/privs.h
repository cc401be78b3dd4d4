/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * privs.h - who the relay is, and what it can no longer do.
 */
#ifndef DAEMON_PRIVS_H
#define DAEMON_PRIVS_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct identity {
	bool change; /* false: stays what the keeper is */
	uid_t uid;
	gid_t gid;
	char name[64]; /* "" where nothing changes */
};

/*
 * Whom the relay becomes. As root: `user`, or where it is "" the first of
 * imapward and nobody that exists. Not as root: "" or our own name only.
 * Otherwise *why says what is wrong, without the key's name.
 */
enum err privs_find(const char *user, struct identity *out, char *why,
		    size_t cap) MUST_USE;

/* Is there such a user, whoever asks? */
bool privs_known(const char *user);

/* No core dumps, no debugger: keys are in memory. For both processes. */
void privs_conceal(void);
/* As many descriptors as we are allowed; returns how many that is. */
size_t privs_descriptors(void);
/*
 * How many of them are kept back twice over: once from clients, so that those
 * inside get their backends, and once from backends too, so that a reload (a
 * socket of each listener for each worker), look-ups and probes go on.
 */
size_t privs_reserve(size_t descriptors, size_t workers);
/* Becomes the identity for good: groups, capabilities, no way back. */
enum err privs_drop(const struct identity *who) MUST_USE;
/* Dies with the process `parent`, now if that is gone already. After
 * privs_drop, which undoes it. */
void privs_follow(pid_t parent);

#endif
