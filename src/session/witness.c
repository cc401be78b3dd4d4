/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * witness.c - what a client does instead of staying, told once.
 *
 * A handshake that succeeds proves little: some clients look at the certificate
 * only then, and go without a word. So what is known of a client is kept until
 * its first valid command, and what it did until then is told in the event of
 * the handshake that failed, else in that of the connection.
 *
 * None of it is authenticated, and nothing here decides anything.
 */
#include "session/session.h"

#include "tls/fingerprint.h"

#include <stdlib.h>
#include <string.h>

struct witness {
	struct store *store; /* what was presented */
	uint64_t since;      /* monotonic ms: its stage began */
	enum family family;
	unsigned hints;
	struct imprint *print;         /* may be NULL */
	char alpn[HELLO_ALPN_MAX + 1]; /* offered */
};

static bool
group_in_common(const struct session *s, const struct hello_list *groups)
{
	for (size_t i = 0; i < groups->count; i++)
		if (store_has_group(s->store, s->tls_policy, groups->at[i]))
			return true;
	return groups->count == 0; /* then it says nothing */
}

void
witness_hello(struct session *s, const struct hello *h)
{
	struct witness *w = calloc(1, sizeof *w);

	s->family = (unsigned char)family_of(h);
	if (!w)
		return; /* the events tell less */
	witness_forget(s);
	w->store = store_ref(s->store);
	w->since = s->now;
	w->family = (enum family)s->family;
	w->hints = group_in_common(s, &h->groups) ? 0 : HINT_NO_GROUP;
	w->print = imprint_new(h);
	memcpy(w->alpn, h->alpn, sizeof w->alpn);
	s->witness = w;
}

void
witness_established(struct session *s)
{
	if (s->witness)
		s->witness->since = s->now;
}

void
witness_forget(struct session *s)
{
	if (!s->witness)
		return;
	store_unref(s->witness->store);
	free(s->witness->print);
	free(s->witness);
	s->witness = NULL;
}

static struct engine_facts
facts_of(const struct session *s)
{
	struct engine_facts f = {.alert_received = -1, .alert_sent = -1};

	if (s->legs[SIDE_CLIENT].tls)
		engine_facts(s->legs[SIDE_CLIENT].tls, &f);
	if (f.alert_sent < 0 && s->own_alert > 0)
		f.alert_sent = s->own_alert;
	return f;
}

static enum tls_signal
signal_of_loss(const struct session *s)
{
	switch ((int)s->legs[SIDE_CLIENT].cause) {
	case ERR_CLOSED:
		return SIGNAL_RESET;
	case ERR_TIMEOUT:
		return SIGNAL_TIMEOUT;
	case ERR_PROTOCOL:
		return SIGNAL_MALFORMED;
	default:
		return SIGNAL_NONE; /* our doing, or our machine's */
	}
}

/* What the client said counts more than how it went, or than what we said. */
static enum tls_signal
signal_of(const struct session *s)
{
	const struct leg *client = &s->legs[SIDE_CLIENT];
	struct engine_facts f = facts_of(s);

	if (f.alert_received >= 0)
		return f.alert_plain ? SIGNAL_PLAINTEXT_ALERT : SIGNAL_ALERT;
	if (f.alert_sent >= 0)
		return SIGNAL_OUR_ALERT;
	if (f.close_notify)
		return SIGNAL_CLOSE_NOTIFY;
	if (client->lost)
		return signal_of_loss(s);
	if (client->ended)
		return SIGNAL_EOF;
	return s->deadline <= s->now ? SIGNAL_TIMEOUT : SIGNAL_NONE;
}

static enum tls_stage
stage_of(const struct session *s)
{
	const struct leg *client = &s->legs[SIDE_CLIENT];

	switch (s->state) {
	case STATE_CLEAR:
		return s->commands == 0 && buf_empty(&client->plain)
			   ? STAGE_CONNECT
			   : STAGE_HELLO;
	case STATE_HELLO:
		return !s->starttls && buf_empty(&client->in) ? STAGE_CONNECT
							      : STAGE_HELLO;
	case STATE_TLS:
		return STAGE_HANDSHAKE;
	default:
		return STAGE_GREETING;
	}
}

void
witness_note(struct session *s, enum tls_signal signal)
{
	if (s->signal != SIGNAL_NONE)
		return;
	s->signal = (unsigned char)(signal ? signal : signal_of(s));
	s->stage = (unsigned char)stage_of(s);
}

/* Not a byte of a command. */
static bool
said_nothing(const struct session *s)
{
	const struct buf *in = &s->legs[SIDE_CLIENT].plain;

	return !s->greeted && s->commands == 0 && s->in.gate.seen == 0 &&
	       !s->in.gate.dropping && buf_empty(in);
}

void
witness_end(struct session *s)
{
	if ((s->state == STATE_GATE || s->state == STATE_CLEAR) &&
	    said_nothing(s))
		witness_note(s, SIGNAL_NONE);
}

/* How others than mail programs begin. */
static const struct {
	struct slice begins;
	unsigned hint;
} strangers[] = {
#define BEGINS(text)                                                           \
	{                                                                      \
		(const unsigned char *)(text), sizeof(text) - 1                \
	}
    {BEGINS("GET "), HINT_FOREIGN},
    {BEGINS("HEAD "), HINT_FOREIGN},
    {BEGINS("POST "), HINT_FOREIGN},
    {BEGINS("OPTIONS "), HINT_FOREIGN},
    {BEGINS("CONNECT "), HINT_FOREIGN},
    {BEGINS("PRI * HTTP"), HINT_FOREIGN},
    {BEGINS("PROXY "), HINT_FOREIGN},
    {BEGINS("\r\n\r\n\0\r\nQUIT\n"), HINT_FOREIGN}, /* PROXY, version 2 */
    {BEGINS("SSH-"), HINT_FOREIGN},
    {BEGINS("EHLO "), HINT_FOREIGN},
    {BEGINS("HELO "), HINT_FOREIGN},
    {BEGINS("\3\0\0"), HINT_FOREIGN}, /* RDP */
};

static unsigned
first_bytes(const struct session *s)
{
	struct slice in = buf_uncleared(&s->legs[SIDE_CLIENT].in);

	if (in.len > 2 && (in.ptr[0] & 0x80) && in.ptr[2] == 1)
		return HINT_OLD_HELLO;
	for (size_t i = 0; i < sizeof strangers / sizeof strangers[0]; i++)
		if (in.len >= strangers[i].begins.len &&
		    slice_istarts(in, strangers[i].begins))
			return strangers[i].hint;
	return 0;
}

static unsigned
hints_of(struct session *s, const struct engine_facts *f)
{
	const struct witness *w = s->witness;
	uint64_t waited = s->now - (w ? w->since : s->began);
	unsigned hints = w ? w->hints : 0;

	hints |= s->sni ? 0u : HINT_NO_NAME;
	hints |= waited >= PAUSE_MS ? HINT_PAUSE : 0u;
	hints |= waited <= AT_ONCE_MS ? HINT_AT_ONCE : 0u;
	hints |= f->resumed ? HINT_RESUMED : 0u;
	if (s->starttls && s->stage == STAGE_CONNECT)
		hints |= HINT_CLEAR;
	if (s->signal == SIGNAL_CLEARTEXT)
		hints |= first_bytes(s);
	if (s->signal == SIGNAL_TIMEOUT && s->stage == STAGE_HANDSHAKE &&
	    s->legs[SIDE_CLIENT].open &&
	    s->work->ops->untaken((struct session *)(uintptr_t)s, SIDE_CLIENT) >
		0)
		hints |= HINT_UNTAKEN;
	return hints;
}

static unsigned
flaws_of(const struct session *s, const struct store *store)
{
	struct appraisal a;
	unsigned flaws;

	if (store_appraise(store, s->pair, &a) != ERR_OK)
		return 0;
	flaws = appraisal_flaws(&a, s->sni ? s->sni : "",
				(int64_t)(s->wall / 1000));
	appraisal_clear(&a);
	return flaws;
}

static struct symptom
symptom_of(struct session *s, const struct engine_facts *f)
{
	const struct witness *w = s->witness;
	bool ours = s->signal == SIGNAL_OUR_ALERT;
	struct symptom y = {
	    .signal = (enum tls_signal)s->signal,
	    .stage = (enum tls_stage)s->stage,
	    .alert = ours ? f->alert_sent : f->alert_received,
	    .hints = hints_of(s, f),
	};

	if (f->version)
		y.version = strcmp(f->version, "1.3") == 0 ? TLS_VERSION_13
							   : TLS_VERSION_12;
	if (!w)
		return y;
	y.family = w->family;
	y.flaws = flaws_of(s, w->store);
	return y;
}

void
witness_who(const struct session *s, struct event *e)
{
	if (s->witness)
		event_text(e, FIELD_TLS_FAMILY,
			   family_name(s->witness->family));
}

static void
tell_hello(const struct witness *w, bool agreed, struct event *e)
{
	struct fingerprint print;

	if (w->print) {
		imprint_read(w->print, &print);
		event_text(e, FIELD_TLS_JA4, print.ja4);
		event_text(e, FIELD_TLS_JA3, print.ja3);
	}
	if (w->alpn[0] && !agreed)
		event_text(e, FIELD_TLS_OFFERED, w->alpn);
}

static void
tell_alerts(const struct engine_facts *f, struct event *e)
{
	int named = f->alert_received >= 0 ? f->alert_received : f->alert_sent;

	if (f->alert_received >= 0)
		event_number(e, FIELD_TLS_ALERT_IN,
			     (uint64_t)f->alert_received);
	if (f->alert_sent >= 0)
		event_number(e, FIELD_TLS_ALERT_OUT, (uint64_t)f->alert_sent);
	if (named >= 0)
		event_text(e, FIELD_TLS_ALERT_NAME, alert_name(named));
}

static void
tell_causes(const struct diagnosis *d, struct event *e)
{
	const char *names[DIAGNOSIS_CAUSES];

	for (size_t i = 0; i < d->count; i++)
		names[i] = cause_name(d->causes[i]);
	if (d->count == 0)
		return;
	event_list(e, FIELD_TLS_CAUSES, names, d->count);
	event_text(e, FIELD_TLS_CONFIDENCE, confidence_name(d->confidence));
}

void
witness_tell(struct session *s, struct event *e)
{
	struct engine_facts f = facts_of(s);
	struct symptom y;
	struct diagnosis d;

	tell_alerts(&f, e);
	witness_who(s, e);
	if (s->signal == SIGNAL_NONE)
		return;
	s->told = true;
	y = symptom_of(s, &f);
	cause_judge(&y, &d);
	if (s->witness)
		tell_hello(s->witness, f.alpn != NULL, e);
	event_text(e, FIELD_TLS_SIGNAL, signal_name(y.signal));
	event_text(e, FIELD_TLS_STAGE, stage_name(y.stage));
	tell_causes(&d, e);
}
