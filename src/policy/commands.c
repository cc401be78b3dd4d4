/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/commands.h"

#include "imap/verb.h"

bool
command_is_private(struct slice name)
{
	return verb_valid(name) && slice_istarts(name, SLICE("X"));
}

void
command_rule_finish(struct command_rule *r)
{
	r->verbs = 0;
	for (size_t i = 0; i < r->forbid_count; i++)
		r->verbs |= UINT64_C(1) << verb_of(slice_str(r->forbid[i]));
}

static bool
is_user(const char *pattern, struct slice user)
{
	if (*pattern == '*')
		return slice_iends(user, slice_str(pattern + 1));
	return slice_ieq(user, slice_str(pattern));
}

static bool
is_among(const struct command_rule *r, struct slice user)
{
	for (size_t i = 0; i < r->users_count; i++)
		if (is_user(r->users[i], user))
			return true;
	/* Who has not said his name may be any of them. */
	return r->users_count == 0 || user.len == 0;
}

bool
command_rule_concerns(const struct command_rule *r, size_t backend,
		      struct slice user, const struct address *client)
{
	if (r->backends_at != 0 && !(r->backends_at >> backend & 1))
		return false;
	if (r->networks_count > 0 &&
	    !cidr_any_contains(r->networks, r->networks_count, client))
		return false;
	return is_among(r, user);
}

const char *
command_rule_forbids(const struct command_rule *r, unsigned verb,
		     struct slice name)
{
	if (!(r->verbs >> verb & 1))
		return NULL;
	if (verb != VERB_OTHER)
		return (const char *)verb_text((enum verb)verb).ptr;
	for (size_t i = 0; i < r->forbid_count; i++)
		if (slice_ieq(name, slice_str(r->forbid[i])))
			return r->forbid[i];
	return NULL;
}
