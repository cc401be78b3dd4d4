/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_tunnel.c - a whole session inside TLS whose records are tampered with.
 *
 * Input: a byte of choices, then steps: the client writes commands and changes
 * its keys; somebody on its way cuts, reorders, repeats, drops, alters and
 * adds records.
 *
 * The backend gets the commands that arrived unharmed up to the first forged
 * record, and the session ends there. Before login the gate executes those and
 * no others.
 */
#include "tamper.h"

#include "session/world.h"
#include "unit/certs.h"

#include <wolfssl/options.h>
/* The options come first. */
#include <wolfssl/ssl.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REQUIRE(condition) ((condition) ? (void)0 : abort())

/* Commands of one size: where one begins follows from where it stands. */
#define COMMAND "t%06zu NOOP\r\n"
#define ANSWER  "t%06zu OK done\r\n"

enum { COMMAND_LEN = 14, ANSWER_LEN = 17, LOGGED_IN = 1, TLS_12 = 2 };

static struct tamper tamper;

struct tunnel {
	struct world world;
	struct tls_client *client;
	struct pool *pool;
	struct buf up, down;
	enum io client_io;
	bool tls12, logged_in;
	bool ready;     /* the way in is over */
	bool done;      /* the client wrote its last, or all we have room for */
	bool closed;    /* it said so */
	size_t said;    /* bytes of commands */
	size_t checked; /* ... found at the backend */
	size_t answered; /* commands that the backend answered */
	size_t heard;    /* bytes that the client got, handshake included */
	size_t login;    /* bytes to the backend before the first command */
	size_t updates;
};

/* Part of the commands without end that the client has to give. */
static struct slice
commands(size_t at, size_t n)
{
	static char text[8192];
	size_t first = at / COMMAND_LEN, len = 0;

	REQUIRE(n + 2 * COMMAND_LEN < sizeof text);
	for (size_t i = first; len < at % COMMAND_LEN + n; i++)
		len += (size_t)snprintf(text + len, sizeof text - len, COMMAND,
					i % 1000000);
	return slice_of(text + at % COMMAND_LEN, n);
}

/* What the client wrote begins its way. */
static void
send_off(struct tunnel *t, size_t brings)
{
	if (!t->done && tamper_written(&tamper, buf_uncleared(&t->up), brings))
		t->said += brings;
	else
		t->done = t->done || !buf_empty(&t->up);
	buf_drop(&t->up, t->pool);
}

/* The gate's records reach the client as they are. */
static void
client_takes(struct tunnel *t)
{
	struct slice all = world_seen(&t->world.to_client);

	REQUIRE(buf_append(&t->down, t->pool, slice_skip(all, t->heard)) ==
		ERR_OK);
	t->heard = all.len;
	if (t->client_io == IO_DONE || t->client_io == IO_WAIT)
		t->client_io =
		    tls_client_step(t->client, &t->down, &t->up, t->pool);
	buf_drop(&t->down, t->pool);
	send_off(t, 0);
}

/* The backend answers whatever it got. */
static void
backend_answers(struct tunnel *t)
{
	char answer[64];

	while (t->logged_in && !t->world.done &&
	       (t->answered + 1) * COMMAND_LEN <=
		   t->world.to_backend.len - t->login) {
		int n = snprintf(answer, sizeof answer, ANSWER,
				 t->answered++ % 1000000);

		world_backend(&t->world, slice_of(answer, (size_t)n));
	}
}

/* May it end? Not with an honest client on an honest way. */
static bool
may_end(const struct tunnel *t)
{
	return tamper_forged(&tamper) || t->closed || t->updates > 500 ||
	       (!t->logged_in && t->said > 20 * COMMAND_LEN);
}

static void
check_backend(struct tunnel *t, size_t most)
{
	struct slice got =
	    slice_skip(world_seen(&t->world.to_backend), t->login);

	REQUIRE(got.len <= most);
	REQUIRE(t->world.done || got.len >= most / COMMAND_LEN * COMMAND_LEN);
	while (t->checked < got.len) {
		struct slice part =
		    slice_head(slice_skip(got, t->checked), 4096);

		REQUIRE(slice_eq(part, commands(t->checked, part.len)));
		t->checked += part.len;
	}
}

static void
check(struct tunnel *t)
{
	size_t most = tamper_text(&tamper), n = t->world.session.commands;

	if (t->world.done)
		REQUIRE(may_end(t));
	else /* what comes behind a close_notify is not looked at */
		REQUIRE(!tamper_whole(&tamper) ||
			t->world.session.legs[SIDE_CLIENT].ended);
	if (t->logged_in) {
		check_backend(t, most);
	} else {
		REQUIRE(t->world.dials == 0);
		REQUIRE(n <= most / COMMAND_LEN);
		REQUIRE(t->world.done || n == most / COMMAND_LEN);
	}
}

static void
deliver(struct tunnel *t, size_t n)
{
	while (n > 0 && tamper.waiting_len > 0 && !t->world.done &&
	       t->world.reading[SIDE_CLIENT]) {
		struct slice part = tamper_deliver(&tamper, n);

		n -= part.len;
		world_client_raw(&t->world, part);
		backend_answers(t);
		if (t->ready)
			check(t);
		client_takes(t);
	}
}

/* ---- the way in, which nobody disturbs ---- */

static void
log_in(struct tunnel *t)
{
	struct world *w = &t->world;
	struct slice said;
	unsigned char answer[64];
	size_t n;

	tls_client_write(t->client, SLICE("a LOGIN bob secret12\r\n"), &t->up,
			 t->pool);
	send_off(t, 0);
	deliver(t, SIZE_MAX);
	REQUIRE(w->dialing);
	world_connected(w);
	world_backend(w, SLICE("* OK [CAPABILITY IMAP4rev1 SASL-IR "
			       "AUTH=PLAIN] ready\r\n"));
	said = world_seen(&w->to_backend);
	n = slice_find(said, ' ');
	REQUIRE(n == 16);
	memcpy(answer, said.ptr, n);
	memcpy(answer + n, " OK [CAPABILITY IMAP4rev1] in\r\n", 31);
	world_backend(w, slice_of(answer, n + 31));
	REQUIRE(session_authenticated(&w->session));
	client_takes(t);
	t->login = w->to_backend.len;
	t->logged_in = true;
}

static void
begin(struct tunnel *t, unsigned choices)
{
	static const size_t pieces[] = {0, 1, 3, 1000};

	memset(t, 0, sizeof *t);
	tamper_begin(&tamper);
	world_begin(&t->world, DOOR_RAW, pieces[choices >> 2 & 3], NULL, 1);
	t->pool = pool_new();
	REQUIRE(t->pool);
	t->tls12 = choices & TLS_12;
	t->client = tls_client_new(CERTS_HOST, "imap",
				   t->tls12 ? TLS_VERSION_12 : TLS_VERSION_13);
	tls_client_group(t->client, WOLFSSL_ECC_X25519);
	t->client_io = IO_WAIT;
	client_takes(t);
	deliver(t, SIZE_MAX);
	REQUIRE(t->client_io == IO_DONE);
	if (choices & LOGGED_IN)
		log_in(t);
	t->ready = true;
}

static void
end(struct tunnel *t)
{
	world_end(&t->world);
	tls_client_free(t->client);
	buf_drop(&t->up, t->pool);
	buf_drop(&t->down, t->pool);
	pool_free(t->pool);
}

/* ---- the steps ---- */

static void
client_says(struct tunnel *t, size_t n)
{
	tls_client_write(t->client, commands(t->said, n), &t->up, t->pool);
	send_off(t, n);
}

static void
client_updates(struct tunnel *t, unsigned n)
{
	for (; n > 0 && !t->done && !t->tls12; n--) {
		t->updates++;
		tls_client_update_keys(t->client, &t->up, t->pool);
		send_off(t, 0);
	}
}

static void
client_closes(struct tunnel *t)
{
	tls_client_close(t->client, &t->up, t->pool);
	send_off(t, 0);
	t->done = t->closed = true;
}

static void
step(struct tunnel *t, struct slice *in)
{
	unsigned what = tamper_next(in) % 9;
	bool can = t->client_io == IO_DONE && !t->done;

	if (what == 0)
		deliver(t, tamper_next(in) + 1);
	else if (what == 1)
		deliver(t, tamper_span(&tamper, tamper_next(in)));
	else if (what == 2)
		deliver(t, SIZE_MAX);
	else if (what < 5)
		tamper_meddle(&tamper, in);
	else if (what == 5 && t->logged_in && !t->world.done)
		world_backend(&t->world, SLICE("* 1 EXISTS\r\n"));
	else if (what == 6 && can)
		client_says(t, tamper_next(in) * 8 + 1);
	else if (what == 7 && can)
		client_updates(t, tamper_next(in));
	else if (what == 8 && can)
		client_closes(t);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct tunnel t;
	struct slice in = slice_of(data, size);

	begin(&t, tamper_next(&in));
	while (in.len > 0 && !t.world.done)
		step(&t, &in);
	end(&t);
	return 0;
}
