/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stand.h - a store with its contexts, for tests of handshakes.
 */
#ifndef TESTS_STAND_H
#define TESTS_STAND_H

#include "tls/engine.h"
#include "unit/certs.h"

struct stand {
	struct store *store;
	struct contexts *contexts;
	struct settings *settings;
	size_t
	    policy;  /* in use; 0 modern, 1 intermediate, 2 the first of own */
	size_t pair; /* in use */
	struct slice shelf;
};

struct stand_wish {
	struct slice shelf;         /* malloc'd, see shelves.h; taken over */
	const char *yaml;           /* more of the configuration, or NULL */
	size_t policy;              /* as above */
	const struct stand *before; /* whose place it takes, or NULL */
	uint64_t (*wall_ms)(void);  /* NULL: the clock */
};
struct stand *stand_make(const struct stand_wish *w);
/* One pair of certs.h. minimum: by modern or by intermediate. */
struct stand *stand_new(enum certs_kind kind, enum tls_version minimum);
/* yaml: NULL, or with a policy of its own, which is in use. */
struct stand *stand_of(struct slice shelf, const char *yaml,
		       const struct stand *before);
/* Engines go on. */
void stand_free(struct stand *s);

/* An engine with pair and policy in use. */
struct engine *stand_engine(struct stand *s);

#endif
