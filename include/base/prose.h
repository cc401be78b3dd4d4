/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * prose.h - sentences of ours in lines of 80 columns, for samples and manuals.
 */
#ifndef BASE_PROSE_H
#define BASE_PROSE_H

#include "base/slice.h"

#include <stddef.h>

enum { PROSE_COLUMNS = 79 };

/* Given the pieces of a text, in order. */
typedef void prose_emit(void *arg, struct slice text);

/* Takes a line of at most `room` columns off the front, ending between words.
 */
struct slice prose_line(struct slice *rest, size_t room);
/* As mdoc(7): what has a meaning there is escaped. */
void prose_mdoc_word(struct slice text, prose_emit *emit, void *arg);
/* The same of sentences, each on a line of its own. */
void prose_mdoc(struct slice text, prose_emit *emit, void *arg);

#endif
