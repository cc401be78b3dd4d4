/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tally.h - who came and tried to log in, how often, with what success.
 *
 * Shared by all workers, behind locks that no header shows. Its memory is given
 * once and never grows. Everything is found by a keyed hash, so nobody can
 * choose what he shares a place with.
 *
 * When there is no room. Addresses, prefixes, users, known pairs, wrong pairs
 * and notes have regions of their own, in which each has sixteen places where
 * it may stand. Of those sixteen what has run out goes first, then what weighs
 * least, then the oldest. The weight of a count is how many things are still on
 * it, so a newcomer, who has one, has the least: whoever cycles addresses or
 * users pushes out others who were seen once, and an offender only where
 * sixteen heavier ones meet. Known pairs are made by successful logins alone.
 *
 * An attempt to log in takes a slot of each rule that counts logins, of all of
 * them or of none, before the backend is asked, so the limits hold exactly
 * between any number of threads. Slots are given back when the login succeeds,
 * when nobody said whether it was right, and when the pair (user, secret) was
 * known to be wrong. A rule that counts failures refuses attempts when it has
 * no room left; a failure is counted when it has happened.
 *
 * Of a secret that failed 16 bits of a keyed digest are kept, a few for each
 * pair of prefix and user, in memory only; of one that was right nothing ever
 * is. So one in 2^16 wrong ones is taken for another that was seen.
 *
 * A pair of prefix and user that logged in within rules.known_for is *known*.
 * Rules by address, by prefix and by user never refuse it for what others do:
 * those by user count a known pair by itself, apart from the user elsewhere,
 * and so still hold for one that guesses.
 *
 * Times are monotonic ms; `wall` is ms since 1970, for people.
 */
#ifndef SESSION_TALLY_H
#define SESSION_TALLY_H

#include "base/hash.h"
#include "policy/cidr.h"
#include "policy/evidence.h"
#include "policy/rule.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tally;

enum {
	TALLY_MEMORY_LEAST = 256 * 1024,
	TALLY_USER_MAX = 255, /* bytes of a name that count, folded (ASCII) */
	TALLY_WRONG_MOST = 4  /* digests that a pair has room for */
};

/*
 * memory: bytes, at least TALLY_MEMORY_LEAST. key: random, for what is found by
 * hash; it goes into the saved state. digests: random, another one, for the
 * digests of secrets; it leaves the tally never. NULL: out of memory.
 */
struct tally *tally_new(size_t memory, const unsigned char key[HASH_KEY],
			const unsigned char digests[HASH_KEY]);
void tally_free(struct tally *t); /* NULL is fine */

/* Who wants something. */
struct tally_who {
	struct address address;
	size_t listener;
	/* Spared by all rules by address and prefix, which do not count it,
	 * either: limits.exempt, and our own end of the connection. */
	bool exempt;
	/* A ban that is not by hand holds for its address, prefix or user:
	 * only a known pair may pass. For attempts alone. */
	bool banned;
	struct slice user; /* empty: not said; rules by user do not hold */
	/* With which kind of program it came, one word of a few; empty: not
	 * said. */
	struct slice family;
	/* ptr NULL: none that could be compared (SCRAM), counts as another one
	 * each time. */
	struct slice secret;
};

enum tally_answer {
	TALLY_ASK,     /* the backend; tally_end is due */
	TALLY_WRONG,   /* known to be, for less than rules.wrong_for: answer so,
			  do not ask */
	TALLY_REFUSED, /* by a rule; its action says how */
	TALLY_BANNED   /* who->banned, and not known */
};

struct tally_verdict {
	enum tally_answer answer;
	bool known;              /* the pair of prefix and user */
	const struct rule *rule; /* REFUSED: which; in the table given */
	bool ban;                /* REFUSED: it wants bans_begin */
	uint64_t wait; /* REFUSED: ms until there is room; UINT64_MAX: never */
	/* One that would have refused, were it not to observe; or NULL. */
	const struct rule *observed;
};

/*
 * A connection, or a handshake: may it go on? ASK and one is taken of all rules
 * that count these, or REFUSED and of none. user and secret are not looked at.
 */
void tally_take(struct tally *t, const struct rules *rules,
		enum rule_count count, const struct tally_who *who,
		uint64_t now, struct tally_verdict *out);

/*
 * n commands or bytes have happened. Returns the ms to wait until there is room
 * for more, 0: none, and *rule, which says so; rules that observe come last.
 */
uint64_t tally_spend(struct tally *t, const struct rules *rules,
		     enum rule_count count, const struct tally_who *who,
		     uint64_t n, uint64_t now, const struct rule **rule);

/* An attempt under way; the caller's memory, the tally's contents. No secret
 * and no digest of one that was not found wrong yet outlives tally_end. */
struct tally_attempt {
	const struct rules *rules;
	uint64_t address, prefix, user, pair; /* keyed hashes */
	uint64_t family; /* of user and family; 0: none was said */
	uint64_t taken;  /* a bit for each rule in the table */
	uint16_t digest;
	bool comparable, known, open;
};

/* What became of it. */
enum tally_outcome {
	TALLY_SUCCEEDED,
	TALLY_FAILED,   /* the backend said that user or secret is wrong */
	TALLY_ABANDONED /* nobody said: backend down, client gone, refused for
			   another reason */
};

struct tally_news {
	/* SUCCEEDED: the pair of prefix and user was not known. */
	bool first;
	/* SUCCEEDED: the user was not known to come with this family, from
	 * wherever. */
	bool first_family;
	/* SUCCEEDED: distinct failures of this user, wherever they came from,
	 * that are not forgotten yet: one is every 10 minutes. */
	uint32_t after_failures;
	/* FAILED: this pair of user and secret was counted before. */
	bool repeated;
	/* FAILED: rules that count failures and now have no room left, at most
	 * one for each by, a ban before others. Those with RULE_BAN want
	 * bans_begin, unless they observe. */
	size_t full_count;
	const struct rule *full[RULE_BYS];
};

/*
 * Judges an attempt. ASK: *a is open until tally_end, and *rules must stay;
 * else nothing was taken and tally_end does nothing.
 */
void tally_begin(struct tally *t, const struct rules *rules,
		 const struct tally_who *who, uint64_t now,
		 struct tally_attempt *a, struct tally_verdict *out);
/* who: as given to tally_begin, but the secret is not looked at. Once more is
 * fine, and a zeroed attempt, too. */
void tally_end(struct tally *t, struct tally_attempt *a,
	       const struct tally_who *who, enum tally_outcome outcome,
	       uint64_t now, uint64_t wall, struct tally_news *out);

/*
 * Distinct failures noted of it; by: RULE_ADDRESS, RULE_PREFIX or RULE_USER.
 * They are noted for what some rule that counts failures may ban. False: none
 * are.
 */
bool tally_evidence(struct tally *t, const struct tally_who *who,
		    enum rule_by by, struct evidence *out);

/* The prefix has known pairs: do not close at accept, judge at login. */
bool tally_knows_prefix(struct tally *t, const struct rules *rules,
			const struct address *a, uint64_t now);
/* The pair is known. */
bool tally_knows(struct tally *t, const struct rules *rules,
		 const struct address *a, struct slice user, uint64_t now);

/* Forgets what was counted by that address, prefix or user, and the notes: when
 * a ban is removed by hand. What is known stays. */
void tally_pardon(struct tally *t, const struct rules *rules,
		  const struct tally_who *who, enum rule_by by);

enum tally_region {
	TALLY_ADDRESSES, /* counts by address */
	TALLY_PREFIXES,
	TALLY_USERS,
	TALLY_KNOWN,       /* pairs, and prefixes that have some */
	TALLY_WRONG_PAIRS, /* digests of secrets that failed */
	TALLY_NOTES,       /* evidence */
	TALLY_COMMONS,     /* counts by listener and of all */
	TALLY_REGIONS
};

extern const char *const tally_region_words[TALLY_REGIONS];

struct tally_usage {
	size_t bytes; /* all of it, as allocated */
	struct {
		uint64_t room, used; /* entries */
		uint64_t pushed_out; /* while they still mattered, ever */
	} regions[TALLY_REGIONS];
};

/* For people: looks at everything, one lock at a time, some ms in all. */
void tally_use(struct tally *t, const struct rules *rules, uint64_t now,
	       struct tally_usage *out);

#endif
