/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tls/cause.h"

#include "tls/cause_rules.h"

#include <assert.h>

/* Which flaws of the certificate confirm a cause; those of no row cannot. */
static const struct {
	enum cause cause;
	unsigned flaws;
	unsigned families; /* who minds; 0: all */
} evidence[] = {
    {CAUSE_CERTIFICATE_EXPIRED, FLAW_EXPIRED, 0},
    {CAUSE_CERTIFICATE_NOT_YET_VALID, FLAW_EARLY, 0},
    {CAUSE_NAME_MISMATCH, FLAW_NAME, 0},
    {CAUSE_SELF_SIGNED, FLAW_SELF_SIGNED, 0},
    {CAUSE_MISSING_INTERMEDIATE, 0, 0}, /* it is likely, see below */
    {CAUSE_WRONG_USAGE, FLAW_PURPOSE, 0},
    {CAUSE_WRONG_USAGE, FLAW_CA, 1u << FAMILY_NSS | 1u << FAMILY_RUSTLS},
    {CAUSE_WRONG_USAGE, FLAW_NO_PURPOSE, 1u << FAMILY_APPLE},
    {CAUSE_WEAK_SIGNATURE, FLAW_SIGNATURE, 0},
    {CAUSE_WEAK_KEY, FLAW_KEY, 0},
    {CAUSE_LIFETIME_TOO_LONG, FLAW_LIFETIME, 1u << FAMILY_APPLE},
    {CAUSE_BAD_STAPLE, FLAW_STAPLE, 0},
};

enum standing {
	RULED_OUT, /* it would show in the certificate, and does not */
	OPEN,      /* nothing is known for or against it */
	LIKELY,
	CONFIRMED
};

/* What a client cannot have minded that saw no certificate. */
static bool
of_certificate(enum cause c)
{
	switch ((int)c) {
	case CAUSE_UNKNOWN_CA:
	case CAUSE_REVOKED:
	case CAUSE_CLIENT_CLOCK:
	case CAUSE_BAD_SIGNATURE:
		return true;
	default:
		for (size_t i = 0; i < sizeof evidence / sizeof evidence[0];
		     i++)
			if (evidence[i].cause == c)
				return true;
		return false;
	}
}

static enum standing
stands(const struct symptom *s, enum cause c)
{
	bool would_show = false;

	if ((s->hints & HINT_RESUMED) && of_certificate(c))
		return RULED_OUT;
	for (size_t i = 0; i < sizeof evidence / sizeof evidence[0]; i++) {
		if (evidence[i].cause != c)
			continue;
		would_show = true;
		if ((s->flaws & evidence[i].flaws) &&
		    (evidence[i].families == 0 ||
		     (evidence[i].families & 1u << s->family)))
			return CONFIRMED;
	}
	if (c == CAUSE_MISSING_INTERMEDIATE && (s->flaws & FLAW_INCOMPLETE))
		return LIKELY;
	if (c == CAUSE_MISSING_INTERMEDIATE && (s->flaws & FLAW_ALONE))
		return OPEN;
	if (c == CAUSE_NAME_MISMATCH && (s->hints & HINT_NO_NAME))
		return OPEN;
	/* A staple may be bad in ways that we do not see. */
	if (c == CAUSE_BAD_STAPLE && s->alert == 113)
		return OPEN;
	return would_show ? RULED_OUT : OPEN;
}

static bool
fits(const struct cause_rule *r, const struct symptom *s)
{
	return (r->signals & 1u << s->signal) &&
	       (r->stages == 0 || (r->stages & 1u << s->stage)) &&
	       (r->alert == RULE_ANY || r->alert == s->alert) &&
	       (r->families == 0 || (r->families & 1u << s->family)) &&
	       (r->versions == 0 || (r->versions & 1u << s->version)) &&
	       (s->hints & r->hints) == r->hints;
}

/* Appends those causes of the rule that have this standing. */
static void
append(const struct cause_rule *r, const struct symptom *s,
       enum standing standing, struct diagnosis *out)
{
	for (size_t i = 0; r->causes[i] != CAUSE_NONE; i++) {
		enum cause c = (enum cause)r->causes[i];

		if (stands(s, c) == standing && out->count < DIAGNOSIS_CAUSES)
			out->causes[out->count++] = c;
	}
}

/* Next to a flaw that is there, only who says no and who only looks counts. */
static void
keep_who(struct diagnosis *d, size_t confirmed)
{
	size_t kept = confirmed;

	for (size_t i = confirmed; i < d->count; i++)
		if (d->causes[i] == CAUSE_USER_DECLINED ||
		    d->causes[i] == CAUSE_PROBE)
			d->causes[kept++] = d->causes[i];
	d->count = kept;
}

void
cause_judge(const struct symptom *s, struct diagnosis *out)
{
	const struct cause_rule *r = cause_rules;
	const struct cause_rule *end = cause_rules + cause_rules_count;
	size_t confirmed;

	*out = (struct diagnosis){.confidence = CONFIDENCE_LOW};
	while (r < end && !fits(r, s))
		r++;
	if (r == end)
		return;
	append(r, s, CONFIRMED, out);
	confirmed = out->count;
	out->confidence = confirmed > 0 ? r->confirmed : r->open;
	append(r, s, LIKELY, out);
	append(r, s, OPEN, out);
	if (confirmed > 0)
		keep_who(out, confirmed);
}

struct word {
	const char *name, *meaning;
};

static const struct word signals[] = {
#define X(id, name, meaning) {name, meaning},
    SIGNAL_LIST(X)
#undef X
};

static const struct word stages[] = {
#define X(id, name, meaning) {name, meaning},
    STAGE_LIST(X)
#undef X
};

const char *
signal_name(enum tls_signal s)
{
	assert((unsigned)s < SIGNALS);
	return signals[s].name;
}

const char *
signal_meaning(enum tls_signal s)
{
	assert((unsigned)s < SIGNALS);
	return signals[s].meaning;
}

const char *
stage_name(enum tls_stage s)
{
	assert((unsigned)s < STAGES);
	return stages[s].name;
}

const char *
stage_meaning(enum tls_stage s)
{
	assert((unsigned)s < STAGES);
	return stages[s].meaning;
}

const char *
confidence_name(enum confidence c)
{
	static const char *const names[] = {
#define X(id, name) name,
	    CONFIDENCE_LIST(X)
#undef X
	};

	return names[c];
}

static const struct word causes[] = {[CAUSE_NONE] = {"", ""},
#define X(id, name, advice) [CAUSE_##id] = {name, advice},
				     CAUSE_LIST(X)
#undef X
};

const char *
cause_name(enum cause c)
{
	assert((unsigned)c < CAUSES);
	return causes[c].name;
}

const char *
cause_advice(enum cause c)
{
	assert((unsigned)c < CAUSES);
	return causes[c].meaning;
}
