/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * relay.c - main thread of the relay: what is not about one session.
 *
 * Takes configurations from the keeper, hands events to it, looks after the
 * backends, and starts and ends the workers.
 */
#include "daemon/relay.h"

#include "audit/event.h"
#include "base/clock.h"
#include "base/random.h"
#include "daemon/admin.h"
#include "daemon/listeners.h"
#include "daemon/prober.h"
#include "daemon/protocol.h"
#include "daemon/staging.h"
#include "daemon/vault.h"
#include "daemon/warden.h"
#include "daemon/worker.h"
#include "net/channel.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	EVENTS_CAP = 1024 * 1024, /* waiting for the keeper, until a snapshot
				     says audit.queue */
	EVENTS_PIECE = 64 * 1024,
	EVENTS_WINDOW = 256 * 1024, /* that the keeper has not written */
	CHANNEL_FULL = 512 * 1024,
	COLLECT_EVERY_MS = 20,
	FIRST_ROUND_MS = 1000 /* for the backends to be known before we serve */
};

enum phase {
	PHASE_NEW,
	PHASE_PROBING,
	PHASE_SERVING,
	PHASE_ENDING,
	PHASE_OVER
};

struct relay {
	struct loop loop;
	struct channel channel;
	struct watch watch;
	struct common common;
	struct timer collect_timer, round_timer;
	struct prober *prober;
	struct warden warden;
	struct admin *admin;
	struct admin_view view;
	struct worker *workers[WORKERS_MAX];
	size_t workers_count;
	struct staging staged;
	struct snapshot *snapshot; /* in use; NULL before the first */
	enum phase phase;
	bool more;      /* events wait for room in the channel */
	uint64_t sent;  /* bytes of events */
	uint64_t taken; /* of them: the keeper has said that it wrote them */
	size_t descriptors;
	int code;
	unsigned char piece[EVENTS_PIECE];
};

static void
give_up(struct relay *r)
{
	r->code = 1;
	r->phase = PHASE_OVER;
	loop_stop(&r->loop);
}

/* After the last worker, when everything has been said. */
static bool
all_said(const struct relay *r)
{
	return r->phase == PHASE_ENDING && r->workers_count == 0 && !r->more &&
	       r->channel.waiting == 0;
}

static void
flush(struct relay *r)
{
	enum io io;

	if (r->phase == PHASE_OVER)
		return;
	io = channel_flush(&r->channel);
	if (io == IO_FAIL) {
		give_up(r);
		return;
	}
	watch_want(&r->watch, true, io == IO_WAIT);
	if (all_said(r)) {
		r->phase = PHASE_OVER;
		loop_stop(&r->loop);
	}
}

static void
say(struct relay *r, enum message type, struct slice body)
{
	if (channel_put(&r->channel, type, &body, 1, NULL, 0) != ERR_OK)
		give_up(r);
	else
		flush(r);
}

static void
say_fault(struct relay *r, const char *text)
{
	say(r, MESSAGE_FAULT, slice_str(text));
}

static void
say_ready(struct relay *r)
{
	struct ready ready;

	memset(&ready, 0, sizeof ready);
	ready.generation = r->snapshot->generation;
	ready.descriptors = r->descriptors;
	ready.listeners = (uint32_t)r->staged.count;
	ready.workers = (uint32_t)r->workers_count;
	say(r, MESSAGE_READY, slice_of(&ready, sizeof ready));
}

static void
say_events(struct relay *r, struct slice lines)
{
	r->sent += lines.len;
	say(r, MESSAGE_EVENTS, lines);
}

/*
 * How many bytes of events the keeper may be given now. Where logins shall wait
 * for the audit it holds few that are not written: the others fill our queue,
 * by which logins are judged.
 */
static size_t
room_for_events(const struct relay *r)
{
	const struct settings *s =
	    r->snapshot ? policy_settings(r->snapshot->policy) : NULL;
	uint64_t window = EVENTS_WINDOW, out = r->sent - r->taken;

	if (!s || !s->audit.block || r->phase == PHASE_ENDING)
		return EVENTS_PIECE;
	if (window > s->audit.queue / 2)
		window = s->audit.queue / 2;
	if (window - out < EVENT_MAX || out > window)
		return 0;
	return window - out < EVENTS_PIECE ? (size_t)(window - out)
					   : EVENTS_PIECE;
}

/* Lines that were lost for want of room are told as a number. */
static void
put_dropped(struct relay *r)
{
	uint64_t n = queue_dropped(r->common.events);
	struct event e;

	if (n == 0)
		return;
	r->view.dropped += n;
	event_begin(&e, EV_DROPPED, NULL, NULL, clock_wall_ms());
	event_number(&e, FIELD_COUNT, n);
	event_text(&e, FIELD_REASON, "the keeper did not take them in time");
	say_events(r, event_end(&e));
}

/* Quotes within values are escaped: only the name of an event matches. */
static bool
tells_of_backends(struct slice lines)
{
	static const char mark[] = "\"event.action\":\"backend\"";

	return memmem(lines.ptr, lines.len, mark, sizeof mark - 1) != NULL;
}

/* From the workers' queue to the keeper, as long as that takes it. */
static void
hand_events_on(struct relay *r)
{
	size_t n;

	r->more = true;
	while (r->more && r->phase != PHASE_OVER &&
	       r->channel.waiting < CHANNEL_FULL) {
		size_t room = room_for_events(r);

		if (room == 0)
			break;
		n = queue_take(r->common.events, r->piece, room);
		r->more = n > 0;
		if (n == 0)
			break;
		if (tells_of_backends(slice_of(r->piece, n)))
			prober_look(r->prober);
		say_events(r, slice_of(r->piece, n));
	}
	if (!r->more) {
		put_dropped(r);
		flush(r);
	}
}

static void
collect(void *arg)
{
	struct relay *r = arg;

	atomic_store(&r->common.collecting, false);
	hand_events_on(r);
}

/* Events are there: a moment later there may be more for one message. */
static void
collect_soon(void *arg)
{
	struct relay *r = arg;

	timer_set(&r->collect_timer, loop_now(&r->loop) + COLLECT_EVERY_MS);
}

static void
event_line(void *arg, struct slice line)
{
	struct relay *r = arg;

	hand_events_on(r); /* what is older */
	say_events(r, line);
}

static void
prober_note(void *arg, const char *text)
{
	say(arg, MESSAGE_NOTE, slice_str(text));
}

/* Gives each worker its sockets. They are gone from staged either way. */
static enum err
configure_workers(struct relay *r)
{
	enum err e = ERR_OK;

	for (size_t i = 0; i < r->workers_count; i++) {
		int fds[SETTINGS_LISTENERS_MAX];
		struct snapshot *s = snapshot_current();

		for (size_t j = 0; j < r->staged.count; j++)
			fds[j] = r->staged.listeners[j].fds[i];
		if (worker_configure(r->workers[i], s, fds, r->staged.count) !=
		    ERR_OK)
			e = ERR_NOMEM;
	}
	return e;
}

/* The backends are known, or have had their time: clients may come in. */
static void
serve(void *arg)
{
	struct relay *r = arg;

	if (r->phase != PHASE_PROBING)
		return;
	timer_set(&r->round_timer, UINT64_MAX);
	r->phase = PHASE_SERVING;
	if (configure_workers(r) != ERR_OK)
		give_up(r);
	else
		say_ready(r);
	r->staged.count = 0;
}

static const struct prober_ops probing = {event_line, prober_note, serve};

static void
keep_state(void *arg, int fd)
{
	struct relay *r = arg;

	if (r->phase == PHASE_OVER)
		return;
	/* Once more at the next interval. */
	if (channel_put(&r->channel, MESSAGE_STATE, NULL, 0, &fd, 1) == ERR_OK)
		flush(r);
}

static void
state_unreadable(void *arg, const char *why)
{
	say(arg, MESSAGE_UNREADABLE, slice_str(why));
}

static const struct warden_ops warding = {event_line, keep_state,
					  state_unreadable};

/* What clients and backends may take of the descriptors. */
static void
share_descriptors(struct relay *r, size_t workers)
{
	bool bounded = r->descriptors > 0 && r->descriptors < INT_MAX;
	size_t all = bounded ? r->descriptors : INT_MAX;
	size_t kept = privs_reserve(all, workers);

	r->common.accept_most = (int)(all - 2 * kept);
	r->common.connect_most = (int)(all - kept);
}

static bool
start_workers(struct relay *r, size_t count)
{
	unsigned char seed[HASH_KEY];

	share_descriptors(r, count);
	while (r->workers_count < count) {
		struct worker *w = NULL;

		if (random_fill(seed, sizeof seed) == ERR_OK)
			w = worker_new(&r->common, seed);
		if (!w)
			return false;
		r->workers[r->workers_count++] = w;
	}
	return true;
}

/* A snapshot was built: takes it into use. */
static void
adopt(struct relay *r, struct snapshot *next)
{
	size_t workers = staging_workers(&r->staged);
	bool first = !r->snapshot;

	r->snapshot = next;
	snapshot_publish(next);
	(void)queue_limit(r->common.events,
			  policy_settings(next->policy)->audit.queue);
	if (warden_configure(&r->warden, next->policy) != ERR_OK) {
		say_fault(r, "there is no memory of the size limits.memory");
		give_up(r);
		return;
	}
	if (first) /* the workers read it from then on */
		r->common.defence = r->view.defence = r->warden.defence;
	if (first && !start_workers(r, workers)) {
		say_fault(r,
			  "cannot start the workers: out of memory or threads");
		give_up(r);
		return;
	}
	if (prober_configure(r->prober, snapshot_current()) != ERR_OK) {
		give_up(r);
		return;
	}
	if (first)
		r->view.first_generation = next->generation;
	r->view.workers = r->workers_count;
	admin_configure(r->admin, &r->staged.rights, r->staged.admin);
	r->staged.admin = -1;
	if (first) {
		r->phase = PHASE_PROBING;
		timer_set(&r->round_timer, loop_now(&r->loop) + FIRST_ROUND_MS);
		return;
	}
	if (configure_workers(r) != ERR_OK)
		give_up(r);
	else
		say_ready(r);
	r->staged.count = 0;
}

/* The last user of the shelf has gone, on whatever thread. */
static void
release(void *vault)
{
	vault_clear(vault);
	free(vault);
}

/* Takes the descriptors of a message. NULL: *why says why. */
static struct vault *
take_shelf(const struct channel_message *m, const char **why)
{
	struct vault *v = calloc(1, sizeof *v);

	for (size_t i = 1; i < m->fds_count; i++)
		(void)close(m->fds[i]);
	*why = "no descriptor is left for the certificates";
	if (v && m->fds_count > 0) {
		*why = "internal error: the certificates cannot be read";
		if (vault_open(m->fds[0], v) == ERR_OK)
			return v;
	} else if (m->fds_count > 0) {
		(void)close(m->fds[0]);
	}
	free(v);
	return NULL;
}

static void
take_config(struct relay *r, const struct channel_message *m)
{
	struct snapshot_source src;
	struct snapshot_fault fault = {""};
	struct snapshot *next = NULL;
	const char *why;
	struct vault *v = take_shelf(m, &why);

	if (protocol_get_config(m->body, &src) != ERR_OK) {
		give_up(r);
		return;
	}
	if (!v) {
		staging_drop(&r->staged);
		say_fault(r, why);
		return;
	}
	src.shelf = vault_bytes(v);
	src.release = release;
	src.arg = v;
	if (snapshot_build(&src, &next, &fault) != ERR_OK) {
		release(v);
		staging_drop(&r->staged);
		say_fault(r, fault.text);
		return;
	}
	if (!staging_fits(&r->staged, policy_settings(next->policy),
			  r->workers_count)) {
		staging_drop(&r->staged);
		snapshot_unref(next);
		say_fault(r, "internal error: listeners do not match");
		return;
	}
	adopt(r, next);
}

static void
take_state(struct relay *r, const struct channel_message *m)
{
	if (m->fds_count != 1)
		give_up(r);
	else
		warden_take_file(&r->warden, m->fds[0]);
}

static void
take_reloaded(struct relay *r, struct slice body)
{
	struct reloaded how;

	if (body.len < sizeof how) {
		give_up(r);
		return;
	}
	memcpy(&how, body.ptr, sizeof how);
	admin_reloaded(r->admin, how.upto, how.good,
		       slice_skip(body, sizeof how));
}

static void
take_taken(struct relay *r, struct slice body)
{
	uint64_t taken;

	if (body.len != sizeof taken) {
		give_up(r);
		return;
	}
	memcpy(&taken, body.ptr, sizeof taken);
	if (taken > r->sent) {
		give_up(r);
		return;
	}
	r->taken = taken;
	hand_events_on(r);
}

static void
wish_reload(void *arg, uint64_t number)
{
	say(arg, MESSAGE_RELOAD, slice_of(&number, sizeof number));
}

static const struct admin_ops administering = {wish_reload};

static void
end_workers(struct relay *r, void (*how)(struct worker *w))
{
	r->phase = PHASE_ENDING;
	admin_close(r->admin);
	for (size_t i = 0; i < r->workers_count; i++)
		how(r->workers[i]);
	flush(r); /* there may be none */
}

static void
take_message(struct relay *r, const struct channel_message *m)
{
	switch ((enum message)m->type) {
	case MESSAGE_LISTENER:
		if (!staging_listener(&r->staged, m))
			give_up(r);
		break;
	case MESSAGE_CONFIG:
		take_config(r, m);
		break;
	case MESSAGE_ADMIN:
		if (!staging_admin(&r->staged, m))
			give_up(r);
		break;
	case MESSAGE_RELOADED:
		take_reloaded(r, m->body);
		break;
	case MESSAGE_TAKEN:
		take_taken(r, m->body);
		break;
	case MESSAGE_STATE:
		take_state(r, m);
		break;
	case MESSAGE_DRAIN:
		end_workers(r, worker_drain);
		break;
	case MESSAGE_STOP:
		end_workers(r, worker_stop);
		break;
	case MESSAGE_READY:
	case MESSAGE_FAULT:
	case MESSAGE_EVENTS:
	case MESSAGE_NOTE:
	case MESSAGE_RELOAD:
	case MESSAGE_UNREADABLE:
	default:
		give_up(r);
	}
}

static void
channel_ready(void *arg, bool readable, bool writable)
{
	struct relay *r = arg;
	struct channel_message m;
	enum io io;

	if (writable) {
		flush(r);
		hand_events_on(r);
	}
	io = readable ? channel_fill(&r->channel) : IO_WAIT;
	if (io == IO_EOF || io == IO_FAIL) {
		give_up(r); /* without a keeper nothing is audited */
		return;
	}
	while (r->phase != PHASE_OVER &&
	       (io = channel_next(&r->channel, &m)) == IO_DONE)
		take_message(r, &m);
	if (io == IO_FAIL)
		give_up(r);
}

/* A worker has ended; with the last one, what they left is handed on. */
static void
worker_ended(void *arg)
{
	struct relay *r = arg;

	if (r->phase != PHASE_ENDING || atomic_load(&r->common.running) > 0)
		return;
	while (r->workers_count > 0)
		worker_join(r->workers[--r->workers_count]);
	r->more = true; /* not all has been said, whatever is sent now */
	warden_save(&r->warden);
	hand_events_on(r);
}

static bool
set_up(struct relay *r)
{
	unsigned char key[HASH_KEY];

	if (random_fill(key, sizeof key) != ERR_OK)
		return false;
	r->common.ledger = ledger_new(key);
	r->common.events = queue_new(EVENTS_CAP);
	r->common.hosts = hosts_new();
	atomic_init(&r->common.collecting, false);
	atomic_init(&r->common.running, 0);
	if (!r->common.ledger || !r->common.events || !r->common.hosts ||
	    loop_init(&r->loop, NULL, NULL) != ERR_OK)
		return false;
	timer_init(&r->collect_timer, &r->loop, collect, r);
	timer_init(&r->round_timer, &r->loop, serve, r);
	warden_init(&r->warden, &r->loop, &warding, r);
	r->prober = prober_new(&r->loop, r->common.hosts, &probing, r);
	r->view = (struct admin_view){.loop = &r->loop,
				      .ledger = r->common.ledger,
				      .events = r->common.events,
				      .started = clock_wall_ms(),
				      .event = event_line,
				      .arg = r};
	r->admin = admin_new(&r->loop, &r->view, &administering, r);
	if (!r->prober || !r->admin ||
	    wake_init(&r->common.collect, &r->loop, collect_soon, r) !=
		ERR_OK ||
	    wake_init(&r->common.ended, &r->loop, worker_ended, r) != ERR_OK ||
	    watch_init(&r->watch, &r->loop, r->channel.fd, channel_ready, r) !=
		ERR_OK)
		return false;
	watch_want(&r->watch, true, false);
	return true;
}

static void
tear_down(struct relay *r)
{
	bool quiet = prober_close(r->prober);

	admin_close(r->admin);
	warden_close(&r->warden);
	timer_close(&r->collect_timer);
	timer_close(&r->round_timer);
	wake_close(&r->common.collect);
	wake_close(&r->common.ended);
	watch_close(&r->watch, NULL);
	snapshot_publish(NULL);
	/* A look-up may hang for long: then the process just ends. */
	if (!quiet || r->workers_count > 0)
		return;
	loop_clear(&r->loop);
	prober_free(r->prober);
	admin_free(r->admin);
	warden_clear(&r->warden);
	channel_clear(&r->channel);
	ledger_free(r->common.ledger);
	queue_free(r->common.events);
	hosts_free(r->common.hosts);
	free(r);
}

int
relay_run(int channel, pid_t keeper, const struct identity *who)
{
	struct relay *r = calloc(1, sizeof *r);
	int code;

	if (!r)
		return 1;
	channel_init(&r->channel, channel);
	staging_init(&r->staged);
	if (privs_drop(who) != ERR_OK) {
		struct slice text = SLICE("cannot give up the rights of root");

		if (channel_put(&r->channel, MESSAGE_FAULT, &text, 1, NULL,
				0) == ERR_OK)
			(void)!channel_flush(&r->channel);
		return 1;
	}
	privs_follow(keeper);
	r->descriptors = privs_descriptors();
	if (!set_up(r))
		return 1;
	loop_run(&r->loop);
	code = r->code;
	if (code == 0)
		tear_down(r);
	return code;
}
