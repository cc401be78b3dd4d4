/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hello.c - a ClientHello out of its records; hello_body.c reads it.
 */
#include "tls/hello.h"

#include "tls/hello_body.h"

#include <assert.h>
#include <string.h>

enum {
	RECORD_HANDSHAKE = 22,
	RECORD_HEADER = 5,
	RECORD_MAX = 16384,
	MESSAGE_CLIENT_HELLO = 1,
	MESSAGE_HEADER = 4
};

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
	if (!hello_body(slice_skip(slice_of(m.bytes, m.length), MESSAGE_HEADER),
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
