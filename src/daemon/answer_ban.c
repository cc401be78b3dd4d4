/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * answer_ban.c - "ban ...": who is banned, one on each line; and bans by hand.
 *
 *   ban add network NETWORK SECONDS REASON     SECONDS 0: until it is removed
 *   ban add user NAME SECONDS REASON           REASON -: none
 *   ban remove network NETWORK | ban remove user NAME
 *   ban flush | ban list
 */
#include "daemon/answer.h"

#include "base/clock.h"
#include "session/ban_event.h"
#include "session/defence.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { BEGIN, LINES, OVER };
/* Of a flush as many are told one by one. */
enum { FLUSH_TOLD = 1000 };
#define HUNDRED_YEARS_S (UINT64_C(36525) * 24 * 3600)

static struct bans *
bans_of(const struct answer *a)
{
	return a->view->defence->bans;
}

static uint64_t
now_of(const struct answer *a)
{
	return loop_now(a->view->loop);
}

/* ---- list ---- */

static void
put_time(struct answer *a, const char *name, uint64_t wall)
{
	char text[ANSWER_DATE];

	if (wall == 0 || wall == UINT64_MAX) {
		answer_put(a, "\"%s\":null,", name);
		return;
	}
	answer_date((int64_t)(wall / 1000), text);
	answer_member(a, name, text);
}

static void
put_evidence(struct answer *a, const struct evidence *e)
{
	answer_put(a, "\"attempts\":%" PRIu32 ",", e->attempts);
	put_time(a, "first", e->first);
	put_time(a, "last", e->last);
	answer_put(a, "\"evidence\":[");
	for (size_t i = 0; i < e->count; i++) {
		answer_put(a, "%s", i > 0 ? "," : "");
		answer_string(a, slice_str(e->texts[i]));
	}
	answer_put(a, "]");
}

static void
put_ban(struct answer *a, const struct ban *b)
{
	char network[CIDR_TEXT_MAX];

	answer_put(a, "%s\n{", a->pair++ > 0 ? "," : "");
	answer_member(a, "kind", ban_kind_words[b->kind]);
	if (b->kind != BAN_USER)
		cidr_print(&b->network, network);
	answer_member(a, "who", b->kind == BAN_USER ? b->user : network);
	answer_put(a, "\"by_hand\":%s,", b->by_hand ? "true" : "false");
	answer_member(a, "reason", b->reason);
	put_time(a, "since", b->since);
	put_time(a, "until", b->until);
	if (b->left == UINT64_MAX)
		answer_put(a, "\"seconds_left\":null,");
	else
		answer_put(a, "\"seconds_left\":%" PRIu64 ",",
			   (b->left + 999) / 1000);
	answer_put(a, "\"times\":%" PRIu32 ",\"refused\":%" PRIu64 ",",
		   b->times, b->refused);
	put_evidence(a, &b->evidence);
	answer_put(a, "}");
}

static int
next_ban(struct answer *a)
{
	struct ban b;

	if (bans_list(bans_of(a), &a->cursor, false, now_of(a), clock_wall_ms(),
		      &b, 1) > 0) {
		put_ban(a, &b);
		return LINES;
	}
	answer_put(a, "\n]}\n");
	return OVER;
}

bool
answer_bans(struct answer *a)
{
	if (a->state == BEGIN) {
		answer_put(a, "{\"bans\":[");
		a->state = LINES;
	}
	while (a->state != OVER && answer_room(a))
		a->state = next_ban(a);
	return a->state != OVER;
}

/* ---- by hand ---- */

struct order {
	struct ban_subject subject;
	char user[BAN_USER_MAX + 1];
};

static const char *
read_subject(const struct slice *words, struct order *o)
{
	struct cidr net;
	enum err e;

	if (slice_eq(words[0], SLICE("user"))) {
		e = request_text(words[1], o->user, sizeof o->user);
		o->subject = ban_user(slice_str(o->user));
		if (e == ERR_OK && *o->user)
			return NULL;
		return e == ERR_LIMIT ? "the name of a user has 255 bytes at "
					"most"
				      : "that is no name of a user";
	}
	if (!slice_eq(words[0], SLICE("network")))
		return "the request is malformed";
	e = cidr_parse(words[1], &net);
	if (e == ERR_MISMATCH)
		return "the network has bits behind its prefix";
	if (e != ERR_OK)
		return "that is no network such as 192.0.2.0/24, and no "
		       "address";
	if (net.bits == 0 || (net.bits == 96 && address_is_v4(&net.network)))
		return "that network holds every address: nobody could log in";
	o->subject = ban_network(&net);
	return NULL;
}

static void
tell(struct answer *a, const struct ban *b, enum ban_change how)
{
	struct snapshot *s = snapshot_current();
	struct event e;

	ban_event(&e, b, how, policy_privacy(s->policy), clock_wall_ms());
	a->view->event(a->view->arg, event_end(&e));
	snapshot_unref(s);
}

const char *
ban_add(struct answer *a, const struct slice *words)
{
	char reason[BAN_REASON_MAX + 1] = "";
	struct order o;
	struct ban added;
	uint64_t seconds;
	const char *why = read_subject(words, &o);
	enum err e;

	if (why)
		return why;
	if (!slice_number(words[2], HUNDRED_YEARS_S, &seconds))
		return "that is no time";
	if (!slice_eq(words[3], SLICE("-")) &&
	    request_text(words[3], reason, sizeof reason) != ERR_OK)
		return "the reason has 127 bytes at most";
	e = bans_add(bans_of(a), &o.subject,
		     seconds > 0 ? seconds * 1000 : UINT64_MAX,
		     slice_str(reason), now_of(a), clock_wall_ms(), &added);
	if (e != ERR_OK)
		return e == ERR_LIMIT ? "there are too many bans by hand that "
					"last longer"
				      : "out of memory";
	tell(a, &added, BAN_ADDED);
	answer_put(a, "{\"bans\":[");
	put_ban(a, &added);
	answer_put(a, "\n]}\n");
	return NULL;
}

/* What was counted of it is forgiven, or the next mistake would be a ban. */
static void
pardon(struct answer *a, const struct ban_subject *b)
{
	struct snapshot *s = snapshot_current();
	struct tally_who who = {.user = SLICE_EMPTY};
	enum rule_by by = b->kind == BAN_USER     ? RULE_USER
			  : b->kind == BAN_PREFIX ? RULE_PREFIX
						  : RULE_ADDRESS;

	if (b->kind == BAN_USER)
		who.user = b->user;
	else
		who.address = b->network.network;
	tally_pardon(a->view->defence->tally,
		     &policy_settings(s->policy)->limits.table, &who, by);
	snapshot_unref(s);
}

const char *
ban_remove(struct answer *a, const struct slice *words)
{
	struct order o;
	struct ban removed;
	const char *why = read_subject(words, &o);

	if (why)
		return why;
	pardon(a, &o.subject); /* a rule may refuse without a ban */
	if (!bans_remove(bans_of(a), &o.subject, now_of(a), clock_wall_ms(),
			 &removed))
		return "there is no such ban (imapward ban list shows those "
		       "there are), but what was counted is forgiven";
	tell(a, &removed, BAN_REMOVED);
	answer_put(a, "{\"removed\":1}\n");
	return NULL;
}

const char *
ban_flush(struct answer *a, const struct slice *words)
{
	struct ban_subject subject;
	struct ban b;
	size_t cursor = 0, n = 0;

	(void)words;
	while (bans_list(bans_of(a), &cursor, false, now_of(a), clock_wall_ms(),
			 &b, 1) > 0) {
		subject = b.kind == BAN_USER ? ban_user(slice_str(b.user))
					     : ban_network(&b.network);
		pardon(a, &subject);
		if (++n <= FLUSH_TOLD)
			tell(a, &b, BAN_REMOVED);
	}
	n = bans_flush(bans_of(a), now_of(a));
	answer_put(a, "{\"removed\":%zu}\n", n);
	return NULL;
}
