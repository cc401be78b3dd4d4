/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sasl.h - the SASL messages the gate reads and writes (RFC 4422, 4616, 7628).
 *
 * Pure. Decoders write into memory of the caller, who wipes it. Base64 is
 * strict: RFC 4648 section 4, padded, no white space, no stray bits.
 */
#ifndef IMAP_SASL_H
#define IMAP_SASL_H

#include "base/err.h"
#include "base/slice.h"

#include <stdbool.h>

/* clang-format off */
#define MECHANISM_LIST(X)                  \
	X(PLAIN, "PLAIN")                  \
	X(LOGIN, "LOGIN")                  \
	X(XOAUTH2, "XOAUTH2")              \
	X(OAUTHBEARER, "OAUTHBEARER")
/* clang-format on */

enum mechanism {
#define X(id, text) MECHANISM_##id,
	MECHANISM_LIST(X)
#undef X
	    MECHANISM_COUNT /* also: not one of ours */
};

enum mechanism mechanism_of(struct slice name); /* case-insensitive */
struct slice mechanism_text(enum mechanism m);
bool mechanism_oauth(enum mechanism m);

/* out must have 3 * (s.len / 4) bytes resp. 4 * ((s.len + 2) / 3) bytes. */
enum err base64_decode(struct slice s, unsigned char *out, size_t *len) MUST_USE;
size_t base64_encode(struct slice s, unsigned char *out);

/*
 * What a message says; slices point into the decoded message. authzid empty:
 * none was given, or it equals user. secret: password or bearer token.
 */
struct sasl_identity {
	struct slice authzid, user, secret;
};

/*
 * message: decoded. ERR_SYNTAX: not of that mechanism's form; ERR_REFUSED: a
 * control character, CR, LF or NUL in user, authzid or password. For
 * OAUTHBEARER a missing gs2 authzid leaves user empty.
 */
enum err sasl_read(enum mechanism m, struct slice message, struct sasl_identity *out) MUST_USE;

/* A PLAIN message for the backend; out must have authzid + user + secret + 2 bytes. */
size_t sasl_write_plain(const struct sasl_identity *id, unsigned char *out);

#endif
