/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_judge.c - who may try to log in, with a clock of our own: what an
 * attacker can hear and measure, and a day in a household.
 */
#include "world.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void suite_judge(void);

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE };

#define WRONG "a NO [AUTHENTICATIONFAILED] Authentication failed.\r\n"

/* A client that has said this, and its session. */
static void
says(struct world *w, struct defence *d, uint64_t later, const char *from,
     const char *yaml, const char *command)
{
	char line[160];

	w->shared = d;
	w->later = later;
	w->from = from;
	world_begin(w, DOOR_TLS, 0, yaml, 1);
	world_forget(&w->to_client, w->to_client.len);
	(void)snprintf(line, sizeof line, "a %s\r\n", command);
	world_client(w, slice_str(line));
}

/* The backend answers after so long; NULL: it was not to be asked. */
static void
answers(struct world *w, uint64_t after, const char *verdict)
{
	char text[256], tag[32];
	struct slice seen;

	CU_ASSERT_EQUAL(w->dialing, verdict != NULL);
	if (!verdict || !w->dialing)
		return;
	world_connected(w);
	world_backend(w, SLICE("* OK [CAPABILITY IMAP4rev1 LITERAL+] x\r\n"));
	seen = world_seen(&w->to_backend);
	seen.len = slice_find(seen, ' ');
	(void)snprintf(tag, sizeof tag, "%.*s", (int)seen.len,
		       (const char *)seen.ptr);
	(void)snprintf(text, sizeof text, "%s %s\r\n", tag, verdict);
	if (after > 0)
		world_wait(w, after);
	world_backend(w, slice_str(text));
}

#define NO  "NO [AUTHENTICATIONFAILED] go away"
#define YES "OK [CAPABILITY IMAP4rev1] in"

/* From the beginning to the end; true: it was let in. */
static bool
tries(struct defence *d, uint64_t later, const char *from, const char *yaml,
      const char *command, const char *verdict)
{
	static struct world w;
	bool in;

	says(&w, d, later, from, yaml, command);
	answers(&w, 0, verdict);
	in = w.session.authenticated;
	world_end(&w);
	return in;
}

static struct defence *
defence(void)
{
	struct defence *d = defence_new(TALLY_MEMORY_LEAST);

	CU_ASSERT_PTR_NOT_NULL_FATAL(d);
	return d;
}

/* ---- what an attacker can hear and measure ---- */

/* The answer, and the ms after which it came. */
static uint64_t
heard(struct world *w, uint64_t began, const char *text)
{
	uint64_t waited = w->now - began;

	while (w->to_client.len == 0 && waited < MINUTE) {
		world_wait(w, 1);
		waited++;
	}
	CU_ASSERT(slice_eq(world_seen(&w->to_client), slice_str(text)));
	return waited;
}

static uint64_t
measured(struct defence *d, uint64_t later, const char *yaml,
	 const char *command, uint64_t after, const char *verdict)
{
	static struct world w;
	uint64_t began, took;

	says(&w, d, later, "203.0.113.9", yaml, command);
	began = w.now;
	answers(&w, after, verdict);
	took = heard(&w, began, WRONG);
	world_end(&w);
	return took;
}

static void
a_refusal_for_the_user_sounds_and_lasts_like_a_wrong_password(void)
{
	static const char yaml[] =
	    "limits: {rules: [{name: logins-per-user, limit: 1/h, burst: 1}]}";
	struct defence *d = defence();
	struct ban_subject mallory = ban_user(SLICE("mallory"));
	struct ban ban;
	uint64_t t = 0;

	CU_ASSERT_EQUAL_FATAL(bans_add(d->bans, &mallory, UINT64_MAX,
				       SLICE("by hand"), 1000, 1, &ban),
			      ERR_OK);
	/* A wrong password, however long the backend needs for it. */
	CU_ASSERT_EQUAL(measured(d, t += MINUTE, NULL, "LOGIN u1 x", 0, NO),
			2000);
	CU_ASSERT_EQUAL(measured(d, t += MINUTE, NULL, "LOGIN u2 x", 37, NO),
			2000);
	CU_ASSERT_EQUAL(measured(d, t += MINUTE, NULL, "LOGIN u3 x", 2000, NO),
			2000);
	CU_ASSERT_EQUAL(measured(d, t += MINUTE, NULL, "LOGIN u4 x", 2001, NO),
			2250);
	/* A user whom the backend does not know says so in another code. */
	CU_ASSERT_EQUAL(
	    measured(d, t += MINUTE, NULL, "LOGIN u5 x", 5, "NO no such user"),
	    2000);
	/* The same wrong password once more; nobody is asked. */
	CU_ASSERT_EQUAL(measured(d, t + 10, NULL, "LOGIN u5 x", 0, NULL), 2000);
	/* A banned user, whatever the password. */
	CU_ASSERT_EQUAL(
	    measured(d, t += MINUTE, NULL, "LOGIN mallory x", 0, NULL), 2000);
	/* A limit of the user. */
	CU_ASSERT_EQUAL(measured(d, t += MINUTE, yaml, "LOGIN bob x", 9, NO),
			2000);
	CU_ASSERT_EQUAL(measured(d, t += MINUTE, yaml, "LOGIN bob y", 0, NULL),
			2000);
	CU_ASSERT_EQUAL(measured(d, t += MINUTE, yaml, "LOGIN BOB z", 0, NULL),
			2000);
	/* And no password at all. */
	CU_ASSERT_EQUAL(
	    measured(d, t += MINUTE, NULL, "LOGIN bob \"\"", 0, NULL), 2000);
	defence_free(d);
}

static void
a_user_limit_ends_the_connection_no_sooner(void)
{
	static const char yaml[] =
	    "limits: {rules: [{name: logins-per-user, limit: 1/h, burst: 1}]}";
	struct defence *d = defence();
	static struct world w;

	(void)tries(d, 0, "203.0.113.1", yaml, "LOGIN bob x", NO);
	says(&w, d, 5 * SECOND, "203.0.113.2", yaml, "LOGIN bob 1");
	for (int n = 2; n <= 5; n++) {
		char line[32];

		world_wait(&w, 2 * SECOND);
		CU_ASSERT_STRING_EQUAL(session_state_name(&w.session), "gate");
		(void)snprintf(line, sizeof line, "a LOGIN bob %d\r\n", n);
		world_client(&w, slice_str(line));
	}
	world_wait(&w, 2 * SECOND);
	CU_ASSERT(w.done);
	CU_ASSERT(world_holds(&w.to_client, "* BYE Too many failed logins"));
	world_end(&w);
	defence_free(d);
}

static void
a_refusal_for_the_address_says_when_to_come_back(void)
{
	static const char yaml[] =
	    "limits: {rules: [{name: logins-per-address, limit: 6/h, burst: "
	    "1}]}";
	struct defence *d = defence();
	static struct world w;

	(void)tries(d, 0, "203.0.113.1", yaml, "LOGIN bob x", NO);
	says(&w, d, MINUTE, "203.0.113.1", yaml, "LOGIN carol y");
	CU_ASSERT_FALSE(w.dialing);
	CU_ASSERT_EQUAL(
	    heard(&w, w.now,
		  "a NO [LIMIT] Too many attempts to log in from your network; "
		  "try again in 9 min\r\n"),
	    2000);
	CU_ASSERT(world_holds(&w.events, "\"rule.name\":\"logins-per-address\","
					 "\"imapward.limit.by\":\"address\""));
	world_end(&w);
	/* Spared: an exempt address, and others. */
	w.exempt = true;
	says(&w, d, MINUTE, "203.0.113.1", yaml, "LOGIN carol y");
	CU_ASSERT(w.dialing);
	world_end(&w);
	w.exempt = false;
	CU_ASSERT(tries(d, MINUTE, "203.0.113.2", yaml, "LOGIN carol y", YES));
	CU_ASSERT(
	    tries(d, 11 * MINUTE, "203.0.113.1", yaml, "LOGIN carol y", YES));
	defence_free(d);
}

static void
a_ban_for_good_gives_no_time(void)
{
	struct defence *d = defence();
	struct address a;
	struct ban_subject subject;
	struct ban ban;
	static struct world w;

	CU_ASSERT_EQUAL(address_parse(SLICE("203.0.113.1"), &a), ERR_OK);
	subject = ban_address(&a);
	CU_ASSERT_EQUAL(bans_add(d->bans, &subject, UINT64_MAX, SLICE("enough"),
				 1000, 1, &ban),
			ERR_OK);
	says(&w, d, 0, "203.0.113.1", NULL, "LOGIN carol y");
	(void)heard(&w, w.now,
		    "a NO [LIMIT] Logins from your network are not accepted\r\n"
		    "* BYE [LIMIT] Too many attempts to log in\r\n");
	CU_ASSERT(w.done);
	world_end(&w);
	w.exempt = true;
	CU_ASSERT(tries(d, 0, "203.0.113.2", NULL, "LOGIN carol y", YES));
	says(&w, d, 0, "203.0.113.1", NULL, "LOGIN carol y");
	CU_ASSERT(w.dialing);
	world_end(&w);
	w.exempt = false;
	defence_free(d);
}

/* ---- a household ---- */

static void
a_phone_with_an_old_password_harms_nobody_for_a_day(void)
{
	static const char *const from = "203.0.113.40";
	struct defence *d = defence();
	struct bans_counts bans;
	unsigned asked = 0;

	for (uint64_t t = 0; t < 24 * HOUR; t += 30 * SECOND) {
		static struct world w;

		says(&w, d, t, from, NULL, "LOGIN alice old");
		asked += w.dialing;
		if (w.dialing)
			answers(&w, 20, NO);
		CU_ASSERT_FALSE(w.session.authenticated);
		world_end(&w);
		/* The laptop beside it, and somebody else. */
		if (t % (10 * MINUTE) == 0)
			CU_ASSERT(tries(d, t + 40, from, NULL,
					"LOGIN alice new", YES));
		if (t % HOUR == 0)
			CU_ASSERT(
			    tries(d, t + 50, from, NULL, "LOGIN bob his", YES));
	}
	CU_ASSERT_EQUAL(asked, 24 * 60); /* once in limits.wrong_for */
	bans_count(d->bans, &bans);
	CU_ASSERT_EQUAL(bans.networks + bans.users + bans.remembered, 0);
	defence_free(d);
}

static void
a_guesser_in_the_house_of_a_known_user_is_held_and_the_user_not(void)
{
	static const char *const from = "203.0.113.41";
	struct defence *d = defence();
	struct bans_counts bans;
	unsigned asked = 0;

	CU_ASSERT(tries(d, 0, from, NULL, "LOGIN alice right", YES));
	for (unsigned n = 0; n < 100; n++) {
		static struct world w;
		char line[40];

		(void)snprintf(line, sizeof line, "LOGIN bob guess%u", n);
		says(&w, d, SECOND + n, from, NULL, line);
		asked += w.dialing;
		if (w.dialing)
			answers(&w, 0, NO);
		world_end(&w);
	}
	CU_ASSERT_EQUAL(asked, 20);
	bans_count(d->bans, &bans);
	CU_ASSERT_EQUAL(bans.networks, 1);
	CU_ASSERT(tries(d, 5 * SECOND, from, NULL, "LOGIN alice right", YES));
	defence_free(d);
}

/* ---- however an attempt ends ---- */

#define ONE                                                                    \
	"limits: {rules: [{name: logins-per-address, limit: 1/h, burst: 1}]}"

/* Is there room for another one? */
static void
has_room(struct defence *d)
{
	CU_ASSERT(
	    tries(d, 10 * SECOND, "203.0.113.1", ONE, "LOGIN zoe z", YES));
	defence_free(d);
}

static void
what_nobody_decided_takes_no_room(void)
{
	static struct world w;
	struct defence *d = defence();

	says(&w, d, 0, "203.0.113.1", ONE, "LOGIN bob x");
	CU_ASSERT(w.dialing);
	world_client_close(&w);
	world_end(&w);
	has_room(d);

	d = defence();
	says(&w, d, 0, "203.0.113.1", ONE, "LOGIN bob x");
	world_drain(&w);
	world_wait(&w, MINUTE);
	CU_ASSERT(w.done);
	world_end(&w);
	has_room(d);

	d = defence();
	says(&w, d, 0, "203.0.113.1", ONE, "LOGIN bob x");
	world_lost(&w, SIDE_BACKEND, ERR_UNREACHABLE);
	CU_ASSERT(world_holds(&w.to_client, "NO [UNAVAILABLE]"));
	world_end(&w);
	has_room(d);

	d = defence();
	CU_ASSERT_FALSE(tries(d, 0, "203.0.113.1", ONE, "LOGIN bob x",
			      "NO [UNAVAILABLE] later"));
	has_room(d);

	/* It goes in the middle of everything. */
	d = defence();
	says(&w, d, 0, "203.0.113.1", ONE, "LOGIN bob x");
	world_connected(&w);
	world_end(&w);
	has_room(d);
}

static void
a_verdict_counts_though_the_client_has_gone(void)
{
	static struct world w;
	struct defence *d = defence();
	char text[64];
	struct slice tag;

	says(&w, d, 0, "203.0.113.1", ONE, "LOGIN bob x");
	world_connected(&w);
	world_backend(&w, SLICE("* OK [CAPABILITY IMAP4rev1 LITERAL+] x\r\n"));
	tag = world_seen(&w.to_backend);
	tag.len = slice_find(tag, ' ');
	(void)snprintf(text, sizeof text, "%.*s " NO "\r\n", (int)tag.len,
		       (const char *)tag.ptr);
	world_lost(&w, SIDE_CLIENT, ERR_CLOSED);
	world_backend(&w, slice_str(text));
	world_end(&w);
	says(&w, d, SECOND, "203.0.113.1", ONE, "LOGIN zoe z");
	CU_ASSERT_FALSE(w.dialing);
	world_end(&w);
	defence_free(d);
}

static void
bad_for_a_verdict_counts_and_may_be_asked_again(void)
{
	struct defence *d = defence();
	struct bans_counts bans;
	char line[40];

	CU_ASSERT_FALSE(tries(d, 0, "203.0.113.1", NULL, "LOGIN bob x",
			      "BAD what is that"));
	CU_ASSERT(tries(d, 10, "203.0.113.1", NULL, "LOGIN bob x", YES));
	for (unsigned n = 0; n < 20; n++) {
		(void)snprintf(line, sizeof line, "LOGIN u%u x", n);
		(void)tries(d, SECOND, "198.51.100.9", NULL, line,
			    "BAD what is that");
	}
	bans_count(d->bans, &bans);
	CU_ASSERT_EQUAL(bans.networks, 1);
	defence_free(d);
}

/* ---- what the events tell ---- */

static void
a_success_tells_what_was_before_it(void)
{
	static struct world w;
	struct defence *d = defence();

	(void)tries(d, 0, "198.51.100.1", NULL, "LOGIN bob 1", NO);
	(void)tries(d, 0, "198.51.100.2", NULL, "LOGIN bob 2", NO);
	(void)tries(d, 0, "192.0.2.1", NULL, "LOGIN bob 3", NO);
	says(&w, d, SECOND, "203.0.113.1", NULL, "LOGIN bob right");
	answers(&w, 0, YES);
	CU_ASSERT(world_holds(&w.events, "\"imapward.auth.known\":false,"
					 "\"imapward.auth.first\":true,"
					 "\"imapward.auth.after_failures\":3"));
	world_end(&w);
	says(&w, d, 40 * MINUTE, "203.0.113.77", NULL, "LOGIN BOB right");
	answers(&w, 0, YES);
	CU_ASSERT(world_holds(&w.events, "\"imapward.auth.known\":true"));
	CU_ASSERT_FALSE(world_holds(&w.events, "imapward.auth.first"));
	CU_ASSERT_FALSE(world_holds(&w.events, "after_failures"));
	world_end(&w);
	defence_free(d);
}

static void
a_ban_tells_no_more_than_the_audit_may(void)
{
	static const char open[] = "audit: {user: plain, address: full}";
	static const char shut[] = "audit: {user: hashed, address: prefix}";
	static const struct {
		const char *yaml;
		bool tells;
	} rows[] = {{open, true}, {shut, false}};

	for (size_t i = 0; i < 2; i++) {
		static struct world w;
		struct defence *d = defence();
		char line[40];

		for (unsigned n = 0; n < 20; n++) {
			(void)snprintf(line, sizeof line, "LOGIN user%u x", n);
			if (n < 19)
				(void)tries(d, n, "203.0.113.7", rows[i].yaml,
					    line, NO);
		}
		says(&w, d, SECOND, "203.0.113.7", rows[i].yaml, line);
		answers(&w, 0, NO);
		CU_ASSERT(world_holds(&w.events, "\"event.action\":\"ban\""));
		CU_ASSERT(world_holds(&w.events, "failures-per-address"));
		CU_ASSERT_EQUAL(world_holds(&w.events, "203.0.113.7"),
				rows[i].tells);
		CU_ASSERT_EQUAL(world_holds(&w.events, "user19"),
				rows[i].tells);
		CU_ASSERT_EQUAL(world_holds(&w.events, "203.0.113.0"),
				!rows[i].tells);
		world_end(&w);
		defence_free(d);
	}
}

/* ---- delay ---- */

static void
a_delayed_attempt_is_made_when_there_is_room(void)
{
	static const char yaml[] =
	    "limits: {rules: [{name: logins-per-address, limit: 6/min, burst: "
	    "1, action: delay}]}";
	static struct world w;
	struct defence *d = defence();

	(void)tries(d, 0, "203.0.113.1", yaml, "LOGIN bob x", NO);
	says(&w, d, 0, "203.0.113.1", yaml, "LOGIN carol y");
	CU_ASSERT_FALSE(w.dialing);
	world_wait(&w, 9999);
	CU_ASSERT_FALSE(w.dialing);
	CU_ASSERT_EQUAL(w.to_client.len, 0);
	world_wait(&w, 1);
	answers(&w, 0, YES);
	CU_ASSERT(w.session.authenticated);
	CU_ASSERT_FALSE(world_holds(&w.events, "logins-per-address"));
	world_end(&w);
	defence_free(d);
}

static void
a_delay_that_would_be_too_long_is_a_refusal(void)
{
	static const char yaml[] =
	    "limits: {rules: [{name: logins-per-address, limit: 1/h, burst: 1, "
	    "action: delay}]}";
	static struct world w;
	struct defence *d = defence();

	(void)tries(d, 0, "203.0.113.1", yaml, "LOGIN bob x", NO);
	says(&w, d, 0, "203.0.113.1", yaml, "LOGIN carol y");
	(void)heard(&w, w.now,
		    "a NO [LIMIT] Too many attempts to log in from your "
		    "network; try again in 60 min\r\n");
	CU_ASSERT_STRING_EQUAL(session_state_name(&w.session), "gate");
	world_end(&w);
	defence_free(d);
}

void
suite_judge(void)
{
	CU_pSuite suite = CU_add_suite("judge", NULL, NULL);

	CU_add_test(
	    suite,
	    "a refusal for the user sounds and lasts like a wrong password",
	    a_refusal_for_the_user_sounds_and_lasts_like_a_wrong_password);
	CU_add_test(suite, "a user's limit ends the connection no sooner",
		    a_user_limit_ends_the_connection_no_sooner);
	CU_add_test(suite, "a refusal for the address says when to come back",
		    a_refusal_for_the_address_says_when_to_come_back);
	CU_add_test(suite, "a ban for good gives no time",
		    a_ban_for_good_gives_no_time);
	CU_add_test(suite,
		    "a phone with an old password harms nobody for a day",
		    a_phone_with_an_old_password_harms_nobody_for_a_day);
	CU_add_test(
	    suite,
	    "a guesser in the house of a known user is held, the user is not",
	    a_guesser_in_the_house_of_a_known_user_is_held_and_the_user_not);
	CU_add_test(suite, "what nobody decided takes no room",
		    what_nobody_decided_takes_no_room);
	CU_add_test(suite, "a verdict counts though the client has gone",
		    a_verdict_counts_though_the_client_has_gone);
	CU_add_test(suite, "BAD for a verdict counts, and may be asked again",
		    bad_for_a_verdict_counts_and_may_be_asked_again);
	CU_add_test(suite, "a success tells what was before it",
		    a_success_tells_what_was_before_it);
	CU_add_test(suite, "a ban tells no more than the audit may",
		    a_ban_tells_no_more_than_the_audit_may);
	CU_add_test(suite, "a delayed attempt is made when there is room",
		    a_delayed_attempt_is_made_when_there_is_room);
	CU_add_test(suite, "a delay that would be too long is a refusal",
		    a_delay_that_would_be_too_long_is_a_refusal);
}
