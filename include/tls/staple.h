/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * staple.h - an OCSP response (RFC 6960), judged before clients get it with the
 * certificate (RFC 6066 section 8).
 *
 * A bad staple is worse than none: clients that would not have asked refuse the
 * connection. So it is checked as they check it, and sent for as long as they
 * take it.
 */
#ifndef TLS_STAPLE_H
#define TLS_STAPLE_H

#include "base/err.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum { STAPLE_FILE_MAX = 16 * 1024, STAPLE_TEXT_MAX = 256 };

struct staple_input {
	struct slice response; /* DER, as `openssl ocsp -respout` writes it */
	/* DER; issuer: empty, if the chain ends with the leaf. */
	struct slice leaf, issuer;
	int64_t now; /* seconds since 1970 */
};

struct staple_verdict {
	/*
	 * ERR_OK: may be served now. ERR_EARLY, ERR_EXPIRED: of another time;
	 * ERR_REFUSED: the CA has revoked the certificate; ERR_UNKNOWN: the
	 * responder does not know it; ERR_MISMATCH: it is about another one, or
	 * signed by somebody else; ERR_MISSING: the issuer is not at hand;
	 * ERR_SYNTAX, ERR_LIMIT: no response at all.
	 */
	enum err cause;
	/* Why not, or ""; printable ASCII: "the response ended on ...". */
	char text[STAPLE_TEXT_MAX];
	/*
	 * Seconds since 1970, or 0 where there is nothing about the leaf. A
	 * response that says no end is good for a day, as the strictest client
	 * (Mozilla's) counts.
	 */
	int64_t from, until;
	/* From then on less than a quarter is left: renewal has failed. */
	int64_t alarm;
	bool old; /* that moment has come */
};

/* Judges all of it, and asks nobody. */
void staple_judge(const struct staple_input *in, struct staple_verdict *out);

/* A response that may be served, counted; the count may be touched by any
 * thread. */
struct staple;

/*
 * NULL: it may not be served, *out says why. wall_ms: as clock_wall_ms; it is
 * asked in each handshake, since what is good now ends some day.
 */
struct staple *staple_new(const struct staple_input *in,
			  uint64_t (*wall_ms)(void),
			  struct staple_verdict *out) MUST_USE;
/* The same for one that was judged before: good from `from` until `until`.
 * NULL: out of memory. */
struct staple *staple_of(struct slice response, int64_t from, int64_t until,
			 uint64_t (*wall_ms)(void)) MUST_USE;
struct staple *staple_ref(struct staple *s);
void staple_unref(struct staple *s); /* NULL is fine */

#endif
