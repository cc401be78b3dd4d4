/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * verify.h - what the certificates of other servers are judged by.
 *
 * Made of bytes, once; then it never changes, and any number of threads may ask
 * it. What is judged is in x509/path.h; the signatures are the TLS library's.
 */
#ifndef TLS_VERIFY_H
#define TLS_VERIFY_H

#include "base/err.h"
#include "base/slice.h"
#include "x509/path.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct verify_source {
	struct slice anchors; /* PEM, with anything between the blocks */
	/* A store of the system: what cannot be read in it is left out. */
	bool tolerant;
	bool anchors_expire;
	struct slice crls; /* PEM, or one list in DER; empty: none */
	enum path_revocation revocation;
	/* As in x509/pin.h; none, or two at least: one is held in reserve. */
	const struct slice *pins;
	size_t pins_count;
	bool pins_suffice; /* see path_input: then anchors are not needed */
	struct path_minimums minimums;
};

/* Why there is none: a sentence about the file that is to blame. */
struct verify_fault {
	enum verify_part { VERIFY_ANCHORS, VERIFY_CRLS, VERIFY_PINS } part;
	char text[160];
};

struct verify;
/* ERR_NOMEM; or another cause, with *fault. The bytes are copied. */
enum err verify_new(const struct verify_source *src, struct verify **out,
		    struct verify_fault *fault) MUST_USE;
void verify_free(struct verify *v); /* NULL is fine */

size_t verify_anchors(const struct verify *v);
/* So many certificates were left out. */
size_t verify_skipped(const struct verify *v);
/*
 * When the first of the lists is out of date, in seconds since 1970; INT64_MAX:
 * there is none.
 */
int64_t verify_crls_until(const struct verify *v);

struct verify_question {
	const struct slice *presented; /* DER, the server's own first */
	size_t count;
	struct slice host; /* as it was asked for: name or address */
	int64_t now;       /* seconds since 1970 */
};

/* Is it trusted? *out is the caller's; it points into what was presented. */
bool verify_chain(const struct verify *v, const struct verify_question *q,
		  struct path *out);
/* path_explain */
void verify_explain(const struct verify *v, const struct verify_question *q,
		    const struct path *p, char *out, size_t cap);

#endif
