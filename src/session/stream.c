/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stream.c - one side's bytes: from the edge to plain text and back.
 */
#include "session/session.h"

#include "base/clock.h"
#include "base/wipe.h"

#include <stdlib.h>
#include <string.h>

enum {
	/* One read of a client decrypted, and what was waiting. */
	PLAIN_SCRATCH = CLIENT_READ + 16 * 1024,
	/* One read encrypted, what was waiting, and text of our own. */
	OUT_SCRATCH = WORKSPACE_READ + PLAIN_MOST + 32 * 1024,
	DIRECT = 2048 /* a plain leg sends from this size without copying */
};

/* This step's bytes for one side are collected in scratch memory. */
struct buf *
leg_out(struct session *s, enum side side)
{
	struct buf *out = &s->legs[side].out;

	if (!out->mem)
		buf_lend(out, s->work->out[side], OUT_SCRATCH, 0);
	return out;
}

static void
leg_write(struct session *s, enum side side, struct slice bytes)
{
	struct leg *leg = &s->legs[side];
	bool began = leg->waiting == 0;

	if (began)
		leg->moved_at = s->now;
	leg->written += bytes.len;
	leg->waiting = s->work->ops->write(s, side, bytes);
	if (began && leg->waiting > 0)
		leg->taken = leg->written - s->work->ops->untaken(s, side);
}

struct workspace *
workspace_new(const struct edge_ops *ops, struct defence *d,
	      const unsigned char seed[HASH_KEY])
{
	struct workspace *w = calloc(1, sizeof *w);

	if (!w)
		return NULL;
	w->ops = ops;
	w->defence = d;
	w->pool = pool_new();
	w->contexts = contexts_new(clock_wall_ms);
	w->read = malloc(WORKSPACE_READ);
	w->plain = malloc(PLAIN_SCRATCH);
	for (int i = 0; i < SIDES; i++)
		w->out[i] = malloc(OUT_SCRATCH);
	if (!w->pool || !w->contexts || !w->read || !w->plain ||
	    !w->out[SIDE_CLIENT] || !w->out[SIDE_BACKEND]) {
		workspace_free(w);
		return NULL;
	}
	memcpy(w->seed, seed, sizeof w->seed);
	flood_init(&w->flood, seed);
	return w;
}

uint64_t
workspace_draw(struct workspace *w)
{
	w->drawn++;
	return hash_keyed(w->seed, slice_of(&w->drawn, sizeof w->drawn));
}

void
workspace_free(struct workspace *w)
{
	if (!w)
		return;
	pool_free(w->pool);
	contexts_free(w->contexts);
	free(w->read);
	free(w->plain);
	for (int i = 0; i < SIDES; i++)
		free(w->out[i]);
	free(w);
}

unsigned char *
workspace_read_buffer(struct workspace *w)
{
	return w->read;
}

static_assert(HIGH_WATER < WORKSPACE_READ, "there is always room to read");

/* Mail comes down in big pieces; what still waits for the client is a part. */
size_t
session_room(const struct session *s, enum side side)
{
	size_t waiting = s->legs[SIDE_CLIENT].waiting;

	if (side == SIDE_CLIENT)
		return CLIENT_READ;
	return WORKSPACE_READ - (waiting < HIGH_WATER ? waiting : HIGH_WATER);
}

/* The step goes round once more, so that the session ends by it. */
static void
broken(struct session *s, struct leg *leg, enum err cause)
{
	leg->lost = true;
	leg->ended = true;
	leg->cause = cause;
	s->moved = true;
}

void
leg_received(struct session *s, enum side side, size_t n)
{
	struct workspace *w = s->work;
	struct leg *leg = &s->legs[side];
	struct buf *b = leg->encrypted ? &leg->in : &leg->plain;

	if (w->read_used < n)
		w->read_used = n;
	if (!leg->encrypted)
		leg->bytes_in += n;
	if (!b->mem)
		buf_lend(b, w->read, WORKSPACE_READ, n);
	else if (buf_append(b, w->pool, slice_of(w->read, n)) != ERR_OK)
		broken(s, leg, ERR_NOMEM);
}

void
leg_look(struct session *s, enum side side)
{
	struct leg *leg = &s->legs[side];
	size_t n = 0;
	enum io io = IO_WAIT;

	/* What waits is news enough; the buffer is its memory. */
	if (!leg->open || leg->lost || leg->ended || !buf_empty(&leg->in) ||
	    buf_settle(&leg->in, s->work->pool) != ERR_OK)
		return;
	io = s->work->ops->look(s, side, &n);
	if (io == IO_DONE)
		leg_received(s, side, n);
	else if (io == IO_EOF)
		leg->ended = true;
	else if (io == IO_FAIL)
		broken(s, leg, ERR_CLOSED);
}

void
leg_decrypt(struct session *s, enum side side, size_t most)
{
	struct workspace *w = s->work;
	struct leg *leg = &s->legs[side];
	size_t before = leg->plain.filled - leg->plain.sent;
	enum io io = IO_DONE;

	if (!leg->tls || leg->lost || buf_empty(&leg->in) ||
	    buf_uncleared(&leg->plain).len >= most)
		return;
	if (!leg->plain.mem)
		buf_lend(&leg->plain, w->plain, PLAIN_SCRATCH, 0);
	while (io == IO_DONE && buf_uncleared(&leg->plain).len < most)
		io = engine_read(leg->tls, &leg->in, &leg->plain,
				 most - buf_uncleared(&leg->plain).len,
				 leg_out(s, side), w->pool);
	if (leg->plain.lent && w->plain_used < leg->plain.filled)
		w->plain_used = leg->plain.filled;
	leg->bytes_in += leg->plain.filled - leg->plain.sent - before;
	if (io == IO_EOF)
		leg->ended = true;
	else if (io == IO_FAIL)
		broken(s, leg, ERR_PROTOCOL);
}

void
session_send(struct session *s, enum side side, struct slice bytes)
{
	struct workspace *w = s->work;
	struct leg *leg = &s->legs[side];
	enum err e;

	if (!leg->open || leg->lost || leg->finished || bytes.len == 0)
		return;
	leg->bytes_out += bytes.len;
	if (!leg->tls && bytes.len >= DIRECT) {
		leg_flush(s, side);
		leg_write(s, side, bytes);
		return;
	}
	if (leg->tls)
		e = engine_write(leg->tls, bytes, leg_out(s, side), w->pool);
	else
		e = buf_append(leg_out(s, side), w->pool, bytes);
	if (e != ERR_OK)
		broken(s, leg, e);
}

void
leg_flush(struct session *s, enum side side)
{
	struct leg *leg = &s->legs[side];
	struct slice all;
	enum err e;

	if (!leg->out.mem)
		return;
	all = slice_of(leg->out.mem + leg->out.sent,
		       leg->out.filled - leg->out.sent);
	if (all.len > 0 && leg->open)
		leg_write(s, side, all);
	if (s->secret)
		wipe(leg->out.mem, leg->out.filled);
	leg->out.sent = leg->out.cleared = leg->out.filled;
	e = buf_settle(&leg->out, s->work->pool);
	assert(e == ERR_OK); /* nothing is left to be moved */
}

void
leg_clear(struct session *s, enum side side)
{
	struct leg *leg = &s->legs[side];

	buf_drop(&leg->in, s->work->pool);
	buf_drop(&leg->plain, s->work->pool);
	buf_drop(&leg->out, s->work->pool);
	engine_free(leg->tls);
	leg->tls = NULL;
}
