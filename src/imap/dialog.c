/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dialog.c - the client's direction of the relay, and what both directions
 * share.
 *
 * The head of a command is held until its verb is permitted; then the line
 * streams, all but the CRLF that would let the backend act on it. A literal
 * moves on the backend's word. dialog_server.c is the other direction.
 */
#include "imap/dialog.h"

#include "dialog_states.h"
#include "imap/capability.h"

#include <stdio.h>
#include <string.h>

/* RFC 3501 counts to 2^32; some servers of its time no further than an int. */
enum { LITERAL_DIGITS = 19, LITERAL_MOST = 0x7fffffff };

void
dialog_init(struct dialog *d, unsigned flags)
{
	memset(d, 0, sizeof *d);
	d->flags = flags;
	d->client = CLIENT_HEAD;
	d->server = SERVER_START;
}

void
move_bytes(struct move *m, enum move_kind kind, size_t n)
{
	*m = (struct move){.kind = n > 0 ? kind : MOVE_WAIT, .n = n};
}

void
move_end(struct dialog *d, struct move *m, const char *why)
{
	d->client = CLIENT_BROKEN;
	d->server = SERVER_BROKEN;
	*m = (struct move){.kind = MOVE_END, .why = why};
}

bool
dialog_boundary(const struct dialog *d)
{
	return !d->started;
}

bool
dialog_midcommand(const struct dialog *d)
{
	return d->client != CLIENT_HEAD && d->client != CLIENT_IDLE;
}

bool
dialog_idle(const struct dialog *d)
{
	size_t resting = d->client == CLIENT_IDLE ? 1 : 0;

	return !dialog_midcommand(d) && tags_count(&d->tags) <= resting;
}

/* Drops the rest of the command, then says reply (REPLY_NONE: says nothing). */
static void
refuse(struct dialog *d, struct slice tag, unsigned reply)
{
	d->tag_len = (unsigned char)tag.len;
	if (tag.len > 0)
		memcpy(d->tag, tag.ptr, tag.len);
	d->refusal = (unsigned char)reply;
	d->client = CLIENT_DROP;
	d->scanned = 0;
	scan_init(&d->scan, LITERAL_DIGITS);
}

/* Compares with "DONE" CRLF as far as the bytes go. */
static bool
done_so_far(struct slice in)
{
	struct slice done = SLICE("DONE\r\n");

	return slice_istarts(done, slice_head(in, done.len));
}

enum { DONE_LEN = 6 };

static size_t
word_end(struct slice s)
{
	size_t i = 0;

	while (i < s.len && s.ptr[i] > ' ')
		i++;
	return i;
}

/* No command has another byte in its name; some server might read past it. */
static bool
verb_valid(struct slice verb)
{
	for (size_t i = 0; i < verb.len; i++)
		if (!byte_alpha(verb.ptr[i]) && !byte_digit(verb.ptr[i]) &&
		    verb.ptr[i] != '-' && verb.ptr[i] != '_' &&
		    verb.ptr[i] != '.')
			return false;
	return verb.len > 0;
}

/*
 * Begins the command whose tag and verb stand at the front; more: arguments
 * follow. False: must wait. IDLE with arguments would make its "+" look like
 * the word for a literal.
 */
static bool
begin(struct dialog *d, struct slice tag, struct slice verb, bool more)
{
	bool legal = tag_valid(tag);

	d->verb = (unsigned char)verb_of(verb);
	if (!legal || !verb_valid(verb) || (d->verb == VERB_IDLE && more)) {
		refuse(d, legal ? tag : SLICE_EMPTY,
		       legal ? REPLY_SYNTAX : REPLY_TAG_BAD);
	} else if (verb_permission(d->verb, PHASE_RELAY) != PERMISSION_PASS) {
		refuse(d, tag, REPLY_AFTER_LOGIN);
	} else if (!tags_put(&d->tags, tag)) {
		return false;
	} else {
		d->client = CLIENT_LINE;
		d->logout = d->logout || d->verb == VERB_LOGOUT;
		d->answered = false;
		d->scanned = 0;
		scan_init(&d->scan, LITERAL_DIGITS);
	}
	d->commands++;
	return true;
}

static bool
client_head(struct dialog *d, struct slice in, struct move *out)
{
	size_t tag_len = word_end(in), verb_len = 0;

	move_bytes(out, MOVE_WAIT, 0);
	if (in.len == 0)
		return true;
	if (d->done_drops && done_so_far(in)) {
		if (in.len >= DONE_LEN) {
			d->done_drops = false;
			move_bytes(out, MOVE_SKIP, DONE_LEN);
		}
		return true;
	}
	d->done_drops = false;
	if (tag_len > TAG_MAX) {
		move_end(d, out, "tag too long");
		return true;
	}
	if (tag_len == in.len)
		return true;
	if (in.ptr[tag_len] == ' ') {
		verb_len = word_end(slice_skip(in, tag_len + 1));
		if (tag_len + 1 + verb_len >= DIALOG_HEAD) {
			move_end(d, out, "command name too long");
			return true;
		}
		if (tag_len + 1 + verb_len == in.len)
			return true;
	}
	out->other =
	    !begin(d, slice_head(in, tag_len),
		   slice_head(slice_skip(in, tag_len + 1), verb_len),
		   verb_len > 0 && in.ptr[tag_len + 1 + verb_len] == ' ');
	return out->other;
}

/*
 * Whatever form the client chose, the backend gets "{n}" in plain digits and
 * its "+" is awaited: some answer a command at its verb, skip to the line's
 * end, and would read the bytes of an unasked literal as commands.
 */
static void
line_literal(struct dialog *d, struct move *out)
{
	size_t n = d->scanned - d->scan.held;

	d->scanned = 0;
	d->client_literal = d->scan.literal;
	d->unasked = d->scan.nonsync;
	d->client = d->answered ? CLIENT_CUT : CLIENT_MARKER;
	move_bytes(out, MOVE_PASS, n);
	if (d->scan.literal > LITERAL_MOST && !(d->flags & CAP_IMAP4REV2))
		move_end(d, out, "literal larger than the backend can count");
}

static bool
client_line(struct dialog *d, struct slice in, struct move *out)
{
	size_t used, n;

	switch (scan_next(&d->scan, slice_skip(in, d->scanned), &used)) {
	case SCAN_MORE:
		n = d->scanned + used - d->scan.held;
		d->scanned = d->scan.held;
		move_bytes(out, MOVE_PASS, n);
		return true;
	case SCAN_LITERAL:
		d->scanned += (uint32_t)used;
		line_literal(d, out);
		return out->kind != MOVE_WAIT;
	case SCAN_END:
		n = d->scanned + used;
		d->scanned = 0;
		d->client = CLIENT_HEAD;
		if (d->verb == VERB_IDLE && !d->answered) {
			d->client = CLIENT_IDLE_PENDING;
			d->word_due = true;
		}
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
	return literal_bytes(d, in, out, MOVE_PASS, CLIENT_LINE);
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
	if (in.len > 0 && !done_so_far(in)) {
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
	    [CLIENT_HEAD] = client_head,
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
}

/* The command in hand was answered before all of it was sent. */
static void
answered_early(struct dialog *d)
{
	switch (d->client) {
	case CLIENT_WAIT:
		d->word_due = false;
		d->client = CLIENT_HEAD;
		if (d->unasked) {
			/* The client sends the literal all the same. */
			d->refusal = REPLY_NONE;
			d->client = CLIENT_DROP_LITERAL;
		}
		break;
	case CLIENT_IDLE_PENDING:
	case CLIENT_IDLE:
		d->word_due = false;
		d->done_drops = true;
		d->client = CLIENT_HEAD;
		break;
	case CLIENT_LINE:
	case CLIENT_LITERAL:
	case CLIENT_MARKER:
		d->answered = true;
		break;
	default:
		break;
	}
}

void
dialog_answered(struct dialog *d)
{
	bool newest = tags_newest(&d->tags, d->answer);

	tags_remove(&d->tags, d->answer);
	if (newest && !d->answered)
		answered_early(d);
}

void
dialog_word(struct dialog *d)
{
	d->word_due = false;
	d->client =
	    d->client == CLIENT_IDLE_PENDING ? CLIENT_IDLE : CLIENT_LITERAL;
}
