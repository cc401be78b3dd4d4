/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * commands.h - verbs that some clients may not say after login.
 *
 * Pure. A verb that is forbidden is so with UID before it, too, and by no other
 * name: who forbids EXPUNGE has said nothing of CLOSE and MOVE.
 */
#ifndef POLICY_COMMANDS_H
#define POLICY_COMMANDS_H

#include "base/slice.h"
#include "policy/cidr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	COMMAND_RULES_MAX = 32,
	COMMAND_VERBS_MAX = 64,
	COMMAND_BACKENDS_MAX = 64,
	COMMAND_USERS_MAX = 256,
	COMMAND_NETWORKS_MAX = 64
};

struct command_rule {
	char name[64];
	/* As written; each a verb of imap/verb.h that may be forbidden, or one
	 * that begins with X. */
	const char *forbid[COMMAND_VERBS_MAX];
	size_t forbid_count;
	/* For whom: all of these that are not empty must hold. */
	const char *backends[COMMAND_BACKENDS_MAX];
	size_t backends_count;
	/* "*" at the front stands for anything; ASCII case does not matter. */
	const char *users[COMMAND_USERS_MAX];
	size_t users_count;
	struct cidr networks[COMMAND_NETWORKS_MAX];
	size_t networks_count;
	/* Made by command_rule_finish, and by whom knows the backends. */
	uint64_t verbs;       /* a bit for each enum verb */
	uint64_t backends_at; /* a bit for each place among them; 0: all */
};

/* Is it a verb of somebody's own, which no RFC has: X, and what verbs are made
 * of? */
bool command_is_private(struct slice name);

/* forbid is complete. */
void command_rule_finish(struct command_rule *r);

/* Is the rule for this user, from there, at that backend? Where nobody has said
 * who it is it may be any of them. */
bool command_rule_concerns(const struct command_rule *r, size_t backend,
			   struct slice user, const struct address *client);
/* verb: enum verb. NULL: the rule does not forbid it. Else the verb, as a
 * constant or as the rule has it. */
const char *command_rule_forbids(const struct command_rule *r, unsigned verb,
				 struct slice name);

#endif
