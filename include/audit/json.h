/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * json.h - any bytes as a JSON string that is safe to look at.
 *
 * What comes out is valid JSON, valid UTF-8 and printable: control characters
 * (C0, DEL, C1), line separators, characters without width, those that change
 * the direction of text, and bytes that are not UTF-8 become \u00XX or \uXXXX.
 */
#ifndef AUDIT_JSON_H
#define AUDIT_JSON_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

enum {
	JSON_VALUE_MAX = 256, /* bytes of a value that are kept */
	/* quotes, six bytes for each one kept, the ellipsis */
	JSON_STRING_MAX = 2 + 6 * JSON_VALUE_MAX + 3
};

/*
 * Writes "..." with its quotes, no NUL, and returns the length. What is longer
 * than JSON_VALUE_MAX is cut between two characters, an ellipsis follows, and
 * *cut becomes true (else it is left alone).
 */
size_t json_string(struct slice value, char out[JSON_STRING_MAX], bool *cut);

/*
 * The first character of s (not empty): its length in bytes, its code point
 * in *point; 1 and a code point of -1 when s does not begin with valid UTF-8.
 */
size_t utf8_next(struct slice s, int32_t *point);
/* Is it all characters that are shown as themselves? json_string would escape
 * none, but quotes and backslashes. */
bool utf8_visible(struct slice s);

#endif
