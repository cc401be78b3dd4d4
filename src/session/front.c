/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * front.c - the client's TLS: hello read by us first, then the handshake.
 *
 * Until the edge has a place for the handshake nothing is read; after that
 * its steps wait for their turn, of which the first begins with the context.
 */
#include "session/session.h"

#include "tls/guard.h"
#include "tls/hello.h"

#include <stdlib.h>
#include <string.h>

/* Fatal alerts of our own, in clear (RFC 8446 section 6). */
enum { HANDSHAKE_FAILURE = 40, DECODE_ERROR = 50 };

static void
send_alert(struct session *s, unsigned char number)
{
	const unsigned char alert[] = {0x15, 3, 3, 0, 2, 2, number};
	struct leg *client = &s->legs[SIDE_CLIENT];

	s->own_alert = number;
	if (client->open && !client->lost &&
	    buf_append(leg_out(s, SIDE_CLIENT), s->work->pool,
		       slice_of(alert, sizeof alert)) != ERR_OK)
		client->lost = true;
}

static void
keep_sni(struct session *s, const char *name)
{
	free(s->sni);
	s->sni = name[0] ? strdup(name) : NULL;
}

/* Nothing new can be read from a hello whose first record is not whole. */
static bool
first_record_is_short(struct slice in)
{
	size_t len;

	if (in.len == 0 || in.ptr[0] != 0x16)
		return in.len == 0;
	if (in.len < GUARD_HEADER)
		return true;
	len = (size_t)in.ptr[3] << 8 | in.ptr[4];
	return len <= GUARD_RECORD_MAX && in.len - GUARD_HEADER < len;
}

/* What the policy says of this hello, then the pair that suits it. */
static enum state
begin_tls(struct session *s, const struct hello *hello)
{
	struct leg *client = &s->legs[SIDE_CLIENT];
	struct context *x;
	struct choice c;

	store_choose(s->store, s->tls_policy, hello, &c);
	s->pair = (uint32_t)c.pair;
	witness_hello(s, hello);
	if (c.alert != 0) {
		send_alert(s, c.alert);
		report_no_tls(s, SIGNAL_OUR_ALERT, c.reason);
		return session_end(s, REPLY_NONE, "TLS handshake refused");
	}
	buf_skip(&client->in, hello_join(client->in.mem + client->in.cleared,
					 hello->length));
	x = contexts_get(s->work->contexts, s->store, s->tls_policy, c.pair);
	if (x)
		client->tls = engine_new_server(x);
	if (!client->tls)
		return session_end(s, REPLY_NONE, "out of memory");
	if (hello->psk_only)
		engine_refuse_tickets(client->tls);
	return STATE_TLS;
}

enum state
gate_admit(struct session *s)
{
	return s->work->ops->admit(s) ? STATE_HELLO : STATE_ADMIT;
}

enum state
gate_hello(struct session *s)
{
	struct leg *client = &s->legs[SIDE_CLIENT];
	struct slice in = buf_uncleared(&client->in);
	struct hello hello;

	if (!client->ended && first_record_is_short(in))
		return STATE_HELLO;
	switch (hello_read(in, &hello)) {
	case HELLO_COMPLETE:
		/* A context may have to be made, with lists of any size. */
		if (!s->work->ops->turn(s))
			return STATE_HELLO;
		s->turned = true;
		keep_sni(s, hello.server_name);
		return begin_tls(s, &hello);
	case HELLO_MORE:
		if (!client->ended)
			return STATE_HELLO;
		report_no_tls(s, SIGNAL_NONE, NULL);
		return session_end(s, REPLY_NONE,
				   "closed before the handshake");
	case HELLO_NOT_TLS:
		report_no_tls(s, SIGNAL_CLEARTEXT, NULL);
		/* A helpful line, but never clear text behind a STARTTLS. */
		return session_end(
		    s, s->starttls ? REPLY_NONE : REPLY_BYE_TLS_REQUIRED,
		    "no TLS from the client");
	case HELLO_BAD:
	default:
		send_alert(s, DECODE_ERROR);
		report_no_tls(s, SIGNAL_MALFORMED, NULL);
		return session_end(s, REPLY_NONE, "malformed ClientHello");
	}
}

/* The library sends no alert for some refusals: the client gets one from us. */
static void
say_refusal(struct session *s)
{
	struct engine_facts f;

	engine_facts(s->legs[SIDE_CLIENT].tls, &f);
	if (f.alert_sent < 0 && f.alert_received < 0)
		send_alert(s, HANDSHAKE_FAILURE);
}

static bool
record_is_short(struct slice in)
{
	struct guard g = {.handshake = true};
	const char *why;
	size_t len;

	return guard_next(&g, in, &len, &why) == GUARD_MORE;
}

static enum state
no_tls(struct session *s, bool failed)
{
	if (failed)
		say_refusal(s);
	report_no_tls(s, SIGNAL_NONE, NULL);
	return session_end(s, REPLY_NONE,
			   s->legs[SIDE_CLIENT].ended
			       ? "closed during the handshake"
			       : "TLS handshake failed");
}

enum state
gate_tls(struct session *s)
{
	struct leg *client = &s->legs[SIDE_CLIENT];
	enum io io;

	/* Where there is nothing to do no turn is taken. */
	if (!client->ended && record_is_short(buf_uncleared(&client->in)))
		return STATE_TLS;
	if (!s->turned && !s->work->ops->turn(s))
		return STATE_TLS;
	s->turned = false;
	io = engine_handshake(client->tls, &client->in, leg_out(s, SIDE_CLIENT),
			      s->work->pool);
	if (io == IO_WAIT && !client->ended)
		return STATE_TLS;
	if (io != IO_DONE)
		return no_tls(s, io == IO_FAIL);
	report_tls(s);
	witness_established(s);
	store_count(s->store, s->pair);
	store_unref(s->store);
	s->store = NULL;
	gate_reset(s);
	/* Before it is greeted, a client that refuses us has the word. */
	s->greeting_due = !s->starttls;
	if (s->greeting_due)
		leg_look(s, SIDE_CLIENT);
	return STATE_GATE;
}
