/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * verb.h - the verbs of IMAP, and when each may be said.
 *
 * Pure. All that RFCs and old drafts have named; whatever else a server may
 * know is VERB_OTHER, which passes after login like the most of these.
 */
#ifndef IMAP_VERB_H
#define IMAP_VERB_H

#include "base/slice.h"

#include <stdbool.h>

/* clang-format off */
/* X(id, before TLS, before login, after login); the id is the verb. */
/* Those that a session cannot do without, or that never pass after login. */
#define VERB_LIST_SESSION(X)                                                 \
	X(CAPABILITY,      ANSWER, ANSWER, PASS)                             \
	X(NOOP,            ANSWER, ANSWER, PASS)                             \
	X(LOGOUT,          ANSWER, ANSWER, PASS)                             \
	X(STARTTLS,        ANSWER, REFUSE, REFUSE)                           \
	X(LOGIN,           ANSWER, ANSWER, REFUSE)                           \
	X(AUTHENTICATE,    ANSWER, ANSWER, REFUSE)                           \
	X(COMPRESS,        REFUSE, REFUSE, REFUSE) /* RFC 4978 */            \
	X(UNAUTHENTICATE,  REFUSE, REFUSE, REFUSE) /* RFC 8437 */            \
	X(UID,             REFUSE, REFUSE, PASS)

/* Those about mail: somebody may be forbidden to say them. */
#define VERB_LIST_MAIL(X)                                                    \
	X(ID,              ANSWER, ANSWER, PASS) /* RFC 2971 */              \
	X(ENABLE,          REFUSE, REFUSE, PASS) /* RFC 5161 */              \
	X(IDLE,            REFUSE, REFUSE, PASS) /* RFC 2177 */              \
	/* RFC 3501 and RFC 9051 */                                          \
	X(SELECT,          REFUSE, REFUSE, PASS)                             \
	X(EXAMINE,         REFUSE, REFUSE, PASS)                             \
	X(CREATE,          REFUSE, REFUSE, PASS)                             \
	X(DELETE,          REFUSE, REFUSE, PASS)                             \
	X(RENAME,          REFUSE, REFUSE, PASS)                             \
	X(SUBSCRIBE,       REFUSE, REFUSE, PASS)                             \
	X(UNSUBSCRIBE,     REFUSE, REFUSE, PASS)                             \
	X(LIST,            REFUSE, REFUSE, PASS)                             \
	X(LSUB,            REFUSE, REFUSE, PASS)                             \
	X(NAMESPACE,       REFUSE, REFUSE, PASS)                             \
	X(STATUS,          REFUSE, REFUSE, PASS)                             \
	X(APPEND,          REFUSE, REFUSE, PASS)                             \
	X(CHECK,           REFUSE, REFUSE, PASS)                             \
	X(CLOSE,           REFUSE, REFUSE, PASS)                             \
	X(UNSELECT,        REFUSE, REFUSE, PASS)                             \
	X(EXPUNGE,         REFUSE, REFUSE, PASS)                             \
	X(SEARCH,          REFUSE, REFUSE, PASS)                             \
	X(FETCH,           REFUSE, REFUSE, PASS)                             \
	X(STORE,           REFUSE, REFUSE, PASS)                             \
	X(COPY,            REFUSE, REFUSE, PASS)                             \
	X(MOVE,            REFUSE, REFUSE, PASS)                             \
	X(REPLACE,         REFUSE, REFUSE, PASS) /* RFC 8508 */              \
	X(SORT,            REFUSE, REFUSE, PASS) /* RFC 5256 */              \
	X(THREAD,          REFUSE, REFUSE, PASS)                             \
	X(NOTIFY,          REFUSE, REFUSE, PASS) /* RFC 5465 */              \
	X(GETACL,          REFUSE, REFUSE, PASS) /* RFC 4314 */              \
	X(SETACL,          REFUSE, REFUSE, PASS)                             \
	X(DELETEACL,       REFUSE, REFUSE, PASS)                             \
	X(LISTRIGHTS,      REFUSE, REFUSE, PASS)                             \
	X(MYRIGHTS,        REFUSE, REFUSE, PASS)                             \
	X(GETQUOTA,        REFUSE, REFUSE, PASS) /* RFC 9208 */              \
	X(GETQUOTAROOT,    REFUSE, REFUSE, PASS)                             \
	X(SETQUOTA,        REFUSE, REFUSE, PASS)                             \
	X(GETMETADATA,     REFUSE, REFUSE, PASS) /* RFC 5464 */              \
	X(SETMETADATA,     REFUSE, REFUSE, PASS)                             \
	X(GETANNOTATION,   REFUSE, REFUSE, PASS) /* its draft */             \
	X(SETANNOTATION,   REFUSE, REFUSE, PASS)                             \
	X(LANGUAGE,        REFUSE, REFUSE, PASS) /* RFC 5255 */              \
	X(COMPARATOR,      REFUSE, REFUSE, PASS)                             \
	X(GENURLAUTH,      REFUSE, REFUSE, PASS) /* RFC 4467 */              \
	X(RESETKEY,        REFUSE, REFUSE, PASS)                             \
	X(URLFETCH,        REFUSE, REFUSE, PASS)                             \
	X(CANCELUPDATE,    REFUSE, REFUSE, PASS) /* RFC 5267 */              \
	X(ESEARCH,         REFUSE, REFUSE, PASS) /* RFC 7377 */              \
	X(CONVERT,         REFUSE, REFUSE, PASS) /* RFC 5259 */              \
	X(RLIST,           REFUSE, REFUSE, PASS) /* RFC 2193 */              \
	X(RLSUB,           REFUSE, REFUSE, PASS)                             \
	X(UIDBATCHES,      REFUSE, REFUSE, PASS) /* its draft */             \
	X(GETJMAPACCESS,   REFUSE, REFUSE, PASS) /* RFC 9698 */

#define VERB_LIST(X)                                                         \
	VERB_LIST_SESSION(X)                                                 \
	VERB_LIST_MAIL(X)                                                    \
	X(OTHER,           REFUSE, REFUSE, PASS)
/* clang-format on */

enum verb {
#define X(id, clear, gate, relay) VERB_##id,
	VERB_LIST(X)
#undef X
	    VERB_COUNT
};

/* Sets of verbs are the bits of one number. */
_Static_assert(VERB_COUNT <= 64, "a bit for each verb");

enum phase { PHASE_CLEAR, PHASE_GATE, PHASE_RELAY, PHASES };
enum permission { PERMISSION_REFUSE, PERMISSION_ANSWER, PERMISSION_PASS };

/* Letters, digits, '-', '_' and '.', at least one: no command has another byte
 * in its name, and some server might read past it. */
bool verb_valid(struct slice name);
/* Folds case; VERB_OTHER for all others. */
enum verb verb_of(struct slice name);
struct slice verb_text(enum verb v); /* empty for VERB_OTHER */
enum permission verb_permission(enum verb v, enum phase p);

#endif
