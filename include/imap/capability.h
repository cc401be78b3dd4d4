/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * capability.h - lists of capabilities: read, cross, and filter (design.md 5).
 *
 * Pure. A list is words parted by one SP, without the word CAPABILITY. All
 * comparisons fold case.
 */
#ifndef IMAP_CAPABILITY_H
#define IMAP_CAPABILITY_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

enum capability_flag {
	CAP_LITERAL_PLUS = 1 << 0,
	CAP_LITERAL_MINUS = 1 << 1,
	CAP_IMAP4REV2 = 1 << 2,
	CAP_SASL_IR = 1 << 3,
	CAP_ID = 1 << 4,
	CAP_STARTTLS = 1 << 5,
	CAP_LOGINDISABLED = 1 << 6,
	CAP_BINARY = 1 << 7,
	CAP_AUTH_PLAIN = 1 << 8,
	CAP_AUTH_LOGIN = 1 << 9,
	CAP_AUTH_XOAUTH2 = 1 << 10,
	CAP_AUTH_OAUTHBEARER = 1 << 11,
	CAP_IMAP4REV1 = 1 << 12
};

unsigned capability_flags(struct slice words);
bool capability_has(struct slice words, struct slice word);

/*
 * Takes the next word off the front of *words, however many SPs surround it;
 * false when there is none.
 */
bool capability_next(struct slice *words, struct slice *word);

/*
 * May this word of a backend's list reach a client after login? Not what the
 * gate refuses or does itself (STARTTLS, LOGINDISABLED, AUTH=*, SASL-IR,
 * COMPRESS*, UNAUTHENTICATE, LOGIN-REFERRALS, MAILBOX-REFERRALS), nor what is
 * no atom: it would break the response it is written into.
 */
bool capability_passes(struct slice word);

/*
 * The list the gate shows before login: what all n lists have in common, minus
 * what must not pass a gate, plus what the gate does itself. tls false: before
 * STARTTLS, just "IMAP4rev1 STARTTLS LOGINDISABLED ID" whatever the lists say.
 * n == 0: the minimal list. plaintext: login without TLS is allowed here (tls
 * false only): the list as with TLS, and STARTTLS. Returns the length; what
 * does not fit in cap is left out by whole words.
 */
size_t capability_gate(const struct slice *lists, size_t n, bool tls,
		       bool plaintext, char *out, size_t cap);

#endif
