/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session.c - the states of a session, the step, and what is settled after it.
 *
 *   1 socket readable    the worker reads into the shared buffer
 *   2 session_step       repeats 3 to 5 until nothing moves
 *   3 leg_decrypt        records -> engine -> plain
 *   4 states[].run       the only place where bytes are judged
 *   5 session_send       judged bytes -> engine -> out
 *   6 flow_settle        out -> edge; read interest and alarm derived here only
 */
#include "session/session.h"

#include "base/wipe.h"
#include "session/shares.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* For the last words; a stranger gets less of our descriptors' time. */
enum { LINGER_MS = 5000, LINGER_STRANGER_MS = 1000 };

#define NEVER          UINT64_MAX
#define TIMEOUT(field) (offsetof(struct settings, timeouts.field))
#define GATE_MOST      SIZE_MAX /* limits.gate_bytes */
#define KEEP           SIZE_MAX /* the deadline of the state before goes on */

static enum state run_drain(struct session *s);
static enum state run_dead(struct session *s);

/*
 * timeout: how long the state may take. late: what the client hears then.
 * unjudged: how many bytes of the client may wait unjudged.
 * secret: credentials may pass through scratch memory.
 */
static const struct {
	const char *name;
	enum state (*run)(struct session *);
	size_t timeout;
	size_t unjudged;
	enum reply late;
	bool secret;
} states[STATES] = {
    [STATE_ADMIT] = {"admit", gate_admit, TIMEOUT(handshake), 0, REPLY_NONE,
		     false},
    [STATE_HELLO] = {"hello", gate_hello, TIMEOUT(handshake), PLAIN_MOST,
		     REPLY_NONE, false},
    [STATE_CLEAR] = {"clear", gate_clear, TIMEOUT(clear), GATE_MOST,
		     REPLY_BYE_TIMEOUT, true},
    [STATE_TLS] = {"tls", gate_tls, KEEP, PLAIN_MOST, REPLY_NONE, false},
    [STATE_GATE] = {"gate", gate_command, TIMEOUT(gate_first), GATE_MOST,
		    REPLY_BYE_TIMEOUT, true},
    [STATE_JUDGE] = {"judge", login_judge, TIMEOUT(login), WAIT_MOST,
		     REPLY_BYE_TIMEOUT, true},
    [STATE_CONNECT] = {"connect", upstream_connect, TIMEOUT(connect), WAIT_MOST,
		       REPLY_NONE, true},
    [STATE_LOGIN] = {"login", login_replay, TIMEOUT(login), WAIT_MOST,
		     REPLY_NONE, true},
    [STATE_RELAY] = {"relay", relay_stream, TIMEOUT(idle), PLAIN_MOST,
		     REPLY_BYE_IDLE, false},
    [STATE_DRAIN] = {"drain", run_drain, KEEP, 0, REPLY_NONE, false},
    [STATE_DEAD] = {"dead", run_dead, KEEP, 0, REPLY_NONE, false},
};

const struct settings *
session_settings(const struct session *s)
{
	return policy_settings(s->policy);
}

const char *
session_state_name(const struct session *s)
{
	return states[s->state].name;
}

bool
session_listens(const struct session *s)
{
	return s->state == STATE_TLS || (s->state == STATE_GATE && !s->greeted);
}

bool
session_authenticated(const struct session *s)
{
	return s->authenticated;
}

bool
session_shaking(const struct session *s)
{
	return s->state == STATE_ADMIT || s->state == STATE_HELLO ||
	       s->state == STATE_TLS;
}

static uint64_t
state_timeout(const struct session *s, enum state state)
{
	uint64_t ms;

	memcpy(&ms, (const char *)session_settings(s) + states[state].timeout,
	       sizeof ms);
	return ms;
}

/* The only writer of the state. */
static void
session_enter(struct session *s, enum state next)
{
	/* The gate's time stands still while it asks or delays itself. */
	if (s->state == STATE_GATE || s->state == STATE_CLEAR)
		s->gate_left = s->deadline > s->now ? s->deadline - s->now : 0;
	if (next == STATE_DRAIN)
		s->last_state = states[s->state].name;
	s->state = (unsigned char)next;
	if (next == STATE_HELLO)
		s->gate_left = NEVER; /* inside TLS it begins anew */
	if ((next == STATE_GATE || next == STATE_CLEAR) &&
	    s->gate_left != NEVER)
		s->deadline = s->now + s->gate_left;
	else if (states[next].timeout != KEEP)
		s->deadline = s->now + state_timeout(s, next);
}

enum state
session_end(struct session *s, enum reply bye, const char *why)
{
	s->bye = (unsigned char)bye;
	if (!s->why)
		s->why = why;
	witness_end(s);
	return STATE_DRAIN;
}

void
session_say(struct session *s, enum reply r, struct slice tag)
{
	char text[REPLY_MAX];
	size_t n = reply_format(r, tag, text);

	session_send(s, SIDE_CLIENT, slice_of(text, n));
}

static uint64_t
linger_of(const struct session *s)
{
	if (s->legs[SIDE_CLIENT].lost)
		return 0;
	return s->authenticated ? LINGER_MS : LINGER_STRANGER_MS;
}

/* Says the last word and hands what is left to the edge. */
static enum state
run_drain(struct session *s)
{
	struct leg *client = &s->legs[SIDE_CLIENT];

	if (s->bye != REPLY_NONE)
		session_say(s, (enum reply)s->bye, SLICE_EMPTY);
	if (client->tls && client->open && !client->lost) {
		engine_close(client->tls, leg_out(s, SIDE_CLIENT),
			     s->work->pool);
	}
	leg_flush(s, SIDE_CLIENT);
	if (s->attempt && s->attempt->judged && !s->attempt->reported)
		report_login(s, REPLY_NONE, "abandoned");
	attempt_free(s);
	upstream_close(s);
	if (client->open)
		s->work->ops->close(s, SIDE_CLIENT, linger_of(s));
	client->open = false;
	report_connection(s);
	share_leave(s->share);
	s->share = NULL;
	return STATE_DEAD;
}

static enum state
run_dead(struct session *s)
{
	(void)s;
	return STATE_DEAD;
}

static void
identify(struct session *s)
{
	(void)snprintf(s->who.session, sizeof s->who.session, "%016llx",
		       (unsigned long long)workspace_draw(s->work));
	address_print(&s->peer.address, s->who.address);
	s->who.port = s->peer.port;
	s->who.listener = session_settings(s)->listeners[s->peer.listener].name;
}

enum err
session_init(struct session *s, struct workspace *w, struct snapshot *snap,
	     const struct session_peer *peer, uint64_t now, uint64_t wall)
{
	const struct listener_settings *l;

	*s = (struct session){.work = w, .now = now, .wall = wall};
	s->policy = policy_ref(snap->policy);
	s->store = store_ref(snap->store);
	s->peer = *peer;
	s->began = now;
	s->alarm = s->drain_at = s->gate_left = NEVER;
	s->bye = REPLY_NONE;
	s->legs[SIDE_CLIENT].open = true;
	identify(s);
	l = &session_settings(s)->listeners[peer->listener];
	s->tls_policy = (unsigned char)settings_policy_of(session_settings(s),
							  l, &peer->address);
	s->starttls = l->mode == LISTENER_STARTTLS;
	s->plaintext =
	    s->starttls &&
	    cidr_any_contains(l->plaintext_networks,
			      l->plaintext_networks_count, &peer->address);
	if (s->starttls) {
		session_enter(s, STATE_CLEAR);
		gate_reset(s);
		gate_greet(s);
	} else {
		s->legs[SIDE_CLIENT].encrypted = true;
		session_enter(s, STATE_ADMIT);
	}
	return ERR_OK;
}

void
session_clear(struct session *s)
{
	attempt_free(s);
	witness_forget(s);
	share_leave(s->share);
	for (enum side side = SIDE_CLIENT; side < SIDES; side++)
		leg_clear(s, side);
	store_unref(s->store);
	policy_unref(s->policy);
	free(s->user);
	free(s->sni);
	agent_forget(s);
	diary_free(s);
	meter_free(s);
	s->store = NULL;
	s->policy = NULL;
	s->user = s->sni = NULL;
	s->share = NULL;
}

void
session_received(struct session *s, enum side side, size_t n)
{
	if (s->legs[side].open && s->state < STATE_DRAIN) {
		s->moved = true;
		leg_received(s, side, n);
	}
}

void
session_ended(struct session *s, enum side side)
{
	s->legs[side].ended = true;
}

void
session_lost(struct session *s, enum side side, enum err cause)
{
	s->legs[side].ended = s->legs[side].lost = true;
	s->legs[side].cause = cause;
}

void
session_connected(struct session *s, const struct address *to)
{
	if (s->attempt) {
		s->attempt->connected = true;
		s->attempt->peer = *to;
	}
}

void
session_sent(struct session *s, enum side side, size_t waiting)
{
	s->legs[side].waiting = waiting;
	s->legs[side].moved_at = NEVER; /* now; the next step knows when */
}

void
session_drain(struct session *s)
{
	s->draining = true;
}

enum reply
session_late_reply(const struct session *s)
{
	return states[s->state].late;
}

size_t
session_unjudged(const struct session *s)
{
	if (states[s->state].unjudged == GATE_MOST)
		return (size_t)session_settings(s)->limits.gate_bytes + 1;
	return states[s->state].unjudged;
}

void
session_step(struct session *s, uint64_t now, uint64_t wall)
{
	enum state next;

	if (s->state == STATE_DEAD)
		return;
	s->now = now;
	s->wall = wall;
	if (s->state == STATE_RELAY && s->moved && !s->halved)
		s->deadline =
		    meter_until(s) + session_settings(s)->timeouts.idle;
	do {
		s->moved = false;
		s->secret = s->secret || states[s->state].secret;
		next = late_run(s);
		if (next == s->state) {
			if (next >= STATE_GATE)
				leg_decrypt(s, SIDE_CLIENT,
					    session_unjudged(s));
			next = states[s->state].run(s);
		}
		if (next != s->state) {
			session_enter(s, next);
			s->moved = true;
		}
	} while (s->moved && s->state != STATE_DEAD);
	flow_settle(s);
	s->secret = states[s->state].secret;
	if (s->state == STATE_DEAD)
		s->work->ops->done(s);
}
