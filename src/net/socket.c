/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/socket.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 4096 };

static const unsigned char v4_prefix[12] = {[10] = 0xff, [11] = 0xff};

size_t
endpoint_sockaddr(const struct endpoint *e, struct sockaddr_storage *out)
{
	memset(out, 0, sizeof *out);
	if (memcmp(e->octets, v4_prefix, sizeof v4_prefix) == 0) {
		struct sockaddr_in in = {.sin_family = AF_INET,
					 .sin_port = htons(e->port)};

		memcpy(&in.sin_addr, e->octets + 12, 4);
		memcpy(out, &in, sizeof in);
		return sizeof in;
	}
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6,
				   .sin6_port = htons(e->port)};

	memcpy(&in6.sin6_addr, e->octets, 16);
	memcpy(out, &in6, sizeof in6);
	return sizeof in6;
}

bool
endpoint_from_sockaddr(const struct sockaddr *sa, struct endpoint *out)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	if (sa->sa_family == AF_INET) {
		memcpy(&in, sa, sizeof in);
		memcpy(out->octets, v4_prefix, sizeof v4_prefix);
		memcpy(out->octets + 12, &in.sin_addr, 4);
		out->port = ntohs(in.sin_port);
		return true;
	}
	if (sa->sa_family == AF_INET6) {
		memcpy(&in6, sa, sizeof in6);
		memcpy(out->octets, &in6.sin6_addr, 16);
		out->port = ntohs(in6.sin6_port);
		return true;
	}
	return false;
}

bool
socket_here(int fd, struct endpoint *out)
{
	struct sockaddr_storage sa = {0};
	socklen_t len = sizeof sa;

	return getsockname(fd, (struct sockaddr *)&sa, &len) == 0 &&
	       endpoint_from_sockaddr((const struct sockaddr *)&sa, out);
}

/* Set once on the listening socket: Linux hands them on to each connection. */
static const struct {
	int level, name, value;
} inherited[] = {
    {SOL_SOCKET, SO_REUSEADDR, 1},    {SOL_SOCKET, SO_KEEPALIVE, 1},
    {IPPROTO_TCP, TCP_NODELAY, 1},    {IPPROTO_TCP, TCP_KEEPIDLE, 120},
    {IPPROTO_TCP, TCP_KEEPINTVL, 30}, {IPPROTO_TCP, TCP_KEEPCNT, 4},
};

static bool
set(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof value) == 0;
}

/* Handed on as well; the connections that there are keep what they have. */
void
socket_patience(int fd, uint64_t ms)
{
	(void)set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT,
		  ms < INT_MAX ? (int)ms : INT_MAX);
}

static enum err
cause_of_errno(void)
{
	switch (errno) {
	case EADDRINUSE:
		return ERR_BUSY;
	case EACCES:
	case EPERM:
		return ERR_DENIED;
	default:
		return ERR_SYSTEM;
	}
}

/* A bound socket; with share, others of our own may bind there too. */
static int
bind_one(const struct endpoint *e, bool both, bool share)
{
	struct sockaddr_storage at;
	socklen_t len = (socklen_t)endpoint_sockaddr(e, &at);
	int fd =
	    socket(at.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	bool good = fd >= 0;

	for (size_t i = 0; good && i < sizeof inherited / sizeof inherited[0];
	     i++)
		good = set(fd, inherited[i].level, inherited[i].name,
			   inherited[i].value);
	if (good && at.ss_family == AF_INET6)
		good = set(fd, IPPROTO_IPV6, IPV6_V6ONLY, !both);
	if (good && share)
		good = set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	if (good)
		good = bind(fd, (struct sockaddr *)&at, len) == 0;
	if (!good && fd >= 0) {
		int saved = errno;

		(void)close(fd);
		errno = saved;
	}
	return good ? fd : -1;
}

/*
 * Binds once without SO_REUSEPORT: with it the kernel would let us share the
 * port silently with another process of the same user.
 */
static bool
port_is_free(const struct endpoint *e, bool both)
{
	int fd = bind_one(e, both, false);

	if (fd >= 0)
		(void)close(fd);
	return fd >= 0;
}

static enum err
listen_set(const struct endpoint *e, bool both, int *fds, size_t count)
{
	size_t open = 0;
	bool good = true;
	int saved;

	while (good && open < count) {
		fds[open] = bind_one(e, both, true);
		good = fds[open] >= 0;
		if (good)
			good = listen(fds[open++], BACKLOG) == 0;
	}
	if (good)
		return ERR_OK;
	saved = errno;
	while (open > 0)
		(void)close(fds[--open]);
	errno = saved;
	return cause_of_errno();
}

enum err
socket_listen(const struct endpoint *e, bool both, int *fds, size_t count)
{
	struct endpoint v4 = {.port = e->port};

	if (port_is_free(e, both))
		return listen_set(e, both, fds, count);
	if (!both || (errno != EAFNOSUPPORT && errno != EADDRNOTAVAIL))
		return cause_of_errno();
	memcpy(v4.octets, v4_prefix, sizeof v4_prefix);
	if (!port_is_free(&v4, false))
		return cause_of_errno();
	return listen_set(&v4, false, fds, count);
}
