/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pin.h - keys that a server must be known by (RFC 7469 sections 2.4 to 2.6).
 *
 * A pin is the SHA-256 of a SubjectPublicKeyInfo: of the server's own key, or
 * of one that stands above it on the way to the anchor.
 */
#ifndef X509_PIN_H
#define X509_PIN_H

#include "base/err.h"
#include "base/slice.h"
#include "x509/signature.h"

#include <stdbool.h>
#include <stddef.h>

/* Each one of a path's keys is compared with each: no more than this. */
enum { PIN_MAX = 16 };

struct pin {
	unsigned char hash[SHA256_BYTES];
};

/*
 * "sha256/" and 44 characters of base64, as RFC 7469 and most tools write it;
 * "sha256//" as curl does. ERR_UNKNOWN: another hash; ERR_SYNTAX: no base64, or
 * of another length.
 */
enum err pin_parse(struct slice text, struct pin *out) MUST_USE;
/* "sha256/..." */
enum { PIN_TEXT = 7 + 44 + 1 };
void pin_text(const struct pin *p, char out[PIN_TEXT]);

/* Of a SubjectPublicKeyInfo; false: it could not be hashed. */
bool pin_of(struct slice key, const struct crypto *crypto, struct pin *out);

enum pins_verdict {
	PINS_NONE, /* there are none: nothing is asked for */
	PINS_MATCH,
	/*
	 * The same, but each of the pins stands for one of these keys (RFC 7469
	 * 2.5): there is no key in reserve, to go on with when one is lost.
	 */
	PINS_NO_BACKUP,
	PINS_MISMATCH /* or a key could not be hashed */
};

/* keys: SubjectPublicKeyInfos of the whole path. At most PIN_MAX pins. */
enum pins_verdict pins_judge(const struct pin *pins, size_t count,
			     const struct slice *keys, size_t keys_count,
			     const struct crypto *crypto);

#endif
