/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tls/guard.h"

#include <assert.h>

enum {
	RECORD_FIRST = 20,
	RECORD_ALERT = 21,
	RECORD_DATA = 23,
	RECORD_LAST = RECORD_DATA,
	ALERT_LENGTH = 2,
	/*
	 * A TLS 1.3 record holds at least a content type and a 16-byte tag;
	 * CVE-2024-0901 was a library that believed in shorter ones.
	 */
	SEALED_MIN = 17,
	WEIGHT = 32, /* bytes; a key update takes up 22 */
	/* Whoever pads his records may pad a key update to the full. */
	SILENCE_MOST = GUARD_RECORD_MAX / WEIGHT + 1
};

/* In TLS 1.2, type 23 cannot come before the handshake is over. */
static bool
too_short(const struct guard *g, unsigned type, size_t length)
{
	return type == RECORD_DATA && length < SEALED_MIN &&
	       (g->tls13 || g->handshake);
}

/* Judges as much of the header as is there. NULL: nothing against it. */
static const char *
objection(const struct guard *g, struct slice in)
{
	size_t length;

	if (in.len > 0 && (in.ptr[0] < RECORD_FIRST || in.ptr[0] > RECORD_LAST))
		return "not a TLS record";
	if (in.len > 1 && in.ptr[1] != 3)
		return "TLS record of an unknown version";
	/* RFC 8446 section 5.1: only hellos may have another one than 3.3. */
	if (in.len > 2 && in.ptr[2] != 3 && !g->handshake)
		return "TLS record of an unknown version";
	if (in.len < GUARD_HEADER)
		return NULL;
	length = (size_t)(in.ptr[3] << 8 | in.ptr[4]);
	if (length == 0)
		return "empty TLS record";
	if (length > GUARD_RECORD_MAX)
		return "TLS record too long";
	return too_short(g, in.ptr[0], length) ? "TLS record too short" : NULL;
}

enum guard_verdict
guard_next(struct guard *g, struct slice in, size_t *len, const char **why)
{
	const char *bad = objection(g, in);
	size_t length;

	if (bad) {
		*why = bad;
		return GUARD_BAD;
	}
	if (in.len < GUARD_HEADER)
		return GUARD_MORE;
	length = (size_t)(in.ptr[3] << 8 | in.ptr[4]);
	if (in.len - GUARD_HEADER < length)
		return GUARD_MORE;
	if (in.ptr[0] == RECORD_ALERT && length == ALERT_LENGTH) {
		g->alert_level = in.ptr[GUARD_HEADER];
		g->alert_description = in.ptr[GUARD_HEADER + 1];
	}
	*len = GUARD_HEADER + length;
	return GUARD_RECORD;
}

const char *
guard_weigh(struct guard *g, size_t length, size_t text)
{
	size_t weight = (text > 0 ? text : length) / WEIGHT + 1;
	size_t relief = weight < g->silence ? weight : g->silence;

	assert(length <= GUARD_HEADER + GUARD_RECORD_MAX);
	if (text > 0)
		g->silence = (uint16_t)(g->silence - relief);
	else if (g->silence <= SILENCE_MOST)
		g->silence = (uint16_t)(g->silence + weight);
	return g->silence > SILENCE_MOST ? "too many TLS records without text"
					 : NULL;
}
