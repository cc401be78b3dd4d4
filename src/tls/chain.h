/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * chain.h - a certificate chain out of a file, checked before it is presented.
 */
#ifndef TLS_CHAIN_H
#define TLS_CHAIN_H

#include "tls/store.h"

#include <stddef.h>

/* What a peer with our library can take. */
enum { CHAIN_MAX = 9 };

struct chain {
	unsigned char *der; /* one certificate behind the other */
	size_t count;
	size_t begin[CHAIN_MAX + 1]; /* of each, and the end of the last */
};

/*
 * Reads the PEM and fills in *c and the leaf's *facts. Nothing is kept on a
 * fault; else chain_clear gives the memory back.
 */
enum err chain_init(struct chain *c, struct slice pem, int64_t now,
		    struct store_facts *facts,
		    struct store_fault *fault) MUST_USE;
void chain_clear(struct chain *c);

struct slice chain_at(const struct chain *c, size_t i);

/* Sets the cause and a formatted text; returns the cause. */
enum err fault_set(struct store_fault *f, enum err cause, const char *format,
		   ...) __attribute__((format(printf, 3, 4)));

#endif
