/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "audit/view.h"

#include "audit/json.h"
#include "audit/members.h"

#include <string.h>

enum { ACTION_WIDTH = 10, VALUE_MAX = 1024 };

struct text {
	char *at;
	size_t len, cap;
};

static void
put(struct text *t, struct slice s)
{
	size_t room = t->cap - 1 - t->len;
	struct slice head = slice_head(s, room);

	memcpy(t->at + t->len, head.ptr, head.len);
	t->len += head.len;
	t->at[t->len] = '\0';
}

static void
pad(struct text *t, size_t from, size_t width)
{
	while (t->len < from + width && t->len < t->cap - 1)
		put(t, SLICE(" "));
}

static int
hex_value(unsigned char c)
{
	if (byte_digit(c))
		return c - '0';
	c = byte_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The four digits behind \u; -1: they are none. */
static int32_t
read_unit(struct slice s)
{
	int32_t unit = 0;

	if (s.len < 4)
		return -1;
	for (size_t i = 0; i < 4; i++) {
		int v = hex_value(s.ptr[i]);

		if (v < 0)
			return -1;
		unit = unit << 4 | v;
	}
	return unit;
}

static size_t
put_utf8(int32_t p, unsigned char out[4])
{
	static const unsigned char first[] = {0, 0x00, 0xc0, 0xe0, 0xf0};
	size_t n = p < 0x80 ? 1 : p < 0x800 ? 2 : p < 0x10000 ? 3 : 4;

	for (size_t i = n - 1; i > 0; i--) {
		out[i] = (unsigned char)(0x80 | (p & 0x3f));
		p >>= 6;
	}
	out[0] = (unsigned char)(first[n] | p);
	return n;
}

/* One escape off the front of *s; out has room for four bytes. */
static size_t
unescape(struct slice *s, unsigned char out[4])
{
	static const char letters[] = "\"\\/bfnrt", plain[] = "\"\\/\b\f\n\r\t";
	unsigned char c = s->len > 1 ? s->ptr[1] : '\\';
	const char *found = memchr(letters, c, sizeof letters - 1);
	int32_t unit, low;

	if (found) {
		out[0] = (unsigned char)plain[found - letters];
		*s = slice_skip(*s, 2);
		return 1;
	}
	unit = c == 'u' ? read_unit(slice_skip(*s, 2)) : -1;
	if (unit < 0) {
		out[0] = s->ptr[0];
		*s = slice_skip(*s, 1);
		return 1;
	}
	*s = slice_skip(*s, 6);
	if (unit >= 0xd800 && unit < 0xdc00 && s->len >= 6 &&
	    memcmp(s->ptr, "\\u", 2) == 0) {
		low = read_unit(slice_skip(*s, 2));
		if (low >= 0xdc00 && low < 0xe000) {
			*s = slice_skip(*s, 6);
			unit =
			    0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
		}
	}
	return put_utf8(unit, out);
}

static size_t
decode(struct slice s, unsigned char *out, size_t cap)
{
	size_t n = 0;

	while (s.len > 0 && n + 4 <= cap) {
		if (s.ptr[0] == '\\') {
			n += unescape(&s, out + n);
			continue;
		}
		out[n++] = s.ptr[0];
		s = slice_skip(s, 1);
	}
	return n;
}

size_t
view_value(struct slice line, const char *name, unsigned char *out, size_t cap)
{
	return decode(member(line, name), out, cap);
}

/* Escaped anew: the line may be from anybody. */
static void
put_safely(struct text *t, struct slice raw)
{
	unsigned char value[VALUE_MAX];
	char shown[JSON_STRING_MAX];
	bool cut = false;
	size_t n = decode(raw, value, sizeof value);

	n = json_string(slice_of(value, n), shown, &cut);
	put(t, slice_of(shown + 1, n - 2));
}

/* A string within a list still has its quotes. */
static void
put_value(struct text *t, struct slice value)
{
	struct slice one;

	if (value.ptr[0] != '"') {
		put_safely(t, value);
		return;
	}
	while (member_item(&value, &one)) {
		put_safely(t, one);
		put(t, value.len > 0 ? SLICE(", ") : SLICE_EMPTY);
	}
}

/* What is worth a column, in this order. */
static const struct detail {
	const char *before, *name, *after; /* after NULL: it is only true */
	const char *unless;                /* the name of what says the same */
} details[] = {
    {" ", "imapward.ban.change", "", NULL},
    {" ", "user.name", "", NULL},
    {" ", "user.hash", "", NULL},
    {" as ", "user.effective.name", "", NULL},
    {" ", "source.ip", "", NULL},
    {" ", "imapward.ban.network", "", "source.ip"},
    {" ", "imapward.auth.mechanism", "", NULL},
    {" ", "tls.version", "", NULL},
    {" ", "tls.cipher", "", NULL},
    {" [", "imapward.auth.code", "]", NULL},
    {" ", "imapward.command", "", NULL},
    {" ", "rule.name", "", NULL},
    {" x", "imapward.count", "", NULL},
    {" for ", "imapward.ban.seconds", " s", NULL},
    {" ", "file.path", "", NULL},
    {" ", "event.reason", "", NULL},
    {" (the rule only observes)", "imapward.limit.observed", NULL, NULL},
    {"; ", "imapward.tls.causes", "", NULL},
    {" -> ", "imapward.backend.name", "", NULL},
};

static void
put_detail(struct text *t, struct slice line, const struct detail *d)
{
	struct slice value = member(line, d->name);

	if (value.len == 0 || (d->unless && member(line, d->unless).len > 0) ||
	    (!d->after && !slice_eq(value, SLICE("true"))))
		return;
	put(t, slice_str(d->before));
	if (!d->after)
		return;
	put_value(t, value);
	put(t, slice_str(d->after));
}

static void
trim(struct text *t)
{
	while (t->len > 0 && t->at[t->len - 1] == ' ')
		t->at[--t->len] = '\0';
}

/* "2026-11-22T05:30:00.123Z" -> "11-22 05:30:00" */
static void
put_time(struct text *t, struct slice time)
{
	if (time.len >= 19 && time.ptr[10] == 'T') {
		put_safely(t, slice_head(slice_skip(time, 5), 5));
		put(t, SLICE(" "));
		put_safely(t, slice_head(slice_skip(time, 11), 8));
	} else {
		put(t, SLICE("?"));
	}
	pad(t, 0, 14);
	put(t, SLICE(" "));
}

static const struct {
	const char *outcome, *shown;
	enum view_mood mood;
} outcomes[] = {
    {"success", " ok  ", VIEW_GOOD},
    {"failure", " FAIL", VIEW_BAD},
    {"unknown", " ?   ", VIEW_PLAIN},
};

static enum view_mood
put_outcome(struct text *t, struct slice line)
{
	struct slice outcome = member(line, "event.outcome");
	bool alert = slice_eq(member(line, "event.kind"), SLICE("alert"));

	for (size_t i = 0; i < sizeof outcomes / sizeof outcomes[0]; i++) {
		if (!slice_eq(outcome, slice_str(outcomes[i].outcome)))
			continue;
		put(t, slice_str(outcomes[i].shown));
		return alert ? VIEW_ALERT : outcomes[i].mood;
	}
	put(t, SLICE(" -   "));
	return alert ? VIEW_ALERT : VIEW_PLAIN;
}

enum view_mood
view_line(struct slice line, char *out, size_t cap)
{
	struct text t = {out, 0, cap};
	struct slice action = member(line, "event.action");
	enum view_mood mood;
	size_t from;

	out[0] = '\0';
	if (action.len == 0) {
		put(&t, SLICE("? "));
		put_safely(&t, slice_head(line, slice_find(line, '\n')));
		return VIEW_PLAIN;
	}
	put_time(&t, member(line, "@timestamp"));
	from = t.len;
	put_safely(&t, action);
	pad(&t, from, ACTION_WIDTH);
	mood = put_outcome(&t, line);
	for (size_t i = 0; i < sizeof details / sizeof details[0]; i++)
		put_detail(&t, line, &details[i]);
	trim(&t);
	return mood;
}

size_t
view_columns(const char *text, size_t columns)
{
	struct slice s = slice_str(text);
	size_t n = 0;

	for (; columns > 0 && n < s.len; columns--) {
		int32_t point;

		n += utf8_next(slice_skip(s, n), &point);
	}
	return n;
}
