/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dialog_head.c - tag and verb of a client's command, held until it is known
 * whether it may go on.
 */
#include "imap/dialog.h"

#include "dialog_states.h"

#include <string.h>

enum { LITERAL_DIGITS = 19 };

/* As far as the bytes have come; `more`: arguments follow. */
struct head {
	struct slice tag, verb;
	struct slice sub; /* behind UID */
	bool more;
};

bool
dialog_done_so_far(struct slice in)
{
	struct slice done = SLICE("DONE\r\n");

	return slice_istarts(done, slice_head(in, done.len));
}

static size_t
word_end(struct slice s)
{
	size_t i = 0;

	while (i < s.len && s.ptr[i] > ' ')
		i++;
	return i;
}

/* The word at *n, which moves behind it. */
static struct slice
next_word(struct slice in, size_t *n)
{
	struct slice rest = slice_skip(in, *n), word;

	word = slice_head(rest, word_end(rest));
	*n += word.len;
	return word;
}

/* Returns how many bytes it has so far. */
static size_t
read_head(struct slice in, struct head *h)
{
	size_t n = 0;

	*h = (struct head){.tag = next_word(in, &n), .verb = SLICE_EMPTY};
	h->sub = SLICE_EMPTY;
	if (n == in.len || in.ptr[n] != ' ')
		return n;
	n++;
	h->verb = next_word(in, &n);
	if (verb_of(h->verb) == VERB_UID) {
		/* Some servers take more spaces than one. */
		while (n < in.len && (in.ptr[n] == ' ' || in.ptr[n] == '\t'))
			n++;
		h->sub = next_word(in, &n);
	}
	h->more = n < in.len && in.ptr[n] == ' ';
	return n;
}

/* The command that it is, whether by UID or not. */
static enum verb
meaning(const struct head *h)
{
	return verb_of(h->sub.len > 0 ? h->sub : h->verb);
}

static bool
is_verb(const struct head *h)
{
	/* With arguments its "+" would look like the word for a literal. */
	if (verb_of(h->verb) == VERB_IDLE)
		return !h->more;
	return verb_valid(h->verb);
}

/* Is it certain what a server will take it for? */
static bool
is_plain(const struct head *h)
{
	return verb_of(h->verb) != VERB_UID ||
	       (verb_valid(h->sub) && verb_of(h->sub) != VERB_UID);
}

static enum reply
objection(const struct dialog *d, const struct head *h)
{
	if (!tag_valid(h->tag))
		return REPLY_TAG_BAD;
	if (!is_verb(h) || (d->permits && !is_plain(h)))
		return REPLY_SYNTAX;
	if (verb_permission(verb_of(h->verb), PHASE_RELAY) != PERMISSION_PASS)
		return REPLY_AFTER_LOGIN;
	if (d->permits && !d->permits(d->permits_arg, meaning(h),
				      h->sub.len > 0 ? h->sub : h->verb))
		return REPLY_FORBIDDEN;
	return REPLY_NONE;
}

/* Drops the rest of the command, then says reply. */
static void
refuse(struct dialog *d, struct slice tag, enum reply reply)
{
	if (reply == REPLY_TAG_BAD)
		tag.len = 0;
	d->tag_len = (unsigned char)tag.len;
	memcpy(d->tag, tag.ptr, tag.len);
	d->refusal = (unsigned char)reply;
	d->client = CLIENT_DROP;
}

static void
count(struct dialog *d, const struct head *h, enum reply refusal)
{
	d->commands++;
	if (refusal != REPLY_TAG_BAD && refusal != REPLY_SYNTAX)
		summary_command(&d->summary, meaning(h));
}

/* False: it must wait for room among the tags. */
static bool
begin(struct dialog *d, const struct head *h)
{
	enum reply refusal = objection(d, h);
	enum verb v = verb_of(h->verb);

	if (refusal != REPLY_NONE) {
		refuse(d, h->tag, refusal);
	} else if (!tags_put(&d->tags, h->tag, (unsigned char)v)) {
		return false;
	} else {
		d->client = CLIENT_LINE;
		d->logout = d->logout || v == VERB_LOGOUT;
		d->answered = false;
		if (v == VERB_SELECT || v == VERB_EXAMINE || v == VERB_ID)
			d->watch = WATCH_ON | WATCH_FIRST;
	}
	d->verb = (unsigned char)v;
	d->scanned = 0;
	scan_init(&d->scan, LITERAL_DIGITS);
	count(d, h, refusal);
	return true;
}

/* A DONE that came too late to end an IDLE. */
static void
drop_done(struct dialog *d, struct slice in, struct move *out)
{
	if (in.len < DONE_LEN)
		return;
	d->done_drops = false;
	move_bytes(out, MOVE_SKIP, DONE_LEN);
}

bool
dialog_head(struct dialog *d, struct slice in, struct move *out)
{
	struct head h;
	size_t n;

	move_bytes(out, MOVE_WAIT, 0);
	if (in.len == 0)
		return true;
	if (d->done_drops && dialog_done_so_far(in)) {
		drop_done(d, in, out);
		return true;
	}
	d->done_drops = false;
	n = read_head(in, &h);
	if (h.tag.len > TAG_MAX || n >= DIALOG_HEAD) {
		move_end(d, out,
			 h.tag.len > TAG_MAX ? "tag too long"
					     : "command name too long");
		return true;
	}
	if (n == in.len)
		return true;
	out->other = !begin(d, &h);
	return out->other;
}
