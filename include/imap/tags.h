/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tags.h - the tags of commands that were sent and not answered yet.
 *
 * Pure; a fixed 320 bytes, oldest first. Tags are kept whole and compared
 * byte by byte: about 40 ordinary tags in flight, four of the longest.
 */
#ifndef IMAP_TAGS_H
#define IMAP_TAGS_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TAGS_ROOM = 318 };

struct tags {
	uint16_t len;
	unsigned char bytes[TAGS_ROOM]; /* entries: length, verb, note, tag */
};

/* False: no room; wait for an answer. tag: 1 to 255 bytes. */
bool tags_put(struct tags *t, struct slice tag, unsigned char verb);
/* The oldest entry with this tag; *at is good until the next change. */
bool tags_find(const struct tags *t, struct slice tag, size_t *at);
bool tags_newest(const struct tags *t, size_t at);
unsigned char tags_verb(const struct tags *t, size_t at);
/* A number about the newest entry, 0 until it is given. An error to do where
 * there is none. */
void tags_set_note(struct tags *t, unsigned char note);
unsigned char tags_note(const struct tags *t, size_t at);
void tags_remove(struct tags *t, size_t at);
size_t tags_count(const struct tags *t);

#endif
