/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_config.c - any bytes as a configuration.
 *
 * Either there is a fault with a printable sentence, within the file, or there
 * are settings that print as YAML which loads to the same settings.
 */
#include "audit/json.h"
#include "config/settings.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct text {
	size_t len, cap;
	char *bytes;
};

static void
collect(void *arg, struct slice piece)
{
	struct text *t = arg;

	if (piece.len > t->cap - t->len) {
		t->cap = 2 * t->cap + piece.len + 4096;
		t->bytes = realloc(t->bytes, t->cap);
		assert(t->bytes);
	}
	if (piece.len > 0)
		memcpy(t->bytes + t->len, piece.ptr, piece.len);
	t->len += piece.len;
}

static void
check_fault(const struct settings_fault *f, struct slice yaml)
{
	struct slice text = slice_str(f->text);
	unsigned lines = 2;

	for (size_t i = 0; i < yaml.len; i++)
		lines += yaml.ptr[i] == '\n' || yaml.ptr[i] == '\r' ||
			 yaml.ptr[i] >= 0x80; /* YAML knows other breaks */
	assert(text.len > 0 && f->line <= lines);
	assert((f->line == 0) == (f->column == 0));
	for (; text.len > 0; text = slice_skip(text, 1))
		assert(*text.ptr >= 0x20 && *text.ptr != 0x7f);
}

static void
check_round_trip(const struct settings *s)
{
	struct text first = {0}, second = {0};
	struct settings *again = NULL;
	struct settings_fault f;
	enum err e;

	settings_print(s, collect, &first);
	e = settings_load(slice_of(first.bytes, first.len), &again, &f);
	assert(e == ERR_OK);
	settings_print(again, collect, &second);
	assert(slice_eq(slice_of(first.bytes, first.len),
			slice_of(second.bytes, second.len)));
	settings_free(again);
	free(first.bytes);
	free(second.bytes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct settings *s = NULL;
	struct settings_fault f = {0};

	if (settings_load(slice_of(data, size), &s, &f) == ERR_OK)
		check_round_trip(s);
	else
		check_fault(&f, slice_of(data, size));
	settings_free(s);
	return 0;
}
