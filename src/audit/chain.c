/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "audit/chain.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* What a key is used for, as the first part of what is hashed. */
#define FOR_NEXT    SLICE("next")
#define FOR_RECORDS SLICE("records")
#define FOR_RECORD  SLICE("record:")
#define FOR_ANCHOR  SLICE("anchor:")

static const char sequence_name[] = ",\"event.sequence\":";
static const char hash_name[] = ",\"event.hash\":\"";

enum {
	SEQUENCE_NAME = sizeof sequence_name - 1,
	HASH_NAME = sizeof hash_name - 1,
	TAG_DIGITS = 2 * CHAIN_TAG,
	TAIL = 2 /* quote and brace */
};

_Static_assert(SEQUENCE_NAME + 20 + HASH_NAME + TAG_DIGITS + TAIL + 1 <=
		   CHAIN_SEAL_MAX,
	       "the seal of any number fits");

static void
derive(const unsigned char from[CHAIN_KEY], struct slice purpose,
       unsigned char to[CHAIN_KEY])
{
	digest_mac(from, &purpose, 1, to);
}

void
chain_next_seed(unsigned char seed[CHAIN_KEY])
{
	derive(seed, FOR_NEXT, seed);
}

void
chain_first_key(const unsigned char seed[CHAIN_KEY],
		unsigned char key[CHAIN_KEY])
{
	derive(seed, FOR_RECORDS, key);
}

void
chain_next_key(unsigned char key[CHAIN_KEY])
{
	derive(key, FOR_NEXT, key);
}

void
chain_begin(struct chain *c, const unsigned char id[CHAIN_ID],
	    const unsigned char secret[CHAIN_KEY])
{
	memcpy(c->id, id, sizeof c->id);
	c->sequence = 0;
	chain_first_key(secret, c->key);
	memcpy(c->seed, secret, sizeof c->seed);
	chain_next_seed(c->seed);
}

void
chain_step(struct chain *c)
{
	c->sequence++;
	if (c->sequence % CHAIN_EPOCH != 0) {
		chain_next_key(c->key);
		return;
	}
	chain_first_key(c->seed, c->key);
	chain_next_seed(c->seed);
}

static void
make_tag(const unsigned char key[CHAIN_KEY], struct slice purpose,
	 struct slice body, unsigned char tag[CHAIN_TAG])
{
	const struct slice parts[] = {purpose, body};
	unsigned char mac[DIGEST];

	digest_mac(key, parts, 2, mac);
	memcpy(tag, mac, CHAIN_TAG);
}

static size_t
put_hex(const unsigned char *bytes, size_t n, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		out[2 * i] = digits[bytes[i] >> 4];
		out[2 * i + 1] = digits[bytes[i] & 15];
	}
	return 2 * n;
}

static struct slice
without_newline(struct slice line)
{
	if (line.len > 0 && line.ptr[line.len - 1] == '\n')
		line.len--;
	return line;
}

static size_t
seal(const unsigned char key[CHAIN_KEY], struct slice purpose,
     uint64_t sequence, struct slice line, char *out)
{
	struct slice s = without_newline(line);
	unsigned char tag[CHAIN_TAG];
	size_t n;

	if (s.len < 3 || s.ptr[0] != '{' || s.ptr[s.len - 1] != '}')
		return 0;
	n = s.len - 1;
	memcpy(out, s.ptr, n);
	n += (size_t)snprintf(out + n, CHAIN_SEAL_MAX, "%s%" PRIu64,
			      sequence_name, sequence);
	make_tag(key, purpose, slice_of(out, n), tag);
	memcpy(out + n, hash_name, HASH_NAME);
	n += HASH_NAME;
	n += put_hex(tag, sizeof tag, out + n);
	memcpy(out + n, "\"}\n", TAIL + 1);
	return n + TAIL + 1;
}

size_t
chain_seal(struct chain *c, struct slice line, char *out)
{
	size_t n = seal(c->key, FOR_RECORD, c->sequence + 1, line, out);

	if (n > 0)
		chain_step(c);
	return n;
}

size_t
chain_anchor(const struct chain *c, struct slice line, char *out)
{
	return seal(c->key, FOR_ANCHOR, c->sequence, line, out);
}

static int
hex_value(unsigned char c)
{
	if (byte_digit(c))
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Lower case only: a letter changed to its capital is a change. */
static bool
read_hex(struct slice s, unsigned char *out)
{
	for (size_t i = 0; i < s.len; i += 2) {
		int high = hex_value(s.ptr[i]), low = hex_value(s.ptr[i + 1]);

		if (high < 0 || low < 0)
			return false;
		out[i / 2] = (unsigned char)(high << 4 | low);
	}
	return true;
}

/* The digits at its end, with the name before them. */
static bool
read_sequence(struct slice body, uint64_t *out)
{
	size_t digits = 0, n;

	while (digits < body.len && digits < 20 &&
	       byte_digit(body.ptr[body.len - 1 - digits]))
		digits++;
	n = body.len - digits;
	return digits > 0 && n >= SEQUENCE_NAME &&
	       memcmp(body.ptr + n - SEQUENCE_NAME, sequence_name,
		      SEQUENCE_NAME) == 0 &&
	       body.ptr[n] != '0' &&
	       slice_number(slice_skip(body, n), UINT64_MAX, out);
}

bool
seal_read(struct slice line, struct seal *out)
{
	struct slice s = without_newline(line), end;
	size_t room = HASH_NAME + TAG_DIGITS + TAIL;

	if (s.len <= room || s.ptr[0] != '{')
		return false;
	out->body = slice_head(s, s.len - room);
	end = slice_skip(s, s.len - room);
	if (memcmp(end.ptr, hash_name, HASH_NAME) != 0 ||
	    memcmp(end.ptr + HASH_NAME + TAG_DIGITS, "\"}", TAIL) != 0)
		return false;
	return read_hex(slice_head(slice_skip(end, HASH_NAME), TAG_DIGITS),
			out->tag) &&
	       read_sequence(out->body, &out->sequence);
}

/* The log is public: how long a comparison takes tells nothing. */
static bool
fits(const struct seal *s, const unsigned char key[CHAIN_KEY],
     struct slice purpose)
{
	unsigned char tag[CHAIN_TAG];

	make_tag(key, purpose, s->body, tag);
	return memcmp(tag, s->tag, sizeof tag) == 0;
}

bool
seal_fits(const struct seal *s, const unsigned char key[CHAIN_KEY])
{
	return fits(s, key, FOR_RECORD);
}

bool
seal_fits_anchor(const struct seal *s, const unsigned char key[CHAIN_KEY])
{
	return fits(s, key, FOR_ANCHOR);
}
