/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_evade.c - attempts to log in, and sessions, made so that they are not
 * counted, or not as whose they are.
 */
#include "world.h"

#include "session/shares.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

void suite_evade(void);

enum { SECOND = 1000 };

#define NO  "NO [AUTHENTICATIONFAILED] go away"
#define YES "OK [CAPABILITY IMAP4rev1] in"
#define ONE                                                                    \
	"limits: {rules: [{name: logins-per-address, limit: 1/h, burst: "      \
	"1}]}\n"

static struct defence *
defence(void)
{
	struct defence *d = defence_new(TALLY_MEMORY_LEAST);

	CU_ASSERT_PTR_NOT_NULL_FATAL(d);
	return d;
}

static void
comes(struct world *w, struct defence *d, const char *from, const char *yaml)
{
	w->shared = d;
	w->from = from;
	world_begin(w, DOOR_TLS, 0, yaml, 1);
	world_forget(&w->to_client, w->to_client.len);
}

static void
says(struct world *w, const char *command)
{
	char line[300];

	(void)snprintf(line, sizeof line, "%s\r\n", command);
	world_client(w, slice_str(line));
}

/* The backend has been asked, and has not answered yet. */
static void
is_asked(struct world *w)
{
	CU_ASSERT(w->dialing);
	world_connected(w);
	world_backend(w, SLICE("* OK [CAPABILITY IMAP4rev1 LITERAL+ SASL-IR "
			       "AUTH=PLAIN AUTH=XOAUTH2 AUTH=OAUTHBEARER] "
			       "x\r\n"));
}

static void
answers(struct world *w, const char *verdict)
{
	char text[256];
	struct slice tag = world_seen(&w->to_backend);

	tag.len = slice_find(tag, ' ');
	(void)snprintf(text, sizeof text, "%.*s %s\r\n", (int)tag.len,
		       (const char *)tag.ptr, verdict);
	world_backend(w, slice_str(text));
}

/* Nobody else of that address may try now; the other table is ONE. */
static void
was_counted(struct defence *d, bool counted)
{
	static struct world w;

	comes(&w, d, "203.0.113.1", ONE);
	says(&w, "a LOGIN zoe z");
	CU_ASSERT_EQUAL(w.dialing, !counted);
	world_end(&w);
	defence_free(d);
}

/* ---- attempts ---- */

/* A backend that is slow to say no, as most are, and is not to say it. */
static void
who_takes_no_answer_is_counted(void)
{
	static struct world w;
	struct defence *d = defence();

	comes(&w, d, "203.0.113.1", ONE "timeouts: {write_stall: 1s}\n");
	w.stalled[SIDE_CLIENT] = true;
	says(&w, "n NOOP");
	world_wait(&w, SECOND / 2);
	says(&w, "a LOGIN bob x");
	is_asked(&w);
	world_wait(&w, SECOND);
	CU_ASSERT_STRING_EQUAL(session_state_name(&w.session), "login");
	answers(&w, NO);
	CU_ASSERT(world_holds(&w.events, "wrong credentials"));
	world_wait(&w, SECOND);
	CU_ASSERT(w.done);
	world_end(&w);
	w.stalled[SIDE_CLIENT] = false;
	was_counted(d, true);
}

/* user=bob auth=Bearer secret */
#define XOAUTH2                                                                \
	"a AUTHENTICATE XOAUTH2 dXNlcj1ib2IBYXV0aD1CZWFyZXIgc2VjcmV0AQE="

static void
a_token_that_was_refused(struct world *w, struct defence *d)
{
	comes(w, d, "203.0.113.1", ONE);
	says(w, XOAUTH2);
	is_asked(w);
	world_backend(w, SLICE("+ eyJzdGF0dXMiOiI0MDEifQ==\r\n"));
	CU_ASSERT(world_holds(&w->to_client, "+ eyJ"));
}

/* The error has said it all: what is never answered is no verdict less. */
static void
an_oauth_error_counts_however_it_is_answered(void)
{
	static struct world w;
	static char much[9000];
	struct defence *d = defence();

	memset(much, 'A', sizeof much);
	a_token_that_was_refused(&w, d);
	world_client(&w, slice_of(much, sizeof much));
	CU_ASSERT(w.done);
	world_end(&w);
	was_counted(d, true);

	d = defence();
	a_token_that_was_refused(&w, d);
	world_wait(&w, 10 * 60 * SECOND);
	CU_ASSERT(world_holds(&w.events, "backend timed out"));
	world_end(&w);
	was_counted(d, true);

	d = defence();
	a_token_that_was_refused(&w, d);
	world_ended(&w, SIDE_BACKEND);
	world_end(&w);
	was_counted(d, true);

	/* But the backend may say that it was not the token. */
	d = defence();
	a_token_that_was_refused(&w, d);
	says(&w, "");
	answers(&w, "NO [UNAVAILABLE] no directory");
	world_end(&w);
	was_counted(d, false);
}

/* Some servers do not see spaces around a name. */
static void
spaces_make_no_other_user(void)
{
	static const char yaml[] =
	    "limits: {rules: [{name: logins-per-user, limit: 1/h, burst: 1}]}";
	static struct world w;
	struct defence *d = defence();

	comes(&w, d, "203.0.113.1", yaml);
	says(&w, "a LOGIN bob x");
	is_asked(&w);
	answers(&w, NO);
	world_end(&w);
	comes(&w, d, "198.51.100.1", yaml);
	says(&w, "a LOGIN \"bob  \" y");
	CU_ASSERT_FALSE(w.dialing);
	world_end(&w);
	comes(&w, d, "198.51.100.2", yaml);
	says(&w, "a LOGIN \" BOB\" y");
	CU_ASSERT_FALSE(w.dialing);
	world_end(&w);
	defence_free(d);
}

/* ---- sessions ---- */

/* n,,^Aauth=Bearer secret^A^A: the token alone says who it is. */
#define NAMELESS "a AUTHENTICATE OAUTHBEARER biwsAWF1dGg9QmVhcmVyIHNlY3JldAEB"

static void
is_let_in(struct world *w, const char *yaml, const char *login)
{
	comes(w, NULL, "203.0.113.1", yaml);
	says(w, login);
	is_asked(w);
	answers(w, YES);
}

static void
users_without_a_name_are_not_one_user(void)
{
	static struct world first, second;

	is_let_in(&first, "limits: {sessions_per_user: 1}\n", NAMELESS);
	is_let_in(&second, "limits: {sessions_per_user: 1}\n", NAMELESS);
	CU_ASSERT(session_authenticated(&first.session));
	CU_ASSERT(session_authenticated(&second.session));
	CU_ASSERT_EQUAL(shares_count().users, 0);
	world_end(&first);
	world_end(&second);
}

#define FORBID "commands: [{name: no-acl, forbid: [SETACL], users: [alice]}]\n"

static void
forbids(const char *login, bool forbidden)
{
	static struct world w;

	is_let_in(&w, FORBID, login);
	CU_ASSERT(session_authenticated(&w.session));
	says(&w, "b SETACL INBOX bob lr");
	CU_ASSERT_EQUAL(world_holds(&w.to_client, "b NO [NOPERM]"), forbidden);
	world_end(&w);
}

static void
what_a_user_may_not_nobody_may_in_his_place(void)
{
	forbids("a LOGIN alice x", true);
	forbids("a LOGIN \"Alice \" x", true);
	forbids("a LOGIN bob x", false);
	/* alice NUL admin NUL x, and the other way round. */
	forbids("a AUTHENTICATE PLAIN YWxpY2UAYWRtaW4AeA==", true);
	forbids("a AUTHENTICATE PLAIN YWRtaW4AYWxpY2UAeA==", true);
	forbids("a AUTHENTICATE PLAIN Ym9iAGFkbWluAHg=", false);
	forbids(NAMELESS, true);
}

void
suite_evade(void)
{
	CU_pSuite suite = CU_add_suite("evade", NULL, NULL);

	CU_add_test(suite, "who takes no answer is counted",
		    who_takes_no_answer_is_counted);
	CU_add_test(suite, "an OAuth error counts, however it is answered",
		    an_oauth_error_counts_however_it_is_answered);
	CU_add_test(suite, "spaces make no other user",
		    spaces_make_no_other_user);
	CU_add_test(suite, "users without a name are not one user",
		    users_without_a_name_are_not_one_user);
	CU_add_test(suite, "what a user may not, nobody may in his place",
		    what_a_user_may_not_nobody_may_in_his_place);
}
