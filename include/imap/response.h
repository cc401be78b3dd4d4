/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * response.h - one line of a backend before the relay begins
 * (RFC 9051 section 7).
 *
 * Pure. 8-bit clean; fields that do not apply are empty.
 */
#ifndef IMAP_RESPONSE_H
#define IMAP_RESPONSE_H

#include "base/err.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum response_kind {
	RESPONSE_CONTINUE, /* "+ ..." or "+" */
	RESPONSE_UNTAGGED,
	RESPONSE_TAGGED
};

enum status {
	STATUS_NONE,
	STATUS_OK,
	STATUS_NO,
	STATUS_BAD,
	STATUS_BYE,
	STATUS_PREAUTH
};

struct response {
	enum response_kind kind;
	struct slice tag;   /* RESPONSE_TAGGED */
	enum status status; /* STATUS_NONE: data, or a continuation */
	struct slice data;  /* data: behind "* "; continuation: behind "+ " */
	struct slice
	    code; /* name of the response code: "CAPABILITY", "ALERT" */
	struct slice code_args; /* behind it: the words of a CAPABILITY code */
	struct slice text;      /* human text of a status response */
};

/*
 * line: with or without its CRLF. Lenient where old servers are sloppy (no
 * text, two SP), strict in what it calls tagged: a legal tag, one SP, then OK,
 * NO or BAD as a word. ERR_SYNTAX leaves *out alone.
 */
enum err response_parse(struct slice line, struct response *out) MUST_USE;

/* "* CAPABILITY a b c": true and the words. */
bool response_capability(const struct response *r, struct slice *words);

/*
 * Does the line end in {n} or ~{n}, so that n bytes follow it? *n is that, or
 * UINT64_MAX if no counter holds it. The answer is never yes for a status
 * response or a continuation: their text is prose.
 */
bool response_literal(const struct response *r, uint64_t *n);

#endif
