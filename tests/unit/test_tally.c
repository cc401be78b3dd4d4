/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "session/tally.h"

#include <CUnit/CUnit.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE };
enum { DAY = 24 * HOUR, SMALL = 4 * 1024 * 1024 };

static const unsigned char key[HASH_KEY] = "0123456789abcde";
static const unsigned char digests[HASH_KEY] = "edcba9876543210";

static struct tally *
new_tally(void)
{
	struct tally *t = tally_new(SMALL, key, digests);

	CU_ASSERT_PTR_NOT_NULL_FATAL(t);
	return t;
}

static void
built_in(struct rules *r)
{
	rules_init(r, (uint64_t)30 * DAY, MINUTE);
	for (size_t i = 0; i < RULES_BUILT_IN; i++)
		CU_ASSERT_EQUAL(rules_add(r, &rules_built_in[i]), ERR_OK);
}

static void
only(struct rules *r, enum rule_count count, enum rule_by by,
     enum rule_action action, struct rate rate)
{
	struct rule one = {.name = "one",
			   .count = count,
			   .by = by,
			   .action = action,
			   .rate = rate,
			   .ban = MINUTE,
			   .ban_most = HOUR};

	rules_init(r, (uint64_t)30 * DAY, MINUTE);
	CU_ASSERT_EQUAL(rules_add(r, &one), ERR_OK);
}

static void
also(struct rules *r, const char *name, enum rule_count count, enum rule_by by,
     enum rule_action action, struct rate rate)
{
	struct rule one = {.count = count,
			   .by = by,
			   .action = action,
			   .rate = rate,
			   .ban = MINUTE,
			   .ban_most = HOUR};

	snprintf(one.name, sizeof one.name, "%s", name);
	CU_ASSERT_EQUAL(rules_add(r, &one), ERR_OK);
}

static struct tally_who
who(const char *from, const char *user, const char *secret)
{
	struct tally_who w = {.user = slice_str(user)};

	CU_ASSERT_EQUAL_FATAL(address_parse(slice_str(from), &w.address),
			      ERR_OK);
	if (secret)
		w.secret = slice_str(secret);
	return w;
}

/* One attempt, begun and ended in a moment. */
static enum tally_answer
attempt_of(struct tally *t, const struct rules *r, const struct tally_who *w,
	   enum tally_outcome outcome, uint64_t now, struct tally_news *news)
{
	struct tally_attempt a;
	struct tally_verdict v;

	tally_begin(t, r, w, now, &a, &v);
	CU_ASSERT_EQUAL(v.answer == TALLY_REFUSED, v.rule != NULL);
	tally_end(t, &a, w, outcome, now, now, news);
	return v.answer;
}

static enum tally_answer
attempt(struct tally *t, const struct rules *r, const char *from,
	const char *user, const char *secret, enum tally_outcome outcome,
	uint64_t now)
{
	struct tally_who w = who(from, user, secret);
	struct tally_news news;

	return attempt_of(t, r, &w, outcome, now, &news);
}

static enum tally_answer
fail(struct tally *t, const struct rules *r, const char *from, const char *user,
     const char *secret, uint64_t now)
{
	return attempt(t, r, from, user, secret, TALLY_FAILED, now);
}

static enum tally_answer
succeed(struct tally *t, const struct rules *r, const char *from,
	const char *user, uint64_t now)
{
	return attempt(t, r, from, user, "right", TALLY_SUCCEEDED, now);
}

/* Distinct failures until something else than ASK is said; 1000: never. */
static unsigned
fails(struct tally *t, const struct rules *r, const char *from,
      const char *user, uint64_t now, enum tally_answer *then)
{
	static unsigned serial;
	char secret[16];
	unsigned n = 0;

	for (; n < 1000; n++) {
		snprintf(secret, sizeof secret, "%u", serial++);
		*then = fail(t, r, from, user, secret, now);
		if (*then != TALLY_ASK)
			break;
	}
	return n;
}

static void
connections_are_counted(void)
{
	static const struct {
		const char *shows;
		enum rule_by by;
		const char *other;
		bool shared; /* with 192.0.2.1 on listener 0 */
		size_t listener;
	} rows[] = {
	    {"an address", RULE_ADDRESS, "::ffff:192.0.2.1", true, 0},
	    {"another address", RULE_ADDRESS, "192.0.2.2", false, 0},
	    {"a prefix", RULE_PREFIX, "192.0.2.2", true, 0},
	    {"another prefix", RULE_PREFIX, "192.0.3.1", false, 0},
	    {"a listener", RULE_LISTENER, "198.51.100.1", true, 0},
	    {"another listener", RULE_LISTENER, "192.0.2.1", false, 1},
	    {"all", RULE_ALL, "2001:db8::1", true, 1},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct tally *t = new_tally();
		struct tally_who w = who("192.0.2.1", "", NULL);
		struct tally_verdict v;
		struct rules r;

		only(&r, RULE_CONNECTIONS, rows[i].by, RULE_CLOSE,
		     (struct rate){1, SECOND, 5});
		for (unsigned n = 0; n < 5; n++) {
			tally_take(t, &r, RULE_CONNECTIONS, &w, 0, &v);
			CU_ASSERT_EQUAL(v.answer, TALLY_ASK);
		}
		w = who(rows[i].other, "", NULL);
		w.listener = rows[i].listener;
		tally_take(t, &r, RULE_CONNECTIONS, &w, 0, &v);
		CU_ASSERT_EQUAL(v.answer == TALLY_REFUSED, rows[i].shared);
		if (rows[i].shared) {
			CU_ASSERT_PTR_EQUAL(v.rule, &r.list[0]);
			CU_ASSERT_EQUAL(v.wait, SECOND);
		}
		/* Other things are counted by themselves. */
		tally_take(t, &r, RULE_HANDSHAKES, &w, 0, &v);
		CU_ASSERT_EQUAL(v.answer, TALLY_ASK);
		tally_take(t, &r, RULE_CONNECTIONS, &w, SECOND, &v);
		CU_ASSERT_EQUAL(v.answer, TALLY_ASK);
		tally_free(t);
	}
}

static void
of_all_rules_or_none(void)
{
	struct tally *t = new_tally();
	struct tally_who w = who("192.0.2.1", "", NULL);
	struct tally_verdict v;
	struct rules r;

	only(&r, RULE_CONNECTIONS, RULE_PREFIX, RULE_CLOSE,
	     (struct rate){1, HOUR, 6});
	also(&r, "narrow", RULE_CONNECTIONS, RULE_ADDRESS, RULE_CLOSE,
	     (struct rate){1, HOUR, 3});
	for (unsigned n = 0; n < 9; n++) {
		tally_take(t, &r, RULE_CONNECTIONS, &w, 0, &v);
		CU_ASSERT_EQUAL(v.answer, n < 3 ? TALLY_ASK : TALLY_REFUSED);
	}
	CU_ASSERT_STRING_EQUAL(v.rule->name, "narrow");
	/* The refused ones took nothing of the prefix. */
	w = who("192.0.2.2", "", NULL);
	for (unsigned n = 0; n < 3; n++) {
		tally_take(t, &r, RULE_CONNECTIONS, &w, 0, &v);
		CU_ASSERT_EQUAL(v.answer, TALLY_ASK);
	}
	w = who("192.0.2.3", "", NULL);
	tally_take(t, &r, RULE_CONNECTIONS, &w, 0, &v);
	CU_ASSERT_EQUAL(v.answer, TALLY_REFUSED);
	CU_ASSERT_STRING_EQUAL(v.rule->name, "one");
	tally_free(t);
}

static void
a_slot_is_held_until_the_end(void)
{
	static const struct {
		const char *shows;
		enum tally_outcome outcome;
		bool given_back;
	} rows[] = {
	    {"success", TALLY_SUCCEEDED, true},
	    {"nobody said", TALLY_ABANDONED, true},
	    {"failure", TALLY_FAILED, false},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct tally *t = new_tally();
		struct tally_who w = who("192.0.2.1", "joe", "secret");
		struct tally_attempt first, second;
		struct tally_verdict v;
		struct tally_news news;
		struct rules r;

		only(&r, RULE_LOGINS, RULE_ADDRESS, RULE_REFUSE,
		     (struct rate){1, HOUR, 1});
		r.known_for = 0;
		tally_begin(t, &r, &w, 0, &first, &v);
		CU_ASSERT_EQUAL(v.answer, TALLY_ASK);
		w.user = SLICE("ann");
		tally_begin(t, &r, &w, 0, &second, &v);
		CU_ASSERT_EQUAL(v.answer, TALLY_REFUSED);
		CU_ASSERT_EQUAL(v.wait, HOUR);
		tally_end(t, &second, &w, TALLY_SUCCEEDED, 0, 0, &news);
		w.user = SLICE("joe");
		tally_end(t, &first, &w, rows[i].outcome, 0, 0, &news);
		tally_end(t, &first, &w, TALLY_ABANDONED, 0, 0, &news);
		CU_ASSERT_EQUAL(succeed(t, &r, "192.0.2.1", "ann", 0),
				rows[i].given_back ? TALLY_ASK : TALLY_REFUSED);
		tally_free(t);
	}
}

static void
a_user_is_folded(void)
{
	struct tally *t = new_tally();
	enum tally_answer then;
	char longer[TALLY_USER_MAX + 3];
	struct rules r;

	only(&r, RULE_FAILURES, RULE_USER, RULE_REFUSE,
	     (struct rate){1, HOUR, 5});
	CU_ASSERT_EQUAL(fails(t, &r, "192.0.2.1", "Joe", 0, &then), 5);
	CU_ASSERT_EQUAL(then, TALLY_REFUSED);
	CU_ASSERT_EQUAL(fails(t, &r, "198.51.100.1", "jOE", 0, &then), 0);
	CU_ASSERT_EQUAL(fails(t, &r, "198.51.100.1", "joe2", 0, &then), 5);
	/* Beyond what counts of a name, all are the same. */
	memset(longer, 'x', sizeof longer);
	longer[TALLY_USER_MAX + 1] = '\0';
	CU_ASSERT_EQUAL(fails(t, &r, "192.0.2.1", longer, 0, &then), 5);
	longer[TALLY_USER_MAX] = 'y';
	CU_ASSERT_EQUAL(fails(t, &r, "192.0.2.1", longer, 0, &then), 0);
	/* No user said: not counted by one. */
	CU_ASSERT_EQUAL(fails(t, &r, "192.0.2.1", "", 0, &then), 1000);
	tally_free(t);
}

static void
the_same_wrong_pair_is_one_failure(void)
{
	struct tally *t = new_tally();
	struct tally_who w = who("192.0.2.1", "joe", "old");
	struct tally_news news;
	struct rules r;

	built_in(&r);
	CU_ASSERT_EQUAL(attempt_of(t, &r, &w, TALLY_FAILED, 0, &news),
			TALLY_ASK);
	CU_ASSERT_FALSE(news.repeated);
	/* A phone, every five seconds for a day. */
	for (uint64_t now = 5 * SECOND; now < DAY; now += 5 * SECOND) {
		enum tally_answer answer =
		    attempt_of(t, &r, &w, TALLY_FAILED, now, &news);

		/* Once a minute the backend is asked again. */
		CU_ASSERT_EQUAL(answer,
				now % MINUTE == 0 ? TALLY_ASK : TALLY_WRONG);
		CU_ASSERT_EQUAL(news.repeated, now % MINUTE == 0);
		CU_ASSERT_EQUAL(news.full_count, 0);
	}
	/* It has not hurt anybody else, and may be set right. */
	CU_ASSERT_EQUAL(
	    attempt(t, &r, "192.0.2.1", "joe", "new", TALLY_SUCCEEDED, DAY),
	    TALLY_ASK);
	w.user = SLICE("ann");
	CU_ASSERT_EQUAL(attempt_of(t, &r, &w, TALLY_FAILED, DAY, &news),
			TALLY_ASK);
	CU_ASSERT_FALSE(news.repeated);
	tally_free(t);
}

static void
several_wrong_secrets_are_told_apart(void)
{
	static const char *const secrets[] = {"a", "b", "c", "d"};
	struct tally *t = new_tally();
	struct rules r;

	built_in(&r);
	for (size_t i = 0; i < TALLY_WRONG_MOST; i++)
		CU_ASSERT_EQUAL(fail(t, &r, "192.0.2.1", "joe", secrets[i], i),
				TALLY_ASK);
	for (size_t i = 0; i < TALLY_WRONG_MOST; i++)
		CU_ASSERT_EQUAL(
		    fail(t, &r, "192.0.2.1", "joe", secrets[i], 1000),
		    TALLY_WRONG);
	/* One more: the oldest is forgotten. */
	CU_ASSERT_EQUAL(fail(t, &r, "192.0.2.1", "joe", "e", 1000), TALLY_ASK);
	CU_ASSERT_EQUAL(fail(t, &r, "192.0.2.1", "joe", "b", 1000),
			TALLY_WRONG);
	CU_ASSERT_EQUAL(fail(t, &r, "192.0.2.1", "joe", "a", 1000), TALLY_ASK);
	/* Elsewhere it is another pair. */
	CU_ASSERT_EQUAL(fail(t, &r, "192.0.3.1", "joe", "e", 1000), TALLY_ASK);
	CU_ASSERT_EQUAL(fail(t, &r, "192.0.2.9", "joe", "e", 1000),
			TALLY_WRONG);
	r.wrong_for = 0;
	CU_ASSERT_EQUAL(fail(t, &r, "192.0.2.9", "joe", "e", 1000), TALLY_ASK);
	tally_free(t);
}

/* A right secret leaves nothing behind, nor does one that nobody judged. */
static void
only_failures_are_remembered(void)
{
	struct tally *t = new_tally();
	struct tally_usage use;
	struct tally_who w = who("192.0.2.1", "joe", "right");
	struct tally_attempt a;
	struct tally_verdict v;
	struct tally_news news;
	struct rules r;

	built_in(&r);
	tally_begin(t, &r, &w, 0, &a, &v);
	tally_end(t, &a, &w, TALLY_ABANDONED, 0, 0, &news);
	CU_ASSERT_EQUAL(a.digest, 0);
	tally_begin(t, &r, &w, 0, &a, &v);
	tally_end(t, &a, &w, TALLY_SUCCEEDED, 0, 0, &news);
	CU_ASSERT_EQUAL(a.digest, 0);
	w.secret.ptr = NULL;
	CU_ASSERT_EQUAL(attempt_of(t, &r, &w, TALLY_FAILED, 0, &news),
			TALLY_ASK);
	tally_use(t, &r, 0, &use);
	CU_ASSERT_EQUAL(use.regions[TALLY_WRONG_PAIRS].used, 0);
	CU_ASSERT_EQUAL(use.regions[TALLY_KNOWN].used, 2);
	tally_free(t);
}

static void
what_cannot_be_compared_counts_each_time(void)
{
	struct tally *t = new_tally();
	struct rules r;
	unsigned n = 0;

	only(&r, RULE_FAILURES, RULE_ADDRESS, RULE_REFUSE,
	     (struct rate){1, HOUR, 7});
	while (n < 100 && fail(t, &r, "192.0.2.1", "joe", NULL, 0) == TALLY_ASK)
		n++;
	CU_ASSERT_EQUAL(n, 7);
	tally_free(t);
}

static void
failures_fill_a_rule(void)
{
	struct tally *t = new_tally();
	struct evidence e;
	struct rules r;
	unsigned told = 0;
	char user[8];

	built_in(&r);
	for (unsigned i = 0; i < 25; i++) {
		struct tally_who w;
		struct tally_news news;

		snprintf(user, sizeof user, "u%u", i);
		w = who("192.0.2.1", user, "x");
		CU_ASSERT_EQUAL(
		    attempt_of(t, &r, &w, TALLY_FAILED, i * SECOND, &news),
		    TALLY_ASK);
		if (news.full_count == 0)
			continue;
		CU_ASSERT_STRING_EQUAL(news.full[0]->name,
				       "failures-per-address");
		if (told++ == 0)
			CU_ASSERT_EQUAL(i, 19);
	}
	CU_ASSERT_EQUAL(told, 6);
	struct tally_who w = who("192.0.2.1", "", NULL);
	CU_ASSERT_TRUE(tally_evidence(t, &w, RULE_ADDRESS, &e));
	CU_ASSERT_EQUAL(e.attempts, 25);
	CU_ASSERT_EQUAL(e.count, 4);
	CU_ASSERT_STRING_EQUAL(e.texts[0], "u0");
	CU_ASSERT_STRING_EQUAL(e.texts[3], "u24");
	CU_ASSERT_EQUAL(e.last, 24 * SECOND);
	CU_ASSERT_FALSE(tally_evidence(t, &w, RULE_PREFIX, &e));
	CU_ASSERT_FALSE(tally_evidence(t, &w, RULE_USER, &e));
	/* Removed by hand: from the start again. */
	tally_pardon(t, &r, &w, RULE_ADDRESS);
	CU_ASSERT_FALSE(tally_evidence(t, &w, RULE_ADDRESS, &e));
	w = who("192.0.2.1", "u99", "x");
	struct tally_news news;
	(void)attempt_of(t, &r, &w, TALLY_FAILED, 26 * SECOND, &news);
	CU_ASSERT_EQUAL(news.full_count, 0);
	tally_free(t);
}

static void
evidence_of_a_user_is_where_from(void)
{
	struct tally *t = new_tally();
	struct tally_who w = who("198.51.100.7", "joe", NULL);
	struct tally_news news;
	struct evidence e;
	struct rules r;

	only(&r, RULE_FAILURES, RULE_USER, RULE_BAN, (struct rate){1, HOUR, 3});
	(void)succeed(t, &r, "192.0.2.1", "joe", 0);
	CU_ASSERT_EQUAL(fail(t, &r, "192.0.2.1", "joe", NULL, 1), TALLY_ASK);
	CU_ASSERT_FALSE(tally_evidence(t, &w, RULE_USER, &e));
	for (unsigned i = 0; i < 3; i++) {
		(void)attempt_of(t, &r, &w, TALLY_FAILED, 2 + i, &news);
		CU_ASSERT_EQUAL(news.full_count, i == 2);
	}
	CU_ASSERT_TRUE(tally_evidence(t, &w, RULE_USER, &e));
	CU_ASSERT_EQUAL(e.attempts, 3);
	CU_ASSERT_EQUAL(e.count, 1);
	CU_ASSERT_STRING_EQUAL(e.texts[0], "198.51.100.7");
	/* The known pair bans nobody, and is refused when it has guessed
	 * enough itself. */
	for (unsigned i = 0; i < 2; i++) {
		w = who("192.0.2.1", "joe", NULL);
		CU_ASSERT_EQUAL(attempt_of(t, &r, &w, TALLY_FAILED, 9, &news),
				TALLY_ASK);
		CU_ASSERT_EQUAL(news.full_count, 0);
	}
	CU_ASSERT_EQUAL(fail(t, &r, "192.0.2.1", "joe", NULL, 9),
			TALLY_REFUSED);
	tally_free(t);
}

/* One user, attacked from 250 networks: nowhere twice. */
static void
a_user_is_guarded_from_everywhere(void)
{
	struct tally *t = new_tally();
	struct rules r;
	unsigned asked = 0;
	char from[32];

	built_in(&r);
	CU_ASSERT_EQUAL(succeed(t, &r, "198.51.100.7", "joe", 0), TALLY_ASK);
	for (unsigned i = 0; i < 250; i++) {
		snprintf(from, sizeof from, "10.%u.3.1", i);
		asked += fail(t, &r, from, "joe", "guess", 1) == TALLY_ASK;
	}
	CU_ASSERT_EQUAL(asked, 20);
	/* Where he is known he may go on, even elsewhere in his prefix. */
	CU_ASSERT_EQUAL(succeed(t, &r, "198.51.100.7", "joe", 2), TALLY_ASK);
	CU_ASSERT_EQUAL(succeed(t, &r, "198.51.100.8", "JOE", 2), TALLY_ASK);
	CU_ASSERT_EQUAL(succeed(t, &r, "198.51.101.7", "joe", 2),
			TALLY_REFUSED);
	tally_free(t);
}

static void
a_known_pair_that_guesses_is_limited(void)
{
	struct tally *t = new_tally();
	enum tally_answer then;
	struct rules r;

	built_in(&r);
	(void)succeed(t, &r, "198.51.100.7", "joe", 0);
	CU_ASSERT_EQUAL(fails(t, &r, "198.51.100.7", "joe", 0, &then), 20);
	CU_ASSERT_EQUAL(then, TALLY_REFUSED);
	/* Which hurts neither joe elsewhere nor others there. */
	(void)succeed(t, &r, "203.0.113.1", "joe", 0);
	CU_ASSERT_EQUAL(succeed(t, &r, "198.51.100.7", "ann", 0), TALLY_ASK);
	tally_free(t);
}

/* In a shared network somebody guesses: who is known does not feel it. */
static void
a_known_pair_is_spared_its_neighbours(void)
{
	struct tally *t = new_tally();
	struct tally_who w = who("198.51.100.7", "ann", "right");
	struct tally_attempt a;
	struct tally_verdict v;
	enum tally_answer then;
	struct rules r;

	only(&r, RULE_FAILURES, RULE_ADDRESS, RULE_REFUSE,
	     (struct rate){1, HOUR, 10});
	also(&r, "two", RULE_LOGINS, RULE_PREFIX, RULE_REFUSE,
	     (struct rate){1, HOUR, 15});
	(void)succeed(t, &r, "198.51.100.7", "joe", 0);
	CU_ASSERT_EQUAL(fails(t, &r, "198.51.100.7", "bot", 0, &then), 10);
	CU_ASSERT_EQUAL(succeed(t, &r, "198.51.100.7", "joe", 0), TALLY_ASK);
	tally_begin(t, &r, &w, 0, &a, &v);
	CU_ASSERT_EQUAL(v.answer, TALLY_REFUSED);
	CU_ASSERT_FALSE(v.known);
	/* The same with a ban. */
	w.banned = true;
	tally_begin(t, &r, &w, 0, &a, &v);
	CU_ASSERT_EQUAL(v.answer, TALLY_BANNED);
	w.user = SLICE("joe");
	tally_begin(t, &r, &w, 0, &a, &v);
	CU_ASSERT_EQUAL(v.answer, TALLY_ASK);
	CU_ASSERT_TRUE(v.known);
	tally_free(t);
}

static void
nobody_is_known_for_ever(void)
{
	struct tally *t = new_tally();
	struct tally_who w = who("2001:db8:1:2::3", "joe", "right");
	struct tally_who near = who("2001:db8:1:ff::3", "joe", "right");
	struct tally_who far = who("2001:db8:2:2::3", "joe", "right");
	struct tally_news news;
	struct rules r;

	built_in(&r);
	CU_ASSERT_FALSE(tally_knows_prefix(t, &r, &w.address, 0));
	(void)attempt_of(t, &r, &w, TALLY_SUCCEEDED, 0, &news);
	CU_ASSERT_TRUE(news.first);
	(void)attempt_of(t, &r, &near, TALLY_SUCCEEDED, 1, &news);
	CU_ASSERT_FALSE(news.first);
	CU_ASSERT_TRUE(tally_knows(t, &r, &near.address, SLICE("JOE"), 1));
	CU_ASSERT_FALSE(tally_knows(t, &r, &near.address, SLICE("ann"), 1));
	CU_ASSERT_FALSE(tally_knows(t, &r, &near.address, SLICE_EMPTY, 1));
	CU_ASSERT_TRUE(tally_knows_prefix(t, &r, &near.address, 1));
	CU_ASSERT_FALSE(tally_knows_prefix(t, &r, &far.address, 1));
	(void)attempt_of(t, &r, &far, TALLY_SUCCEEDED, 1, &news);
	CU_ASSERT_TRUE(news.first);
	CU_ASSERT_TRUE(
	    tally_knows_prefix(t, &r, &w.address, (uint64_t)30 * DAY));
	CU_ASSERT_FALSE(
	    tally_knows_prefix(t, &r, &w.address, (uint64_t)30 * DAY + 1));
	(void)attempt_of(t, &r, &w, TALLY_SUCCEEDED, (uint64_t)30 * DAY + 1,
			 &news);
	CU_ASSERT_TRUE(news.first);
	tally_free(t);
}

static void
programs_of_a_user_are_known_wherever_he_is(void)
{
	struct tally *t = new_tally();
	struct tally_who here = who("192.0.2.1", "joe", "right");
	struct tally_who there = who("203.0.113.1", "JOE", "right");
	struct tally_who other = who("192.0.2.1", "ann", "right");
	struct tally_news news;
	struct rules r;

	built_in(&r);
	(void)attempt_of(t, &r, &here, TALLY_SUCCEEDED, 0, &news);
	CU_ASSERT_FALSE(news.first_family); /* none was said */
	here.family = there.family = other.family = SLICE("nss");
	(void)attempt_of(t, &r, &here, TALLY_FAILED, 0, &news);
	CU_ASSERT_FALSE(news.first_family);
	(void)attempt_of(t, &r, &here, TALLY_SUCCEEDED, 70000, &news);
	CU_ASSERT_TRUE(news.first_family);
	(void)attempt_of(t, &r, &there, TALLY_SUCCEEDED, 70000, &news);
	CU_ASSERT_TRUE(news.first);
	CU_ASSERT_FALSE(news.first_family);
	(void)attempt_of(t, &r, &other, TALLY_SUCCEEDED, 70000, &news);
	CU_ASSERT_TRUE(news.first_family);
	there.family = SLICE("openssl");
	(void)attempt_of(t, &r, &there, TALLY_SUCCEEDED, 70001, &news);
	CU_ASSERT_FALSE(news.first);
	CU_ASSERT_TRUE(news.first_family);
	tally_free(t);
}

static void
success_after_failures_is_told(void)
{
	struct tally *t = new_tally();
	struct tally_who w = who("192.0.2.1", "joe", "right");
	struct tally_news news;
	enum tally_answer then;
	struct rules r;

	only(&r, RULE_FAILURES, RULE_ADDRESS, RULE_REFUSE,
	     (struct rate){1, HOUR, 6});
	CU_ASSERT_EQUAL(fails(t, &r, "10.1.1.1", "joe", 0, &then), 6);
	CU_ASSERT_EQUAL(fails(t, &r, "10.2.1.1", "joe", 0, &then), 6);
	CU_ASSERT_EQUAL(fail(t, &r, "10.3.1.1", "joe", "x", 0), TALLY_ASK);
	CU_ASSERT_EQUAL(fail(t, &r, "10.3.1.1", "joe", "x", MINUTE), TALLY_ASK);
	(void)attempt_of(t, &r, &w, TALLY_SUCCEEDED, MINUTE, &news);
	CU_ASSERT_EQUAL(news.after_failures, 13);
	/* Also if that is not where he is known; and one is forgotten. */
	(void)attempt_of(t, &r, &w, TALLY_SUCCEEDED, 10 * MINUTE, &news);
	CU_ASSERT_EQUAL(news.after_failures, 12);
	(void)attempt_of(t, &r, &w, TALLY_SUCCEEDED, DAY, &news);
	CU_ASSERT_EQUAL(news.after_failures, 0);
	tally_free(t);
}

/* A right password between the guesses buys nothing. */
static void
own_successes_pay_for_nothing(void)
{
	struct tally *t = new_tally();
	struct tally_who w = who("192.0.2.1", "mine", "right");
	struct tally_news news = {0};
	struct rules r;
	unsigned n = 0;
	char user[8];

	built_in(&r);
	while (n < 100) {
		struct tally_who guess;

		(void)attempt_of(t, &r, &w, TALLY_SUCCEEDED, 0, &news);
		snprintf(user, sizeof user, "u%u", n);
		guess = who("192.0.2.1", user, "x");
		(void)attempt_of(t, &r, &guess, TALLY_FAILED, 0, &news);
		n++;
		if (news.full_count > 0)
			break;
	}
	CU_ASSERT_EQUAL(n, 20);
	tally_free(t);
}

static void
who_is_exempt_is_spared_by_address_alone(void)
{
	struct tally *t = new_tally();
	struct tally_who w = who("192.0.2.1", "", NULL);
	struct tally_verdict v;
	struct rules r;
	unsigned n = 0;

	only(&r, RULE_FAILURES, RULE_ADDRESS, RULE_BAN,
	     (struct rate){1, HOUR, 2});
	also(&r, "prefix", RULE_FAILURES, RULE_PREFIX, RULE_REFUSE,
	     (struct rate){1, HOUR, 2});
	also(&r, "user", RULE_FAILURES, RULE_USER, RULE_REFUSE,
	     (struct rate){1, HOUR, 8});
	also(&r, "near", RULE_CONNECTIONS, RULE_ADDRESS, RULE_CLOSE,
	     (struct rate){1, HOUR, 2});
	also(&r, "all", RULE_CONNECTIONS, RULE_ALL, RULE_CLOSE,
	     (struct rate){1, HOUR, 5});
	w.exempt = true;
	for (; n < 100; n++) {
		tally_take(t, &r, RULE_CONNECTIONS, &w, 0, &v);
		if (v.answer != TALLY_ASK)
			break;
	}
	CU_ASSERT_EQUAL(n, 5);
	w.user = SLICE("joe");
	for (n = 0; n < 100; n++) {
		struct tally_news news;

		if (attempt_of(t, &r, &w, TALLY_FAILED, 0, &news) != TALLY_ASK)
			break;
		CU_ASSERT_TRUE(news.full_count == 0 ||
			       news.full[0]->by == RULE_USER);
	}
	CU_ASSERT_EQUAL(n, 8);
	/* Nor was it counted. */
	w.exempt = false;
	w.user = SLICE("ann");
	CU_ASSERT_FALSE(tally_evidence(t, &w, RULE_ADDRESS,
				       &(struct evidence){.first = 0}));
	tally_free(t);
}

static void
who_observes_does_nothing(void)
{
	struct tally *t = new_tally();
	struct tally_who w = who("192.0.2.1", "joe", NULL);
	struct rule r = {.name = "seen",
			 .count = RULE_LOGINS,
			 .by = RULE_ADDRESS,
			 .action = RULE_REFUSE,
			 .rate = {1, HOUR, 3},
			 .observe = true};
	struct rules rules;

	rules_init(&rules, 0, 0);
	CU_ASSERT_EQUAL(rules_add(&rules, &r), ERR_OK);
	for (unsigned i = 0; i < 9; i++) {
		struct tally_attempt a;
		struct tally_verdict v;
		struct tally_news news;

		tally_begin(t, &rules, &w, 0, &a, &v);
		CU_ASSERT_EQUAL(v.answer, TALLY_ASK);
		CU_ASSERT_PTR_NULL(v.rule);
		CU_ASSERT_PTR_EQUAL(v.observed, i < 3 ? NULL : rules.list);
		tally_end(t, &a, &w, TALLY_FAILED, 0, 0, &news);
	}
	tally_free(t);
}

/* What was counted stays when the table is another one. */
static void
a_reload_holds_at_once(void)
{
	struct tally *t = new_tally();
	enum tally_answer then;
	struct rules r;

	only(&r, RULE_FAILURES, RULE_ADDRESS, RULE_REFUSE,
	     (struct rate){1, HOUR, 5});
	CU_ASSERT_EQUAL(fails(t, &r, "192.0.2.1", "joe", 0, &then), 5);
	only(&r, RULE_FAILURES, RULE_ADDRESS, RULE_REFUSE,
	     (struct rate){1, HOUR, 8});
	CU_ASSERT_EQUAL(fails(t, &r, "192.0.2.1", "joe", 0, &then), 3);
	rules_init(&r, 0, 0);
	CU_ASSERT_EQUAL(fails(t, &r, "192.0.2.1", "joe", 0, &then), 1000);
	tally_free(t);
}

/* Who is locked out by a rule that was too strict is let in by another. */
static void
a_rule_that_is_loosened_lets_go(void)
{
	struct tally *t = new_tally();
	enum tally_answer then;
	struct rules strict, loose;

	only(&strict, RULE_FAILURES, RULE_ADDRESS, RULE_REFUSE,
	     (struct rate){1, 24 * HOUR, 20});
	only(&loose, RULE_FAILURES, RULE_ADDRESS, RULE_REFUSE,
	     (struct rate){1, MINUTE, 20});
	CU_ASSERT_EQUAL(fails(t, &strict, "192.0.2.1", "joe", 0, &then), 20);
	/* As much as if it had never been another one, to a thousandth. */
	CU_ASSERT_EQUAL(fails(t, &loose, "192.0.2.1", "joe", 0, &then), 0);
	CU_ASSERT_EQUAL(fails(t, &loose, "192.0.2.1", "joe",
			      5 * MINUTE + 3 * SECOND, &then),
			5);
	/* Sessions that go on by the old one change nothing about that. */
	CU_ASSERT_EQUAL(fails(t, &loose, "192.0.2.2", "joe", 0, &then), 20);
	for (unsigned n = 0; n < 20; n++) {
		CU_ASSERT_EQUAL(fails(t, &strict, "192.0.2.2", "joe", n, &then),
				n == 0 ? 19 : 0);
		CU_ASSERT_EQUAL(fails(t, &loose, "192.0.2.2", "joe", n, &then),
				0);
	}
	tally_free(t);
}

static void
commands_and_bytes_are_owed(void)
{
	struct tally *t = new_tally();
	struct tally_who w = who("192.0.2.1", "joe", NULL);
	const struct rule *rule;
	struct rules r;

	only(&r, RULE_BYTES, RULE_USER, RULE_DELAY,
	     (struct rate){1000, SECOND, 2000});
	CU_ASSERT_EQUAL(tally_spend(t, &r, RULE_BYTES, &w, 1999, 0, &rule), 0);
	CU_ASSERT_PTR_NULL(rule);
	w.address.octets[15] ^= 1;
	CU_ASSERT_EQUAL(tally_spend(t, &r, RULE_BYTES, &w, 1001, 0, &rule),
			1001);
	CU_ASSERT_PTR_EQUAL(rule, r.list);
	CU_ASSERT_EQUAL(tally_spend(t, &r, RULE_COMMANDS, &w, 9, 0, &rule), 0);
	r.list[0].observe = true;
	CU_ASSERT_EQUAL(tally_spend(t, &r, RULE_BYTES, &w, 1, 0, &rule), 0);
	CU_ASSERT_PTR_EQUAL(rule, r.list);
	tally_free(t);
}

enum { THREADS = 200, BURST = 77 };

struct racer {
	struct tally *t;
	const struct rules *r;
	pthread_barrier_t *gate;
	unsigned number;
	bool asked;
};

static void *
race(void *arg)
{
	struct racer *me = arg;
	struct tally_attempt a;
	struct tally_verdict v;
	struct tally_who w = {.address = {{[10] = 0xff,
					   [11] = 0xff,
					   [12] = 10,
					   [13] = 1,
					   [14] = 1,
					   [15] = 1}}};
	char user[8], secret[8];

	snprintf(user, sizeof user, "u%u", me->number % 7);
	snprintf(secret, sizeof secret, "s%u", me->number);
	w.user = slice_str(user);
	w.secret = slice_str(secret);
	(void)pthread_barrier_wait(me->gate);
	tally_begin(me->t, me->r, &w, 0, &a, &v);
	me->asked = v.answer == TALLY_ASK;
	return NULL;
}

static void
a_race_has_exactly_so_many_winners(void)
{
	static struct racer racers[THREADS];
	pthread_t threads[THREADS];
	pthread_barrier_t gate;
	struct tally *t = new_tally();
	struct rules r;
	unsigned asked = 0;

	only(&r, RULE_LOGINS, RULE_ADDRESS, RULE_REFUSE,
	     (struct rate){1, HOUR, BURST});
	also(&r, "user", RULE_LOGINS, RULE_USER, RULE_REFUSE,
	     (struct rate){1, HOUR, THREADS});
	also(&r, "all", RULE_LOGINS, RULE_ALL, RULE_REFUSE,
	     (struct rate){1, HOUR, THREADS});
	(void)pthread_barrier_init(&gate, NULL, THREADS);
	for (unsigned i = 0; i < THREADS; i++) {
		racers[i] = (struct racer){t, &r, &gate, i, false};
		CU_ASSERT_EQUAL_FATAL(
		    pthread_create(&threads[i], NULL, race, &racers[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		(void)pthread_join(threads[i], NULL);
		asked += racers[i].asked;
	}
	(void)pthread_barrier_destroy(&gate);
	CU_ASSERT_EQUAL(asked, BURST);
	tally_free(t);
}

enum { WORKERS = 6, ROUNDS = 3000 };

/* Nobody fails, so in the end nothing is owed. */
static void *
work(void *arg)
{
	struct racer *me = arg;

	for (unsigned i = 0; i < ROUNDS; i++) {
		struct tally_who w = {.secret = SLICE("secret")};
		struct tally_attempt a;
		struct tally_verdict v;
		struct tally_news news;
		struct tally_usage use;
		struct evidence e;
		char user[8];

		snprintf(user, sizeof user, "u%u", i % 50);
		w.user = slice_str(user);
		w.address.octets[3] = (unsigned char)(i % 9);
		tally_take(me->t, me->r, RULE_CONNECTIONS, &w, i, &v);
		tally_begin(me->t, me->r, &w, 0, &a, &v);
		me->asked = me->asked || v.answer == TALLY_ASK;
		(void)tally_evidence(me->t, &w, RULE_ADDRESS, &e);
		(void)tally_knows_prefix(me->t, me->r, &w.address, i);
		tally_end(me->t, &a, &w,
			  i % 3 ? TALLY_ABANDONED : TALLY_SUCCEEDED, 0, i,
			  &news);
		if (i % 1000 == 0)
			tally_use(me->t, me->r, i, &use);
	}
	return NULL;
}

static void
workers_may_ask_at_once(void)
{
	struct racer racers[WORKERS];
	pthread_t threads[WORKERS];
	struct tally *t = new_tally();
	struct tally_who w = {.user = SLICE("u0")};
	struct tally_news news;
	struct rules r;
	unsigned n = 0;

	built_in(&r);
	also(&r, "all", RULE_LOGINS, RULE_ALL, RULE_REFUSE,
	     (struct rate){1, HOUR, 10});
	r.known_for = 0;
	for (unsigned i = 0; i < WORKERS; i++) {
		racers[i] = (struct racer){t, &r, NULL, i, false};
		CU_ASSERT_EQUAL_FATAL(
		    pthread_create(&threads[i], NULL, work, &racers[i]), 0);
	}
	for (unsigned i = 0; i < WORKERS; i++) {
		(void)pthread_join(threads[i], NULL);
		CU_ASSERT_TRUE(racers[i].asked);
	}
	while (n < 50 &&
	       attempt_of(t, &r, &w, TALLY_FAILED, 0, &news) == TALLY_ASK)
		n++;
	CU_ASSERT_EQUAL(n, 10);
	tally_free(t);
}

static void
memory_is_what_was_given(void)
{
	static const size_t sizes[] = {TALLY_MEMORY_LEAST, 1 << 20, 32 << 20};

	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		struct tally *t = tally_new(sizes[i], key, digests);
		struct tally_usage use;
		struct rules r;

		built_in(&r);
		CU_ASSERT_PTR_NOT_NULL_FATAL(t);
		tally_use(t, &r, 0, &use);
		CU_ASSERT_TRUE(use.bytes <= sizes[i]);
		CU_ASSERT_TRUE(use.bytes >= sizes[i] / 10 * 8);
		for (size_t k = 0; k < TALLY_REGIONS; k++) {
			CU_ASSERT_TRUE(use.regions[k].room > 0);
			CU_ASSERT_EQUAL(use.regions[k].used, 0);
			CU_ASSERT_EQUAL(use.regions[k].pushed_out, 0);
		}
		tally_free(t);
	}
	tally_free(NULL);
}

void
suite_tally(void)
{
	CU_pSuite s = CU_add_suite("tally", NULL, NULL);

	CU_add_test(s, "connections are counted", connections_are_counted);
	CU_add_test(s, "one of all rules or of none", of_all_rules_or_none);
	CU_add_test(s, "a slot is held until the end",
		    a_slot_is_held_until_the_end);
	CU_add_test(s, "a user is folded", a_user_is_folded);
	CU_add_test(s, "the same wrong pair is one failure",
		    the_same_wrong_pair_is_one_failure);
	CU_add_test(s, "several wrong secrets are told apart",
		    several_wrong_secrets_are_told_apart);
	CU_add_test(s, "only failures are remembered",
		    only_failures_are_remembered);
	CU_add_test(s, "what cannot be compared counts each time",
		    what_cannot_be_compared_counts_each_time);
	CU_add_test(s, "failures fill a rule", failures_fill_a_rule);
	CU_add_test(s, "evidence of a user is where from",
		    evidence_of_a_user_is_where_from);
	CU_add_test(s, "a user is guarded from everywhere",
		    a_user_is_guarded_from_everywhere);
	CU_add_test(s, "a known pair that guesses is limited",
		    a_known_pair_that_guesses_is_limited);
	CU_add_test(s, "a known pair is spared its neighbours",
		    a_known_pair_is_spared_its_neighbours);
	CU_add_test(s, "nobody is known for ever", nobody_is_known_for_ever);
	CU_add_test(s, "programs of a user are known wherever he is",
		    programs_of_a_user_are_known_wherever_he_is);
	CU_add_test(s, "success after failures is told",
		    success_after_failures_is_told);
	CU_add_test(s, "own successes pay for nothing",
		    own_successes_pay_for_nothing);
	CU_add_test(s, "who is exempt is spared by address alone",
		    who_is_exempt_is_spared_by_address_alone);
	CU_add_test(s, "a rule that observes does nothing",
		    who_observes_does_nothing);
	CU_add_test(s, "a reload holds at once", a_reload_holds_at_once);
	CU_add_test(s, "a rule that is loosened lets go",
		    a_rule_that_is_loosened_lets_go);
	CU_add_test(s, "commands and bytes are owed",
		    commands_and_bytes_are_owed);
	CU_add_test(s, "a race has exactly so many winners",
		    a_race_has_exactly_so_many_winners);
	CU_add_test(s, "workers may ask at once", workers_may_ask_at_once);
	CU_add_test(s, "memory is what was given", memory_is_what_was_given);
}
