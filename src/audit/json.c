/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "audit/json.h"

#include <string.h>

/* What RFC 3629 section 4 allows behind each kind of first byte. */
static const struct utf8_form {
	unsigned char first_low, first_high, bits;
	unsigned char second_low, second_high;
	unsigned char len;
} utf8_forms[] = {
    {0x00, 0x7f, 0x7f, 0x00, 0x00, 1}, {0xc2, 0xdf, 0x1f, 0x80, 0xbf, 2},
    {0xe0, 0xe0, 0x0f, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x0f, 0x80, 0xbf, 3},
    {0xed, 0xed, 0x0f, 0x80, 0x9f, 3}, {0xee, 0xef, 0x0f, 0x80, 0xbf, 3},
    {0xf0, 0xf0, 0x07, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x07, 0x80, 0xbf, 4},
    {0xf4, 0xf4, 0x07, 0x80, 0x8f, 4},
};

static const struct utf8_form *
utf8_form_of(unsigned char first)
{
	for (size_t i = 0; i < sizeof utf8_forms / sizeof utf8_forms[0]; i++)
		if (first >= utf8_forms[i].first_low &&
		    first <= utf8_forms[i].first_high)
			return &utf8_forms[i];
	return NULL;
}

size_t
utf8_next(struct slice s, int32_t *point)
{
	const struct utf8_form *f = utf8_form_of(s.ptr[0]);
	int32_t p;

	*point = -1;
	if (!f || s.len < f->len)
		return 1;
	p = s.ptr[0] & f->bits;
	for (size_t i = 1; i < f->len; i++) {
		unsigned char low = i == 1 ? f->second_low : 0x80;
		unsigned char high = i == 1 ? f->second_high : 0xbf;

		if (s.ptr[i] < low || s.ptr[i] > high)
			return 1;
		p = p << 6 | (s.ptr[i] & 0x3f);
	}
	*point = p;
	return f->len;
}

/*
 * Characters that a terminal or a viewer does not show as themselves: they
 * move the cursor, break the line, hide, or turn the text around.
 */
static const struct {
	int32_t first, last;
} unseen[] = {
    {0x0000, 0x001f}, {0x007f, 0x009f}, {0x00ad, 0x00ad}, {0x061c, 0x061c},
    {0x180e, 0x180e}, {0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f},
    {0xfeff, 0xfeff}, {0xfff0, 0xfffb}, {0xfffe, 0xffff}, {0xe0000, 0xe0fff},
};

static bool
is_unseen(int32_t point)
{
	for (size_t i = 0; i < sizeof unseen / sizeof unseen[0]; i++)
		if (point >= unseen[i].first && point <= unseen[i].last)
			return true;
	return false;
}

bool
utf8_visible(struct slice s)
{
	while (s.len > 0) {
		int32_t point;
		size_t len = utf8_next(s, &point);

		if (point < 0 || is_unseen(point))
			return false;
		s = slice_skip(s, len);
	}
	return true;
}

static size_t
put_escape(char *out, uint32_t unit)
{
	static const char digits[] = "0123456789abcdef";

	out[0] = '\\';
	out[1] = 'u';
	for (size_t i = 0; i < 4; i++)
		out[2 + i] = digits[unit >> (12 - 4 * i) & 15];
	return 6;
}

/* RFC 8259 section 7: beyond U+FFFF two escapes, a surrogate pair. */
static size_t
put_point(char *out, uint32_t point)
{
	if (point <= 0xffff)
		return put_escape(out, point);
	point -= 0x10000;
	put_escape(out, 0xd800 + (point >> 10));
	put_escape(out + 6, 0xdc00 + (point & 0x3ff));
	return 12;
}

static size_t
put_character(char *out, struct slice bytes, int32_t point)
{
	static const char plain[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
	const char *found =
	    point > 0 && point < 0x80 ? strchr(plain, (int)point) : NULL;

	if (found) {
		out[0] = '\\';
		out[1] = letters[found - plain];
		return 2;
	}
	if (point < 0)
		return put_escape(out, bytes.ptr[0]);
	if (is_unseen(point))
		return put_point(out, (uint32_t)point);
	memcpy(out, bytes.ptr, bytes.len);
	return bytes.len;
}

/* Stands for itself, and is nearly all there is. */
static bool
is_usual(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

size_t
json_string(struct slice value, char out[JSON_STRING_MAX], bool *cut)
{
	static const unsigned char ellipsis[] = {0xe2, 0x80, 0xa6};
	size_t n = 0, kept = 0;

	out[n++] = '"';
	while (kept < value.len) {
		struct slice rest = slice_skip(value, kept);
		int32_t point;
		size_t len;

		if (is_usual(rest.ptr[0]) && kept < JSON_VALUE_MAX) {
			out[n++] = (char)rest.ptr[0];
			kept++;
			continue;
		}
		len = utf8_next(rest, &point);
		if (kept + len > JSON_VALUE_MAX) {
			memcpy(out + n, ellipsis, sizeof ellipsis);
			n += sizeof ellipsis;
			*cut = true;
			break;
		}
		n += put_character(out + n, slice_head(rest, len), point);
		kept += len;
	}
	out[n++] = '"';
	return n;
}
