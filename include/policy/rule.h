/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rule.h - what is counted, by whom, how much of it is fine, and what becomes
 * of the rest.
 *
 * Pure. Rules are data: those built in, changed and added to by the
 * configuration, make one table, which is given to whoever counts with each
 * call. So another table holds at once, and what was counted for a rule of the
 * same name, count and by goes on to count, at the new price if that is lower.
 */
#ifndef POLICY_RULE_H
#define POLICY_RULE_H

#include "base/err.h"
#include "base/slice.h"
#include "policy/rate.h"

#include <stddef.h>

enum { RULE_NAME_MAX = 63, RULES_MAX = 64, RULES_BUILT_IN = 8 };
#define RULE_BAN_MOST (UINT64_C(366) * 24 * 60 * 60 * 1000)

/* The words of the configuration: rule_count_words and so on. */
enum rule_count {
	RULE_CONNECTIONS,
	RULE_HANDSHAKES,
	RULE_LOGINS,   /* attempts under way, and those that told something */
	RULE_FAILURES, /* distinct wrong (user, secret) pairs */
	RULE_COMMANDS, /* after login */
	RULE_BYTES,    /* after login, both directions */
	RULE_COUNTS
};

/* In the order in which they are named where several refuse. */
enum rule_by {
	RULE_ADDRESS, /* IPv6: the /64 */
	RULE_PREFIX,  /* the /24, IPv6: the /48 */
	RULE_LISTENER,
	RULE_ALL,     /* everybody together */
	RULE_USER,    /* ASCII folded */
	RULE_SESSION, /* not in the tally: the session counts these itself */
	RULE_BYS
};

enum rule_action {
	RULE_DELAY, /* until there is room */
	RULE_REFUSE,
	RULE_CLOSE, /* the connection, too */
	RULE_BAN,   /* whoever it counts by, for a time that grows */
	RULE_ACTIONS
};

extern const char *const rule_count_words[RULE_COUNTS];
extern const char *const rule_by_words[RULE_BYS];
extern const char *const rule_action_words[RULE_ACTIONS];

struct rule {
	char name[RULE_NAME_MAX + 1]; /* unique in its table */
	enum rule_count count;
	enum rule_by by;
	enum rule_action action;
	struct rate rate;
	/* ms; RULE_BAN only: the first, the longest; at most RULE_BAN_MOST */
	uint64_t ban, ban_most;
	bool observe; /* it is told, nothing else happens */
	uint64_t id;  /* of name, count and by; rules_add's */
};

/* What the configuration may change by naming it. */
extern const struct rule rules_built_in[RULES_BUILT_IN];

/*
 * NULL: it makes sense. Else what does not, in one phrase for the
 * administrator: "users are not known yet when connections are counted".
 */
const char *rule_fault(const struct rule *r);

struct rules {
	/* In order of count, then of by; else as they were added. */
	struct rule list[RULES_MAX];
	size_t total;
	/* Those of count c are list[from[c]] up to list[from[c + 1]]. */
	size_t from[RULE_COUNTS + 1];
	uint64_t known_for; /* ms after a login that its pair is known */
	uint64_t wrong_for; /* ms; see session/tally.h; 0: always ask */
};

void rules_init(struct rules *r, uint64_t known_for, uint64_t wrong_for);
/* Copies it. ERR_SYNTAX: rule_fault; ERR_DUPLICATE: the name is there;
 * ERR_LIMIT: RULES_MAX are. */
enum err rules_add(struct rules *r, const struct rule *rule) MUST_USE;
/* NULL: there is none of that name. */
const struct rule *rules_find(const struct rules *r, struct slice name);

#endif
