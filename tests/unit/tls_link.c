/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tls_link.h"

#include "certs.h"

#include "tls/engine.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

struct link {
	struct pool *pool;
	struct engine *server;
	struct tls_client *client;
	struct buf up, down, plain;
	bool open;
};

static void
server_step(struct link *l)
{
	if (!l->open)
		l->open = engine_handshake(l->server, &l->up, &l->down,
					   l->pool) == IO_DONE;
	while (l->open && engine_read(l->server, &l->up, &l->plain, SIZE_MAX,
				      &l->down, l->pool) == IO_DONE)
		;
}

static size_t
waiting(const struct link *l)
{
	return l->up.filled - l->up.sent + l->down.filled - l->down.sent;
}

/* Until nothing moves. Is the client through? */
static bool
pump(struct link *l)
{
	enum io io;
	size_t before;

	do {
		before = waiting(l);
		(void)tls_client_step(l->client, &l->down, &l->up, l->pool);
		server_step(l);
	} while (waiting(l) != before);
	io = tls_client_step(l->client, &l->down, &l->up, l->pool);
	return io == IO_DONE;
}

static bool
talk(struct link *l)
{
	if (engine_write(l->server, SLICE("* OK\r\n"), &l->down, l->pool) !=
	    ERR_OK)
		return false;
	tls_client_write(l->client, SLICE("a NOOP\r\n"), &l->up, l->pool);
	return pump(l) &&
	       slice_eq(buf_uncleared(&l->plain), SLICE("a NOOP\r\n")) &&
	       slice_eq(tls_client_text(l->client), SLICE("* OK\r\n"));
}

static void
keep(char *to, size_t cap, const char *text)
{
	(void)snprintf(to, cap, "%s", text ? text : "");
}

bool
tls_visit(struct tls_visit *v)
{
	struct link l = {.pool = pool_new()};
	struct engine_facts f;
	bool good;

	l.server = stand_engine(v->stand);
	l.client = tls_client_new(CERTS_HOST, "imap", v->version);
	assert(l.pool && l.server && l.client);
	if (v->prepare)
		v->prepare(l.client);
	if (v->session)
		tls_client_resume(l.client, v->session);
	good = pump(&l) && l.open && talk(&l);
	engine_facts(l.server, &f);
	v->resumed = f.resumed;
	v->alert_received = f.alert_received;
	v->alert_sent = f.alert_sent;
	v->reason = f.reason;
	keep(v->client_subject, sizeof v->client_subject, f.client_subject);
	keep(v->client_serial, sizeof v->client_serial, f.client_serial);
	keep(v->client_sha256, sizeof v->client_sha256, f.client_sha256);
	v->client_error = tls_client_facts(l.client).error;
	v->ticket = good && tls_client_has_ticket(l.client);
	if (good) {
		tls_session_free(v->session);
		v->session = tls_client_session(l.client);
	}
	buf_drop(&l.up, l.pool);
	buf_drop(&l.down, l.pool);
	buf_drop(&l.plain, l.pool);
	engine_free(l.server);
	tls_client_free(l.client);
	pool_free(l.pool);
	return good;
}
