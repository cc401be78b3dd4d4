/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * path_search.c - tries the ways up, anchors first, depth first.
 *
 * Twice, if need be. The first time a way ends at its first fault; nobody can
 * make us take one. If there is no way, the second time goes on behind faults,
 * to tell an expired CA of a trusted root from a stranger.
 */
#include "path_search.h"

#include "path_rules.h"
#include "x509/constraints.h"

#include <assert.h>
#include <string.h>

/* Of ways that failed: how much they tell. */
enum score { SCORE_NONE, SCORE_END, SCORE_SIGNATURE, SCORE_LONG, SCORE_ANCHOR };

/* Signatures are tried once only. */
struct tried {
	size_t child;
	const struct certificate *issuer;
	bool good;
};

struct search {
	const struct path_input *in;
	struct path *out;
	bool explain; /* the second time */
	size_t way[PATH_LENGTH_MAX], length;
	struct path_fault fault; /* the first one on this way */
	enum score score;        /* of what is in *out */
	bool copy[PATH_PRESENTED_MAX];
	struct tried tried[PATH_SIGNATURES_MAX];
	unsigned steps, comparisons; /* left */
	bool spent;                  /* a bound was met */
};

static const struct path_fault no_fault = {PATH_OK, PATH_NOBODY, PATH_NOBODY};

static const struct certificate *
at(const struct search *s, size_t i)
{
	return &s->out->at[i];
}

static size_t
top_of(const struct search *s)
{
	return s->way[s->length - 1];
}

/* A way that failed; of those that tell as much the longer, or the first. */
static void
note(struct search *s, enum score score, struct path_fault fault, size_t anchor)
{
	struct path *p = s->out;

	if (!s->explain || score < s->score ||
	    (score == s->score &&
	     (score == SCORE_ANCHOR || s->length <= p->length)))
		return;
	s->score = score;
	p->reason = fault.reason;
	p->certificate = fault.certificate;
	p->other = fault.other;
	memcpy(p->way, s->way, s->length * sizeof s->way[0]);
	p->length = s->length;
	p->anchored = score == SCORE_ANCHOR;
	p->anchor = anchor;
}

/* What cannot be verified at all is a fault of its own, and told as such. */
static bool
is_signed(struct search *s, size_t child, const struct certificate *issuer)
{
	const struct certificate *c = at(s, child);
	struct path *p = s->out;
	struct tried *t;

	if (c->signature.kind == SIGNATURE_OTHER ||
	    path_rules(s->in, issuer, ROLE_PINNED) != PATH_OK)
		return s->explain;
	for (unsigned i = 0; i < p->signatures; i++)
		if (s->tried[i].child == child && s->tried[i].issuer == issuer)
			return s->tried[i].good;
	if (p->signatures == PATH_SIGNATURES_MAX) {
		s->spent = true;
		return false;
	}
	t = &s->tried[p->signatures++];
	*t = (struct tried){child, issuer,
			    s->in->crypto.verify(s->in->crypto.of, issuer->key,
						 &c->signature, c->text)};
	return t->good;
}

/* RFC 5280 6.1.4 (l) and (m): those that change keys only do not count. */
static bool
too_far_below(const struct search *s, const struct certificate *issuer)
{
	uint32_t n = 0;

	for (size_t i = 1; i < s->length; i++)
		n += !certificate_self_issued(at(s, s->way[i]));
	return issuer->path_limited && n > issuer->path_max;
}

/* RFC 5280 6.1.3 (b) and (c), of all that stand below. */
static struct path_fault
constraints_fault(struct search *s, const struct certificate *issuer,
		  size_t index)
{
	static const enum path_reason reasons[] = {
	    [CONSTRAINTS_BROKEN] = PATH_NAME_CONSTRAINTS,
	    [CONSTRAINTS_UNKNOWN] = PATH_CONSTRAINTS_UNKNOWN,
	    [CONSTRAINTS_COSTLY] = PATH_TOO_COMPLEX,
	};

	if (!(issuer->extensions & EXT_SUBTREES))
		return no_fault;
	for (size_t i = 0; i < s->length; i++) {
		const struct certificate *c = at(s, s->way[i]);
		enum constraints_verdict v;

		if (i > 0 && certificate_self_issued(c))
			continue;
		v = constraints_judge(issuer->subtrees, c, &s->comparisons);
		if (v != CONSTRAINTS_KEPT)
			return (struct path_fault){reasons[v], s->way[i],
						   index};
	}
	return no_fault;
}

/* Of one that is to stand on top of the way. */
static struct path_fault
issuer_fault(struct search *s, const struct certificate *issuer, size_t index)
{
	enum path_reason r = path_rules(
	    s->in, issuer, index == PATH_ANCHOR ? ROLE_ANCHOR : ROLE_ISSUER);

	if (r != PATH_OK)
		return (struct path_fault){r, index, top_of(s)};
	if (too_far_below(s, issuer))
		return (struct path_fault){PATH_PATH_LENGTH, top_of(s), index};
	return constraints_fault(s, issuer, index);
}

/* True: the way is good. */
static bool
reach(struct search *s, size_t anchor, bool direct)
{
	const struct certificate *a = &s->in->anchors[anchor];
	const struct path_whole whole = {s->in,     s->out, s->way,
					 s->length, a,      direct};
	struct path_fault f = s->fault;

	if (f.reason == PATH_OK && !direct)
		f = issuer_fault(s, a, PATH_ANCHOR);
	if (f.reason == PATH_OK)
		f = path_whole(&whole);
	/* Found good the second time only: there was too much to try. */
	if (f.reason == PATH_OK && s->explain)
		f.reason = PATH_TOO_COMPLEX;
	if (f.reason != PATH_OK) {
		note(s, SCORE_ANCHOR, f, anchor);
		return false;
	}
	memcpy(s->out->way, s->way, s->length * sizeof s->way[0]);
	s->out->length = s->length;
	s->out->anchored = true;
	s->out->anchor = anchor;
	return true;
}

static bool climb(struct search *s);

static bool
put_on(struct search *s, size_t i)
{
	struct path_fault before = s->fault;
	struct path_fault f = issuer_fault(s, at(s, i), i);
	bool found;

	if (f.reason != PATH_OK && !s->explain)
		return false;
	if (before.reason == PATH_OK)
		s->fault = f;
	s->way[s->length++] = i;
	found = climb(s);
	s->length--;
	s->fault = before;
	return found;
}

/* The same name with the same key leads in a circle (RFC 4158 5.2). */
static bool
may_follow(const struct search *s, size_t i)
{
	if (!s->out->readable[i] || s->copy[i])
		return false;
	for (size_t k = 0; k < s->length; k++) {
		const struct certificate *c = at(s, s->way[k]);

		if (slice_eq(c->subject, at(s, i)->subject) &&
		    slice_eq(c->key, at(s, i)->key))
			return false;
	}
	return certificate_names_issuer(at(s, top_of(s)), at(s, i));
}

/* Nobody above has signed it. */
static void
note_end(struct search *s)
{
	size_t top = top_of(s);
	struct path_fault f = {PATH_MISSING_INTERMEDIATE, top, PATH_NOBODY};

	if (!s->explain)
		return;
	if (s->length > 1)
		f.reason = PATH_UNKNOWN_CA;
	else if (certificate_self_issued(at(s, top)) &&
		 is_signed(s, top, at(s, top)))
		f.reason = PATH_SELF_SIGNED;
	for (size_t i = 0; i < s->in->presented_count; i++)
		if (!s->out->readable[i] && f.reason != PATH_SELF_SIGNED)
			f = (struct path_fault){PATH_MALFORMED, i, PATH_NOBODY};
	note(s, SCORE_END, f, 0);
}

static void
note_signature(struct search *s, size_t other, size_t anchor)
{
	struct path_fault f = {PATH_BAD_SIGNATURE, top_of(s), other};

	note(s, SCORE_SIGNATURE, f, anchor);
}

/* Anchors come first: the shortest way is the one that was meant. */
static bool
climb_to_anchor(struct search *s, bool *signer)
{
	size_t top = top_of(s);

	for (size_t i = 0; i < s->in->anchors_count; i++) {
		const struct certificate *a = &s->in->anchors[i];
		bool direct = s->length == 1 && a->der.len > 0 &&
			      slice_eq(a->der, at(s, top)->der);

		if (!direct && !certificate_names_issuer(at(s, top), a))
			continue;
		if (!direct && !is_signed(s, top, a)) {
			note_signature(s, PATH_ANCHOR, i);
			continue;
		}
		*signer = true;
		if (reach(s, i, direct))
			return true;
	}
	return false;
}

static bool
climb(struct search *s)
{
	bool signer = false;

	if (s->steps == 0) {
		s->spent = true;
		return false;
	}
	s->steps--;
	if (climb_to_anchor(s, &signer))
		return true;
	for (size_t i = 1; i < s->in->presented_count; i++) {
		if (!may_follow(s, i))
			continue;
		if (!is_signed(s, top_of(s), at(s, i))) {
			note_signature(s, i, 0);
			continue;
		}
		signer = true;
		if (s->length == PATH_LENGTH_MAX)
			note(s, SCORE_LONG,
			     (struct path_fault){PATH_TOO_LONG, top_of(s),
						 PATH_NOBODY},
			     0);
		else if (put_on(s, i))
			return true;
	}
	if (!signer)
		note_end(s);
	return false;
}

/* The same certificate several times is one. */
static void
find_copies(struct search *s)
{
	for (size_t i = 1; i < s->in->presented_count; i++)
		for (size_t k = 0; k < i && !s->copy[i]; k++)
			s->copy[i] =
			    slice_eq(s->in->presented[i], s->in->presented[k]);
}

static bool
try(struct search *s, bool explain)
{
	s->explain = explain;
	s->steps = PATH_STEPS_MAX;
	s->comparisons = PATH_COMPARISONS_MAX;
	s->length = 1;
	s->fault = no_fault;
	s->fault.reason = path_rules(s->in, at(s, 0), ROLE_SERVER);
	if (s->fault.reason != PATH_OK)
		s->fault.certificate = 0;
	return (explain || s->fault.reason == PATH_OK) && climb(s);
}

void
path_search(const struct path_input *in, struct path *out)
{
	struct search s = {.in = in, .out = out, .way = {0}};

	find_copies(&s);
	out->certificate = out->other = PATH_NOBODY;
	if (try(&s, false))
		return;
	if (try(&s, true))
		assert(false);
	if (s.score == SCORE_NONE || (s.spent && s.score != SCORE_ANCHOR)) {
		out->reason = PATH_TOO_COMPLEX;
		out->certificate = 0;
		out->other = PATH_NOBODY;
	}
}
