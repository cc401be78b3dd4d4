/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "unit/tally_model.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#define NS           UINT64_C(1000000)
#define LATELY_PRICE (UINT64_C(600000) * NS)

enum { USER = 24, LATELY = RULES_MAX, KNOWN, WRONG };

struct name {
	unsigned char what; /* a rule, or one of the above */
	unsigned char by;
	unsigned char address[16];
	char user[USER];
	size_t listener;
};

struct fact {
	struct name name;
	uint64_t paid; /* ns; KNOWN: 1 + ms of the last login */
	uint32_t when[TALLY_WRONG_MOST];
	uint16_t digests[TALLY_WRONG_MOST];
	UT_hash_handle hh;
};

struct model {
	const struct rules *rules;
	struct fact *facts;
};

struct model *
model_new(const struct rules *rules)
{
	struct model *m = calloc(1, sizeof *m);

	if (m)
		m->rules = rules;
	return m;
}

void
model_free(struct model *m)
{
	struct fact *f, *next;

	HASH_ITER(hh, m->facts, f, next)
	{
		HASH_DEL(m->facts, f);
		free(f);
	}
	free(m);
}

size_t
model_keys(const struct model *m)
{
	size_t n = 0;

	/* Not those that were only asked for. */
	for (const struct fact *f = m->facts; f; f = f->hh.next)
		n += f->paid > 0 || f->when[0] > 0;
	return n;
}

static struct fact *
fact_of(struct model *m, const struct name *name)
{
	struct fact *f;

	HASH_FIND(hh, m->facts, name, sizeof *name, f);
	if (f)
		return f;
	f = calloc(1, sizeof *f);
	if (!f)
		abort();
	f->name = *name;
	HASH_ADD(hh, m->facts, name, sizeof *name, f);
	return f;
}

static void
put_user(struct name *n, const struct tally_who *who)
{
	for (size_t i = 0; i < who->user.len && i < USER; i++)
		n->user[i] = (char)byte_lower(who->user.ptr[i]);
}

static void
put_prefix(struct name *n, const struct tally_who *who)
{
	struct address a = address_prefix(&who->address).network;

	memcpy(n->address, a.octets, sizeof n->address);
}

/* What is known or wrong of a pair, or what its user did. */
static struct fact *
pair_fact(struct model *m, const struct tally_who *who, unsigned char what)
{
	struct name n;

	memset(&n, 0, sizeof n);
	n.what = what;
	put_user(&n, who);
	if (what != LATELY)
		put_prefix(&n, who);
	return fact_of(m, &n);
}

static bool
applies(const struct rule *r, const struct tally_who *who)
{
	if (r->by == RULE_ADDRESS || r->by == RULE_PREFIX)
		return !who->exempt;
	return r->by != RULE_USER || who->user.len > 0;
}

static struct fact *
count_of(struct model *m, const struct rule *r, const struct tally_who *who,
	 bool known)
{
	struct address network = address_network(&who->address);
	struct name n;

	memset(&n, 0, sizeof n);
	n.what = (unsigned char)(r - m->rules->list);
	n.by = (unsigned char)r->by;
	if (r->by == RULE_ADDRESS)
		memcpy(n.address, network.octets, sizeof n.address);
	if (r->by == RULE_PREFIX || (r->by == RULE_USER && known))
		put_prefix(&n, who);
	if (r->by == RULE_USER) {
		put_user(&n, who);
		n.by = known ? RULE_BYS : RULE_USER;
	}
	if (r->by == RULE_LISTENER)
		n.listener = who->listener;
	return fact_of(m, &n);
}

static uint64_t
price(const struct rule *r)
{
	return r->rate.per * NS / r->rate.limit;
}

static uint64_t
tab(const struct fact *f, uint64_t now)
{
	return f->paid > now * NS ? f->paid - now * NS : 0;
}

/* ms until one more has room. */
static uint64_t
wait_for(const struct fact *f, const struct rule *r, uint64_t now)
{
	uint64_t after = tab(f, now) + price(r),
		 most = r->rate.burst * price(r);

	return after > most ? (after - most + NS - 1) / NS : 0;
}

static void
charge(struct fact *f, uint64_t ns, uint64_t now)
{
	f->paid = now * NS + tab(f, now) + ns;
	if (f->paid > (now + RATE_SPAN_MOST) * NS)
		f->paid = (now + RATE_SPAN_MOST) * NS;
}

static bool
excused(const struct rule *r, bool known)
{
	if (known && (r->by == RULE_ADDRESS || r->by == RULE_PREFIX))
		return true;
	return r->count == RULE_FAILURES && r->action == RULE_BAN &&
	       !(known && r->by == RULE_USER);
}

static void
judge(struct model *m, enum rule_count count, const struct tally_who *who,
      bool known, uint64_t now, struct tally_verdict *out)
{
	for (size_t i = 0; i < m->rules->total; i++) {
		const struct rule *r = &m->rules->list[i];
		uint64_t wait;

		if (r->count != count || !applies(r, who) || excused(r, known))
			continue;
		wait = wait_for(count_of(m, r, who, known), r, now);
		if (wait == 0)
			continue;
		if (r->observe) {
			out->observed = out->observed ? out->observed : r;
		} else if (!out->rule || r->by < out->rule->by) {
			out->rule = r;
			out->wait = wait;
			out->answer = TALLY_REFUSED;
		}
	}
}

static uint64_t
take(struct model *m, enum rule_count count, const struct tally_who *who,
     bool known, uint64_t now)
{
	uint64_t taken = 0;

	for (size_t i = 0; i < m->rules->total; i++) {
		const struct rule *r = &m->rules->list[i];
		struct fact *f;

		if (r->count != count || !applies(r, who))
			continue;
		f = count_of(m, r, who, known);
		if (wait_for(f, r, now) > 0)
			continue;
		charge(f, price(r), now);
		taken |= UINT64_C(1) << i;
	}
	return taken;
}

void
model_take(struct model *m, enum rule_count count, const struct tally_who *who,
	   uint64_t now, struct tally_verdict *out)
{
	*out = (struct tally_verdict){.answer = TALLY_ASK};
	judge(m, count, who, false, now, out);
	if (out->answer == TALLY_ASK)
		(void)take(m, count, who, false, now);
}

static uint32_t
tenths(uint64_t now)
{
	return (uint32_t)(now / 100 + 1);
}

static size_t
place_of(const struct fact *f, uint16_t digest)
{
	for (size_t i = 0; i < TALLY_WRONG_MOST; i++)
		if (f->when[i] > 0 && f->digests[i] == digest)
			return i;
	return TALLY_WRONG_MOST;
}

static bool
found_wrong(struct model *m, const struct tally_who *who, uint16_t digest,
	    uint64_t now)
{
	const struct fact *f = pair_fact(m, who, WRONG);
	size_t at = place_of(f, digest);

	return at < TALLY_WRONG_MOST &&
	       (tenths(now) - f->when[at]) * UINT64_C(100) <
		   m->rules->wrong_for;
}

static bool
is_known(struct model *m, const struct tally_who *who, uint64_t now)
{
	uint64_t seen = pair_fact(m, who, KNOWN)->paid;

	return who->user.len > 0 && seen > 0 &&
	       now - (seen - 1) < m->rules->known_for;
}

void
model_begin(struct model *m, const struct tally_who *who, uint16_t digest,
	    uint64_t now, struct model_attempt *a, struct tally_verdict *out)
{
	*out = (struct tally_verdict){.answer = TALLY_ASK};
	*a = (struct model_attempt){.who = *who, .digest = digest};
	a->known = out->known = is_known(m, who, now);
	if (who->banned && !a->known) {
		out->answer = TALLY_BANNED;
	} else if (who->secret.ptr && found_wrong(m, who, digest, now)) {
		out->answer = TALLY_WRONG;
	} else {
		judge(m, RULE_LOGINS, who, a->known, now, out);
		judge(m, RULE_FAILURES, who, a->known, now, out);
	}
	if (out->answer != TALLY_ASK)
		return;
	a->open = true;
	a->taken = take(m, RULE_LOGINS, who, a->known, now);
}

static void
give_back(struct model *m, const struct model_attempt *a)
{
	for (size_t i = 0; i < m->rules->total; i++)
		if (a->taken >> i & 1) {
			const struct rule *r = &m->rules->list[i];

			count_of(m, r, &a->who, a->known)->paid -= price(r);
		}
}

/* True: it was counted before. */
static bool
repeats(struct model *m, const struct model_attempt *a, uint64_t now)
{
	struct fact *f = pair_fact(m, &a->who, WRONG);
	size_t at = place_of(f, a->digest);
	bool before = at < TALLY_WRONG_MOST;

	for (size_t i = 0; !before && i < TALLY_WRONG_MOST; i++)
		if (at == TALLY_WRONG_MOST || f->when[i] < f->when[at])
			at = i;
	f->when[at] = tenths(now);
	f->digests[at] = a->digest;
	return before;
}

static void
fill(struct tally_news *out, const struct rule *r)
{
	for (size_t i = 0; i < out->full_count; i++)
		if (out->full[i]->by == r->by) {
			if (r->action == RULE_BAN &&
			    out->full[i]->action != RULE_BAN)
				out->full[i] = r;
			return;
		}
	out->full[out->full_count++] = r;
}

static void
fail(struct model *m, const struct model_attempt *a, uint64_t now,
     struct tally_news *out)
{
	for (size_t i = 0; i < m->rules->total; i++) {
		const struct rule *r = &m->rules->list[i];
		struct fact *f;

		if (r->count != RULE_FAILURES || !applies(r, &a->who))
			continue;
		f = count_of(m, r, &a->who, a->known);
		charge(f, price(r), now);
		if (wait_for(f, r, now) > 0 &&
		    !(r->action == RULE_BAN && !r->observe && a->known &&
		      r->by == RULE_USER))
			fill(out, r);
	}
	if (a->who.user.len > 0)
		charge(pair_fact(m, &a->who, LATELY), LATELY_PRICE, now);
}

void
model_end(struct model *m, struct model_attempt *a, enum tally_outcome outcome,
	  uint64_t now, struct tally_news *out)
{
	*out = (struct tally_news){0};
	if (!a->open)
		return;
	a->open = false;
	if (outcome == TALLY_FAILED) {
		out->repeated = a->who.secret.ptr && repeats(m, a, now);
		if (!out->repeated) {
			fail(m, a, now, out);
			return;
		}
	}
	give_back(m, a);
	if (outcome != TALLY_SUCCEEDED || a->who.user.len == 0)
		return;
	out->first = !is_known(m, &a->who, now);
	pair_fact(m, &a->who, KNOWN)->paid = now + 1;
	out->after_failures =
	    (uint32_t)((tab(pair_fact(m, &a->who, LATELY), now) + LATELY_PRICE -
			1) /
		       LATELY_PRICE);
}
