/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * appraisal.h - what a client could hold against the certificate it was shown.
 *
 * The lint tells an administrator beforehand; this is asked when a client has
 * refused, to say what was true at that moment.
 */
#ifndef TLS_APPRAISAL_H
#define TLS_APPRAISAL_H

#include "base/err.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum flaw {
	FLAW_EXPIRED = 1 << 0, /* some certificate of the chain is */
	FLAW_EARLY = 1 << 1,   /* some certificate is not valid yet */
	FLAW_NAME = 1 << 2,    /* the name asked for is not covered */
	FLAW_SELF_SIGNED = 1 << 3,
	/*
	 * Only the leaf is sent: its issuer is missing, unless it is a root.
	 * If the leaf says where it can be fetched, it hardly is one.
	 */
	FLAW_ALONE = 1 << 4,
	FLAW_INCOMPLETE = 1 << 12,
	FLAW_PURPOSE = 1 << 5,    /* not for servers, or not for signing */
	FLAW_NO_PURPOSE = 1 << 6, /* none is named, which Apple wants */
	FLAW_CA = 1 << 7,         /* the leaf says it is a CA */
	FLAW_SIGNATURE = 1 << 8,  /* MD5 or SHA-1 below the root */
	FLAW_KEY = 1 << 9,        /* RSA below 2048 bits */
	FLAW_STAPLE = 1 << 10,    /* one is demanded and not sent */
	FLAW_LIFETIME = 1 << 11   /* longer than Apple allows anybody */
};

struct appraisal {
	unsigned flaws; /* those that neither day nor name changes */
	/* When the whole chain is valid; seconds since 1970. */
	int64_t from, until;
	bool readable;        /* the leaf is */
	unsigned char *names; /* its GeneralNames; own memory, may be NULL */
	size_t names_len;
};

/*
 * chain: DER, the leaf first. What cannot be read has no flaw. *out is all
 * zero after ERR_NOMEM; else appraisal_clear gives its memory back.
 */
enum err appraisal_init(struct appraisal *out, const struct slice *chain,
			size_t count, bool stapled) MUST_USE;
void appraisal_clear(struct appraisal *a);

/*
 * All flaws, of enum flaw, at `now` (seconds since 1970) for a client that
 * asked for `name`; "": for none that is known.
 */
unsigned appraisal_flaws(const struct appraisal *a, const char *name,
			 int64_t now);

#endif
