/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * upstream.c - the way to a backend: connect, greeting, capabilities.
 *
 * No credential is sent before a backend has said what it is; until then the
 * next backend may be tried without harm.
 */
#include "session/session.h"

#include "session/backends.h"

#include <stdio.h>

static const struct backend_settings *
target(const struct session *s)
{
	return &session_settings(s)->backends[s->attempt->backend];
}

void
upstream_close(struct session *s)
{
	struct leg *backend = &s->legs[SIDE_BACKEND];

	if (backend->open) {
		leg_flush(s, SIDE_BACKEND);
		s->work->ops->close(s, SIDE_BACKEND, 0);
	}
	leg_clear(s, SIDE_BACKEND);
	*backend = (struct leg){0};
}

enum state
upstream_failed(struct session *s, const char *reason)
{
	struct attempt *a = s->attempt;
	size_t count = session_settings(s)->backends_count;

	if (backends_fail(target(s), reason))
		report_backend(s, target(s), false, reason);
	upstream_close(s);
	a->dialing = a->connected = a->greeting = false;
	if (++a->tried >= count)
		return attempt_fail(s, REPLY_UNAVAILABLE, reason);
	a->backend = (a->backend + 1) % count;
	s->moved = true;
	return STATE_CONNECT;
}

static void
choose_tag(struct session *s)
{
	(void)snprintf(s->attempt->trial.tag, sizeof s->attempt->trial.tag,
		       "W%015llx",
		       (unsigned long long)(workspace_draw(s->work) >> 4));
}

static void
dial(struct session *s)
{
	struct attempt *a = s->attempt;
	char known[CAPABILITY_TEXT_MAX];
	size_t n = backends_words(target(s), known);

	a->dialing = a->asked = true;
	s->legs[SIDE_BACKEND] = (struct leg){.open = true};
	a->trial = (struct trial){.code = NULL};
	s->deadline = s->now + session_settings(s)->timeouts.connect;
	choose_tag(s);
	greeter_init(&a->trial.greeter, a->trial.tag, false);
	greeter_trust(&a->trial.greeter, slice_of(known, n));
	s->work->ops->connect(s, a->backend);
}

static enum state
greet(struct session *s)
{
	struct leg *backend = &s->legs[SIDE_BACKEND];
	struct greeter *g = &s->attempt->trial.greeter;
	size_t used = 0;
	enum greeter_verdict v =
	    greeter_read(g, buf_uncleared(&backend->plain), &used);

	if (used > 0)
		buf_skip(&backend->plain, used);
	s->moved = s->moved || used > 0;
	switch (v) {
	case GREETER_SAY:
		session_send(s, SIDE_BACKEND, slice_str(g->say));
		s->moved = true;
		return STATE_CONNECT;
	case GREETER_READY:
		if (backends_learn(target(s), slice_of(g->words, g->words_len)))
			report_backend(s, target(s), true, NULL);
		/* The backend has seen the old one: a verdict needs another. */
		choose_tag(s);
		return STATE_LOGIN;
	case GREETER_REFUSED:
		return upstream_failed(s, g->reason);
	case GREETER_MORE:
	default:
		if (backend->ended && used == 0)
			return upstream_failed(
			    s, "backend closed before it was ready");
		return STATE_CONNECT;
	}
}

enum state
upstream_connect(struct session *s)
{
	struct attempt *a = s->attempt;
	struct leg *backend = &s->legs[SIDE_BACKEND];

	if (s->legs[SIDE_CLIENT].ended) {
		report_login(s, REPLY_NONE, "abandoned by the client");
		a->reported = true;
		return session_end(s, REPLY_NONE, "closed by the client");
	}
	if (!a->dialing)
		dial(s);
	/* Our own want, no fault of the backend's. */
	if (backend->lost && !a->connected && backend->cause == ERR_LIMIT)
		return attempt_fail(s, REPLY_UNAVAILABLE,
				    "no descriptor left for a backend");
	if (backend->lost)
		return upstream_failed(s, a->connected
					      ? "connection to the backend lost"
					      : err_text(backend->cause));
	if (!a->connected)
		return STATE_CONNECT;
	if (!a->greeting) {
		a->greeting = true;
		s->deadline = s->now + session_settings(s)->timeouts.greeting;
	}
	return greet(s);
}
