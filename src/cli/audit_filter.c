/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "audit_filter.h"

#include "audit/catalogue.h"
#include "audit/members.h"
#include "audit/view.h"

#include <string.h>

static bool
any_of(const struct words *w, struct slice value)
{
	for (size_t i = 0; i < w->count; i++)
		if (slice_eq(value, slice_str(w->at[i])))
			return true;
	return w->count == 0;
}

static bool
names_user(const char *user, struct slice line)
{
	static const char *const names[] = {"user.name", "user.effective.name",
					    "user.hash", "user.effective.hash"};
	unsigned char value[1024];

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		size_t n = view_value(line, names[i], value, sizeof value);

		if (n > 0 && slice_ieq(slice_of(value, n), slice_str(user)))
			return true;
	}
	return false;
}

bool
filter_wants(const struct filter *f, struct slice line)
{
	struct address a;

	if (!any_of(&f->events, member(line, "event.action")) ||
	    !any_of(&f->outcomes, member(line, "event.outcome")))
		return false;
	if (f->user && !names_user(f->user, line))
		return false;
	if (!f->has_network)
		return true;
	return address_parse(member(line, "source.ip"), &a) == ERR_OK &&
	       cidr_contains(&f->network, &a);
}

static bool
add_word(struct words *w, const char *word)
{
	if (w->count == FILTER_WORDS)
		return false;
	w->at[w->count++] = word;
	return true;
}

bool
filter_add_event(struct filter *f, const char *word)
{
	return event_find(slice_str(word)) != EVENT_IDS &&
	       add_word(&f->events, word);
}

bool
filter_add_outcome(struct filter *f, const char *word)
{
	static const char *const known[] = {"success", "failure", "unknown"};

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (strcmp(word, known[i]) == 0)
			return add_word(&f->outcomes, word);
	return false;
}

bool
filter_set_network(struct filter *f, const char *text)
{
	f->has_network = true;
	return cidr_parse(slice_str(text), &f->network) == ERR_OK;
}
