/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "unit/tally_play.h"

#include "session/tally_parts.h"
#include "unit/tally_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MINUTE = 60 * 1000, OPEN = 32, NAME = 20 };

/* Who a visitor is; numbers of a kind make them the same again. */
enum visitor { STRANGER, OFFENDER, PERSON, PHONE, VISITORS };

struct visit {
	enum visitor kind;
	char user[NAME], secret[NAME];
	struct tally_who who;
	enum tally_outcome outcome;
	struct tally_attempt tally;
	struct model_attempt model;
	bool open;
};

struct world {
	const struct play *play;
	struct played *out;
	struct rules rules;
	struct tally *tally;
	struct model *model;
	uint64_t random, now;
	struct visit visits[OPEN];
	unsigned strangers;
};

/* xorshift64*; the same numbers everywhere. */
static uint64_t
draw(struct world *w)
{
	w->random ^= w->random >> 12;
	w->random ^= w->random << 25;
	w->random ^= w->random >> 27;
	return w->random * UINT64_C(0x2545f4914f6cdd1d) >> 16;
}

static unsigned
below(struct world *w, unsigned n)
{
	return (unsigned)(draw(w) % n);
}

static void
add_rules(struct rules *r)
{
	static const struct rule more[] = {
	    {.name = "all",
	     .count = RULE_LOGINS,
	     .by = RULE_ALL,
	     .action = RULE_DELAY,
	     .rate = {2000, 1000, 4000}},
	    {.name = "listener",
	     .count = RULE_FAILURES,
	     .by = RULE_LISTENER,
	     .action = RULE_REFUSE,
	     .rate = {100, 1000, 100000}},
	    {.name = "seen",
	     .count = RULE_FAILURES,
	     .by = RULE_ADDRESS,
	     .action = RULE_REFUSE,
	     .rate = {1, MINUTE, 3},
	     .observe = true},
	    {.name = "users-banned",
	     .count = RULE_FAILURES,
	     .by = RULE_USER,
	     .action = RULE_BAN,
	     .rate = {1, MINUTE, 25},
	     .ban = MINUTE,
	     .ban_most = MINUTE},
	};
	enum err e = ERR_OK;

	rules_init(r, (uint64_t)20 * MINUTE, MINUTE);
	for (size_t i = 0; i < RULES_BUILT_IN; i++)
		e |= rules_add(r, &rules_built_in[i]);
	for (size_t i = 0; i < sizeof more / sizeof more[0]; i++)
		e |= rules_add(r, &more[i]);
	if (e != ERR_OK)
		abort();
}

static void
put_number(unsigned char *at, unsigned n)
{
	for (size_t i = 0; i < 4; i++)
		at[i] = (unsigned char)(n >> (24 - 8 * i));
}

/* Half of them IPv6. Neighbours share prefixes. */
static struct address
address_of(enum visitor kind, unsigned n)
{
	struct address a = {{[0] = 0x20, [1] = (unsigned char)(1 + kind)}};

	if (n % 2 == 1) {
		/* A /48 for each, and a host in it. */
		put_number(a.octets + 2, n);
		put_number(a.octets + 12, n);
		return a;
	}
	memset(&a, 0, sizeof a);
	a.octets[10] = a.octets[11] = 0xff;
	put_number(a.octets + 12, (unsigned)(kind + 1) << 28 | n * 16);
	return a;
}

static void
fill(struct world *w, struct visit *v)
{
	static const unsigned cases = 20;
	unsigned n = below(w, w->play->regulars), c = below(w, cases);

	v->kind = c < 12 ? STRANGER : OFFENDER + c % 3;
	if (v->kind == STRANGER)
		n = w->strangers++;
	v->who = (struct tally_who){.address = address_of(v->kind, n),
				    .listener = n % 3,
				    .exempt = c == 13 && n % 50 == 0,
				    .banned = c == 14 && n % 4 == 0};
	v->outcome = TALLY_FAILED;
	snprintf(v->user, sizeof v->user, "%s%u", n % 2 ? "User" : "user", n);
	snprintf(v->secret, sizeof v->secret, "s%u", n);
	if (v->kind == OFFENDER) {
		snprintf(v->user, sizeof v->user, "Victim%u",
			 below(w, w->play->regulars));
		snprintf(v->secret, sizeof v->secret, "s%u", below(w, 1000));
	} else if (v->kind == PERSON) {
		v->user[0] = 'P';
		v->outcome = below(w, 8) ? TALLY_SUCCEEDED : TALLY_FAILED;
		if (v->outcome == TALLY_FAILED)
			snprintf(v->secret, sizeof v->secret, "typo%u",
				 below(w, 30));
	} else if (v->kind == PHONE) {
		v->user[0] = 'T';
	} else if (c == 0) {
		v->outcome = TALLY_ABANDONED;
	} else if (c == 1) {
		v->outcome = TALLY_SUCCEEDED;
	}
	v->who.user = slice_str(v->user);
	v->who.secret = slice_str(v->secret);
	if (c == 2 || c == 13)
		v->who.secret.ptr = NULL;
	if (c == 3)
		v->who.user = SLICE_EMPTY;
}

static void
differ(struct world *w, const struct visit *v, bool differs)
{
	if (!differs)
		return;
	w->out->differences++;
	if (v->kind != STRANGER)
		w->out->of_regulars++;
}

static bool
same_verdict(const struct tally_verdict *a, const struct tally_verdict *b)
{
	return a->answer == b->answer && a->known == b->known &&
	       a->rule == b->rule && a->wait == b->wait &&
	       a->observed == b->observed;
}

static bool
same_news(const struct tally_news *a, const struct tally_news *b)
{
	if (a->first != b->first || a->repeated != b->repeated ||
	    a->after_failures != b->after_failures ||
	    a->full_count != b->full_count)
		return false;
	for (size_t i = 0; i < a->full_count; i++)
		if (a->full[i] != b->full[i])
			return false;
	return true;
}

static void
connect_one(struct world *w, const struct visit *v)
{
	struct tally_verdict said, meant;

	tally_take(w->tally, &w->rules, RULE_CONNECTIONS, &v->who, w->now,
		   &said);
	if (!w->model)
		return;
	model_take(w->model, RULE_CONNECTIONS, &v->who, w->now, &meant);
	differ(w, v, !same_verdict(&said, &meant));
}

static void
begin(struct world *w, struct visit *v)
{
	struct tally_verdict said, meant;
	uint16_t digest = 0;

	fill(w, v);
	connect_one(w, v);
	tally_begin(w->tally, &w->rules, &v->who, w->now, &v->tally, &said);
	v->open = said.answer == TALLY_ASK;
	w->out->answers[said.answer]++;
	w->out->observed += said.observed != NULL;
	if (!w->model)
		return;
	if (v->who.secret.ptr)
		digest = digest_of(w->tally, &v->tally, v->who.secret);
	model_begin(w->model, &v->who, digest, w->now, &v->model, &meant);
	differ(w, v, !same_verdict(&said, &meant));
}

static void
end(struct world *w, struct visit *v)
{
	struct tally_news said, meant;

	if (!v->open && !v->model.open)
		return;
	tally_end(w->tally, &v->tally, &v->who, v->outcome, w->now, w->now,
		  &said);
	w->out->first += said.first;
	w->out->repeated += said.repeated;
	w->out->full += said.full_count;
	if (w->model) {
		model_end(w->model, &v->model, v->outcome, w->now, &meant);
		differ(w, v, !same_news(&said, &meant));
	}
	v->open = false;
}

static void
play(struct world *w)
{
	for (unsigned i = 0; i < w->play->attempts; i++) {
		struct visit *v = &w->visits[below(w, OPEN)];

		w->now += draw(w) % (2 * w->play->step + 1);
		end(w, v);
		begin(w, v);
	}
	for (unsigned i = 0; i < OPEN; i++)
		end(w, &w->visits[i]);
}

bool
tally_play(const struct play *p, struct played *out)
{
	static const unsigned char key[HASH_KEY] = "0123456789abcde";
	static const unsigned char digests[HASH_KEY] = "edcba9876543210";
	static struct world w;
	bool ready;

	memset(&w, 0, sizeof w);
	*out = (struct played){0};
	w.play = p;
	w.out = out;
	w.random = p->seed;
	w.now = 1000;
	add_rules(&w.rules);
	w.tally = tally_new(p->memory, key, digests);
	w.model = p->model ? model_new(&w.rules) : NULL;
	ready = w.tally && (w.model || !p->model);
	if (ready) {
		play(&w);
		out->keys = w.model ? model_keys(w.model) : 0;
		tally_use(w.tally, &w.rules, w.now, &out->usage);
	}
	tally_free(w.tally);
	if (w.model)
		model_free(w.model);
	return ready;
}
