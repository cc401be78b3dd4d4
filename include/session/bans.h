/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bans.h - who has to stay outside, since when, until when, and why.
 *
 * Shared by all workers: many look, few write. Networks of any size, of which
 * an address and a prefix are two, and users (ASCII folded). A ban by a rule
 * doubles from rule.ban to rule.ban_most as long as they keep coming back; how
 * often it was is forgotten once rule.ban_most has gone by after the last one.
 * At most BANS_MOST are kept: bans that are over, but not forgotten, make room
 * first, then the one that ends soonest.
 *
 * A ban by hand holds for everybody. One by a rule spares known pairs: ask
 * tally_knows_prefix before closing at accept, and tell tally_begin.
 *
 * Times are monotonic ms; `wall` is ms since 1970, for people.
 */
#ifndef SESSION_BANS_H
#define SESSION_BANS_H

#include "base/hash.h"
#include "policy/cidr.h"
#include "policy/evidence.h"
#include "policy/rule.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bans;

enum {
	BANS_MOST = 65536,
	BAN_REASON_MAX = 127,
	BAN_USER_MAX = 255, /* longer names: the first 255 bytes count */
	BAN_TELL_EVERY_MS = 60000
};

enum ban_kind {
	BAN_ADDRESS, /* address_as_cidr */
	BAN_PREFIX,  /* address_prefix */
	BAN_NETWORK, /* any other, by hand */
	BAN_USER,
	BAN_KINDS
};

extern const char *const ban_kind_words[BAN_KINDS];

struct ban_subject {
	enum ban_kind kind;
	struct cidr network; /* unless BAN_USER */
	struct slice user;   /* BAN_USER */
};

struct ban_subject ban_address(const struct address *a);
struct ban_subject ban_prefix(const struct address *a);
/* BAN_ADDRESS or BAN_PREFIX where it is the size of one. */
struct ban_subject ban_network(const struct cidr *net);
struct ban_subject ban_user(struct slice user);
/* What a rule by `by` bans (RULE_ADDRESS, RULE_PREFIX, RULE_USER). */
struct ban_subject ban_by(enum rule_by by, const struct address *a,
			  struct slice user);

/* A copy of one, for people. */
struct ban {
	uint64_t id; /* larger than those of all bans before, in this process */
	enum ban_kind kind;
	struct cidr network;         /* unless BAN_USER */
	char user[BAN_USER_MAX + 1]; /* BAN_USER: folded, a NUL is a '?' */
	bool by_hand;
	bool over;                       /* only remembered, for its growth */
	char reason[BAN_REASON_MAX + 1]; /* name of the rule, or text by hand */
	struct evidence evidence;
	uint64_t since, until; /* wall ms; until UINT64_MAX: for good */
	uint64_t left;         /* ms; UINT64_MAX: for good; 0: over */
	/* ms from its end, or from now if it is over; then it is as if it had
	 * never been. */
	uint64_t forgotten_in;
	uint32_t times;   /* in a row, this one included */
	uint64_t refused; /* lookups that found it */
};

/* key: random. NULL: out of memory. */
struct bans *bans_new(const unsigned char key[HASH_KEY]);
void bans_free(struct bans *b); /* NULL is fine */

/* What a lookup found: by hand before others, then the largest network. */
struct ban_found {
	uint64_t id;
	bool by_hand;
	/* An event is due, one per ban and BAN_TELL_EVERY_MS, for `refused`
	 * lookups, this one included, since the last one. */
	bool tell;
	uint64_t refused;
	uint64_t left; /* ms; UINT64_MAX: for good */
	enum ban_kind kind;
	struct cidr network; /* unless BAN_USER */
	char reason[BAN_REASON_MAX + 1];
};

/* False: nobody has to stay outside. Any thread, some 100 ns. */
bool bans_find(struct bans *b, const struct address *a, uint64_t now,
	       struct ban_found *out);
bool bans_find_user(struct bans *b, struct slice user, uint64_t now,
		    struct ban_found *out);

/*
 * A rule with RULE_BAN has no room left for the subject. True: a ban begins,
 * *out. False: it is banned already, which takes the evidence in; or out of
 * memory.
 */
bool bans_begin(struct bans *b, const struct rule *rule,
		const struct ban_subject *subject,
		const struct evidence *evidence, uint64_t now, uint64_t wall,
		struct ban *out);
/* By hand, for ms (UINT64_MAX: for good); takes the place of another ban of the
 * same. ERR_NOMEM; ERR_LIMIT: BANS_MOST by hand that end later. */
enum err bans_add(struct bans *b, const struct ban_subject *subject,
		  uint64_t ms, struct slice reason, uint64_t now, uint64_t wall,
		  struct ban *out) MUST_USE;
/* False: there is none. Growth is forgotten, too. */
bool bans_remove(struct bans *b, const struct ban_subject *subject,
		 uint64_t now, uint64_t wall, struct ban *out);
/* Removes all; returns how many were not over. */
size_t bans_flush(struct bans *b, uint64_t now);

/* When bans_ended has something to tell; UINT64_MAX: no ban ends. */
uint64_t bans_due(struct bans *b);
/* The next one that has ended by itself; false: no more. */
bool bans_ended(struct bans *b, uint64_t now, uint64_t wall, struct ban *out);

/*
 * Copies up to n; *cursor is 0 at first, then what the call before left. 0: no
 * more. Whatever changes in between, a ban that stays is listed once. over:
 * those that are only remembered, too. In no order.
 */
size_t bans_list(struct bans *b, size_t *cursor, bool over, uint64_t now,
		 uint64_t wall, struct ban *out, size_t n);

/* One that bans_list gave in another process. One that is over only has its
 * growth remembered. ERR_DUPLICATE: there is one; ERR_NOMEM, ERR_LIMIT. */
enum err bans_restore(struct bans *b, const struct ban *from,
		      uint64_t now) MUST_USE;

struct bans_counts {
	uint64_t networks, users; /* that hold */
	uint64_t remembered;      /* over */
	uint64_t pushed_out;      /* before their end, ever */
};
void bans_count(struct bans *b, struct bans_counts *out);

#endif
