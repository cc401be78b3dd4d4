/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * request.h - what a client of the admin socket says, and what it may.
 *
 *   client: words with spaces between them, LF; in texts %XX is a byte
 *   daemon: "ok" LF, or "error " and a sentence, LF; after ok the answer, JSON
 *           whose last line ends in "}"; the end of the connection
 *
 * Pure: no sockets, no memory.
 */
#ifndef DAEMON_REQUEST_H
#define DAEMON_REQUEST_H

#include "base/err.h"
#include "base/slice.h"

#include <stddef.h>
#include <sys/types.h>

enum { REQUEST_MAX = 4096, REQUEST_WORDS_MAX = 16, COMMAND_WORDS_MAX = 3 };

struct request {
	struct slice words[REQUEST_WORDS_MAX];
	size_t count;
};

/*
 * line is without its LF; the words point into it. ERR_SYNTAX: not printable
 * ASCII, or no word; ERR_LIMIT: too many words.
 */
enum err request_parse(struct slice line, struct request *out) MUST_USE;

/*
 * A word in which %XX stands for a byte (RFC 3986 section 2.1), so that any
 * text can be one; ends in NUL, which it cannot hold. ERR_SYNTAX: no such word;
 * ERR_LIMIT: it has more than cap - 1 bytes.
 */
enum err request_text(struct slice word, char *out, size_t cap) MUST_USE;
/* The other way: at most 3 * text.len + 1 bytes. */
void request_word(struct slice text, char *out);

/* From nothing to all; who has one has those before it. */
enum right { RIGHT_NONE, RIGHT_READ, RIGHT_CONTROL };

struct admin_rights {
	uid_t owner; /* who started the keeper */
	/* (gid_t)-1: nobody. */
	gid_t readers, controllers;
};

/* groups: all of the peer's, the primary one too. Root may all. */
enum right admin_right(const struct admin_rights *r, uid_t uid,
		       const gid_t *groups, size_t count);

#endif
