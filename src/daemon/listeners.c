/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/listeners.h"

#include "daemon/hosts.h"
#include "net/socket.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct listener *
find(const struct listeners *l, const struct listener_key *key)
{
	for (size_t i = 0; i < l->count; i++)
		if (listener_key_eq(&l->at[i].key, key))
			return &l->at[i];
	return NULL;
}

static void
describe(const struct endpoint *at, const char *name, enum err e, int error,
	 struct snapshot_fault *fault)
{
	char where[HOST_TEXT_MAX], hint[80] = "";

	hosts_print(at, where);
	if (e == ERR_BUSY)
		(void)snprintf(hint, sizeof hint,
			       "; see who has it: ss -ltnp 'sport = :%u'",
			       (unsigned)at->port);
	else if (e == ERR_DENIED && at->port < 1024)
		(void)snprintf(
		    hint, sizeof hint,
		    "; ports below 1024 need root or CAP_NET_BIND_SERVICE");
	(void)snprintf(
	    fault->text, sizeof fault->text,
	    "cannot listen on %s (listener '%s'): %s%s", where, name,
	    e == ERR_BUSY ? "address already in use" : strerror(error), hint);
}

static enum err
open_one(struct listener *l, const char *name, size_t workers,
	 struct snapshot_fault *fault)
{
	struct endpoint at = {.port = l->key.port};
	enum err e;

	memcpy(at.octets, l->key.octets, sizeof at.octets);
	e = socket_listen(&at, l->key.any, l->fds, workers);
	if (e != ERR_OK)
		describe(&at, name, e, errno, fault);
	return e;
}

enum err
listeners_open(const struct settings *s, size_t workers,
	       const struct listeners *old, struct listeners *out,
	       struct snapshot_fault *fault)
{
	struct listeners l = {.workers = workers};
	enum err e = ERR_OK;

	l.at = calloc(s->listeners_count, sizeof *l.at);
	if (!l.at) {
		(void)snprintf(fault->text, sizeof fault->text,
			       "out of memory");
		return ERR_NOMEM;
	}
	for (size_t i = 0; e == ERR_OK && i < s->listeners_count; i++) {
		struct listener *one = &l.at[i];
		const struct listener *same;

		one->key = listener_key(&s->listeners[i]);
		same = find(old, &one->key);
		one->kept = same != NULL;
		if (same)
			memcpy(one->fds, same->fds, sizeof one->fds);
		else
			e = open_one(one, s->listeners[i].name, workers, fault);
		l.count += e == ERR_OK;
	}
	if (e != ERR_OK)
		listeners_abandon(&l);
	else
		*out = l;
	return e;
}

static void
close_one(const struct listener *l, size_t workers)
{
	for (size_t i = 0; i < workers; i++)
		(void)close(l->fds[i]);
}

void
listeners_replace(struct listeners *now, struct listeners *next)
{
	for (size_t i = 0; i < now->count; i++)
		if (!find(next, &now->at[i].key))
			close_one(&now->at[i], now->workers);
	free(now->at);
	*now = *next;
	*next = (struct listeners){0};
}

void
listeners_abandon(struct listeners *next)
{
	for (size_t i = 0; i < next->count; i++)
		if (!next->at[i].kept)
			close_one(&next->at[i], next->workers);
	free(next->at);
	*next = (struct listeners){0};
}

void
listeners_clear(struct listeners *l)
{
	for (size_t i = 0; i < l->count; i++)
		close_one(&l->at[i], l->workers);
	free(l->at);
	*l = (struct listeners){0};
}

enum err
listeners_put(const struct listeners *l, struct channel *c)
{
	for (size_t i = 0; i < l->count; i++) {
		struct slice key = slice_of(&l->at[i].key, sizeof l->at[i].key);

		for (size_t done = 0; done < l->workers;) {
			size_t n = l->workers - done;
			enum err e;

			if (n > CHANNEL_FDS_MAX)
				n = CHANNEL_FDS_MAX;
			e = channel_put(c, MESSAGE_LISTENER, &key, 1,
					l->at[i].fds + done, n);
			if (e != ERR_OK)
				return e;
			done += n;
		}
	}
	return ERR_OK;
}
