/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tally_note.c - evidence: who was tried from there, from where he was tried.
 */
#include "session/tally_parts.h"

static struct shard *
shard_by(const struct counting *c, enum rule_by by)
{
	return by == RULE_USER ? c->grip.user : c->grip.prefix;
}

static uint64_t
id_by(const struct counting *c, enum rule_by by)
{
	const struct tally_attempt *k = c->keys;

	return entry_id(by == RULE_ADDRESS  ? k->address
			: by == RULE_PREFIX ? k->prefix
					    : k->user,
			(uint64_t)by + 1);
}

static bool
may_be_banned(const struct rules *rules, enum rule_by by)
{
	for (size_t i = rules->from[RULE_FAILURES];
	     i < rules->from[RULE_FAILURES + 1]; i++)
		if (rules->list[i].by == by &&
		    rules->list[i].action == RULE_BAN)
			return true;
	return false;
}

static void
take(const struct counting *c, enum rule_by by, struct slice text,
     uint64_t wall)
{
	struct note *n;

	if (!may_be_banned(c->rules, by))
		return;
	n = region_claim(shard_by(c, by), TALLY_NOTES, id_by(c, by),
			 &c->moment);
	n->last = c->moment.now;
	evidence_note(&n->evidence, text, wall);
}

void
notes_take(const struct counting *c, uint64_t wall)
{
	char address[ADDRESS_TEXT_MAX];

	if (!c->who->exempt) {
		take(c, RULE_ADDRESS, c->who->user, wall);
		take(c, RULE_PREFIX, c->who->user, wall);
	}
	if (c->who->user.len == 0 || c->keys->known)
		return;
	address_print(&c->who->address, address);
	take(c, RULE_USER, slice_str(address), wall);
}

struct note *
note_find(const struct counting *c, enum rule_by by)
{
	struct shard *s = shard_by(c, by);

	return s ? region_find(s, TALLY_NOTES, id_by(c, by)) : NULL;
}
