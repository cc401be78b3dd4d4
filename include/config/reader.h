/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reader.h - YAML as a row of nodes: the part of it that a configuration needs.
 *
 * For config/ only. UTF-8, one document, no anchors, aliases, tags, directives
 * or hidden characters: a reader meets none of them, it fails before.
 */
#ifndef CONFIG_READER_H
#define CONFIG_READER_H

#include "base/err.h"
#include "base/slice.h"
#include "config/settings.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum node {
	NODE_SCALAR,
	NODE_LIST,
	NODE_LIST_END,
	NODE_KEYS, /* a mapping */
	NODE_KEYS_END,
	NODE_END /* of the file */
};

/* Fills in *fault and returns the cause. */
enum err blame(struct settings_fault *fault, struct place at, enum err cause,
	       const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Characters that editors do not show, or take for line breaks and we would
 * not. */
bool reader_refuses(int32_t point);

struct reader;

/* yaml and fault must outlive the reader. NULL: out of memory. */
struct reader *reader_new(struct slice yaml, struct settings_fault *fault);
void reader_free(struct reader *r); /* NULL is fine */

/* Goes to the next node; what the functions below gave is gone. */
enum err reader_next(struct reader *r) MUST_USE;

enum node reader_node(const struct reader *r);
struct place reader_place(const struct reader *r);
struct slice reader_text(const struct reader *r); /* of a scalar, else empty */
/* "key:" with nothing behind it, or one of YAML's words for nothing. */
bool reader_nothing(const struct reader *r);
/* What stands here, for an error: 'abc', "a list", "nothing". */
enum { SHOWN_MAX = 512 };
const char *reader_show(const struct reader *r, char out[SHOWN_MAX]);

#endif
