/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hello.h - reads a ClientHello (RFC 8446 section 4.1.2) before the library
 * does.
 *
 * Pure: bytes in, facts out. However the hello is cut into records and
 * segments, the facts are the same.
 */
#ifndef TLS_HELLO_H
#define TLS_HELLO_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

/* A hello's bytes, and what they may take on the wire with record headers. */
enum { HELLO_MAX = 16384, HELLO_WIRE_MAX = 2 * HELLO_MAX };
enum { HELLO_NAME_MAX = 255 };
/* More numbers in a list, or text in ALPN names, than any client sends. */
enum { HELLO_LIST_MAX = 128, HELLO_ALPN_MAX = 63 };

enum hello_verdict {
	HELLO_MORE,     /* well formed so far, not complete */
	HELLO_COMPLETE, /* *out is filled in */
	HELLO_BAD,      /* TLS, but malformed or too large */
	HELLO_NOT_TLS   /* the first byte begins no handshake record: cleartext
			   or noise */
};

/* Numbers in the client's order, GREASE (RFC 8701) left out. */
struct hello_list {
	uint16_t count;
	uint16_t at[HELLO_LIST_MAX];
};

struct hello {
	/*
	 * SNI in lower case; only letters, digits, dot, hyphen, underscore.
	 * "" when absent, or when it is something no host is called.
	 */
	char server_name[HELLO_NAME_MAX + 1];
	bool server_name_odd; /* there was one, but no host is called so */
	bool tls13;           /* 1.3 among supported_versions */
	/* Psk_key_exchange_modes without psk_dhe_ke: it wants to resume with
	 * the old secret alone. */
	bool psk_only;
	bool grease;   /* somewhere among the numbers */
	bool overlong; /* a list was longer than what is kept of it */
	bool alpn_offered;
	bool alpn_imap; /* "imap" among the offered */
	unsigned alpn_count;
	/* The first and the last byte of the name offered first. */
	unsigned char alpn_first, alpn_last;
	char alpn[HELLO_ALPN_MAX + 1]; /* "h2,http/1.1", printable, cut */
	size_t length;    /* of the handshake message, header included */
	unsigned session; /* length of the session id */
	uint16_t version; /* the field itself, 0x0303 in TLS 1.3 too */
	struct hello_list versions; /* supported_versions; empty if absent */
	struct hello_list suites, extensions, groups, shares, signatures;
	struct hello_list points; /* ec_point_formats */
};

/*
 * `in` begins at the first byte the client sent. Never keeps a pointer into it.
 * Refuses: lengths that do not add up, a duplicate extension, a duplicate
 * key-share group, a malformed or empty list in an extension that is read
 * here, an extension behind
 * pre_shared_key, bytes behind the hello in its record, more than HELLO_MAX
 * bytes, more than HELLO_WIRE_MAX with the records' headers.
 * *out is touched by HELLO_COMPLETE only.
 */
enum hello_verdict hello_read(struct slice in, struct hello *out);

/*
 * Puts a hello that hello_read found complete into one record (libraries want
 * a message's header in one piece); `length` is what it said. The record ends
 * where the last one did: returns how many bytes at the front are to be left
 * out now.
 */
size_t hello_join(unsigned char *in, size_t length);
/* Is n in the list? */
bool hello_lists(const struct hello_list *l, unsigned n);

#endif
