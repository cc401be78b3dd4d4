/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * judge.c - may this attempt to log in be made at all?
 *
 * The tally's slot is taken here, before any backend is asked, and closed by
 * judge_end whichever way the attempt ends. What is refused for the sake of a
 * user sounds and lasts like a wrong password; what is refused for the sake of
 * an address says so, and when to come back.
 */
#include "session/session.h"

#include <string.h>

enum { MINUTE_MS = 60 * 1000 };

/* Ends after which it is pointless to say when they would be over. */
#define LONG_WAIT_MS (UINT64_C(7) * 24 * 60 * MINUTE_MS)

static struct tally_who
who_of(const struct session *s)
{
	const struct attempt *a = s->attempt;
	struct tally_who who = {.address = s->peer.address,
				.listener = s->peer.listener,
				.exempt = s->peer.exempt,
				.user = attempt_user(a),
				.secret = a->identity.secret};

	if (s->legs[SIDE_CLIENT].encrypted)
		who.family = slice_str(family_name((enum family)s->family));
	return who;
}

static const struct rules *
rules_of(const struct session *s)
{
	return &session_settings(s)->limits.table;
}

static void
count_end(struct session *s, enum login_end how)
{
	atomic_fetch_add(&s->work->defence->logins[how], 1);
}

/* Somebody has to stay outside from now on, unless he has to already. */
static void
ban(struct session *s, const struct rule *r, const struct tally_who *who)
{
	struct ban_subject subject = ban_by(r->by, &who->address, who->user);
	struct evidence seen = {0};
	struct ban begun;

	(void)tally_evidence(s->work->defence->tally, who, r->by, &seen);
	if (bans_begin(s->work->defence->bans, r, &subject, &seen, s->now,
		       s->wall, &begun))
		report_ban(s, &begun);
}

static void
observed(struct session *s, const struct rule *r)
{
	defence_hit(s->work->defence, r, true, 1);
	report_limit(s, r, true);
}

/* What has become full by a failure. */
static void
take_news(struct session *s, const struct tally_who *who,
	  const struct tally_news *news)
{
	for (size_t i = 0; i < news->full_count; i++) {
		const struct rule *r = news->full[i];

		if (r->action != RULE_BAN)
			continue;
		if (r->observe)
			observed(s, r);
		else
			ban(s, r, who);
	}
}

/* The backend has said what is wrong with a token, though not the last word:
 * who does not let it come to that has heard enough. */
static bool
is_refused_token(const struct trial *t)
{
	return t->oauth_asked || t->oauth_answered;
}

void
judge_end(struct session *s, enum tally_outcome outcome)
{
	struct attempt *a = s->attempt;
	struct tally_who who = who_of(s);
	struct tally_news news = {0};

	if (!a->slot.open)
		return;
	if (outcome == TALLY_ABANDONED && is_refused_token(&a->trial))
		outcome = TALLY_FAILED;
	tally_end(s->work->defence->tally, &a->slot, &who, outcome, s->now,
		  s->wall, &news);
	a->first = news.first;
	a->first_family = news.first_family;
	a->after_failures = news.after_failures;
	count_end(s, outcome == TALLY_SUCCEEDED ? LOGIN_SUCCEEDED
		     : outcome == TALLY_FAILED  ? LOGIN_WRONG
						: LOGIN_UNDECIDED);
	take_news(s, &who, &news);
}

/* Some servers say BAD to a wrong password: it counts as one, but may be asked
 * again, for it may have been our way to ask that was not understood. */
void
judge_unclear(struct session *s)
{
	s->attempt->slot.comparable = false;
	judge_end(s, TALLY_FAILED);
}

static enum state
refuse(struct session *s, enum reply r, uint64_t wait, const char *why)
{
	struct attempt *a = s->attempt;

	a->wait = wait;
	a->refused = true;
	count_end(s, LOGIN_REFUSED);
	return attempt_fail(s, r, why);
}

static enum state
refuse_network(struct session *s, uint64_t wait, const char *why)
{
	return refuse(s, wait >= LONG_WAIT_MS ? REPLY_BARRED : REPLY_LIMITED,
		      wait, why);
}

static enum state
refuse_user(struct session *s, const char *why)
{
	return refuse(s, REPLY_LOGIN_FAILED, 0, why);
}

/* False: there is too little time left of the state for that. */
static bool
hold(struct session *s, uint64_t wait)
{
	struct attempt *a = s->attempt;

	if (s->deadline <= s->now || wait >= s->deadline - s->now)
		return false;
	a->held = true;
	a->answer_at = s->now + wait;
	return true;
}

static enum state
over_limit(struct session *s, const struct tally_who *who,
	   const struct tally_verdict *v)
{
	const struct rule *r = v->rule;
	struct attempt *a = s->attempt;

	a->rule = r->name;
	a->by = rule_by_words[r->by];
	if (!a->held)
		defence_hit(s->work->defence, r, false, 1);
	if (r->action == RULE_DELAY && hold(s, v->wait))
		return STATE_JUDGE;
	if (r->action == RULE_BAN)
		ban(s, r, who);
	if (r->by == RULE_USER)
		return refuse_user(s, "too many attempts for this user");
	a->closing = r->action == RULE_CLOSE || r->action == RULE_BAN;
	return refuse_network(s, v->wait, "too many attempts");
}

struct barrier {
	bool address, user;
	struct ban_found of_address, of_user;
};

static enum state
banned(struct session *s, const struct barrier *b)
{
	const struct ban_found *f = b->address ? &b->of_address : &b->of_user;
	struct attempt *a = s->attempt;

	(void)memcpy(a->ban, f->reason, sizeof a->ban);
	a->rule = f->by_hand ? "by-hand" : a->ban;
	a->by = ban_kind_words[f->kind];
	if (!b->address)
		return refuse_user(s, "the user is banned");
	a->closing = true;
	return refuse_network(s, f->left, "the address is banned");
}

/* Where all rules only observe, so do the bans that they have made. */
static bool
holds(const struct session *s, const struct ban_found *f)
{
	return f->by_hand || !session_settings(s)->limits.observe;
}

static bool
find_barrier(struct session *s, const struct tally_who *who, struct barrier *b)
{
	struct bans *bans = s->work->defence->bans;

	b->address = !who->exempt &&
		     bans_find(bans, &who->address, s->now, &b->of_address) &&
		     holds(s, &b->of_address);
	b->user = who->user.len > 0 &&
		  bans_find_user(bans, who->user, s->now, &b->of_user) &&
		  holds(s, &b->of_user);
	return b->address || b->user;
}

static bool
is_by_hand(const struct barrier *b)
{
	return (b->address && b->of_address.by_hand) ||
	       (b->user && b->of_user.by_hand);
}

static enum state
ask_tally(struct session *s)
{
	struct attempt *a = s->attempt;
	struct tally_who who = who_of(s);
	struct tally_verdict v;
	struct barrier b = {0};

	who.banned = find_barrier(s, &who, &b);
	if (who.banned && is_by_hand(&b)) {
		b.address = b.address && b.of_address.by_hand;
		return banned(s, &b);
	}
	tally_begin(s->work->defence->tally, rules_of(s), &who, s->now,
		    &a->slot, &v);
	a->known = v.known;
	if (v.observed)
		observed(s, v.observed);
	switch (v.answer) {
	case TALLY_WRONG:
		count_end(s, LOGIN_WRONG);
		a->refused = true;
		return attempt_fail(s, REPLY_LOGIN_FAILED,
				    "wrong credentials, as a moment ago");
	case TALLY_REFUSED:
		return over_limit(s, &who, &v);
	case TALLY_BANNED:
		return banned(s, &b);
	case TALLY_ASK:
	default:
		a->rule = a->by = NULL; /* it was only delayed */
		return STATE_CONNECT;
	}
}

static enum state
judge(struct session *s)
{
	struct attempt *a = s->attempt;

	if (!a->judged) {
		s->attempts++;
		a->judged = true;
	}
	/* To some directories an empty password is "no password asked". */
	if (a->identity.secret.len == 0 ||
	    (a->identity.user.len == 0 && !mechanism_oauth(a->mechanism)))
		return attempt_fail(s, REPLY_LOGIN_FAILED,
				    "empty user or password");
	if (!s->work->ops->recorded(s))
		return attempt_fail(s, REPLY_UNAVAILABLE,
				    "the audit cannot be written");
	return ask_tally(s);
}

static void
say_verdict(struct session *s)
{
	const struct attempt *a = s->attempt;
	char text[REPLY_MAX];
	uint64_t minutes = a->wait / MINUTE_MS + (a->wait % MINUTE_MS > 0);
	size_t n = reply_format_wait(a->verdict, slice_of(a->tag, a->tag_len),
				     minutes, text);

	session_send(s, SIDE_CLIENT, slice_of(text, n));
}

enum state
login_judge(struct session *s)
{
	struct attempt *a = s->attempt;
	bool closing;

	if (a->verdict == REPLY_NONE) {
		if (a->held && s->now < a->answer_at)
			return STATE_JUDGE;
		return judge(s);
	}
	if (s->now < a->answer_at)
		return STATE_JUDGE;
	say_verdict(s);
	closing = a->closing;
	attempt_free(s);
	if (closing)
		return session_end(s, REPLY_BYE_LIMITED,
				   "too many attempts to log in");
	if (s->failures >= session_settings(s)->limits.login_attempts)
		return session_end(s, REPLY_BYE_TOO_MANY_FAILURES,
				   "too many failed logins");
	return gate_home(s);
}
