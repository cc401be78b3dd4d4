/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * admin.h - the admin socket, as the relay's main thread serves it.
 *
 * One request on each connection (daemon/request.h). Who has no right at all is
 * told so and takes no place; the others have ADMIN_CLIENTS places, of which
 * those who may only read have ADMIN_READERS, and little time; who reads slowly
 * is ended. An answer is made piece by piece, as the
 * client takes it.
 */
#ifndef DAEMON_ADMIN_H
#define DAEMON_ADMIN_H

#include "base/err.h"
#include "base/slice.h"
#include "daemon/request.h"
#include "net/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ADMIN_CLIENTS = 16, ADMIN_READERS = 12 };

struct admin;

struct defence;
struct ledger;
struct queue;

/* What there is to look at and to change; the relay's, filled in before the
 * first client comes. */
struct admin_view {
	struct loop *loop;
	struct defence *defence;
	struct ledger *ledger;
	struct queue *events;
	uint64_t started;          /* wall ms */
	uint64_t dropped;          /* events, for want of room */
	uint64_t first_generation; /* of the snapshots that it has had */
	size_t workers;
	/* One finished event line. */
	void (*event)(void *arg, struct slice line);
	void *arg;
};

struct admin_ops {
	/* A client wants the configuration to be read anew; admin_reloaded says
	 * how it went. Numbers grow. */
	void (*reload)(void *arg, uint64_t number);
};

/* NULL: out of memory. */
struct admin *admin_new(struct loop *l, const struct admin_view *view,
			const struct admin_ops *ops, void *arg);
/*
 * From now on clients come from fd, which is taken over (-1: none come), and
 * have these rights; those who are there stay.
 */
void admin_configure(struct admin *a, const struct admin_rights *rights,
		     int fd);
/* To all who wished it with this number or a smaller one. */
void admin_reloaded(struct admin *a, uint64_t upto, bool good,
		    struct slice text);
/* Ends all clients and everything else that the loop knows of, before
 * loop_clear; once more is fine. */
void admin_close(struct admin *a);
/* After loop_clear. */
void admin_free(struct admin *a); /* NULL is fine */

#endif
