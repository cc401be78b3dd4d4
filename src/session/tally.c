/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tally.c - what sessions ask, in terms of pairs, rules and notes.
 */
#include "session/tally_parts.h"

#include <string.h>

static struct counting
count_begin(struct tally *t, const struct rules *rules,
	    const struct tally_who *who, const struct tally_attempt *keys,
	    uint64_t now, bool commons)
{
	return (struct counting){
	    .rules = rules,
	    .who = who,
	    .keys = keys,
	    .grip = grip_take(t, keys, who->user.len > 0, commons),
	    .moment = {now, rules->known_for},
	};
}

/* A known pair is counted by itself: what it does bans no user elsewhere. */
static bool
bans(const struct counting *c, const struct rule *r)
{
	return r->action == RULE_BAN && !r->observe &&
	       !(c->keys->known && r->by == RULE_USER);
}

void
tally_take(struct tally *t, const struct rules *rules, enum rule_count count,
	   const struct tally_who *who, uint64_t now, struct tally_verdict *out)
{
	struct tally_attempt keys = {.rules = rules};
	struct tally_who nameless = *who;
	struct counting c;

	*out = (struct tally_verdict){.answer = TALLY_ASK};
	if (rules->from[count] == rules->from[count + 1])
		return;
	nameless.user = SLICE_EMPTY;
	keys_of(t, &nameless, &keys);
	c = count_begin(t, rules, &nameless, &keys, now,
			counting_commons(rules, count));
	if (counting_judge(&c, count, out))
		(void)counting_take(&c, count);
	else
		out->answer = TALLY_REFUSED;
	out->ban = out->rule && bans(&c, out->rule);
	grip_drop(&c.grip);
}

struct pause {
	uint64_t wait;
	const struct rule *rule, *observed;
};

static void
note_pause(void *arg, const struct rule *r, uint64_t wait)
{
	struct pause *p = arg;

	if (r->observe) {
		p->observed = r;
	} else if (wait > p->wait) {
		p->wait = wait;
		p->rule = r;
	}
}

uint64_t
tally_spend(struct tally *t, const struct rules *rules, enum rule_count count,
	    const struct tally_who *who, uint64_t n, uint64_t now,
	    const struct rule **rule)
{
	struct tally_attempt keys = {.rules = rules};
	struct pause pause = {0};
	struct counting c;

	*rule = NULL;
	if (rules->from[count] == rules->from[count + 1])
		return 0;
	keys_of(t, who, &keys);
	c = count_begin(t, rules, who, &keys, now,
			counting_commons(rules, count));
	counting_spend(&c, count, n, note_pause, &pause);
	grip_drop(&c.grip);
	*rule = pause.rule ? pause.rule : pause.observed;
	return pause.wait;
}

static bool
attempt_commons(const struct rules *rules)
{
	return counting_commons(rules, RULE_LOGINS) ||
	       counting_commons(rules, RULE_FAILURES);
}

static enum tally_answer
judge(const struct counting *c, struct tally_attempt *a,
      struct tally_verdict *out)
{
	bool logins, failures;

	if (c->who->banned && !a->known)
		return TALLY_BANNED;
	if (a->comparable &&
	    wrong_is(c->grip.prefix, a, c->rules->wrong_for, &c->moment))
		return TALLY_WRONG;
	logins = counting_judge(c, RULE_LOGINS, out);
	failures = counting_judge(c, RULE_FAILURES, out);
	out->ban = out->rule && bans(c, out->rule);
	if (!logins || !failures)
		return TALLY_REFUSED;
	a->taken = counting_take(c, RULE_LOGINS);
	return TALLY_ASK;
}

void
tally_begin(struct tally *t, const struct rules *rules,
	    const struct tally_who *who, uint64_t now, struct tally_attempt *a,
	    struct tally_verdict *out)
{
	struct counting c;

	*out = (struct tally_verdict){.answer = TALLY_ASK};
	*a = (struct tally_attempt){.rules = rules};
	keys_of(t, who, a);
	a->comparable = who->secret.ptr != NULL;
	if (a->comparable)
		a->digest = digest_of(t, a, who->secret);
	c = count_begin(t, rules, who, a, now, attempt_commons(rules));
	a->known =
	    who->user.len > 0 && known_is(c.grip.prefix, a->pair, &c.moment);
	out->known = a->known;
	out->answer = judge(&c, a, out);
	grip_drop(&c.grip);
	a->open = out->answer == TALLY_ASK;
	if (!a->open)
		a->digest = 0;
}

static void
succeeded(const struct counting *c, const struct tally_attempt *a,
	  struct tally_news *out)
{
	counting_return(c, a->taken);
	out->after_failures = lately_count(c);
	if (c->who->user.len == 0)
		return;
	out->first = !known_is(c->grip.prefix, a->pair, &c->moment);
	known_make(c->grip.prefix, a->pair, &c->moment);
	known_make(c->grip.prefix, a->prefix, &c->moment);
	if (a->family == 0)
		return;
	out->first_family = !known_is(c->grip.user, a->family, &c->moment);
	known_make(c->grip.user, a->family, &c->moment);
}

struct filling {
	const struct counting *counting;
	struct tally_news *news;
};

/* One for each by, a ban rather than another. */
static void
note_full(void *arg, const struct rule *r, uint64_t wait)
{
	struct filling *f = arg;
	struct tally_news *news = f->news;

	(void)wait;
	if (r->action == RULE_BAN && !r->observe && !bans(f->counting, r))
		return;
	for (size_t i = 0; i < news->full_count; i++) {
		if (news->full[i]->by != r->by)
			continue;
		if (r->action == RULE_BAN && news->full[i]->action != RULE_BAN)
			news->full[i] = r;
		return;
	}
	news->full[news->full_count++] = r;
}

static void
failed(const struct counting *c, const struct tally_attempt *a, uint64_t wall,
       struct tally_news *out)
{
	struct filling filling = {c, out};

	if (a->comparable && !wrong_make(c->grip.prefix, a, &c->moment)) {
		out->repeated = true;
		counting_return(c, a->taken);
		return;
	}
	counting_spend(c, RULE_FAILURES, 1, note_full, &filling);
	lately_note(c);
	notes_take(c, wall);
}

void
tally_end(struct tally *t, struct tally_attempt *a, const struct tally_who *who,
	  enum tally_outcome outcome, uint64_t now, uint64_t wall,
	  struct tally_news *out)
{
	struct counting c;

	*out = (struct tally_news){0};
	if (!a->open)
		return;
	a->open = false;
	c = count_begin(t, a->rules, who, a, now, attempt_commons(a->rules));
	if (outcome == TALLY_SUCCEEDED)
		succeeded(&c, a, out);
	else if (outcome == TALLY_FAILED)
		failed(&c, a, wall, out);
	else
		counting_return(&c, a->taken);
	grip_drop(&c.grip);
	a->digest = 0;
}

bool
tally_evidence(struct tally *t, const struct tally_who *who, enum rule_by by,
	       struct evidence *out)
{
	struct tally_attempt keys = {.rules = NULL};
	struct counting c = {.who = who, .keys = &keys};
	const struct note *n;

	keys_of(t, who, &keys);
	c.grip = grip_take(t, &keys, who->user.len > 0, false);
	n = note_find(&c, by);
	if (n)
		*out = n->evidence;
	grip_drop(&c.grip);
	return n != NULL;
}

static bool
knows(struct tally *t, const struct rules *rules, const struct address *a,
      struct slice user, uint64_t now)
{
	const struct moment m = {now, rules->known_for};
	struct tally_who who = {.address = *a, .user = user};
	struct tally_attempt keys = {.rules = rules};
	struct grip g;
	bool known;

	keys_of(t, &who, &keys);
	g = grip_take(t, &keys, false, false);
	known = known_is(g.prefix, user.len > 0 ? keys.pair : keys.prefix, &m);
	grip_drop(&g);
	return known;
}

bool
tally_knows_prefix(struct tally *t, const struct rules *rules,
		   const struct address *a, uint64_t now)
{
	return knows(t, rules, a, SLICE_EMPTY, now);
}

bool
tally_knows(struct tally *t, const struct rules *rules, const struct address *a,
	    struct slice user, uint64_t now)
{
	return user.len > 0 && knows(t, rules, a, user, now);
}

void
tally_pardon(struct tally *t, const struct rules *rules,
	     const struct tally_who *who, enum rule_by by)
{
	struct tally_attempt keys = {.rules = rules};
	struct counting c;
	struct note *n;

	if (by == RULE_USER && who->user.len == 0)
		return;
	keys_of(t, who, &keys);
	c = count_begin(t, rules, who, &keys, 0, true);
	counting_forget(&c, by);
	n = note_find(&c, by);
	if (n)
		memset(n, 0, sizeof *n);
	grip_drop(&c.grip);
}

static void
use_shard(const struct shard *s, const struct moment *m,
	  struct tally_usage *out)
{
	for (enum tally_region k = 0; k < TALLY_REGIONS; k++) {
		size_t room = region_room(s, k);

		out->regions[k].room += room;
		out->regions[k].pushed_out += s->regions[k].pushed_out;
		for (size_t at = 0; at < room; at++)
			if (entry_weight(k, region_at(s, k, at), m) > 0)
				out->regions[k].used++;
	}
}

void
tally_use(struct tally *t, const struct rules *rules, uint64_t now,
	  struct tally_usage *out)
{
	const struct moment m = {now, rules->known_for};

	*out = (struct tally_usage){.bytes = t->bytes};
	for (size_t i = 0; i <= SHARDS; i++) {
		(void)pthread_mutex_lock(&t->shards[i].lock);
		use_shard(&t->shards[i], &m, out);
		(void)pthread_mutex_unlock(&t->shards[i].lock);
	}
}
