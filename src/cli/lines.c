/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lines.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

void
lines_init(struct lines *l, int fd)
{
	l->fd = fd;
	l->at = l->len = 0;
	l->skipping = false;
}

/* More bytes behind those that are here. */
static enum io
fill(struct lines *l)
{
	ssize_t n;

	memmove(l->mem, l->mem + l->at, l->len - l->at);
	l->len -= l->at;
	l->at = 0;
	do
		n = read(l->fd, l->mem + l->len, sizeof l->mem - l->len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return IO_FAIL;
	l->len += (size_t)n;
	return n == 0 ? IO_WAIT : IO_DONE;
}

/* A line, or so much of one that the memory is full. */
static bool
take(struct lines *l, struct slice *out)
{
	struct slice s = slice_of(l->mem + l->at, l->len - l->at);
	size_t n = slice_find(s, '\n');

	if (n == s.len && s.len < sizeof l->mem)
		return false;
	*out = slice_head(s, n + 1);
	l->at += out->len;
	return true;
}

enum io
lines_next(struct lines *l, struct slice *out)
{
	for (;;) {
		enum io io;

		while (take(l, out)) {
			bool whole = out->ptr[out->len - 1] == '\n';
			bool rest = l->skipping;

			l->skipping = !whole;
			if (!rest)
				return IO_DONE;
		}
		io = fill(l);
		if (io != IO_DONE)
			return io;
	}
}

struct slice
lines_rest(struct lines *l)
{
	struct slice s = slice_of(l->mem + l->at, l->len - l->at);

	l->at = l->len;
	return l->skipping ? SLICE_EMPTY : s;
}

bool
lines_rewind(struct lines *l)
{
	if (lseek(l->fd, 0, SEEK_SET) != 0)
		return false;
	lines_init(l, l->fd);
	return true;
}
