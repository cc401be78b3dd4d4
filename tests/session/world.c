/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "world.h"

#include "session/backends.h"
#include "unit/certs.h"
#include "unit/lines.h"
#include "unit/shelves.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define YAML                                                                   \
	"listeners:\n"                                                         \
	"  - name: imaps\n    address: \"*\"\n    port: 993\n"                 \
	"    mode: implicit\n"                                                 \
	"  - name: imap\n    address: \"*\"\n    port: 143\n"                  \
	"    mode: starttls\n    plaintext_networks: [ 192.0.2.0/24 ]\n"       \
	"certificates:\n  - chain: /c.pem\n    key: /k.pem\n"                  \
	"backends:\n"                                                          \
	"  - name: one\n    address: 127.0.0.1\n    port: 1143\n"
#define SECOND "  - name: two\n    address: 127.0.0.2\n    port: 1143\n"

static struct world *
world_of(struct session *s)
{
	return (struct world *)(void *)s;
}

static void
add(struct world_text *t, struct slice s)
{
	if (t->cap - t->len < s.len + 1) {
		t->cap = (t->len + s.len + 1) * 2;
		t->bytes = realloc(t->bytes, t->cap);
		assert(t->bytes);
	}
	if (s.len > 0)
		memcpy(t->bytes + t->len, s.ptr, s.len);
	t->len += s.len;
	t->bytes[t->len] = '\0';
}

struct slice
world_seen(const struct world_text *t)
{
	return t->bytes ? slice_of(t->bytes, t->len) : SLICE_EMPTY;
}

void
world_forget(struct world_text *t, size_t n)
{
	assert(n <= t->len);
	if (n > 0)
		memmove(t->bytes, t->bytes + n, t->len - n + 1);
	t->len -= n;
}

bool
world_holds(const struct world_text *t, const char *text)
{
	return t->len > 0 &&
	       memmem(t->bytes, t->len, text, strlen(text)) != NULL;
}

/* ---- the edge ---- */

static void
deliver(struct world *w, enum side side, struct slice bytes)
{
	if (side == SIDE_BACKEND) {
		add(&w->to_backend, bytes);
		return;
	}
	add(&w->raw, bytes);
	if (!w->tls) {
		add(&w->to_client, bytes);
		return;
	}
	assert(buf_append(&w->wire_in, w->pool, bytes) == ERR_OK);
}

static bool
edge_admit(struct session *s)
{
	return !world_of(s)->full;
}

static bool
edge_turn(struct session *s)
{
	struct world *w = world_of(s);

	w->turns_asked++;
	return !w->busy;
}

static size_t
edge_write(struct session *s, enum side side, struct slice bytes)
{
	struct world *w = world_of(s);

	assert(w->open[side] && !w->finished[side] && bytes.len > 0);
	if (w->stalled[side]) {
		w->took[side] += bytes.len;
		return w->took[side];
	}
	deliver(w, side, bytes);
	return 0;
}

/* A stalled side takes nothing, any other everything. */
static size_t
edge_untaken(struct session *s, enum side side)
{
	return world_of(s)->took[side];
}

static void
edge_interest(struct session *s, enum side side, bool read)
{
	struct world *w = world_of(s);

	assert(w->open[side]);
	w->reading[side] = read;
}

static enum io
edge_look(struct session *s, enum side side, size_t *n)
{
	struct world *w = world_of(s);
	size_t len = w->arrived.len;

	assert(side == SIDE_CLIENT && w->open[side] && len < WORKSPACE_READ);
	if (len == 0)
		return IO_WAIT;
	memcpy(workspace_read_buffer(w->work), w->arrived.bytes, len);
	w->arrived.len = 0;
	*n = len;
	return IO_DONE;
}

static void
edge_connect(struct session *s, size_t index)
{
	struct world *w = world_of(s);

	assert(!w->open[SIDE_BACKEND]);
	w->open[SIDE_BACKEND] = true;
	w->finished[SIDE_BACKEND] = false;
	w->dialing = true;
	w->dialed = index;
	w->dials++;
}

static void
edge_finish(struct session *s, enum side side)
{
	struct world *w = world_of(s);

	assert(w->open[side] && !w->finished[side]);
	w->finished[side] = true;
}

static void
edge_close(struct session *s, enum side side, uint64_t linger)
{
	struct world *w = world_of(s);

	assert(w->open[side]);
	w->open[side] = w->reading[side] = w->dialing = false;
	w->took[side] = 0;
	if (side == SIDE_CLIENT)
		w->linger = linger;
}

static void
edge_done(struct session *s)
{
	struct world *w = world_of(s);

	assert(!w->done && !w->open[SIDE_CLIENT] && !w->open[SIDE_BACKEND]);
	w->done = true;
}

static bool
edge_recorded(struct session *s)
{
	return !world_of(s)->unrecorded;
}

static void
edge_event(struct session *s, struct slice line)
{
	struct world *w = world_of(s);
	char why[LINES_WHY];

	if (!line_fits(line, why)) {
		fprintf(stderr, "%s: %.*s", why, (int)line.len,
			(const char *)line.ptr);
		abort();
	}
	add(&w->events, line);
	if (w->on_event)
		w->on_event(w, line);
}

static void
edge_deadline(struct session *s, uint64_t at)
{
	world_of(s)->alarm = at;
}

static const struct edge_ops ops = {
    .admit = edge_admit,
    .turn = edge_turn,
    .write = edge_write,
    .untaken = edge_untaken,
    .interest = edge_interest,
    .look = edge_look,
    .connect = edge_connect,
    .finish = edge_finish,
    .close = edge_close,
    .done = edge_done,
    .recorded = edge_recorded,
    .event = edge_event,
    .deadline = edge_deadline,
};

/* ---- moving bytes ---- */

static void
client_tls_step(struct world *w)
{
	enum io io;

	if (!w->tls)
		return;
	io = tls_client_step(w->tls, &w->wire_in, &w->wire_out, w->pool);
	w->closed_notify = w->closed_notify || io == IO_EOF;
	w->tls_broken = w->tls_broken || io == IO_FAIL;
	add(&w->to_client, tls_client_text(w->tls));
	tls_client_forget(w->tls);
}

void
world_step(struct world *w)
{
	if (!w->done)
		session_step(&w->session, w->now, w->wall + w->now);
	/* Nothing outlives a step in memory that was lent for it. */
	for (int i = 0; i < SIDES; i++) {
		assert(!w->session.legs[i].in.lent);
		assert(!w->session.legs[i].plain.lent);
		assert(!w->session.legs[i].out.mem);
	}
}

static void
receive(struct world *w, enum side side, struct slice bytes)
{
	unsigned dials = w->dials;

	/* What a backend says ends with its connection. */
	while (bytes.len > 0 && w->open[side] && !w->done &&
	       (side == SIDE_CLIENT || w->dials == dials)) {
		size_t n =
		    w->piece && w->piece < bytes.len ? w->piece : bytes.len;

		if (n > session_room(&w->session, side))
			n = session_room(&w->session, side);
		memcpy(workspace_read_buffer(w->work), bytes.ptr, n);
		session_received(&w->session, side, n);
		world_step(w);
		bytes = slice_skip(bytes, n);
	}
}

/* The records of a flight, which must be in clear, in smaller ones. */
static void
cut_flight(struct world_text *out, size_t each)
{
	struct world_text cut = {0};

	for (struct slice in = world_seen(out), part; in.len > 0;) {
		size_t n = (size_t)in.ptr[3] << 8 | in.ptr[4];
		struct slice record = slice_head(slice_skip(in, 5), n);

		while (record.len > 0) {
			unsigned char header[5] = {in.ptr[0], 3, 1};

			part = slice_head(record, each);
			header[3] = (unsigned char)(part.len >> 8);
			header[4] = (unsigned char)part.len;
			add(&cut, slice_of(header, sizeof header));
			add(&cut, part);
			record = slice_skip(record, part.len);
		}
		in = slice_skip(in, 5 + n);
	}
	free(out->bytes);
	*out = cut;
}

/* Carries TLS records between client and gate until both are quiet. */
static void
exchange(struct world *w)
{
	do {
		struct world_text out = {0};

		client_tls_step(w);
		if (buf_empty(&w->wire_out) || w->full)
			break;
		add(&out, slice_of(w->wire_out.mem + w->wire_out.sent,
				   w->wire_out.filled - w->wire_out.sent));
		buf_drop(&w->wire_out, w->pool);
		if (w->cut > 0)
			cut_flight(&out, w->cut);
		w->cut = 0;
		receive(w, SIDE_CLIENT, world_seen(&out));
		free(out.bytes);
	} while (true);
}

void
world_client_raw(struct world *w, struct slice bytes)
{
	receive(w, SIDE_CLIENT, bytes);
	exchange(w);
}

void
world_client(struct world *w, struct slice bytes)
{
	if (w->tls) {
		tls_client_write(w->tls, bytes, &w->wire_out, w->pool);
		exchange(w);
	} else {
		receive(w, SIDE_CLIENT, bytes);
	}
}

void
world_backend(struct world *w, struct slice bytes)
{
	receive(w, SIDE_BACKEND, bytes);
	exchange(w);
}

void
world_starttls(struct world *w)
{
	w->tls = tls_client_new(CERTS_HOST, "imap", TLS_VERSION_NONE);
	assert(w->tls);
	exchange(w);
}

void
world_client_close(struct world *w)
{
	if (w->tls) {
		tls_client_close(w->tls, &w->wire_out, w->pool);
		exchange(w);
	}
	world_ended(w, SIDE_CLIENT);
}

void
world_connected(struct world *w)
{
	struct address at;
	enum err e = address_parse(SLICE("127.0.0.1"), &at);

	assert(w->dialing && e == ERR_OK);
	w->dialing = false;
	session_connected(&w->session, &at);
	world_step(w);
	exchange(w);
}

void
world_ended(struct world *w, enum side side)
{
	if (w->open[side]) {
		session_ended(&w->session, side);
		world_step(w);
		exchange(w);
	}
}

void
world_lost(struct world *w, enum side side, enum err cause)
{
	if (w->open[side]) {
		session_lost(&w->session, side, cause);
		world_step(w);
		exchange(w);
	}
}

void
world_admit(struct world *w)
{
	w->full = w->busy = false;
	world_step(w);
	exchange(w);
}

void
world_drain(struct world *w)
{
	session_drain(&w->session);
	world_step(w);
	exchange(w);
}

void
world_wait(struct world *w, uint64_t ms)
{
	uint64_t end = w->now + ms;

	while (!w->done && w->alarm <= end) {
		assert(w->alarm >= w->now || w->alarm == 0);
		w->now = w->alarm > w->now ? w->alarm : w->now;
		w->alarm = UINT64_MAX;
		world_step(w);
		exchange(w);
	}
	w->now = end;
}

void
world_unstall(struct world *w, enum side side)
{
	w->stalled[side] = false;
	w->took[side] = 0;
	session_sent(&w->session, side, 0);
	world_step(w);
	exchange(w);
}

/* ---- begin and end ---- */

/* Most worlds want the same configuration: it is built once. */
static struct snapshot *usual;

static void
forget_usual(void)
{
	snapshot_unref(usual);
}

static struct snapshot *
build(const char *yaml, unsigned backends)
{
	struct world_text text = {0};
	struct snapshot_fault fault = {{0}};
	static struct slice shelf; /* the same for all */
	static const enum certs_kind kinds[] = {CERTS_EC};
	struct snapshot_source src = {.yaml_path = "test.yaml"};
	struct snapshot *out = NULL;

	add(&text, SLICE(YAML));
	if (backends > 1)
		add(&text, SLICE(SECOND));
	if (yaml)
		add(&text, slice_str(yaml));
	src.yaml = world_seen(&text);
	if (!shelf.ptr)
		shelf = shelves_of(kinds, 1);
	src.shelf = shelf;
	if (snapshot_build(&src, &out, &fault) != ERR_OK) {
		(void)fprintf(stderr, "%s\n", fault.text);
		abort();
	}
	free(text.bytes);
	return out;
}

void
world_begin(struct world *w, enum door door, size_t piece, const char *yaml,
	    unsigned backends)
{
	world_begin_early(w, door, piece, yaml, backends, SLICE_EMPTY);
}

void
world_begin_early(struct world *w, enum door door, size_t piece,
		  const char *yaml, unsigned backends, struct slice early)
{
	static const unsigned char seed[HASH_KEY] = "sixteen letters";
	struct session_peer peer = {.port = 50000, .exempt = w->exempt};
	const char *from = w->from              ? w->from
			   : door == DOOR_PLAIN ? "192.0.2.7"
						: "198.51.100.7";
	enum err e;

	*w = (struct world){.full = w->full,
			    .busy = w->busy,
			    .cut = w->cut,
			    .shared = w->shared,
			    .from = w->from,
			    .exempt = w->exempt,
			    .later = w->later};
	e = tls_library_init();
	assert(e == ERR_OK);
	w->now = 1000 + w->later;
	w->wall = UINT64_C(1795305600000);
	w->alarm = UINT64_MAX;
	w->piece = piece;
	add(&w->arrived, early);
	w->pool = pool_new();
	w->defence = w->shared ? w->shared : defence_new(TALLY_MEMORY_LEAST);
	w->work = workspace_new(&ops, w->defence, seed);
	if (!yaml && backends == 1) {
		if (!usual) {
			usual = build(NULL, 1);
			(void)atexit(forget_usual);
		}
		w->snapshot = usual;
	} else {
		w->snapshot = w->own = build(yaml, backends);
	}
	assert(w->pool && w->work && w->defence);
	for (size_t i = 0; i < backends; i++)
		backends_forget(
		    &policy_settings(w->snapshot->policy)->backends[i]);
	w->open[SIDE_CLIENT] = true;
	peer.listener = door == DOOR_STARTTLS || door == DOOR_PLAIN ? 1 : 0;
	e = address_parse(slice_str(from), &peer.address);
	assert(e == ERR_OK);
	if (door == DOOR_TLS || door == DOOR_STRANGER)
		w->tls = tls_client_new(CERTS_HOST, "imap", TLS_VERSION_NONE);
	if (door == DOOR_STRANGER)
		tls_client_distrust(w->tls);
	e = session_init(&w->session, w->work, w->snapshot, &peer, w->now,
			 w->wall);
	assert(e == ERR_OK);
	world_step(w);
	exchange(w);
}

void
world_end(struct world *w)
{
	session_clear(&w->session);
	snapshot_unref(w->own);
	assert(pool_lent(w->work->pool) == 0);
	workspace_free(w->work);
	if (!w->shared)
		defence_free(w->defence);
	tls_client_free(w->tls);
	buf_drop(&w->wire_in, w->pool);
	buf_drop(&w->wire_out, w->pool);
	pool_free(w->pool);
	free(w->to_client.bytes);
	free(w->to_backend.bytes);
	free(w->raw.bytes);
	free(w->events.bytes);
	free(w->arrived.bytes);
}
