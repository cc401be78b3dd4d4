/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_commands.c - rules on commands: as they are written, and what they mean.
 */
#include "config/settings.h"

#include "imap/verb.h"
#include "unit/input.h"

#include <stdio.h>

void suite_commands(void);

#define LEAST                                                                  \
	"certificates: [{chain: /c, key: /k}]\n"                               \
	"backends: [{name: old, address: mail, port: 1143},"                   \
	" {name: new, address: mail2, port: 1143}]\n"                          \
	"commands:\n"
#define RULE LEAST "  - {name: r, "

static const struct {
	const char *what, *yaml, *expected;
} faults[] = {
    {"a verb that is none", RULE "forbid: [SETACLL]}\n",
     "4:24: 'commands.forbid': unknown verb 'SETACLL'; the nearest are SETACL, "
     "GETACL and ENABLE"},
    {"a verb in two parts", RULE "forbid: [UID EXPUNGE]}\n",
     "4:24: 'commands.forbid': 'UID EXPUNGE' is known but refused: forbid the "
     "verb behind it, which covers both forms"},
    {"a verb that nobody can do without", RULE "forbid: [noop]}\n",
     "4:24: 'commands.forbid': 'noop' is known but refused: every client needs "
     "it"},
    {"a verb that never passes", RULE "forbid: [LOGIN]}\n",
     "4:24: 'commands.forbid': 'LOGIN' is known but refused: it is never "
     "allowed after login"},
    {"a private verb with a space", RULE "forbid: [X Y]}\n",
     "4:24: 'commands.forbid': unknown verb 'X Y'; the nearest are ID, COPY "
     "and "
     "IDLE"},
    {"the same verb twice", RULE "forbid: [MOVE, move]}\n",
     "4:30: 'commands.forbid': 'move' is given twice"},
    {"no verb at all", RULE "forbid: []}\n",
     "4:23: 'commands.forbid': expected at least one entry"},
    {"nothing is forbidden", RULE "users: [bob]}\n",
     "4:5: missing key 'commands.forbid'"},
    {"a backend that is not there", RULE "forbid: [MOVE], backends: [odl]}\n",
     "4:41: 'commands.backends': there is no backend 'odl'; did you mean "
     "'old'?"},
    {"nor anything like it", RULE "forbid: [MOVE], backends: [other]}\n",
     "4:41: 'commands.backends': there is no backend 'other'"},
    {"two rules of one name",
     RULE "forbid: [MOVE]}\n  - {name: r, forbid: [COPY]}\n",
     "5:12: two rules on commands are called 'r'"},
};

static void
mistakes_are_told(void)
{
	for (size_t i = 0; i < COUNT(faults); i++) {
		struct settings *s = NULL;
		struct settings_fault f;
		char text[600];

		if (settings_load(slice_str(faults[i].yaml), &s, &f) ==
		    ERR_OK) {
			settings_free(s);
			SHOWS(faults[i].what, false);
			continue;
		}
		(void)snprintf(text, sizeof text, "%u:%u: %s", f.line, f.column,
			       f.text);
		if (strcmp(text, faults[i].expected) != 0)
			(void)fprintf(stderr, "%s\n", text);
		SHOWS(faults[i].what, strcmp(text, faults[i].expected) == 0);
	}
}

static struct settings *
load(const char *yaml)
{
	struct settings *s = NULL;
	struct settings_fault f;

	if (settings_load(slice_str(yaml), &s, &f) != ERR_OK) {
		(void)fprintf(stderr, "%s\n", f.text);
		abort();
	}
	return s;
}

static bool
forbids(const struct command_rule *r, const char *verb)
{
	return command_rule_forbids(r, verb_of(slice_str(verb)),
				    slice_str(verb)) != NULL;
}

static void
what_a_rule_forbids(void)
{
	struct settings *s =
	    load(RULE "forbid: [setacl, EXPUNGE, XKill, X-A.b]}\n");
	const struct command_rule *r = s->commands;

	CU_ASSERT_EQUAL(s->commands_count, 1);
	CU_ASSERT(forbids(r, "SETACL"));
	CU_ASSERT(forbids(r, "expunge"));
	CU_ASSERT(forbids(r, "XKILL"));
	CU_ASSERT(forbids(r, "x-a.B"));
	CU_ASSERT(!forbids(r, "GETACL"));
	CU_ASSERT(!forbids(r, "CLOSE"));
	CU_ASSERT(!forbids(r, "XKILLALL"));
	CU_ASSERT(!forbids(r, "UID"));
	CU_ASSERT_STRING_EQUAL(
	    command_rule_forbids(r, VERB_EXPUNGE, SLICE("eXpunge")), "EXPUNGE");
	CU_ASSERT_STRING_EQUAL(
	    command_rule_forbids(r, VERB_OTHER, SLICE("xkill")), "XKill");
	settings_free(s);
}

static bool
concerns(const struct command_rule *r, size_t backend, const char *user,
	 const char *address)
{
	struct address a;

	if (address_parse(slice_str(address), &a) != ERR_OK)
		abort();
	return command_rule_concerns(r, backend, slice_str(user), &a);
}

static void
whom_a_rule_concerns(void)
{
	struct settings *s = load(
	    RULE "forbid: [MOVE]}\n"
		 "  - {name: b, forbid: [MOVE], backends: [new]}\n"
		 "  - {name: u, forbid: [MOVE], users: [Bob, "
		 "\"*@example.org\"]}\n"
		 "  - {name: n, forbid: [MOVE], networks: [192.0.2.0/24]}\n"
		 "  - {name: all, forbid: [MOVE], backends: [old], users: "
		 "[bob], networks: [192.0.2.0/24, \"2001:db8::/32\"]}\n");
	const struct command_rule *r = s->commands;

	CU_ASSERT_EQUAL(s->commands_count, 5);
	CU_ASSERT(concerns(&r[0], 1, "anybody", "10.0.0.1"));
	CU_ASSERT(concerns(&r[1], 1, "anybody", "10.0.0.1"));
	CU_ASSERT(!concerns(&r[1], 0, "anybody", "10.0.0.1"));
	CU_ASSERT(concerns(&r[2], 0, "BOB", "10.0.0.1"));
	CU_ASSERT(concerns(&r[2], 0, "eve@Example.ORG", "10.0.0.1"));
	CU_ASSERT(!concerns(&r[2], 0, "bob@example.com", "10.0.0.1"));
	/* A token without a name may be anybody's. */
	CU_ASSERT(concerns(&r[2], 0, "", "10.0.0.1"));
	CU_ASSERT(concerns(&r[3], 0, "anybody", "192.0.2.77"));
	CU_ASSERT(!concerns(&r[3], 0, "anybody", "192.0.3.77"));
	CU_ASSERT(concerns(&r[4], 0, "bob", "2001:db8::1"));
	CU_ASSERT(!concerns(&r[4], 1, "bob", "2001:db8::1"));
	CU_ASSERT(!concerns(&r[4], 0, "rob", "2001:db8::1"));
	CU_ASSERT(!concerns(&r[4], 0, "bob", "2001:db9::1"));
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
what_is_printed_reads_the_same(void)
{
	static struct text out, again;
	struct settings *s = load(
			    RULE
			    "forbid: [setacl, XKill], users: [\"*@a b\", bob],"
			    " networks: [10.0.0.0/8], backends: [new, old]}\n"),
			*t;

	settings_print(s, collect, &out);
	CU_ASSERT_PTR_NOT_NULL(strstr(out.bytes,
				      "commands:\n"
				      "  - name: r\n"
				      "    forbid: [setacl, XKill]\n"
				      "    backends: [new, old]\n"
				      "    users: [\"*@a b\", bob]\n"
				      "    networks: [10.0.0.0/8]\n"));
	t = load(out.bytes);
	settings_print(t, collect, &again);
	CU_ASSERT_STRING_EQUAL(out.bytes, again.bytes);
	CU_ASSERT_EQUAL(t->commands[0].backends_at, 3);
	CU_ASSERT_EQUAL(t->commands[0].verbs, s->commands[0].verbs);
	settings_free(s);
	settings_free(t);
}

void
suite_commands(void)
{
	CU_pSuite s = CU_add_suite("commands", NULL, NULL);

	CU_add_test(s, "mistakes are told", mistakes_are_told);
	CU_add_test(s, "what a rule forbids", what_a_rule_forbids);
	CU_add_test(s, "whom a rule concerns", whom_a_rule_concerns);
	CU_add_test(s, "what is printed reads the same",
		    what_is_printed_reads_the_same);
}
