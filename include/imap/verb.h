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
/*
 * X(id, before TLS, before login, after login, "UID verb" is a command, too);
 * the id is the verb.
 */
/* Those that a session cannot do without, or that never pass after login. */
#define VERB_LIST_SESSION(X)                                                 \
	X(CAPABILITY,      ANSWER, ANSWER, PASS,   ALONE)                    \
	X(NOOP,            ANSWER, ANSWER, PASS,   ALONE)                    \
	X(LOGOUT,          ANSWER, ANSWER, PASS,   ALONE)                    \
	X(STARTTLS,        ANSWER, REFUSE, REFUSE, ALONE)                    \
	X(LOGIN,           ANSWER, ANSWER, REFUSE, ALONE)                    \
	X(AUTHENTICATE,    ANSWER, ANSWER, REFUSE, ALONE)                    \
	X(COMPRESS,        REFUSE, REFUSE, REFUSE, ALONE) /* RFC 4978 */     \
	X(UNAUTHENTICATE,  REFUSE, REFUSE, REFUSE, ALONE) /* RFC 8437 */     \
	X(UID,             REFUSE, REFUSE, PASS,   ALONE)

/* Those about mail: somebody may be forbidden to say them. */
#define VERB_LIST_MAIL(X)                                                    \
	X(ID,              ANSWER, ANSWER, PASS,   ALONE) /* RFC 2971 */     \
	X(ENABLE,          REFUSE, REFUSE, PASS,   ALONE) /* RFC 5161 */     \
	X(IDLE,            REFUSE, REFUSE, PASS,   ALONE) /* RFC 2177 */     \
	/* RFC 3501 and RFC 9051 */                                          \
	X(SELECT,          REFUSE, REFUSE, PASS,   ALONE)                    \
	X(EXAMINE,         REFUSE, REFUSE, PASS,   ALONE)                    \
	X(CREATE,          REFUSE, REFUSE, PASS,   ALONE)                    \
	X(DELETE,          REFUSE, REFUSE, PASS,   ALONE)                    \
	X(RENAME,          REFUSE, REFUSE, PASS,   ALONE)                    \
	X(SUBSCRIBE,       REFUSE, REFUSE, PASS,   ALONE)                    \
	X(UNSUBSCRIBE,     REFUSE, REFUSE, PASS,   ALONE)                    \
	X(LIST,            REFUSE, REFUSE, PASS,   ALONE)                    \
	X(LSUB,            REFUSE, REFUSE, PASS,   ALONE)                    \
	X(NAMESPACE,       REFUSE, REFUSE, PASS,   ALONE)                    \
	X(STATUS,          REFUSE, REFUSE, PASS,   ALONE)                    \
	X(APPEND,          REFUSE, REFUSE, PASS,   ALONE)                    \
	X(CHECK,           REFUSE, REFUSE, PASS,   ALONE)                    \
	X(CLOSE,           REFUSE, REFUSE, PASS,   ALONE)                    \
	X(UNSELECT,        REFUSE, REFUSE, PASS,   ALONE)                    \
	X(EXPUNGE,         REFUSE, REFUSE, PASS,   UID)                      \
	X(SEARCH,          REFUSE, REFUSE, PASS,   UID)                      \
	X(FETCH,           REFUSE, REFUSE, PASS,   UID)                      \
	X(STORE,           REFUSE, REFUSE, PASS,   UID)                      \
	X(COPY,            REFUSE, REFUSE, PASS,   UID)                      \
	X(MOVE,            REFUSE, REFUSE, PASS,   UID)                      \
	X(REPLACE,         REFUSE, REFUSE, PASS,   UID) /* RFC 8508 */       \
	X(SORT,            REFUSE, REFUSE, PASS,   UID) /* RFC 5256 */       \
	X(THREAD,          REFUSE, REFUSE, PASS,   UID)                      \
	X(NOTIFY,          REFUSE, REFUSE, PASS,   ALONE) /* RFC 5465 */     \
	X(GETACL,          REFUSE, REFUSE, PASS,   ALONE) /* RFC 4314 */     \
	X(SETACL,          REFUSE, REFUSE, PASS,   ALONE)                    \
	X(DELETEACL,       REFUSE, REFUSE, PASS,   ALONE)                    \
	X(LISTRIGHTS,      REFUSE, REFUSE, PASS,   ALONE)                    \
	X(MYRIGHTS,        REFUSE, REFUSE, PASS,   ALONE)                    \
	X(GETQUOTA,        REFUSE, REFUSE, PASS,   ALONE) /* RFC 9208 */     \
	X(GETQUOTAROOT,    REFUSE, REFUSE, PASS,   ALONE)                    \
	X(SETQUOTA,        REFUSE, REFUSE, PASS,   ALONE)                    \
	X(GETMETADATA,     REFUSE, REFUSE, PASS,   ALONE) /* RFC 5464 */     \
	X(SETMETADATA,     REFUSE, REFUSE, PASS,   ALONE)                    \
	X(GETANNOTATION,   REFUSE, REFUSE, PASS,   ALONE) /* its draft */    \
	X(SETANNOTATION,   REFUSE, REFUSE, PASS,   ALONE)                    \
	X(LANGUAGE,        REFUSE, REFUSE, PASS,   ALONE) /* RFC 5255 */     \
	X(COMPARATOR,      REFUSE, REFUSE, PASS,   ALONE)                    \
	X(GENURLAUTH,      REFUSE, REFUSE, PASS,   ALONE) /* RFC 4467 */     \
	X(RESETKEY,        REFUSE, REFUSE, PASS,   ALONE)                    \
	X(URLFETCH,        REFUSE, REFUSE, PASS,   ALONE)                    \
	X(CANCELUPDATE,    REFUSE, REFUSE, PASS,   ALONE) /* RFC 5267 */     \
	X(ESEARCH,         REFUSE, REFUSE, PASS,   UID) /* RFC 7377 */       \
	X(CONVERT,         REFUSE, REFUSE, PASS,   UID) /* RFC 5259 */       \
	X(RLIST,           REFUSE, REFUSE, PASS,   ALONE) /* RFC 2193 */     \
	X(RLSUB,           REFUSE, REFUSE, PASS,   ALONE)                    \
	X(UIDBATCHES,      REFUSE, REFUSE, PASS,   ALONE) /* its draft */    \
	X(GETJMAPACCESS,   REFUSE, REFUSE, PASS,   ALONE) /* RFC 9698 */

#define VERB_LIST(X)                                                         \
	VERB_LIST_SESSION(X)                                                 \
	VERB_LIST_MAIL(X)                                                    \
	X(OTHER,           REFUSE, REFUSE, PASS,   UID)
/* clang-format on */

enum verb {
#define X(id, clear, gate, relay, uid) VERB_##id,
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
/* May it stand behind "UID"? (RFC 9051 section 6.4.9) */
bool verb_has_uid(enum verb v);

#endif
