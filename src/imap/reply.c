/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reply.c - writes the lines of the table in reply.h.
 */
#include "imap/reply.h"

#include "imap/command.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* clang-format off */
static const char *const texts[] = {
#define X(id, text) [REPLY_##id] = (text),
	REPLY_LIST(X)
#undef X
};

#define X(id, text)                                                            \
	_Static_assert(TAG_MAX + sizeof(" " text "\r\n") + 20 <= REPLY_MAX, #id);
REPLY_LIST(X)
#undef X
/* clang-format on */

static size_t
put(char *out, struct slice s)
{
	memcpy(out, s.ptr, s.len);
	return s.len;
}

size_t
reply_format_wait(enum reply r, struct slice tag, uint64_t minutes,
		  char out[REPLY_MAX])
{
	struct slice text, head;
	char number[24];
	size_t n;

	assert(r < REPLY_COUNT && tag.len <= TAG_MAX);
	text = slice_str(texts[r]);
	if (tag.len == 0 || slice_istarts(text, SLICE("BYE ")))
		tag = SLICE("*");
	n = put(out, tag);
	n += put(out + n, SLICE(" "));
	head = slice_cut(&text, '#');
	n += put(out + n, head);
	if (head.len < strlen(texts[r])) {
		(void)snprintf(number, sizeof number, "%llu",
			       (unsigned long long)minutes);
		n += put(out + n, slice_str(number));
	}
	n += put(out + n, text);
	return n + put(out + n, SLICE("\r\n"));
}

size_t
reply_format(enum reply r, struct slice tag, char out[REPLY_MAX])
{
	return reply_format_wait(r, tag, 0, out);
}

struct slice
reply_code(enum reply r)
{
	struct slice text, code;

	assert(r < REPLY_COUNT);
	text = slice_str(texts[r]);
	code = slice_skip(text, slice_find(text, '[') + 1);
	return slice_head(code, slice_find(code, ']'));
}
