/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lint.h - what mail programs will not like about a certificate, told before
 * they do.
 *
 * An error is what pair_read refuses, and nothing else is; a warning is served,
 * but some clients will complain; a note does no harm.
 */
#ifndef TLS_LINT_H
#define TLS_LINT_H

#include "base/err.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum lint_severity { LINT_NOTE, LINT_WARNING, LINT_ERROR, LINT_SEVERITIES };
const char *lint_severity_text(enum lint_severity s); /* "note", ... */

/* The texts are in lint_rules.c. */
enum lint_id {
	LINT_REFUSED,
	LINT_NOT_PEM,
	LINT_KEY,
	LINT_PAIR,
	LINT_UNUSABLE,
	LINT_LEAF_FIRST,
	LINT_ORDER,
	LINT_DUPLICATE,
	LINT_UNRELATED,
	LINT_WRONG_ISSUER,
	LINT_EXPIRED,
	LINT_EARLY,
	LINT_RSA_SIZE,
	LINT_KEY_TYPE,
	LINT_MALFORMED,
	LINT_NOT_CA,
	LINT_MISSING_ISSUER,
	LINT_SELF_SIGNED,
	LINT_ISSUER_ENDS,
	LINT_ENDS_NOW,
	LINT_ENDS_SOON,
	LINT_LIFETIME,
	LINT_LIFETIME_PRIVATE,
	LINT_NAME,
	LINT_NO_NAMES,
	LINT_NAME_FORM,
	LINT_NAME_FOREIGN,
	LINT_WILDCARD,
	LINT_WEAK_SIGNATURE,
	LINT_WEAK_ISSUER,
	LINT_MUST_STAPLE,
	LINT_STAPLE,
	LINT_STAPLE_OLD,
	LINT_REVOKED,
	LINT_PURPOSE,
	LINT_NO_PURPOSE,
	LINT_CA_LEAF,
	LINT_USAGE,
	LINT_KEY_MODE,
	LINT_VERSION,
	LINT_SERIAL,
	LINT_ROOT,
	LINT_PRIVATE_ROOT,
	LINT_RULES
};

enum { LINT_TEXT_MAX = 256 };

/* All texts are printable ASCII, below LINT_TEXT_MAX bytes. */
struct lint_rule {
	const char *name; /* "expired": for scripts, never changes */
	enum lint_severity severity;
	const char *what; /* "{}" stands for what is found */
	const char *who;  /* whom it concerns: which clients warn */
	const char *advice;
};
const struct lint_rule *lint_rule(enum lint_id id);

struct lint_input {
	struct slice chain;      /* PEM, as for pair_read */
	struct slice key;        /* PEM; empty: not judged */
	struct slice passphrase; /* of the key, if it is encrypted */
	/* What mail programs are told to connect to. */
	const struct slice *names;
	size_t name_count;
	/* PEM: those every client has, and those yours have; may be empty. */
	struct slice public_roots, own_roots;
	unsigned key_mode;   /* permissions of the key's file; 0: not judged */
	struct slice staple; /* OCSP response, DER; NULL: there is none */
	int64_t now;         /* seconds since 1970 */
	/* pair_read took chain and key without a warning: no signature is
	 * checked anew. */
	bool proven;
};

struct lint_finding {
	const struct lint_rule *rule;
	size_t certificate; /* its number in the file, from 1; 0: none */
	char text[LINT_TEXT_MAX];
};

enum { LINT_FINDINGS_MAX = 64 };

struct lint {
	/* Errors first. */
	struct lint_finding findings[LINT_FINDINGS_MAX];
	size_t count;
	size_t dropped; /* had no place */
	size_t totals[LINT_SEVERITIES];
	/* Of the server's certificate, where it could be read. */
	char name[64];     /* "" if not */
	int64_t not_after; /* seconds since 1970 */
	size_t certificates;
};

/* How near to its end a certificate is: LINT_ENDS_SOON, LINT_ENDS_NOW,
 * LINT_EXPIRED, or LINT_RULES. Seconds since 1970. */
enum lint_id lint_end(int64_t not_before, int64_t not_after, int64_t now);

/* ERR_OK whatever is found; else nothing was judged. */
enum err lint_run(const struct lint_input *in, struct lint *out) MUST_USE;

#endif
