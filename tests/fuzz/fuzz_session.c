/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_session.c - a whole session in memory: any client, any backend.
 *
 * Input: turns. A byte below 0x60 says that so many bytes of the client
 * follow, below 0xC0 that so many (less 0x60) of the backend; in those "$T"
 * stands for the gate's own tag. The rest are happenings: connected, refused,
 * ends, resets, time, shutting down.
 *
 * However the bytes are cut up, the backend gets the same; a password of the
 * client never shows in an event, unless it is a name too; nothing outlives
 * the session (world.c).
 */
#include "session/world.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define REQUIRE(condition) ((condition) ? (void)0 : abort())

/* Inputs that hold it must not make it show up in an event. */
#define PASSWORD "hunter2secret"

enum { HAPPENINGS = 0xC0 };

static size_t
count(struct slice text)
{
	struct slice secret = SLICE(PASSWORD);
	size_t n = 0;

	for (; text.len >= secret.len; text = slice_skip(text, 1))
		n += slice_eq(slice_head(text, secret.len), secret);
	return n;
}

/* Who is called by the word is told by name, once; else no event holds it. */
static void
check_event(struct world *w, struct slice line)
{
	const struct session *s = &w->session;
	size_t named = 0, summary = line.len;

	if (s->attempt)
		named += count(s->attempt->name) +
			 count(s->attempt->identity.authzid);
	if (s->user)
		named += count(slice_str(s->user));
	if (s->agent)
		named += count(slice_str(s->agent));
	/* Names of mailboxes, and what ID says, stand in the summary alone. */
	for (size_t i = 0; i < line.len && summary == line.len; i++)
		if (slice_istarts(slice_skip(line, i),
				  SLICE("\"imapward.logout\"")))
			summary = i;
	REQUIRE(count(slice_head(line, summary)) <= named);
	REQUIRE(count(slice_skip(line, summary)) == 0 || s->agent || s->diary);
}

static void
from_backend(struct world *w, struct slice bytes)
{
	unsigned char text[512];
	struct slice seen = world_seen(&w->to_backend);
	size_t n = 0, from = seen.len;

	/* The newest line that begins with the gate's tag. */
	while (from > 0 && !(seen.ptr[from - 1] == 'W' &&
			     (from == 1 || seen.ptr[from - 2] == '\n') &&
			     seen.len - from >= 15))
		from--;
	for (size_t i = 0; i < bytes.len && n < sizeof text - 20; i++) {
		if (from > 0 && i + 1 < bytes.len && bytes.ptr[i] == '$' &&
		    bytes.ptr[i + 1] == 'T') {
			memcpy(text + n, seen.ptr + from - 1, 16);
			n += 16;
			i++;
		} else {
			text[n++] = bytes.ptr[i];
		}
	}
	world_backend(w, slice_of(text, n));
}

static void
happen(struct world *w, unsigned what)
{
	switch (what % 8) {
	case 0:
	case 1:
		if (w->dialing)
			world_connected(w);
		break;
	case 2:
		if (w->dialing)
			world_lost(w, SIDE_BACKEND, ERR_REFUSED);
		break;
	case 3:
		world_ended(w, SIDE_CLIENT);
		break;
	case 4:
		if (!w->dialing)
			world_ended(w, SIDE_BACKEND);
		break;
	case 5:
		world_lost(w, what & 8 ? SIDE_CLIENT : SIDE_BACKEND,
			   ERR_CLOSED);
		break;
	case 6:
		world_wait(w, what & 8 ? 100 : 30000);
		break;
	case 7:
	default:
		if (what & 8)
			world_drain(w);
		break;
	}
}

static void
play(struct world *w, struct slice in, size_t piece)
{
	world_begin(w, DOOR_PLAIN, piece, NULL, 1);
	w->on_event = check_event;
	while (in.len > 0 && !w->done) {
		unsigned what = in.ptr[0];
		size_t n = what < 0x60 ? what : what - 0x60u;
		struct slice bytes;

		in = slice_skip(in, 1);
		if (what >= HAPPENINGS) {
			happen(w, what);
			continue;
		}
		bytes = slice_head(in, n);
		in = slice_skip(in, bytes.len);
		if (what < 0x60)
			world_client(w, bytes);
		else if (!w->dialing)
			from_backend(w, bytes);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world whole, cut;
	struct slice in = slice_of(data, size);

	if (size > 4096)
		return 0;
	play(&whole, in, 0);
	play(&cut, in, 1);
	if (!whole.done && !cut.done)
		REQUIRE(slice_eq(world_seen(&whole.to_backend),
				 world_seen(&cut.to_backend)));
	world_end(&whole);
	world_end(&cut);
	return 0;
}
