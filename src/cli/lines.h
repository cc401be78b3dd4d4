/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lines.h - the lines of a file of any size, also of one that grows.
 */
#ifndef CLI_LINES_H
#define CLI_LINES_H

#include "base/err.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

enum { LINES_MAX = 64 * 1024 };

struct lines {
	int fd; /* the caller's to close */
	size_t at, len;
	bool skipping; /* the rest of a line that was too long */
	unsigned char mem[LINES_MAX];
};

void lines_init(struct lines *l, int fd);
/*
 * IO_DONE and a line with its newline, until the next call; of one that is
 * longer than LINES_MAX only the beginning, without a newline. IO_WAIT: that
 * was all for now. IO_FAIL: errno says why.
 */
enum io lines_next(struct lines *l, struct slice *out) MUST_USE;
/* After IO_WAIT: what stands behind the last newline; it counts as taken. */
struct slice lines_rest(struct lines *l);
/* From the beginning, if that can be. */
bool lines_rewind(struct lines *l);

#endif
