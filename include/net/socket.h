/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * socket.h - addresses for the kernel, and the sockets that listen.
 */
#ifndef NET_SOCKET_H
#define NET_SOCKET_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 16 bytes as in policy/cidr.h: IPv4 as ::ffff:a.b.c.d. */
struct endpoint {
	unsigned char octets[16];
	uint16_t port;
};

struct sockaddr;
struct sockaddr_storage;

/* Fills in *out and returns its length for the kernel. */
size_t endpoint_sockaddr(const struct endpoint *e,
			 struct sockaddr_storage *out);
/* False: neither IPv4 nor IPv6. */
bool endpoint_from_sockaddr(const struct sockaddr *sa, struct endpoint *out);

/*
 * Opens `count` sockets that listen on e and share its connections; what is
 * accepted from them has TCP_NODELAY and keep-alive already set. both: IPv6 and
 * IPv4 on one socket, IPv4 alone where there is no IPv6. ERR_BUSY: somebody
 * else, us included, listens there. Otherwise ERR_DENIED, ERR_SYSTEM; errno
 * tells more, no socket is left open.
 */
enum err socket_listen(const struct endpoint *e, bool both, int *fds,
		       size_t count) MUST_USE;
/* Our end of a connection; false: it has none. */
bool socket_here(int fd, struct endpoint *out);
/*
 * The kernel gives up a connection that is accepted from fd from now on when
 * nobody has acknowledged its data for that long (TCP_USER_TIMEOUT).
 */
void socket_patience(int fd, uint64_t ms);

#endif
