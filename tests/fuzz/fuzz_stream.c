/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_stream.c - a client's records, on a way that nobody guards.
 *
 * Input: a byte of choices, then steps: client and engine write, the client
 * changes its keys or seals what no client sends; somebody between them cuts,
 * reorders, repeats, drops, alters and adds records.
 *
 * The engine decrypts what came as it was sent, in order, up to the first
 * forged record, and nothing else; there it fails. After a failure it neither
 * reads nor writes. What it writes and keeps is bounded by what it was given.
 */
#include "tamper.h"

#include "tls/engine.h"
#include "unit/certs.h"
#include "unit/stand.h"
#include "unit/tls_client.h"

#include <wolfssl/options.h>
/* The options come first. */
#include <wolfssl/ssl.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define REQUIRE(condition) ((condition) ? (void)0 : abort())

enum {
	BY_HAND = 0x04,     /* the handshake's records may be touched too */
	HEAP_MOST = 1 << 20 /* for all of a connection, both its ends */
};

/* Present when a sanitizer is linked in. */
__attribute__((weak)) size_t __sanitizer_get_current_allocated_bytes(void);

static struct stand *stand;
static struct tamper tamper;

struct duo {
	struct pool *pool;
	struct engine *engine;
	struct tls_client *client;
	struct buf up, in, plain, out; /* from the client ... to the client */
	enum io engine_io, client_io;
	bool open;      /* the engine's handshake is complete */
	bool loose;     /* ... but not with the records that were written */
	bool dishonest; /* the client seals what no client sends */
	bool done;      /* the client wrote its last, or all we have room for */
	bool closed;    /* the engine did */
	unsigned updates;
	size_t said, heard;       /* text of the client, and what came of it */
	size_t answered, written; /* text of the engine, and all of its bytes */
};

/* What stands at one place of either text. */
static unsigned char
letter(size_t at)
{
	return (unsigned char)(at * 7 + at / 251);
}

static struct slice
text(size_t at, size_t n)
{
	static unsigned char bytes[16384];

	for (size_t i = 0; i < n; i++)
		bytes[i] = letter(at + i);
	return slice_of(bytes, n);
}

/* What the client wrote stands in p->up: its way begins. */
static void
send_off(struct duo *p, size_t brings)
{
	if (!p->done && tamper_written(&tamper, buf_uncleared(&p->up), brings))
		p->said += brings;
	else
		p->done = p->done || !buf_empty(&p->up);
	buf_drop(&p->up, p->pool);
}

/* The engine's words reach the client as they are. */
static void
client_takes(struct duo *p)
{
	struct slice got;

	p->written += p->out.filled - p->out.sent;
	if (p->client_io == IO_DONE || p->client_io == IO_WAIT)
		p->client_io =
		    tls_client_step(p->client, &p->out, &p->up, p->pool);
	buf_drop(&p->out, p->pool);
	got = tls_client_text(p->client);
	REQUIRE(got.len <= p->answered);
	REQUIRE(slice_eq(got, text(p->answered - got.len, got.len)));
	tls_client_forget(p->client);
	send_off(p, 0);
}

static void
check_dead(struct duo *p)
{
	size_t text_before = p->plain.filled, out_before = p->out.filled;
	struct engine_facts f;

	engine_facts(p->engine, &f);
	REQUIRE(f.reason);
	if (p->open) {
		/* Who seals nonsense himself is not always told. */
		REQUIRE(f.alert_sent > 0 || f.alert_received > 0 ||
			p->dishonest);
		REQUIRE(engine_read(p->engine, &p->in, &p->plain, SIZE_MAX,
				    &p->out, p->pool) == IO_FAIL);
		REQUIRE(engine_write(p->engine, SLICE("x"), &p->out, p->pool) ==
			ERR_CLOSED);
	} else {
		REQUIRE(engine_handshake(p->engine, &p->in, &p->out, p->pool) ==
			IO_FAIL);
	}
	engine_close(p->engine, &p->out, p->pool);
	REQUIRE(p->plain.filled == text_before && p->out.filled == out_before);
}

/* May the engine fail? Not with an honest client on an honest way. */
static bool
may_fail(const struct duo *p)
{
	return p->dishonest || p->closed || p->updates > 500 ||
	       tamper_forged(&tamper);
}

static void
check(struct duo *p)
{
	size_t most = p->loose ? p->said : tamper_text(&tamper);
	struct slice got = buf_uncleared(&p->plain);

	p->heard += got.len;
	REQUIRE(p->heard <= most);
	REQUIRE(slice_eq(got, text(p->heard - got.len, got.len)));
	buf_drop(&p->plain, p->pool);
	REQUIRE(p->written + p->out.filled - p->out.sent <=
		16384 + 2 * p->answered + 6 * tamper.delivered_len);
	if (p->engine_io == IO_FAIL) {
		REQUIRE(may_fail(p));
		check_dead(p);
	} else if (p->engine_io == IO_WAIT && p->open && !p->loose) {
		REQUIRE(p->heard == most);
		REQUIRE(!tamper_whole(&tamper));
	}
}

static void
engine_takes(struct duo *p)
{
	if (!p->open) {
		p->engine_io =
		    engine_handshake(p->engine, &p->in, &p->out, p->pool);
		if (p->engine_io != IO_DONE)
			return;
		p->open = true;
		p->loose = tamper_forged(&tamper);
	}
	do
		p->engine_io = engine_read(p->engine, &p->in, &p->plain,
					   SIZE_MAX, &p->out, p->pool);
	while (p->engine_io == IO_DONE);
}

/* The next n waiting bytes reach the engine, `piece` at a time. */
static void
deliver(struct duo *p, size_t n, size_t piece)
{
	while (n > 0 && tamper.waiting_len > 0 && p->engine_io == IO_WAIT) {
		size_t part = n < piece ? n : piece;

		REQUIRE(buf_append(&p->in, p->pool,
				   tamper_deliver(&tamper, part)) == ERR_OK);
		n -= part;
		engine_takes(p);
		check(p);
		client_takes(p);
	}
}

static bool
client_can(const struct duo *p)
{
	return p->client_io == IO_DONE && !p->done;
}

static void
client_says(struct duo *p, size_t n)
{
	tls_client_write(p->client, text(p->said, n), &p->up, p->pool);
	send_off(p, n);
}

static bool
tls13(const struct duo *p)
{
	struct engine_facts f;

	engine_facts(p->engine, &f);
	return f.version && strcmp(f.version, "1.3") == 0;
}

static void
client_updates(struct duo *p, unsigned n)
{
	for (; tls13(p) && n > 0 && !p->done; n--) {
		p->updates++;
		tls_client_update_keys(p->client, &p->up, p->pool);
		send_off(p, 0);
	}
}

/* Text that hides its length (RFC 8446 section 5.4). */
static void
client_pads(struct duo *p, struct slice *in)
{
	unsigned char bytes[512] = {0};
	size_t n = tamper_next(in), padding = tamper_next(in);

	if (!tls13(p))
		return;
	memcpy(bytes, text(p->said, n).ptr, n);
	bytes[n] = 23;
	tls_client_seal(p->client, 0, slice_of(bytes, n + 1 + padding), &p->up,
			p->pool);
	p->dishonest = p->dishonest || n == 0;
	send_off(p, n);
}

static void
client_seals(struct duo *p, struct slice *in)
{
	unsigned type = tamper_next(in) % 8 + 18, times = tamper_next(in);
	struct slice what = slice_head(*in, tamper_next(in) % 64);
	unsigned char bytes[256 * 64];
	size_t n = 0;

	*in = slice_skip(*in, what.len);
	/* Text is what the others write. */
	for (; type != 23 && what.len > 0 && times > 0; times--, n += what.len)
		memcpy(bytes + n, what.ptr, what.len);
	p->dishonest = true;
	tls_client_seal(p->client, (unsigned char)type, slice_of(bytes, n),
			&p->up, p->pool);
	send_off(p, 0);
}

static void
client_does(struct duo *p, unsigned what, struct slice *in)
{
	switch (what) {
	case 7:
		client_says(p, tamper_next(in) + 1);
		break;
	case 8:
		client_updates(p, tamper_next(in));
		break;
	case 9:
		client_pads(p, in);
		break;
	case 10:
		client_seals(p, in);
		break;
	default:
		tls_client_close(p->client, &p->up, p->pool);
		send_off(p, 0);
		p->done = true;
		break;
	}
}

static void
engine_says(struct duo *p, size_t n)
{
	if (!p->open || p->engine_io == IO_FAIL || p->closed)
		return;
	if (engine_write(p->engine, text(p->answered, n), &p->out, p->pool) ==
	    ERR_OK)
		p->answered += n;
	client_takes(p);
}

static void
begin(struct duo *p, unsigned choices)
{
	static const enum tls_version versions[] = {
	    TLS_VERSION_NONE, TLS_VERSION_12, TLS_VERSION_13, TLS_VERSION_13};

	*p = (struct duo){.engine_io = IO_WAIT, .client_io = IO_WAIT};
	tamper_begin(&tamper);
	p->pool = pool_new();
	p->engine = stand_engine(stand);
	p->client = tls_client_new(CERTS_HOST, "imap", versions[choices % 4]);
	REQUIRE(p->pool && p->engine);
	tls_client_group(p->client, WOLFSSL_ECC_X25519);
	client_takes(p);
	while (!(choices & BY_HAND) && tamper.waiting_len > 0)
		deliver(p, tamper.waiting_len, SIZE_MAX);
	REQUIRE(choices & BY_HAND || p->open);
}

static void
step(struct duo *p, struct slice *in)
{
	unsigned what = tamper_next(in) % 12;
	size_t n;

	switch (what) {
	case 0:
		deliver(p, tamper_next(in) + 1, SIZE_MAX);
		break;
	case 1:
		n = tamper_span(&tamper, tamper_next(in));
		deliver(p, n, tamper_next(in) + 1);
		break;
	case 2:
		deliver(p, SIZE_MAX, SIZE_MAX);
		break;
	case 3:
	case 4:
		tamper_meddle(&tamper, in);
		break;
	case 5:
		engine_says(p, tamper_next(in));
		break;
	case 6:
		p->closed = true;
		engine_close(p->engine, &p->out, p->pool);
		client_takes(p);
		break;
	default:
		if (client_can(p))
			client_does(p, what, in);
		break;
	}
}

static void
end(struct duo *p)
{
	engine_free(p->engine);
	tls_client_free(p->client);
	buf_drop(&p->up, p->pool);
	buf_drop(&p->in, p->pool);
	buf_drop(&p->plain, p->pool);
	buf_drop(&p->out, p->pool);
	REQUIRE(pool_lent(p->pool) == 0);
	pool_free(p->pool);
}

static size_t
heap(void)
{
	return __sanitizer_get_current_allocated_bytes
		   ? __sanitizer_get_current_allocated_bytes()
		   : 0;
}

static void
forget_stand(void)
{
	stand_free(stand);
}

static void
make_stand(void)
{
	stand = stand_new(CERTS_EC, TLS_VERSION_12);
	(void)atexit(forget_stand);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = slice_of(data, size);
	struct duo p;
	size_t before;

	if (!stand)
		make_stand();
	before = heap();
	begin(&p, tamper_next(&in));
	while (in.len > 0 && p.engine_io == IO_WAIT) {
		step(&p, &in);
		REQUIRE(heap() < before + HEAP_MOST);
	}
	end(&p);
	return 0;
}
