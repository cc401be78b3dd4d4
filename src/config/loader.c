/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * loader.c - from nodes to fields.
 *
 * The table of keys says which node may come next, and the first one that it
 * does not foresee ends the reading. So nesting is as deep as the table and
 * not deeper, and nothing is ever skipped.
 */
#include "config/loader.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEYS_SHOWN_MAX = 100 }; /* bytes; more names are no help */

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

void
loader_preset(const struct key *parent, void *base)
{
	const struct key *k;
	enum err e = ERR_OK;

	for (size_t i = 0; (k = key_at(i)); i++) {
		if (!key_is_child(k, parent) || !k->preset || k->inherits)
			continue;
		if (k->kind == KIND_GROUP)
			loader_preset(k, base);
		else if (key_is_list(k) && *k->preset)
			e = key_read_item(k, slice_str(k->preset), NULL, base);
		else if (!key_is_list(k) && k->kind != KIND_ENTRIES)
			e = key_read(k, slice_str(k->preset), NULL, base);
		assert(e == ERR_OK);
	}
}

static struct place
spot(const struct spots *s, size_t index)
{
	return index < s->count ? s->at[index] : (struct place){0};
}

static enum err
note_spot(struct loader *l, struct spots *s, size_t index)
{
	size_t count = s->count;
	struct place *more;

	if (index >= count) {
		count = 2 * index + 1;
		more = realloc(s->at, count * sizeof *more);
		if (!more)
			return blame(l->fault, (struct place){0}, ERR_NOMEM,
				     "out of memory");
		memset(more + s->count, 0, (count - s->count) * sizeof *more);
		*s = (struct spots){more, count};
	}
	s->at[index] = here(l);
	return ERR_OK;
}

struct place
loader_place(const struct loader *l, const struct key *k, size_t index)
{
	return spot(&l->keys[key_index(k)], index);
}

struct place
loader_entry(const struct loader *l, const struct key *list, size_t index)
{
	return spot(&l->entries[key_index(list)], index);
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
			e = find_missing(l, k, 0, loader_place(l, k, 0));
		else if (!k->preset && loader_place(l, k, index).line == 0)
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
	size_t n = key_length(k, l->settings);
	enum err e = ERR_OK;

	for (size_t i = 0; e == ERR_OK && i < n; i++)
		e = find_missing(l, k, i, loader_entry(l, k, i));
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
load_item(struct loader *l, const struct frame *f)
{
	char shown[SHOWN_MAX], reason[REASON_MAX];
	struct slice text = reader_text(l->reader);
	enum err e = ERR_SYNTAX;

	if (is_at(l, NODE_SCALAR) && !reader_nothing(l->reader))
		e = key_read_item(f->key, text, &l->texts, f->base);
	if (e == ERR_OK)
		return ERR_OK;
	key_item_fault(f->key, e, text, reader_show(l->reader, shown), reason);
	return blame(l->fault, here(l), e == ERR_MISMATCH ? ERR_SYNTAX : e,
		     "'%s': %s", f->key->path, reason);
}

static enum err
load_entry(struct loader *l, const struct frame *f, size_t n)
{
	void *array = *(void **)(void *)((char *)f->base + f->key->at);
	struct frame entry = {.key = f->key,
			      .base = (char *)array + n * f->key->size,
			      .index = n};

	enum err e;

	if (!is_at(l, NODE_KEYS))
		return blame_value(l, f->key, "keys and values");
	e = note_spot(l, &l->entries[key_index(f->key)], n);
	if (e != ERR_OK)
		return e;
	loader_preset(f->key, entry.base);
	e = load_mapping(l, &entry);
	if (e == ERR_OK)
		(*key_count(f->key, f->base))++;
	return e;
}

static enum err
load_list(struct loader *l, const struct frame *f)
{
	struct place at = here(l);
	size_t *count = key_count(f->key, f->base);
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
				: load_item(l, f);
		if (e != ERR_OK)
			return e;
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
	if (kind == KIND_ENTRIES || key_is_list(f->key))
		return load_list(l, f);
	if (kind == KIND_GROUP || !is_at(l, NODE_SCALAR) ||
	    reader_nothing(l->reader) ||
	    key_read(f->key, reader_text(l->reader), &l->texts, f->base) !=
		ERR_OK)
		return mismatch(l, f->key);
	return ERR_OK;
}

/* "; known are chain and key", unless they are many. */
static void
list_keys(const struct key *parent, char out[EXPECTS_MAX])
{
	size_t len = (size_t)snprintf(out, EXPECTS_MAX, "; known are");
	const struct key *k;

	for (size_t i = 0, n = 0; (k = key_at(i)); i++) {
		if (!key_is_child(k, parent))
			continue;
		len += (size_t)snprintf(out + len, EXPECTS_MAX - len, "%s %s",
					n++ > 0 ? "," : "", key_name(k));
		if (len >= KEYS_SHOWN_MAX) {
			out[0] = '\0';
			return;
		}
	}
}

/* "; did you mean 'listeners'?" or something else that helps */
static void
suggest(const struct key *parent, struct slice name, char out[EXPECTS_MAX])
{
	const struct key *near = key_near(parent, name);

	out[0] = '\0';
	if (parent && (!near || near == parent))
		list_keys(parent, out);
	else if (near && parent && slice_ieq(name, slice_str(near->path)))
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
	struct spots *spots;
	struct place before;
	enum err e;

	if (!is_at(l, NODE_SCALAR))
		return blame(l->fault, here(l), ERR_SYNTAX,
			     "expected the name of a key");
	child.key = key_find(f->key, reader_text(l->reader));
	if (!child.key)
		return blame_unknown(l, f->key);
	spots = &l->keys[key_index(child.key)];
	before = spot(spots, f->index);
	if (before.line > 0)
		return blame(l->fault, here(l), ERR_DUPLICATE,
			     "key '%s' is given twice, before in line %u",
			     child.key->path, before.line);
	e = note_spot(l, spots, f->index);
	if (e == ERR_OK)
		e = reader_next(l->reader);
	if (e == ERR_OK && child.key->kind != KIND_GROUP &&
	    child.key->kind != KIND_ENTRIES)
		e = note_spot(l, spots, f->index);
	return e != ERR_OK ? e : load_value(l, &child);
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

enum err
loader_run(struct loader *l)
{
	enum err e;

	loader_preset(NULL, l->settings);
	e = load_file(l);
	return e != ERR_OK ? e : find_missing(l, NULL, 0, (struct place){0});
}

void
loader_clear(struct loader *l)
{
	for (size_t i = 0; i < KEYS_MAX; i++) {
		free(l->keys[i].at);
		free(l->entries[i].at);
	}
}
