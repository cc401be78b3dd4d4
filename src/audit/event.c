/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * event.c - one event, one line of JSON.
 *
 * A field is first written whole into memory of its own and then appended, or
 * left out: whatever the values, the line stays valid JSON.
 */
#include "audit/event.h"

#include "audit/json.h"
#include "base/hash.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define ECS_VERSION "8.17.0"
#define NAME(id)    field_rows[FIELD_##id].name

enum {
	NAME_MAX_BYTES = 64, /* of a field, see the assertion in append */
	TAIL = 2             /* "}\n" */
};

_Static_assert(FIELD_IDS <= 128, "event.given has a bit for each field");

/* value: JSON already. Always leaves room for the tail. */
static void
append(struct event *e, const char *name, struct slice value)
{
	struct slice key = slice_str(name);
	size_t need = key.len + value.len + 4;
	char *p = e->text + e->len;

	assert(key.len <= NAME_MAX_BYTES);
	if (need > sizeof e->text - EVENT_SEAL - TAIL - e->len) {
		e->cut = true;
		return;
	}
	if (e->len > 1)
		*p++ = ',';
	*p++ = '"';
	memcpy(p, key.ptr, key.len);
	p += key.len;
	*p++ = '"';
	*p++ = ':';
	memcpy(p, value.ptr, value.len);
	e->len = (size_t)(p - e->text) + value.len;
}

static void
append_string(struct event *e, const char *name, struct slice value)
{
	char text[JSON_STRING_MAX];

	append(e, name, slice_of(text, json_string(value, text, &e->cut)));
}

/* ECS wants a list here, also of one. */
static void
append_only(struct event *e, const char *name, const char *word)
{
	char text[64];
	int n = snprintf(text, sizeof text, "[\"%s\"]", word);

	append(e, name, slice_of(text, (size_t)n));
}

static void
append_number(struct event *e, const char *name, uint64_t value)
{
	char text[24];
	int n = snprintf(text, sizeof text, "%" PRIu64, value);

	append(e, name, slice_of(text, (size_t)n));
}

/*
 * ISO 8601 in UTC. Days to date after H. Hinnant, "chrono-compatible low-level
 * date algorithms"; gmtime_r would take a lock in every worker.
 */
static void
append_time(struct event *e, uint64_t wall_ms)
{
	uint64_t seconds = wall_ms / 1000, z = seconds / 86400 + 719468;
	uint64_t era = z / 146097, day_of_era = z % 146097;
	uint64_t year_of_era = (day_of_era - day_of_era / 1460 +
				day_of_era / 36524 - day_of_era / 146096) /
			       365;
	uint64_t day_of_year =
	    day_of_era -
	    (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	uint64_t m = (5 * day_of_year + 2) / 153; /* 0 is March */
	uint64_t day = day_of_year - (153 * m + 2) / 5 + 1;
	uint64_t month = m < 10 ? m + 3 : m - 9;
	uint64_t year = year_of_era + era * 400 + (month <= 2);
	char text[64];
	int n = snprintf(text, sizeof text,
			 "%04" PRIu64 "-%02" PRIu64 "-%02" PRIu64 "T%02" PRIu64
			 ":%02" PRIu64 ":%02" PRIu64 ".%03" PRIu64 "Z",
			 year, month, day, seconds / 3600 % 24,
			 seconds / 60 % 60, seconds % 60, wall_ms % 1000);

	append_string(e, NAME(TIME), slice_of(text, (size_t)n));
}

/*
 * The /24 or the /48 of an address in the form of RFC 5952. A "::" among the
 * first three groups stands for the rest of them, too.
 */
static size_t
prefix_text(const char *address, char out[46])
{
	struct slice s = slice_head(slice_str(address), 40);
	bool v6 = slice_find(s, ':') < s.len;
	struct slice tail = v6 ? SLICE("::") : SLICE(".0");
	size_t n = 0, parts = 0;

	for (; n < s.len; n++) {
		if (s.ptr[n] != (v6 ? ':' : '.'))
			continue;
		if (++parts == 3 || (n > 0 && s.ptr[n - 1] == ':'))
			break;
	}
	while (v6 && n > 0 &&
	       (s.ptr[n - 1] == ':' ||
		(n > 1 && s.ptr[n - 1] == '0' && s.ptr[n - 2] == ':')))
		n--;
	memcpy(out, s.ptr, n);
	memcpy(out + n, tail.ptr, tail.len);
	return n + tail.len;
}

static void
append_context(struct event *e, const struct event_context *ctx)
{
	char prefix[46];

	if (ctx->session[0])
		append_string(e, NAME(SESSION), slice_str(ctx->session));
	if (ctx->listener)
		append_string(e, NAME(LISTENER), slice_str(ctx->listener));
	if (ctx->address[0] && e->privacy && e->privacy->prefix_address)
		append_string(
		    e, NAME(ADDRESS),
		    slice_of(prefix, prefix_text(ctx->address, prefix)));
	else if (ctx->address[0])
		append_string(e, NAME(ADDRESS), slice_str(ctx->address));
	if (ctx->port > 0)
		append_number(e, NAME(PORT), ctx->port);
}

void
event_begin(struct event *e, enum event_id id, const struct event_context *ctx,
	    const struct event_privacy *privacy, uint64_t wall_ms)
{
	const struct event_row *row = &event_rows[id];

	e->len = 1;
	e->privacy = privacy;
	e->given[0] = e->given[1] = 0;
	e->cut = false;
	e->text[0] = '{';
	append_time(e, wall_ms);
	append_string(e, NAME(ECS), SLICE(ECS_VERSION));
	append_string(e, NAME(KIND), slice_str(row->kind));
	append_only(e, NAME(CATEGORY), row->category);
	append_only(e, NAME(TYPE), row->type);
	append_string(e, NAME(ACTION), slice_str(row->action));
	if (ctx)
		append_context(e, ctx);
}

/* False: the field has a value already, which stays. */
static bool
take(struct event *e, enum field_id f, enum field_type type)
{
	uint64_t bit = UINT64_C(1) << f % 64;

	assert((unsigned)f < FIELD_IDS && field_rows[f].type == type);
	if (e->given[f / 64] & bit)
		return false;
	e->given[f / 64] |= bit;
	return true;
}

/* The same mailbox gives the same hash, however its name is written. */
static void
append_hash(struct event *e, const char *name, struct slice value)
{
	unsigned char folded[JSON_VALUE_MAX];
	struct slice head = slice_head(value, sizeof folded);
	char text[17];

	if (head.len < value.len)
		e->cut = true;
	for (size_t i = 0; i < head.len; i++)
		folded[i] = byte_lower(head.ptr[i]);
	snprintf(text, sizeof text, "%016" PRIx64,
		 hash_keyed(e->privacy->key, slice_of(folded, head.len)));
	append_string(e, name, slice_of(text, 16));
}

void
event_slice(struct event *e, enum field_id f, struct slice value)
{
	bool hash = e->privacy && e->privacy->hash_user;

	if (!take(e, f, FIELD_S))
		return;
	if (hash && f == FIELD_USER)
		append_hash(e, NAME(USER_HASH), value);
	else if (hash && f == FIELD_AUTHZID)
		append_hash(e, NAME(AUTHZID_HASH), value);
	else
		append_string(e, field_rows[f].name, value);
}

void
event_text(struct event *e, enum field_id f, const char *value)
{
	if (value)
		event_slice(e, f, slice_str(value));
}

void
event_number(struct event *e, enum field_id f, uint64_t value)
{
	if (take(e, f, FIELD_N))
		append_number(e, field_rows[f].name, value);
}

void
event_bool(struct event *e, enum field_id f, bool value)
{
	if (take(e, f, FIELD_B))
		append(e, field_rows[f].name,
		       value ? SLICE("true") : SLICE("false"));
}

/* What does not fit any more is cut off the list. */
void
event_list(struct event *e, enum field_id f, const char *const *values,
	   size_t n)
{
	char text[2 * JSON_STRING_MAX];
	size_t used = 0;

	assert(n <= EVENT_LIST_MAX);
	if (n == 0 || !take(e, f, FIELD_L))
		return;
	text[used++] = '[';
	for (size_t i = 0; i < n; i++) {
		if (sizeof text - used < JSON_STRING_MAX + 2) {
			e->cut = true;
			break;
		}
		if (i > 0)
			text[used++] = ',';
		used += json_string(slice_str(values[i]), text + used, &e->cut);
	}
	text[used++] = ']';
	append(e, field_rows[f].name, slice_of(text, used));
}

struct slice
event_end(struct event *e)
{
	memcpy(e->text + e->len, "}\n", TAIL);
	e->len += TAIL;
	return slice_of(e->text, e->len);
}
