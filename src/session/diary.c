/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * diary.c - what the last event of a session tells that numbers cannot: names
 * of mailboxes, and rules that held it up. imap/summary has the numbers.
 *
 * Bounded: so many mailboxes, of each name so many bytes, and the rules that
 * there are. A session that opened no mailbox and met no rule has no diary.
 */
#include "session/session.h"

#include "imap/command.h"
#include "imap/mailbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	MAILBOXES_MOST = 32,
	NAME_MOST = 120,
	COMMAND_MOST = 2048, /* of a watched command that comes in pieces */
	VERB_TEXT = 32,
	RULE_TEXT = 80
};

struct opened {
	struct opened *next;
	bool examined;
	bool pending; /* the backend has not answered yet */
	char name[];
};

/* A rule that refused or delayed something: as many as there are in the
 * settings. */
struct met {
	struct met *next;
	const char *name; /* the settings' */
	uint32_t times;
};

struct diary {
	unsigned char *command; /* in hand, as far as it has come, or NULL */
	size_t command_len;
	struct opened *opened; /* in the order in which they were asked for */
	unsigned opened_count;
	unsigned unlisted; /* pending, too, behind those that are listed */
	struct met *rules;
};

_Static_assert((int)MAILBOXES_MOST <= (int)EVENT_LIST_MAX, "all are told");
_Static_assert((int)VERB_COUNT <= (int)EVENT_LIST_MAX, "all are told");

static struct diary *
diary_of(struct session *s)
{
	if (!s->diary)
		s->diary = calloc(1, sizeof *s->diary);
	return s->diary;
}

void
diary_free(struct session *s)
{
	struct diary *d = s->diary;

	if (!d)
		return;
	while (d->opened) {
		struct opened *o = d->opened;

		d->opened = o->next;
		free(o);
	}
	while (d->rules) {
		struct met *m = d->rules;

		d->rules = m->next;
		free(m);
	}
	free(d->command);
	free(d);
	s->diary = NULL;
}

/* ---- mailboxes ---- */

/* The text a person would know the mailbox by; no NUL in it. */
static size_t
readable(struct slice args, char out[NAME_MOST])
{
	unsigned char mem[COMMAND_MOST];
	struct slice name;
	size_t n;

	args = slice_head(args, sizeof mem);
	if (command_mailbox(args, mem, &name) != ERR_OK)
		name = args;
	n = mailbox_text(name, (unsigned char *)out, NAME_MOST);
	for (size_t i = 0; i < n; i++)
		if (out[i] == '\0')
			out[i] = '?';
	return n;
}

static void
add_opened(struct diary *d, struct slice args, bool examined)
{
	char text[NAME_MOST];
	struct opened **last = &d->opened, *o = NULL;
	size_t n;

	/* Answers come in the order of the questions: what is not listed must
	 * not be asked for before what is. */
	if (d->opened_count < MAILBOXES_MOST && d->unlisted == 0) {
		n = readable(args, text);
		o = calloc(1, sizeof *o + n + 1);
	}
	if (!o) {
		d->unlisted++;
		return;
	}
	memcpy(o->name, text, n);
	o->examined = examined;
	o->pending = true;
	while (*last)
		last = &(*last)->next;
	*last = o;
	d->opened_count++;
}

static bool
is_listed(const struct diary *d, const struct opened *like)
{
	for (const struct opened *o = d->opened; o; o = o->next)
		if (!o->pending && o->examined == like->examined &&
		    strcmp(o->name, like->name) == 0)
			return true;
	return false;
}

void
diary_opened(struct session *s, bool agreed)
{
	struct diary *d = s->diary;
	struct opened **link, *o;

	if (!d)
		return;
	for (link = &d->opened; (o = *link) && !o->pending; link = &o->next)
		;
	if (!o) {
		d->unlisted -= d->unlisted > 0;
		return;
	}
	if (agreed && !is_listed(d, o)) {
		o->pending = false;
		return;
	}
	*link = o->next;
	d->opened_count--;
	free(o);
}

/* ---- commands that are watched ---- */

/* whole: from the tag to the CRLF, or as much of it as was kept. */
static void
take_command(struct session *s, struct diary *d, struct slice whole)
{
	struct slice rest = whole, verb;

	if (slice_iends(rest, SLICE("\r\n")))
		rest.len -= 2;
	(void)slice_cut(&rest, ' ');
	verb = slice_cut(&rest, ' ');
	if (verb_of(verb) == VERB_ID)
		(void)agent_read(s, rest);
	else
		add_opened(d, rest, verb_of(verb) == VERB_EXAMINE);
}

static void
forget_command(struct diary *d)
{
	free(d->command);
	d->command = NULL;
	d->command_len = 0;
}

static void
keep_piece(struct diary *d, struct slice piece)
{
	if (!d->command)
		d->command = malloc(COMMAND_MOST);
	if (!d->command)
		return;
	piece = slice_head(piece, COMMAND_MOST - d->command_len);
	memcpy(d->command + d->command_len, piece.ptr, piece.len);
	d->command_len += piece.len;
}

void
diary_watch(struct session *s, unsigned watch, struct slice bytes)
{
	struct diary *d = diary_of(s);

	if (!d)
		return;
	if (watch & WATCH_FIRST)
		forget_command(d);
	if ((watch & WATCH_FIRST) && (watch & WATCH_LAST)) {
		take_command(s, d, bytes);
		return;
	}
	keep_piece(d, bytes);
	if (!(watch & WATCH_LAST))
		return;
	take_command(s, d, slice_of(d->command, d->command_len));
	forget_command(d);
}

/* ---- rules ---- */

unsigned
diary_rule(struct session *s, const char *name)
{
	struct diary *d = diary_of(s);
	struct met **link, *m;

	if (!d)
		return UINT32_MAX;
	for (link = &d->rules; (m = *link); link = &m->next)
		if (strcmp(m->name, name) == 0)
			break;
	if (!m && (m = *link = calloc(1, sizeof *m)))
		m->name = name;
	if (!m)
		return UINT32_MAX;
	m->times += m->times < UINT32_MAX;
	return m->times;
}

/* ---- told ---- */

static void
tell_opened(const struct diary *d, struct event *e, bool examined,
	    enum field_id f)
{
	const char *names[MAILBOXES_MOST];
	size_t n = 0;

	for (const struct opened *o = d->opened; o; o = o->next)
		if (!o->pending && o->examined == examined)
			names[n++] = o->name;
	event_list(e, f, names, n);
}

static void
tell_rules(const struct diary *d, struct event *e)
{
	char texts[EVENT_LIST_MAX][RULE_TEXT];
	const char *list[EVENT_LIST_MAX];
	size_t n = 0;

	for (const struct met *m = d->rules; m && n < EVENT_LIST_MAX;
	     m = m->next) {
		(void)snprintf(texts[n], sizeof texts[n], "%s %u", m->name,
			       (unsigned)m->times);
		list[n] = texts[n];
		n++;
	}
	event_list(e, FIELD_LIMITS, list, n);
}

static void
tell_verbs(const struct summary *sum, struct event *e)
{
	char texts[VERB_COUNT][VERB_TEXT];
	const char *list[VERB_COUNT];
	size_t n = 0;

	for (unsigned v = 0; v < VERB_COUNT; v++) {
		struct slice verb =
		    v == VERB_OTHER ? SLICE("others") : verb_text((enum verb)v);

		if (sum->verbs[v] == 0)
			continue;
		(void)snprintf(texts[n], sizeof texts[n], "%.*s %u",
			       (int)verb.len, (const char *)verb.ptr,
			       (unsigned)sum->verbs[v]);
		list[n] = texts[n];
		n++;
	}
	event_list(e, FIELD_COMMANDS_BY_VERB, list, n);
}

static void
tell_numbers(const struct summary *sum, struct event *e)
{
	event_number(e, FIELD_OPENED, sum->opened);
	event_number(e, FIELD_FETCH_RESPONSES, sum->fetch_responses);
	event_number(e, FIELD_FETCHED, sum->fetched);
	event_number(e, FIELD_FETCHED_BYTES, sum->fetched_bytes);
	event_number(e, FIELD_APPENDED, sum->appended);
	event_number(e, FIELD_APPENDED_BYTES, sum->appended_bytes);
	event_number(e, FIELD_EXPUNGED, sum->expunged);
}

static uint64_t
idle_ms(const struct session *s)
{
	uint64_t more = s->idling ? s->now - s->idle_since : 0;

	return s->idle_ms + more;
}

void
diary_tell(const struct session *s, struct event *e)
{
	const struct dialog *d = &s->in.dialog;

	event_bool(e, FIELD_LOGOUT, d->logout);
	tell_numbers(&d->summary, e);
	event_number(e, FIELD_IDLE, idle_ms(s) * 1000000);
	agent_tell(s, e);
	tell_verbs(&d->summary, e);
	if (!s->diary)
		return;
	tell_opened(s->diary, e, false, FIELD_SELECTED);
	tell_opened(s->diary, e, true, FIELD_EXAMINED);
	tell_rules(s->diary, e);
}
