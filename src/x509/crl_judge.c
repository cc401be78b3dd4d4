/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * crl_judge.c - what a list says about one certificate (RFC 5280 section 6.3).
 */
#include "x509/crl.h"

#include "x509/der.h"

/* More names in one distribution point than this are not looked at. */
enum { POINTS_MAX = 16 };

const char *
crl_reason(unsigned reason)
{
	static const char *const names[] = {
	    "unspecified",        "keyCompromise", "cACompromise",
	    "affiliationChanged", "superseded",    "cessationOfOperation",
	    "certificateHold",    "unused",        "removeFromCRL",
	    "privilegeWithdrawn", "aACompromise",
	};

	return reason < sizeof names / sizeof names[0] ? names[reason]
						       : "unknown";
}

static const struct {
	const char *word, *text;
} faults[] = {
#define X(name, word, text) {word, text},
    CRL_FAULTS(X)
#undef X
};

const char *
crl_fault_word(enum crl_fault f)
{
	return faults[f].word;
}

const char *
crl_fault_text(enum crl_fault f)
{
	return faults[f].text;
}

/* Is a name of the list's point among these? */
static bool
names_meet(struct slice theirs, struct slice ours)
{
	struct der a, b;

	for (size_t i = 0; i < POINTS_MAX && der_next(&theirs, &a); i++) {
		struct slice rest = ours;

		for (size_t k = 0; k < POINTS_MAX && der_next(&rest, &b); k++)
			if (slice_eq(a.whole, b.whole))
				return true;
	}
	return false;
}

/*
 * CRLDistributionPoints: does one of them lead to this list? Those with a
 * cRLIssuer lead to indirect lists.
 */
static bool
leads_to(struct slice value, struct slice points)
{
	struct slice list, one, tagged, full;

	if (!der_only(value, DER_SEQUENCE, &list))
		return false;
	for (size_t i = 0; i < POINTS_MAX && list.len > 0; i++) {
		if (!der_take(&list, DER_SEQUENCE, &one))
			return false;
		if (der_comes(one, DER_CONSTRUCTED(0)) &&
		    der_take(&one, DER_CONSTRUCTED(0), &tagged) &&
		    one.len == 0 &&
		    der_only(tagged, DER_CONSTRUCTED(0), &full) &&
		    names_meet(full, points))
			return true;
	}
	return false;
}

static bool
is_about(const struct crl *l, const struct crl_question *q)
{
	if (!slice_eq(l->issuer, q->of->issuer) ||
	    !slice_eq(l->issuer, q->issuer->subject) ||
	    (l->authority_key.len > 0 && q->issuer->subject_key.len > 0 &&
	     !slice_eq(l->authority_key, q->issuer->subject_key)))
		return false;
	if ((l->scope == CRL_USERS && q->of->ca) ||
	    (l->scope == CRL_AUTHORITIES && !q->of->ca))
		return false;
	return !l->pointed || l->fault == CRL_FAULT_RELATIVE ||
	       leads_to(q->of->points, l->points);
}

/* RFC 5280 4.2.1.3: an issuer with a keyUsage needs the right bit in it. */
static bool
is_signed(const struct crl *l, const struct crl_question *q)
{
	if ((q->issuer->extensions & EXT_KEY_USAGE) &&
	    !(q->issuer->usage & USAGE_CRL_SIGN))
		return false;
	return (l->proven.len > 0 && slice_eq(l->proven, q->issuer->key)) ||
	       q->crypto->verify(q->crypto->of, q->issuer->key, &l->signature,
				 l->text);
}

static bool
lists(const struct crl *l, struct slice serial, struct crl_entry *out)
{
	struct slice rest = l->revoked, here = rest, one, other;

	/* Hundreds of thousands, maybe: no more of each than its serial. */
	while (der_take(&rest, DER_SEQUENCE, &one)) {
		if (der_take(&one, DER_INTEGER, &other) &&
		    slice_eq(other, serial))
			return crl_next(&here, out);
		here = rest;
	}
	return false;
}

static enum crl_verdict
age(const struct crl *l, int64_t now)
{
	if (now < l->this_update)
		return CRL_EARLY;
	return !l->limited || now > l->next_update ? CRL_STALE : CRL_GOOD;
}

struct crl_answer
crl_judge(const struct crl *l, const struct crl_question *q)
{
	struct crl_answer a = {.verdict = CRL_NOT_MINE};
	struct crl_entry e;

	if (!is_about(l, q))
		return a;
	if (l->fault != CRL_FAULT_NONE) {
		a.verdict = CRL_UNUSABLE;
	} else if (!is_signed(l, q)) {
		a.verdict = CRL_UNSIGNED;
	} else if (lists(l, q->of->serial, &e)) {
		a = (struct crl_answer){CRL_REVOKED, e.date, e.reason};
	} else {
		a.verdict = age(l, q->now);
	}
	return a;
}
