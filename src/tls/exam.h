/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * exam.h - what the files of the lint share: one file under examination.
 */
#ifndef TLS_EXAM_H
#define TLS_EXAM_H

#include "tls/lint.h"
#include "tls/pair.h"
#include "tls/secret.h"
#include "x509/certificate.h"

#include <stddef.h>

/* Is the chain's end, or its issuer, among the roots? */
enum trust {
	TRUST_UNKNOWN, /* no roots were given */
	TRUST_NONE,
	TRUST_OWN,
	TRUST_PUBLIC
};

struct member {
	struct slice der;
	struct certificate c; /* zeroed if it is not readable */
	bool readable;
};

struct exam {
	const struct lint_input *in;
	struct lint *out;
	struct member at[PAIR_CHAIN_MAX];
	size_t count;
	size_t leaf; /* which of them is the server's own */
	enum secret_state key_state;
	struct secret key;
	enum trust trust;
	unsigned char *mem; /* the DERs */
};

/* certificate: from 0, or NOBODY. Each "{}" takes the next of the texts. */
enum { NOBODY = PAIR_CHAIN_MAX };
void exam_report(struct exam *x, enum lint_id id, size_t certificate,
		 const char *const *texts);
#define REPORT(x, id, certificate, ...)                                        \
	exam_report(x, id, certificate,                                        \
		    (const char *const[]){__VA_ARGS__, NULL})

struct shown {
	char text[64];
};
/* The first DNS name, else the common name, else the organisation. */
struct slice exam_title(const struct certificate *c);
/* "certificate 2 (Some CA)" */
struct shown exam_label(const struct exam *x, size_t i);
/* Bytes out of a certificate, cut and made printable. */
struct shown exam_show(struct slice bytes);
struct shown exam_date(int64_t seconds);
struct shown exam_number(int64_t n);

/* exam_chain.c: pair, order and trust; finds the leaf. */
void exam_chain(struct exam *x);
/* exam_leaf.c: each certificate by itself, the leaf above all. */
void exam_certificates(struct exam *x);
/* exam_staple.c: the response about certificate i. */
void exam_staple(struct exam *x, size_t i);
/* exam_names.c: of certificate i. */
void exam_names(struct exam *x, size_t i);

#endif
