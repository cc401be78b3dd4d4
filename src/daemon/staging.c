/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/staging.h"

#include <string.h>
#include <unistd.h>

void
staging_init(struct staging *s)
{
	s->count = 0;
	s->admin = -1;
}

/* Where the sockets of this listener are collected; NULL: too many. */
static struct staged *
place_of(struct staging *s, const struct listener_key *key)
{
	struct staged *l = NULL;

	if (s->count > 0)
		l = &s->listeners[s->count - 1];
	if (l && listener_key_eq(&l->key, key))
		return l;
	if (s->count == SETTINGS_LISTENERS_MAX)
		return NULL;
	l = &s->listeners[s->count++];
	l->key = *key;
	l->count = 0;
	return l;
}

bool
staging_listener(struct staging *s, const struct channel_message *m)
{
	struct listener_key key;
	struct staged *l = NULL;

	if (m->body.len == sizeof key) {
		memcpy(&key, m->body.ptr, sizeof key);
		l = place_of(s, &key);
	}
	if (!l || m->fds_count > WORKERS_MAX - l->count)
		return false;
	memcpy(l->fds + l->count, m->fds, m->fds_count * sizeof(int));
	l->count += m->fds_count;
	return true;
}

bool
staging_admin(struct staging *s, const struct channel_message *m)
{
	if (m->body.len != sizeof s->rights || m->fds_count > 1 ||
	    s->admin >= 0)
		return false;
	memcpy(&s->rights, m->body.ptr, sizeof s->rights);
	if (m->fds_count > 0)
		s->admin = m->fds[0];
	return true;
}

size_t
staging_workers(const struct staging *s)
{
	return s->count > 0 ? s->listeners[0].count : 0;
}

bool
staging_fits(const struct staging *s, const struct settings *settings,
	     size_t workers)
{
	if (workers == 0)
		workers = staging_workers(s);
	if (s->count != settings->listeners_count || workers == 0)
		return false;
	for (size_t i = 0; i < s->count; i++) {
		struct listener_key key = listener_key(&settings->listeners[i]);

		if (!listener_key_eq(&key, &s->listeners[i].key) ||
		    s->listeners[i].count != workers)
			return false;
	}
	return true;
}

void
staging_drop(struct staging *s)
{
	for (size_t i = 0; i < s->count; i++)
		for (size_t j = 0; j < s->listeners[i].count; j++)
			(void)close(s->listeners[i].fds[j]);
	if (s->admin >= 0)
		(void)close(s->admin);
	staging_init(s);
}
