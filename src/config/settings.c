/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * settings.c - from the bytes of a YAML file to struct settings.
 *
 * libyaml gives events; the table of keys says which one may come next. The
 * first event that the table does not foresee ends the reading, so nesting is
 * as deep as the table and not deeper, and nothing is ever skipped.
 */
#include "config/settings.h"

#include "audit/json.h"
#include "config/check.h"
#include "config/keys.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

/* From 0, as libyaml counts: characters, not bytes. */
struct place {
	bool known;
	size_t line, column;
};

struct loader {
	yaml_parser_t parser;
	yaml_event_t event; /* the one looked at */
	struct slice text;
	struct settings *settings;
	struct settings_fault *fault;
	/* Where each key was written; for keys in lists, once per entry. */
	struct place places[KEYS_MAX][SETTINGS_BACKENDS_MAX];
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

__attribute__((format(printf, 4, 5))) static enum err
blame(struct settings_fault *fault, struct place at, enum err cause,
      const char *format, ...)
{
	va_list args;

	fault->line = at.known ? (unsigned)at.line + 1 : 0;
	fault->column = at.known ? (unsigned)at.column + 1 : 0;
	va_start(args, format);
	vsnprintf(fault->text, sizeof fault->text, format, args);
	va_end(args);
	return cause;
}

static struct place
place_of(yaml_mark_t mark)
{
	return (struct place){true, mark.line, mark.column};
}

static struct place
here(const struct loader *l)
{
	return place_of(l->event.start_mark);
}

/* Text from the file as an error may show it: escaped, not long, in quotes. */
struct shown {
	char text[JSON_STRING_MAX + 1];
};

static const char *
show(struct slice s, struct shown *out)
{
	bool cut = false;
	size_t n;

	while (s.len > 60) {
		size_t keep = 60;

		while (keep > 0 && (s.ptr[keep] & 0xc0) == 0x80)
			keep--;
		s.len = keep;
		cut = true;
	}
	n = json_string(s, out->text, &cut);
	out->text[0] = '\'';
	snprintf(out->text + n - 1, 8, "%s'", cut ? "..." : "");
	return out->text;
}

/* --- the bytes ---------------------------------------------------------- */

/* Those that the rest of the file may hide behind, or that other readers take
 * for line breaks. */
static bool
is_forbidden(int32_t point)
{
	return (point < 0x20 && point != '\t' && point != '\n' &&
		point != '\r') ||
	       (point >= 0x7f && point <= 0x9f) || point == 0x2028 ||
	       point == 0x2029 || point == 0xfeff || point >= 0xfffe;
}

static enum err
judge_bytes(struct slice yaml, struct settings_fault *fault)
{
	struct place at = {.known = true};

	if (yaml.len > SETTINGS_BYTES_MAX)
		return blame(fault, (struct place){0}, ERR_LIMIT,
			     "the file is longer than %d bytes",
			     SETTINGS_BYTES_MAX);
	while (yaml.len > 0) {
		int32_t point;
		size_t len = utf8_next(yaml, &point);

		if (point < 0)
			return blame(fault, at, ERR_SYNTAX,
				     "byte 0x%02x is not UTF-8", *yaml.ptr);
		if (is_forbidden(point) && point < 0x10000)
			return blame(fault, at, ERR_SYNTAX,
				     "character U+%04X is not allowed here",
				     (unsigned)point);
		at.column++;
		if (point == '\n' ||
		    (point == '\r' && !(yaml.len > 1 && yaml.ptr[1] == '\n')))
			at = (struct place){true, at.line + 1, 0};
		yaml = slice_skip(yaml, len);
	}
	return ERR_OK;
}

/* --- the events --------------------------------------------------------- */

static bool
is_tab(struct slice text, size_t characters)
{
	int32_t point = 0;

	for (size_t i = 0; i <= characters && text.len > 0; i++)
		text = slice_skip(text, utf8_next(text, &point));
	return point == '\t';
}

/* YAML's own errors. A tab is the one that puzzles people. */
static enum err
blame_yaml(struct loader *l)
{
	const yaml_parser_t *p = &l->parser;
	struct place at = place_of(p->problem_mark);
	char context[128] = "";

	if (p->error == YAML_MEMORY_ERROR)
		return blame(l->fault, (struct place){0}, ERR_NOMEM,
			     "out of memory");
	if (is_tab(l->text, p->problem_mark.index))
		return blame(l->fault, at, ERR_SYNTAX,
			     "not valid YAML: a tab; indent with spaces");
	if (p->context && p->context_mark.line < p->problem_mark.line)
		snprintf(context, sizeof context, "%s from line %zu, ",
			 p->context, p->context_mark.line + 1);
	return blame(l->fault, at, ERR_SYNTAX, "not valid YAML: %s%s", context,
		     p->problem ? p->problem : "unknown problem");
}

/* What YAML can do and a configuration should not. */
static enum err
refuse_extras(struct loader *l)
{
	const yaml_event_t *e = &l->event;
	const yaml_char_t *anchor = NULL, *tag = NULL;

	if (e->type == YAML_ALIAS_EVENT)
		return blame(l->fault, here(l), ERR_REFUSED,
			     "aliases (*) are not supported");
	if (e->type == YAML_SCALAR_EVENT) {
		anchor = e->data.scalar.anchor;
		tag = e->data.scalar.tag;
	} else if (e->type == YAML_SEQUENCE_START_EVENT) {
		anchor = e->data.sequence_start.anchor;
		tag = e->data.sequence_start.tag;
	} else if (e->type == YAML_MAPPING_START_EVENT) {
		anchor = e->data.mapping_start.anchor;
		tag = e->data.mapping_start.tag;
	} else if (e->type == YAML_DOCUMENT_START_EVENT &&
		   (e->data.document_start.version_directive ||
		    e->data.document_start.tag_directives.start !=
			e->data.document_start.tag_directives.end)) {
		return blame(l->fault, here(l), ERR_REFUSED,
			     "directives (%%) are not supported");
	}
	if (anchor)
		return blame(l->fault, here(l), ERR_REFUSED,
			     "anchors (&) are not supported");
	if (tag)
		return blame(l->fault, here(l), ERR_REFUSED,
			     "tags (!) are not supported");
	return ERR_OK;
}

static enum err
next(struct loader *l)
{
	yaml_event_delete(&l->event);
	if (!yaml_parser_parse(&l->parser, &l->event))
		return blame_yaml(l);
	return refuse_extras(l);
}

static struct slice
scalar(const struct loader *l)
{
	return slice_of(l->event.data.scalar.value,
			l->event.data.scalar.length);
}

/* "key:" with nothing behind it, or a word of YAML for nothing. */
static bool
is_nothing(const struct loader *l)
{
	struct slice s;

	if (l->event.type != YAML_SCALAR_EVENT ||
	    l->event.data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
		return false;
	s = scalar(l);
	return s.len == 0 || slice_eq(s, SLICE("~")) ||
	       slice_ieq(s, SLICE("null"));
}

static enum err
blame_value(struct loader *l, const struct key *k, const char *expects)
{
	struct shown shown;
	const char *found = "keys and values";

	if (is_nothing(l))
		found = "nothing";
	else if (l->event.type == YAML_SCALAR_EVENT)
		found = show(scalar(l), &shown);
	else if (l->event.type == YAML_SEQUENCE_START_EVENT)
		found = "a list";
	return blame(l->fault, here(l), ERR_SYNTAX,
		     "'%s': expected %s, found %s", k->path, expects, found);
}

static enum err
mismatch(struct loader *l, const struct key *k)
{
	char expects[EXPECTS_MAX];

	key_expects(k, expects);
	return blame_value(l, k, expects);
}

/* --- the tree ----------------------------------------------------------- */

static enum err load_mapping(struct loader *l, const struct frame *f);

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

/* What must be given and was not, in a mapping that began at `at`. */
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
		else if (!k->preset && !l->places[i][index].known)
			e = blame(l->fault, at, ERR_MISSING, "missing key '%s'",
				  k->path);
	}
	return e;
}

static size_t *
count_of(const struct key *k, void *base)
{
	return (void *)((char *)base + k->count_at);
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

	if (l->event.type != YAML_SCALAR_EVENT || is_nothing(l))
		return blame_value(l, f->key, "a network");
	e = cidr_parse(scalar(l), &nets[n]);
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
	struct place at = here(l);
	enum err e;

	if (l->event.type != YAML_MAPPING_START_EVENT)
		return blame_value(l, f->key, "keys and values");
	preset(f->key, entry.base);
	e = load_mapping(l, &entry);
	return e != ERR_OK ? e : find_missing(l, f->key, n, at);
}

static enum err
load_list(struct loader *l, const struct frame *f)
{
	struct place at = here(l);
	size_t *count = count_of(f->key, f->base);
	enum err e;

	if (l->event.type != YAML_SEQUENCE_START_EVENT)
		return mismatch(l, f->key);
	*count = 0;
	while ((e = next(l)) == ERR_OK &&
	       l->event.type != YAML_SEQUENCE_END_EVENT) {
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

	if (kind == KIND_GROUP && is_nothing(l))
		return ERR_OK; /* all its keys may be commented out */
	if (kind == KIND_GROUP && l->event.type == YAML_MAPPING_START_EVENT)
		return load_mapping(l, f);
	if (kind == KIND_ENTRIES || kind == KIND_NETWORKS)
		return load_list(l, f);
	if (kind == KIND_GROUP || l->event.type != YAML_SCALAR_EVENT ||
	    is_nothing(l) || key_read(f->key, scalar(l), f->base) != ERR_OK)
		return mismatch(l, f->key);
	return ERR_OK;
}

static enum err
blame_unknown(struct loader *l, const struct key *parent)
{
	const struct key *near = key_near(parent, scalar(l));
	struct shown shown;

	return blame(l->fault, here(l), ERR_UNKNOWN,
		     "unknown key %s%s%s%s%s%s%s", show(scalar(l), &shown),
		     parent ? " in '" : "", parent ? parent->path : "",
		     parent ? "'" : "", near ? "; did you mean '" : "",
		     !near                        ? ""
		     : key_is_child(near, parent) ? key_name(near)
						  : near->path,
		     near ? "'?" : "");
}

static enum err
load_pair(struct loader *l, const struct frame *f)
{
	struct frame child = {.base = f->base, .index = f->index};
	struct place *place;
	enum err e;

	if (l->event.type != YAML_SCALAR_EVENT)
		return blame(l->fault, here(l), ERR_SYNTAX,
			     "expected the name of a key");
	child.key = key_find(f->key, scalar(l));
	if (!child.key)
		return blame_unknown(l, f->key);
	place = &l->places[key_index(child.key)][f->index];
	if (place->known)
		return blame(l->fault, here(l), ERR_DUPLICATE,
			     "key '%s' is given twice, before in line %zu",
			     child.key->path, place->line + 1);
	*place = here(l);
	e = next(l);
	if (e != ERR_OK)
		return e;
	if (child.key->kind != KIND_GROUP)
		*place = here(l);
	return load_value(l, &child);
}

static enum err
load_mapping(struct loader *l, const struct frame *f)
{
	enum err e;

	while ((e = next(l)) == ERR_OK &&
	       l->event.type != YAML_MAPPING_END_EVENT) {
		e = load_pair(l, f);
		if (e != ERR_OK)
			return e;
	}
	return e;
}

static enum err
load_document(struct loader *l)
{
	struct frame root = {.base = l->settings};
	struct place at;
	enum err e = next(l); /* the stream's start */

	if (e == ERR_OK)
		e = next(l); /* the document's start, or the stream's end */
	if (e == ERR_OK && l->event.type == YAML_DOCUMENT_START_EVENT)
		e = next(l);
	if (e != ERR_OK)
		return e;
	if (l->event.type == YAML_STREAM_END_EVENT || is_nothing(l))
		return blame(l->fault, (struct place){0}, ERR_MISSING,
			     "the file is empty");
	if (l->event.type != YAML_MAPPING_START_EVENT)
		return blame(l->fault, here(l), ERR_SYNTAX,
			     "expected keys and their values");
	e = load_mapping(l, &root);
	if (e == ERR_OK)
		e = next(l); /* the document's end */
	if (e == ERR_OK)
		e = next(l);
	if (e != ERR_OK)
		return e;
	at = here(l);
	return l->event.type == YAML_STREAM_END_EVENT
		   ? ERR_OK
		   : blame(l->fault, at, ERR_REFUSED,
			   "a second document is not supported");
}

/* --- the whole ---------------------------------------------------------- */

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
	if (!at.known)
		at = place_of_path(l, c.other, c.index);
	return blame(l->fault, at, e, "%s", c.text);
}

static enum err
load(struct loader *l)
{
	enum err e;

	preset(NULL, l->settings);
	e = load_document(l);
	if (e == ERR_OK)
		e = find_missing(l, NULL, 0, (struct place){0});
	if (e != ERR_OK)
		return e;
	if (l->settings->listeners_count == 0)
		default_listeners(l->settings);
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
	struct settings *s = settings_new();
	enum err e = ERR_NOMEM;

	if (!l || !s || !yaml_parser_initialize(&l->parser)) {
		e = blame(fault, (struct place){0}, e, "out of memory");
		free(l);
		settings_free(s);
		return e;
	}
	if (yaml.len >= 3 && memcmp(yaml.ptr, "\xef\xbb\xbf", 3) == 0)
		yaml = slice_skip(yaml, 3); /* a byte order mark */
	l->settings = s;
	l->fault = fault;
	l->text = yaml;
	yaml_parser_set_encoding(&l->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&l->parser, yaml.ptr, yaml.len);
	e = judge_bytes(yaml, fault);
	if (e == ERR_OK)
		e = load(l);
	yaml_event_delete(&l->event);
	yaml_parser_delete(&l->parser);
	free(l);
	if (e == ERR_OK)
		*out = s;
	else
		settings_free(s);
	return e;
}
