/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/hosts.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct host {
	char name[256];
	struct address addresses[HOST_ADDRESSES];
	size_t count;
};

struct hosts {
	pthread_mutex_t lock;
	size_t count;
	struct host at[SETTINGS_BACKENDS_MAX];
};

struct hosts *
hosts_new(void)
{
	struct hosts *h = calloc(1, sizeof *h);

	if (!h || pthread_mutex_init(&h->lock, NULL) != 0) {
		free(h);
		return NULL;
	}
	return h;
}

void
hosts_free(struct hosts *h)
{
	if (!h)
		return;
	(void)pthread_mutex_destroy(&h->lock);
	free(h);
}

static bool
numeric(const char *name, struct address *out)
{
	return address_parse(slice_str(name), out) == ERR_OK;
}

bool
hosts_numeric(const char *name)
{
	struct address unused;

	return numeric(name, &unused);
}

static struct host *
find(struct hosts *h, const char *name)
{
	for (size_t i = 0; i < h->count; i++)
		if (strcmp(h->at[i].name, name) == 0)
			return &h->at[i];
	return NULL;
}

bool
hosts_find(struct hosts *h, const struct backend_settings *b,
	   struct endpoint *out)
{
	struct address a;
	bool found = numeric(b->host, &a);

	if (!found) {
		const struct host *host;

		(void)pthread_mutex_lock(&h->lock);
		host = find(h, b->host);
		found = host && host->count > 0;
		if (found)
			a = host->addresses[0];
		(void)pthread_mutex_unlock(&h->lock);
	}
	if (found) {
		memcpy(out->octets, a.octets, sizeof out->octets);
		out->port = b->port;
	}
	return found;
}

void
hosts_failed(struct hosts *h, const struct backend_settings *b,
	     const struct endpoint *at)
{
	struct host *host;

	(void)pthread_mutex_lock(&h->lock);
	host = find(h, b->host);
	/* Many sessions fail at once: only the first of them may turn it. */
	if (host && host->count > 1 &&
	    memcmp(host->addresses[0].octets, at->octets, 16) == 0) {
		struct address first = host->addresses[0];

		memmove(host->addresses, host->addresses + 1,
			(host->count - 1) * sizeof first);
		host->addresses[host->count - 1] = first;
	}
	(void)pthread_mutex_unlock(&h->lock);
}

static bool
used_by(const struct settings *s, const char *name)
{
	for (size_t i = 0; i < s->backends_count; i++)
		if (strcmp(s->backends[i].host, name) == 0)
			return true;
	return false;
}

void
hosts_keep(struct hosts *h, const struct settings *s)
{
	size_t kept = 0;

	(void)pthread_mutex_lock(&h->lock);
	for (size_t i = 0; i < h->count; i++)
		if (used_by(s, h->at[i].name))
			h->at[kept++] = h->at[i];
	h->count = kept;
	for (size_t i = 0; i < s->backends_count; i++) {
		const char *name = s->backends[i].host;

		if (hosts_numeric(name) || find(h, name))
			continue;
		h->at[h->count] = (struct host){0};
		memcpy(h->at[h->count].name, name, sizeof h->at[0].name);
		h->count++;
	}
	(void)pthread_mutex_unlock(&h->lock);
}

/* Moves `first` to the front if it is among them. */
static void
prefer(struct host *host, const struct address *first)
{
	for (size_t i = 1; i < host->count; i++) {
		struct address other = host->addresses[i];

		if (memcmp(other.octets, first->octets, 16) != 0)
			continue;
		host->addresses[i] = host->addresses[0];
		host->addresses[0] = other;
	}
}

void
hosts_learn(struct hosts *h, const char *name, const struct address *addresses,
	    size_t n)
{
	struct host *host;

	(void)pthread_mutex_lock(&h->lock);
	host = find(h, name);
	if (host) {
		struct address first = host->addresses[0];
		bool had = host->count > 0;

		host->count = n < HOST_ADDRESSES ? n : HOST_ADDRESSES;
		memcpy(host->addresses, addresses,
		       host->count * sizeof host->addresses[0]);
		if (had)
			prefer(host, &first);
	}
	(void)pthread_mutex_unlock(&h->lock);
}

size_t
hosts_count(struct hosts *h, const char *name)
{
	const struct host *host;
	size_t n = 1;

	if (hosts_numeric(name))
		return n;
	(void)pthread_mutex_lock(&h->lock);
	host = find(h, name);
	n = host ? host->count : 0;
	(void)pthread_mutex_unlock(&h->lock);
	return n;
}

void
hosts_print(const struct endpoint *e, char out[HOST_TEXT_MAX])
{
	struct address a;
	char text[ADDRESS_TEXT_MAX];

	memcpy(a.octets, e->octets, sizeof a.octets);
	address_print(&a, text);
	(void)snprintf(out, HOST_TEXT_MAX,
		       address_is_v4(&a) ? "%s:%u" : "[%s]:%u", text,
		       (unsigned)e->port);
}
