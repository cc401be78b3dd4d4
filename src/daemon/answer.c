/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/answer.h"

#include "audit/json.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

_Static_assert(4 * JSON_STRING_MAX < (int)ANSWER_ITEM,
	       "a few strings fit, whatever is in them");

static const struct command commands[] = {
    {{"cert", "list"}, RIGHT_READ, answer_certificates},
    {{"reload"}, RIGHT_CONTROL, NULL},
};

static bool
matches(const struct command *c, const struct request *r)
{
	size_t i = 0;

	for (; c->words[i]; i++)
		if (i == r->count ||
		    !slice_eq(r->words[i], slice_str(c->words[i])))
			return false;
	return i == r->count; /* none takes arguments yet */
}

const struct command *
command_find(const struct request *r)
{
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
		if (matches(&commands[i], r))
			return &commands[i];
	return NULL;
}

bool
answer_room(const struct answer *a)
{
	return sizeof a->text - a->len >= ANSWER_ITEM;
}

void
answer_put(struct answer *a, const char *format, ...)
{
	size_t room = sizeof a->text - a->len;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(a->text + a->len, room, format, args);
	va_end(args);
	assert(n >= 0 && (size_t)n < room);
	a->len += (size_t)n;
}

void
answer_string(struct answer *a, struct slice value)
{
	char text[JSON_STRING_MAX];
	bool cut = false;
	size_t n = json_string(value, text, &cut);

	answer_put(a, "%.*s", (int)n, text);
}

void
answer_clear(struct answer *a)
{
	snapshot_unref(a->snapshot);
	a->snapshot = NULL;
}
