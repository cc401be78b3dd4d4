/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ocsp.h - what stands in an OCSP response (RFC 6960 section 4.2).
 *
 * All slices point into the DER that was given. Nothing is judged here, and no
 * signature is checked.
 */
#ifndef X509_OCSP_H
#define X509_OCSP_H

#include "base/err.h"
#include "base/slice.h"
#include "x509/certificate.h"

#include <stdbool.h>
#include <stdint.h>

/* RFC 6960 section 4.2.1 */
enum ocsp_status {
	OCSP_STATUS_SUCCESSFUL = 0,
	OCSP_STATUS_MALFORMED_REQUEST = 1,
	OCSP_STATUS_INTERNAL_ERROR = 2,
	OCSP_STATUS_TRY_LATER = 3,
	OCSP_STATUS_SIGNATURE_REQUIRED = 5,
	OCSP_STATUS_UNAUTHORIZED = 6
};

struct ocsp {
	unsigned status; /* enum ocsp_status, or another number */
	/* What follows is there if it is OCSP_STATUS_SUCCESSFUL. */
	bool basic;              /* else a type nobody uses, and nothing more */
	struct slice text;       /* what is signed */
	struct slice signer;     /* Name, with tag and length; or empty, and: */
	struct slice signer_key; /* the SHA-1 of its key */
	int64_t produced;        /* seconds since 1970 */
	struct slice answers;    /* see ocsp_next */
	bool critical;           /* has an extension one must understand */
	struct signature signature;
	struct slice certificates; /* one behind the other: der_next */
};

/* ERR_SYNTAX: no OCSP response, or not DER. *out is the caller's memory. */
enum err ocsp_read(struct slice der, struct ocsp *out) MUST_USE;

enum ocsp_hash { OCSP_HASH_OTHER, OCSP_HASH_SHA1, OCSP_HASH_SHA256 };
enum ocsp_verdict { OCSP_GOOD, OCSP_REVOKED, OCSP_UNKNOWN };

/* About one certificate. */
struct ocsp_answer {
	enum ocsp_hash hash;
	struct slice issuer_name, issuer_key; /* hashes of the issuer's */
	struct slice serial;
	enum ocsp_verdict verdict;
	int64_t revoked;     /* seconds since 1970, if it is */
	unsigned reason;     /* RFC 5280 section 5.3.1; 0: not said */
	int64_t this_update; /* seconds since 1970 */
	bool limited;        /* has a next_update */
	int64_t next_update;
	bool critical; /* has an extension one must understand */
};

/* The next of the answers; false: none left. ocsp_read found all good. */
bool ocsp_next(struct slice *rest, struct ocsp_answer *out);

#endif
