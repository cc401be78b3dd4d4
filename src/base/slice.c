/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/slice.h"

#include <string.h>

struct slice
slice_of(const void *ptr, size_t len)
{
	return (struct slice){ptr, len};
}

struct slice
slice_str(const char *text)
{
	return slice_of(text, strlen(text));
}

bool
byte_digit(unsigned char c)
{
	return c >= '0' && c <= '9';
}

bool
byte_alpha(unsigned char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

unsigned char
byte_lower(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? (unsigned char)(c + 32) : c;
}

bool
slice_eq(struct slice a, struct slice b)
{
	return a.len == b.len &&
	       (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool
slice_ieq(struct slice a, struct slice b)
{
	return a.len == b.len && slice_istarts(a, b);
}

bool
slice_istarts(struct slice s, struct slice prefix)
{
	if (s.len < prefix.len)
		return false;
	for (size_t i = 0; i < prefix.len; i++)
		if (byte_lower(s.ptr[i]) != byte_lower(prefix.ptr[i]))
			return false;
	return true;
}

bool
slice_iends(struct slice s, struct slice suffix)
{
	return s.len >= suffix.len &&
	       slice_ieq(slice_skip(s, s.len - suffix.len), suffix);
}

struct slice
slice_head(struct slice s, size_t n)
{
	return slice_of(s.ptr, n < s.len ? n : s.len);
}

struct slice
slice_skip(struct slice s, size_t n)
{
	if (n > s.len)
		n = s.len;
	/* Even adding 0 to NULL is undefined in C. */
	return n == 0 ? s : slice_of(s.ptr + n, s.len - n);
}

size_t
slice_find(struct slice s, unsigned char c)
{
	const unsigned char *p = s.len > 0 ? memchr(s.ptr, c, s.len) : NULL;

	return p ? (size_t)(p - s.ptr) : s.len;
}

struct slice
slice_trim(struct slice s, unsigned char c)
{
	while (s.len > 0 && s.ptr[0] == c)
		s = slice_skip(s, 1);
	while (s.len > 0 && s.ptr[s.len - 1] == c)
		s.len--;
	return s;
}

struct slice
slice_cut(struct slice *rest, unsigned char sep)
{
	size_t n = slice_find(*rest, sep);
	struct slice word = slice_head(*rest, n);

	*rest = slice_skip(*rest, n + 1);
	return word;
}

bool
slice_number(struct slice s, uint64_t max, uint64_t *out)
{
	uint64_t n = 0;

	if (s.len == 0)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		uint64_t digit = (uint64_t)(s.ptr[i] - '0');

		if (!byte_digit(s.ptr[i]) || digit > max ||
		    n > (max - digit) / 10)
			return false;
		n = n * 10 + digit;
	}
	*out = n;
	return true;
}
