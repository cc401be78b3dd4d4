/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "audit/proof.h"

#include "audit/keyring.h"
#include "audit/members.h"
#include "base/wipe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BAD_MAX = 64 };

/* A line that is no record, until the next record tells what it was. */
struct bad_line {
	struct place_in_log at;
	uint64_t claim; /* the number that it gives itself; 0: none */
};

struct proof {
	struct keyring *keys;
	uint64_t expected; /* 0: any */
	struct place_in_log at, last_at;
	struct bad_line bad[BAD_MAX];
	size_t bad_count;
	struct finding findings[FINDINGS_MAX];
	struct verdict verdict;
};

struct proof *
proof_new(const unsigned char secret[CHAIN_KEY], uint64_t first)
{
	struct proof *p = calloc(1, sizeof *p);

	if (!p)
		return NULL;
	p->keys = keyring_new(secret);
	p->expected = first;
	if (p->keys)
		return p;
	free(p);
	return NULL;
}

void
proof_free(struct proof *p)
{
	if (!p)
		return;
	keyring_free(p->keys);
	free(p);
}

static void
find(struct proof *p, enum finding_kind kind, struct place_in_log at,
     uint64_t from, uint64_t to)
{
	struct verdict *v = &p->verdict;

	if (v->count == FINDINGS_MAX)
		v->more++;
	else
		p->findings[v->count++] = (struct finding){kind, at, from, to};
}

/*
 * Between records `from` and `upto` stood lines that are none: those that give
 * themselves a fitting number were changed; so were others, if so many are
 * missing; what is left was inserted.
 */
static void
explain_bad(struct proof *p, uint64_t from, uint64_t upto)
{
	uint64_t next = from;

	for (size_t i = 0; i < p->bad_count; i++) {
		struct bad_line *b = &p->bad[i];
		uint64_t left = upto - next;

		if (b->claim < next || b->claim >= upto)
			b->claim =
			    left > 0 && left >= p->bad_count - i ? next : 0;
		if (b->claim == 0) {
			find(p, FINDING_FOREIGN, b->at, 0, 0);
			continue;
		}
		if (b->claim > next)
			find(p, FINDING_MISSING, b->at, next, b->claim - 1);
		find(p, FINDING_CHANGED, b->at, b->claim, b->claim);
		next = b->claim + 1;
	}
	p->bad_count = 0;
	if (next < upto)
		find(p, FINDING_MISSING, p->at, next, upto - 1);
}

/* The first record: where must it have begun? */
static uint64_t
beginning(const struct proof *p, uint64_t first)
{
	uint64_t from = first > p->bad_count ? first - p->bad_count : 1;

	for (size_t i = 0; i < p->bad_count; i++)
		if (p->bad[i].claim > 0 && p->bad[i].claim < from)
			from = p->bad[i].claim;
	return p->bad_count > 0 ? from : first;
}

/* Was it told to be missing? No longer: here it is. */
static bool
found_again(struct proof *p, uint64_t sequence)
{
	for (size_t i = 0; i < p->verdict.count; i++) {
		struct finding *f = &p->findings[i];

		if (f->kind != FINDING_MISSING || sequence < f->from ||
		    sequence > f->to)
			continue;
		if (f->from == f->to)
			f->kind = FINDING_NONE;
		else if (sequence == f->from)
			f->from++;
		else if (sequence == f->to)
			f->to--;
		return true;
	}
	return false;
}

static void
take_record(struct proof *p, uint64_t sequence)
{
	struct verdict *v = &p->verdict;

	if (p->expected == 0)
		p->expected = beginning(p, sequence);
	if (sequence < p->expected) {
		explain_bad(p, p->expected, p->expected);
		find(p,
		     found_again(p, sequence) ? FINDING_MOVED : FINDING_AGAIN,
		     p->at, sequence, p->expected);
		return;
	}
	explain_bad(p, p->expected, sequence);
	p->expected = sequence + 1;
	p->last_at = p->at;
	v->records++;
	if (v->first == 0)
		v->first = sequence;
	v->last = sequence;
}

static void
take_anchor(struct proof *p, const struct seal *s)
{
	struct verdict *v = &p->verdict;
	struct slice time = member(s->body, "@timestamp");

	v->anchors++;
	if (s->sequence < v->anchored)
		return;
	v->anchored = s->sequence;
	(void)snprintf(v->anchor_time, sizeof v->anchor_time, "%.*s",
		       (int)slice_head(time, PROOF_TIME - 1).len,
		       (const char *)time.ptr);
}

static bool
is_anchor(struct proof *p, const struct seal *s)
{
	const unsigned char *key = keyring_key(p->keys, s->sequence + 1);

	return key && seal_fits_anchor(s, key);
}

static bool
is_record(struct proof *p, const struct seal *s)
{
	const unsigned char *key = keyring_key(p->keys, s->sequence);

	return key && seal_fits(s, key);
}

static void
take_bad(struct proof *p, uint64_t claim)
{
	if (p->bad_count == BAD_MAX)
		find(p, FINDING_FOREIGN, p->at, 0, 0);
	else
		p->bad[p->bad_count++] = (struct bad_line){p->at, claim};
}

void
proof_line(struct proof *p, struct slice line, struct place_in_log at)
{
	struct seal s = {.sequence = 0};

	p->at = at;
	if (line.len == 0 || line.ptr[line.len - 1] != '\n' ||
	    !seal_read(line, &s))
		take_bad(p, 0);
	else if (is_record(p, &s))
		take_record(p, s.sequence);
	else if (is_anchor(p, &s))
		take_anchor(p, &s);
	else
		take_bad(p, s.sequence);
}

/* A syslog daemon may have put something before it. */
void
proof_anchor(struct proof *p, struct slice line, struct place_in_log at)
{
	struct slice s = slice_skip(line, slice_find(line, '{'));
	struct seal seal;

	if (!slice_eq(member(s, "event.action"), SLICE("anchor")))
		return;
	if (seal_read(s, &seal) && is_anchor(p, &seal))
		take_anchor(p, &seal);
	else
		find(p, FINDING_ANCHOR, at, 0, 0);
}

void
proof_end(struct proof *p)
{
	struct verdict *v = &p->verdict;
	uint64_t next = p->expected > 0 ? p->expected : 1;
	uint64_t most = next;

	/* A changed record at the end says itself which one it was. */
	for (size_t i = 0; i < p->bad_count; i++)
		if (p->bad[i].claim == most)
			most++;
	explain_bad(p, next, most);
	if (v->anchored + 1 > most)
		find(p, FINDING_CUT, p->at, most, v->anchored);
}

struct verdict
proof_verdict(const struct proof *p)
{
	struct verdict v = p->verdict;

	v.findings = p->findings;
	return v;
}
