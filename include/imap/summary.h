/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * summary.h - what was done in a session, in numbers.
 *
 * Pure. The dialog tells what it comes to know anyway, at the heads of commands
 * and responses, at literals and at answers; only the lines of APPEND and of
 * VANISHED are read byte by byte here. Nothing of a message is kept.
 *
 * How it is counted:
 *  - a command where it begins, refused or not; "UID FETCH" is a FETCH;
 *  - a SELECT or EXAMINE when the backend said OK;
 *  - each FETCH response; as a message fetched if a literal is in it, which is
 *    how servers send the text of messages; the bytes of these literals as they
 *    pass, so that what a lost connection cut off does not count;
 *  - messages appended when the backend said OK: one for each literal of the
 *    command but the mailbox name's, all parts of a CATENATE (RFC 4469)
 *    together being one, and at least one; the bytes of these literals as
 *    they pass, accepted or not;
 *  - messages expunged as the backend tells them, whoever did it: EXPUNGE, and
 *    VANISHED (RFC 7162) but for (EARLIER). Of what CLOSE removes nothing is
 *    told.
 */
#ifndef IMAP_SUMMARY_H
#define IMAP_SUMMARY_H

#include "base/slice.h"
#include "imap/verb.h"

#include <stdbool.h>
#include <stdint.h>

enum summary_kind { SUMMARY_OTHER, SUMMARY_FETCH, SUMMARY_VANISHED };

struct summary {
	uint32_t verbs[VERB_COUNT]; /* commands, by verb */
	uint32_t opened;            /* mailboxes, by SELECT or EXAMINE */
	uint64_t fetch_responses;
	uint64_t fetched, fetched_bytes; /* messages */
	uint64_t appended, appended_bytes;
	uint64_t expunged;

	struct { /* the response in hand */
		unsigned char kind;
		bool text; /* FETCH: it had a literal */
		/* VANISHED */
		bool begun;         /* its numbers have */
		bool digits, range; /* "value", "low:value" */
		uint64_t low, value;
	} response;

	struct {                    /* the APPEND in hand */
		unsigned char skip; /* words before the mailbox name */
		bool named;         /* that name was seen */
		bool quoted, escaped;
		bool name;   /* the word is that name */
		bool spaced; /* the word is complete */
		bool text;   /* the literal in hand is a message's */
		unsigned char word_len;
		char word[8];           /* the last one, if it is no longer */
		unsigned char messages; /* at most 255 */
	} append;
};

void summary_command(struct summary *s, enum verb v);
/* The backend's last word on a SELECT, EXAMINE or APPEND, and of how many
 * messages that was; nothing for other verbs. */
void summary_answer(struct summary *s, enum verb v, unsigned messages, bool ok);

/* A piece of the lines of the APPEND in hand, from the tag on; no literal's
 * bytes, nor what opens one. */
void summary_append_text(struct summary *s, struct slice text);
/* A literal is opened behind it ... */
void summary_append_literal(struct summary *s);
/* ... and so many of its bytes have gone to the backend. */
void summary_append_bytes(struct summary *s, size_t n);

/* An untagged response begins: number is empty where there is none. */
void summary_response(struct summary *s, struct slice number,
		      struct slice word);
/* A literal begins in it; so many of its bytes have gone to the client. */
void summary_response_literal(struct summary *s);
void summary_response_bytes(struct summary *s, size_t n);
/* A piece of it, from the word on, where its kind is SUMMARY_VANISHED. */
void summary_response_text(struct summary *s, struct slice text);

#endif
