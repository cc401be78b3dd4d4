/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/backlog.h"

#include <string.h>

bool
backlog_init(struct backlog *b, size_t cap)
{
	b->at = b->len = 0;
	b->lost = b->lost_all = 0;
	b->waiting = queue_new(cap);
	return b->waiting != NULL;
}

void
backlog_clear(struct backlog *b)
{
	queue_free(b->waiting);
	b->waiting = NULL;
}

void
backlog_limit(struct backlog *b, size_t cap)
{
	(void)queue_limit(b->waiting, cap);
}

bool
backlog_empty(const struct backlog *b)
{
	return b->at == b->len && queue_empty(b->waiting);
}

static void
count_lost(struct backlog *b, uint64_t n)
{
	b->lost += n;
	b->lost_all += n;
}

/* What waits, the oldest first. True: nothing does any more. */
static bool
write_waiting(struct backlog *b, struct audit_log *l, uint64_t now)
{
	for (;;) {
		if (b->at == b->len) {
			b->at = 0;
			b->len =
			    queue_take(b->waiting, b->piece, sizeof b->piece);
		}
		if (b->len == 0)
			return true;
		b->at += audit_log_put(
		    l, slice_of(b->piece + b->at, b->len - b->at), now);
		if (b->at < b->len)
			return false;
	}
}

/* Behind what waited, before what comes. */
static bool
write_lost(struct backlog *b, struct audit_log *l, uint64_t now, uint64_t wall)
{
	struct event e;

	count_lost(b, l->sink.skipped + queue_dropped(b->waiting));
	l->sink.skipped = 0;
	if (b->lost == 0)
		return true;
	event_begin(&e, EV_DROPPED, NULL, NULL, wall);
	event_number(&e, FIELD_COUNT, b->lost);
	event_text(&e, FIELD_REASON, strerror(l->sink.error));
	if (audit_log_put(l, event_end(&e), now) == 0)
		return false;
	b->lost = 0;
	return true;
}

bool
backlog_write(struct backlog *b, struct audit_log *l, struct slice lines,
	      uint64_t now, uint64_t wall)
{
	bool next = write_waiting(b, l, now) && write_lost(b, l, now, wall);
	size_t n = next ? audit_log_put(l, lines, now) : 0;

	if (next && n == lines.len)
		return l->sink.skipped == 0;
	/* As many of them as there is room for. */
	for (lines = slice_skip(lines, n); lines.len > 0;) {
		size_t len = slice_find(lines, '\n') + 1;

		(void)queue_put(b->waiting, slice_head(lines, len));
		lines = slice_skip(lines, len);
	}
	count_lost(b, queue_dropped(b->waiting));
	return false;
}
