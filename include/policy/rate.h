/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rate.h - so many things in so much time, and a burst of them at once.
 *
 * Pure. The generic cell rate algorithm (ITU-T I.371): of whoever is counted
 * one number is kept, the time at which all that was taken will have been paid
 * for, in ns; zero is somebody who has taken nothing yet. All other times are
 * monotonic ms.
 */
#ifndef POLICY_RATE_H
#define POLICY_RATE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * `limit` things in each `per` ms, and at most `burst` of them at once.
 * limit 0: as many as one likes. rate_valid: neither is 0 otherwise, there are
 * at most a million a ms, and a whole burst is paid for within RATE_SPAN_MOST.
 */
struct rate {
	uint64_t limit, per, burst;
};

#define RATE_SPAN_MOST (UINT64_C(30) * 24 * 60 * 60 * 1000)

bool rate_valid(const struct rate *r);

/*
 * Takes n things if there is room for all of them. Else nothing changes, and
 * *wait is the ms after which there will be; UINT64_MAX: never, n is more than
 * the burst.
 */
bool rate_take(const struct rate *r, uint64_t *paid, uint64_t n, uint64_t now,
	       uint64_t *wait);
/*
 * Takes n things that have happened already, however many; returns the ms until
 * there is room for one more, 0: there is. What would take longer than
 * RATE_SPAN_MOST to pay for is let off.
 */
uint64_t rate_spend(const struct rate *r, uint64_t *paid, uint64_t n,
		    uint64_t now);
/* Of what was taken, n things do not count after all. */
void rate_return(const struct rate *r, uint64_t *paid, uint64_t n);
/* How many could be taken now, at most the burst; UINT64_MAX: no limit. */
uint64_t rate_room(const struct rate *r, uint64_t paid, uint64_t now);

#endif
