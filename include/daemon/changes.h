/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * changes.h - what a reload has changed about certificates, in sentences.
 */
#ifndef DAEMON_CHANGES_H
#define DAEMON_CHANGES_H

#include "audit/event.h"
#include "tls/shelf.h"

#include <stddef.h>

enum { CHANGES_MAX = EVENT_LIST_MAX, CHANGES_TEXT_MAX = 320 };

struct changes {
	size_t count; /* of text[] */
	size_t more;  /* that had no place */
	char text[CHANGES_MAX][CHANGES_TEXT_MAX];
};

/* "FILE: certificate SERIAL in place of SERIAL", and the like; files are
 * compared by name. */
void changes_find(const struct shelf *before, const struct shelf *now,
		  struct changes *out);

#endif
