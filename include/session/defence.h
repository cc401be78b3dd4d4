/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * defence.h - what all sessions share to tell attackers from people: the tally,
 * the bans, and how often each rule held.
 *
 * Any thread.
 */
#ifndef SESSION_DEFENCE_H
#define SESSION_DEFENCE_H

#include "session/bans.h"
#include "session/tally.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How attempts to log in ended. */
enum login_end {
	LOGIN_SUCCEEDED,
	LOGIN_WRONG,     /* the backend said so, or had said so before */
	LOGIN_REFUSED,   /* by a rule or a ban */
	LOGIN_UNDECIDED, /* nobody said */
	LOGIN_ENDS
};

/* Of rules that have held, those of earlier configurations among them. */
enum { HITS_MOST = 128 };

struct hit {
	atomic_uint_fast64_t id; /* of the rule; 0: free */
	atomic_uint_fast64_t held, observed;
};

struct defence {
	struct tally *tally;
	struct bans *bans;
	atomic_uint_fast64_t logins[LOGIN_ENDS];
	struct hit hits[HITS_MOST];
};

/* memory: bytes of the tally. NULL: out of memory, or of random bytes. */
struct defence *defence_new(size_t memory);
void defence_free(struct defence *d); /* NULL is fine */

/* A rule has held somebody up n times, or would have. */
void defence_hit(struct defence *d, const struct rule *r, bool observed,
		 uint64_t n);
struct defence_hits {
	uint64_t held, observed;
};
struct defence_hits defence_hits(const struct defence *d, const struct rule *r);

#endif
