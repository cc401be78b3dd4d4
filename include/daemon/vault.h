/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * vault.h - memory with secrets in it that two processes share.
 *
 * Written once, then sealed: nobody can change it any more, whoever has the
 * descriptor. It is in no file system and goes with its last user. It does not
 * go into core dumps.
 */
#ifndef DAEMON_VAULT_H
#define DAEMON_VAULT_H

#include "base/err.h"
#include "base/slice.h"

#include <stddef.h>

struct vault {
	int fd; /* -1: none, or not kept */
	unsigned char *mem;
	size_t len; /* 0: there is nothing, whatever fd is */
};

/* len > 0 bytes, zeroed, to be written to; ERR_SYSTEM: errno says why. */
enum err vault_make(size_t len, struct vault *out) MUST_USE;
/* The same for what is added piece by piece; an error to do: nothing. */
enum err vault_begin(struct vault *out) MUST_USE;
enum err vault_add(struct vault *v, struct slice bytes) MUST_USE;
/* From now on it can only be read. */
enum err vault_seal(struct vault *v) MUST_USE;
/*
 * Takes over fd, which came from somebody else, and closes it. ERR_REFUSED: it
 * is not sealed.
 */
enum err vault_open(int fd, struct vault *out) MUST_USE;
struct slice vault_bytes(const struct vault *v);
void vault_clear(struct vault *v); /* once more is fine */

#endif
