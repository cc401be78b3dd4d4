/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * near.h - which name was probably meant.
 *
 * For config/ only.
 */
#ifndef CONFIG_NEAR_H
#define CONFIG_NEAR_H

#include "base/slice.h"

#include <stddef.h>

/* Longer names are compared by their beginnings. */
enum { NEAR_MAX = 64 };

/* Edits, case aside, that make one of the other (Levenshtein). */
size_t near_distance(struct slice a, struct slice b);
/* As many edits as a slip of the fingers makes in this name. */
size_t near_limit(struct slice name);

#endif
