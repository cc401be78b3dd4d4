/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tls_link.h"

#include "certs.h"

#include "tls/engine.h"
#include "tls/hello.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct duo *
duo_new(struct stand *s, const char *alpn, enum tls_version version)
{
	struct duo *p = calloc(1, sizeof *p);

	assert(p);
	p->pool = pool_new();
	p->server = stand_engine(s);
	p->client = tls_client_new(CERTS_HOST, alpn, version);
	p->server_io = p->client_io = IO_WAIT;
	assert(p->pool && p->server && p->client);
	return p;
}

void
duo_free(struct duo *p)
{
	buf_drop(&p->up, p->pool);
	buf_drop(&p->down, p->pool);
	buf_drop(&p->plain, p->pool);
	engine_free(p->server);
	tls_client_free(p->client);
	pool_free(p->pool);
	free(p);
}

/* As session/front.c does. */
static void
look_at_hello(struct duo *p, const struct buf *in)
{
	struct hello h;

	if (p->looked || hello_read(buf_uncleared(in), &h) != HELLO_COMPLETE)
		return;
	p->looked = true;
	if (h.psk_only)
		engine_refuse_tickets(p->server);
}

void
duo_server_takes(struct duo *p, struct buf *in)
{
	look_at_hello(p, in);
	if (!p->open) {
		p->server_io =
		    engine_handshake(p->server, in, &p->down, p->pool);
		if (p->server_io != IO_DONE)
			return;
		p->open = true;
	}
	do
		p->server_io = engine_read(p->server, in, &p->plain, SIZE_MAX,
					   &p->down, p->pool);
	while (p->server_io == IO_DONE);
}

void
duo_client_takes(struct duo *p, struct buf *in)
{
	p->client_io = tls_client_step(p->client, in, &p->up, p->pool);
}

size_t
duo_waiting(const struct buf *b)
{
	return b->filled - b->sent;
}

void
duo_pump(struct duo *p)
{
	size_t before;

	do {
		before = duo_waiting(&p->up) + duo_waiting(&p->down);
		duo_client_takes(p, &p->down);
		duo_server_takes(p, &p->up);
	} while (duo_waiting(&p->up) + duo_waiting(&p->down) != before);
	duo_client_takes(p, &p->down);
}

struct engine_facts
duo_facts(const struct duo *p)
{
	struct engine_facts f;

	engine_facts(p->server, &f);
	return f;
}

bool
duo_plain_is(const struct duo *p, struct slice text)
{
	return slice_eq(buf_uncleared(&p->plain), text);
}

void
duo_server_says(struct duo *p, struct slice text)
{
	enum err e = engine_write(p->server, text, &p->down, p->pool);

	assert(e == ERR_OK);
}

void
duo_client_says(struct duo *p, struct slice text)
{
	tls_client_write(p->client, text, &p->up, p->pool);
}

bool
duo_talks(struct duo *p)
{
	bool good;

	duo_server_says(p, SLICE("* OK ready\r\n"));
	duo_client_says(p, SLICE("a1 NOOP\r\n"));
	duo_pump(p);
	good = duo_plain_is(p, SLICE("a1 NOOP\r\n")) &&
	       slice_eq(tls_client_text(p->client), SLICE("* OK ready\r\n"));
	buf_skip(&p->plain, buf_uncleared(&p->plain).len);
	tls_client_forget(p->client);
	return good;
}

static void
keep(char *to, size_t cap, const char *text)
{
	(void)snprintf(to, cap, "%s", text ? text : "");
}

bool
tls_visit(struct tls_visit *v)
{
	struct duo *p = duo_new(v->stand, "imap", v->version);
	struct engine_facts f;
	bool good;

	if (v->prepare)
		v->prepare(p->client);
	if (v->session)
		tls_client_resume(p->client, v->session);
	duo_pump(p);
	good = p->open && p->server_io == IO_WAIT && p->client_io == IO_DONE &&
	       duo_talks(p);
	f = duo_facts(p);
	v->resumed = f.resumed;
	v->alert_received = f.alert_received;
	v->alert_sent = f.alert_sent;
	v->reason = f.reason;
	keep(v->client_subject, sizeof v->client_subject, f.client_subject);
	keep(v->client_serial, sizeof v->client_serial, f.client_serial);
	keep(v->client_sha256, sizeof v->client_sha256, f.client_sha256);
	v->client_error = tls_client_facts(p->client).error;
	v->ticket = good && tls_client_has_ticket(p->client);
	if (good) {
		tls_session_free(v->session);
		v->session = tls_client_session(p->client);
	}
	duo_free(p);
	return good;
}
