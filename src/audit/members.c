/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "audit/members.h"

/* Behind the string that s begins with. */
static size_t
string_end(struct slice s)
{
	size_t i = 1;

	while (i < s.len && s.ptr[i] != '"')
		i += s.ptr[i] == '\\' ? 2 : 1;
	return i < s.len ? i + 1 : s.len;
}

/* Behind the value that s begins with: up to a comma, or an end not its own. */
static size_t
value_end(struct slice s)
{
	size_t depth = 0, i = 0;

	while (i < s.len) {
		unsigned char c = s.ptr[i];

		if (c == '"') {
			i += string_end(slice_skip(s, i));
			continue;
		}
		if (depth == 0 && (c == ',' || c == ']' || c == '}'))
			break;
		depth += c == '[' || c == '{';
		depth -= c == ']' || c == '}';
		i++;
	}
	return i;
}

/* Without its quotes or brackets. */
static struct slice
bare(struct slice value)
{
	if (value.len >= 2 && (value.ptr[0] == '"' || value.ptr[0] == '['))
		return slice_of(value.ptr + 1, value.len - 2);
	return value;
}

bool
member_item(struct slice *rest, struct slice *out)
{
	size_t n = value_end(*rest);

	if (n == 0)
		return false;
	*out = bare(slice_head(*rest, n));
	*rest = slice_skip(*rest, n + 1);
	return true;
}

bool
member_next(struct slice *rest, struct member *out)
{
	size_t n;

	if (rest->len == 0 || rest->ptr[0] != '"')
		return false;
	n = string_end(*rest);
	out->name = bare(slice_head(*rest, n));
	*rest = slice_skip(*rest, n + 1); /* and the colon */
	out->first = rest->len > 0 ? rest->ptr[0] : '\0';
	return member_item(rest, &out->value);
}

struct slice
member(struct slice line, const char *name)
{
	struct slice rest = slice_skip(line, 1);
	struct member m;

	while (member_next(&rest, &m))
		if (slice_eq(m.name, slice_str(name)))
			return m.value;
	return SLICE_EMPTY;
}
