/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/cidr.h"

#include <string.h>

enum { GROUPS = 8, V4_BITS = 96, V6_HOST_AT = 8 };

static const unsigned char v4_prefix[12] = {[10] = 0xff, [11] = 0xff};

/* No leading zeros: "010" is 10 to some readers and 8 to others. */
static bool
parse_dotted(struct slice text, unsigned char out[4])
{
	for (size_t i = 0; i < 4; i++) {
		struct slice part = slice_head(text, slice_find(text, '.'));
		uint64_t n = 0;

		if (!slice_number(part, 255, &n) ||
		    (part.len > 1 && part.ptr[0] == '0'))
			return false;
		if ((i < 3) != (part.len < text.len))
			return false;
		out[i] = (unsigned char)n;
		text = slice_skip(text, part.len + 1);
	}
	return true;
}

static int
hex_digit(unsigned char c)
{
	if (byte_digit(c))
		return c - '0';
	c = byte_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool
parse_group(struct slice text, unsigned char out[2])
{
	unsigned v = 0;

	if (text.len < 1 || text.len > 4)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		int digit = hex_digit(text.ptr[i]);

		if (digit < 0)
			return false;
		v = v << 4 | (unsigned)digit;
	}
	out[0] = (unsigned char)(v >> 8);
	out[1] = (unsigned char)v;
	return true;
}

/*
 * Groups parted by ':' on one side of a "::", or all of them; the last may be
 * dotted where `dotted` says so. Returns how many groups were filled, or
 * GROUPS + 1 for bad syntax.
 */
static size_t
parse_groups(struct slice text, bool dotted, unsigned char out[16])
{
	size_t n = 0;

	while (text.len > 0) {
		struct slice part = slice_head(text, slice_find(text, ':'));
		bool last = part.len == text.len;

		if (!last && part.len + 1 == text.len)
			return GROUPS + 1; /* a single ':' at the end */
		if (last && dotted && n + 2 <= GROUPS &&
		    parse_dotted(part, out + 2 * n))
			return n + 2;
		if (n == GROUPS || !parse_group(part, out + 2 * n))
			return GROUPS + 1;
		n++;
		text = slice_skip(text, part.len + 1);
	}
	return n;
}

static size_t
find_gap(struct slice text)
{
	for (size_t i = 0; i + 1 < text.len; i++)
		if (text.ptr[i] == ':' && text.ptr[i + 1] == ':')
			return i;
	return text.len;
}

static bool
parse_v6(struct slice text, unsigned char out[16])
{
	unsigned char head[16] = {0}, tail[16] = {0};
	size_t gap = find_gap(text), before, after;

	if (gap == text.len) {
		return parse_groups(text, true, out) == GROUPS;
	}
	before = parse_groups(slice_head(text, gap), false, head);
	after = parse_groups(slice_skip(text, gap + 2), true, tail);
	/* "::" stands for at least one group (RFC 4291 section 2.2). */
	if (before > GROUPS || after > GROUPS || before + after >= GROUPS)
		return false;
	memset(out, 0, 16);
	memcpy(out, head, 2 * before);
	memcpy(out + 2 * (GROUPS - after), tail, 2 * after);
	return true;
}

enum err
address_parse(struct slice text, struct address *out)
{
	struct address a = {{0}};

	if (slice_find(text, ':') < text.len) {
		if (!parse_v6(text, a.octets))
			return ERR_SYNTAX;
	} else {
		memcpy(a.octets, v4_prefix, sizeof v4_prefix);
		if (!parse_dotted(text, a.octets + sizeof v4_prefix))
			return ERR_SYNTAX;
	}
	*out = a;
	return ERR_OK;
}

static size_t
put_number(char *out, unsigned v)
{
	size_t n = 0;

	if (v >= 100)
		out[n++] = (char)('0' + v / 100);
	if (v >= 10)
		out[n++] = (char)('0' + v / 10 % 10);
	out[n++] = (char)('0' + v % 10);
	return n;
}

static size_t
put_dotted(char *out, const unsigned char octets[4])
{
	size_t n = 0;

	for (size_t i = 0; i < 4; i++) {
		if (i > 0)
			out[n++] = '.';
		n += put_number(out + n, octets[i]);
	}
	return n;
}

static unsigned
group_at(const struct address *a, size_t i)
{
	return (unsigned)a->octets[2 * i] << 8 | a->octets[2 * i + 1];
}

static size_t
put_group(char *out, unsigned v)
{
	size_t n = 0;

	for (unsigned shift = 16; shift > 0; shift -= 4)
		if (v >> (shift - 4) || shift == 4)
			out[n++] = "0123456789abcdef"[v >> (shift - 4) & 15];
	return n;
}

/* The longest run of zero groups, the first of equals, two at least (RFC 5952
 * section 4.2). */
static void
find_zeros(const struct address *a, size_t *start, size_t *len)
{
	size_t run = 0;

	*start = GROUPS;
	*len = 1;
	for (size_t i = 0; i < GROUPS; i++) {
		run = group_at(a, i) == 0 ? run + 1 : 0;
		if (run > *len) {
			*len = run;
			*start = i + 1 - run;
		}
	}
}

void
address_print(const struct address *a, char out[ADDRESS_TEXT_MAX])
{
	size_t n = 0, start, len;

	if (address_is_v4(a)) {
		n = put_dotted(out, a->octets + sizeof v4_prefix);
		out[n] = '\0';
		return;
	}
	find_zeros(a, &start, &len);
	for (size_t i = 0; i < GROUPS; i++) {
		if (i == start) {
			out[n++] = ':';
			i += len - 1;
			if (i == GROUPS - 1)
				out[n++] = ':';
			continue;
		}
		if (i > 0)
			out[n++] = ':';
		n += put_group(out + n, group_at(a, i));
	}
	out[n] = '\0';
}

bool
address_eq(const struct address *a, const struct address *b)
{
	return memcmp(a->octets, b->octets, sizeof a->octets) == 0;
}

bool
address_is_v4(const struct address *a)
{
	return memcmp(a->octets, v4_prefix, sizeof v4_prefix) == 0;
}

struct address
address_network(const struct address *a)
{
	struct address n = *a;

	if (!address_is_v4(a))
		memset(n.octets + V6_HOST_AT, 0, sizeof n.octets - V6_HOST_AT);
	return n;
}

struct cidr
address_as_cidr(const struct address *a)
{
	return cidr_around(a, address_is_v4(a) ? 128 : 64);
}

static struct address
masked(const struct address *a, unsigned bits)
{
	struct address m = *a;

	for (unsigned i = 0; i < sizeof m.octets; i++) {
		unsigned kept = bits > 8 * i ? bits - 8 * i : 0;

		if (kept < 8)
			m.octets[i] &= (unsigned char)(0xff00 >> kept);
	}
	return m;
}

struct cidr
address_prefix(const struct address *a)
{
	return cidr_around(a, address_is_v4(a) ? V4_BITS + 24 : 48);
}

bool
address_is_loopback(const struct address *a)
{
	static const struct address one = {{[15] = 1}};

	return address_is_v4(a) ? a->octets[12] == 127 : address_eq(a, &one);
}

enum err
cidr_parse(struct slice text, struct cidr *out)
{
	struct slice host = slice_head(text, slice_find(text, '/'));
	struct slice suffix = slice_skip(text, host.len + 1);
	bool dotted = slice_find(host, ':') == host.len;
	unsigned width = dotted ? 128 - V4_BITS : 128;
	struct address a;
	uint64_t bits = width;
	enum err e = address_parse(host, &a);

	if (e != ERR_OK)
		return e;
	if (host.len < text.len) {
		if (!slice_number(suffix, 999, &bits) ||
		    (suffix.len > 1 && suffix.ptr[0] == '0'))
			return ERR_SYNTAX;
		if (bits > width)
			return ERR_RANGE;
	}
	bits += 128 - width;
	struct address network = masked(&a, (unsigned)bits);
	if (!address_eq(&network, &a))
		return ERR_MISMATCH;
	*out = (struct cidr){network, (unsigned)bits};
	return ERR_OK;
}

void
cidr_print(const struct cidr *net, char out[CIDR_TEXT_MAX])
{
	bool v4 = address_is_v4(&net->network);
	size_t n;

	address_print(&net->network, out);
	n = strlen(out);
	out[n++] = '/';
	n += put_number(out + n, v4 ? net->bits - V4_BITS : net->bits);
	out[n] = '\0';
}

struct cidr
cidr_around(const struct address *a, unsigned bits)
{
	return (struct cidr){masked(a, bits), bits};
}

bool
cidr_contains(const struct cidr *net, const struct address *a)
{
	struct address m = masked(a, net->bits);

	if (net->bits < V4_BITS && address_is_v4(a))
		return false;
	return address_eq(&m, &net->network);
}

bool
cidr_any_contains(const struct cidr *nets, size_t n, const struct address *a)
{
	for (size_t i = 0; i < n; i++)
		if (cidr_contains(&nets[i], a))
			return true;
	return false;
}
