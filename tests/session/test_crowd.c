/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_crowd.c - several sessions of one user at once.
 */
#include "world.h"

#include "session/shares.h"

#include <CUnit/CUnit.h>
#include <stdio.h>

void suite_crowd(void);

/* As far as the backend's answer to the login, which is good. */
static void
log_in(struct world *w, const char *user)
{
	char text[256], tag[32];
	struct slice seen;

	world_begin(w, DOOR_TLS, 0, "limits: {sessions_per_user: 2}\n", 1);
	(void)snprintf(text, sizeof text, "l LOGIN %s secret\r\n", user);
	world_client(w, slice_str(text));
	world_connected(w);
	world_backend(w, SLICE("* OK [CAPABILITY IMAP4rev1] x\r\n"));
	seen = world_seen(&w->to_backend);
	seen.len = slice_find(seen, ' ');
	(void)snprintf(tag, sizeof tag, "%.*s", (int)seen.len,
		       (const char *)seen.ptr);
	(void)snprintf(text, sizeof text, "%s OK [CAPABILITY IMAP4rev1] in\r\n",
		       tag);
	world_backend(w, slice_str(text));
}

static bool
is_in(const struct world *w)
{
	return session_authenticated(&w->session);
}

static void
one_session_too_many(void)
{
	static struct world first, second, third, other;

	log_in(&first, "bob");
	log_in(&second, "BOB");
	CU_ASSERT(is_in(&first) && is_in(&second));
	log_in(&third, "bob");
	CU_ASSERT(!is_in(&third));
	CU_ASSERT(world_holds(&third.to_client,
			      "l NO [LIMIT] Too many sessions of this user"));
	CU_ASSERT(!world_holds(&third.to_client, "l OK"));
	CU_ASSERT(!third.open[SIDE_BACKEND]);
	CU_ASSERT(world_holds(&third.events, "\"event.outcome\":\"failure\""));
	CU_ASSERT(
	    world_holds(&third.events, "\"imapward.auth.code\":\"LIMIT\""));
	CU_ASSERT(world_holds(&third.events,
			      "\"rule.name\":\"limits.sessions_per_user\""));
	/* It may go on, and try again. */
	CU_ASSERT_STRING_EQUAL(session_state_name(&third.session), "gate");
	log_in(&other, "alice");
	CU_ASSERT(is_in(&other));
	world_end(&other);
	world_end(&third);

	/* A place is free when its session has ended. */
	world_client(&first, SLICE("z LOGOUT\r\n"));
	world_ended(&first, SIDE_BACKEND);
	CU_ASSERT(first.done);
	log_in(&third, "Bob");
	CU_ASSERT(is_in(&third));
	world_end(&first);
	world_end(&second);
	world_end(&third);
	CU_ASSERT_EQUAL(shares_count().sessions, 0);
}

/* Who does not know the password takes no place and learns nothing. */
static void
a_wrong_password_takes_no_place(void)
{
	static struct world w;

	world_begin(&w, DOOR_TLS, 0, "limits: {sessions_per_user: 1}\n", 1);
	world_client(&w, SLICE("l LOGIN bob guess\r\n"));
	world_connected(&w);
	world_backend(&w, SLICE("* OK [CAPABILITY IMAP4rev1] x\r\n"));
	CU_ASSERT_EQUAL(shares_count().sessions, 0);
	world_end(&w);
	CU_ASSERT_EQUAL(shares_count().users, 0);
}

void
suite_crowd(void)
{
	CU_pSuite suite = CU_add_suite("crowd", NULL, NULL);

	CU_add_test(suite, "one session too many", one_session_too_many);
	CU_add_test(suite, "a wrong password takes no place",
		    a_wrong_password_takes_no_place);
}
