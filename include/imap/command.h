/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * command.h - one whole command of a client before login (RFC 9051 section 6).
 *
 * Pure. The bytes were collected and framed by imap/scan: from the tag to the
 * final CRLF, literals in place with their {n} CRLF before them. Strict: what
 * does not parse is refused, never repaired (security.md 3).
 */
#ifndef IMAP_COMMAND_H
#define IMAP_COMMAND_H

#include "base/err.h"
#include "base/slice.h"
#include "imap/verb.h"

#include <stdbool.h>

enum { TAG_MAX = 64 };

/*
 * A legal tag: 1 to TAG_MAX bytes of ASTRING-CHAR but '+' (RFC 9051
 * section 9); "*" and "+" are none.
 */
bool tag_valid(struct slice tag);

struct command {
	struct slice tag;
	enum verb verb;
	struct slice name; /* the verb as the client wrote it */
	struct slice args; /* behind the SP after it, without the final CRLF */
	bool has_args;     /* there was an SP after the verb */
};

/*
 * Splits tag, verb and arguments; whole ends in CRLF. ERR_SYNTAX: also for
 * arguments of a verb that takes none, and none for one that needs some;
 * then out->tag is set if it at least was legal (so that the answer can carry
 * it), all else is empty.
 */
enum err command_parse(struct slice whole, struct command *out) MUST_USE;

/*
 * The arguments of LOGIN: two astrings (atom, quoted, {n}, {n+}), decoded into
 * mem, which must have args.len bytes and is the caller's to wipe, also after
 * a failure. Both may be empty. ERR_SYNTAX: not that; ERR_REFUSED: a control
 * character in one of them.
 */
enum err command_login(struct slice args, unsigned char *mem,
		       struct slice *user, struct slice *password) MUST_USE;

/* AUTHENTICATE mechanism [initial response]; "=" is an empty one (RFC 4959). */
struct authenticate {
	struct slice mechanism; /* 1 to 20 of A-Z 0-9 - _, any case */
	bool has_initial;
	struct slice initial; /* base64 as sent, or empty for "=" */
};

enum err command_authenticate(struct slice args,
			      struct authenticate *out) MUST_USE;

/* RFC 2971 section 3.3. */
enum { ID_PAIRS_MAX = 30, ID_KEY_MAX = 30, ID_VALUE_MAX = 1024 };

typedef void id_pair(void *arg, struct slice key, struct slice value);

/*
 * ID NIL or ID ( pairs ), decoded into mem (args.len bytes). Reports the pairs
 * once all of it was found good; a NIL value has ptr NULL. ERR_LIMIT: over the
 * bounds above; ERR_DUPLICATE: a key twice; ERR_REFUSED: CR, LF or NUL.
 */
enum err command_id(struct slice args, unsigned char *mem, id_pair *pair,
		    void *arg) MUST_USE;

/*
 * The mailbox that is the first argument of SELECT or EXAMINE, decoded into mem
 * (args.len bytes); it is what a server would take it for, an atom with any
 * bytes up to a space, too. ERR_SYNTAX: it does not end.
 */
enum err command_mailbox(struct slice args, unsigned char *mem,
			 struct slice *name) MUST_USE;

/*
 * How a string goes to a backend: quoted unless it holds CR, LF, NUL, a byte
 * over 0x7f, or is longer than 1000 bytes.
 */
bool string_fits_quoted(struct slice s);
/* Writes "..." with escapes into 2 * s.len + 2 bytes; returns the length. */
size_t string_quote(struct slice s, unsigned char *out);

#endif
