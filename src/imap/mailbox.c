/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "imap/mailbox.h"

#include <stdint.h>
#include <string.h>

/* What is being decoded, and where it goes. */
struct decoder {
	struct slice rest;
	unsigned char *out;
	size_t len, room;
	bool full;
};

/* UTF-8 (RFC 3629 section 3). */
static void
put_point(struct decoder *d, uint32_t point)
{
	static const unsigned char firsts[] = {0, 0, 0xc0, 0xe0, 0xf0};
	size_t n = point < 0x80      ? 1
		   : point < 0x800   ? 2
		   : point < 0x10000 ? 3
				     : 4;

	d->full = d->full || n > d->room - d->len;
	if (d->full)
		return;
	for (size_t i = n; i-- > 1; point >>= 6)
		d->out[d->len + i] = (unsigned char)(0x80 | (point & 0x3f));
	d->out[d->len] = (unsigned char)(firsts[n == 1 ? 0 : n] | point);
	d->len += n;
}

/* -1: none of the alphabet, in which ',' stands for '/'. */
static int
digit_value(unsigned char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+,";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* One more unit of UTF-16; *high is a surrogate that waits for its other half,
 * or 0. False: malformed. */
static bool
put_unit(struct decoder *d, uint32_t unit, uint32_t *high)
{
	bool low = unit >= 0xdc00 && unit <= 0xdfff;

	if (low != (*high != 0))
		return false;
	if (low) {
		put_point(d,
			  0x10000 + ((*high - 0xd800) << 10) + (unit - 0xdc00));
		*high = 0;
	} else if (unit >= 0xd800 && unit <= 0xdbff) {
		*high = unit;
	} else if (unit >= 0x20 && unit < 0x7f) {
		return false; /* stands for itself, never encoded */
	} else {
		put_point(d, unit);
	}
	return true;
}

/* Behind "&", up to "-". */
static bool
decode_shifted(struct decoder *d)
{
	uint32_t bits = 0, high = 0;
	unsigned count = 0;
	size_t n = slice_find(d->rest, '-');
	struct slice digits = slice_head(d->rest, n);

	if (n == d->rest.len)
		return false;
	d->rest = slice_skip(d->rest, n + 1);
	if (n == 0)
		put_point(d, '&');
	for (; digits.len > 0; digits = slice_skip(digits, 1)) {
		int value = digit_value(digits.ptr[0]);

		if (value < 0)
			return false;
		bits = bits << 6 | (uint32_t)value;
		count += 6;
		if (count < 16)
			continue;
		count -= 16;
		if (!put_unit(d, bits >> count & 0xffff, &high))
			return false;
	}
	return high == 0 && count < 6 && (bits & ((1u << count) - 1)) == 0;
}

static bool
decode(struct decoder *d)
{
	while (d->rest.len > 0) {
		unsigned char c = d->rest.ptr[0];

		if (c < 0x20 || c > 0x7e)
			return false;
		d->rest = slice_skip(d->rest, 1);
		if (c != '&')
			put_point(d, c);
		else if (!decode_shifted(d))
			return false;
	}
	return true;
}

/* Without the half of a character at its end. */
static size_t
whole_characters(struct slice name, size_t room)
{
	size_t n = room;

	if (name.len <= room)
		return name.len;
	while (n > 0 && room - n < 3 && (name.ptr[n] & 0xc0) == 0x80)
		n--;
	return n;
}

size_t
mailbox_text(struct slice name, unsigned char *out, size_t room)
{
	struct decoder d = {.rest = name, .out = out, .room = room};

	if (slice_ieq(name, SLICE("INBOX")))
		d.rest = SLICE("INBOX");
	if (decode(&d))
		return d.len;
	d.len = whole_characters(name, room);
	memcpy(out, name.ptr, d.len);
	return d.len;
}
