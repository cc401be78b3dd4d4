/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/number.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

struct unit {
	const char *name;
	uint64_t value;
};

/* From small to large. */
static const struct unit no_units[] = {{"", 1}, {NULL, 0}};
static const struct unit sizes[] = {
    {"", 1},
    {"KiB", 1024},
    {"MiB", UINT64_C(1024) * 1024},
    {NULL, 0},
};
static const struct unit times[] = {
    {"ms", 1},
    {"s", 1000},
    {"m", UINT64_C(60) * 1000},
    {"h", UINT64_C(60) * 60 * 1000},
    {NULL, 0},
};

static const struct {
	const char *noun; /* for a text with bounds */
	const struct unit *units;
	const char *zero;
} numbers[KINDS] = {
    [KIND_COUNT] = {"a number", no_units, "0"},
    [KIND_SIZE] = {"a size", sizes, "0"},
    [KIND_TIME] = {"a time", times, "0s"},
    [KIND_PORT] = {"a port number", no_units, "0"},
};

bool
key_is_number(const struct key *k)
{
	return numbers[k->kind].noun != NULL;
}

/* With the largest unit that leaves no rest. */
static void
number_text(enum kind kind, uint64_t v, char out[32])
{
	const struct unit *u = numbers[kind].units;

	for (const struct unit *next = u; next->name; next++)
		if (v % next->value == 0)
			u = next;
	if (v == 0)
		snprintf(out, 32, "%s", numbers[kind].zero);
	else
		snprintf(out, 32, "%" PRIu64 "%s", v / u->value, u->name);
}

static enum err
parse_number(struct slice text, const struct unit *units, uint64_t *out)
{
	size_t digits = 0;
	struct slice suffix;
	uint64_t n;

	while (digits < text.len && byte_digit(text.ptr[digits]))
		digits++;
	suffix = slice_skip(text, digits);
	for (; units->name; units++) {
		if (!slice_eq(suffix, slice_str(units->name)))
			continue;
		if (!slice_number(slice_head(text, digits),
				  UINT64_MAX / units->value, &n))
			return ERR_SYNTAX;
		*out = n * units->value;
		return ERR_OK;
	}
	return ERR_SYNTAX;
}

enum err
number_read(const struct key *k, struct slice text, void *field)
{
	uint64_t v;
	enum err e = parse_number(text, numbers[k->kind].units, &v);

	assert(k->size == (k->kind == KIND_PORT ? sizeof(uint16_t) : sizeof v));
	if (e != ERR_OK)
		return e;
	if (v < k->least || v > k->most)
		return ERR_RANGE;
	if (k->kind == KIND_PORT)
		*(uint16_t *)field = (uint16_t)v;
	else
		*(uint64_t *)field = v;
	return ERR_OK;
}

void
number_print(const struct key *k, const void *field, struct writer *w)
{
	char text[32];
	uint64_t v = k->kind == KIND_PORT ? *(const uint16_t *)field
					  : *(const uint64_t *)field;

	number_text(k->kind, v, text);
	put(w, text);
}

void
number_expects(const struct key *k, char out[EXPECTS_MAX])
{
	char least[32], most[32];

	number_text(k->kind, k->least, least);
	number_text(k->kind, k->most, most);
	snprintf(out, EXPECTS_MAX, "%s from %s to %s", numbers[k->kind].noun,
		 least, most);
}
