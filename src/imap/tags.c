/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "imap/tags.h"

#include <assert.h>
#include <string.h>

enum { VERB = 1, NOTE = 2, TAG = 3 }; /* where they stand in an entry */

static size_t
entry_len(const struct tags *t, size_t at)
{
	return (size_t)t->bytes[at] + TAG;
}

bool
tags_put(struct tags *t, struct slice tag, unsigned char verb)
{
	unsigned char *entry = t->bytes + t->len;

	if (tag.len == 0 || tag.len > 255 ||
	    tag.len + TAG > TAGS_ROOM - (size_t)t->len)
		return false;
	entry[0] = (unsigned char)tag.len;
	entry[VERB] = verb;
	entry[NOTE] = 0;
	memcpy(entry + TAG, tag.ptr, tag.len);
	t->len = (uint16_t)(t->len + tag.len + TAG);
	return true;
}

bool
tags_find(const struct tags *t, struct slice tag, size_t *at)
{
	for (size_t i = 0; i < t->len; i += entry_len(t, i)) {
		if (slice_eq(slice_of(t->bytes + i + TAG, t->bytes[i]), tag)) {
			*at = i;
			return true;
		}
	}
	return false;
}

bool
tags_newest(const struct tags *t, size_t at)
{
	return at + entry_len(t, at) == t->len;
}

unsigned char
tags_verb(const struct tags *t, size_t at)
{
	return t->bytes[at + VERB];
}

void
tags_set_note(struct tags *t, unsigned char note)
{
	size_t i = 0;

	assert(t->len > 0);
	while (!tags_newest(t, i))
		i += entry_len(t, i);
	t->bytes[i + NOTE] = note;
}

unsigned char
tags_note(const struct tags *t, size_t at)
{
	return t->bytes[at + NOTE];
}

void
tags_remove(struct tags *t, size_t at)
{
	size_t n = entry_len(t, at);

	memmove(t->bytes + at, t->bytes + at + n, t->len - at - n);
	t->len = (uint16_t)(t->len - n);
}

size_t
tags_count(const struct tags *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->len; i += entry_len(t, i))
		n++;
	return n;
}
