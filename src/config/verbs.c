/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * verbs.c - verbs of IMAP that the configuration may name.
 */
#include "config/vocabulary.h"

#include "imap/verb.h"

static const struct term verbs[] = {
#define X(id, clear, gate, relay) {.name = #id},
    VERB_LIST_MAIL(X)
#undef X
};

#define NEEDED  "every client needs it"
#define REFUSED "it is never allowed after login"

static const struct refusal refused[] = {
    {"^UID", "forbid the verb behind it, which covers both forms"},
    {"^CAPABILITY", NEEDED},
    {"^NOOP", NEEDED},
    {"^LOGOUT", NEEDED},
    {"^STARTTLS", REFUSED},
    {"^LOGIN", REFUSED},
    {"^AUTHENTICATE", REFUSED},
    {"^COMPRESS", REFUSED},
    {"^UNAUTHENTICATE", REFUSED},
    {NULL, NULL},
};

const struct vocabulary imap_verbs = {
    "verb", verbs, sizeof verbs / sizeof verbs[0], NULL, refused};
