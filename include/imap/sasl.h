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

enum mechanism mechanism_of(struct slice name); /* folds case */
struct slice mechanism_text(enum mechanism m);  /* empty if not one of ours */
bool mechanism_oauth(enum mechanism m);

/* No C0 control and no DEL, so no CR, LF or NUL either; 8-bit bytes may be. */
bool credential_valid(struct slice s);

/* out must have 3 * (s.len / 4) bytes resp. 4 * ((s.len + 2) / 3) bytes. */
enum err base64_decode(struct slice s, unsigned char *out,
		       size_t *len) MUST_USE;
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
 * control character within user, authzid, secret or another value.
 *
 * LOGIN takes two messages, of which each is either user or password: user and
 * secret both are the whole of this one, the caller keeps the one it asked for.
 *
 * OAUTHBEARER: without an authzid in the gs2 header user is empty; a user that
 * holds '=' is still escaped, see sasl_name_decode. ERR_MISSING: the lone %x01
 * that answers a server's error (RFC 7628 section 3.2.3).
 */
enum err sasl_read(enum mechanism m, struct slice message,
		   struct sasl_identity *out) MUST_USE;

/*
 * A saslname (RFC 5801 section 4) without its =2C and =3D, written to s.len
 * bytes; out == s.ptr is fine. Names that sasl_read gave always decode.
 */
enum err sasl_name_decode(struct slice s, unsigned char *out,
			  size_t *len) MUST_USE;

/*
 * Is this line, as it comes, what a client may say to the error challenge of an
 * OAuth mechanism? That is the base64 of nothing (XOAUTH2), or of %x01 (RFC
 * 7628 section 3.2.3); old clients mix them up.
 */
bool sasl_error_reply(struct slice line);

/*
 * A PLAIN message for the backend; out must have authzid + user + secret + 2
 * bytes. Returns the length.
 */
size_t sasl_write_plain(const struct sasl_identity *id, unsigned char *out);

#endif
