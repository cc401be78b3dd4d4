/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tls/appraisal.h"

#include "x509/certificate.h"
#include "x509/names.h"

#include <stdlib.h>
#include <string.h>

enum { RSA_BITS_MIN = 2048 };

/* Apple HT210176: private CAs too, since 2019-07-01, an hour of slack. */
static const int64_t apple_from = 1561939200;
static const int64_t apple_most = INT64_C(825) * 86400 + 3600;

static bool
wrong_purpose(const struct certificate *c)
{
	return ((c->extensions & EXT_PURPOSES) &&
		!(c->purposes & (PURPOSE_SERVER | PURPOSE_ANY))) ||
	       ((c->extensions & EXT_KEY_USAGE) &&
		!(c->usage & USAGE_SIGNATURE));
}

static bool
too_long(const struct certificate *c)
{
	return c->not_before >= apple_from &&
	       c->not_after - c->not_before > apple_most;
}

static unsigned
leaf_flaws(const struct certificate *c, bool alone, bool stapled)
{
	unsigned flaws = 0;

	if (certificate_self_issued(c))
		flaws |= FLAW_SELF_SIGNED;
	else if (alone)
		flaws |=
		    FLAW_ALONE | (c->issuer_url.len > 0 ? FLAW_INCOMPLETE : 0u);
	flaws |= wrong_purpose(c) ? FLAW_PURPOSE : 0u;
	flaws |= c->extensions & EXT_PURPOSES ? 0u : FLAW_NO_PURPOSE;
	flaws |= c->ca ? FLAW_CA : 0u;
	flaws |= c->must_staple && !stapled ? FLAW_STAPLE : 0u;
	flaws |= too_long(c) ? FLAW_LIFETIME : 0u;
	return flaws;
}

/* Of any certificate; nobody looks at how the copy of a root is signed. */
static unsigned
common_flaws(const struct certificate *c, bool leaf)
{
	bool root = !leaf && certificate_self_issued(c);
	bool weak = c->digest == DIGEST_SHA1 || c->digest == DIGEST_MD5;

	return (weak && !root ? FLAW_SIGNATURE : 0u) |
	       (c->key_kind == KEY_RSA && c->key_bits < RSA_BITS_MIN ? FLAW_KEY
								     : 0u);
}

static enum err
keep_names(struct appraisal *a, struct slice names)
{
	if (names.len == 0)
		return ERR_OK;
	a->names = malloc(names.len);
	if (!a->names)
		return ERR_NOMEM;
	memcpy(a->names, names.ptr, names.len);
	a->names_len = names.len;
	return ERR_OK;
}

enum err
appraisal_init(struct appraisal *out, const struct slice *chain, size_t count,
	       bool stapled)
{
	enum err e = ERR_OK;

	*out = (struct appraisal){.from = INT64_MIN, .until = INT64_MAX};
	for (size_t i = 0; i < count && e == ERR_OK; i++) {
		struct certificate c;

		if (certificate_read(chain[i], &c) != ERR_OK)
			continue;
		out->flaws |= common_flaws(&c, i == 0);
		if (c.not_before > out->from)
			out->from = c.not_before;
		if (c.not_after < out->until)
			out->until = c.not_after;
		if (i == 0) {
			out->readable = true;
			out->flaws |= leaf_flaws(&c, count == 1, stapled);
			e = keep_names(out, c.names);
		}
	}
	if (e != ERR_OK)
		*out = (struct appraisal){0};
	return e;
}

void
appraisal_clear(struct appraisal *a)
{
	free(a->names);
	*a = (struct appraisal){0};
}

unsigned
appraisal_flaws(const struct appraisal *a, const char *name, int64_t now)
{
	struct slice names =
	    a->names ? slice_of(a->names, a->names_len) : SLICE_EMPTY;
	unsigned flaws = a->flaws;

	flaws |= now > a->until ? FLAW_EXPIRED : 0u;
	flaws |= now < a->from ? FLAW_EARLY : 0u;
	if (a->readable && name[0] && !names_cover(names, slice_str(name)))
		flaws |= FLAW_NAME;
	return flaws;
}
