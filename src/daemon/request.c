/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/request.h"

#include <stdio.h>

enum err
request_parse(struct slice line, struct request *out)
{
	struct request r = {.count = 0};

	for (size_t i = 0; i < line.len; i++)
		if (line.ptr[i] < ' ' || line.ptr[i] > '~')
			return ERR_SYNTAX;
	while (line.len > 0) {
		struct slice word = slice_cut(&line, ' ');

		if (word.len == 0)
			continue;
		if (r.count == REQUEST_WORDS_MAX)
			return ERR_LIMIT;
		r.words[r.count++] = word;
	}
	if (r.count == 0)
		return ERR_SYNTAX;
	*out = r;
	return ERR_OK;
}

static int
hex_digit(unsigned char c)
{
	if (byte_digit(c))
		return c - '0';
	c = byte_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte that the word begins with; its length in the word, 0: none. */
static size_t
next_byte(struct slice word, unsigned char *out)
{
	int high, low;

	*out = word.ptr[0];
	if (*out != '%')
		return 1;
	if (word.len < 3)
		return 0;
	high = hex_digit(word.ptr[1]);
	low = hex_digit(word.ptr[2]);
	if (high < 0 || low < 0)
		return 0;
	*out = (unsigned char)(high << 4 | low);
	return *out == 0 ? 0 : 3;
}

enum err
request_text(struct slice word, char *out, size_t cap)
{
	unsigned char c;
	size_t n = 0, used;

	for (; word.len > 0; word = slice_skip(word, used)) {
		used = next_byte(word, &c);
		if (used == 0)
			return ERR_SYNTAX;
		if (n + 1 == cap)
			return ERR_LIMIT;
		out[n++] = (char)c;
	}
	out[n] = '\0';
	return ERR_OK;
}

void
request_word(struct slice text, char *out)
{
	for (; text.len > 0; text = slice_skip(text, 1)) {
		unsigned char c = *text.ptr;

		if (c > ' ' && c < 0x7f && c != '%') {
			*out++ = (char)c;
		} else {
			(void)snprintf(out, 4, "%%%02X", c);
			out += 3;
		}
	}
	*out = '\0';
}

static bool
is_member(gid_t group, const gid_t *groups, size_t count)
{
	for (size_t i = 0; group != (gid_t)-1 && i < count; i++)
		if (groups[i] == group)
			return true;
	return false;
}

enum right
admin_right(const struct admin_rights *r, uid_t uid, const gid_t *groups,
	    size_t count)
{
	if (uid == 0 || uid == r->owner ||
	    is_member(r->controllers, groups, count))
		return RIGHT_CONTROL;
	return is_member(r->readers, groups, count) ? RIGHT_READ : RIGHT_NONE;
}
