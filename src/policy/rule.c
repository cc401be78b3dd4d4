/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/rule.h"

#include "base/hash.h"

#include <string.h>

enum { SECOND = 1000, MINUTE = 60 * SECOND, DAY = 24 * 60 * MINUTE };

const char *const rule_count_words[RULE_COUNTS] = {
    [RULE_CONNECTIONS] = "connections", [RULE_HANDSHAKES] = "handshakes",
    [RULE_LOGINS] = "logins",           [RULE_FAILURES] = "failures",
    [RULE_COMMANDS] = "commands",       [RULE_BYTES] = "bytes",
};

const char *const rule_by_words[RULE_BYS] = {
    [RULE_ADDRESS] = "address",   [RULE_PREFIX] = "prefix",
    [RULE_LISTENER] = "listener", [RULE_ALL] = "all",
    [RULE_USER] = "user",         [RULE_SESSION] = "session",
};

const char *const rule_action_words[RULE_ACTIONS] = {
    [RULE_DELAY] = "delay",
    [RULE_REFUSE] = "refuse",
    [RULE_CLOSE] = "close",
    [RULE_BAN] = "ban",
};

/*
 * 200 people behind one address, each with a few devices, find all of these
 * wide enough; who guesses passwords finds those on failures narrow.
 */
const struct rule rules_built_in[RULES_BUILT_IN] = {
    {.name = "connections-per-address",
     .count = RULE_CONNECTIONS,
     .by = RULE_ADDRESS,
     .action = RULE_CLOSE,
     .rate = {20, SECOND, 2000}},
    {.name = "connections-per-prefix",
     .count = RULE_CONNECTIONS,
     .by = RULE_PREFIX,
     .action = RULE_CLOSE,
     .rate = {60, SECOND, 6000}},
    {.name = "logins-per-address",
     .count = RULE_LOGINS,
     .by = RULE_ADDRESS,
     .action = RULE_REFUSE,
     .rate = {60, MINUTE, 200}},
    {.name = "logins-per-prefix",
     .count = RULE_LOGINS,
     .by = RULE_PREFIX,
     .action = RULE_REFUSE,
     .rate = {300, MINUTE, 1000}},
    {.name = "logins-per-user",
     .count = RULE_LOGINS,
     .by = RULE_USER,
     .action = RULE_REFUSE,
     .rate = {30, MINUTE, 60}},
    {.name = "failures-per-address",
     .count = RULE_FAILURES,
     .by = RULE_ADDRESS,
     .action = RULE_BAN,
     .rate = {1, MINUTE, 20},
     .ban = UINT64_C(10) * MINUTE,
     .ban_most = DAY},
    {.name = "failures-per-prefix",
     .count = RULE_FAILURES,
     .by = RULE_PREFIX,
     .action = RULE_REFUSE,
     .rate = {6, MINUTE, 200}},
    {.name = "failures-per-user",
     .count = RULE_FAILURES,
     .by = RULE_USER,
     .action = RULE_REFUSE,
     .rate = {1, MINUTE, 20}},
};

#define BIT(x) (1U << (x))

/* By what each can be counted, and what may become of it. */
static const struct {
	unsigned by, actions;
	const char *not_by, *not_action;
} makes_sense[RULE_COUNTS] = {
#define CROWD                                                                  \
	BIT(RULE_ADDRESS) | BIT(RULE_PREFIX) | BIT(RULE_LISTENER) |            \
	    BIT(RULE_ALL)
    [RULE_CONNECTIONS] = {CROWD, BIT(RULE_CLOSE) | BIT(RULE_BAN),
			  "connections are counted before the user is known",
			  "a connection too many is closed, or banned"},
    [RULE_HANDSHAKES] = {CROWD,
			 BIT(RULE_DELAY) | BIT(RULE_CLOSE) | BIT(RULE_BAN),
			 "handshakes are counted before the user is known",
			 "a handshake too many is delayed, closed or banned"},
    [RULE_LOGINS] = {CROWD | BIT(RULE_USER), ~0U,
		     "within a session limits.login_attempts counts", ""},
    [RULE_FAILURES] = {CROWD | BIT(RULE_USER), ~0U,
		       "within a session limits.login_attempts counts", ""},
    [RULE_COMMANDS] = {~0U, BIT(RULE_DELAY), "",
		       "commands too many can only be delayed"},
    [RULE_BYTES] = {~0U, BIT(RULE_DELAY), "",
		    "bytes too many can only be delayed"},
#undef CROWD
};

const char *
rule_fault(const struct rule *r)
{
	if (r->name[0] == '\0')
		return "it has no name";
	if (!(makes_sense[r->count].by & BIT(r->by)))
		return makes_sense[r->count].not_by;
	if (!(makes_sense[r->count].actions & BIT(r->action)))
		return makes_sense[r->count].not_action;
	if (!rate_valid(&r->rate))
		return "the limit and its burst span more than 30 days";
	if (r->action != RULE_BAN)
		return NULL;
	if (r->by == RULE_LISTENER || r->by == RULE_ALL)
		return "a ban needs an address, a prefix or a user";
	if (r->ban == 0 || r->ban > r->ban_most || r->ban_most > RULE_BAN_MOST)
		return "the first ban is longer than the longest, or none";
	return NULL;
}

void
rules_init(struct rules *r, uint64_t known_for, uint64_t wrong_for)
{
	memset(r, 0, sizeof *r);
	r->known_for = known_for;
	r->wrong_for = wrong_for;
}

/* The same in each process: what was counted may come out of a file. */
static uint64_t
id_of(const struct rule *r)
{
	static const unsigned char key[HASH_KEY] = "imapward rule 1";
	uint64_t name = hash_keyed(
	    key, slice_of(r->name, strnlen(r->name, sizeof r->name)));

	return name + (uint64_t)r->count * RULE_BYS + (uint64_t)r->by;
}

static bool
before(const struct rule *a, const struct rule *b)
{
	return a->count != b->count ? a->count < b->count : a->by < b->by;
}

enum err
rules_add(struct rules *r, const struct rule *rule)
{
	size_t at = r->total;

	if (rule_fault(rule))
		return ERR_SYNTAX;
	if (rules_find(r, slice_str(rule->name)))
		return ERR_DUPLICATE;
	if (r->total == RULES_MAX)
		return ERR_LIMIT;
	for (; at > 0 && before(rule, &r->list[at - 1]); at--)
		r->list[at] = r->list[at - 1];
	r->list[at] = *rule;
	r->list[at].id = id_of(rule);
	r->total++;
	for (size_t c = (size_t)rule->count + 1; c <= RULE_COUNTS; c++)
		r->from[c]++;
	return ERR_OK;
}

const struct rule *
rules_find(const struct rules *r, struct slice name)
{
	for (size_t i = 0; i < r->total; i++)
		if (slice_eq(slice_str(r->list[i].name), name))
			return &r->list[i];
	return NULL;
}
