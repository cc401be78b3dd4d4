/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_scan.c - any bytes as a client's command.
 *
 * However the bytes are cut up, the events come at the same places with the
 * same literals, and what is held reaches back to where a literal's "{" or a
 * line's CR stands.
 */
#include "imap/scan.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define REQUIRE(condition) ((condition) ? (void)0 : abort())

enum { EVENTS = 64 };

struct outcome {
	size_t count;
	struct {
		enum scan_event event;
		size_t at;
		uint64_t literal;
		bool nonsync, binary;
	} events[EVENTS];
};

static void
check_held(const struct scan *s, struct slice in, size_t at)
{
	REQUIRE(s->held <= at && s->held <= 30);
	if (s->held > 0)
		REQUIRE(in.ptr[at - s->held] == '{' ||
			in.ptr[at - s->held] == '\r');
	else if (at > 0)
		REQUIRE(in.ptr[at - 1] != '\r');
}

/* Gives `step` bytes at a time; literals of up to the rest are skipped. */
static void
run(struct slice in, size_t step, struct outcome *o)
{
	struct scan s;
	size_t at = 0, used, n;

	o->count = 0;
	scan_init(&s, 19);
	while (at < in.len && o->count < EVENTS) {
		struct slice piece = slice_head(slice_skip(in, at), step);
		unsigned char *copy = malloc(piece.len);
		enum scan_event e;

		REQUIRE(copy);
		memcpy(copy, piece.ptr, piece.len);
		e = scan_next(&s, slice_of(copy, piece.len), &used);
		free(copy);
		REQUIRE(used <= piece.len);
		REQUIRE(e != SCAN_MORE || used == piece.len);
		at += used;
		if (e == SCAN_MORE) {
			check_held(&s, in, at);
			continue;
		}
		n = o->count++;
		o->events[n].event = e;
		o->events[n].at = at;
		o->events[n].literal = e == SCAN_LITERAL ? s.literal : 0;
		o->events[n].nonsync = e == SCAN_LITERAL && s.nonsync;
		o->events[n].binary = e == SCAN_LITERAL && s.binary;
		if (e == SCAN_BAD)
			return;
		REQUIRE(in.ptr[at - 1] == '\n' && in.ptr[at - 2] == '\r');
		if (e == SCAN_END) {
			scan_init(&s, 19);
			continue;
		}
		at += s.literal < in.len - at ? (size_t)s.literal : in.len - at;
		scan_after_literal(&s);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = slice_of(data, size);
	static struct outcome whole, cut;

	run(in, size ? size : 1, &whole);
	for (size_t step = 1; step <= 7; step += 3) {
		run(in, step, &cut);
		REQUIRE(cut.count == whole.count);
		for (size_t i = 0; i < whole.count; i++) {
			REQUIRE(cut.events[i].event == whole.events[i].event);
			REQUIRE(cut.events[i].at == whole.events[i].at);
			REQUIRE(cut.events[i].literal ==
				whole.events[i].literal);
			REQUIRE(cut.events[i].nonsync ==
				whole.events[i].nonsync);
			REQUIRE(cut.events[i].binary == whole.events[i].binary);
		}
	}
	return 0;
}
