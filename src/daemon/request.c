/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/request.h"

enum err
request_parse(struct slice line, struct request *out)
{
	struct request r = {.count = 0};

	for (size_t i = 0; i < line.len; i++)
		if (line.ptr[i] < ' ' || line.ptr[i] > '~')
			return ERR_SYNTAX;
	while (line.len > 0) {
		struct slice word = slice_cut(&line, ' ');

		if (word.len == 0)
			continue;
		if (r.count == REQUEST_WORDS_MAX)
			return ERR_LIMIT;
		r.words[r.count++] = word;
	}
	if (r.count == 0)
		return ERR_SYNTAX;
	*out = r;
	return ERR_OK;
}

static bool
is_member(gid_t group, const gid_t *groups, size_t count)
{
	for (size_t i = 0; group != (gid_t)-1 && i < count; i++)
		if (groups[i] == group)
			return true;
	return false;
}

enum right
admin_right(const struct admin_rights *r, uid_t uid, const gid_t *groups,
	    size_t count)
{
	if (uid == 0 || uid == r->owner ||
	    is_member(r->controllers, groups, count))
		return RIGHT_CONTROL;
	return is_member(r->readers, groups, count) ? RIGHT_READ : RIGHT_NONE;
}
