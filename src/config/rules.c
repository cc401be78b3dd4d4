/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/rules.h"

#include "config/near.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MINUTE (UINT64_C(60) * 1000)
#define HOUR   (60 * MINUTE)

#define BIT(n)    (1u << (n))
#define NETWORKS  (BIT(RULE_ADDRESS) | BIT(RULE_PREFIX))
#define TOTALS    (BIT(RULE_LISTENER) | BIT(RULE_ALL))
#define SESSIONS  (BIT(RULE_SESSION) | BIT(RULE_USER))
#define LOGIN_ACT (BIT(RULE_DELAY) | BIT(RULE_REFUSE) | BIT(RULE_CLOSE))

/*
 * What may be counted of whom, and the actions there may be: a ban needs
 * somebody to be banned, and closing a connection would tell an attacker what a
 * refusal keyed by the user must not. The first action is the usual one.
 */
static const struct {
	unsigned by, actions;
	enum rule_action usual;
} possible[RULE_COUNTS] = {
    [RULE_CONNECTIONS] = {NETWORKS | TOTALS, BIT(RULE_CLOSE) | BIT(RULE_BAN),
			  RULE_CLOSE},
    [RULE_HANDSHAKES] = {NETWORKS | TOTALS,
			 BIT(RULE_DELAY) | BIT(RULE_CLOSE) | BIT(RULE_BAN),
			 RULE_CLOSE},
    [RULE_LOGINS] = {NETWORKS | TOTALS | BIT(RULE_USER),
		     LOGIN_ACT | BIT(RULE_BAN), RULE_REFUSE},
    [RULE_FAILURES] = {NETWORKS | BIT(RULE_USER), LOGIN_ACT | BIT(RULE_BAN),
		       RULE_REFUSE},
    [RULE_COMMANDS] = {SESSIONS, BIT(RULE_DELAY), RULE_DELAY},
    [RULE_BYTES] = {SESSIONS, BIT(RULE_DELAY), RULE_DELAY},
};

static unsigned
actions_of(const struct rule *r)
{
	unsigned actions = possible[r->count].actions;

	if (BIT(r->by) & (TOTALS | BIT(RULE_SESSION)))
		actions &= ~BIT(RULE_BAN);
	if (r->by == RULE_USER)
		actions &= ~BIT(RULE_CLOSE);
	return actions;
}

/* "address, prefix or all" */
static void
words_of(const char *path, unsigned set, char out[EXPECTS_MAX])
{
	const struct key *k = key_of(path);
	size_t len = 0;

	out[0] = '\0';
	for (unsigned i = 0; set != 0; i++) {
		if (!(set & BIT(i)))
			continue;
		set &= ~BIT(i);
		len += (size_t)snprintf(out + len, EXPECTS_MAX - len, "%s%s",
					k->words[i],
					set == 0                 ? ""
					: (set & (set - 1)) == 0 ? " or "
								 : ", ");
		assert(len < EXPECTS_MAX);
	}
}

static const char *
word_of(const char *path, unsigned value)
{
	return key_of(path)->words[value];
}

#define COUNT  "limits.rules.count"
#define BY     "limits.rules.by"
#define LIMIT  "limits.rules.limit"
#define BURST  "limits.rules.burst"
#define ACTION "limits.rules.action"

static enum err
check_meaning(const struct rule *r, size_t i, struct complaint *out)
{
	char words[EXPECTS_MAX];
	enum err e = ERR_OK;

	if (!(BIT(r->by) & possible[r->count].by)) {
		words_of(BY, possible[r->count].by, words);
		e = complain(out, ERR_REFUSED, BY, i,
			     "rule '%s': %s cannot be counted by %s, but by %s",
			     r->name, word_of(COUNT, r->count),
			     word_of(BY, r->by), words);
		out->other = COUNT;
	} else if (!(BIT(r->action) & actions_of(r))) {
		words_of(ACTION, actions_of(r), words);
		e = complain(out, ERR_REFUSED, ACTION, i,
			     "rule '%s': with %s by %s the action cannot be "
			     "%s, but %s",
			     r->name, word_of(COUNT, r->count),
			     word_of(BY, r->by), word_of(ACTION, r->action),
			     words);
		out->other = BY;
	}
	return e;
}

static enum err
check_rate(const struct rule_settings *given, size_t i, struct complaint *out)
{
	const struct rule *r = &given->rule;
	struct rate one = r->rate;
	uint64_t most;

	if (r->count != RULE_BYTES && (given->sized || given->burst_sized))
		return complain(out, ERR_REFUSED, given->sized ? LIMIT : BURST,
				i,
				"rule '%s': KiB and MiB are for bytes, not "
				"for %s",
				r->name, word_of(COUNT, r->count));
	one.burst = 1;
	if (!rate_valid(&one))
		return complain(out, ERR_RANGE, LIMIT, i,
				"rule '%s': its limit is more than 1000000000 "
				"a second",
				r->name);
	if (rate_valid(&r->rate))
		return ERR_OK;
	most = r->rate.limit * (RATE_SPAN_MOST / r->rate.per);
	(void)complain(out, ERR_RANGE, BURST, i,
		       "rule '%s': its burst would be made up for in more than "
		       "30 days; at this limit it may be %" PRIu64,
		       r->name, most);
	out->other = LIMIT;
	return ERR_RANGE;
}

static enum err
check_ban(const struct loader *l, const struct rule *r, size_t i,
	  struct complaint *out)
{
	static const char *const keys[] = {"limits.rules.ban",
					   "limits.rules.ban_most"};

	for (size_t k = 0; k < 2; k++)
		if (r->action != RULE_BAN &&
		    loader_place(l, key_of(keys[k]), i).line > 0)
			return complain(out, ERR_REFUSED, keys[k], i,
					"rule '%s': '%s' has no effect while "
					"its action is %s",
					r->name, keys[k],
					word_of(ACTION, r->action));
	if (r->ban <= r->ban_most)
		return ERR_OK;
	(void)complain(out, ERR_RANGE, keys[0], i,
		       "rule '%s': its ban may not be longer than its ban_most",
		       r->name);
	out->other = keys[1];
	return ERR_RANGE;
}

/* Of what is not written the base's, if there is one, is taken. */
static void
inherit(const struct loader *l, struct rule_settings *r,
	const struct rule_settings *base, size_t i)
{
	const struct key *list = key_of("limits.rules"), *k;

	for (size_t n = 0; (k = key_at(n)); n++) {
		if (!key_is_child(k, list) || !k->inherits ||
		    loader_place(l, k, i).line > 0)
			continue;
		if (k->kind == KIND_RATE) {
			r->rule.rate.limit = base->rule.rate.limit;
			r->rule.rate.per = base->rule.rate.per;
		} else if (k->kind == KIND_BURST) {
			r->rule.rate.burst = base->rule.rate.burst;
		} else {
			memcpy((char *)r + k->at, (const char *)base + k->at,
			       k->size);
		}
	}
}

static size_t
find(const struct rule_settings *rules, size_t n, const char *name)
{
	size_t i = 0;

	while (i < n && strcmp(rules[i].rule.name, name) != 0)
		i++;
	return i;
}

/* The one built in that is most likely meant. */
static const char *
nearest(const char *name)
{
	size_t limit = near_limit(slice_str(name));
	const char *best = NULL;

	for (size_t i = 0; i < RULES_BUILT_IN; i++) {
		const char *other = rules_built_in[i].name;
		size_t d = near_distance(slice_str(name), slice_str(other));

		if (d <= limit) {
			best = other;
			limit = d - (d > 0);
		}
	}
	return best;
}

/* A rule that is not built in has to say what it is. */
static enum err
check_whole(const struct loader *l, const struct rule *r, size_t i,
	    struct complaint *out)
{
	static const char *const keys[] = {COUNT, BY, LIMIT};
	const char *near = nearest(r->name);

	for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++) {
		if (loader_place(l, key_of(keys[k]), i).line > 0)
			continue;
		return complain(
		    out, ERR_MISSING, keys[k], i,
		    "rule '%s': missing key '%s'%s%s%s", r->name, keys[k],
		    near ? "; did you mean the built-in rule '" : "",
		    near ? near : "", near ? "'?" : "");
	}
	return ERR_OK;
}

/* From which it takes what it does not say; at: its place in the table. */
static struct rule_settings
base_of(const struct rule *r, size_t at)
{
	struct rule_settings base = {0};

	if (at < RULES_BUILT_IN) {
		base.rule = rules_built_in[at];
	} else {
		base.rule.action = possible[r->count].usual;
		base.rule.rate.burst = r->rate.limit > 0 ? r->rate.limit : 1;
	}
	if (base.rule.action != RULE_BAN) {
		base.rule.ban = 10 * MINUTE;
		base.rule.ban_most = 24 * HOUR;
	}
	return base;
}

static enum err
check_sense(const struct loader *l, const struct rule_settings *r, size_t i,
	    struct complaint *out)
{
	enum err e = check_meaning(&r->rule, i, out);
	const char *fault;

	if (e == ERR_OK)
		e = check_rate(r, i, out);
	if (e == ERR_OK)
		e = check_ban(l, &r->rule, i, out);
	fault = e == ERR_OK ? rule_fault(&r->rule) : NULL;
	return fault ? complain(out, ERR_REFUSED, "limits.rules", i,
				"rule '%s': %s", r->rule.name, fault)
		     : e;
}

/* One rule of the file, entry number i, to its place. */
static enum err
take(struct loader *l, struct rule_settings *r, size_t i, struct complaint *out)
{
	struct settings *s = l->settings;
	size_t at = find(s->limits.rules, s->limits.rules_count, r->rule.name);
	struct rule_settings base = base_of(&r->rule, at);
	enum err e = ERR_OK;

	if (at >= RULES_BUILT_IN)
		e = check_whole(l, &r->rule, i, out);
	if (e == ERR_OK && at == RULES_MAX)
		e = complain(out, ERR_LIMIT, "limits.rules", i,
			     "'limits.rules': expected at most %d, those built "
			     "in among them",
			     RULES_MAX);
	if (e != ERR_OK)
		return e;
	inherit(l, r, &base, i);
	e = check_sense(l, r, i, out);
	if (e != ERR_OK)
		return e;
	if (r->rule.action != RULE_BAN)
		r->rule.ban = r->rule.ban_most = 0;
	s->limits.rules[at] = *r;
	if (at == s->limits.rules_count)
		s->limits.rules_count++;
	return ERR_OK;
}

/* As they are counted by. */
static enum err
tabulate(struct settings *s)
{
	enum err e = ERR_OK;

	rules_init(&s->limits.table, s->limits.known_for, s->limits.wrong_for);
	for (size_t i = 0; e == ERR_OK && i < s->limits.rules_count; i++) {
		struct rule r = s->limits.rules[i].rule;

		r.observe = r.observe || s->limits.observe;
		e = rules_add(&s->limits.table, &r);
	}
	return e;
}

enum err
rules_resolve(struct loader *l, struct complaint *out)
{
	struct rule_settings own[RULES_MAX];
	struct settings *s = l->settings;
	size_t n = s->limits.rules_count;
	enum err e = ERR_OK;

	memcpy(own, s->limits.rules, n * sizeof own[0]);
	for (size_t i = 0; i < RULES_BUILT_IN; i++)
		s->limits.rules[i] =
		    (struct rule_settings){.rule = rules_built_in[i]};
	s->limits.rules_count = RULES_BUILT_IN;
	for (size_t i = 0; e == ERR_OK && i < n; i++) {
		const char *name = own[i].rule.name;

		if (find(own, i, name) < i)
			e = complain(out, ERR_DUPLICATE, "limits.rules.name", i,
				     "two rules are called '%s'", name);
		else
			e = take(l, &own[i], i, out);
	}
	return e == ERR_OK ? tabulate(s) : e;
}
