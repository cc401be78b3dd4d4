/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_der.c - any bytes as DER.
 *
 * Each element, written anew from its tag and content, has the same bytes; the
 * elements add up to what was read; numbers, times and bits mean what their
 * bytes say, and nothing is read behind the end.
 */
#include "x509/der.h"

#include <stdlib.h>
#include <string.h>

#define REQUIRE(condition) ((condition) ? (void)0 : abort())

enum { DEPTH = 16 };

/* The header as X.690 8.1.3 and 10.1 have it; its length. */
static size_t
header(unsigned tag, size_t n, unsigned char out[8])
{
	size_t bytes = n < 0x80 ? 0 : n < 0x100 ? 1 : n < 0x10000 ? 2 : 3;

	REQUIRE(n < 0x1000000);
	out[0] = (unsigned char)tag;
	out[1] = (unsigned char)(bytes > 0 ? 0x80 | bytes : n);
	for (size_t i = 0; i < bytes; i++)
		out[2 + i] = (unsigned char)(n >> 8 * (bytes - 1 - i));
	return 2 + bytes;
}

static void
check_number(struct slice content)
{
	uint32_t n = 0, back = 0;

	if (!der_number(content, &n))
		return;
	REQUIRE(der_integer(content) && n <= INT32_MAX && content.len <= 4);
	for (size_t i = 0; i < content.len; i++)
		back = back << 8 | content.ptr[i];
	REQUIRE(back == n);
	REQUIRE(content.len == 1 || content.ptr[0] != 0 ||
		content.ptr[1] >= 0x80);
}

static void
check_content(const struct der *d)
{
	struct slice bytes;
	int64_t seconds;
	unsigned flags;
	bool b;

	check_number(d->content);
	if (der_boolean(d->content, &b))
		REQUIRE(d->content.len == 1 && b == (d->content.ptr[0] != 0));
	if (der_flags(d->content, &flags))
		REQUIRE(flags <= 0xffff && d->content.ptr[0] <= 7);
	if (der_bytes(d->content, &bytes))
		REQUIRE(bytes.len + 1 == d->content.len);
	if (der_time(d, &seconds))
		/* From the year 0 to 9999. */
		REQUIRE(seconds >= INT64_C(-62167219200) &&
			seconds <= INT64_C(253402300799));
}

static void
walk(struct slice in, unsigned depth)
{
	struct slice rest = in, one;
	unsigned char head[8];
	struct der d;

	while (der_next(&rest, &d)) {
		size_t n = header(d.tag, d.content.len, head);

		REQUIRE(d.whole.len == n + d.content.len);
		REQUIRE(memcmp(d.whole.ptr, head, n) == 0);
		REQUIRE(d.whole.ptr + d.whole.len == rest.ptr);
		REQUIRE(der_only(d.whole, d.tag, &one) &&
			slice_eq(one, d.content));
		REQUIRE(!der_only(slice_head(d.whole, d.whole.len - 1), d.tag,
				  &one));
		REQUIRE(der_comes(d.whole, d.tag) &&
			!der_comes(d.whole, d.tag ^ 1));
		check_content(&d);
		if (depth < DEPTH && (d.tag & 0x20))
			walk(d.content, depth + 1);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	walk(slice_of(data, size), 0);
	return 0;
}
