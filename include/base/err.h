/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * err.h - one flat list of causes for everything that may fail.
 *
 * A function returns the cause; whoever gives up says it once, in a sentence.
 * `enum io` serves sockets and TLS alike; `bool` answers questions only.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#define MUST_USE __attribute__((warn_unused_result))

/* clang-format off */
#define ERR_LIST(X)                                              \
	X(OK, "ok")                                              \
	X(NOMEM, "out of memory")                                \
	X(SYNTAX, "bad syntax")                                  \
	X(RANGE, "out of range")                                 \
	X(LIMIT, "over the limit")                               \
	X(UNKNOWN, "unknown name")                               \
	X(DUPLICATE, "given twice")                              \
	X(MISSING, "missing")                                    \
	X(MISMATCH, "does not match")                            \
	X(EXPIRED, "expired")                                    \
	X(EARLY, "not yet valid")                                \
	X(REFUSED, "connection refused")                         \
	X(UNREACHABLE, "host unreachable")                       \
	X(TIMEOUT, "timed out")                                  \
	X(CLOSED, "closed by the peer")                          \
	X(PROTOCOL, "protocol error")                            \
	X(BUSY, "in use")                                        \
	X(DENIED, "permission denied")                           \
	X(SYSTEM, "system call failed")                          \
	X(INTERNAL, "internal error")
/* clang-format on */

enum err {
#define X(name, text) ERR_##name,
	ERR_LIST(X)
#undef X
};

/* The sentence fragment for a cause; never NULL. */
const char *err_text(enum err e);

enum io {
	IO_DONE, /* progress was made, call again */
	IO_WAIT, /* nothing more until the peer sends or takes bytes */
	IO_EOF,  /* the peer ended its direction in an orderly way */
	IO_FAIL  /* broken; only closing is left */
};

#endif
