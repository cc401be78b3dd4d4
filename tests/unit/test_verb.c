/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "imap/verb.h"

#include "unit/input.h"

void suite_verb(void);

static void
when_each_may_be_said(void)
{
	static const struct {
		const char *shows;
		enum verb verb;
		enum permission clear, gate, relay;
	} rows[] = {
#define R PERMISSION_REFUSE
#define A PERMISSION_ANSWER
#define P PERMISSION_PASS
	    {"CAPABILITY", VERB_CAPABILITY, A, A, P},
	    {"NOOP", VERB_NOOP, A, A, P},
	    {"LOGOUT", VERB_LOGOUT, A, A, P},
	    {"STARTTLS only in clear", VERB_STARTTLS, A, R, R},
	    {"LOGIN never twice", VERB_LOGIN, A, A, R},
	    {"AUTHENTICATE never twice", VERB_AUTHENTICATE, A, A, R},
	    {"COMPRESS never", VERB_COMPRESS, R, R, R},
	    {"UNAUTHENTICATE never", VERB_UNAUTHENTICATE, R, R, R},
	    {"UID after login", VERB_UID, R, R, P},
	    {"ID at any time", VERB_ID, A, A, P},
#undef R
#undef A
#undef P
	};
	enum verb others = VERB_ID + 1;

	for (size_t i = 0; i < COUNT(rows); i++) {
		enum verb v = rows[i].verb;

		SHOWS(rows[i].shows,
		      verb_permission(v, PHASE_CLEAR) == rows[i].clear &&
			  verb_permission(v, PHASE_GATE) == rows[i].gate &&
			  verb_permission(v, PHASE_RELAY) == rows[i].relay);
		CU_ASSERT(v < others);
	}
	CU_ASSERT_EQUAL(COUNT(rows), others);
	for (unsigned v = others; v < VERB_COUNT; v++) {
		const char *name = (const char *)verb_text((enum verb)v).ptr;

		SHOWS(name, verb_permission((enum verb)v, PHASE_CLEAR) ==
				    PERMISSION_REFUSE &&
				verb_permission((enum verb)v, PHASE_GATE) ==
				    PERMISSION_REFUSE &&
				verb_permission((enum verb)v, PHASE_RELAY) ==
				    PERMISSION_PASS);
	}
}

static void
names(void)
{
	for (unsigned v = 0; v < VERB_OTHER; v++) {
		struct slice name = verb_text((enum verb)v);

		SHOWS((const char *)name.ptr,
		      verb_of(name) == (enum verb)v && verb_valid(name));
	}
	CU_ASSERT_EQUAL(verb_of(SLICE("lOgIn")), VERB_LOGIN);
	CU_ASSERT_EQUAL(verb_of(SLICE("uid")), VERB_UID);
	CU_ASSERT_EQUAL(verb_of(SLICE("LOGINX")), VERB_OTHER);
	CU_ASSERT_EQUAL(verb_of(SLICE("LOGI")), VERB_OTHER);
	CU_ASSERT_EQUAL(verb_of(SLICE("XLIST")), VERB_OTHER);
	CU_ASSERT_EQUAL(verb_of(SLICE("OTHER")), VERB_OTHER);
	CU_ASSERT_EQUAL(verb_of(SLICE("")), VERB_OTHER);
	CU_ASSERT_EQUAL(verb_text(VERB_OTHER).len, 0);
}

static void
what_a_name_is_made_of(void)
{
	CU_ASSERT(verb_valid(SLICE("X-GM_2.a")));
	CU_ASSERT(!verb_valid(SLICE("")));
	CU_ASSERT(!verb_valid(SLICE("A B")));
	CU_ASSERT(!verb_valid(SLICE("{3}")));
	CU_ASSERT(!verb_valid(SLICE("EXPUNGE\x80")));
}

void
suite_verb(void)
{
	CU_pSuite s = CU_add_suite("verb", NULL, NULL);

	CU_add_test(s, "each is allowed in its phases only",
		    when_each_may_be_said);
	CU_add_test(s, "names", names);
	CU_add_test(s, "what a name is made of", what_a_name_is_made_of);
}
