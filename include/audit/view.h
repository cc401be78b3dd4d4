/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * view.h - one line of the audit, for people.
 *
 *   11-22 05:30:00 login      FAIL alice 203.0.113.9 LOGIN ...
 *
 * Nothing in it steers a terminal, whatever the line is.
 */
#ifndef AUDIT_VIEW_H
#define AUDIT_VIEW_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

enum { VIEW_MAX = 4096 };

/* What kind of news it is. */
enum view_mood { VIEW_PLAIN, VIEW_GOOD, VIEW_BAD, VIEW_ALERT };

/* line: with or without its newline. Writes at most `cap` bytes, a NUL
 * included; returns the mood. */
enum view_mood view_line(struct slice line, char *out, size_t cap);

/*
 * The value of a member, what is escaped there taken back. Returns its length;
 * what is longer than cap is cut.
 */
size_t view_value(struct slice line, const char *name, unsigned char *out,
		  size_t cap);

/* How many bytes of the text fit into so many columns, one for each character.
 */
size_t view_columns(const char *text, size_t columns);

#endif
