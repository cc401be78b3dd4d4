/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * resolve.h - names to addresses, looked up by the system in another thread.
 */
#ifndef NET_RESOLVE_H
#define NET_RESOLVE_H

#include "base/err.h"
#include "net/loop.h"
#include "net/socket.h"

#include <stddef.h>

enum { RESOLVE_MAX = 8 };

struct resolve {
	uv_getaddrinfo_t req;
	/* n == 0: the name has no address, or nobody could say. Ports are 0. */
	void (*done)(void *arg, const struct endpoint *found, size_t n);
	void *arg;
};

/* ERR_OK: done will be called, until then r must stay. */
enum err resolve_begin(struct resolve *r, struct loop *l, const char *name,
		       void (*done)(void *arg, const struct endpoint *found,
				    size_t n),
		       void *arg) MUST_USE;

#endif
