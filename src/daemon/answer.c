/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/answer.h"

#include "audit/json.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

_Static_assert(4 * JSON_STRING_MAX < (int)ANSWER_ITEM,
	       "a few strings fit, whatever is in them");

static const struct command commands[] = {
    {{"cert", "list"}, RIGHT_READ, answer_certificates, 0, NULL},
    {{"status"}, RIGHT_READ, answer_status, 0, NULL},
    {{"ban", "list"}, RIGHT_READ, answer_bans, 0, NULL},
    {{"ban", "add"}, RIGHT_CONTROL, answer_done, 4, ban_add},
    {{"ban", "remove"}, RIGHT_CONTROL, answer_done, 2, ban_remove},
    {{"ban", "flush"}, RIGHT_CONTROL, answer_done, 0, ban_flush},
    {{"reload"}, RIGHT_CONTROL, NULL, 0, NULL},
};

static bool
matches(const struct command *c, const struct request *r)
{
	size_t i = 0;

	for (; c->words[i]; i++)
		if (i == r->count ||
		    !slice_eq(r->words[i], slice_str(c->words[i])))
			return false;
	return i + c->arguments == r->count;
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
answer_member(struct answer *a, const char *name, const char *value)
{
	answer_put(a, "\"%s\":", name);
	answer_string(a, slice_str(value));
	answer_put(a, ",");
}

void
answer_date(int64_t seconds, char out[ANSWER_DATE])
{
	time_t t = (time_t)seconds;
	struct tm tm = {0};

	(void)gmtime_r(&t, &tm);
	if (strftime(out, ANSWER_DATE, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		out[0] = '\0';
}

bool
answer_done(struct answer *a)
{
	(void)a;
	return false;
}

void
answer_clear(struct answer *a)
{
	snapshot_unref(a->snapshot);
	a->snapshot = NULL;
}
