/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hash.h - a keyed 64 bit hash for tables and pseudonyms (SipHash-2-4).
 *
 * Without the key nobody can choose inputs that collide, nor tell from a hash
 * what was hashed. Not for signatures: those are base/digest's.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include "base/slice.h"

#include <stdint.h>

enum { HASH_KEY = 16 };

uint64_t hash_keyed(const unsigned char key[HASH_KEY], struct slice s);

#endif
