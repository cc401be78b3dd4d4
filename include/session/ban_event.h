/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ban_event.h - the event that tells of a ban.
 */
#ifndef SESSION_BAN_EVENT_H
#define SESSION_BAN_EVENT_H

#include "audit/event.h"
#include "session/bans.h"

enum ban_change {
	BAN_BEGAN,  /* by a rule */
	BAN_ADDED,  /* by hand */
	BAN_ENDED,  /* its time was over */
	BAN_REMOVED /* by hand */
};

/*
 * Written but for its end (event_end). Where the audit cuts addresses or hashes
 * users it tells no more of either than other events do.
 */
void ban_event(struct event *e, const struct ban *b, enum ban_change how,
	       const struct event_privacy *privacy, uint64_t wall);

#endif
