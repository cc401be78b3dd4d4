/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shares.h - how many sessions each user has at once.
 *
 * One per process, any thread; so a limit holds exactly between all workers. A
 * user is kept as long as he has sessions. ASCII case does not tell users
 * apart; of a longer name the first SHARE_NAME_MAX bytes count.
 */
#ifndef SESSION_SHARES_H
#define SESSION_SHARES_H

#include "base/err.h"
#include "base/slice.h"

#include <stddef.h>
#include <stdint.h>

enum { SHARE_NAME_MAX = 255 };

struct share; /* of a user */

/*
 * One more session. ERR_LIMIT: the user has `most` of them; ERR_NOMEM. Else
 * *out is to be left when the session ends.
 */
enum err share_enter(struct slice user, uint64_t most,
		     struct share **out) MUST_USE;
void share_leave(struct share *s); /* NULL is fine */

/* Users with sessions, and their sessions. */
struct shares_count {
	size_t users;
	uint64_t sessions;
};
struct shares_count shares_count(void);

#endif
