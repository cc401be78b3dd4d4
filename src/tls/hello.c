/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tls/hello.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

enum {
	RECORD_HANDSHAKE = 22,
	RECORD_HEADER = 5,
	RECORD_MAX = 16384,
	MESSAGE_CLIENT_HELLO = 1,
	MESSAGE_HEADER = 4,
	SESSION_ID_MAX = 32
};

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
		if (!name_byte(name.ptr[i]))
			return true;
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
		h->alpn_count++;
	}
	return true;
}

/* RFC 8446 section 4.2.1. */
static bool
read_versions(struct slice data, struct hello *h)
{
	struct slice list;
	uint32_t version;

	if (!only_vector(data, 1, &list) || list.len == 0)
		return false;
	while (list.len > 0) {
		if (!take_number(&list, 2, &version))
			return false;
		h->tls13 |= version == 0x0304;
	}
	return true;
}

/* RFC 8446 section 4.2.8; an empty list asks for a HelloRetryRequest. */
static bool
read_key_share(struct slice data, struct hello *h)
{
	struct seen groups = {{0}};
	struct slice list, key;
	uint32_t group;

	(void)h;
	if (!only_vector(data, 2, &list))
		return false;
	while (list.len > 0)
		if (!take_number(&list, 2, &group) ||
		    !take_vector(&list, 2, &key) || key.len == 0 ||
		    !seen_first(&groups, group))
			return false;
	return true;
}

enum { EXTENSION_PRE_SHARED_KEY = 41 };

static const struct {
	uint32_t type;
	bool (*read)(struct slice data, struct hello *h);
} readers[] = {
    {0, read_server_name},
    {16, read_alpn},
    {43, read_versions},
    {51, read_key_share},
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
		/* RFC 8446 section 4.2.11: it must be the last. */
		if (type == EXTENSION_PRE_SHARED_KEY && list.len > 0)
			return false;
	}
	return true;
}

/* RFC 8446 section 4.1.2; RFC 5246 hellos may end before the extensions. */
static bool
read_body(struct slice body, struct hello *h)
{
	struct slice session, suites, compressions, extensions;
	uint32_t version;

	if (!take_number(&body, 2, &version) || version >> 8 != 3 ||
	    body.len < 32)
		return false;
	body = slice_skip(body, 32);
	if (!take_vector(&body, 1, &session) || session.len > SESSION_ID_MAX ||
	    !take_vector(&body, 2, &suites) || suites.len == 0 ||
	    suites.len % 2 != 0 || !take_vector(&body, 1, &compressions) ||
	    compressions.len == 0)
		return false;
	if (body.len == 0)
		return true;
	return only_vector(body, 2, &extensions) &&
	       read_extensions(extensions, h);
}

/* A handshake message on its way out of its records. */
struct message {
	size_t length; /* 0: not known yet */
	size_t have;
	unsigned char bytes[HELLO_MAX];
};

/* Takes in the next bytes; `total` is the length of the record they are of. */
static bool
gather(struct message *m, struct slice part, size_t total)
{
	if (total > HELLO_MAX - m->have)
		return false;
	memcpy(m->bytes + m->have, part.ptr, part.len);
	if (m->have + part.len > 0 && m->bytes[0] != MESSAGE_CLIENT_HELLO)
		return false;
	if (m->have + part.len >= MESSAGE_HEADER)
		m->length = MESSAGE_HEADER + ((size_t)m->bytes[1] << 16 |
					      (size_t)m->bytes[2] << 8 |
					      (size_t)m->bytes[3]);
	if (m->length > HELLO_MAX ||
	    (m->length > 0 && m->have + total > m->length))
		return false;
	m->have += part.len;
	return true;
}

/* Collects the message; it is complete with HELLO_COMPLETE. */
static enum hello_verdict
unwrap(struct slice in, struct message *m)
{
	if (in.len > 0 && in.ptr[0] != RECORD_HANDSHAKE)
		return HELLO_NOT_TLS;
	for (size_t taken = 0; in.len > 0;) {
		struct slice part;
		size_t length;

		if (in.ptr[0] != RECORD_HANDSHAKE ||
		    (in.len > 1 && in.ptr[1] != 3))
			return HELLO_BAD;
		if (in.len < RECORD_HEADER)
			return HELLO_MORE;
		length = (size_t)(in.ptr[3] << 8 | in.ptr[4]);
		taken += RECORD_HEADER + length;
		if (length == 0 || length > RECORD_MAX ||
		    taken > HELLO_WIRE_MAX)
			return HELLO_BAD;
		in = slice_skip(in, RECORD_HEADER);
		part = slice_head(in, length);
		if (!gather(m, part, length))
			return HELLO_BAD;
		if (part.len < length)
			return HELLO_MORE;
		if (m->have == m->length)
			return HELLO_COMPLETE;
		in = slice_skip(in, length);
	}
	return HELLO_MORE;
}

enum hello_verdict
hello_read(struct slice in, struct hello *out)
{
	struct message m;
	struct hello h = {.server_name = ""};
	enum hello_verdict verdict;

	m.length = m.have = 0;
	verdict = unwrap(in, &m);
	if (verdict != HELLO_COMPLETE)
		return verdict;
	if (!read_body(slice_skip(slice_of(m.bytes, m.length), MESSAGE_HEADER),
		       &h))
		return HELLO_BAD;
	h.length = m.length;
	*out = h;
	return HELLO_COMPLETE;
}

size_t
hello_join(unsigned char *in, size_t length)
{
	unsigned char message[HELLO_MAX];
	size_t wire = 0, have = 0, front;

	while (have < length) {
		size_t n = (size_t)(in[wire + 3] << 8 | in[wire + 4]);

		assert(n > 0 && n <= length - have && length <= HELLO_MAX);
		memcpy(message + have, in + wire + RECORD_HEADER, n);
		have += n;
		wire += RECORD_HEADER + n;
	}
	front = wire - RECORD_HEADER - length;
	if (front == 0)
		return 0;
	memmove(in + front, in, RECORD_HEADER);
	in[front + 3] = (unsigned char)(length >> 8);
	in[front + 4] = (unsigned char)length;
	memcpy(in + front + RECORD_HEADER, message, length);
	return front;
}
