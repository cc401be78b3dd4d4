/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * digest.h - HMAC-SHA-256 (RFC 2104, FIPS 180-4).
 */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include "base/slice.h"

#include <stddef.h>

enum { DIGEST = 32 };

/* Of the parts, one behind the other. out may be key. */
void digest_mac(const unsigned char key[DIGEST], const struct slice *parts,
		size_t count, unsigned char out[DIGEST]);

#endif
