/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * members.h - the values in one line of JSON as our daemon writes it.
 *
 * Whatever the bytes are, nothing outside of them is read. Strings are given as
 * they stand, without their quotes: what is escaped there stays so.
 */
#ifndef CLI_MEMBERS_H
#define CLI_MEMBERS_H

#include "base/slice.h"

#include <stdbool.h>

/* Of the object that `line` begins with; empty if it is not there. */
struct slice member(struct slice line, const char *name);
/* The next of an array's values, given without its brackets. */
bool member_item(struct slice *rest, struct slice *out);

#endif
