/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/bouncer.h"

#include "daemon/conn.h"
#include "net/socket.h"
#include "session/ban_event.h"

#include <string.h>

enum { TOLD_EVERY_MS = 1000 };

static const struct settings *
settings_of(const struct worker *w)
{
	return policy_settings(w->snapshot->policy);
}

static const struct rules *
rules_of(const struct worker *w)
{
	return &settings_of(w)->limits.table;
}

/* ---- telling ---- */

/* The first one is told at once, what follows a second later. */
static uint64_t
due_at(const struct refusals *r)
{
	if (r->count == 0)
		return UINT64_MAX;
	return r->told_at == 0 ? 0 : r->told_at + TOLD_EVERY_MS;
}

static void
count(struct worker *w, size_t by, const struct address *a, size_t listener)
{
	struct refusals *r = &w->bouncer.refusals[by];

	r->count++;
	r->last = *a;
	r->listener = listener;
	if (due_at(r) < w->bouncer.due)
		w->bouncer.due = due_at(r);
}

void
bouncer_refused(struct worker *w, size_t by, const struct address *a,
		size_t listener)
{
	count(w, by, a, listener);
}

static void
begin(struct worker *w, struct event *e, const struct address *a,
      size_t listener)
{
	const struct settings *s = settings_of(w);
	struct event_context who = {0};

	address_print(a, who.address);
	if (listener < s->listeners_count)
		who.listener = s->listeners[listener].name;
	event_begin(e, EV_LIMIT, &who, policy_privacy(w->snapshot->policy),
		    worker_wall(w));
}

static void
put_rule(struct event *e, const struct rules *rules, size_t by)
{
	bool observed = by >= REFUSED_OBSERVED;
	const struct rule *r;

	event_text(e, FIELD_OUTCOME, observed ? "success" : "failure");
	if (by < REFUSED_DESCRIPTORS) {
		event_text(e, FIELD_RULE, ledger_rule((enum ledger_verdict)by));
	} else if (by == REFUSED_DESCRIPTORS) {
		event_text(e, FIELD_RULE, "descriptors");
	} else {
		r = &rules->list[by -
				 (observed ? REFUSED_OBSERVED : REFUSED_RULES)];
		event_text(e, FIELD_RULE, r->name);
		event_text(e, FIELD_BY, rule_by_words[r->by]);
	}
	if (observed)
		event_bool(e, FIELD_OBSERVED, true);
}

static void
tell(struct worker *w, size_t by)
{
	struct refusals *r = &w->bouncer.refusals[by];
	struct event e;

	begin(w, &e, &r->last, r->listener);
	put_rule(&e, rules_of(w), by);
	event_number(&e, FIELD_COUNT, r->count);
	worker_event(w, event_end(&e));
	r->count = 0;
	r->told_at = loop_now(&w->loop);
}

void
bouncer_tell(struct worker *w, uint64_t now)
{
	struct bouncer *b = &w->bouncer;

	if (b->due > now)
		return;
	b->due = UINT64_MAX;
	for (size_t i = 0; i < REFUSED_ALL; i++) {
		uint64_t at = due_at(&b->refusals[i]);

		if (at <= now && at != UINT64_MAX)
			tell(w, i);
		else if (at < b->due)
			b->due = at;
	}
}

/* One event for each ban and minute; see bans.h. */
static void
tell_ban(struct worker *w, const struct ban_found *f,
	 const struct session_peer *peer)
{
	struct event e;

	begin(w, &e, &peer->address, peer->listener);
	event_text(&e, FIELD_OUTCOME, "failure");
	event_text(&e, FIELD_RULE, f->by_hand ? "by-hand" : f->reason);
	event_text(&e, FIELD_BY, ban_kind_words[f->kind]);
	event_text(&e, FIELD_REASON, "the address is banned");
	event_number(&e, FIELD_COUNT, f->refused);
	worker_event(w, event_end(&e));
}

/* ---- judging ---- */

static bool
is_specific(const struct listener_settings *l)
{
	static const struct address v6 = {{0}};
	static const struct address v4 = {{[10] = 0xff, [11] = 0xff}};

	return !l->any && !address_eq(&l->address, &v6) &&
	       !address_eq(&l->address, &v4);
}

/* Does it come from the address that it came to? */
static bool
is_ourselves(const struct listener_settings *l, const struct address *a, int fd)
{
	struct endpoint here;

	if (is_specific(l))
		return address_eq(&l->address, a);
	return socket_here(fd, &here) &&
	       memcmp(here.octets, a->octets, sizeof a->octets) == 0;
}

static bool
is_exempt(const struct settings *s, const struct session_peer *peer, int fd)
{
	return cidr_any_contains(s->limits.exempt, s->limits.exempt_count,
				 &peer->address) ||
	       is_ourselves(&s->listeners[peer->listener], &peer->address, fd);
}

/* Where somebody is known a ban by a rule is for the login to judge. */
static bool
is_banned(struct worker *w, const struct session_peer *peer)
{
	struct defence *d = w->common->defence;
	uint64_t now = loop_now(&w->loop);
	struct ban_found f;

	if (peer->exempt || !bans_find(d->bans, &peer->address, now, &f))
		return false;
	if (!f.by_hand &&
	    (settings_of(w)->limits.observe ||
	     tally_knows_prefix(d->tally, rules_of(w), &peer->address, now)))
		return false;
	if (f.tell)
		tell_ban(w, &f, peer);
	return true;
}

static void
begin_ban(struct worker *w, const struct rule *r, const struct tally_who *who)
{
	struct ban_subject subject = ban_by(r->by, &who->address, who->user);
	struct evidence none = {0};
	struct ban begun;
	struct event e;

	if (!bans_begin(w->common->defence->bans, r, &subject, &none,
			loop_now(&w->loop), worker_wall(w), &begun))
		return;
	ban_event(&e, &begun, BAN_BEGAN, policy_privacy(w->snapshot->policy),
		  worker_wall(w));
	worker_event(w, event_end(&e));
}

static void
note(struct worker *w, const struct rule *r, bool observed,
     const struct session_peer *peer)
{
	size_t at = (size_t)(r - rules_of(w)->list);

	defence_hit(w->common->defence, r, observed, 1);
	count(w, (observed ? REFUSED_OBSERVED : REFUSED_RULES) + at,
	      &peer->address, peer->listener);
}

/* Counts it, and says what the rules make of it. */
static bool
take(struct worker *w, enum rule_count what, const struct session_peer *peer,
     struct tally_verdict *v)
{
	struct tally_who who = {.address = peer->address,
				.listener = peer->listener,
				.exempt = peer->exempt};

	tally_take(w->common->defence->tally, rules_of(w), what, &who,
		   loop_now(&w->loop), v);
	if (v->observed)
		note(w, v->observed, true, peer);
	if (v->answer != TALLY_REFUSED)
		return true;
	if (v->rule->action != RULE_DELAY)
		note(w, v->rule, false, peer);
	if (v->rule->action == RULE_BAN)
		begin_ban(w, v->rule, &who);
	return false;
}

bool
bouncer_admits(struct worker *w, struct session_peer *peer, int fd,
	       enum reply *say)
{
	struct tally_verdict v;

	peer->exempt = is_exempt(settings_of(w), peer, fd);
	*say = REPLY_BYE_LIMITED;
	if (is_banned(w, peer))
		return false;
	*say = REPLY_BYE_OVERLOAD;
	return take(w, RULE_CONNECTIONS, peer, &v);
}

enum bouncer_verdict
bouncer_shake(struct worker *w, const struct session_peer *peer,
	      uint64_t *again)
{
	struct tally_verdict v;

	if (take(w, RULE_HANDSHAKES, peer, &v))
		return BOUNCER_PASS;
	if (v.rule->action != RULE_DELAY)
		return BOUNCER_REFUSE;
	*again = v.wait == UINT64_MAX ? v.wait : loop_now(&w->loop) + v.wait;
	return BOUNCER_LATER;
}
