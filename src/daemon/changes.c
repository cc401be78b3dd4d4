/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/changes.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { PATH_SHOWN = 180 };

static void add(struct changes *c, const char *path, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void
add(struct changes *c, const char *path, const char *format, ...)
{
	char text[CHANGES_TEXT_MAX - PATH_SHOWN - 4];
	va_list args;

	if (c->count == CHANGES_MAX) {
		c->more++;
		return;
	}
	va_start(args, format);
	(void)vsnprintf(text, sizeof text, format, args);
	va_end(args);
	(void)snprintf(c->text[c->count++], CHANGES_TEXT_MAX, "%.*s: %s",
		       PATH_SHOWN, path, text);
}

/*
 * The pair from this file, or SHELF_NONE. Both shelves have the order of the
 * configuration: it is most often behind the one that was found last.
 */
static size_t
find_path(const struct shelf *s, const char *path, size_t *hint)
{
	size_t n = shelf_count(s);
	struct shelf_pair p;

	for (size_t i = 0; i < n; i++) {
		size_t at = (*hint + i) % n;

		shelf_pair(s, at, &p);
		if (strcmp(p.path, path) == 0) {
			*hint = at + 1;
			return at;
		}
	}
	return SHELF_NONE;
}

static void
compare(struct changes *c, const struct shelf_pair *old,
	const struct shelf_pair *new)
{
	if (strcmp(old->serial, new->serial) != 0)
		add(c, new->path, "certificate %s in place of %s", new->serial,
		    old->serial);
	else if (memcmp(old->digest, new->digest, SHELF_DIGEST) != 0)
		add(c, new->path, "certificate %s with other files",
		    new->serial);
	else if (!slice_eq(old->staple, new->staple))
		add(c, new->path, "certificate %s %s", new->serial,
		    new->staple.len > 0 ? "with another OCSP response"
					: "without its OCSP response");
}

void
changes_find(const struct shelf *before, const struct shelf *now,
	     struct changes *out)
{
	struct shelf_pair old, new;
	size_t hint = 0, at;

	out->count = out->more = 0;
	for (size_t i = 0; i < shelf_count(now); i++) {
		shelf_pair(now, i, &new);
		at = find_path(before, new.path, &hint);
		if (at == SHELF_NONE) {
			add(out, new.path, "certificate %s is new", new.serial);
			continue;
		}
		shelf_pair(before, at, &old);
		compare(out, &old, &new);
	}
	hint = 0;
	for (size_t i = 0; i < shelf_count(before); i++) {
		shelf_pair(before, i, &old);
		if (find_path(now, old.path, &hint) == SHELF_NONE)
			add(out, old.path, "certificate %s has gone",
			    old.serial);
	}
}
