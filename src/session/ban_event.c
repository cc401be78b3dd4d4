/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "session/ban_event.h"

static const char *const changes[] = {
    [BAN_BEGAN] = "began",
    [BAN_ADDED] = "added",
    [BAN_ENDED] = "ended",
    [BAN_REMOVED] = "removed",
};

static void
put_network(struct event *e, const struct ban *b)
{
	char text[CIDR_TEXT_MAX];
	struct cidr net = b->network;

	if (e->privacy && e->privacy->prefix_address && b->kind == BAN_ADDRESS)
		net = address_prefix(&net.network);
	cidr_print(&net, text);
	event_text(e, FIELD_BAN_NETWORK, text);
}

/* Of an address: users that were tried there; of a user: addresses. */
static void
put_evidence(struct event *e, const struct ban *b)
{
	const char *texts[EVIDENCE_MOST];
	bool hidden =
	    e->privacy && (b->kind == BAN_USER ? e->privacy->prefix_address
					       : e->privacy->hash_user);

	if (b->evidence.attempts > 0)
		event_number(e, FIELD_COUNT, b->evidence.attempts);
	if (hidden)
		return;
	for (size_t i = 0; i < b->evidence.count; i++)
		texts[i] = b->evidence.texts[i];
	event_list(e, FIELD_BAN_EVIDENCE, texts, b->evidence.count);
}

void
ban_event(struct event *e, const struct ban *b, enum ban_change how,
	  const struct event_privacy *privacy, uint64_t wall)
{
	struct event_context who = {0};
	bool ending = how == BAN_ENDED || how == BAN_REMOVED;

	if (b->kind == BAN_ADDRESS)
		address_print(&b->network.network, who.address);
	event_begin(e, EV_BAN, &who, privacy, wall);
	event_text(e, FIELD_OUTCOME, "success");
	event_text(e, FIELD_BAN_CHANGE, changes[how]);
	event_text(e, FIELD_BAN_KIND, ban_kind_words[b->kind]);
	if (b->kind == BAN_USER)
		event_text(e, FIELD_USER, b->user);
	else
		put_network(e, b);
	event_text(e, FIELD_RULE, b->by_hand ? "by-hand" : b->reason);
	if (b->by_hand && *b->reason)
		event_text(e, FIELD_REASON, b->reason);
	if (!ending && b->left != UINT64_MAX)
		event_number(e, FIELD_BAN_SECONDS, (b->left + 999) / 1000);
	if (b->times > 0)
		event_number(e, FIELD_BAN_TIMES, b->times);
	put_evidence(e, b);
}
