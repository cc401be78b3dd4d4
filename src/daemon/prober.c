/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/prober.h"

#include "audit/event.h"
#include "base/clock.h"
#include "base/random.h"
#include "net/resolve.h"
#include "net/wire.h"
#include "session/backends.h"
#include "session/greeter.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	RETRY_MS = 5000,  /* while nothing is known, or it does not answer */
	NAME_MS = 60000,  /* between look-ups of a name */
	AGAIN_MS = 1000,  /* between looks, at least */
	LOGOUT_MS = 2000, /* for the backend to say goodbye */
	INPUT_SIZE = 8192 + 1024
};

#define NEVER UINT64_MAX

struct probe {
	struct wire wire; /* first */
	struct prober *owner;
	struct probe *next;
	struct backend_settings backend;
	struct resolve lookup;
	struct greeter greeter;
	struct endpoint at;
	size_t tries; /* addresses left in this attempt */
	/* When to do what next; NEVER: something else comes first. */
	uint64_t look_at; /* an attempt */
	uint64_t began;   /* the attempt before */
	uint64_t name_at; /* ask for the name's addresses */
	uint64_t until;   /* give up what the socket is for */
	bool running;     /* an attempt is under way */
	bool connected;
	bool again; /* the next address once this socket is gone */
	bool looking_up;
	bool rounded; /* was looked at once */
	bool noted;   /* it was said that it cannot be used */
	bool gone;    /* to be freed once nothing refers to it */
	size_t in_len;
	unsigned char in[INPUT_SIZE];
};

struct prober {
	struct loop *loop;
	struct hosts *hosts;
	const struct prober_ops *ops;
	void *arg;
	struct timer timer;
	struct probe *probes; /* those that are gone too */
	struct snapshot *snapshot;
	size_t unseen; /* probes not looked at yet */
};

static const struct settings *
settings_of(const struct prober *p)
{
	return policy_settings(p->snapshot->policy);
}

static uint64_t
now_of(const struct probe *b)
{
	return loop_now(b->owner->loop);
}

/* Plus or minus a tenth, so that gates do not march in step. */
static uint64_t
jittered(uint64_t ms)
{
	uint32_t random = 0;

	(void)!random_fill(&random, sizeof random);
	return ms - ms / 10 + random % (ms / 5 + 1);
}

static void
set_timer(struct prober *p)
{
	uint64_t at = NEVER;

	for (const struct probe *b = p->probes; b; b = b->next) {
		if (b->gone)
			continue;
		if (b->until < at)
			at = b->until;
		if (b->look_at < at)
			at = b->look_at;
		if (b->name_at < at)
			at = b->name_at;
	}
	timer_set(&p->timer, at);
}

static void
tell(struct probe *b, bool usable, const char *reason)
{
	struct prober *p = b->owner;
	struct event e;
	struct address a;
	char text[ADDRESS_TEXT_MAX];

	event_begin(&e, EV_BACKEND, NULL, policy_privacy(p->snapshot->policy),
		    clock_wall_ms());
	event_text(&e, FIELD_OUTCOME, usable ? "success" : "failure");
	event_text(&e, FIELD_REASON, reason);
	event_text(&e, FIELD_BACKEND, b->backend.name);
	if (b->at.port != 0) {
		memcpy(a.octets, b->at.octets, sizeof a.octets);
		address_print(&a, text);
		event_text(&e, FIELD_BACKEND_IP, text);
	}
	event_number(&e, FIELD_BACKEND_PORT, b->backend.port);
	p->ops->event(p->arg, event_end(&e));
}

static void
note(struct probe *b, bool usable, const char *reason)
{
	struct prober *p = b->owner;
	char where[sizeof b->backend.host + HOST_TEXT_MAX], text[1024];

	if (b->noted != usable)
		return;
	b->noted = !usable;
	if (b->at.port != 0)
		hosts_print(&b->at, where);
	else
		(void)snprintf(where, sizeof where, "%s:%u", b->backend.host,
			       (unsigned)b->backend.port);
	(void)snprintf(
	    text, sizeof text, "backend '%s' (%s) can%s%s", b->backend.name,
	    where,
	    usable ? " be used again" : "not be used: ", usable ? "" : reason);
	p->ops->note(p->arg, text);
}

/* The attempt is over, well or not. */
static void
attempt_ended(struct probe *b, bool usable, const char *reason)
{
	struct prober *p = b->owner;
	uint64_t refresh = settings_of(p)->process.capability_refresh;
	bool news;

	if (!usable && refresh > RETRY_MS)
		refresh = RETRY_MS;
	b->running = false;
	b->until = NEVER;
	b->look_at = now_of(b) + jittered(refresh);
	if (usable)
		news =
		    backends_learn(&b->backend, slice_of(b->greeter.words,
							 b->greeter.words_len));
	else
		news = backends_fail(&b->backend, reason) || !b->rounded;
	if (news)
		tell(b, usable, reason);
	note(b, usable, reason);
	if (!b->rounded) {
		b->rounded = true;
		if (--p->unseen == 0)
			p->ops->round(p->arg);
	}
	set_timer(p);
}

static void
attempt_failed(struct probe *b, const char *reason)
{
	if (!b->connected && b->at.port != 0)
		hosts_failed(b->owner->hosts, &b->backend, &b->at);
	if (!b->connected && b->tries > 1) {
		b->tries--;
		b->again = true; /* in probe_closed */
		b->until = NEVER;
		wire_abort(&b->wire);
		return;
	}
	wire_abort(&b->wire);
	attempt_ended(b, false, reason);
}

static void
try_address(struct probe *b)
{
	struct prober *p = b->owner;

	b->again = b->connected = false;
	b->in_len = 0;
	b->until = now_of(b) + settings_of(p)->timeouts.connect;
	b->at = (struct endpoint){0};
	if (!hosts_find(p->hosts, &b->backend, &b->at)) {
		attempt_failed(b, "its name cannot be resolved");
		return;
	}
	wire_connect(&b->wire, p->loop, &b->at, INT_MAX);
	if (wire_fault(&b->wire) != ERR_OK)
		attempt_failed(b, err_text(wire_fault(&b->wire)));
}

static void
begin_attempt(struct probe *b)
{
	b->running = true;
	b->began = now_of(b);
	b->look_at = NEVER;
	b->tries = hosts_count(b->owner->hosts, b->backend.host);
	b->again = !wire_idle(&b->wire);
	if (b->again)
		wire_abort(&b->wire); /* still saying goodbye */
	else
		try_address(b);
}

static unsigned char *
probe_room(struct wire *w, size_t *cap)
{
	struct probe *b = (struct probe *)(void *)w;

	*cap = sizeof b->in - b->in_len;
	return b->in + b->in_len;
}

static void
probe_connected(struct wire *w)
{
	struct probe *b = (struct probe *)(void *)w;
	uint64_t random = 0;
	char tag[17];

	b->connected = true;
	b->until = now_of(b) + settings_of(b->owner)->timeouts.greeting;
	(void)!random_fill(&random, sizeof random);
	(void)snprintf(tag, sizeof tag, "P%015llx",
		       (unsigned long long)(random >> 4));
	greeter_init(&b->greeter, tag, true);
	wire_read(&b->wire, true);
	set_timer(b->owner);
}

static void
say_goodbye(struct probe *b)
{
	char line[40];
	int n = snprintf(line, sizeof line, "%s LOGOUT\r\n", b->greeter.tag);

	(void)wire_write(&b->wire, slice_of(line, (size_t)n));
	wire_close(&b->wire, true);
	attempt_ended(b, true, NULL);
	b->until = now_of(b) + LOGOUT_MS;
	set_timer(b->owner);
}

static void
drop_input(struct probe *b, size_t used)
{
	b->in_len -= used;
	memmove(b->in, b->in + used, b->in_len);
}

static void
probe_received(struct wire *w, size_t n)
{
	struct probe *b = (struct probe *)(void *)w;

	b->in_len += n;
	for (;;) {
		size_t used = 0;
		enum greeter_verdict v = greeter_read(
		    &b->greeter, slice_of(b->in, b->in_len), &used);

		drop_input(b, used);
		switch (v) {
		case GREETER_READY:
			say_goodbye(b);
			return;
		case GREETER_REFUSED:
			attempt_failed(b, b->greeter.reason);
			return;
		case GREETER_SAY:
			(void)wire_write(w, slice_str(b->greeter.say));
			break;
		case GREETER_MORE:
		default:
			if (b->in_len == sizeof b->in)
				attempt_failed(b, "its greeting is too long");
			return;
		}
	}
}

static void
probe_ended(struct wire *w)
{
	attempt_failed((struct probe *)(void *)w,
		       "it closed the connection before it was ready");
}

static void
probe_lost(struct wire *w, enum err cause)
{
	struct probe *b = (struct probe *)(void *)w;

	attempt_failed(b, err_text(cause));
}

static void
probe_sent(struct wire *w, size_t waiting)
{
	(void)w;
	(void)waiting;
}

static void
free_if_gone(struct probe *b)
{
	struct probe **at = &b->owner->probes;

	if (!b->gone || b->looking_up || !wire_idle(&b->wire))
		return;
	while (*at != b)
		at = &(*at)->next;
	*at = b->next;
	free(b);
}

static void
probe_closed(struct wire *w)
{
	struct probe *b = (struct probe *)(void *)w;

	b->until = NEVER;
	if (b->gone) {
		free_if_gone(b);
	} else if (b->again) {
		try_address(b);
		set_timer(b->owner);
	}
}

static const struct wire_ops probe_ops = {
    probe_room,      probe_received, probe_ended,  probe_lost,
    probe_connected, probe_sent,     probe_closed,
};

static void
looked_up(void *arg, const struct endpoint *found, size_t n)
{
	struct probe *b = arg;
	struct address addresses[RESOLVE_MAX];

	b->looking_up = false;
	b->name_at = now_of(b) + jittered(n > 0 ? NAME_MS : RETRY_MS);
	for (size_t i = 0; i < n; i++)
		memcpy(addresses[i].octets, found[i].octets, 16);
	if (b->gone) {
		free_if_gone(b);
		return;
	}
	/* A name that has vanished keeps its addresses: resolvers fail, too. */
	if (n > 0)
		hosts_learn(b->owner->hosts, b->backend.host, addresses, n);
	if (!b->running && !b->rounded)
		begin_attempt(b);
	set_timer(b->owner);
}

static void
look_up(struct probe *b)
{
	b->name_at = NEVER;
	b->looking_up = resolve_begin(&b->lookup, b->owner->loop,
				      b->backend.host, looked_up, b) == ERR_OK;
	if (!b->looking_up)
		b->name_at = now_of(b) + RETRY_MS;
}

static void
run_probe(struct probe *b, uint64_t now)
{
	if (b->name_at <= now)
		look_up(b);
	if (b->until <= now) {
		b->until = NEVER;
		if (b->running)
			attempt_failed(b, "timed out");
		else
			wire_abort(&b->wire); /* no goodbye came */
	}
	/* The first look waits for the name, see looked_up. */
	if (b->look_at <= now && !b->running) {
		if (b->rounded || !b->looking_up)
			begin_attempt(b);
		else
			b->look_at = NEVER;
	}
}

static void
timer_fired(void *arg)
{
	struct prober *p = arg;
	uint64_t now = loop_now(p->loop);

	for (struct probe *b = p->probes, *next; b; b = next) {
		next = b->next;
		if (!b->gone)
			run_probe(b, now);
	}
	set_timer(p);
}

struct prober *
prober_new(struct loop *l, struct hosts *h, const struct prober_ops *ops,
	   void *arg)
{
	struct prober *p = calloc(1, sizeof *p);

	if (!p)
		return NULL;
	*p = (struct prober){.loop = l, .hosts = h, .ops = ops, .arg = arg};
	timer_init(&p->timer, l, timer_fired, p);
	return p;
}

static void
dismiss_all(struct prober *p)
{
	for (struct probe *b = p->probes, *next; b; b = next) {
		next = b->next;
		b->gone = true;
		wire_abort(&b->wire);
		free_if_gone(b);
	}
}

static struct probe *
probe_new(struct prober *p, const struct backend_settings *backend)
{
	struct probe *b = calloc(1, sizeof *b);

	if (!b)
		return NULL;
	b->owner = p;
	b->backend = *backend;
	b->until = NEVER;
	b->name_at = hosts_numeric(backend->host) ? NEVER : 0;
	wire_init(&b->wire, &probe_ops);
	return b;
}

static bool
is_same(const struct backend_settings *a, const struct backend_settings *b)
{
	return strcmp(a->name, b->name) == 0 && strcmp(a->host, b->host) == 0 &&
	       a->port == b->port;
}

/* What was said before a reload is not said again. */
static bool
was_noted(const struct prober *p, const struct backend_settings *backend)
{
	for (const struct probe *b = p->probes; b; b = b->next)
		if (!b->gone && is_same(&b->backend, backend))
			return b->noted;
	return false;
}

enum err
prober_configure(struct prober *p, struct snapshot *s)
{
	const struct settings *set = policy_settings(s->policy);
	bool noted[SETTINGS_BACKENDS_MAX];

	for (size_t i = 0; i < set->backends_count; i++)
		noted[i] = was_noted(p, &set->backends[i]);
	dismiss_all(p);
	snapshot_unref(p->snapshot);
	p->snapshot = s;
	p->unseen = 0;
	hosts_keep(p->hosts, set);
	for (size_t i = 0; i < set->backends_count; i++) {
		struct probe *b = probe_new(p, &set->backends[i]);

		if (!b)
			return ERR_NOMEM;
		b->noted = noted[i];
		b->next = p->probes;
		p->probes = b;
		p->unseen++;
	}
	timer_set(&p->timer, loop_now(p->loop));
	return ERR_OK;
}

void
prober_look(struct prober *p)
{
	uint64_t now = loop_now(p->loop);

	for (struct probe *b = p->probes; b; b = b->next) {
		uint64_t at = b->began + AGAIN_MS;

		if (at < now)
			at = now;
		if (!b->gone && !b->running && b->rounded && at < b->look_at)
			b->look_at = at;
	}
	set_timer(p);
}

bool
prober_close(struct prober *p)
{
	bool quiet = true;

	for (const struct probe *b = p->probes; b; b = b->next)
		quiet = quiet && !b->looking_up;
	dismiss_all(p);
	timer_close(&p->timer);
	return quiet;
}

void
prober_free(struct prober *p)
{
	if (!p)
		return;
	snapshot_unref(p->snapshot);
	free(p);
}
