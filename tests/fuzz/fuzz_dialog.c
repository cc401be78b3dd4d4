/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_dialog.c - any client and any backend, speaking in turns.
 *
 * Input: one byte of flags, then turns: a byte whose high bit says who speaks
 * and whose low bits how many bytes follow. The bytes that reach either side
 * are the same however each turn is cut up, and so is the summary; no more
 * passes than was given; replies come at response boundaries only; nothing
 * moves after the end.
 */
#include "imap/capability.h"
#include "imap/dialog.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define REQUIRE(condition) ((condition) ? (void)0 : abort())

enum { ROOM = 64 * 1024 };

struct text {
	unsigned char bytes[ROOM];
	size_t len;
};

struct run {
	struct dialog d;
	struct text pending[2]; /* from client, from backend */
	struct text out[2];     /* to client, to backend */
	struct text watched;
	bool ended;
};

static void
add(struct text *t, const void *bytes, size_t n)
{
	REQUIRE(n <= ROOM - t->len);
	memcpy(t->bytes + t->len, bytes, n);
	t->len += n;
}

static bool
move(struct run *r, bool client)
{
	struct text *from = &r->pending[client ? 0 : 1];
	struct text *to = &r->out[client ? 1 : 0];
	unsigned char *copy = malloc(from->len + 1);
	char text[REPLY_MAX];
	struct move m;

	REQUIRE(copy);
	memcpy(copy, from->bytes, from->len);
	(client ? dialog_client : dialog_server)(&r->d,
						 slice_of(copy, from->len), &m);
	REQUIRE(m.n <= from->len);
	if (m.kind == MOVE_PASS) {
		REQUIRE(m.n > 0);
		add(to, copy, m.n);
	} else if (m.kind == MOVE_PUT) {
		add(to, m.text.ptr, m.text.len);
	} else if (m.kind == MOVE_REPLY) {
		REQUIRE(client && dialog_boundary(&r->d));
		add(&r->out[0], text, reply_format(m.reply, m.tag, text));
	}
	if (m.watch & WATCH_FIRST)
		r->watched.len = 0;
	if (m.watch && m.kind == MOVE_PUT)
		add(&r->watched, m.text.ptr, m.text.len);
	else if (m.watch)
		add(&r->watched, copy, m.n);
	free(copy);
	if (m.kind == MOVE_WAIT)
		return false;
	if (m.kind == MOVE_END) {
		r->ended = true;
		return false;
	}
	memmove(from->bytes, from->bytes + m.n, from->len - m.n);
	from->len -= m.n;
	return true;
}

static void
give(struct run *r, bool client, struct slice bytes, size_t step)
{
	while (bytes.len > 0 && !r->ended) {
		struct slice piece = slice_head(bytes, step);

		add(&r->pending[client ? 0 : 1], piece.ptr, piece.len);
		while (!r->ended && (move(r, true) || move(r, false)))
			;
		bytes = slice_skip(bytes, piece.len);
	}
}

static void
play(struct run *r, struct slice in, size_t step)
{
	memset(r, 0, sizeof *r);
	dialog_init(&r->d, (in.ptr[0] & 1 ? CAP_LITERAL_PLUS : 0) |
			       (in.ptr[0] & 2 ? CAP_LITERAL_MINUS : 0) |
			       (in.ptr[0] & 4 ? CAP_BINARY : 0));
	in = slice_skip(in, 1);
	while (in.len > 1) {
		struct slice turn =
		    slice_head(slice_skip(in, 1), in.ptr[0] & 127);

		give(r, in.ptr[0] < 128, turn, step);
		in = slice_skip(in, 1 + turn.len);
	}
	if (r->ended) {
		struct move m;

		dialog_client(&r->d, SLICE("a NOOP\r\n"), &m);
		REQUIRE(m.kind == MOVE_END);
		dialog_server(&r->d, SLICE("* OK\r\n"), &m);
		REQUIRE(m.kind == MOVE_END);
	}
}

static void
require_same(const struct run *a, const struct run *b)
{
	const struct summary *x = &a->d.summary, *y = &b->d.summary;
	uint64_t verbs = 0;

	for (int i = 0; i < 2; i++) {
		REQUIRE(a->out[i].len == b->out[i].len);
		REQUIRE(memcmp(a->out[i].bytes, b->out[i].bytes,
			       a->out[i].len) == 0);
	}
	for (unsigned v = 0; v < VERB_COUNT; v++)
		verbs += x->verbs[v];
	REQUIRE(verbs <= a->d.commands);
	REQUIRE(memcmp(x->verbs, y->verbs, sizeof x->verbs) == 0);
	REQUIRE(x->opened == y->opened && x->fetched == y->fetched &&
		x->fetch_responses == y->fetch_responses &&
		x->fetched_bytes == y->fetched_bytes &&
		x->appended == y->appended &&
		x->appended_bytes == y->appended_bytes &&
		x->expunged == y->expunged);
	REQUIRE(a->watched.len == b->watched.len);
	REQUIRE(memcmp(a->watched.bytes, b->watched.bytes, a->watched.len) ==
		0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct run whole, cut;

	if (size < 2 || size > 8192)
		return 0;
	play(&whole, slice_of(data, size), 128);
	for (size_t step = 1; step <= 5; step += 2) {
		play(&cut, slice_of(data, size), step);
		REQUIRE(cut.ended == whole.ended);
		/* How far a lost line went before is a matter of its pieces. */
		if (!whole.ended)
			require_same(&cut, &whole);
	}
	return 0;
}
