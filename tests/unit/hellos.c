/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hellos.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CAP = 64 * 1024 };

struct slice
hellos_recorded(const char *name)
{
	static unsigned char bytes[CAP];
	char path[256];
	FILE *file;
	size_t n;

	(void)snprintf(path, sizeof path, "tests/fuzz/corpus/hello/%s", name);
	file = fopen(path, "rb");
	assert(file);
	n = fread(bytes, 1, sizeof bytes, file);
	(void)fclose(file);
	return slice_of(bytes, n);
}

struct bytes {
	size_t len;
	unsigned char at[8192];
};

static void
put(struct bytes *b, size_t n, size_t width)
{
	while (width-- > 0)
		b->at[b->len++] = (unsigned char)(n >> 8 * width);
}

static void
put_bytes(struct bytes *b, const void *from, size_t n)
{
	memcpy(b->at + b->len, from, n);
	b->len += n;
}

static void
put_counted(struct bytes *b, const struct bytes *of, size_t width)
{
	put(b, of->len, width);
	put_bytes(b, of->at, of->len);
}

static struct bytes
numbers(const char *list, int base, size_t width)
{
	struct bytes b = {.len = 0};
	char *end;

	for (const char *at = list ? list : ""; *at; at = end) {
		put(&b, strtoul(at, &end, base), width);
		while (*end == ' ')
			end++;
	}
	return b;
}

/* An extension's content: a list behind its length, if there is one. */
static struct bytes
content(const struct hello_spec *s, unsigned type)
{
	struct bytes b = {.len = 0}, list = {.len = 0}, name = {.len = 0};

	switch (type) {
	case 0:
		put_bytes(&b, "\0\0\1x", 4);
		put_counted(&list, &b, 2);
		return list;
	case 10:
		name = numbers(s->groups, 16, 2);
		put_counted(&b, &name, 2);
		return b;
	case 11:
		name = numbers(s->points, 10, 1);
		put_counted(&b, &name, 1);
		return b;
	case 13:
		name = numbers(s->signatures, 16, 2);
		put_counted(&b, &name, 2);
		return b;
	case 16:
		put_bytes(&name, s->alpn, strlen(s->alpn));
		put_counted(&list, &name, 1);
		put_counted(&b, &list, 2);
		return b;
	case 43:
		name = numbers(s->versions, 16, 2);
		put_counted(&b, &name, 1);
		return b;
	case 45:
		put_bytes(&b, "\1\1", 2);
		return b;
	case 51:
		put(&b, 0, 2);
		return b;
	default:
		return b;
	}
}

void
hellos_make(const struct hello_spec *s, struct hello *out)
{
	static const unsigned char random[32];
	struct bytes types = numbers(s->extensions, 10, 2);
	struct bytes suites = numbers(s->suites, 16, 2);
	struct bytes all = {.len = 0}, body = {.len = 0}, wire = {.len = 0};

	for (size_t i = 0; i < types.len; i += 2) {
		unsigned type =
		    (unsigned)types.at[i] << 8 | (unsigned)types.at[i + 1];
		struct bytes one = content(s, type);

		put(&all, type, 2);
		put_counted(&all, &one, 2);
	}
	put(&body, s->version ? s->version : 0x0303, 2);
	put_bytes(&body, random, sizeof random);
	put(&body, 0, 1);
	put_counted(&body, &suites, 2);
	put_bytes(&body, "\1\0", 2);
	if (all.len > 0)
		put_counted(&body, &all, 2);
	put_bytes(&wire, "\x16\3\1", 3);
	put(&wire, body.len + 4, 2);
	put(&wire, 1, 1);
	put_counted(&wire, &body, 3);
	if (hello_read(slice_of(wire.at, wire.len), out) != HELLO_COMPLETE)
		abort();
}
