/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_hello.c - any bytes as the first ones of a client.
 *
 * The verdict never changes once it is given, and the facts do not depend on
 * how the hello is cut into records, nor do the fingerprints.
 */
#include "tls/family.h"
#include "tls/fingerprint.h"
#include "tls/hello.h"

#include <stdlib.h>
#include <string.h>

#define REQUIRE(condition) ((condition) ? (void)0 : abort())

enum { WIRE_MAX = 2 * HELLO_WIRE_MAX };

static void
check_facts(const struct hello *h, size_t size)
{
	size_t n = strlen(h->server_name);

	REQUIRE(n <= HELLO_NAME_MAX);
	for (size_t i = 0; i < n; i++)
		REQUIRE(
		    byte_digit((unsigned char)h->server_name[i]) ||
		    (h->server_name[i] >= 'a' && h->server_name[i] <= 'z') ||
		    strchr(".-_", h->server_name[i]));
	REQUIRE(h->alpn_offered == (h->alpn_count > 0));
	REQUIRE(!h->alpn_imap || h->alpn_offered);
	REQUIRE(h->length <= HELLO_MAX && h->length < size);
	REQUIRE(strlen(h->alpn) <= HELLO_ALPN_MAX);
	REQUIRE(h->tls13 == hello_lists(&h->versions, 0x0304));
}

static void
check_list(const struct hello_list *a, const struct hello_list *b)
{
	REQUIRE(a->count <= HELLO_LIST_MAX && a->count == b->count &&
		memcmp(a->at, b->at, a->count * sizeof a->at[0]) == 0);
	REQUIRE(!hello_lists(a, 0x0a0a) && !hello_lists(a, 0xfafa));
}

/* The same hello, read from other records. */
static void
check_same(const struct hello *a, const struct hello *b)
{
	struct fingerprint one, other;

	REQUIRE(strcmp(a->server_name, b->server_name) == 0 &&
		a->server_name_odd == b->server_name_odd &&
		a->tls13 == b->tls13 && a->alpn_imap == b->alpn_imap &&
		a->alpn_count == b->alpn_count && a->length == b->length &&
		strcmp(a->alpn, b->alpn) == 0);
	check_list(&a->versions, &b->versions);
	check_list(&a->suites, &b->suites);
	check_list(&a->extensions, &b->extensions);
	check_list(&a->groups, &b->groups);
	check_list(&a->shares, &b->shares);
	check_list(&a->signatures, &b->signatures);
	check_list(&a->points, &b->points);
	fingerprint_take(a, &one);
	fingerprint_take(b, &other);
	REQUIRE(strcmp(one.ja3, other.ja3) == 0 &&
		strcmp(one.ja4, other.ja4) == 0);
	REQUIRE(strlen(one.ja3) ==
		(a->overlong ? 0 : FINGERPRINT_JA3_SIZE - 1));
	REQUIRE(strlen(one.ja4) ==
		(a->overlong ? 0 : FINGERPRINT_JA4_SIZE - 1));
	REQUIRE(family_of(a) == family_of(b) && family_of(a) < FAMILIES);
}

/* The message of `in`, in records of `each` bytes. */
static size_t
rewrap(struct slice in, size_t length, size_t each, unsigned char *out)
{
	unsigned char *message = malloc(length);
	size_t have = 0, used = 0;

	REQUIRE(message);
	while (have < length) {
		size_t n = (size_t)(in.ptr[3] << 8 | in.ptr[4]);

		memcpy(message + have, in.ptr + 5, n);
		have += n;
		in = slice_skip(in, 5 + n);
	}
	for (size_t at = 0; at < length; at += each) {
		size_t n = length - at < each ? length - at : each;
		const unsigned char header[] = {
		    22, 3, 3, (unsigned char)(n >> 8), (unsigned char)n};

		memcpy(out + used, header, sizeof header);
		memcpy(out + used + sizeof header, message + at, n);
		used += sizeof header + n;
	}
	free(message);
	return used;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = slice_of(data, size);
	struct hello h, again;
	enum hello_verdict v = hello_read(in, &h), last = HELLO_MORE;
	unsigned char *out;
	size_t step = size / 64 + 1, each = size % 37 + 6, n;

	for (size_t cut = 0; cut < size; cut += step) {
		enum hello_verdict early =
		    hello_read(slice_head(in, cut), &again);

		REQUIRE(last == HELLO_MORE || early == last);
		last = early;
	}
	REQUIRE(last == HELLO_MORE || v == last);
	if (v != HELLO_COMPLETE)
		return 0;
	check_facts(&h, size);
	out = malloc(WIRE_MAX);
	REQUIRE(out);
	n = rewrap(in, h.length, each, out);
	memset(&again, 0xff, sizeof again);
	REQUIRE(hello_read(slice_of(out, n), &again) == HELLO_COMPLETE);
	check_same(&h, &again);
	free(out);
	return 0;
}
