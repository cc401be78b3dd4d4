/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * keyring.h - every key of a chain, for whoever has the secret that it began
 * with.
 */
#ifndef AUDIT_KEYRING_H
#define AUDIT_KEYRING_H

#include "audit/chain.h"

/* Records that can be verified: about 69 billion. */
#define KEYRING_MOST (UINT64_C(1) << 36)

struct keyring;

struct keyring *keyring_new(const unsigned char secret[CHAIN_KEY]);
void keyring_free(struct keyring *r); /* wipes; NULL is fine */

/*
 * Of that record, from 1; until the next call. NULL: 0, beyond KEYRING_MOST, or
 * out of memory. Cheap for records near the last one that was asked for.
 */
const unsigned char *keyring_key(struct keyring *r, uint64_t sequence);

#endif
