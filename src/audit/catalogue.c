/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "audit/catalogue.h"

const struct event_row event_rows[EVENT_IDS] = {
#define X(id, action, category, kind, type, meaning)                           \
	[EV_##id] = {action, category, kind, type, meaning},
    EVENT_LIST(X)
#undef X
};

_Static_assert(EVENT_IDS <= 32, "a set of events has 32 bits");

/* The words of the columns `must` and `may`. */
#define ON(id) (UINT32_C(1) << EV_##id)
#define SESSION                                                                \
	(ON(CONNECTION) | ON(TLS) | ON(LOGIN) | ON(VIOLATION) | ON(POLICY))
#define EVERY UINT32_MAX
#define NO    0

const struct field_row field_rows[FIELD_IDS] = {
#define X(id, name, type, must, may, meaning)                                  \
	[FIELD_##id] = {name, FIELD_##type, (must), (may), meaning},
    FIELD_LIST(X)
#undef X
};

enum event_id
event_find(struct slice action)
{
	int e = 0;

	while (e < EVENT_IDS &&
	       !slice_eq(action, slice_str(event_rows[e].action)))
		e++;
	return (enum event_id)e;
}

enum field_id
field_find(struct slice name)
{
	int f = 0;

	while (f < FIELD_IDS && !slice_eq(name, slice_str(field_rows[f].name)))
		f++;
	return (enum field_id)f;
}

bool
field_must(enum field_id f, enum event_id e)
{
	return field_rows[f].must >> e & 1;
}

bool
field_may(enum field_id f, enum event_id e)
{
	return !field_must(f, e) && field_rows[f].may >> e & 1;
}
