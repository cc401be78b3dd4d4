/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "x509/der.h"

enum { LENGTH_BYTES_MAX = 4, FLAGS_MAX = 16 };

/* X.690 8.1.3: the length, and that it was written as short as can be. */
static bool
take_length(struct slice *from, size_t *out)
{
	size_t n, bytes;

	if (from->len == 0)
		return false;
	n = from->ptr[0];
	bytes = n & 0x7f;
	*from = slice_skip(*from, 1);
	if (n < 0x80) {
		*out = n;
		return true;
	}
	if (bytes == 0 || bytes > LENGTH_BYTES_MAX || bytes > from->len ||
	    from->ptr[0] == 0)
		return false;
	n = 0;
	for (size_t i = 0; i < bytes; i++)
		n = n << 8 | from->ptr[i];
	*from = slice_skip(*from, bytes);
	*out = n;
	return n >= 0x80;
}

bool
der_next(struct slice *from, struct der *out)
{
	struct slice rest = slice_skip(*from, 1);
	size_t n;

	/* A tag of 31 goes on in further bytes. */
	if (from->len == 0 || (from->ptr[0] & 0x1f) == 0x1f ||
	    !take_length(&rest, &n) || n > rest.len)
		return false;
	out->tag = from->ptr[0];
	out->content = slice_head(rest, n);
	out->whole = slice_head(*from, from->len - rest.len + n);
	*from = slice_skip(rest, n);
	return true;
}

bool
der_comes(struct slice from, unsigned tag)
{
	return from.len > 0 && from.ptr[0] == tag;
}

bool
der_take(struct slice *from, unsigned tag, struct slice *content)
{
	struct der d;

	if (!der_comes(*from, tag) || !der_next(from, &d))
		return false;
	*content = d.content;
	return true;
}

bool
der_only(struct slice in, unsigned tag, struct slice *content)
{
	struct slice got;

	if (!der_take(&in, tag, &got) || in.len > 0)
		return false;
	*content = got;
	return true;
}

bool
der_boolean(struct slice content, bool *out)
{
	if (content.len != 1 || (content.ptr[0] != 0 && content.ptr[0] != 0xff))
		return false;
	*out = content.ptr[0] != 0;
	return true;
}

/* X.690 8.3.2: the first nine bits are not all alike. */
bool
der_integer(struct slice content)
{
	const unsigned char *p = content.ptr;

	return content.len == 1 ||
	       (content.len > 1 && !(p[0] == 0 && p[1] < 0x80) &&
		!(p[0] == 0xff && p[1] >= 0x80));
}

bool
der_number(struct slice content, uint32_t *out)
{
	uint32_t n = 0;

	if (!der_integer(content) || content.len > sizeof n ||
	    content.ptr[0] >= 0x80)
		return false;
	for (size_t i = 0; i < content.len; i++)
		n = n << 8 | content.ptr[i];
	*out = n;
	return true;
}

/*
 * X.690 8.6 and 11.2. Zero bits at the end should be left out; some CAs leave
 * them in, and every client reads that.
 */
bool
der_flags(struct slice content, unsigned *out)
{
	unsigned unused, flags = 0;
	size_t bits;

	if (content.len == 0 || content.ptr[0] > 7)
		return false;
	unused = content.ptr[0];
	bits = (content.len - 1) * 8;
	if (unused > bits || (bits > 0 && (content.ptr[content.len - 1] &
					   ((1u << unused) - 1)) != 0))
		return false;
	for (size_t i = 0; i < bits && i < FLAGS_MAX; i++)
		if (content.ptr[1 + i / 8] & (0x80u >> i % 8))
			flags |= 1u << i;
	*out = flags;
	return true;
}

bool
der_bytes(struct slice content, struct slice *out)
{
	if (content.len == 0 || content.ptr[0] != 0)
		return false;
	*out = slice_skip(content, 1);
	return true;
}

/* Two digits off the front, in bounds. */
static bool
take_two(struct slice *from, unsigned least, unsigned most, unsigned *out)
{
	uint64_t n;

	if (from->len < 2 || !slice_number(slice_head(*from, 2), most, &n) ||
	    n < least)
		return false;
	*from = slice_skip(*from, 2);
	*out = (unsigned)n;
	return true;
}

/* Days from 1970-01-01, in the Gregorian calendar; the year begins in March. */
static int64_t
days_of(unsigned year, unsigned month, unsigned day)
{
	int64_t y = (int64_t)year - (month <= 2);
	int64_t days = (153 * (int64_t)((month + 9) % 12) + 2) / 5 + day - 1;

	return 365 * y + y / 4 - y / 100 + y / 400 + days - 719468;
}

static bool
day_exists(unsigned year, unsigned month, unsigned day)
{
	static const unsigned char days[] = {31, 29, 31, 30, 31, 30,
					     31, 31, 30, 31, 30, 31};
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return day <= days[month - 1] && (month != 2 || day < 29 || leap);
}

/* RFC 5280 4.1.2.5: four digits, or two that mean 1950 to 2049. */
static bool
take_year(struct slice *from, unsigned tag, unsigned *out)
{
	unsigned century = 0, year;

	if (tag == DER_GENERALIZED_TIME && !take_two(from, 0, 99, &century))
		return false;
	if (!take_two(from, 0, 99, &year))
		return false;
	if (tag == DER_UTC_TIME)
		century = year < 50 ? 20 : 19;
	*out = century * 100 + year;
	return tag == DER_UTC_TIME || tag == DER_GENERALIZED_TIME;
}

bool
der_time(const struct der *time, int64_t *out)
{
	struct slice s = time->content;
	unsigned year, month, day, hour, minute, second;

	if (!take_year(&s, time->tag, &year) || !take_two(&s, 1, 12, &month) ||
	    !take_two(&s, 1, 31, &day) || !take_two(&s, 0, 23, &hour) ||
	    !take_two(&s, 0, 59, &minute) || !take_two(&s, 0, 59, &second) ||
	    !slice_eq(s, SLICE("Z")) || !day_exists(year, month, day))
		return false;
	*out = ((days_of(year, month, day) * 24 + hour) * 60 + minute) * 60 +
	       second;
	return true;
}
