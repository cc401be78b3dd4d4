/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * exam_staple.c - the OCSP response that lies beside the chain.
 */
#include "tls/exam.h"

#include "tls/staple.h"

static void
report_staple(struct exam *x, const struct staple_verdict *v)
{
	if (v->cause == ERR_REFUSED)
		REPORT(x, LINT_REVOKED, NOBODY, v->text);
	else if (v->cause != ERR_OK)
		REPORT(x, LINT_STAPLE, NOBODY, v->text);
	else if (v->old)
		REPORT(x, LINT_STAPLE_OLD, NOBODY, exam_date(v->until).text);
}

/* Judged with the certificate that follows, as it would be served. */
void
exam_staple(struct exam *x, size_t i)
{
	struct staple_verdict v = {.cause = ERR_MISSING};
	const struct staple_input in = {
	    .response = x->in->staple,
	    .leaf = x->at[i].der,
	    .issuer = i + 1 < x->count ? x->at[i + 1].der : SLICE_EMPTY,
	    .now = x->in->now};

	if (in.response.ptr) {
		staple_judge(&in, &v);
		report_staple(x, &v);
	}
	if (x->at[i].c.must_staple && v.cause != ERR_OK)
		REPORT(x, LINT_MUST_STAPLE, i, exam_label(x, i).text);
}
