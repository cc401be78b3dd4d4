/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dialog_client.c - the client's direction of the relay, behind the head of a
 * command.
 *
 * A permitted line streams, all but the CRLF that would let the backend act on
 * it. A literal moves on the backend's word.
 */
#include "imap/dialog.h"

#include "dialog_states.h"
#include "imap/capability.h"

#include <stdio.h>

/* RFC 3501 counts to 2^32; some servers of its time no further than an int. */
enum { LITERAL_MOST = 0x7fffffff };

/* n more bytes of a line that do not open a literal. */
static void
line_bytes(struct dialog *d, struct slice in, size_t n)
{
	if (d->verb == VERB_APPEND)
		summary_append_text(&d->summary, slice_head(in, n));
}

/*
 * Whatever form the client chose, the backend gets "{n}" in plain digits and
 * its "+" is awaited: some answer a command at its verb, skip to the line's
 * end, and would read the bytes of an unasked literal as commands.
 */
static void
line_literal(struct dialog *d, struct slice in, struct move *out)
{
	size_t n = d->scanned - d->scan.held;

	line_bytes(d, in, n);
	if (d->verb == VERB_APPEND)
		summary_append_literal(&d->summary);
	d->scanned = 0;
	d->client_literal = d->scan.literal;
	d->unasked = d->scan.nonsync;
	d->client = d->answered ? CLIENT_CUT : CLIENT_MARKER;
	move_bytes(out, MOVE_PASS, n);
	if (d->scan.literal > LITERAL_MOST && !(d->flags & CAP_IMAP4REV2))
		move_end(d, out, "literal larger than the backend can count");
}

static void
line_end(struct dialog *d)
{
	d->scanned = 0;
	d->client = CLIENT_HEAD;
	if (d->answered) {
		d->watch = 0;
		return;
	}
	if (d->verb == VERB_APPEND)
		tags_set_note(&d->tags, d->summary.append.messages);
	if (d->watch)
		d->watch |= WATCH_LAST;
	if (d->verb == VERB_IDLE) {
		d->client = CLIENT_IDLE_PENDING;
		d->word_due = true;
	}
}

static bool
client_line(struct dialog *d, struct slice in, struct move *out)
{
	size_t used, n;

	switch (scan_next(&d->scan, slice_skip(in, d->scanned), &used)) {
	case SCAN_MORE:
		n = d->scanned + used - d->scan.held;
		d->scanned = d->scan.held;
		line_bytes(d, in, n);
		move_bytes(out, MOVE_PASS, n);
		return true;
	case SCAN_LITERAL:
		d->scanned += (uint32_t)used;
		line_literal(d, in, out);
		return out->kind != MOVE_WAIT;
	case SCAN_END:
		n = d->scanned + used;
		line_end(d);
		move_bytes(out, MOVE_PASS, n);
		return true;
	case SCAN_BAD:
	default:
		move_end(d, out, d->scan.why);
		return true;
	}
}

/*
 * A command answered before all of it was sent (APPEND to no mailbox) ends
 * here for the backend: whether it would read what follows as a literal or as
 * commands depends on why it answered.
 */
static bool
client_cut(struct dialog *d, struct slice in, struct move *out)
{
	(void)in;
	d->answered = false;
	d->refusal = REPLY_NONE;
	d->watch = 0;
	d->client = d->unasked ? CLIENT_DROP_LITERAL : CLIENT_HEAD;
	*out = (struct move){
	    .kind = MOVE_PUT, .n = d->scan.held, .text = SLICE("\r\n")};
	return true;
}

static bool
client_marker(struct dialog *d, struct slice in, struct move *out)
{
	int n = snprintf(d->put, sizeof d->put, "{%llu}\r\n",
			 (unsigned long long)d->client_literal);

	(void)in;
	if (d->answered) {
		d->client = CLIENT_CUT;
		return false;
	}
	d->client = CLIENT_WAIT;
	d->word_due = true;
	*out = (struct move){.kind = MOVE_PUT,
			     .n = d->scan.held,
			     .text = slice_of(d->put, (size_t)n)};
	return true;
}

static bool
client_wait(struct dialog *d, struct slice in, struct move *out)
{
	(void)d;
	(void)in;
	move_bytes(out, MOVE_WAIT, 0);
	out->other = true;
	return true;
}

/* The bytes of a literal, forwarded or dropped. */
static bool
literal_bytes(struct dialog *d, struct slice in, struct move *out,
	      enum move_kind kind, unsigned char next)
{
	size_t n = in.len;

	if (d->client_literal == 0) {
		scan_after_literal(&d->scan);
		d->client = next;
		d->scanned = 0;
		return false;
	}
	if (n > d->client_literal)
		n = (size_t)d->client_literal;
	d->client_literal -= n;
	move_bytes(out, kind, n);
	return true;
}

static bool
client_literal(struct dialog *d, struct slice in, struct move *out)
{
	bool moved = literal_bytes(d, in, out, MOVE_PASS, CLIENT_LINE);

	if (moved && d->verb == VERB_APPEND)
		summary_append_bytes(&d->summary, out->n);
	return moved;
}

static bool
client_drop_literal(struct dialog *d, struct slice in, struct move *out)
{
	return literal_bytes(d, in, out, MOVE_SKIP, CLIENT_DROP);
}

static bool
client_idle(struct dialog *d, struct slice in, struct move *out)
{
	move_bytes(out, MOVE_WAIT, 0);
	if (in.len > 0 && !dialog_done_so_far(in)) {
		move_end(d, out, "command other than DONE during IDLE");
	} else if (in.len >= DONE_LEN) {
		d->client = CLIENT_HEAD;
		move_bytes(out, MOVE_PASS, DONE_LEN);
	}
	return true;
}

static bool
client_drop(struct dialog *d, struct slice in, struct move *out)
{
	size_t used;
	enum scan_event event =
	    scan_next(&d->scan, slice_skip(in, d->scanned), &used);

	d->scanned += (uint32_t)used;
	if (event == SCAN_BAD) {
		move_end(d, out, d->scan.why);
		return true;
	}
	if (event == SCAN_LITERAL && d->scan.nonsync) {
		d->client_literal = d->scan.literal;
		d->client = CLIENT_DROP_LITERAL;
	} else if (event != SCAN_MORE) {
		/* A client never sends a literal it was not asked for. */
		d->client = CLIENT_REPLY;
		return false;
	}
	used = d->scanned;
	d->scanned = 0;
	move_bytes(out, MOVE_SKIP, used);
	return true;
}

static bool
client_reply(struct dialog *d, struct slice in, struct move *out)
{
	(void)in;
	move_bytes(out, MOVE_WAIT, 0);
	if (d->refusal != REPLY_NONE && !dialog_boundary(d)) {
		out->other = true;
		return true;
	}
	*out = (struct move){
	    .kind = d->refusal == REPLY_NONE ? MOVE_SKIP : MOVE_REPLY,
	    .n = d->scanned,
	    .reply = d->refusal == REPLY_NONE ? 0 : (enum reply)d->refusal,
	    .tag = slice_of(d->tag, d->tag_len)};
	d->client = CLIENT_HEAD;
	d->scanned = 0;
	return true;
}

static bool
client_broken(struct dialog *d, struct slice in, struct move *out)
{
	(void)in;
	move_end(d, out, "framing was lost before");
	return true;
}

void
dialog_client(struct dialog *d, struct slice in, struct move *out)
{
	static bool (*const runs[])(struct dialog *, struct slice,
				    struct move *) = {
	    [CLIENT_HEAD] = dialog_head,
	    [CLIENT_LINE] = client_line,
	    [CLIENT_MARKER] = client_marker,
	    [CLIENT_CUT] = client_cut,
	    [CLIENT_WAIT] = client_wait,
	    [CLIENT_LITERAL] = client_literal,
	    [CLIENT_IDLE_PENDING] = client_wait,
	    [CLIENT_IDLE] = client_idle,
	    [CLIENT_DROP] = client_drop,
	    [CLIENT_DROP_LITERAL] = client_drop_literal,
	    [CLIENT_REPLY] = client_reply,
	    [CLIENT_BROKEN] = client_broken,
	};

	while (!runs[d->client](d, in, out))
		;
	if (d->watch && (out->kind == MOVE_PASS || out->kind == MOVE_PUT)) {
		out->watch = d->watch;
		d->watch = d->watch & WATCH_LAST ? 0 : WATCH_ON;
	}
}
