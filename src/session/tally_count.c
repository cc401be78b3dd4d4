/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tally_count.c - rules, and the buckets of those they count by.
 */
#include "session/tally_parts.h"

#include <assert.h>

/* Where the bucket of a rule is. */
struct spot {
	struct shard *shard;
	enum tally_region kind;
	uint64_t id;
};

static bool
applies(const struct counting *c, const struct rule *r)
{
	if (r->rate.limit == 0 || r->by == RULE_SESSION)
		return false;
	if (r->by == RULE_ADDRESS || r->by == RULE_PREFIX)
		return !c->who->exempt;
	return r->by != RULE_USER || c->who->user.len > 0;
}

static struct spot
spot_of(const struct counting *c, const struct rule *r)
{
	const struct tally_attempt *k = c->keys;
	const struct grip *g = &c->grip;

	switch (r->by) {
	case RULE_ADDRESS:
		return (struct spot){g->prefix, TALLY_ADDRESSES,
				     entry_id(k->address, r->id)};
	case RULE_PREFIX:
		return (struct spot){g->prefix, TALLY_PREFIXES,
				     entry_id(k->prefix, r->id)};
	case RULE_USER:
		/* Who is known here is counted apart from what others do to
		 * his name elsewhere. */
		return (struct spot){
		    g->user, TALLY_USERS,
		    entry_id(k->known ? k->pair : k->user, r->id)};
	case RULE_LISTENER:
		return (struct spot){g->commons, TALLY_COMMONS,
				     entry_id(c->who->listener + 1, r->id)};
	case RULE_ALL:
	case RULE_SESSION:
	case RULE_BYS:
	default:
		return (struct spot){g->commons, TALLY_COMMONS,
				     entry_id(0, r->id)};
	}
}

/* By commands and bytes there may be thousands in a moment: a whole burst of
 * them weighs as one. */
static uint64_t
weighed_as_one(const struct rule *r)
{
	uint64_t price = r->rate.per * NS / r->rate.limit;

	return r->count == RULE_COMMANDS || r->count == RULE_BYTES
		   ? price * r->rate.burst
		   : price;
}

/*
 * What is owed is a time. Where the rule asks for less of it now, because it
 * was loosened, it is owed as if that had always been so: else who was locked
 * out by mistake would stay so for days. The mark goes up again only when
 * nothing is owed, or sessions of both settings, by turns, would pay it off.
 */
static void
reprice(const struct counting *c, const struct rule *r, struct cell *cell)
{
	uint64_t now = c->moment.now * NS;
	uint64_t was = price_unpack((uint16_t)(cell->mark & MARK_LOW));
	uint16_t packed = price_pack(weighed_as_one(r));
	uint64_t is = price_unpack(packed);

	if (cell->paid > now && was > is)
		cell->paid = now + (uint64_t)((double)(cell->paid - now) *
					      ((double)is / (double)was));
	if (cell->paid <= now || was > is || was == 0)
		cell->mark = (cell->mark & ~(uint64_t)MARK_LOW) | packed;
}

static uint64_t
paid_of(const struct counting *c, const struct rule *r)
{
	struct spot s = spot_of(c, r);
	struct cell *cell = region_find(s.shard, s.kind, s.id);

	if (!cell)
		return 0;
	reprice(c, r, cell);
	return cell->paid;
}

static struct cell *
cell_of(const struct counting *c, const struct rule *r)
{
	struct spot s = spot_of(c, r);
	struct cell *cell = region_claim(s.shard, s.kind, s.id, &c->moment);

	reprice(c, r, cell);
	return cell;
}

bool
counting_commons(const struct rules *rules, enum rule_count count)
{
	for (size_t i = rules->from[count]; i < rules->from[count + 1]; i++)
		if (rules->list[i].by == RULE_LISTENER ||
		    rules->list[i].by == RULE_ALL)
			return true;
	return false;
}

/*
 * Failures are counted when they have happened: here they only can have left no
 * room. Where that brings a ban, bans are looked up by whoever asks us; but
 * nobody bans a user for what a known pair of his does.
 */
static bool
has_room(const struct counting *c, const struct rule *r, uint64_t *wait)
{
	uint64_t paid = paid_of(c, r);

	if (r->count == RULE_FAILURES && r->action == RULE_BAN &&
	    !(c->keys->known && r->by == RULE_USER)) {
		*wait = 0;
		return true;
	}
	return rate_take(&r->rate, &paid, 1, c->moment.now, wait);
}

/* A known pair is not refused for what others at its address do. */
static bool
spared(const struct counting *c, const struct rule *r)
{
	return c->keys->known &&
	       (r->by == RULE_ADDRESS || r->by == RULE_PREFIX);
}

bool
counting_judge(const struct counting *c, enum rule_count count,
	       struct tally_verdict *out)
{
	for (size_t i = c->rules->from[count]; i < c->rules->from[count + 1];
	     i++) {
		const struct rule *r = &c->rules->list[i];
		uint64_t wait;

		if (!applies(c, r) || has_room(c, r, &wait) || spared(c, r))
			continue;
		if (r->observe) {
			if (!out->observed)
				out->observed = r;
		} else if (!out->rule || r->by < out->rule->by) {
			out->rule = r;
			out->wait = wait;
		}
	}
	return !out->rule;
}

uint64_t
counting_take(const struct counting *c, enum rule_count count)
{
	uint64_t taken = 0, wait;

	for (size_t i = c->rules->from[count]; i < c->rules->from[count + 1];
	     i++) {
		const struct rule *r = &c->rules->list[i];

		if (!applies(c, r))
			continue;
		if (rate_take(&r->rate, &cell_of(c, r)->paid, 1, c->moment.now,
			      &wait))
			taken |= UINT64_C(1) << i;
	}
	return taken;
}

void
counting_return(const struct counting *c, uint64_t taken)
{
	for (size_t i = 0; i < c->rules->total; i++) {
		const struct rule *r = &c->rules->list[i];
		struct spot s;
		struct cell *cell;

		if (!(taken >> i & 1))
			continue;
		s = spot_of(c, r);
		cell = region_find(s.shard, s.kind, s.id);
		if (cell)
			rate_return(&r->rate, &cell->paid, 1);
	}
}

void
counting_spend(const struct counting *c, enum rule_count count, uint64_t n,
	       void (*full)(void *arg, const struct rule *r, uint64_t wait),
	       void *arg)
{
	for (size_t i = c->rules->from[count]; i < c->rules->from[count + 1];
	     i++) {
		const struct rule *r = &c->rules->list[i];
		uint64_t wait;

		if (!applies(c, r))
			continue;
		wait = rate_spend(&r->rate, &cell_of(c, r)->paid, n,
				  c->moment.now);
		if (wait > 0)
			full(arg, r, wait);
	}
}

void
counting_forget(const struct counting *c, enum rule_by by)
{
	for (size_t i = 0; i < c->rules->total; i++) {
		struct spot s;
		struct cell *cell;

		if (c->rules->list[i].by != by)
			continue;
		s = spot_of(c, &c->rules->list[i]);
		cell = region_find(s.shard, s.kind, s.id);
		if (cell)
			cell->paid = 0;
	}
}

/* A rule that refuses nobody: so many failures does the user have. */
static const struct rule lately = {
    .count = RULE_FAILURES,
    .by = RULE_USER,
    .rate = {1, UINT64_C(10) * 60 * 1000, 4320},
    .id = 1,
};

/* Of the user wherever he is, known or not. */
static struct counting
user_alone(const struct counting *c, struct tally_attempt *keys)
{
	struct counting alone = *c;

	*keys = *c->keys;
	keys->known = false;
	alone.keys = keys;
	return alone;
}

uint32_t
lately_count(const struct counting *c)
{
	struct tally_attempt keys;
	struct counting alone = user_alone(c, &keys);
	uint64_t price = lately.rate.per * NS, now = c->moment.now * NS, paid;

	if (c->who->user.len == 0)
		return 0;
	paid = paid_of(&alone, &lately);
	return paid > now ? (uint32_t)((paid - now + price - 1) / price) : 0;
}

void
lately_note(const struct counting *c)
{
	struct tally_attempt keys;
	struct counting alone = user_alone(c, &keys);

	if (c->who->user.len > 0)
		(void)rate_spend(&lately.rate, &cell_of(&alone, &lately)->paid,
				 1, c->moment.now);
}
