/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * exam_leaf.c - each certificate by itself: dates, keys, profile.
 */
#include "tls/exam.h"

#include "x509/names.h"

enum { RSA_BITS_MIN = 2048, RSA_BITS_MAX = 4096, SERIAL_MAX = 20 };

#define DAY INT64_C(86400)

/*
 * The CA/Browser Forum's Baseline Requirements 6.3.2: for how many days at most
 * public CAs may issue, by the certificate's first second. Latest first.
 */
static const struct {
	int64_t from, days;
} lifetimes[] = {
    {1868227200, 47},  /* 2029-03-15 */
    {1805068800, 100}, /* 2027-03-15 */
    {1773532800, 200}, /* 2026-03-15 */
    {1598918400, 398}, /* 2020-09-01 */
    {1519862400, 825}, /* 2018-03-01 */
};

/* Apple's, for all CAs (HT210176); its programs allow an hour more. */
enum { APPLE_DAYS = 825, APPLE_SLACK = 3600 };
static const int64_t apple_from = 1561939200; /* 2019-07-01 */

static const char *const key_types[] = {
    [KEY_OTHER] = "unknown",
    [KEY_RSA] = "RSA",
    [KEY_RSA_PSS] = "RSA-PSS",
    [KEY_P256] = "ECDSA P-256",
    [KEY_P384] = "ECDSA P-384",
    [KEY_P521] = "ECDSA P-521",
    [KEY_CURVE] = "ECDSA on a rare curve",
    [KEY_ED25519] = "Ed25519",
    [KEY_ED448] = "Ed448",
};

static bool
valid_now(const struct exam *x, const struct certificate *c)
{
	return c->not_before <= x->in->now && x->in->now <= c->not_after;
}

/* As Apple counts: the last second is not one of them. */
static int64_t
lifetime(const struct certificate *c)
{
	return c->not_after - c->not_before;
}

/* A day that has begun is a day. */
static int64_t
days_begun(int64_t seconds)
{
	return (seconds + DAY - 1) / DAY;
}

/* Clients know it from elsewhere, and it is not served. */
static bool
is_root(const struct exam *x, size_t i)
{
	return i != x->leaf && certificate_self_issued(&x->at[i].c);
}

static void
check_validity(struct exam *x, size_t i)
{
	const struct certificate *c = &x->at[i].c, *leaf = &x->at[x->leaf].c;

	if (is_root(x, i))
		return;
	if (x->in->now > c->not_after)
		REPORT(x, LINT_EXPIRED, i, exam_label(x, i).text,
		       exam_date(c->not_after).text);
	else if (x->in->now < c->not_before)
		REPORT(x, LINT_EARLY, i, exam_label(x, i).text,
		       exam_date(c->not_before).text);
	else if (i != x->leaf && x->at[x->leaf].readable &&
		 c->not_after < leaf->not_after)
		REPORT(x, LINT_ISSUER_ENDS, i, exam_label(x, i).text,
		       exam_date(c->not_after).text);
}

static void
check_signature(struct exam *x, size_t i)
{
	const struct certificate *c = &x->at[i].c;

	if (is_root(x, i) ||
	    (c->digest != DIGEST_SHA1 && c->digest != DIGEST_MD5))
		return;
	REPORT(x, LINT_WEAK_SIGNATURE, i, exam_label(x, i).text,
	       c->digest == DIGEST_SHA1 ? "SHA-1" : "MD5");
}

static void
check_serial(struct exam *x, size_t i)
{
	struct slice serial = x->at[i].c.serial;
	const char *fault = NULL;

	if (serial.ptr[0] >= 0x80)
		fault = "negative";
	else if (serial.len == 1 && serial.ptr[0] == 0)
		fault = "zero";
	else if (serial.len > SERIAL_MAX)
		fault = "longer than 20 bytes";
	if (fault && !is_root(x, i))
		REPORT(x, LINT_SERIAL, i, exam_label(x, i).text, fault);
}

static void
check_version(struct exam *x, size_t i)
{
	unsigned version = x->at[i].c.version;

	if (version != 3)
		REPORT(x, LINT_VERSION, i, exam_label(x, i).text,
		       exam_number(version).text);
}

static void
check_issuer_key(struct exam *x, size_t i)
{
	const struct certificate *c = &x->at[i].c;

	if (i != x->leaf && c->key_kind == KEY_RSA &&
	    c->key_bits < RSA_BITS_MIN)
		REPORT(x, LINT_WEAK_ISSUER, i, exam_label(x, i).text,
		       exam_number(c->key_bits).text);
}

enum lint_id
lint_end(int64_t not_before, int64_t not_after, int64_t now)
{
	int64_t life = not_after - not_before, left = not_after - now;

	if (left < 0)
		return LINT_EXPIRED;
	if (left < life / 10)
		return LINT_ENDS_NOW;
	return left < life / 3 ? LINT_ENDS_SOON : LINT_RULES;
}

/* Of these two, one is enough: what must be renewed is looked at then. */
static void
check_remaining(struct exam *x, size_t i)
{
	const struct certificate *c = &x->at[i].c;
	int64_t left = c->not_after - x->in->now;
	enum lint_id id = lint_end(c->not_before, c->not_after, x->in->now);

	if (!valid_now(x, c) || id == LINT_RULES)
		return;
	REPORT(x, id, i, exam_label(x, i).text, exam_date(c->not_after).text,
	       exam_number(left / DAY).text);
}

/*
 * Nobody holds private CAs to the rules of public ones, except Apple. Where
 * the CA is not known the certificate may be public.
 */
static void
check_lifetime(struct exam *x, size_t i)
{
	const struct certificate *c = &x->at[i].c;
	int64_t seconds = lifetime(c), days = days_begun(seconds);
	size_t step = 0, steps = sizeof lifetimes / sizeof lifetimes[0];

	if (x->trust == TRUST_OWN || x->trust == TRUST_NONE) {
		if (c->not_before >= apple_from &&
		    seconds > APPLE_DAYS * DAY + APPLE_SLACK)
			REPORT(x, LINT_LIFETIME_PRIVATE, i,
			       exam_label(x, i).text, exam_number(days).text);
		return;
	}
	/* At each start it would be said of all private CAs. */
	if (x->trust == TRUST_UNKNOWN && x->in->proven)
		return;
	while (step < steps && c->not_before < lifetimes[step].from)
		step++;
	if (step < steps && seconds > lifetimes[step].days * DAY)
		REPORT(x, LINT_LIFETIME, i, exam_label(x, i).text,
		       exam_number(days).text,
		       exam_number(lifetimes[step].days).text);
}

/* What pair_read takes. */
static void
check_key(struct exam *x, size_t i)
{
	const struct certificate *c = &x->at[i].c;

	if (c->key_kind == KEY_RSA) {
		if (c->key_bits < RSA_BITS_MIN || c->key_bits > RSA_BITS_MAX)
			REPORT(x, LINT_RSA_SIZE, i, exam_label(x, i).text,
			       exam_number(c->key_bits).text);
	} else if (c->key_kind != KEY_P256 && c->key_kind != KEY_P384) {
		REPORT(x, LINT_KEY_TYPE, i, exam_label(x, i).text,
		       key_types[c->key_kind]);
	}
}

static void
check_purpose(struct exam *x, size_t i)
{
	const struct certificate *c = &x->at[i].c;

	if (!(c->extensions & EXT_PURPOSES)) {
		if (c->not_before >= apple_from)
			REPORT(x, LINT_NO_PURPOSE, i, exam_label(x, i).text);
	} else if (!(c->purposes & (PURPOSE_SERVER | PURPOSE_ANY))) {
		REPORT(x, LINT_PURPOSE, i, exam_label(x, i).text);
	}
}

static void
check_flags(struct exam *x, size_t i)
{
	const struct certificate *c = &x->at[i].c;

	if (c->ca)
		REPORT(x, LINT_CA_LEAF, i, exam_label(x, i).text);
	if ((c->extensions & EXT_KEY_USAGE) && !(c->usage & USAGE_SIGNATURE))
		REPORT(x, LINT_USAGE, i, exam_label(x, i).text);
}

static void (*const for_all[])(struct exam *x, size_t i) = {
    check_validity, check_signature,  check_serial,
    check_version,  check_issuer_key,
};

static void (*const for_leaf[])(struct exam *x, size_t i) = {
    check_remaining, check_lifetime, check_key,   check_purpose,
    check_flags,     exam_names,     exam_staple,
};

void
exam_certificates(struct exam *x)
{
	for (size_t i = 0; i < x->count; i++) {
		if (!x->at[i].readable) {
			REPORT(x, LINT_MALFORMED, i, exam_label(x, i).text);
			continue;
		}
		for (size_t k = 0; k < sizeof for_all / sizeof *for_all; k++)
			for_all[k](x, i);
	}
	if (!x->at[x->leaf].readable)
		return;
	for (size_t k = 0; k < sizeof for_leaf / sizeof *for_leaf; k++)
		for_leaf[k](x, x->leaf);
}
