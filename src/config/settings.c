/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * settings.c - from the nodes of a YAML file to struct settings.
 *
 * The table of keys says which node may come next, and the first one that it
 * does not foresee ends the reading. So nesting is as deep as the table and
 * not deeper, and nothing is ever skipped.
 */
#include "config/settings.h"

#include "config/check.h"
#include "config/keys.h"
#include "config/reader.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct loader {
	struct reader *reader;
	struct settings *settings;
	struct settings_fault *fault;
	/* Where each key was written; for keys in lists, once per entry. */
	struct place places[KEYS_MAX][SETTINGS_BACKENDS_MAX];
	/* Where each entry of each list begins. */
	struct place entries[KEYS_MAX][SETTINGS_BACKENDS_MAX];
};

_Static_assert((int)SETTINGS_LISTENERS_MAX <= (int)SETTINGS_BACKENDS_MAX,
	       "the longest list bounds loader.places");

/* What settings_free frees. */
struct loaded {
	struct settings settings;
	struct listener_settings listeners[SETTINGS_LISTENERS_MAX];
	struct backend_settings backends[SETTINGS_BACKENDS_MAX];
};

/* A mapping or list being read: which key it is, and where its values go. */
struct frame {
	const struct key *key; /* NULL: the whole file */
	void *base;
	size_t index;
};

static bool
is_at(const struct loader *l, enum node n)
{
	return reader_node(l->reader) == n;
}

static struct place
here(const struct loader *l)
{
	return reader_place(l->reader);
}

static enum err
blame_value(struct loader *l, const struct key *k, const char *expects)
{
	char shown[SHOWN_MAX];

	return blame(l->fault, here(l), ERR_SYNTAX,
		     "'%s': expected %s, found %s", k->path, expects,
		     reader_show(l->reader, shown));
}

static enum err
mismatch(struct loader *l, const struct key *k)
{
	char expects[EXPECTS_MAX];

	key_expects(k, expects);
	return blame_value(l, k, expects);
}

static enum err load_mapping(struct loader *l, const struct frame *f);
static enum err find_missing_in_entries(struct loader *l, const struct key *k);

static void
preset(const struct key *parent, void *base)
{
	const struct key *k;

	for (size_t i = 0; (k = key_at(i)); i++) {
		if (!key_is_child(k, parent) || !k->preset)
			continue;
		if (k->kind == KIND_GROUP) {
			preset(k, base);
		} else if (k->kind != KIND_ENTRIES &&
			   k->kind != KIND_NETWORKS) {
			enum err e = key_read(k, slice_str(k->preset), base);

			assert(e == ERR_OK);
		}
	}
}

static size_t *
count_of(const struct key *k, void *base)
{
	return (void *)((char *)base + k->count_at);
}

/*
 * What must be given and was not, in a mapping that began at `at`. Only looked
 * for in a file that was read to its end: where a line is indented wrongly, its
 * key is not missing.
 */
static enum err
find_missing(struct loader *l, const struct key *parent, size_t index,
	     struct place at)
{
	const struct key *k;
	enum err e = ERR_OK;

	for (size_t i = 0; e == ERR_OK && (k = key_at(i)); i++) {
		if (!key_is_child(k, parent))
			continue;
		if (k->kind == KIND_GROUP)
			e = find_missing(l, k, 0, l->places[i][0]);
		else if (!k->preset && l->places[i][index].line == 0)
			e = blame(l->fault, at, ERR_MISSING, "missing key '%s'",
				  k->path);
		else if (k->kind == KIND_ENTRIES)
			e = find_missing_in_entries(l, k);
	}
	return e;
}

static enum err
find_missing_in_entries(struct loader *l, const struct key *k)
{
	size_t n = *count_of(k, l->settings);
	enum err e = ERR_OK;

	for (size_t i = 0; e == ERR_OK && i < n; i++)
		e = find_missing(l, k, i, l->entries[key_index(k)][i]);
	return e;
}

static enum err
check_count(struct loader *l, const struct key *k, size_t n, struct place at)
{
	if (n < k->least)
		return blame(l->fault, at, ERR_MISSING,
			     "'%s': expected at least one entry", k->path);
	if (n > k->most)
		return blame(l->fault, at, ERR_LIMIT,
			     "'%s': expected at most %u entries", k->path,
			     (unsigned)k->most);
	return ERR_OK;
}

static enum err
load_network(struct loader *l, const struct frame *f, size_t n)
{
	struct cidr *nets = (void *)((char *)f->base + f->key->at);
	enum err e;

	if (!is_at(l, NODE_SCALAR) || reader_nothing(l->reader))
		return blame_value(l, f->key, "a network");
	e = cidr_parse(reader_text(l->reader), &nets[n]);
	if (e == ERR_MISMATCH)
		return blame_value(l, f->key,
				   "a network without bits behind its prefix");
	if (e != ERR_OK)
		return blame_value(l, f->key, "a network such as 192.0.2.0/24");
	return ERR_OK;
}

static enum err
load_entry(struct loader *l, const struct frame *f, size_t n)
{
	void *array = *(void **)(void *)((char *)f->base + f->key->at);
	struct frame entry = {.key = f->key,
			      .base = (char *)array + n * f->key->size,
			      .index = n};

	if (!is_at(l, NODE_KEYS))
		return blame_value(l, f->key, "keys and values");
	l->entries[key_index(f->key)][n] = here(l);
	preset(f->key, entry.base);
	return load_mapping(l, &entry);
}

static enum err
load_list(struct loader *l, const struct frame *f)
{
	struct place at = here(l);
	size_t *count = count_of(f->key, f->base);
	enum err e;

	if (!is_at(l, NODE_LIST))
		return mismatch(l, f->key);
	*count = 0;
	while ((e = reader_next(l->reader)) == ERR_OK &&
	       !is_at(l, NODE_LIST_END)) {
		e = check_count(l, f->key, *count + 1, here(l));
		if (e == ERR_OK)
			e = f->key->kind == KIND_ENTRIES
				? load_entry(l, f, *count)
				: load_network(l, f, *count);
		if (e != ERR_OK)
			return e;
		(*count)++;
	}
	return e != ERR_OK ? e : check_count(l, f->key, *count, at);
}

static enum err
load_value(struct loader *l, const struct frame *f)
{
	enum kind kind = f->key->kind;

	if (kind == KIND_GROUP && reader_nothing(l->reader))
		return ERR_OK; /* all its keys may be commented out */
	if (kind == KIND_GROUP && is_at(l, NODE_KEYS))
		return load_mapping(l, f);
	if (kind == KIND_ENTRIES || kind == KIND_NETWORKS)
		return load_list(l, f);
	if (kind == KIND_GROUP || !is_at(l, NODE_SCALAR) ||
	    reader_nothing(l->reader) ||
	    key_read(f->key, reader_text(l->reader), f->base) != ERR_OK)
		return mismatch(l, f->key);
	return ERR_OK;
}

/* "; did you mean 'listeners'?" or nothing */
static void
suggest(const struct key *parent, struct slice name, char out[EXPECTS_MAX])
{
	const struct key *near = key_near(parent, name);

	out[0] = '\0';
	if (near && parent && key_is_child(near, NULL))
		snprintf(out, EXPECTS_MAX, "; it belongs to the top level");
	else if (near)
		snprintf(out, EXPECTS_MAX, "; did you mean '%s'?",
			 key_is_child(near, parent) ? key_name(near)
						    : near->path);
}

static enum err
blame_unknown(struct loader *l, const struct key *parent)
{
	char shown[SHOWN_MAX], near[EXPECTS_MAX];
	const char *name = reader_show(l->reader, shown);

	suggest(parent, reader_text(l->reader), near);
	if (!parent)
		return blame(l->fault, here(l), ERR_UNKNOWN, "unknown key %s%s",
			     name, near);
	return blame(l->fault, here(l), ERR_UNKNOWN, "unknown key %s in '%s'%s",
		     name, parent->path, near);
}

static enum err
load_pair(struct loader *l, const struct frame *f)
{
	struct frame child = {.base = f->base, .index = f->index};
	struct place *place;
	enum err e;

	if (!is_at(l, NODE_SCALAR))
		return blame(l->fault, here(l), ERR_SYNTAX,
			     "expected the name of a key");
	child.key = key_find(f->key, reader_text(l->reader));
	if (!child.key)
		return blame_unknown(l, f->key);
	place = &l->places[key_index(child.key)][f->index];
	if (place->line > 0)
		return blame(l->fault, here(l), ERR_DUPLICATE,
			     "key '%s' is given twice, before in line %u",
			     child.key->path, place->line);
	*place = here(l);
	e = reader_next(l->reader);
	if (e != ERR_OK)
		return e;
	if (child.key->kind != KIND_GROUP && child.key->kind != KIND_ENTRIES)
		*place = here(l);
	return load_value(l, &child);
}

static enum err
load_mapping(struct loader *l, const struct frame *f)
{
	enum err e;

	while ((e = reader_next(l->reader)) == ERR_OK &&
	       !is_at(l, NODE_KEYS_END)) {
		e = load_pair(l, f);
		if (e != ERR_OK)
			return e;
	}
	return e;
}

static enum err
load_file(struct loader *l)
{
	struct frame root = {.base = l->settings};
	enum err e = reader_next(l->reader);

	if (e != ERR_OK)
		return e;
	if (is_at(l, NODE_END) || reader_nothing(l->reader))
		return blame(l->fault, (struct place){0}, ERR_MISSING,
			     "the file is empty");
	if (!is_at(l, NODE_KEYS))
		return blame(l->fault, here(l), ERR_SYNTAX,
			     "expected keys and their values");
	e = load_mapping(l, &root);
	return e != ERR_OK ? e : reader_next(l->reader); /* the end */
}

static void
default_listeners(struct settings *s)
{
	static const struct {
		const char *name;
		uint16_t port;
		enum listener_mode mode;
	} defaults[] = {
	    {"imaps", 993, LISTENER_IMPLICIT},
	    {"imap", 143, LISTENER_STARTTLS},
	};

	for (size_t i = 0; i < sizeof defaults / sizeof defaults[0]; i++) {
		struct listener_settings *d = &s->listeners[i];

		snprintf(d->name, sizeof d->name, "%s", defaults[i].name);
		d->any = true;
		d->port = defaults[i].port;
		d->mode = defaults[i].mode;
	}
	s->listeners_count = sizeof defaults / sizeof defaults[0];
}

static struct place
place_of_path(const struct loader *l, const char *path, size_t index)
{
	const struct key *k;

	for (size_t i = 0; path && (k = key_at(i)); i++)
		if (strcmp(k->path, path) == 0)
			return l->places[i][index];
	return (struct place){0};
}

static enum err
check(struct loader *l)
{
	struct complaint c = {0};
	struct place at;
	enum err e = config_check(l->settings, &c);

	if (e == ERR_OK)
		return ERR_OK;
	at = place_of_path(l, c.path, c.index);
	if (at.line == 0)
		at = place_of_path(l, c.other, c.index);
	return blame(l->fault, at, e, "%s", c.text);
}

static void
note_places(struct loader *l)
{
	struct settings *s = l->settings;

	s->places.certificate = place_of_path(l, "tls.certificate", 0);
	s->places.key = place_of_path(l, "tls.key", 0);
	s->places.sink = place_of_path(l, "audit.sink", 0);
	s->places.user = place_of_path(l, "process.user", 0);
}

static enum err
load(struct loader *l)
{
	enum err e;

	preset(NULL, l->settings);
	e = load_file(l);
	if (e == ERR_OK)
		e = find_missing(l, NULL, 0, (struct place){0});
	if (e != ERR_OK)
		return e;
	if (l->settings->listeners_count == 0)
		default_listeners(l->settings);
	note_places(l);
	return check(l);
}

static struct settings *
settings_new(void)
{
	struct loaded *all = calloc(1, sizeof *all);

	if (!all)
		return NULL;
	all->settings.listeners = all->listeners;
	all->settings.backends = all->backends;
	return &all->settings;
}

void
settings_free(struct settings *s)
{
	free(s); /* the first member of struct loaded */
}

enum err
settings_load(struct slice yaml, struct settings **out,
	      struct settings_fault *fault)
{
	struct loader *l = calloc(1, sizeof *l);
	struct reader *r = reader_new(yaml, fault);
	struct settings *s = settings_new();
	enum err e = ERR_NOMEM;

	if (l && r && s) {
		l->reader = r;
		l->settings = s;
		l->fault = fault;
		e = load(l);
	} else {
		(void)blame(fault, (struct place){0}, e, "out of memory");
	}
	free(l);
	reader_free(r);
	if (e == ERR_OK)
		*out = s;
	else
		settings_free(s);
	return e;
}
