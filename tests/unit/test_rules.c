/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/settings.h"

#include <CUnit/CUnit.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void suite_rules(void);

#define LEAST                                                                  \
	"certificates: [{chain: /c, key: /k}]\n"                               \
	"backends: [{name: m, address: mail, port: 1143}]\n"                   \
	"limits:\n"
#define RULES LEAST "  rules:\n    - "
#define MINE  RULES "{name: mine, "

static const struct {
	const char *what, *yaml, *expected;
} faults[] = {
    /* rates */
    {"a rate without its time", MINE "limit: 60}\n",
     "5:27: 'limits.rules.limit': expected a rate such as 60/min, 5/s or "
     "10MiB/s, or none, found '60'"},
    {"a time that is none", MINE "limit: 60/minute}\n",
     "5:27: 'limits.rules.limit': expected a rate such as 60/min, 5/s or "
     "10MiB/s, or none, found '60/minute'"},
    {"several of them", MINE "limit: 60/5min}\n",
     "5:27: 'limits.rules.limit': expected a rate such as 60/min, 5/s or "
     "10MiB/s, or none, found '60/5min'"},
    {"nothing in how much time", MINE "limit: /s}\n",
     "5:27: 'limits.rules.limit': expected a rate such as 60/min, 5/s or "
     "10MiB/s, or none, found '/s'"},
    {"none at all is not a limit", MINE "limit: 0/s}\n",
     "5:27: 'limits.rules.limit': expected a rate such as 60/min, 5/s or "
     "10MiB/s, or none, found '0/s'"},
    {"a limit that no integer holds", MINE "limit: 99999999999999999999/s}\n",
     "5:27: 'limits.rules.limit': expected a rate such as 60/min, 5/s or "
     "10MiB/s, or none, found '99999999999999999999/s'"},
    {"a burst of nothing", MINE "burst: 0}\n",
     "5:27: 'limits.rules.burst': expected a number, or a size such as 10MiB, "
     "above 0, found '0'"},
    {"more than can be told apart",
     MINE "count: logins, by: all, limit: 1000000001/s}\n",
     "5:51: rule 'mine': its limit is more than 1000000000 a second"},
    {"a burst that is never made up for",
     MINE "count: logins, by: all, limit: 1/d, burst: 31}\n",
     "5:63: rule 'mine': its burst would be made up for in more than 30 days; "
     "at this limit it may be 30"},
    {"the same with the burst of the rule built in",
     RULES "{name: logins-per-address, limit: 5/d}\n",
     "5:41: rule 'logins-per-address': its burst would be made up for in more "
     "than 30 days; at this limit it may be 150"},
    {"logins have no size", RULES "{name: logins-per-user, limit: 1KiB/s}\n",
     "5:38: rule 'logins-per-user': KiB and MiB are for bytes, not for "
     "logins"},
    {"nor has a burst of them", RULES "{name: logins-per-user, burst: 1KiB}\n",
     "5:38: rule 'logins-per-user': KiB and MiB are for bytes, not for "
     "logins"},
    /* what a rule must say */
    {"a rule without a name", RULES "{limit: 1/s}\n",
     "5:7: missing key 'limits.rules.name'"},
    {"a new rule says what it counts", MINE "by: user, limit: 1/s}\n",
     "5:7: rule 'mine': missing key 'limits.rules.count'"},
    {"and of whom", MINE "count: logins, limit: 1/s}\n",
     "5:7: rule 'mine': missing key 'limits.rules.by'"},
    {"and how many", MINE "count: logins, by: user}\n",
     "5:7: rule 'mine': missing key 'limits.rules.limit'"},
    {"a name that is nearly one of ours",
     RULES "{name: login-per-user, limit: 1/s}\n",
     "5:7: rule 'login-per-user': missing key 'limits.rules.count'; did you "
     "mean the built-in rule 'logins-per-user'?"},
    {"two rules of one name",
     RULES "{name: logins-per-user}\n    - {name: logins-per-user}\n",
     "6:14: two rules are called 'logins-per-user'"},
    /* what goes together */
    {"bytes have no address", MINE "count: bytes, by: address, limit: 1/s}\n",
     "5:38: rule 'mine': bytes cannot be counted by address, but by user or "
     "session"},
    {"connections have no user yet",
     MINE "count: connections, by: user, limit: 1/s}\n",
     "5:44: rule 'mine': connections cannot be counted by user, but by "
     "address, prefix, listener or all"},
    {"the same of a rule built in",
     RULES "{name: failures-per-user, by: session}\n",
     "5:37: rule 'failures-per-user': failures cannot be counted by session, "
     "but by address, prefix or user"},
    {"the same where only what is counted was changed",
     RULES "{name: logins-per-user, count: connections}\n",
     "5:38: rule 'logins-per-user': connections cannot be counted by user, "
     "but by address, prefix, listener or all"},
    {"nobody is banned for what all did",
     MINE "count: logins, by: listener, limit: 1/s, action: ban}\n",
     "5:69: rule 'mine': with logins by listener the action cannot be ban, "
     "but delay, refuse or close"},
    {"a close would tell of a user",
     RULES "{name: logins-per-user, action: close}\n",
     "5:39: rule 'logins-per-user': with logins by user the action cannot be "
     "close, but delay, refuse or ban"},
    {"a mailbox is delayed, not refused",
     MINE "count: bytes, by: session, limit: 1MiB/s, action: refuse}\n",
     "5:70: rule 'mine': with bytes by session the action cannot be refuse, "
     "but delay"},
    {"a ban that is never made", RULES "{name: logins-per-user, ban: 5m}\n",
     "5:36: rule 'logins-per-user': 'limits.rules.ban' has no effect while "
     "its action is refuse"},
    {"a first ban longer than the longest",
     RULES "{name: failures-per-address, ban: 25h}\n",
     "5:41: rule 'failures-per-address': its ban may not be longer than its "
     "ban_most"},
    {"the same from the other end",
     RULES "{name: failures-per-address, ban_most: 5m}\n",
     "5:46: rule 'failures-per-address': its ban may not be longer than its "
     "ban_most"},
    /* the rest */
    {"a word that is none of them", MINE "action: block}\n",
     "5:28: 'limits.rules.action': expected either delay, refuse, close or "
     "ban, found 'block'"},
    {"a key of a rule that is misspelt", MINE "actoin: ban}\n",
     "5:20: unknown key 'actoin' in 'limits.rules'; did you mean 'action'?"},
    {"a rule's key in the wrong place", LEAST "  action: ban\n",
     "4:3: unknown key 'action' in 'limits'; did you mean "
     "'limits.rules.action'?"},
    {"a rule for rules", LEAST "  rules: logins\n",
     "4:10: 'limits.rules': expected a list, found 'logins'"},
    {"an exemption with host bits", LEAST "  exempt: [10.0.0.1/8]\n",
     "4:12: 'limits.exempt': expected a network without bits behind its "
     "prefix, found '10.0.0.1/8'"},
};

static void
test_faults(void)
{
	for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
		struct settings *s = NULL;
		struct settings_fault f = {0};
		char text[600];

		CU_ASSERT(settings_load(slice_str(faults[i].yaml), &s, &f) !=
			  ERR_OK);
		snprintf(text, sizeof text, "%u:%u: %s", f.line, f.column,
			 f.text);
		CU_ASSERT_STRING_EQUAL(text, faults[i].expected);
		if (strcmp(text, faults[i].expected) != 0)
			printf("%s:\n  %s\n  %s\n", faults[i].what,
			       faults[i].expected, text);
		settings_free(s);
	}
}

static struct settings *
load(const char *yaml)
{
	struct settings *s = NULL;
	struct settings_fault f = {0};

	if (settings_load(slice_str(yaml), &s, &f) != ERR_OK)
		printf("%u:%u: %s\n", f.line, f.column, f.text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	return s;
}

static const struct rule *
rule(const struct settings *s, const char *name)
{
	const struct rule *r = rules_find(&s->limits.table, slice_str(name));

	CU_ASSERT_PTR_NOT_NULL_FATAL(r);
	return r;
}

static void
test_built_in(void)
{
	struct settings *s = load(LEAST);
	const struct rule *r;

	CU_ASSERT_EQUAL(s->limits.rules_count, RULES_BUILT_IN);
	r = rule(s, "failures-per-address");
	CU_ASSERT_EQUAL(r->count, RULE_FAILURES);
	CU_ASSERT_EQUAL(r->by, RULE_ADDRESS);
	CU_ASSERT(r->rate.limit == 1 && r->rate.per == 60000);
	CU_ASSERT_EQUAL(r->rate.burst, 20);
	CU_ASSERT_EQUAL(r->action, RULE_BAN);
	CU_ASSERT_EQUAL(r->ban, 600 * 1000);
	CU_ASSERT_EQUAL(r->ban_most, 24 * 3600 * 1000);
	CU_ASSERT_FALSE(r->observe);
	for (size_t i = 0; i < s->limits.rules_count; i++) {
		r = &s->limits.rules[i].rule;
		CU_ASSERT(rate_valid(&r->rate) && r->rate.limit > 0);
		/* One abuser must not shut out neighbours or the user. */
		CU_ASSERT(r->action != RULE_BAN || r->by == RULE_ADDRESS);
	}
	CU_ASSERT_EQUAL(s->limits.exempt_count, 0);
	CU_ASSERT_EQUAL(s->limits.known_for, UINT64_C(30) * 24 * 3600 * 1000);
	CU_ASSERT_EQUAL(s->limits.wrong_for, 60 * 1000);
	CU_ASSERT_EQUAL(s->limits.memory, 32 << 20);
	CU_ASSERT_STRING_EQUAL(s->state.path, "/var/lib/imapward/state");
	CU_ASSERT_EQUAL(s->state.interval, 60 * 1000);
	settings_free(s);
}

static void
test_a_named_rule_is_changed_where_it_says_so(void)
{
	struct settings *s =
	    load(RULES "{name: logins-per-user, observe: true, "
		       "limit: 2/s}\n");
	const struct rule *r = rule(s, "logins-per-user");

	CU_ASSERT_EQUAL(s->limits.rules_count, RULES_BUILT_IN);
	CU_ASSERT(r->observe && r->rate.limit == 2 && r->rate.per == 1000);
	CU_ASSERT_EQUAL(r->rate.burst, 60);
	CU_ASSERT_EQUAL(r->by, RULE_USER);
	CU_ASSERT_EQUAL(r->action, RULE_REFUSE);
	settings_free(s);
}

static void
test_a_rule_may_become_a_ban(void)
{
	struct settings *s =
	    load(RULES "{name: failures-per-user, action: ban}\n");
	const struct rule *r = rule(s, "failures-per-user");

	CU_ASSERT_EQUAL(r->action, RULE_BAN);
	CU_ASSERT_EQUAL(r->ban, 600 * 1000);
	CU_ASSERT_EQUAL(r->ban_most, 24 * 3600 * 1000);
	settings_free(s);
}

static void
test_observing_all_is_observing_each(void)
{
	struct settings *s = load(LEAST "  observe: true\n");

	for (size_t i = 0; i < s->limits.table.total; i++)
		CU_ASSERT(s->limits.table.list[i].observe);
	CU_ASSERT_FALSE(s->limits.rules[0].rule.observe);
	settings_free(s);
}

static void
test_a_new_rule_needs_little(void)
{
	struct settings *s = load(
	    MINE
	    "count: connections, by: listener, limit: 5/min}\n"
	    "    - {name: slow, count: bytes, by: session, limit: 1MiB/s}\n"
	    "    - {name: off, count: logins, by: all, limit: none}\n");
	const struct rule *r = rule(s, "mine");

	CU_ASSERT_EQUAL(s->limits.rules_count, RULES_BUILT_IN + 3);
	CU_ASSERT_EQUAL(r->action, RULE_CLOSE);
	CU_ASSERT_EQUAL(r->rate.burst, 5);
	r = rule(s, "slow");
	CU_ASSERT_EQUAL(r->action, RULE_DELAY);
	CU_ASSERT(r->rate.limit == 1 << 20 && r->rate.burst == 1 << 20);
	r = rule(s, "off");
	CU_ASSERT_EQUAL(r->rate.limit, 0);
	CU_ASSERT_EQUAL(r->action, RULE_REFUSE);
	settings_free(s);
}

struct text {
	size_t len;
	char bytes[64 * 1024];
};

static void
collect(void *arg, struct slice piece)
{
	struct text *t = arg;

	CU_ASSERT_FATAL(piece.len < sizeof t->bytes - t->len);
	memcpy(t->bytes + t->len, piece.ptr, piece.len);
	t->len += piece.len;
	t->bytes[t->len] = '\0';
}

static void
test_there_may_be_so_many_and_print_has_them_all(void)
{
	struct text *yaml = calloc(1, sizeof *yaml),
		    *out = calloc(1, sizeof *out);
	struct settings *s, *again;
	struct settings_fault f;

	CU_ASSERT_FATAL(yaml && out);
	collect(yaml, SLICE(LEAST "  rules:\n"));
	for (int i = RULES_BUILT_IN; i < RULES_MAX; i++) {
		char line[80];

		snprintf(line, sizeof line,
			 "    - {name: r%d, count: logins, by: all, limit: "
			 "%d/h}\n",
			 i, i);
		collect(yaml, slice_str(line));
	}
	s = load(yaml->bytes);
	CU_ASSERT_EQUAL(s->limits.rules_count, RULES_MAX);
	settings_print(s, collect, out);
	again = load(out->bytes);
	CU_ASSERT_EQUAL(again->limits.rules_count, RULES_MAX);
	CU_ASSERT_EQUAL(memcmp(s->limits.rules, again->limits.rules,
			       RULES_MAX * sizeof s->limits.rules[0]),
			0);
	settings_free(s);
	settings_free(again);
	collect(yaml, SLICE("    - {name: r, count: logins, by: all, limit: "
			    "1/h}\n"));
	CU_ASSERT_EQUAL(settings_load(slice_str(yaml->bytes), &s, &f),
			ERR_LIMIT);
	CU_ASSERT_STRING_EQUAL(f.text, "'limits.rules': expected at most 64, "
				       "those built in among them");
	free(yaml);
	free(out);
}

void
suite_rules(void)
{
	CU_pSuite suite = CU_add_suite("rules", NULL, NULL);

	CU_add_test(suite, "what is wrong with a rule, and where", test_faults);
	CU_add_test(suite, "the rules built in", test_built_in);
	CU_add_test(suite, "a named rule is changed where it says so",
		    test_a_named_rule_is_changed_where_it_says_so);
	CU_add_test(suite, "a rule may become a ban",
		    test_a_rule_may_become_a_ban);
	CU_add_test(suite, "observing all is observing each",
		    test_observing_all_is_observing_each);
	CU_add_test(suite, "a new rule needs little",
		    test_a_new_rule_needs_little);
	CU_add_test(suite, "there may be so many, and print has them all",
		    test_there_may_be_so_many_and_print_has_them_all);
}
