/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * command.h - one command of a client, whole, before login (RFC 9051 section 6).
 *
 * Pure. The bytes were collected and framed by imap/scan: from the tag to the
 * final CRLF, literals in place with their {n} CRLF before them. Strict: what
 * does not parse is refused, never repaired (security.md 3).
 */
#ifndef IMAP_COMMAND_H
#define IMAP_COMMAND_H

#include "base/err.h"
#include "base/slice.h"

#include <stdbool.h>

enum { TAG_MAX = 64 };

/* clang-format off */
/* When a verb may be said. X(id, text, before TLS, before login, after login) */
#define VERB_LIST(X)                                            \
	X(CAPABILITY,     "CAPABILITY",     ANSWER, ANSWER, PASS)   \
	X(NOOP,           "NOOP",           ANSWER, ANSWER, PASS)   \
	X(ID,             "ID",             ANSWER, ANSWER, PASS)   \
	X(LOGOUT,         "LOGOUT",         ANSWER, ANSWER, PASS)   \
	X(STARTTLS,       "STARTTLS",       ANSWER, REFUSE, REFUSE) \
	X(LOGIN,          "LOGIN",          ANSWER, ANSWER, REFUSE) \
	X(AUTHENTICATE,   "AUTHENTICATE",   ANSWER, ANSWER, REFUSE) \
	X(COMPRESS,       "COMPRESS",       REFUSE, REFUSE, REFUSE) \
	X(UNAUTHENTICATE, "UNAUTHENTICATE", REFUSE, REFUSE, REFUSE) \
	X(ENABLE,         "ENABLE",         REFUSE, REFUSE, PASS)   \
	X(IDLE,           "IDLE",           REFUSE, REFUSE, PASS)   \
	X(OTHER,          "",               REFUSE, REFUSE, PASS)
/* clang-format on */

enum verb {
#define X(id, text, clear, gate, relay) VERB_##id,
	VERB_LIST(X)
#undef X
	    VERB_COUNT
};

enum phase { PHASE_CLEAR, PHASE_GATE, PHASE_RELAY, PHASES };
enum permission { PERMISSION_REFUSE, PERMISSION_ANSWER, PERMISSION_PASS };

enum verb verb_of(struct slice name); /* case-insensitive; VERB_OTHER for all others */
struct slice verb_text(enum verb v);
enum permission verb_permission(enum verb v, enum phase p);

/* A legal tag: 1 to TAG_MAX bytes of ASTRING-CHAR but '+' (RFC 9051 section 9); "*" and "+" are none. */
bool tag_valid(struct slice tag);

struct command {
	struct slice tag;
	enum verb verb;
	struct slice name; /* the verb as the client wrote it */
	struct slice args; /* behind the SP after the verb, without the final CRLF; empty when there are none */
	bool has_args;     /* there was an SP: NOOP with a trailing SP is bad syntax */
};

/*
 * Splits tag, verb and arguments. ERR_SYNTAX: out->tag is set when it at least
 * was legal (so that the answer can carry it), else it is empty.
 */
enum err command_parse(struct slice whole, struct command *out) MUST_USE;

/*
 * The arguments of LOGIN: two astrings (atom, quoted, any literal form),
 * decoded into mem (which must have args.len bytes). ERR_SYNTAX: not that;
 * ERR_REFUSED: a control character, CR, LF or NUL within a credential.
 */
enum err command_login(struct slice args, unsigned char *mem, struct slice *user, struct slice *password) MUST_USE;

/* AUTHENTICATE mechanism [initial response]; "=" is an empty one (RFC 4959). */
struct authenticate {
	struct slice mechanism; /* 1 to 20 of A-Z 0-9 - _ (RFC 4422), any case */
	bool has_initial;
	struct slice initial; /* base64 as sent, or empty for "=" */
};
enum err command_authenticate(struct slice args, struct authenticate *out) MUST_USE;

/*
 * ID NIL or ID ( pairs ) (RFC 2971): at most 30 pairs, key <= 30, value <= 1024.
 * Decodes into mem (args.len bytes) and reports each pair; a NIL value has ptr NULL.
 */
enum err command_id(struct slice args, unsigned char *mem, void (*pair)(void *arg, struct slice key, struct slice value), void *arg) MUST_USE;

/*
 * How a string goes to a backend: quoted unless it holds CR, LF, NUL, a byte
 * over 0x7f, or is longer than 1000 bytes.
 */
bool string_fits_quoted(struct slice s);
/* Writes "..." with escapes; out must have 2 * s.len + 2 bytes. Returns the length. */
size_t string_quote(struct slice s, unsigned char *out);

#endif
