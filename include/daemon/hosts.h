/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hosts.h - the addresses of the backends, for all workers.
 *
 * The main thread looks names up and fills the table in; workers only read.
 * Of several addresses the first is used; one that fails goes to the end.
 */
#ifndef DAEMON_HOSTS_H
#define DAEMON_HOSTS_H

#include "base/err.h"
#include "config/settings.h"
#include "net/socket.h"

#include <stdbool.h>
#include <stddef.h>

enum { HOST_ADDRESSES = 8, HOST_TEXT_MAX = ADDRESS_TEXT_MAX + 8 };

struct hosts;

struct hosts *hosts_new(void);    /* NULL: out of memory */
void hosts_free(struct hosts *h); /* NULL is fine */

/* Where to connect to. False: the name has no address that we know. */
bool hosts_find(struct hosts *h, const struct backend_settings *b,
		struct endpoint *out);
/* No connection to `at` came about: another address, if there is one, is next.
 */
void hosts_failed(struct hosts *h, const struct backend_settings *b,
		  const struct endpoint *at);

/* Forgets names that s does not use, makes room for those it does. */
void hosts_keep(struct hosts *h, const struct settings *s);
/* n >= 1 addresses of `name`; the one in use stays first where it still is one.
 */
void hosts_learn(struct hosts *h, const char *name,
		 const struct address *addresses, size_t n);
/* True for an address in digits: it needs no look-up. */
bool hosts_numeric(const char *name);
size_t hosts_count(struct hosts *h, const char *name);

/* "192.0.2.1:143", "[2001:db8::1]:143" */
void hosts_print(const struct endpoint *e, char out[HOST_TEXT_MAX]);

#endif
