/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * audit_filter.h - which events somebody wants to see.
 */
#ifndef CLI_AUDIT_FILTER_H
#define CLI_AUDIT_FILTER_H

#include "base/slice.h"
#include "policy/cidr.h"

#include <stdbool.h>
#include <stddef.h>

enum { FILTER_WORDS = 32 };

/* Any of these words; none is all. */
struct words {
	const char *at[FILTER_WORDS];
	size_t count;
};

/* Zeroed: all of them. Texts are the caller's. */
struct filter {
	const char *user; /* or hash of one; NULL: any */
	bool has_network;
	struct cidr network;
	struct words events, outcomes;
};

bool filter_wants(const struct filter *f, struct slice line);
/* False: it makes no sense; of an event it has said so on standard error. */
bool filter_add_event(struct filter *f, const char *word);
bool filter_add_outcome(struct filter *f, const char *word);
bool filter_set_network(struct filter *f, const char *text);

#endif
