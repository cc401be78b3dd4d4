/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "x509/names.h"

#include "x509/der.h"

#include <string.h>

enum { LABEL_MAX = 63, NAME_LENGTH_MAX = 253, GROUPS = 8 };

bool
names_next(struct slice *rest, struct name *out)
{
	struct der d;

	/* All nine choices of GeneralName are tagged [0] to [8]. */
	if (!der_next(rest, &d) || (d.tag & 0xc0) != 0x80 || (d.tag & 0x1f) > 8)
		return false;
	out->kind = d.tag == DER_PRIMITIVE(1)   ? NAME_MAIL
		    : d.tag == DER_PRIMITIVE(2) ? NAME_DNS
		    : d.tag == DER_PRIMITIVE(7) ? NAME_ADDRESS
						: NAME_OTHER;
	out->value = d.content;
	return true;
}

static size_t
address4(struct slice text, unsigned char out[4])
{
	/* A dot at the end would be taken for the one before it. */
	if (slice_iends(text, SLICE(".")))
		return 0;
	for (size_t i = 0; i < 4; i++) {
		struct slice part = slice_cut(&text, '.');
		uint64_t n;

		if (!slice_number(part, 255, &n) || part.len > 3 ||
		    (i < 3 && text.len == 0))
			return 0;
		out[i] = (unsigned char)n;
	}
	return text.len == 0 ? 4 : 0;
}

/* One to four hexadecimal digits. */
static bool
read_group(struct slice s, unsigned char out[2])
{
	unsigned n = 0;

	if (s.len == 0 || s.len > 4)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = byte_lower(s.ptr[i]);

		if (byte_digit(c))
			n = n << 4 | (unsigned)(c - '0');
		else if (c >= 'a' && c <= 'f')
			n = n << 4 | (unsigned)(c - 'a' + 10);
		else
			return false;
	}
	out[0] = (unsigned char)(n >> 8);
	out[1] = (unsigned char)n;
	return true;
}

/* RFC 4291 2.2, without the form that ends in an IPv4 address. */
static size_t
address6(struct slice text, unsigned char out[ADDRESS_MAX])
{
	size_t count = 0, gap = GROUPS + 1;

	if (slice_istarts(text, SLICE("::"))) {
		gap = 0;
		text = slice_skip(text, 2);
	}
	while (text.len > 0) {
		size_t n = slice_find(text, ':');

		if (count == GROUPS ||
		    !read_group(slice_head(text, n), out + 2 * count))
			return 0;
		count++;
		text = slice_skip(text, n);
		if (text.len == 0)
			break;
		text = slice_skip(text, 1);
		if (text.len == 0 || (text.ptr[0] == ':' && gap <= GROUPS))
			return 0;
		if (text.ptr[0] == ':') {
			gap = count;
			text = slice_skip(text, 1);
		}
	}
	if (gap > GROUPS)
		return count == GROUPS ? ADDRESS_MAX : 0;
	if (count == GROUPS)
		return 0;
	memmove(out + 2 * (GROUPS - count + gap), out + 2 * gap,
		2 * (count - gap));
	memset(out + 2 * gap, 0, 2 * (GROUPS - count));
	return ADDRESS_MAX;
}

size_t
names_address(struct slice text, unsigned char out[ADDRESS_MAX])
{
	if (slice_find(text, ':') < text.len)
		return address6(text, out);
	return address4(text, out);
}

static struct slice
without_dot(struct slice host)
{
	if (host.len > 0 && host.ptr[host.len - 1] == '.')
		host.len--;
	return host;
}

/* The labels above the first, with no dot before them. */
static struct slice
parent(struct slice name)
{
	return slice_skip(name, slice_find(name, '.') + 1);
}

static bool
covers(struct slice dns, struct slice host)
{
	enum name_form form = names_form(dns);

	if (form == FORM_NAME)
		return slice_ieq(dns, host);
	return form == FORM_WILDCARD && slice_find(host, '.') > 0 &&
	       slice_ieq(parent(dns), parent(host));
}

static struct slice
last_label(struct slice name)
{
	while (slice_find(name, '.') < name.len)
		name = parent(name);
	return name;
}

bool
names_reference(struct slice host)
{
	unsigned char bytes[ADDRESS_MAX];
	uint64_t n;

	if (names_address(host, bytes) > 0)
		return true;
	host = without_dot(host);
	return names_form(host) == FORM_NAME &&
	       !slice_number(last_label(host), UINT64_MAX, &n) &&
	       !slice_istarts(last_label(host), SLICE("0x"));
}

bool
names_cover(struct slice names, struct slice host)
{
	unsigned char bytes[ADDRESS_MAX];
	size_t n = names_address(host, bytes);
	struct name name;

	if (!names_reference(host))
		return false;
	host = without_dot(host);
	while (names_next(&names, &name)) {
		if (n > 0 && name.kind == NAME_ADDRESS &&
		    slice_eq(name.value, slice_of(bytes, n)))
			return true;
		if (n == 0 && name.kind == NAME_DNS && covers(name.value, host))
			return true;
	}
	return false;
}

bool
names_hold(struct slice names, struct slice name)
{
	struct name n;

	while (names_next(&names, &n))
		if ((n.kind == NAME_DNS || n.kind == NAME_MAIL) &&
		    slice_ieq(n.value, name))
			return true;
	return false;
}

static enum name_form
bytes_form(struct slice dns)
{
	for (size_t i = 0; i < dns.len; i++)
		if (dns.ptr[i] >= 0x80)
			return FORM_FOREIGN;
	for (size_t i = 0; i < dns.len; i++)
		if (!byte_alpha(dns.ptr[i]) && !byte_digit(dns.ptr[i]) &&
		    (dns.ptr[i] == '\0' || !strchr("-_.*", dns.ptr[i])))
			return FORM_BYTES;
	return FORM_NAME;
}

/* A dot at the end leaves an empty label too: clients do not strip it here. */
static enum name_form
labels_form(struct slice dns)
{
	struct slice rest = dns;

	if (dns.len > NAME_LENGTH_MAX || dns.ptr[dns.len - 1] == '.')
		return FORM_LABELS;
	while (rest.len > 0) {
		struct slice label = slice_cut(&rest, '.');

		if (label.len == 0 || label.len > LABEL_MAX)
			return FORM_LABELS;
	}
	return FORM_NAME;
}

static enum name_form
star_form(struct slice dns)
{
	size_t star = slice_find(dns, '*');
	struct slice above = parent(dns);

	if (star == dns.len)
		return FORM_NAME;
	if (slice_find(above, '*') < above.len)
		return FORM_INNER;
	if (slice_find(dns, '.') != 1)
		return FORM_PART;
	return slice_find(above, '.') == above.len ? FORM_WIDE : FORM_WILDCARD;
}

enum name_form
names_form(struct slice dns)
{
	unsigned char bytes[ADDRESS_MAX];
	enum name_form form;

	if (dns.len == 0)
		return FORM_EMPTY;
	if (names_address(dns, bytes) > 0)
		return FORM_ADDRESS;
	form = bytes_form(dns);
	if (form == FORM_NAME)
		form = labels_form(dns);
	return form == FORM_NAME ? star_form(dns) : form;
}
