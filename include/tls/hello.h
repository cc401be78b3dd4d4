/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hello.h - reads a ClientHello (RFC 8446 section 4.1.2) before the library does.
 *
 * Pure: bytes in, facts out. However the hello is cut into records and
 * segments, the facts are the same.
 */
#ifndef TLS_HELLO_H
#define TLS_HELLO_H

#include "base/slice.h"

#include <stdbool.h>

enum { HELLO_MAX = 16384, HELLO_NAME_MAX = 255, HELLO_ALPN_MAX = 8 };

enum hello_verdict {
	HELLO_MORE,     /* well formed so far, not complete */
	HELLO_COMPLETE, /* *out is filled in */
	HELLO_BAD,      /* TLS, but malformed or too large */
	HELLO_NOT_TLS   /* the first byte is not a handshake record: cleartext or noise */
};

struct hello {
	char server_name[HELLO_NAME_MAX + 1]; /* SNI in lower case, "" when absent; only letters digits . - _ */
	bool tls13;           /* 1.3 among supported_versions */
	bool alpn_offered;
	bool alpn_imap;       /* "imap" among the offered */
	unsigned alpn_count;
	size_t length;        /* of the handshake message, header included */
};

/*
 * `in` begins at the first byte the client sent. Never keeps a pointer into it.
 * Refuses: lengths that do not add up, a duplicate extension, a duplicate
 * key-share group, a malformed ALPN or SNI list, more than HELLO_MAX bytes.
 */
enum hello_verdict hello_read(struct slice in, struct hello *out);

#endif
