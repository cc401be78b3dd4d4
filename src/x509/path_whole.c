/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * path_whole.c - what can be said of a path from end to end only.
 */
#include "path_policies.h"
#include "path_search.h"

#include <assert.h>

static const struct path_fault no_fault = {PATH_OK, PATH_NOBODY, PATH_NOBODY};

static const struct certificate *
at(const struct path_whole *w, size_t i)
{
	return i < w->length ? &w->out->at[w->way[i]] : w->anchor;
}

static struct path_fault
policy_fault(const struct path_whole *w)
{
	const struct certificate *way[PATH_LENGTH_MAX];

	for (size_t i = 0; i < w->length; i++)
		way[i] = at(w, w->length - 1 - i);
	return path_policies_allow(way, w->length)
		   ? no_fault
		   : (struct path_fault){PATH_POLICY, 0, PATH_NOBODY};
}

/* Of the lists that speak of it the one that says most. */
static struct crl_answer
ask(const struct path_whole *w, size_t i)
{
	const struct crl_question q = {at(w, i), at(w, i + 1), w->in->now,
				       &w->in->crypto};
	struct crl_answer best = {.verdict = CRL_NOT_MINE}, a;

	for (size_t k = 0; k < w->in->crls_count; k++) {
		a = crl_judge(&w->in->crls[k], &q);
		if (a.verdict > best.verdict)
			best = a;
	}
	return best;
}

static bool
must_be_known(const struct path_input *in, size_t i)
{
	return in->revocation == REVOCATION_ALL ||
	       (in->revocation == REVOCATION_LEAF && i == 0);
}

static struct path_fault
revocation_fault(const struct path_whole *w)
{
	static const enum path_reason reasons[] = {
	    [CRL_NOT_MINE] = PATH_CRL_MISSING,
	    [CRL_UNUSABLE] = PATH_CRL_UNUSABLE,
	    [CRL_UNSIGNED] = PATH_CRL_UNUSABLE,
	    [CRL_EARLY] = PATH_CRL_STALE,
	    [CRL_STALE] = PATH_CRL_STALE,
	    [CRL_GOOD] = PATH_OK,
	    [CRL_REVOKED] = PATH_REVOKED,
	};

	/* From the top: who is revoked speaks for nobody. */
	for (size_t i = w->length; i-- > 0;) {
		struct crl_answer a = ask(w, i);
		struct path_fault f = {reasons[a.verdict], w->way[i],
				       i + 1 < w->length ? w->way[i + 1]
							 : PATH_ANCHOR};

		if (a.verdict == CRL_REVOKED)
			w->out->revoked = a;
		if (a.verdict == CRL_REVOKED ||
		    (a.verdict != CRL_GOOD && must_be_known(w->in, i)))
			return f;
	}
	return no_fault;
}

static struct path_fault
pin_fault(const struct path_whole *w)
{
	struct slice keys[PATH_LENGTH_MAX + 1];
	enum pins_verdict v;

	for (size_t i = 0; i <= w->length; i++)
		keys[i] = at(w, i)->key;
	v = pins_judge(w->in->pins, w->in->pins_count, keys, w->length + 1,
		       &w->in->crypto);
	w->out->no_backup = v == PINS_NO_BACKUP;
	return v == PINS_MISMATCH
		   ? (struct path_fault){PATH_PIN, 0, PATH_NOBODY}
		   : no_fault;
}

struct path_fault
path_whole(const struct path_whole *w)
{
	struct path_fault f = policy_fault(w);

	assert(w->in->pins_count <= PIN_MAX);
	if (f.reason == PATH_OK && w->in->revocation != REVOCATION_OFF &&
	    !w->direct)
		f = revocation_fault(w);
	return f.reason == PATH_OK ? pin_fault(w) : f;
}
