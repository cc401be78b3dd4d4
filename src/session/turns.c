/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "session/turns.h"

#include <stddef.h>
#include <utlist.h>

void
turns_begin(struct turns *t)
{
	t->left = TURNS_MOST;
}

bool
turns_ask(struct turns *t, struct turn *one)
{
	if (one->granted) {
		one->granted = false;
		return true;
	}
	if (one->waiting)
		return false;
	if (t->left > 0 && !t->line) {
		t->left--;
		return true;
	}
	one->waiting = true;
	DL_APPEND(t->line, one);
	return false;
}

struct turn *
turns_next(struct turns *t)
{
	struct turn *one = t->line;

	if (!one || t->left == 0)
		return NULL;
	t->left--;
	turns_leave(t, one);
	one->granted = true;
	return one;
}

bool
turns_waited_for(const struct turns *t)
{
	return t->line != NULL;
}

void
turns_leave(struct turns *t, struct turn *one)
{
	if (one->waiting)
		DL_DELETE(t->line, one);
	one->waiting = one->granted = false;
}
