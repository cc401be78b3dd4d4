/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * turns.h - whose turn it is to do something dear, a step of a handshake.
 *
 * Pure. At most TURNS_MOST of them are taken between two turns_begin, first
 * come first served; so that a crowd of newcomers delays whoever is inside by
 * no more than that each time round.
 */
#ifndef SESSION_TURNS_H
#define SESSION_TURNS_H

#include <stdbool.h>

enum { TURNS_MOST = 4 };

struct turn {
	struct turn *prev, *next;
	bool waiting; /* it stands in the line */
	bool granted; /* its next turns_ask is its turn */
};

/* All zero: nobody waits, and none is left until turns_begin. */
struct turns {
	struct turn *line;
	unsigned left;
};

void turns_begin(struct turns *t);
/* True: now. False: it waits in line. */
bool turns_ask(struct turns *t, struct turn *one);
/* Who is next, and is to ask again; NULL: nobody, or none is left. */
struct turn *turns_next(struct turns *t);
/* Does anybody wait? */
bool turns_waited_for(const struct turns *t);
/* It needs none any more; once more is fine. */
void turns_leave(struct turns *t, struct turn *one);

#endif
