/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/resolve.h"

#include <netdb.h>
#include <sys/socket.h>

static void
resolved(uv_getaddrinfo_t *req, int status, struct addrinfo *all)
{
	struct resolve *r = req->data;
	struct endpoint found[RESOLVE_MAX];
	size_t n = 0;

	for (struct addrinfo *a = status == 0 ? all : NULL;
	     a && n < RESOLVE_MAX; a = a->ai_next)
		if (endpoint_from_sockaddr(a->ai_addr, &found[n]))
			n++;
	uv_freeaddrinfo(all);
	r->done(r->arg, found, n);
}

enum err
resolve_begin(struct resolve *r, struct loop *l, const char *name,
	      void (*done)(void *arg, const struct endpoint *found, size_t n),
	      void *arg)
{
	const struct addrinfo hints = {.ai_family = AF_UNSPEC,
				       .ai_socktype = SOCK_STREAM};

	r->done = done;
	r->arg = arg;
	r->req.data = r;
	return uv_getaddrinfo(&l->uv, &r->req, resolved, name, NULL, &hints) ==
		       0
		   ? ERR_OK
		   : ERR_SYSTEM;
}
