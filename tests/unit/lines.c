/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "unit/lines.h"

#include "audit/catalogue.h"
#include "audit/members.h"

#include <stdarg.h>
#include <stdio.h>

static bool no(char why[LINES_WHY], const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static bool
no(char why[LINES_WHY], const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(why, LINES_WHY, format, args);
	va_end(args);
	return false;
}

/* By its first byte: what is behind it was written by json.c. */
static bool
is_type(enum field_type type, const struct member *m)
{
	switch (type) {
	case FIELD_S:
		return m->first == '"';
	case FIELD_N:
		return byte_digit(m->first);
	case FIELD_B:
		return slice_eq(m->value, SLICE("true")) ||
		       slice_eq(m->value, SLICE("false"));
	case FIELD_L:
	default:
		return m->first == '[';
	}
}

bool
line_fits(struct slice line, char why[LINES_WHY])
{
	enum event_id e = event_find(member(line, "event.action"));
	struct slice rest = slice_skip(line, 1);
	bool given[FIELD_IDS] = {false};
	struct member m;

	if (line.len < 3 || line.ptr[0] != '{' ||
	    !slice_eq(slice_skip(line, line.len - 2), SLICE("}\n")))
		return no(why, "it is no object on one line");
	if (e == EVENT_IDS)
		return no(why, "there is no such event");
	while (member_next(&rest, &m)) {
		enum field_id f = field_find(m.name);

		if (f == FIELD_IDS || given[f])
			return no(why, "%.*s: unknown, or twice",
				  (int)m.name.len, (const char *)m.name.ptr);
		given[f] = true;
		if (!field_must(f, e) && !field_may(f, e))
			return no(why, "%s has no %s", event_rows[e].action,
				  field_rows[f].name);
		if (!is_type(field_rows[f].type, &m))
			return no(why, "%s has another type",
				  field_rows[f].name);
	}
	if (rest.len > 1)
		return no(why, "something stands behind the last field");
	for (int f = 0; f < FIELD_IDS; f++)
		if (field_must((enum field_id)f, e) && !given[f])
			return no(why, "%s lacks %s", event_rows[e].action,
				  field_rows[f].name);
	return true;
}
