/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * exam_chain.c - which certificate is the server's, who signed whom, and does
 * it end at a root.
 */
#include "tls/exam.h"

#include "tls/material.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The way from the leaf upwards, as far as signatures lead. */
struct way {
	size_t at[PAIR_CHAIN_MAX], count;
	bool reached[PAIR_CHAIN_MAX];
	bool copy[PAIR_CHAIN_MAX]; /* the same as an earlier one */
};

static bool
self_issued(const struct exam *x, size_t i)
{
	return x->at[i].readable && certificate_self_issued(&x->at[i].c);
}

/* By its names: the library then looks at the signature. */
static bool
may_have_issued(const struct exam *x, size_t i, size_t issuer)
{
	return i != issuer && x->at[i].readable && x->at[issuer].readable &&
	       certificate_names_issuer(&x->at[i].c, &x->at[issuer].c);
}

static bool
issued_any(const struct exam *x, size_t i)
{
	for (size_t j = 0; j < x->count; j++)
		if (may_have_issued(x, j, i) &&
		    !slice_eq(x->at[i].der, x->at[j].der))
			return true;
	return false;
}

/* The key decides; else the first that is no CA and has issued nothing. */
static size_t
find_leaf(struct exam *x)
{
	if (x->in->proven)
		return 0;
	if (x->key_state == SECRET_READ) {
		for (size_t i = 0; i < x->count; i++)
			if (secret_fits(&x->key, x->at[i].der))
				return i;
		REPORT(x, LINT_PAIR, NOBODY, NULL);
	}
	for (size_t i = 0; i < x->count; i++)
		if (x->at[i].readable && !x->at[i].c.ca && !issued_any(x, i))
			return i;
	return 0;
}

static void
find_copies(struct exam *x, struct way *w)
{
	for (size_t j = 1; j < x->count; j++)
		for (size_t i = 0; i < j && !w->copy[j]; i++)
			w->copy[j] = slice_eq(x->at[i].der, x->at[j].der) &&
				     !self_issued(x, j);
}

/*
 * Who signed certificate i: the next of the file if it did, so that a file that
 * pair_read takes is gone through as it stands.
 */
static size_t
issuer_of(const struct exam *x, const struct way *w, size_t i)
{
	if (x->in->proven)
		return i + 1 < x->count ? i + 1 : NOBODY;
	if (i + 1 < x->count && !w->reached[i + 1] && !w->copy[i + 1] &&
	    material_signed(x->at[i].der, x->at[i + 1].der))
		return i + 1;
	if (self_issued(x, i))
		return NOBODY;
	for (size_t j = 0; j < x->count; j++)
		if (!w->reached[j] && !w->copy[j] && may_have_issued(x, i, j) &&
		    material_signed(x->at[i].der, x->at[j].der))
			return j;
	return NOBODY;
}

static void
go_up(const struct exam *x, struct way *w)
{
	for (size_t i = x->leaf; i != NOBODY; i = issuer_of(x, w, i)) {
		w->reached[i] = true;
		w->at[w->count++] = i;
	}
}

/* "1, 3, 2" */
static struct shown
order_of(const struct way *w)
{
	struct shown s = {""};
	size_t n = 0;

	for (size_t i = 0; i < w->count; i++)
		n += (size_t)snprintf(s.text + n, sizeof s.text - n, "%s%zu",
				      i > 0 ? ", " : "", w->at[i] + 1);
	return s;
}

static bool
in_order(const struct way *w)
{
	for (size_t i = 1; i < w->count; i++)
		if (w->at[i] < w->at[i - 1])
			return false;
	return true;
}

static void
report_order(struct exam *x, const struct way *w)
{
	if (x->leaf != 0)
		REPORT(x, LINT_LEAF_FIRST, 0, exam_label(x, 0).text,
		       exam_label(x, x->leaf).text, order_of(w).text);
	else if (!in_order(w))
		REPORT(x, LINT_ORDER, NOBODY, order_of(w).text);
	for (size_t j = 0; j < x->count; j++)
		for (size_t i = 0; i < j && w->copy[j]; i++)
			if (slice_eq(x->at[i].der, x->at[j].der)) {
				REPORT(x, LINT_DUPLICATE, j,
				       exam_label(x, j).text,
				       exam_number((int64_t)i + 1).text);
				break;
			}
}

/* A root, which is not served, may be what the library does not read. */
static bool
left_out(const struct exam *x, size_t i)
{
	return i != 0 && i + 1 == x->count && self_issued(x, i) &&
	       material_fault(x->at[i].der);
}

/* What is in the file, but not on the way: why not? */
static void
report_others(struct exam *x, const struct way *w)
{
	size_t last = w->at[w->count - 1];

	for (size_t i = 0; i < x->count; i++) {
		enum lint_id id = LINT_UNRELATED;
		size_t of = x->leaf;

		if (w->reached[i] || w->copy[i] || left_out(x, i))
			continue;
		if (x->at[i].readable &&
		    slice_eq(x->at[last].c.issuer, x->at[i].c.subject)) {
			id = LINT_WRONG_ISSUER;
			of = last;
		}
		REPORT(x, id, i, exam_label(x, i).text, exam_label(x, of).text);
	}
}

/* RFC 5280 4.2.1.9 and 4.2.1.3 */
static bool
may_sign(const struct certificate *c)
{
	return c->ca && (!(c->extensions & EXT_KEY_USAGE) ||
			 (c->usage & USAGE_CERT_SIGN));
}

/* A root is not served: nobody looks at how this copy is made. */
static void
report_issuers(struct exam *x)
{
	for (size_t i = 0; i < x->count; i++)
		if (i != x->leaf && !self_issued(x, i) && issued_any(x, i) &&
		    !may_sign(&x->at[i].c))
			REPORT(x, LINT_NOT_CA, i, exam_label(x, i).text);
}

/* Is the certificate one of the roots, or signed by this one? */
static bool
ends_at(const struct member *m, const struct certificate *root)
{
	if (!m->readable)
		return false;
	return (slice_eq(m->c.subject, root->subject) &&
		slice_eq(m->c.key, root->key)) ||
	       (certificate_names_issuer(&m->c, root) &&
		material_signed(m->der, root->der));
}

static bool
anchored(const struct exam *x, const struct way *w, struct slice roots)
{
	unsigned char *mem = malloc(roots.len + 1);
	bool found = false;

	while (mem && !found) {
		struct slice block = material_block(&roots);
		size_t n = block.len > 0 ? material_der(block, mem) : 0;
		struct certificate root;

		if (block.len == 0)
			break;
		if (certificate_read(slice_of(mem, n), &root) != ERR_OK)
			continue;
		for (size_t i = 0; i < w->count && !found; i++)
			found = ends_at(&x->at[w->at[i]], &root);
	}
	free(mem);
	return found;
}

static enum trust
trust_of(const struct exam *x, const struct way *w)
{
	const struct lint_input *in = x->in;

	if (in->own_roots.len == 0 && in->public_roots.len == 0)
		return TRUST_UNKNOWN;
	if (in->own_roots.len > 0 && anchored(x, w, in->own_roots))
		return TRUST_OWN;
	if (in->public_roots.len > 0 && anchored(x, w, in->public_roots))
		return TRUST_PUBLIC;
	return TRUST_NONE;
}

/* Without roots to compare with, a URL says that there is more to the chain. */
static bool
lacks_issuer(const struct exam *x, const struct certificate *last)
{
	return x->trust == TRUST_NONE ||
	       (x->trust == TRUST_UNKNOWN && x->count == 1 &&
		last->issuer_url.len > 0);
}

static void
report_end(struct exam *x, const struct way *w)
{
	size_t last = w->at[w->count - 1];
	const struct certificate *c = &x->at[last].c;
	char url[100] = "";

	for (size_t i = 0; i < x->count; i++)
		if (i != x->leaf && self_issued(x, i))
			REPORT(x, LINT_ROOT, i, exam_label(x, i).text);
	if (!x->at[last].readable || x->trust == TRUST_OWN ||
	    x->trust == TRUST_PUBLIC)
		return;
	if (self_issued(x, x->leaf)) {
		REPORT(x, LINT_SELF_SIGNED, x->leaf,
		       exam_label(x, x->leaf).text);
	} else if (!self_issued(x, last)) {
		if (c->issuer_url.len > 0)
			(void)snprintf(url, sizeof url, "; it is at %s",
				       exam_show(c->issuer_url).text);
		if (lacks_issuer(x, c))
			REPORT(x, LINT_MISSING_ISSUER, last,
			       exam_label(x, last).text,
			       exam_show(certificate_title(c->issuer)).text,
			       url);
	} else if (x->trust == TRUST_NONE) {
		REPORT(x, LINT_PRIVATE_ROOT, last, exam_label(x, last).text);
	}
}

/* Nothing can be told by signatures of what the library cannot read. */
static bool
all_usable(struct exam *x)
{
	bool usable = true;

	for (size_t i = 0; !x->in->proven && i < x->count; i++) {
		const char *fault =
		    left_out(x, i) ? NULL : material_fault(x->at[i].der);

		if (fault)
			REPORT(x, LINT_UNUSABLE, i, exam_label(x, i).text,
			       fault);
		usable &= !fault;
	}
	return usable;
}

void
exam_chain(struct exam *x)
{
	struct way w = {.count = 0};

	if (!all_usable(x))
		return;
	x->leaf = find_leaf(x);
	find_copies(x, &w);
	w.copy[x->leaf] = false;
	go_up(x, &w);
	x->trust = trust_of(x, &w);
	report_order(x, &w);
	report_others(x, &w);
	report_issuers(x);
	report_end(x, &w);
}
