/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bouncer.h - who is not let in, and how that is told; for daemon/worker.c and
 * daemon/conn.c alone.
 *
 * A connection is judged before anything is spent on it: by bans, then by the
 * rules that count connections; its TLS handshake by those that count these.
 * What is refused is told by rule, the first one at once, a flood once a
 * second.
 */
#ifndef DAEMON_BOUNCER_H
#define DAEMON_BOUNCER_H

#include "imap/reply.h"
#include "policy/rule.h"
#include "session/ledger.h"
#include "session/session.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct worker;

/* Connections refused by one rule, waiting to be told in one event. */
struct refusals {
	uint64_t count, told_at;
	struct address last;
	size_t listener;
};

/* The ledger's limits, the want of descriptors, and the rules of the settings,
 * those that observe apart. */
enum refused_by {
	REFUSED_DESCRIPTORS = LEDGER_VERDICTS,
	REFUSED_RULES,
	REFUSED_OBSERVED = REFUSED_RULES + RULES_MAX,
	REFUSED_ALL = REFUSED_OBSERVED + RULES_MAX
};

struct bouncer {
	struct refusals refusals[REFUSED_ALL];
	uint64_t due; /* of bouncer_tell; UINT64_MAX: nothing waits */
};

/*
 * May this connection begin? Notes in *peer whether it is exempt. False: it is
 * counted, and *say is what to tell it where that can be done in clear.
 */
bool bouncer_admits(struct worker *w, struct session_peer *peer, int fd,
		    enum reply *say);

enum bouncer_verdict { BOUNCER_PASS, BOUNCER_LATER, BOUNCER_REFUSE };

/* May it shake hands? LATER: not before *again (monotonic ms). */
enum bouncer_verdict bouncer_shake(struct worker *w,
				   const struct session_peer *peer,
				   uint64_t *again);

/* Something else has refused it: one of enum refused_by. */
void bouncer_refused(struct worker *w, size_t by, const struct address *a,
		     size_t listener);
/* Tells what is due at `now`; UINT64_MAX: all there is. */
void bouncer_tell(struct worker *w, uint64_t now);

#endif
