/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * keys_commands.c - the part of the table of keys that is about commands after
 * login.
 */
#include "config/keys.h"

#define FIELD(field)                                                           \
	offsetof(struct command_rule, field),                                  \
	    sizeof(((struct command_rule *)0)->field)
#define ITEMS(field)                                                           \
	offsetof(struct command_rule, field),                                  \
	    sizeof *((struct command_rule *)0)->field
#define NAME_MAX_LEN 63

/* clang-format off */
const struct key keys_commands[] = {
	{"commands", KIND_ENTRIES,
	 offsetof(struct settings, commands),
	 sizeof *((struct settings *)0)->commands, "", 0, COMMAND_RULES_MAX,
	 .help = "Commands that are refused after login with NO [NOPERM], and "
		 "never reach the backend. A rule is for whoever is at one of "
		 "its backends, is one of its users and comes from one of its "
		 "networks; what it does not name does not matter.",
	 .count_at = offsetof(struct settings, commands_count),
	 .sample = SAMPLE_ASIDE},
	{"commands.name", KIND_NAME, FIELD(name), NULL, 1, NAME_MAX_LEN,
	 .help = "How events call it. No two rules share a name."},
	{"commands.forbid", KIND_VERBS, ITEMS(forbid), NULL, 1,
	 COMMAND_VERBS_MAX,
	 .help = "Verbs, which are forbidden with UID before them, too. Each "
		 "stands for itself alone: mail is removed by CLOSE, MOVE and "
		 "REPLACE besides EXPUNGE, and comes in by REPLACE besides "
		 "APPEND. Verbs that no RFC has may be named if they begin with "
		 "X.",
	 .count_at = offsetof(struct command_rule, forbid_count),
	 .vocabulary = &imap_verbs},
	{"commands.backends", KIND_NAMES, ITEMS(backends), "", 0,
	 COMMAND_BACKENDS_MAX,
	 .help = "At these backends; without any, at all of them.",
	 .count_at = offsetof(struct command_rule, backends_count)},
	{"commands.users", KIND_SUBJECTS, ITEMS(users), "", 0,
	 COMMAND_USERS_MAX,
	 .help = "For these users, as they log in, upper or lower case; "
		 "\"*@example.org\" is everybody whose name ends in that. "
		 "So they are where somebody else logs in in their place, and "
		 "where a token comes without a name, which may be anybody's. "
		 "Without any, for all.",
	 .count_at = offsetof(struct command_rule, users_count)},
	{"commands.networks", KIND_NETWORKS, ITEMS(networks), "", 0,
	 COMMAND_NETWORKS_MAX,
	 .help = "For clients in these networks; without any, wherever they "
		 "are.",
	 .count_at = offsetof(struct command_rule, networks_count)},
};
/* clang-format on */

const size_t keys_commands_count =
    sizeof keys_commands / sizeof keys_commands[0];
