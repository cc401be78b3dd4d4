/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * old_lock.h - keys encrypted as OpenSSL did before PKCS#8 (RFC 1421 section
 * 4.6): AES, keyed by MD5 over the passphrase.
 *
 * Whoever has such a file can try passphrases as fast as MD5 goes.
 */
#ifndef TLS_OLD_LOCK_H
#define TLS_OLD_LOCK_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

enum old_lock {
	OLD_LOCK_NONE,    /* it is not encrypted in this way */
	OLD_LOCK_FOREIGN, /* with a cipher that we do not have */
	OLD_LOCK_KNOWN
};

enum { OLD_LOCK_IV = 16, OLD_LOCK_KEY = 32 };

struct old_lock_info {
	size_t key_len;
	unsigned char iv[OLD_LOCK_IV];
};

/*
 * body: of the PEM block, between its lines. OLD_LOCK_KNOWN: *info is filled
 * in, and *body begins behind the headers.
 */
enum old_lock old_lock_read(struct slice *body, struct old_lock_info *info);
/*
 * Decrypts in place. The length without the padding; 0: another passphrase, or
 * no such file.
 */
size_t old_lock_open(const struct old_lock_info *info, struct slice passphrase,
		     unsigned char *bytes, size_t n);

#endif
