/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/commands.h"

#include "config/near.h"

#include <string.h>

_Static_assert((int)SETTINGS_BACKENDS_MAX <= 64, "a bit for each backend");

static enum err
complain_unknown(const struct settings *s, const char *name, size_t rule,
		 struct complaint *out)
{
	static const char path[] = "commands.backends";
	size_t limit = near_limit(slice_str(name));
	const char *best = NULL;

	for (size_t i = 0; i < s->backends_count; i++) {
		size_t d = near_distance(slice_str(name),
					 slice_str(s->backends[i].name));

		if (d <= limit) {
			best = s->backends[i].name;
			limit = d - (d > 0);
		}
	}
	if (best)
		return complain(out, ERR_UNKNOWN, path, rule,
				"'%s': there is no backend '%s'; did you mean "
				"'%s'?",
				path, name, best);
	return complain(out, ERR_UNKNOWN, path, rule,
			"'%s': there is no backend '%s'", path, name);
}

static enum err
find_backends(struct settings *s, size_t rule, struct complaint *out)
{
	struct command_rule *r = &s->commands[rule];

	for (size_t i = 0; i < r->backends_count; i++) {
		size_t at = 0;

		while (at < s->backends_count &&
		       strcmp(s->backends[at].name, r->backends[i]) != 0)
			at++;
		if (at == s->backends_count)
			return complain_unknown(s, r->backends[i], rule, out);
		r->backends_at |= UINT64_C(1) << at;
	}
	return ERR_OK;
}

enum err
commands_resolve(struct settings *s, struct complaint *out)
{
	enum err e = ERR_OK;

	for (size_t i = 0; e == ERR_OK && i < s->commands_count; i++) {
		for (size_t j = 0; j < i; j++)
			if (strcmp(s->commands[i].name, s->commands[j].name) ==
			    0)
				return complain(out, ERR_DUPLICATE,
						"commands.name", i,
						"two rules on commands are "
						"called '%s'",
						s->commands[i].name);
		command_rule_finish(&s->commands[i]);
		e = find_backends(s, i, out);
	}
	return e;
}
