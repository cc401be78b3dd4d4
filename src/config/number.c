/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/number.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

struct unit {
	const char *name;
	uint64_t value;
	uint64_t from; /* used from here on */
};

/* From small to large. */
static const struct unit no_units[] = {{"", 1, 0}, {0}};
static const struct unit sizes[] = {
    {"", 1, 0},
    {"KiB", 1024, 0},
    {"MiB", UINT64_C(1024) * 1024, 0},
    {0},
};
static const struct unit times[] = {
    {"ms", 1, 0},
    {"s", 1000, 0},
    {"m", UINT64_C(60) * 1000, 0},
    {"h", UINT64_C(60) * 60 * 1000, 0},
    {"d", UINT64_C(24) * 60 * 60 * 1000, UINT64_C(48) * 60 * 60 * 1000},
    {0},
};
/* Of rates. */
static const struct unit spans[] = {
    {"s", 1000, 0},
    {"min", UINT64_C(60) * 1000, 0},
    {"h", UINT64_C(60) * 60 * 1000, 0},
    {"d", UINT64_C(24) * 60 * 60 * 1000, 0},
    {0},
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
unit_text(const struct unit *u, uint64_t v, const char *zero, char out[32])
{
	for (const struct unit *next = u; next->name; next++)
		if (v % next->value == 0 && v >= next->from)
			u = next;
	if (v == 0)
		snprintf(out, 32, "%s", zero);
	else
		snprintf(out, 32, "%" PRIu64 "%s", v / u->value, u->name);
}

static void
number_text(enum kind kind, uint64_t v, char out[32])
{
	unit_text(numbers[kind].units, v, numbers[kind].zero, out);
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

/* A number of things, or of bytes with a unit. */
static enum err
read_amount(struct slice text, bool *sized, uint64_t *out)
{
	uint64_t n;
	enum err e = parse_number(text, sizes, &n);

	if (e != ERR_OK || n == 0)
		return ERR_SYNTAX;
	*sized = !byte_digit(text.ptr[text.len - 1]);
	*out = n;
	return ERR_OK;
}

enum err
rate_read(const struct key *k, struct slice text, void *rule)
{
	struct rule_settings *r = rule;
	struct rate *rate = &r->rule.rate;
	struct slice per = text, amount = slice_cut(&per, '/');
	const struct unit *u = spans;

	(void)k;
	if (slice_eq(text, SLICE("none"))) {
		rate->limit = rate->per = 0;
		return ERR_OK;
	}
	while (u->name && !slice_eq(per, slice_str(u->name)))
		u++;
	if (!u->name || read_amount(amount, &r->sized, &rate->limit))
		return ERR_SYNTAX;
	rate->per = u->value;
	return ERR_OK;
}

static void
amount_text(const struct rule *r, uint64_t n, char out[32])
{
	unit_text(r->count == RULE_BYTES ? sizes : no_units, n, "0", out);
}

void
rate_print(const struct key *k, const void *rule, struct writer *w)
{
	const struct rule *r = &((const struct rule_settings *)rule)->rule;
	const struct unit *u = spans;
	char text[32];

	(void)k;
	if (r->rate.limit == 0) {
		put(w, "none");
		return;
	}
	while (u->value != r->rate.per)
		u++;
	amount_text(r, r->rate.limit, text);
	put(w, text);
	put(w, "/");
	put(w, u->name);
}

enum err
burst_read(const struct key *k, struct slice text, void *rule)
{
	struct rule_settings *r = rule;

	(void)k;
	return read_amount(text, &r->burst_sized, &r->rule.rate.burst);
}

void
burst_print(const struct key *k, const void *rule, struct writer *w)
{
	const struct rule *r = &((const struct rule_settings *)rule)->rule;
	char text[32];

	(void)k;
	amount_text(r, r->rate.burst, text);
	put(w, text);
}
