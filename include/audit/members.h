/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * members.h - the values in one line of JSON as our daemon writes it.
 *
 * Whatever the bytes are, nothing outside of them is read. Strings are given as
 * they stand, without their quotes: what is escaped there stays so.
 */
#ifndef AUDIT_MEMBERS_H
#define AUDIT_MEMBERS_H

#include "base/slice.h"

#include <stdbool.h>

struct member {
	struct slice name, value;
	unsigned char first; /* of the value: '"' a string, '[' an array, ... */
};

/* Takes one off an object given without its brace. False: there is none. */
bool member_next(struct slice *rest, struct member *out);
/* Of the object that `line` begins with; empty if it is not there. */
struct slice member(struct slice line, const char *name);
/* The next of an array's values, given without its brackets. */
bool member_item(struct slice *rest, struct slice *out);

#endif
