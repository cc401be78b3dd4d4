/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reply.h - the one table of what the gate itself says to a client.
 *
 * Pure. Codes are those of RFC 5530 and RFC 9051 section 7.1.
 */
#ifndef IMAP_REPLY_H
#define IMAP_REPLY_H

#include "base/slice.h"

#include <stddef.h>
#include <stdint.h>

/* clang-format off */
/* X(id, text behind the tag); a BYE has "*" for a tag. */
#define REPLY_LIST(X)                                                                                        \
	X(NOOP_OK, "OK NOOP completed")                                                                      \
	X(CAPABILITY_OK, "OK CAPABILITY completed")                                                          \
	X(ID_OK, "OK ID completed")                                                                          \
	X(LOGOUT_OK, "OK LOGOUT completed")                                                                  \
	X(STARTTLS_OK, "OK Begin TLS negotiation now")                                                       \
	X(STARTTLS_INSIDE, "BAD TLS is already in use")                                                      \
	X(PRIVACY_REQUIRED, "NO [PRIVACYREQUIRED] Use STARTTLS first")                                       \
	X(LOGIN_FAILED, "NO [AUTHENTICATIONFAILED] Authentication failed.")                                  \
	X(LIMITED, "NO [LIMIT] Too many attempts to log in from your network; try again in # min")           \
	X(BARRED, "NO [LIMIT] Logins from your network are not accepted")                                    \
	X(AUTHZ_FAILED, "NO [AUTHORIZATIONFAILED] This server cannot act for another user")                  \
	X(UNAVAILABLE, "NO [UNAVAILABLE] The mail server cannot be reached right now; try again later")      \
	X(SERVERBUG, "NO [SERVERBUG] The mail server reports an internal error")                             \
	X(INUSE, "NO [INUSE] The mailbox is in use; try again later")                                        \
	X(LIMIT, "NO [LIMIT] The mail server reports that a limit was reached; try again later")             \
	X(CROWDED, "NO [LIMIT] Too many sessions of this user at once; close some and try again")            \
	X(CONTACTADMIN, "NO [CONTACTADMIN] Please contact your mail administrator")                          \
	X(EXPIRED, "NO [EXPIRED] The password or access token has expired")                                  \
	X(MECHANISM_UNKNOWN, "NO [CANNOT] Mechanism not supported")                                          \
	X(CANCELLED, "BAD Authentication cancelled")                                                         \
	X(SASL_BAD, "BAD Invalid SASL message")                                                              \
	X(CREDENTIAL_BAD, "BAD Control characters are not allowed in a user name or password")               \
	X(UNKNOWN, "BAD Command not allowed before login")                                                   \
	X(SYNTAX, "BAD Syntax error")                                                                        \
	X(AFTER_LOGIN, "BAD Command not allowed after login")                                                \
	X(FORBIDDEN, "NO [NOPERM] Command not allowed here")                                                 \
	X(TAG_BAD, "BAD Invalid tag")                                                                        \
	X(TOO_LONG, "BAD Line or literal too long")                                                          \
	X(BYE_LOGOUT, "BYE Logging out")                                                                     \
	X(BYE_TIMEOUT, "BYE Timed out")                                                                      \
	X(BYE_IDLE, "BYE Disconnected for inactivity")                                                       \
	X(BYE_SHUTDOWN, "BYE [UNAVAILABLE] Server is shutting down; please reconnect")                       \
	X(BYE_UNAVAILABLE, "BYE [UNAVAILABLE] The mail server closed the connection")                        \
	X(BYE_TOO_MANY_COMMANDS, "BYE Too many commands before login")                                       \
	X(BYE_TOO_MANY_FAILURES, "BYE Too many failed logins")                                               \
	X(BYE_LIMITED, "BYE [LIMIT] Too many attempts to log in")                                            \
	X(BYE_TOO_LONG, "BYE Line or literal too long")                                                      \
	X(BYE_SYNTAX, "BYE Protocol error")                                                                  \
	X(BYE_INJECTION, "BYE Data behind STARTTLS")                                                         \
	X(BYE_TLS_REQUIRED, "BYE This port speaks TLS from the first byte; set your mail program to SSL/TLS")          \
	X(BYE_OVERLOAD, "BYE [UNAVAILABLE] Too many connections; try again later")
/* clang-format on */

enum reply {
#define X(id, text) REPLY_##id,
	REPLY_LIST(X)
#undef X
	    REPLY_COUNT,
	REPLY_NONE = REPLY_COUNT /* nothing is said */
};

enum { REPLY_MAX = 256 };

/*
 * "tag text CRLF" into out; an empty tag becomes "*", as does that of every
 * BYE. Returns the length. An error to do: a tag longer than TAG_MAX.
 */
size_t reply_format(enum reply r, struct slice tag, char out[REPLY_MAX]);
/* The same of a text that says when to try again, '#', in minutes. */
size_t reply_format_wait(enum reply r, struct slice tag, uint64_t minutes,
			 char out[REPLY_MAX]);
/* The response code within [ ], "" without one: for events. */
struct slice reply_code(enum reply r);

#endif
