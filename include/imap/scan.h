/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * scan.h - where a client's command ends (RFC 9051 section 4.3, RFC 7888).
 *
 * Pure and incremental: however the bytes were cut up on their way here, the
 * same events come out. One scanner follows one command at a time, before
 * login (collecting it whole) and after (streaming it).
 *
 * There is no third reading: a line that ends in something like a literal is a
 * well-formed literal after SP, "(" or "~", or the scan ends in SCAN_BAD.
 */
#ifndef IMAP_SCAN_H
#define IMAP_SCAN_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum scan_event {
	SCAN_MORE,    /* everything given was consumed, the line goes on */
	SCAN_LITERAL, /* consumed through the CRLF that opens a literal */
	SCAN_END,     /* consumed through the CRLF that ends the command */
	SCAN_BAD      /* framing is lost; scan->why says in which way */
};

struct scan {
	unsigned char state;
	unsigned char
	    digits_max; /* of a literal's size: 10 before login, 19 after */
	unsigned char digits;
	unsigned char before;  /* last byte seen before the one in hand */
	unsigned char before2; /* the byte before that */
	bool placed;           /* the "{" in hand stands where a literal may */
	bool binary;           /* it is a literal8: "~{" */
	bool nonsync;          /* "{n+}" */
	bool malformed; /* "{n-}", "{}", "{+}": no literal, and nothing else */
	/*
	 * How many of the bytes consumed last (by this and earlier calls) must
	 * not be forwarded yet: the CR of a line end, or a possible literal
	 * from its "{" on. At SCAN_LITERAL and SCAN_END: the marker, its CRLF
	 * included.
	 */
	unsigned char held;
	uint64_t literal; /* at SCAN_LITERAL: how many bytes follow */
	const char *why;  /* at SCAN_BAD: one phrase */
};

/* Begins a command. digits_max as above. */
void scan_init(struct scan *s, unsigned digits_max);
/* The bytes of a literal have gone by: only SP, ")" or CRLF may follow. */
void scan_after_literal(struct scan *s);
/* Consumes from `in` up to the next event; *used gets how many bytes. */
enum scan_event scan_next(struct scan *s, struct slice in, size_t *used);

#endif
