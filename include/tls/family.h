/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * family.h - which TLS library a client is built on, by its ClientHello.
 *
 * The alert by which a client refuses a certificate means one thing from one
 * library and another from the next. What is known here is a good guess, no
 * proof: a hello can be imitated.
 */
#ifndef TLS_FAMILY_H
#define TLS_FAMILY_H

#include "tls/hello.h"

/* X(id, name in events, who that is) */
#define FAMILY_LIST(X)                                                         \
	X(UNKNOWN, "unknown", "nothing we have met")                           \
	X(OPENSSL, "openssl", "curl, fetchmail, mbsync, Python; LibreSSL too") \
	X(GNUTLS, "gnutls", "mutt, Claws Mail, Geary, Evolution")              \
	X(NSS, "nss", "Thunderbird and its kin")                               \
	X(JAVA, "java", "JavaMail")                                            \
	X(NODE, "node", "programs on Node.js")                                 \
	X(APPLE, "apple", "Mail on macOS and iOS")                             \
	X(BORINGSSL, "boringssl", "Chrome and what is built on it")            \
	X(CONSCRYPT, "conscrypt", "mail programs on Android")                  \
	X(SCHANNEL, "schannel", "Outlook and others on Windows")               \
	X(GO, "go", "programs in Go")                                          \
	X(WOLFSSL, "wolfssl", "devices")                                       \
	X(RUSTLS, "rustls", "programs in Rust")

enum family {
#define X(id, name, who) FAMILY_##id,
	FAMILY_LIST(X)
#undef X
	    FAMILIES
};

/* UNKNOWN also for a hello with longer lists than are kept. */
enum family family_of(const struct hello *h);
const char *family_name(enum family f);
const char *family_who(enum family f); /* known programs */

#endif
