/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "session/snapshot.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct policy {
	unsigned count;
	struct settings *settings;
	struct event_privacy privacy;
};

/* The one place that says which configuration is in use, and all counts. */
static struct {
	pthread_mutex_t lock;
	struct snapshot *current;
	uint64_t generation;
} published = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void
lock(void)
{
	(void)pthread_mutex_lock(&published.lock);
}

static void
unlock(void)
{
	(void)pthread_mutex_unlock(&published.lock);
}

struct policy *
policy_ref(struct policy *p)
{
	lock();
	p->count++;
	unlock();
	return p;
}

void
policy_unref(struct policy *p)
{
	bool last;

	if (!p)
		return;
	lock();
	assert(p->count > 0);
	last = --p->count == 0;
	unlock();
	if (!last)
		return;
	settings_free(p->settings);
	free(p);
}

const struct settings *
policy_settings(const struct policy *p)
{
	return p->settings;
}

const struct event_privacy *
policy_privacy(const struct policy *p)
{
	return &p->privacy;
}

void
snapshot_fault_yaml(const char *path, const struct settings_fault *where,
		    struct snapshot_fault *out)
{
	if (where->line > 0)
		(void)snprintf(out->text, sizeof out->text, "%s:%u:%u: %s",
			       path, where->line, where->column, where->text);
	else
		(void)snprintf(out->text, sizeof out->text, "%s: %s", path,
			       where->text);
}

static enum err
read_settings(const struct snapshot_source *src, struct settings **out,
	      struct snapshot_fault *fault)
{
	struct settings_fault where = {0};
	enum err e = settings_load(src->yaml, out, &where);

	if (e != ERR_OK)
		snapshot_fault_yaml(src->yaml_path, &where, fault);
	return e;
}

/* What the snapshot in use has goes on, as far as it has not changed. */
static enum err
read_store(const struct snapshot_source *src, const struct settings *s,
	   struct store **out, struct snapshot_fault *fault)
{
	struct snapshot *before = snapshot_current();
	struct store_fault f = {.text = ""};
	struct store_options o = {.shelf = src->shelf,
				  .release = src->release,
				  .arg = src->arg,
				  .settings = s,
				  .before = before ? before->store : NULL};
	enum err e = store_new(&o, out, &f);

	snapshot_unref(before);
	if (e != ERR_OK)
		(void)snprintf(fault->text, sizeof fault->text, "%s", f.text);
	return e;
}

static enum err
assemble(const struct snapshot_source *src, struct settings *settings,
	 struct store *store, struct snapshot **out)
{
	struct snapshot *s = calloc(1, sizeof *s);
	struct policy *p = calloc(1, sizeof *p);

	if (!s || !p) {
		free(s);
		free(p);
		return ERR_NOMEM;
	}
	*p = (struct policy){.count = 1, .settings = settings};
	p->privacy.hash_user = settings->audit.hash_user;
	p->privacy.prefix_address = settings->audit.prefix_address;
	memcpy(p->privacy.key, src->privacy_key, sizeof p->privacy.key);
	lock();
	*s = (struct snapshot){1, ++published.generation, p, store};
	unlock();
	*out = s;
	return ERR_OK;
}

enum err
snapshot_build(const struct snapshot_source *src, struct snapshot **out,
	       struct snapshot_fault *fault)
{
	struct settings *settings = NULL;
	struct store *store = NULL;
	enum err e = read_settings(src, &settings, fault);

	if (e == ERR_OK)
		e = read_store(src, settings, &store, fault);
	if (e == ERR_OK) {
		e = assemble(src, settings, store, out);
		if (e != ERR_OK)
			(void)snprintf(fault->text, sizeof fault->text,
				       "cannot be taken into use: %s",
				       err_text(e));
	}
	if (e != ERR_OK) {
		store_unref(store);
		settings_free(settings);
	}
	return e;
}

struct snapshot *
snapshot_current(void)
{
	struct snapshot *s;

	lock();
	s = published.current;
	if (s)
		s->count++;
	unlock();
	return s;
}

void
snapshot_publish(struct snapshot *next)
{
	struct snapshot *old;

	lock();
	old = published.current;
	published.current = next;
	unlock();
	snapshot_unref(old);
}

void
snapshot_unref(struct snapshot *s)
{
	bool last;

	if (!s)
		return;
	lock();
	assert(s->count > 0);
	last = --s->count == 0;
	unlock();
	if (!last)
		return;
	store_unref(s->store);
	policy_unref(s->policy);
	free(s);
}
