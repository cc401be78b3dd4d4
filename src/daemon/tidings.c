/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/tidings.h"

#include "audit/event.h"
#include "tls/lint.h"
#include "x509/names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SECONDS_TEXT = 32, NAME_TEXT = 256 };

/* "2026-11-22T05:30:00Z" */
static const char *
date_of(int64_t seconds, char out[SECONDS_TEXT])
{
	time_t t = (time_t)seconds;
	struct tm tm = {0};

	(void)gmtime_r(&t, &tm);
	if (strftime(out, SECONDS_TEXT, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		out[0] = '\0';
	return out;
}

static void
add_names(struct event *e, struct slice names)
{
	char texts[EVENT_LIST_MAX][NAME_TEXT];
	const char *list[EVENT_LIST_MAX];
	struct name n;
	size_t count = 0;

	while (count < EVENT_LIST_MAX && names_next(&names, &n)) {
		if (n.kind != NAME_DNS)
			continue;
		(void)snprintf(texts[count], NAME_TEXT, "%.*s",
			       (int)slice_head(n.value, NAME_TEXT).len,
			       (const char *)n.value.ptr);
		list[count] = texts[count];
		count++;
	}
	event_list(e, FIELD_CERT_NAMES, list, count);
}

static void
add_pair(struct event *e, const struct shelf_pair *p)
{
	char date[SECONDS_TEXT];

	event_text(e, FIELD_FILE, p->path);
	event_text(e, FIELD_CERT_SERIAL, p->serial);
	event_text(e, FIELD_CERT_NOT_AFTER, date_of(p->not_after, date));
	add_names(e, p->names);
}

static void
begin(const struct tidings *t, struct event *e, bool good, const char *reason)
{
	event_begin(e, EV_CERTIFICATE, NULL, NULL, t->wall_ms);
	event_text(e, FIELD_OUTCOME, good ? "success" : "failure");
	event_text(e, FIELD_REASON, reason);
}

/* What has happened to a pair, in the event and in the log. */
enum change {
	CAME,
	WENT,
	REPLACED,
	OTHER_FILES,
	OTHER_STAPLE,
	NO_STAPLE,
	NOTHING,
};

static const struct {
	const char *reason;
	const char *text; /* behind the serial number */
} changes[NOTHING] = {
    [CAME] = {"new", "is new"},
    [WENT] = {"removed", "has gone"},
    [REPLACED] = {"changed", "in place of"},
    [OTHER_FILES] = {"other files", "with other files"},
    [OTHER_STAPLE] = {"another OCSP response", "with another OCSP response"},
    [NO_STAPLE] = {"no OCSP response", "without its OCSP response"},
};

static enum change
compare(const struct shelf_pair *old, const struct shelf_pair *new)
{
	if (memcmp(old->leaf, new->leaf, SHELF_DIGEST) != 0)
		return REPLACED;
	if (memcmp(old->digest, new->digest, SHELF_DIGEST) != 0)
		return OTHER_FILES;
	if (slice_eq(old->staple, new->staple))
		return NOTHING;
	return new->staple.len > 0 ? OTHER_STAPLE : NO_STAPLE;
}

/* old: what it is in place of, or NULL. */
static void
tell_change(const struct tidings *t, enum change what,
	    const struct shelf_pair *p, const struct shelf_pair *old,
	    size_t count)
{
	struct event e;
	char text[160];

	begin(t, &e, true, changes[what].reason);
	add_pair(&e, p);
	if (what == REPLACED)
		event_text(&e, FIELD_CERT_OLD_SERIAL, old->serial);
	t->event(t->arg, event_end(&e));
	(void)snprintf(text, sizeof text, "certificate %s %s%s%s", p->serial,
		       changes[what].text, what == REPLACED ? " " : "",
		       what == REPLACED ? old->serial : "");
	if (count < TIDINGS_LINES)
		t->say(t->arg, false, p->path, text);
}

/* The pairs of a shelf by the path of their file. */
struct by_path {
	const char *path;
	size_t pair;
};

static int
order(const void *a, const void *b)
{
	const struct by_path *x = a, *y = b;
	int d = strcmp(x->path, y->path);

	return d != 0 ? d : x->pair < y->pair ? -1 : x->pair > y->pair;
}

static int
compare_path(const void *path, const void *b)
{
	return strcmp(path, ((const struct by_path *)b)->path);
}

/* NULL: out of memory. */
static struct by_path *
sort(const struct shelf *s)
{
	struct by_path *list = calloc(shelf_count(s) + 1, sizeof *list);

	for (size_t i = 0; list && i < shelf_count(s); i++) {
		struct shelf_pair p;

		shelf_pair(s, i, &p);
		list[i] = (struct by_path){p.path, i};
	}
	if (list)
		qsort(list, shelf_count(s), sizeof *list, order);
	return list;
}

/* The pair from this file; false: there is none. */
static bool
find(const struct by_path *list, const struct shelf *s, const char *path,
     struct shelf_pair *out)
{
	const struct by_path *at =
	    bsearch(path, list, shelf_count(s), sizeof *list, compare_path);

	if (at)
		shelf_pair(s, at->pair, out);
	return at != NULL;
}

size_t
tidings_changes(const struct tidings *t, const struct shelf *before,
		const struct shelf *after)
{
	struct by_path *old = sort(before), *new = sort(after);
	struct shelf_pair p, o;
	enum change what;
	size_t n = 0;

	for (size_t i = 0; old && new &&i < shelf_count(after); i++) {
		shelf_pair(after, i, &p);
		what = find(old, before, p.path, &o) ? compare(&o, &p) : CAME;
		if (what != NOTHING)
			tell_change(t, what, &p, &o, n++);
	}
	for (size_t i = 0; old && new &&i < shelf_count(before); i++) {
		shelf_pair(before, i, &p);
		if (!find(new, after, p.path, &o))
			tell_change(t, WENT, &p, NULL, n++);
	}
	free(old);
	free(new);
	return n;
}

void
tidings_notices(const struct tidings *t, const struct notices *n,
		const struct shelf *shelf)
{
	for (size_t i = 0; i < n->count; i++) {
		const struct notice *at = &n->at[i];
		struct event e;
		struct shelf_pair p;

		begin(t, &e, false, at->text);
		event_text(&e, FIELD_RULE, at->rule);
		if (at->pair == SHELF_NONE) {
			event_text(&e, FIELD_FILE, at->path);
		} else {
			shelf_pair(shelf, at->pair, &p);
			add_pair(&e, &p);
		}
		t->event(t->arg, event_end(&e));
	}
}

void
tidings_dates(const struct tidings *t, const struct shelf *shelf, int64_t since)
{
	int64_t now = (int64_t)(t->wall_ms / 1000);

	for (size_t i = 0; i < shelf_count(shelf); i++) {
		struct shelf_pair p;
		struct event e;
		enum lint_id at;
		char date[SECONDS_TEXT], text[160];

		shelf_pair(shelf, i, &p);
		at = lint_end(p.not_before, p.not_after, now);
		if (at == LINT_RULES ||
		    at == lint_end(p.not_before, p.not_after, since))
			continue;
		(void)snprintf(text, sizeof text, "%.64s %s %s", p.name,
			       at == LINT_EXPIRED ? "has ended on" : "ends on",
			       date_of(p.not_after, date));
		begin(t, &e, false, text);
		event_text(&e, FIELD_RULE, lint_rule(at)->name);
		add_pair(&e, &p);
		t->event(t->arg, event_end(&e));
		t->say(t->arg, true, p.path, text);
	}
}
