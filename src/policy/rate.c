/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/rate.h"

#include <assert.h>

enum { NS = 1000000 }; /* in a ms */

/* What one thing costs, in ns. Rounded down, and a burst is so many of these:
 * that many can be taken one by one, and not one more. */
static uint64_t
price(const struct rate *r)
{
	return r->per * NS / r->limit;
}

bool
rate_valid(const struct rate *r)
{
	if (r->limit == 0)
		return true;
	return r->per > 0 && r->burst > 0 && r->per <= RATE_SPAN_MOST &&
	       price(r) > 0 && r->burst <= RATE_SPAN_MOST * NS / price(r);
}

static uint64_t
owed(uint64_t paid, uint64_t now)
{
	return paid > now * NS ? paid - now * NS : 0;
}

static uint64_t
in_ms(uint64_t ns)
{
	return (ns + NS - 1) / NS;
}

bool
rate_take(const struct rate *r, uint64_t *paid, uint64_t n, uint64_t now,
	  uint64_t *wait)
{
	uint64_t most, next;

	*wait = 0;
	if (r->limit == 0)
		return true;
	assert(rate_valid(r));
	if (n > r->burst) {
		*wait = UINT64_MAX;
		return false;
	}
	most = r->burst * price(r);
	next = owed(*paid, now) + n * price(r);
	if (next > most) {
		*wait = in_ms(next - most);
		return false;
	}
	*paid = now * NS + next;
	return true;
}

uint64_t
rate_spend(const struct rate *r, uint64_t *paid, uint64_t n, uint64_t now)
{
	uint64_t most, furthest, next;

	if (r->limit == 0)
		return 0;
	assert(rate_valid(r));
	most = r->burst * price(r);
	furthest = RATE_SPAN_MOST * NS;
	next = furthest;
	if (n <= furthest / price(r))
		next = owed(*paid, now) + n * price(r);
	if (next > furthest)
		next = furthest;
	*paid = now * NS + next;
	/* Room for one, not merely none too many. */
	return next + price(r) > most ? in_ms(next + price(r) - most) : 0;
}

void
rate_return(const struct rate *r, uint64_t *paid, uint64_t n)
{
	uint64_t back = r->limit > 0 ? n * price(r) : 0;

	*paid = *paid > back ? *paid - back : 0;
}

uint64_t
rate_room(const struct rate *r, uint64_t paid, uint64_t now)
{
	uint64_t most, due = owed(paid, now);

	if (r->limit == 0)
		return UINT64_MAX;
	most = r->burst * price(r);
	return due < most ? (most - due) / price(r) : 0;
}
