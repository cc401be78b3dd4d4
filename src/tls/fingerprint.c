/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tls/fingerprint.h"

#include "tls/internal.h"
#include "tls/md5.h"

#include <wolfssl/wolfcrypt/sha256.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Six bytes for each number of a list. */
enum { LIST_TEXT = 6 * HELLO_LIST_MAX, PART = 12 };

struct text {
	size_t len;
	char at[4 * LIST_TEXT + 16];
};

static void
add(struct text *t, char c)
{
	t->at[t->len++] = c;
}

static const char hex_digits[] = "0123456789abcdef";

static void
add_hex(struct text *t, unsigned n)
{
	for (unsigned shift = 16; shift > 0; shift -= 4)
		add(t, hex_digits[n >> (shift - 4) & 15]);
}

static void
add_decimal(struct text *t, unsigned n)
{
	char digits[5];
	size_t used = 0;

	do
		digits[used++] = (char)('0' + n % 10);
	while ((n /= 10) > 0);
	while (used > 0)
		add(t, digits[--used]);
}

static void
add_list(struct text *t, const struct hello_list *l, char between,
	 void (*add_one)(struct text *t, unsigned n))
{
	for (size_t i = 0; i < l->count; i++) {
		if (i > 0)
			add(t, between);
		add_one(t, l->at[i]);
	}
}

static void
hex(const unsigned char *bytes, size_t n, char *out)
{
	for (size_t i = 0; i < n; i++) {
		out[2 * i] = hex_digits[bytes[i] >> 4];
		out[2 * i + 1] = hex_digits[bytes[i] & 15];
	}
	out[2 * n] = '\0';
}

static void
take_ja3(const struct hello *h, char out[FINGERPRINT_JA3_SIZE])
{
	const struct hello_list *lists[] = {&h->suites, &h->extensions,
					    &h->groups, &h->points};
	struct text t = {.len = 0};
	unsigned char digest[MD5_SIZE];

	add_decimal(&t, h->version);
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
		add(&t, ',');
		add_list(&t, lists[i], '-', add_decimal);
	}
	md5(slice_of(t.at, t.len), digest);
	hex(digest, sizeof digest, out);
}

/* Insertion: the lists are short. */
static void
sort(struct hello_list *l)
{
	for (size_t i = 1; i < l->count; i++) {
		uint16_t n = l->at[i];
		size_t at = i;

		for (; at > 0 && l->at[at - 1] > n; at--)
			l->at[at] = l->at[at - 1];
		l->at[at] = n;
	}
}

/* The list in order, without the extensions that part a tells of. */
static void
sorted(const struct hello_list *from, bool extensions, struct hello_list *to)
{
	to->count = 0;
	for (size_t i = 0; i < from->count; i++)
		if (!extensions || (from->at[i] != 0 && from->at[i] != 16))
			to->at[to->count++] = from->at[i];
	sort(to);
}

/* Twelve hex digits of the text's SHA-256; zeros stand for no text. */
static void
add_part(const struct text *t, char out[PART + 1])
{
	unsigned char digest[WC_SHA256_DIGEST_SIZE] = {0};

	if (t->len > 0)
		(void)wc_Sha256Hash((const byte *)t->at, (word32)t->len,
				    digest);
	hex(digest, PART / 2, out);
}

static const char *
version_digits(const struct hello *h)
{
	static const struct {
		unsigned version;
		const char *digits;
	} versions[] = {{0x0304, "13"},
			{0x0303, "12"},
			{0x0302, "11"},
			{0x0301, "10"},
			{0x0300, "s3"}};
	unsigned highest = h->versions.count > 0 ? 0 : h->version;

	for (size_t i = 0; i < h->versions.count; i++)
		if (h->versions.at[i] > highest)
			highest = h->versions.at[i];
	for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++)
		if (versions[i].version == highest)
			return versions[i].digits;
	return "00";
}

static bool
alphanumeric(unsigned char c)
{
	return byte_alpha(c) || byte_digit(c);
}

/* First and last character of the first name, else of its bytes in hex. */
static void
protocol_letters(const struct hello *h, char out[3])
{
	unsigned char first = h->alpn_first, last = h->alpn_last;

	(void)memcpy(out, "00", 3);
	if (!h->alpn_offered)
		return;
	if (!alphanumeric(first) || !alphanumeric(last)) {
		first = (unsigned char)hex_digits[first >> 4];
		last = (unsigned char)hex_digits[last & 15];
	}
	out[0] = (char)first;
	out[1] = (char)last;
}

static unsigned
two_digits(const struct hello_list *l)
{
	return l->count < 100 ? l->count : 99;
}

static void
take_ja4(const struct hello *h, char out[FINGERPRINT_JA4_SIZE])
{
	struct hello_list list;
	struct text t = {.len = 0};
	char letters[3], b[PART + 1], c[PART + 1];

	sorted(&h->suites, false, &list);
	add_list(&t, &list, ',', add_hex);
	add_part(&t, b);
	t.len = 0;
	sorted(&h->extensions, true, &list);
	add_list(&t, &list, ',', add_hex);
	if (t.len > 0 && h->signatures.count > 0) {
		add(&t, '_');
		add_list(&t, &h->signatures, ',', add_hex);
	}
	add_part(&t, c);
	protocol_letters(h, letters);
	(void)snprintf(
	    out, FINGERPRINT_JA4_SIZE, "t%s%c%02u%02u%s_%s_%s",
	    version_digits(h), hello_lists(&h->extensions, 0) ? 'd' : 'i',
	    two_digits(&h->suites), two_digits(&h->extensions), letters, b, c);
}

void
fingerprint_take(const struct hello *h, struct fingerprint *out)
{
	*out = (struct fingerprint){{0}, {0}};
	if (h->overlong)
		return;
	take_ja3(h, out->ja3);
	take_ja4(h, out->ja4);
}

/* The lists that count, one behind the other. */
static const size_t lists[] = {
    offsetof(struct hello, versions),   offsetof(struct hello, suites),
    offsetof(struct hello, extensions), offsetof(struct hello, groups),
    offsetof(struct hello, signatures), offsetof(struct hello, points),
};

enum { LISTS = sizeof lists / sizeof lists[0] };

struct imprint {
	uint16_t version, counts[LISTS];
	bool alpn_offered;
	unsigned char alpn_first, alpn_last;
	uint16_t numbers[];
};

struct imprint *
imprint_new(const struct hello *h)
{
	const struct hello_list *from[LISTS];
	struct imprint *p;
	size_t total = 0, at = 0;

	for (size_t i = 0; i < LISTS; i++) {
		from[i] = (const void *)((const char *)h + lists[i]);
		total += from[i]->count;
	}
	if (h->overlong ||
	    !(p = malloc(sizeof *p + total * sizeof p->numbers[0])))
		return NULL;
	p->version = h->version;
	p->alpn_offered = h->alpn_offered;
	p->alpn_first = h->alpn_first;
	p->alpn_last = h->alpn_last;
	for (size_t i = 0; i < LISTS; i++) {
		p->counts[i] = from[i]->count;
		memcpy(p->numbers + at, from[i]->at,
		       from[i]->count * sizeof p->numbers[0]);
		at += from[i]->count;
	}
	return p;
}

void
imprint_read(const struct imprint *p, struct fingerprint *out)
{
	struct hello h = {.version = p->version,
			  .alpn_offered = p->alpn_offered,
			  .alpn_first = p->alpn_first,
			  .alpn_last = p->alpn_last};
	size_t at = 0;

	for (size_t i = 0; i < LISTS; i++) {
		struct hello_list *to = (void *)((char *)&h + lists[i]);

		to->count = p->counts[i];
		memcpy(to->at, p->numbers + at, to->count * sizeof to->at[0]);
		at += to->count;
	}
	fingerprint_take(&h, out);
}
