/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "imap/tags.h"

#include <string.h>

bool
tags_put(struct tags *t, struct slice tag)
{
	if (tag.len == 0 || tag.len > 255 ||
	    tag.len + 1 > TAGS_ROOM - (size_t)t->len)
		return false;
	t->bytes[t->len] = (unsigned char)tag.len;
	memcpy(t->bytes + t->len + 1, tag.ptr, tag.len);
	t->len = (uint16_t)(t->len + tag.len + 1);
	return true;
}

bool
tags_find(const struct tags *t, struct slice tag, size_t *at)
{
	for (size_t i = 0; i < t->len; i += (size_t)t->bytes[i] + 1) {
		if (slice_eq(slice_of(t->bytes + i + 1, t->bytes[i]), tag)) {
			*at = i;
			return true;
		}
	}
	return false;
}

bool
tags_newest(const struct tags *t, size_t at)
{
	return at + t->bytes[at] + 1 == t->len;
}

void
tags_remove(struct tags *t, size_t at)
{
	size_t n = (size_t)t->bytes[at] + 1;

	memmove(t->bytes + at, t->bytes + at + n, t->len - at - n);
	t->len = (uint16_t)(t->len - n);
}

size_t
tags_count(const struct tags *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->len; i += (size_t)t->bytes[i] + 1)
		n++;
	return n;
}
