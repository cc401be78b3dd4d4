/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * answer_status.c - "status": how it goes, in numbers; all of it in one line.
 */
#include "daemon/answer.h"

#include "base/clock.h"
#include "session/backends.h"
#include "session/defence.h"
#include "session/ledger.h"

#include <inttypes.h>

enum { BEGIN, RULES, BACKENDS, OVER };

static const struct settings *
settings_of(const struct answer *a)
{
	return policy_settings(a->snapshot->policy);
}

static void
put_number(struct answer *a, const char *name, uint64_t n)
{
	answer_put(a, "\"%s\":%" PRIu64 ",", name, n);
}

static void
put_connections(struct answer *a)
{
	const struct settings *s = settings_of(a);
	struct ledger_counts n;

	ledger_count(a->view->ledger, &n);
	put_number(a, "connections", n.connections);
	put_number(a, "connections_most", s->limits.connections);
	put_number(a, "unauthenticated", n.unauthenticated);
	put_number(a, "unauthenticated_most", s->limits.unauthenticated);
	put_number(a, "handshakes", n.handshakes);
	put_number(a, "handshakes_most", s->limits.handshakes);
	put_number(a, "networks", n.addresses);
}

static void
put_logins(struct answer *a)
{
	static const char *const names[LOGIN_ENDS] = {
	    [LOGIN_SUCCEEDED] = "logins_succeeded",
	    [LOGIN_WRONG] = "logins_wrong",
	    [LOGIN_REFUSED] = "logins_refused",
	    [LOGIN_UNDECIDED] = "logins_undecided",
	};

	for (size_t i = 0; i < LOGIN_ENDS; i++)
		put_number(a, names[i],
			   atomic_load(&a->view->defence->logins[i]));
}

static void
put_bans(struct answer *a)
{
	struct bans_counts n;

	bans_count(a->view->defence->bans, &n);
	put_number(a, "bans_of_networks", n.networks);
	put_number(a, "bans_of_users", n.users);
	put_number(a, "bans_pushed_out", n.pushed_out);
}

static void
put_tally(struct answer *a)
{
	struct tally_usage u;

	tally_use(a->view->defence->tally, &settings_of(a)->limits.table,
		  loop_now(a->view->loop), &u);
	put_number(a, "tally_bytes", u.bytes);
	answer_put(a, "\"tally\":[");
	for (size_t i = 0; i < TALLY_REGIONS; i++) {
		answer_put(a, "%s{\"region\":\"%s\",", i > 0 ? "," : "",
			   tally_region_words[i]);
		put_number(a, "used", u.regions[i].used);
		put_number(a, "room", u.regions[i].room);
		answer_put(a, "\"pushed_out\":%" PRIu64 "}",
			   u.regions[i].pushed_out);
	}
	answer_put(a, "],");
}

static int
begin(struct answer *a)
{
	char since[ANSWER_DATE];

	a->snapshot = snapshot_current();
	answer_date((int64_t)(a->view->started / 1000), since);
	answer_put(a, "{");
	answer_member(a, "version", IMAPWARD_VERSION);
	answer_member(a, "started", since);
	put_number(a, "uptime", (clock_wall_ms() - a->view->started) / 1000);
	put_number(a, "generation",
		   a->snapshot->generation + 1 - a->view->first_generation);
	put_number(a, "workers", a->view->workers);
	put_connections(a);
	put_logins(a);
	put_bans(a);
	put_number(a, "events_dropped", a->view->dropped);
	put_number(a, "events_waiting", queue_waiting(a->view->events));
	put_tally(a);
	answer_put(a, "\"rules\":[");
	return RULES;
}

static int
next_rule(struct answer *a)
{
	const struct rules *rules = &settings_of(a)->limits.table;
	const struct rule *r = &rules->list[a->cursor];
	struct defence_hits n;

	if (a->cursor == rules->total) {
		a->cursor = 0;
		answer_put(a, "],\"backends\":[");
		return BACKENDS;
	}
	n = defence_hits(a->view->defence, r);
	answer_put(a, "%s{", a->cursor++ > 0 ? "," : "");
	answer_member(a, "name", r->name);
	answer_member(a, "count", rule_count_words[r->count]);
	answer_member(a, "by", rule_by_words[r->by]);
	answer_member(a, "action", rule_action_words[r->action]);
	answer_put(a, "\"observe\":%s,", r->observe ? "true" : "false");
	put_number(a, "held", n.held);
	answer_put(a, "\"observed\":%" PRIu64 "}", n.observed);
	return RULES;
}

static int
next_backend(struct answer *a)
{
	static const char *const states[] = {
	    [BACKEND_UNKNOWN] = "unknown",
	    [BACKEND_UP] = "up",
	    [BACKEND_DOWN] = "down",
	};
	const struct settings *s = settings_of(a);
	const struct backend_settings *b = &s->backends[a->cursor];

	if (a->cursor == s->backends_count) {
		answer_put(a, "]}\n");
		return OVER;
	}
	answer_put(a, "%s{", a->cursor++ > 0 ? "," : "");
	answer_member(a, "name", b->name);
	answer_member(a, "address", b->host);
	put_number(a, "port", b->port);
	answer_put(a, "\"state\":\"%s\"}", states[backends_state(b)]);
	return BACKENDS;
}

bool
answer_status(struct answer *a)
{
	static int (*const run[])(struct answer * a) = {
	    [BEGIN] = begin,
	    [RULES] = next_rule,
	    [BACKENDS] = next_backend,
	};

	while (a->state != OVER && answer_room(a))
		a->state = run[a->state](a);
	return a->state != OVER;
}
