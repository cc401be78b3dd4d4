/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * permit.c - verbs that this user may not say here after login, by the rules on
 * commands of the configuration in which the session began.
 */
#include "session/session.h"

/* Of one rule and session; how many more there were is told at the end. */
enum { TOLD_MOST = 10 };

_Static_assert((int)COMMAND_RULES_MAX <= 32, "a bit for each rule");

static bool
permit(void *arg, enum verb verb, struct slice name)
{
	struct session *s = arg;
	const struct settings *set = session_settings(s);

	for (size_t i = 0; i < set->commands_count; i++) {
		const struct command_rule *r = &set->commands[i];
		const char *found;

		if (!(s->forbidding >> i & 1))
			continue;
		found = command_rule_forbids(r, verb, name);
		if (!found)
			continue;
		if (diary_rule(s, r->name) <= TOLD_MOST)
			report_policy(s, r->name, found);
		return false;
	}
	return true;
}

/* Neither who logs in nor, where that is somebody else, in whose place. */
static bool
concerns(const struct session *s, const struct command_rule *r)
{
	const struct attempt *a = s->attempt;
	const struct slice users[] = {attempt_user(a),
				      slice_trim(a->identity.authzid, ' ')};

	return command_rule_concerns(r, s->backend, users[0],
				     &s->peer.address) ||
	       (users[1].len > 0 &&
		command_rule_concerns(r, s->backend, users[1],
				      &s->peer.address));
}

void
permit_begin(struct session *s)
{
	const struct settings *set = session_settings(s);

	s->forbidding = 0;
	for (size_t i = 0; i < set->commands_count; i++)
		if (concerns(s, &set->commands[i]))
			s->forbidding |= UINT32_C(1) << i;
	if (s->forbidding != 0)
		dialog_forbid(&s->in.dialog, permit, s);
}
