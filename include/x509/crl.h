/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * crl.h - lists of revoked certificates (RFC 5280 section 5).
 *
 * A list is read in place and never copied: all slices point into the DER that
 * was given. Looking for a certificate goes through the whole list.
 *
 * Used are complete lists that the CA itself has signed, for all that it has
 * issued, for users' or CAs' certificates only, or for a distribution point
 * that the certificate names too (RFC 5280 5.2.5). Delta lists, indirect ones,
 * those for some reasons only and those with something critical that is not
 * known are read, and not used.
 */
#ifndef X509_CRL_H
#define X509_CRL_H

#include "base/err.h"
#include "base/slice.h"
#include "x509/certificate.h"
#include "x509/signature.h"

#include <stdbool.h>
#include <stdint.h>

/* Why a list cannot be used: word, and what it is. */
/* clang-format off */
#define CRL_FAULTS(X)                                                     \
	X(NONE, "none", "is usable")                                      \
	X(DELTA, "delta", "is a delta list")                              \
	X(INDIRECT, "indirect", "is about certificates of other CAs too") \
	X(REASONS, "some_reasons", "is for some reasons only")            \
	X(ATTRIBUTES, "attributes", "is about attribute certificates")    \
	X(RELATIVE, "relative_point",                                     \
	  "names its distribution point relative to its issuer")          \
	X(CRITICAL, "unknown_critical",                                   \
	  "has a critical extension that is not known")                   \
	X(DIGEST, "weak_signature", "is signed in a way that is not taken")
/* clang-format on */

enum crl_fault {
#define X(name, word, text) CRL_FAULT_##name,
	CRL_FAULTS(X)
#undef X
};

/* Which of its issuer's certificates it is about (5.2.5). */
enum crl_scope { CRL_ALL, CRL_USERS, CRL_AUTHORITIES };

struct crl {
	struct slice text; /* what is signed: TBSCertList, with its tag */
	struct signature signature;
	struct slice issuer;        /* Name, with tag and length */
	int64_t this_update;        /* seconds since 1970 */
	bool limited;               /* has a next_update */
	int64_t next_update;        /* seconds since 1970 */
	struct slice revoked;       /* see crl_next; may be empty */
	struct slice authority_key; /* identifier, or empty */
	enum crl_scope scope;
	bool pointed;        /* only for those certificates that name: */
	struct slice points; /* one of these GeneralNames */
	enum crl_fault fault;
	/*
	 * A key (SubjectPublicKeyInfo) that is known to have signed it, or
	 * empty. The caller may put it here, once crl_judge has found out: a
	 * large list need not be hashed for each certificate.
	 */
	struct slice proven;
};

/* ERR_SYNTAX: no CRL, or not DER. *out is the caller's memory. */
enum err crl_read(struct slice der, struct crl *out) MUST_USE;

/* One revoked certificate. */
struct crl_entry {
	struct slice serial; /* INTEGER's content */
	int64_t date;        /* seconds since 1970 */
	unsigned reason;     /* RFC 5280 section 5.3.1; 0: not said */
	bool critical;       /* has an extension one must understand */
};

/* The next of crl.revoked; false: none left. crl_read found all good. */
bool crl_next(struct slice *rest, struct crl_entry *out);

/* "keyCompromise", ... for the number; never NULL. */
const char *crl_reason(unsigned reason);
/* The word and the text of CRL_FAULTS. */
const char *crl_fault_word(enum crl_fault f);
const char *crl_fault_text(enum crl_fault f);

enum crl_verdict {
	CRL_NOT_MINE, /* it says nothing about this certificate */
	CRL_UNUSABLE, /* see its fault */
	CRL_UNSIGNED, /* the certificate's issuer has not signed it, or may not
		       */
	CRL_EARLY,    /* its this_update is yet to come */
	CRL_STALE,    /* its next_update is over, or there is none */
	CRL_GOOD,
	CRL_REVOKED /* a stale list is believed here */
};

/* A certificate and who issued it, proven by signature. */
struct crl_question {
	const struct certificate *of, *issuer;
	int64_t now; /* seconds since 1970 */
	const struct crypto *crypto;
};

struct crl_answer {
	enum crl_verdict verdict;
	int64_t date;    /* of revocation, if it is revoked */
	unsigned reason; /* the same */
};

struct crl_answer crl_judge(const struct crl *l, const struct crl_question *q);

#endif
