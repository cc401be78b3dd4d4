/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dialog.c - what both directions of the relay share: where they stand, and
 * what the backend's answers and words mean for the command in hand.
 *
 * dialog_head.c and dialog_client.c are the client's direction,
 * dialog_server.c is the backend's.
 */
#include "imap/dialog.h"

#include "dialog_states.h"

#include <string.h>

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

bool
dialog_between(const struct dialog *d)
{
	return d->client == CLIENT_HEAD;
}

bool
dialog_idling(const struct dialog *d)
{
	return d->client == CLIENT_IDLE;
}

void
dialog_forbid(struct dialog *d, dialog_permits *permits, void *arg)
{
	d->permits = permits;
	d->permits_arg = arg;
}

/* The command in hand was answered before all of it was sent. */
static void
answered_early(struct dialog *d)
{
	switch (d->client) {
	case CLIENT_WAIT:
		d->word_due = false;
		d->watch = 0;
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

/* What the summary is told of an answer. */
static void
note_answer(struct dialog *d)
{
	enum verb v = (enum verb)tags_verb(&d->tags, d->answer);

	summary_answer(&d->summary, v, tags_note(&d->tags, d->answer),
		       d->answer_ok);
	if (v == VERB_SELECT || v == VERB_EXAMINE)
		d->opened = d->answer_ok ? OPENED_YES : OPENED_NO;
}

void
dialog_answered(struct dialog *d)
{
	bool newest = tags_newest(&d->tags, d->answer);

	note_answer(d);
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
