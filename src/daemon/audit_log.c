/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * audit_log.c - lines are sealed, then written, and unsealed if they could not
 * be: the numbers of a chain have no gaps that nobody made.
 */
#include "daemon/audit_log.h"

#include "base/clock.h"
#include "base/wipe.h"
#include "daemon/chain_file.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NEVER UINT64_MAX

enum {
	ANCHOR_EVERY_MS = 10000,
	ANCHOR_RETRY_MS = 1000,
	SEALED_MAX = 128 * 1024,
	TAIL_MAX = 1024 * 1024 /* of a log, looked at when it is opened */
};

/* --- opening ----------------------------------------------------------------
 */

static enum err
open_place(struct sink *s, const struct sink_place *where,
	   enum audit_log_part part, struct audit_log_fault *fault)
{
	enum err e = sink_open(s, where);

	if (e == ERR_OK)
		return ERR_OK;
	fault->part = part;
	fault->error = s->error;
	return e;
}

/* Records that the chain's file does not know yet: the power has failed. */
static void
catch_up_with(struct chain *c, struct slice tail)
{
	while (tail.len > 0) {
		size_t n = slice_find(tail, '\n');
		struct seal s;

		if (seal_read(slice_head(tail, n), &s) &&
		    s.sequence == c->sequence + 1 && seal_fits(&s, c->key))
			chain_step(c);
		tail = slice_skip(tail, n + 1);
	}
}

static void
catch_up(struct audit_log *l)
{
	off_t end = lseek(l->sink.fd, 0, SEEK_END);
	off_t from = end > TAIL_MAX ? end - TAIL_MAX : 0;
	unsigned char *tail;
	ssize_t n;

	if (l->sink.place.kind != AUDIT_FILE || end <= 0)
		return;
	tail = malloc(TAIL_MAX);
	if (!tail)
		return;
	n = pread(l->sink.fd, tail, TAIL_MAX, from);
	if (n > 0)
		catch_up_with(&l->chain, slice_of(tail, (size_t)n));
	free(tail);
}

static enum err
open_chain(struct audit_log *l, const char *path, struct audit_log_fault *fault)
{
	struct chain_fault why;
	enum err e = chain_file_open(path, &l->chain, &l->state, &why);

	if (e == ERR_OK) {
		catch_up(l);
		l->anchored = l->chain.sequence;
		return ERR_OK;
	}
	fault->part = AUDIT_LOG_CHAIN;
	(void)snprintf(fault->text, sizeof fault->text, "%s", why.text);
	return e;
}

/* The chain that the log before has is the one that is wanted. */
static bool
keeps_chain(const struct audit_log *before, const char *path)
{
	return before->opened && before->chained && *path &&
	       chain_file_same(before->state, path);
}

static bool
goes_on(const struct audit_log *before, const struct settings *s)
{
	bool chain = *s->audit.chain != '\0';

	return before->opened &&
	       sink_place_eq(&before->sink.place, &s->audit.sink) &&
	       before->chained == chain &&
	       (!chain ||
		(sink_place_eq(&before->anchors.place, &s->audit.anchors) &&
		 keeps_chain(before, s->audit.chain)));
}

enum err
audit_log_open(struct audit_log *l, const struct settings *s,
	       const struct audit_log *before, struct audit_log_fault *fault)
{
	static const struct sink_place none = {.kind = AUDIT_NONE};
	bool chained = *s->audit.chain != '\0';
	enum err e;

	*l = (struct audit_log){.state = -1, .anchor_at = NEVER};
	l->sink.fd = l->anchors.fd = -1;
	if (goes_on(before, s))
		return ERR_OK;
	e = open_place(&l->sink, &s->audit.sink, AUDIT_LOG_SINK, fault);
	if (e == ERR_OK)
		e = open_place(&l->anchors, chained ? &s->audit.anchors : &none,
			       AUDIT_LOG_ANCHORS, fault);
	l->inherits = chained && keeps_chain(before, s->audit.chain);
	if (e == ERR_OK && chained && !l->inherits)
		e = open_chain(l, s->audit.chain, fault);
	l->opened = true;
	l->chained = chained;
	if (e != ERR_OK)
		audit_log_close(l);
	return e;
}

void
audit_log_replace(struct audit_log *now, struct audit_log *next)
{
	if (!next->opened)
		return;
	if (next->inherits) {
		next->chain = now->chain;
		next->state = now->state;
		next->anchored = now->anchored;
		next->anchor_at = now->anchor_at;
		next->inherits = false;
		now->chained = false;
		now->state = -1;
	}
	audit_log_close(now);
	*now = *next;
	wipe(next, sizeof *next);
}

/* --- writing ----------------------------------------------------------------
 */

static void
save(struct audit_log *l)
{
	if (chain_file_save(l->state, &l->chain) != ERR_OK)
		l->error = errno;
}

/* Takes as many lines as fit into out, and seals them there. */
static size_t
seal_some(struct audit_log *l, struct slice *lines, char *out)
{
	size_t len = 0;

	while (lines->len > 0) {
		size_t n = slice_find(*lines, '\n') + 1, sealed;

		assert(n <= EVENT_MAX);
		if (n + CHAIN_SEAL_MAX + 1 > SEALED_MAX - len)
			break;
		sealed =
		    chain_seal(&l->chain, slice_head(*lines, n), out + len);
		assert(sealed > 0);
		len += sealed;
		*lines = slice_skip(*lines, n);
	}
	return len;
}

static size_t
count_lines(const char *text, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += text[i] == '\n';
	return n;
}

/*
 * Only `written` of these lines were: the others shall get their numbers when
 * they are. Returns where they begin.
 */
static size_t
unseal(struct audit_log *l, const struct chain *before, struct slice lines,
       size_t written)
{
	struct slice rest = lines;

	l->chain = *before;
	for (; written > 0; written--) {
		chain_step(&l->chain);
		rest = slice_skip(rest, slice_find(rest, '\n') + 1);
	}
	save(l);
	return lines.len - rest.len;
}

size_t
audit_log_put(struct audit_log *l, struct slice lines, uint64_t now)
{
	static char out[SEALED_MAX]; /* the keeper has one thread */
	struct slice rest = lines;
	struct chain before;

	if (!l->chained)
		return sink_put(&l->sink, lines);
	while (rest.len > 0) {
		struct slice batch = rest;
		size_t len, done;

		before = l->chain;
		len = seal_some(l, &rest, out);
		save(l);
		done = sink_put(&l->sink, slice_of(out, len));
		if (done < len) {
			size_t kept =
			    unseal(l, &before, batch, count_lines(out, done));

			rest = slice_skip(batch, kept);
			break;
		}
	}
	wipe(&before, sizeof before);
	if (l->chain.sequence > l->anchored && l->anchor_at == NEVER)
		l->anchor_at = now + ANCHOR_EVERY_MS;
	return lines.len - rest.len;
}

/* --- anchors ----------------------------------------------------------------
 */

static bool
write_anchor(struct audit_log *l)
{
	char id[2 * CHAIN_ID + 1], line[EVENT_MAX];
	struct event e;
	size_t n;

	chain_file_id(l->chain.id, id);
	event_begin(&e, EV_ANCHOR, NULL, NULL, clock_wall_ms());
	event_text(&e, FIELD_CHAIN, id);
	n = chain_anchor(&l->chain, event_end(&e), line);
	if (sink_put(&l->anchors, slice_of(line, n)) < n)
		return false;
	l->anchored = l->chain.sequence;
	return true;
}

bool
audit_log_turn(struct audit_log *l, uint64_t now)
{
	bool good = true;

	if (!l->chained || l->anchor_at > now)
		return true;
	l->anchor_at = NEVER;
	if (l->chain.sequence > l->anchored)
		good = write_anchor(l);
	if (!good)
		l->anchor_at = now + ANCHOR_RETRY_MS;
	return good;
}

bool
audit_log_reopen(struct audit_log *l, int *error)
{
	bool good = true;

	if (sink_reopen(&l->sink) != ERR_OK) {
		*error = l->sink.error;
		good = false;
	}
	if (sink_reopen(&l->anchors) != ERR_OK) {
		*error = l->anchors.error;
		good = false;
	}
	return good;
}

void
audit_log_forget(struct audit_log *l)
{
	wipe(&l->chain, sizeof l->chain);
	l->chained = false;
}

void
audit_log_close(struct audit_log *l)
{
	if (!l->opened)
		return;
	if (l->chained && l->state >= 0 && l->chain.sequence > l->anchored)
		(void)write_anchor(l);
	if (l->state >= 0)
		(void)close(l->state);
	sink_close(&l->sink);
	sink_close(&l->anchors);
	wipe(&l->chain, sizeof l->chain);
	l->state = -1;
	l->opened = l->chained = false;
}
