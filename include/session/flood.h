/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * flood.h - strangers in such numbers that the audit would drown in them.
 *
 * Pure. Connections that never tried to log in are told one by one up to
 * FLOOD_RATE within a second and network (address_network); of the rest the
 * number is told, once a second. FLOOD_NETWORKS are told apart at a time; what
 * comes from more of them shares one place, whose record names no address.
 * Attempts to log in never come here. Belongs to one worker.
 */
#ifndef SESSION_FLOOD_H
#define SESSION_FLOOD_H

#include "base/hash.h"
#include "policy/cidr.h"

#include <stdbool.h>
#include <stdint.h>

enum { FLOOD_RATE = 20, FLOOD_NETWORKS = 256, FLOOD_WINDOW_MS = 1000 };

struct flood_place {
	struct address network, last;
	uint64_t since; /* monotonic ms: when its second began */
	uint64_t told, held;
};

struct flood {
	unsigned char key[HASH_KEY];
	uint64_t due; /* when a record is; UINT64_MAX: nothing is held */
	struct flood_place places[FLOOD_NETWORKS + 1]; /* the last is shared */
};

struct flood_record {
	uint64_t count;
	bool many;           /* from more networks than are told apart */
	struct address last; /* of those counted, unless many */
};

/* key: random. */
void flood_init(struct flood *f, const unsigned char key[HASH_KEY]);
/* False: this connection is counted instead of being told. */
bool flood_tell(struct flood *f, const struct address *from, uint64_t now);
/* Would one more be counted, as things are? */
bool flood_is_on(const struct flood *f, const struct address *from,
		 uint64_t now);
/* When flood_next has something; UINT64_MAX: not before flood_tell is false. */
uint64_t flood_due(const struct flood *f);
/* The next record that is due at `now`, UINT64_MAX for all there are; false:
 * none. */
bool flood_next(struct flood *f, uint64_t now, struct flood_record *out);

#endif
