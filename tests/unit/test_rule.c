/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/rule.h"

#include <CUnit/CUnit.h>

#include <stdio.h>
#include <string.h>

static struct rule
rule(const char *name, enum rule_count count, enum rule_by by,
     enum rule_action action)
{
	struct rule r = {.count = count,
			 .by = by,
			 .action = action,
			 .rate = {1, 1000, 1},
			 .ban = 1,
			 .ban_most = 1};

	snprintf(r.name, sizeof r.name, "%s", name);
	return r;
}

static void
those_built_in_make_sense(void)
{
	struct rules all;

	rules_init(&all, 1, 2);
	CU_ASSERT_EQUAL(all.known_for, 1);
	CU_ASSERT_EQUAL(all.wrong_for, 2);
	for (size_t i = 0; i < RULES_BUILT_IN; i++) {
		CU_ASSERT_PTR_NULL(rule_fault(&rules_built_in[i]));
		CU_ASSERT_EQUAL(rules_add(&all, &rules_built_in[i]), ERR_OK);
	}
	for (size_t i = 0; i < RULES_BUILT_IN; i++)
		CU_ASSERT_PTR_NOT_NULL(
		    rules_find(&all, slice_str(rules_built_in[i].name)));
	CU_ASSERT_PTR_NULL(rules_find(&all, SLICE("logins")));
}

static void
a_table_is_in_order(void)
{
	static const struct {
		enum rule_count count;
		enum rule_by by;
	} rows[] = {
	    {RULE_FAILURES, RULE_USER},       {RULE_LOGINS, RULE_ADDRESS},
	    {RULE_BYTES, RULE_SESSION},       {RULE_FAILURES, RULE_ADDRESS},
	    {RULE_CONNECTIONS, RULE_ADDRESS}, {RULE_LOGINS, RULE_ALL},
	    {RULE_LOGINS, RULE_ADDRESS},
	};
	struct rules all;
	char name[8];

	rules_init(&all, 0, 0);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct rule r;

		snprintf(name, sizeof name, "r%zu", i);
		r = rule(name, rows[i].count, rows[i].by,
			 rows[i].count == RULE_BYTES         ? RULE_DELAY
			 : rows[i].count == RULE_CONNECTIONS ? RULE_CLOSE
							     : RULE_REFUSE);
		CU_ASSERT_EQUAL(rules_add(&all, &r), ERR_OK);
	}
	for (size_t c = 0; c < RULE_COUNTS; c++)
		for (size_t i = all.from[c]; i < all.from[c + 1]; i++) {
			CU_ASSERT_EQUAL(all.list[i].count, c);
			if (i > all.from[c])
				CU_ASSERT_TRUE(all.list[i - 1].by <=
					       all.list[i].by);
		}
	CU_ASSERT_EQUAL(all.from[RULE_COUNTS], all.total);
	/* Among equals the one that was added first. */
	CU_ASSERT_STRING_EQUAL(all.list[all.from[RULE_LOGINS]].name, "r1");
	CU_ASSERT_STRING_EQUAL(all.list[all.from[RULE_LOGINS] + 1].name, "r6");
}

/* By its id what was counted is found again. */
static void
what_is_counted_is_named_alike(void)
{
	struct rule a = rule("a", RULE_LOGINS, RULE_USER, RULE_REFUSE);
	struct rule twin = a;
	struct rules one, other;

	rules_init(&one, 0, 0);
	rules_init(&other, 0, 0);
	twin.rate.limit = 9;
	CU_ASSERT_EQUAL(rules_add(&one, &a), ERR_OK);
	CU_ASSERT_EQUAL(rules_add(&other, &twin), ERR_OK);
	CU_ASSERT_EQUAL(one.list[0].id, other.list[0].id);
	twin.by = RULE_ADDRESS;
	rules_init(&other, 0, 0);
	CU_ASSERT_EQUAL(rules_add(&other, &twin), ERR_OK);
	CU_ASSERT_NOT_EQUAL(one.list[0].id, other.list[0].id);
	CU_ASSERT_EQUAL(rules_add(&other, &a), ERR_DUPLICATE);
}

static void
a_table_has_an_end(void)
{
	struct rules all;
	struct rule r;
	char name[8];

	rules_init(&all, 0, 0);
	for (unsigned i = 0; i < RULES_MAX; i++) {
		snprintf(name, sizeof name, "r%u", i);
		r = rule(name, RULE_LOGINS, RULE_USER, RULE_REFUSE);
		CU_ASSERT_EQUAL(rules_add(&all, &r), ERR_OK);
	}
	r = rule("one more", RULE_LOGINS, RULE_USER, RULE_REFUSE);
	CU_ASSERT_EQUAL(rules_add(&all, &r), ERR_LIMIT);
}

static void
what_makes_no_sense_is_told(void)
{
	static const struct {
		const char *shows;
		struct rule rule;
	} rows[] = {
	    {"no name",
	     {.count = RULE_LOGINS, .by = RULE_USER, .action = RULE_REFUSE}},
	    {"connections have no user",
	     {.name = "x",
	      .count = RULE_CONNECTIONS,
	      .by = RULE_USER,
	      .action = RULE_CLOSE}},
	    {"handshakes have no user",
	     {.name = "x",
	      .count = RULE_HANDSHAKES,
	      .by = RULE_USER,
	      .action = RULE_CLOSE}},
	    {"logins of a session have a setting",
	     {.name = "x",
	      .count = RULE_LOGINS,
	      .by = RULE_SESSION,
	      .action = RULE_REFUSE}},
	    {"a connection cannot be told no",
	     {.name = "x",
	      .count = RULE_CONNECTIONS,
	      .by = RULE_ADDRESS,
	      .action = RULE_REFUSE}},
	    {"commands are never refused",
	     {.name = "x",
	      .count = RULE_COMMANDS,
	      .by = RULE_USER,
	      .action = RULE_REFUSE}},
	    {"a rate without a time",
	     {.name = "x",
	      .count = RULE_LOGINS,
	      .by = RULE_USER,
	      .action = RULE_REFUSE,
	      .rate = {1, 0, 1}}},
	    {"everybody cannot be banned",
	     {.name = "x",
	      .count = RULE_FAILURES,
	      .by = RULE_ALL,
	      .action = RULE_BAN,
	      .ban = 1,
	      .ban_most = 1}},
	    {"a ban that shrinks",
	     {.name = "x",
	      .count = RULE_FAILURES,
	      .by = RULE_USER,
	      .action = RULE_BAN,
	      .ban = 2,
	      .ban_most = 1}},
	    {"a ban of no time",
	     {.name = "x",
	      .count = RULE_FAILURES,
	      .by = RULE_USER,
	      .action = RULE_BAN}},
	    {"a ban for ever",
	     {.name = "x",
	      .count = RULE_FAILURES,
	      .by = RULE_USER,
	      .action = RULE_BAN,
	      .ban = 1,
	      .ban_most = UINT64_MAX}},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct rules all;

		rules_init(&all, 0, 0);
		CU_ASSERT_PTR_NOT_NULL(rule_fault(&rows[i].rule));
		CU_ASSERT_EQUAL(rules_add(&all, &rows[i].rule), ERR_SYNTAX);
		CU_ASSERT_EQUAL(all.total, 0);
	}
}

void
suite_rule(void)
{
	CU_pSuite s = CU_add_suite("rule", NULL, NULL);

	CU_add_test(s, "those built in make sense", those_built_in_make_sense);
	CU_add_test(s, "a table is in order", a_table_is_in_order);
	CU_add_test(s, "what is counted is named alike",
		    what_is_counted_is_named_alike);
	CU_add_test(s, "a table has an end", a_table_has_an_end);
	CU_add_test(s, "what makes no sense is told",
		    what_makes_no_sense_is_told);
}
