/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * constraints.h - which names a CA may give to those below it (RFC 5280
 * section 4.2.1.10).
 *
 * dNSName, iPAddress, directoryName and rfc822Name are understood. What is in
 * doubt counts against the certificate: a name that is written wrongly, a
 * wildcard that may stand for an excluded name, attributes that only Unicode's
 * tables could compare.
 */
#ifndef X509_CONSTRAINTS_H
#define X509_CONSTRAINTS_H

#include "base/slice.h"
#include "x509/certificate.h"

enum constraints_verdict {
	CONSTRAINTS_KEPT,
	CONSTRAINTS_BROKEN,
	/* Malformed, or about a form of name that is there and not known. */
	CONSTRAINTS_UNKNOWN,
	CONSTRAINTS_COSTLY /* there was not enough work left */
};

/*
 * Do the subject and the alternative names of c keep within `subtrees`, as
 * they stand in a certificate above it? Each comparison takes one off *work,
 * so that a thousand names below a thousand subtrees come to an end.
 */
enum constraints_verdict constraints_judge(struct slice subtrees,
					   const struct certificate *c,
					   unsigned *work);

#endif
