/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report.c - the events of a session, each written when the thing ends.
 *
 * What is given here are facts; no credential is among them.
 */
#include "session/session.h"

#include "session/ban_event.h"

static struct event *
begin(struct session *s, enum event_id id)
{
	struct event *e = &s->work->event;

	event_begin(e, id, &s->who, policy_privacy(s->policy), s->wall);
	return e;
}

static void
emit(struct session *s, struct event *e)
{
	s->work->ops->event(s, event_end(e));
}

/* Who never tried to log in is told one by one up to a rate, then counted. */
static bool
only_counted(struct session *s)
{
	if (s->attempts > 0)
		return false;
	if (!s->weighed)
		s->counted =
		    !flood_tell(&s->work->flood, &s->peer.address, s->now);
	s->weighed = true;
	return s->counted;
}

uint64_t
workspace_flood_due(const struct workspace *w)
{
	return flood_due(&w->flood);
}

bool
workspace_flood(struct workspace *w, const struct policy *p, uint64_t now,
		uint64_t wall, struct slice *line)
{
	struct event_context who = {0};
	struct event *e = &w->event;
	struct flood_record r;

	if (!flood_next(&w->flood, now, &r))
		return false;
	if (!r.many)
		address_print(&r.last, who.address);
	event_begin(e, EV_FLOOD, &who, policy_privacy(p), wall);
	event_number(e, FIELD_COUNT, r.count);
	event_text(e, FIELD_REASON,
		   r.many ? "more connections without a login, from many "
			    "networks"
			  : "more connections without a login, from one "
			    "network");
	*line = event_end(e);
	return true;
}

static void
add_duration(struct event *e, uint64_t ms)
{
	event_number(e, FIELD_DURATION, ms * 1000000);
}

static const char *
why_no_tls(const struct session *s, const struct engine_facts *f)
{
	const struct leg *client = &s->legs[SIDE_CLIENT];

	if (f->reason)
		return f->reason;
	if (client->ended)
		return "closed by the client";
	if (s->deadline > s->now)
		return "no valid ClientHello";
	return buf_empty(&client->in)
		   ? "no TLS from the client in time: is the mail program set "
		     "to no encryption, or to STARTTLS?"
		   : "timed out";
}

static struct event *
begin_tls(struct session *s, bool established, struct engine_facts *f)
{
	const struct leg *client = &s->legs[SIDE_CLIENT];
	struct event *e = begin(s, EV_TLS);

	*f = (struct engine_facts){.alert_received = -1};
	if (client->tls)
		engine_facts(client->tls, f);
	event_text(e, FIELD_OUTCOME, established ? "success" : "failure");
	event_bool(e, FIELD_TLS_ESTABLISHED, established);
	event_text(e, FIELD_TLS_VERSION, f->version);
	event_text(e, FIELD_TLS_CIPHER, f->cipher);
	event_text(e, FIELD_TLS_CURVE, f->curve);
	event_text(e, FIELD_TLS_SNI, s->sni);
	event_text(e, FIELD_TLS_ALPN, f->alpn);
	event_text(e, FIELD_TLS_CLIENT_SUBJECT, f->client_subject);
	event_text(e, FIELD_TLS_CLIENT_HASH, f->client_sha256);
	event_text(e, FIELD_TLS_CLIENT_SERIAL, f->client_serial);
	return e;
}

static void
tell_tls(struct session *s)
{
	struct engine_facts f;
	struct event *e = begin_tls(s, true, &f);

	event_bool(e, FIELD_TLS_RESUMED, f.resumed);
	witness_who(s, e);
	add_duration(e, s->shook);
	emit(s, e);
}

/* A flood may shake hands as well: it is told before the next event of a
 * client that is told itself. */
void
report_tls(struct session *s)
{
	s->shook = (uint32_t)(s->now - s->began);
	s->owed = s->attempts == 0 &&
		  flood_is_on(&s->work->flood, &s->peer.address, s->now);
	if (!s->owed)
		tell_tls(s);
}

static void
tell_owed(struct session *s)
{
	if (s->owed)
		tell_tls(s);
	s->owed = false;
}

void
report_no_tls(struct session *s, enum tls_signal signal, const char *reason)
{
	struct engine_facts f;
	struct event *e;

	if (only_counted(s))
		return;
	e = begin_tls(s, false, &f);
	event_text(e, FIELD_REASON, reason ? reason : why_no_tls(s, &f));
	witness_note(s, signal);
	witness_tell(s, e);
	add_duration(e, s->now - s->began);
	emit(s, e);
}

static void
add_backend(struct event *e, const struct backend_settings *b)
{
	event_text(e, FIELD_BACKEND, b->name);
	event_text(e, FIELD_BACKEND_ADDRESS, b->host);
	event_number(e, FIELD_BACKEND_PORT, b->port);
}

static const char *
mechanism_name(const struct attempt *a)
{
	return a->login_command
		   ? "LOGIN"
		   : (const char *)mechanism_text(a->mechanism).ptr;
}

void
report_login(struct session *s, enum reply verdict, const char *reason)
{
	const struct attempt *a = s->attempt;
	const struct backend_settings *b =
	    &session_settings(s)->backends[a->backend];
	struct event *e;
	char ip[ADDRESS_TEXT_MAX];

	tell_owed(s);
	e = begin(s, EV_LOGIN);
	event_text(e, FIELD_OUTCOME,
		   s->authenticated        ? "success"
		   : verdict == REPLY_NONE ? "unknown"
					   : "failure");
	event_number(e, FIELD_ATTEMPT, s->attempts);
	event_text(e, FIELD_MECHANISM, mechanism_name(a));
	event_slice(e, FIELD_USER, a->name);
	if (a->identity.authzid.len > 0)
		event_slice(e, FIELD_AUTHZID, a->identity.authzid);
	event_text(e, FIELD_REASON, reason);
	if (verdict != REPLY_NONE)
		event_slice(e, FIELD_CODE, reply_code(verdict));
	event_text(e, FIELD_BACKEND_CODE, a->trial.code);
	event_text(e, FIELD_RULE, a->rule);
	event_text(e, FIELD_BY, a->by);
	if (a->judged)
		event_bool(e, FIELD_KNOWN, a->known);
	if (a->first)
		event_bool(e, FIELD_FIRST, true);
	if (a->after_failures > 0)
		event_number(e, FIELD_AFTER_FAILURES, a->after_failures);
	if (a->first_family)
		event_bool(e, FIELD_FIRST_FAMILY, true);
	if (a->asked)
		add_backend(e, b);
	if (a->connected) {
		address_print(&a->peer, ip);
		event_text(e, FIELD_BACKEND_IP, ip);
	}
	event_bool(e, FIELD_TLS_ESTABLISHED, s->legs[SIDE_CLIENT].tls != NULL);
	agent_tell_short(s, e);
	add_duration(e, s->now - a->began);
	emit(s, e);
}

void
report_limit(struct session *s, const struct rule *r, bool observed)
{
	struct event *e = begin(s, EV_LIMIT);

	event_text(e, FIELD_OUTCOME, observed ? "success" : "failure");
	event_text(e, FIELD_RULE, r->name);
	event_text(e, FIELD_BY, rule_by_words[r->by]);
	if (observed)
		event_bool(e, FIELD_OBSERVED, true);
	event_number(e, FIELD_COUNT, 1);
	if (s->attempt)
		event_slice(e, FIELD_USER, s->attempt->name);
	event_text(e, FIELD_USER, s->user);
	emit(s, e);
}

void
report_ban(struct session *s, const struct ban *b)
{
	struct event *e = &s->work->event;

	ban_event(e, b, BAN_BEGAN, policy_privacy(s->policy), s->wall);
	emit(s, e);
}

void
report_violation(struct session *s, enum side side, const char *reason)
{
	struct event *e;

	if (only_counted(s))
		return;
	tell_owed(s);
	e = begin(s, EV_VIOLATION);
	event_text(e, FIELD_RULE,
		   side == SIDE_CLIENT ? "client-protocol"
				       : "backend-protocol");
	event_text(e, FIELD_REASON, reason);
	event_text(e, FIELD_STATE, session_state_name(s));
	event_text(e, FIELD_USER, s->user);
	emit(s, e);
}

void
report_policy(struct session *s, const char *rule, const char *verb)
{
	struct event *e = begin(s, EV_POLICY);

	event_text(e, FIELD_RULE, rule);
	event_text(e, FIELD_COMMAND, verb);
	event_text(e, FIELD_USER, s->user);
	event_text(e, FIELD_BACKEND,
		   session_settings(s)->backends[s->backend].name);
	emit(s, e);
}

void
report_backend(struct session *s, const struct backend_settings *b, bool usable,
	       const char *reason)
{
	struct event *e = begin(s, EV_BACKEND);

	event_text(e, FIELD_OUTCOME, usable ? "success" : "failure");
	add_backend(e, b);
	event_text(e, FIELD_REASON, reason);
	emit(s, e);
}

void
report_connection(struct session *s)
{
	const struct leg *client = &s->legs[SIDE_CLIENT];
	bool relayed = s->authenticated;
	struct event *e;

	if (only_counted(s))
		return;
	tell_owed(s);
	e = begin(s, EV_CONNECTION);
	event_text(e, FIELD_REASON, s->why);
	event_text(e, FIELD_STATE, s->last_state);
	event_text(e, FIELD_USER, s->user);
	if (relayed)
		event_text(e, FIELD_BACKEND,
			   session_settings(s)->backends[s->backend].name);
	event_number(e, FIELD_BYTES_IN, client->bytes_in);
	event_number(e, FIELD_BYTES_OUT, client->bytes_out);
	event_number(e, FIELD_COMMANDS,
		     s->commands + (relayed ? s->in.dialog.commands : 0));
	if (relayed)
		diary_tell(s, e);
	if (s->signal != SIGNAL_NONE && !s->told) {
		event_text(e, FIELD_TLS_SNI, s->sni);
		witness_tell(s, e);
	}
	add_duration(e, s->now - s->began);
	emit(s, e);
}
