/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shelves.h - shelves for tests, in memory.
 */
#ifndef TESTS_SHELVES_H
#define TESTS_SHELVES_H

#include "tls/shelf.h"
#include "unit/certs.h"

/* Adds a pair of tests/unit/certs.h. */
void shelves_add(struct shelf_builder *b, enum certs_kind kind);
/* One of a forged CA with these DNS names, "a.example,*.b.example", and a key
 * on P-256 or, with rsa, of RSA with 2048 bits. */
enum err shelves_add_named(struct shelf_builder *b, const char *names,
			   bool rsa);
/* The same, but it is not its issuer's key that signed it. */
enum err shelves_add_false(struct shelf_builder *b, const char *names,
			   struct pair_fault *fault);
/* What was added, and frees the builder; malloc'd: shelves_free. */
struct slice shelves_end(struct shelf_builder *b);
/* These pairs and nothing else. */
struct slice shelves_of(const enum certs_kind *kinds, size_t count);
/* The public key of CERTS_RSA, as it stands in certificates. */
struct slice shelves_rsa_info(void);
void shelves_free(struct slice shelf);

#endif
