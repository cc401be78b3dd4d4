/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tls/hello_body.h"

#include <string.h>

enum { SESSION_ID_MAX = 32 };

/* Which 16-bit numbers were seen; fits lists of any length. */
struct seen {
	unsigned char bits[65536 / 8];
};

/* False if n was there before. */
static bool
seen_first(struct seen *s, uint32_t n)
{
	unsigned char bit = (unsigned char)(1u << (n & 7));
	bool first = (s->bits[n >> 3] & bit) == 0;

	s->bits[n >> 3] |= bit;
	return first;
}

/* Takes a big-endian number of `width` bytes off the front. */
static bool
take_number(struct slice *from, size_t width, uint32_t *out)
{
	uint32_t n = 0;

	if (from->len < width)
		return false;
	for (size_t i = 0; i < width; i++)
		n = n << 8 | from->ptr[i];
	*from = slice_skip(*from, width);
	*out = n;
	return true;
}

/* Takes a vector whose length is written in `width` bytes. */
static bool
take_vector(struct slice *from, size_t width, struct slice *out)
{
	uint32_t n;

	if (!take_number(from, width, &n) || n > from->len)
		return false;
	*out = slice_head(*from, n);
	*from = slice_skip(*from, n);
	return true;
}

/* The vector that an extension consists of: nothing may stand behind it. */
static bool
only_vector(struct slice data, size_t width, struct slice *out)
{
	return take_vector(&data, width, out) && data.len == 0;
}

bool
hello_lists(const struct hello_list *l, unsigned n)
{
	for (size_t i = 0; i < l->count; i++)
		if (l->at[i] == n)
			return true;
	return false;
}

/* RFC 8701: 0x0a0a, 0x1a1a, ... mean nothing, wherever they stand. */
static void
keep_number(struct hello *h, struct hello_list *list, uint32_t n)
{
	if ((n & 0x0f0f) == 0x0a0a && n >> 8 == (n & 0xff))
		h->grease = true;
	else if (list->count < HELLO_LIST_MAX)
		list->at[list->count++] = (uint16_t)n;
	else
		h->overlong = true;
}

/* The numbers of `width` bytes that a list consists of; at least one. */
static bool
keep_numbers(struct hello *h, struct hello_list *list, struct slice in,
	     size_t width)
{
	uint32_t n;

	if (in.len == 0)
		return false;
	while (in.len > 0) {
		if (!take_number(&in, width, &n))
			return false;
		keep_number(h, list, n);
	}
	return true;
}

static bool
name_byte(unsigned char c)
{
	return byte_alpha(c) || byte_digit(c) || c == '.' || c == '-' ||
	       c == '_';
}

/* NUL is refused: it is there to make two readers see two names. */
static bool
keep_name(struct slice name, struct hello *h)
{
	if (name.len == 0 || name.len > HELLO_NAME_MAX ||
	    slice_find(name, '\0') < name.len)
		return false;
	for (size_t i = 0; i < name.len; i++)
		if (!name_byte(name.ptr[i])) {
			h->server_name_odd = true;
			return true;
		}
	for (size_t i = 0; i < name.len; i++)
		h->server_name[i] = (char)byte_lower(name.ptr[i]);
	return true;
}

/* RFC 6066 section 3: at most one name of each type. */
static bool
read_server_name(struct slice data, struct hello *h)
{
	struct slice list, name;
	bool types[256] = {false};
	uint32_t type;

	if (!only_vector(data, 2, &list) || list.len == 0)
		return false;
	while (list.len > 0) {
		if (!take_number(&list, 1, &type) || types[type] ||
		    !take_vector(&list, 2, &name))
			return false;
		types[type] = true;
		if (type == 0 && !keep_name(name, h))
			return false;
	}
	return true;
}

/* Behind what is there already, as far as there is room. */
static void
keep_protocol(struct hello *h, struct slice name)
{
	size_t n = strlen(h->alpn);

	if (h->alpn_count == 0) {
		h->alpn_first = name.ptr[0];
		h->alpn_last = name.ptr[name.len - 1];
	} else if (n < HELLO_ALPN_MAX) {
		h->alpn[n++] = ',';
	}
	for (size_t i = 0; i < name.len && n < HELLO_ALPN_MAX; i++)
		h->alpn[n++] =
		    (char)(name.ptr[i] > ' ' && name.ptr[i] < 127 ? name.ptr[i]
								  : '?');
	h->alpn_count++;
}

/* RFC 7301 section 3.1. */
static bool
read_alpn(struct slice data, struct hello *h)
{
	struct slice list, name;

	if (!only_vector(data, 2, &list) || list.len == 0)
		return false;
	h->alpn_offered = true;
	while (list.len > 0) {
		if (!take_vector(&list, 1, &name) || name.len == 0)
			return false;
		h->alpn_imap |= slice_eq(name, SLICE("imap"));
		keep_protocol(h, name);
	}
	return true;
}

/* RFC 8446 section 4.2.1. */
static bool
read_versions(struct slice data, struct hello *h)
{
	struct slice list;

	if (!only_vector(data, 1, &list) ||
	    !keep_numbers(h, &h->versions, list, 2))
		return false;
	h->tls13 = hello_lists(&h->versions, 0x0304);
	return true;
}

/* RFC 8446 section 4.2.7. */
static bool
read_groups(struct slice data, struct hello *h)
{
	struct slice list;

	return only_vector(data, 2, &list) &&
	       keep_numbers(h, &h->groups, list, 2);
}

/* RFC 8446 section 4.2.3. */
static bool
read_signatures(struct slice data, struct hello *h)
{
	struct slice list;

	return only_vector(data, 2, &list) &&
	       keep_numbers(h, &h->signatures, list, 2);
}

/* RFC 8422 section 5.1.2. */
static bool
read_points(struct slice data, struct hello *h)
{
	struct slice list;

	return only_vector(data, 1, &list) &&
	       keep_numbers(h, &h->points, list, 1);
}

/* RFC 8446 section 4.2.8; an empty list asks for a HelloRetryRequest. */
static bool
read_key_share(struct slice data, struct hello *h)
{
	struct seen groups = {{0}};
	struct slice list, key;
	uint32_t group;

	if (!only_vector(data, 2, &list))
		return false;
	while (list.len > 0) {
		if (!take_number(&list, 2, &group) ||
		    !take_vector(&list, 2, &key) || key.len == 0 ||
		    !seen_first(&groups, group))
			return false;
		keep_number(h, &h->shares, group);
	}
	return true;
}

/* RFC 8446 section 4.2.9. */
static bool
read_modes(struct slice data, struct hello *h)
{
	enum { PSK_DHE_KE = 1 };
	struct slice list;

	if (!only_vector(data, 1, &list) || list.len == 0)
		return false;
	h->psk_only = slice_find(list, PSK_DHE_KE) == list.len;
	return true;
}

enum { EXTENSION_PRE_SHARED_KEY = 41 };

static const struct {
	uint32_t type;
	bool (*read)(struct slice data, struct hello *h);
} readers[] = {
    {0, read_server_name}, {10, read_groups},    {11, read_points},
    {13, read_signatures}, {16, read_alpn},      {43, read_versions},
    {45, read_modes},      {51, read_key_share},
};

static bool
read_extension(uint32_t type, struct slice data, struct hello *h)
{
	for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++)
		if (readers[i].type == type)
			return readers[i].read(data, h);
	return true;
}

static bool
read_extensions(struct slice list, struct hello *h)
{
	struct seen types = {{0}};
	struct slice data;
	uint32_t type;

	while (list.len > 0) {
		if (!take_number(&list, 2, &type) ||
		    !take_vector(&list, 2, &data) ||
		    !seen_first(&types, type) || !read_extension(type, data, h))
			return false;
		keep_number(h, &h->extensions, type);
		/* RFC 8446 section 4.2.11: it must be the last. */
		if (type == EXTENSION_PRE_SHARED_KEY && list.len > 0)
			return false;
	}
	return true;
}

/* RFC 8446 section 4.1.2; RFC 5246 hellos may end before the extensions. */
bool
hello_body(struct slice body, struct hello *h)
{
	struct slice session, suites, compressions, extensions;
	uint32_t version;

	if (!take_number(&body, 2, &version) || version >> 8 != 3 ||
	    body.len < 32)
		return false;
	body = slice_skip(body, 32);
	if (!take_vector(&body, 1, &session) || session.len > SESSION_ID_MAX ||
	    !take_vector(&body, 2, &suites) ||
	    !keep_numbers(h, &h->suites, suites, 2) ||
	    !take_vector(&body, 1, &compressions) || compressions.len == 0)
		return false;
	h->version = (uint16_t)version;
	h->session = (unsigned)session.len;
	if (body.len == 0)
		return true;
	return only_vector(body, 2, &extensions) &&
	       read_extensions(extensions, h);
}
