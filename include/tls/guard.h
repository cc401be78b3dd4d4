/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * guard.h - record sanity in front of the TLS library (RFC 8446 section 5.1).
 *
 * Pure. Looks at one record header at a time; the library only ever gets whole
 * records that passed.
 */
#ifndef TLS_GUARD_H
#define TLS_GUARD_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum { GUARD_HEADER = 5, GUARD_RECORD_MAX = 16640 };

enum guard_verdict {
	GUARD_MORE,   /* the record is not complete */
	GUARD_RECORD, /* *len bytes, header included, form one record */
	GUARD_BAD     /* *why is a short text; drop the connection */
};

struct guard {
	bool tls13;     /* TLS 1.3 was negotiated */
	bool handshake; /* still in the handshake */
	/* The last plaintext alert seen (type 21, length 2); 0 0 if none. */
	unsigned char alert_level, alert_description;
	uint16_t silence; /* see guard_weigh; 0 to begin with */
};

/*
 * Judges the record at the front of `in`. A header is refused as soon as the
 * byte that is wrong with it has arrived.
 */
enum guard_verdict guard_next(struct guard *g, struct slice in, size_t *len,
			      const char **why);

/*
 * After the handshake: what a record of `length` bytes was worth, in bytes of
 * text. Records without any (key updates, alerts, nothing) may not outweigh
 * the text by more than one of them at its longest: each key update has the
 * library make new keys, up to 3,276 of them stand in one record, and it sets
 * no bound. NULL, or why to drop the connection.
 */
const char *guard_weigh(struct guard *g, size_t length, size_t text);

#endif
