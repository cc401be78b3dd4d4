/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/conn.h"

#include "base/clock.h"
#include "imap/reply.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	WALL_CHECKED_EVERY_MS = 1000,
	/* Above timeouts.write_stall, which is the session's to judge. */
	KERNEL_PATIENCE_MS = 180 * 1000
};

static struct conn *
conn_of_alarm(struct wheel_node *n)
{
	unsigned char *at = (unsigned char *)n - offsetof(struct conn, alarm);

	return (struct conn *)(void *)at;
}

static struct conn *
conn_of_seat(struct ledger_seat *seat)
{
	unsigned char *at = (unsigned char *)seat - offsetof(struct conn, seat);

	return (struct conn *)(void *)at;
}

static struct conn *
conn_of_turn(struct turn *t)
{
	unsigned char *at = (unsigned char *)t - offsetof(struct conn, turn);

	return (struct conn *)(void *)at;
}

uint64_t
worker_wall(struct worker *w)
{
	uint64_t now = loop_now(&w->loop);

	if (now - w->wall_checked >= WALL_CHECKED_EVERY_MS) {
		w->wall_checked = now;
		w->wall_offset = clock_wall_ms() - now;
	}
	return now + w->wall_offset;
}

/* Hands the turn's events on; wakes the main thread once per its look. */
static void
flush_batch(struct worker *w)
{
	if (w->batch_len == 0)
		return;
	(void)queue_put(w->common->events, slice_of(w->batch, w->batch_len));
	w->batch_len = 0;
	if (!atomic_exchange(&w->common->collecting, true))
		wake_send(&w->common->collect);
}

void
worker_event(struct worker *w, struct slice line)
{
	if (line.len > sizeof w->batch - w->batch_len)
		flush_batch(w);
	memcpy(w->batch + w->batch_len, line.ptr, line.len);
	w->batch_len += line.len;
}

static void
tell_due(struct worker *w)
{
	uint64_t now = w->closed ? UINT64_MAX - 1 : loop_now(&w->loop);
	struct slice line;
	uint64_t next;

	while (workspace_flood(w->work, w->snapshot->policy, now,
			       worker_wall(w), &line))
		worker_event(w, line);
	bouncer_tell(w, now);
	next = workspace_flood_due(w->work);
	if (!w->closed)
		timer_set(&w->telling,
			  next < w->bouncer.due ? next : w->bouncer.due);
}

/* Handshakes come last in a turn, and not all of them in one. */
static void
shake_hands(struct worker *w)
{
	struct turn *t;

	turns_begin(&w->turns);
	while ((t = turns_next(&w->turns)))
		conn_step(conn_of_turn(t));
	if (!w->closed)
		loop_hurry(&w->loop, turns_waited_for(&w->turns));
}

static void
turn_end(void *arg)
{
	struct worker *w = arg;

	if (!w->closed)
		shake_hands(w);
	if (w->snapshot)
		tell_due(w);
	flush_batch(w);
}

/* It only wakes the loop: a turn ends with what is due. */
static void
tell(void *arg)
{
	(void)arg;
}

static struct ledger_limits
limits_of(const struct settings *s, bool exempt)
{
	return (struct ledger_limits){
	    s->limits.connections,
	    exempt ? UINT64_MAX : s->limits.connections_per_address,
	    s->limits.unauthenticated, s->limits.handshakes,
	    s->limits.handshakes_per_address};
}

/* In clear we can say why; inside TLS it would cost us a handshake. */
static void
turn_away(int fd, enum listener_mode mode, enum reply say)
{
	char text[REPLY_MAX];

	if (mode == LISTENER_STARTTLS) {
		size_t n = reply_format(say, SLICE_EMPTY, text);

		(void)send(fd, text, n, MSG_NOSIGNAL | MSG_DONTWAIT);
	}
	(void)close(fd);
}

static void
accepted(void *arg, size_t which, int fd, const struct endpoint *from)
{
	struct worker *w = arg;
	const struct settings *s = policy_settings(w->snapshot->policy);
	struct ledger_limits limits;
	struct session_peer peer = {.port = from->port, .listener = which};
	enum ledger_verdict v = LEDGER_NOMEM;
	enum reply say;
	struct conn *c;

	memcpy(peer.address.octets, from->octets, sizeof from->octets);
	if (!bouncer_admits(w, &peer, fd, &say)) {
		turn_away(fd, s->listeners[which].mode, say);
		return;
	}
	limits = limits_of(s, peer.exempt);
	c = conn_new(w);
	if (c)
		v = ledger_enter(w->common->ledger, &c->seat, &w->home,
				 &peer.address, &limits, loop_now(&w->loop));
	if (v == LEDGER_ADMITTED) {
		conn_begin(c, fd, &peer);
		return;
	}
	bouncer_refused(w, v, &peer.address, which);
	turn_away(fd, s->listeners[which].mode, REPLY_BYE_OVERLOAD);
	if (c)
		conn_free(c);
}

static void
exhausted(void *arg, const struct endpoint *from)
{
	struct worker *w = arg;
	struct address a;

	memcpy(a.octets, from->octets, sizeof a.octets);
	bouncer_refused(w, REFUSED_DESCRIPTORS, &a, SIZE_MAX);
}

static const struct accept_ops accepting = {accepted, exhausted};

void
worker_arm(struct worker *w, struct conn *c, uint64_t at)
{
	wheel_set(&w->wheel, &c->alarm, at, loop_now(&w->loop));
	if (at < w->timer.at)
		timer_set(&w->timer, wheel_next(&w->wheel));
}

static void
alarms(void *arg)
{
	struct worker *w = arg;
	uint64_t now = loop_now(&w->loop);
	struct wheel_node *n;

	while ((n = wheel_expire(&w->wheel, now)))
		conn_alarm(conn_of_alarm(n));
	if (!w->closed)
		timer_set(&w->timer, wheel_next(&w->wheel));
}

/* Everything is gone: closes what the loop itself needs, so that it ends. */
static void
close_if_empty(struct worker *w)
{
	if (!w->draining || w->conns || w->closed)
		return;
	(void)pthread_mutex_lock(&w->mailbox.lock);
	w->closed = true;
	(void)pthread_mutex_unlock(&w->mailbox.lock);
	turn_end(w);
	acceptor_close(&w->acceptor);
	timer_close(&w->timer);
	timer_close(&w->telling);
	wake_close(&w->mail);
	loop_stop(&w->loop);
}

void
worker_conn_gone(struct worker *w)
{
	close_if_empty(w);
}

/* The sockets that stay came as duplicates: none of their clients is lost. */
static void
take_configuration(struct worker *w, struct mailbox *m)
{
	const struct settings *s = policy_settings(m->snapshot->policy);

	acceptor_clear(&w->acceptor);
	if (w->snapshot)
		bouncer_tell(w, UINT64_MAX); /* by the names of its rules */
	snapshot_unref(w->snapshot);
	w->snapshot = m->snapshot;
	for (size_t i = 0; i < m->fds_count; i++) {
		socket_patience(m->fds[i],
				s->timeouts.write_stall + KERNEL_PATIENCE_MS);
		if (w->draining)
			(void)close(m->fds[i]);
		else if (acceptor_add(&w->acceptor, m->fds[i], i) != ERR_OK)
			continue; /* out of memory: the other workers serve it
				   */
	}
	free(m->fds);
}

static void
begin_drain(struct worker *w)
{
	w->draining = true;
	acceptor_clear(&w->acceptor);
	for (struct conn *c = w->conns, *next; c; c = next) {
		next = c->next;
		conn_drain(c);
	}
}

static void
begin_stop(struct worker *w)
{
	w->stopping = true;
	for (struct conn *c = w->conns, *next; c; c = next) {
		next = c->next;
		conn_stop(c);
	}
}

/* What the ledger has decided for connections of ours. */
static void
take_news(struct worker *w)
{
	struct ledger_seat *seat;
	enum ledger_verdict why;

	while ((seat = ledger_news(w->common->ledger, &w->home, &why))) {
		struct conn *c = conn_of_seat(seat);

		if (why == LEDGER_ADMITTED) {
			conn_step(c);
			continue;
		}
		bouncer_refused(w, why, &c->session.peer.address,
				c->session.peer.listener);
		conn_end(c, ERR_LIMIT);
	}
}

static void
mail(void *arg)
{
	struct worker *w = arg;
	struct mailbox got;

	(void)pthread_mutex_lock(&w->mailbox.lock);
	got = w->mailbox;
	w->mailbox.fds = NULL;
	w->mailbox.snapshot = NULL;
	(void)pthread_mutex_unlock(&w->mailbox.lock);
	if (got.snapshot)
		take_configuration(w, &got);
	take_news(w);
	if ((got.drain || got.stop) && !w->draining)
		begin_drain(w);
	if (got.stop && !w->stopping)
		begin_stop(w);
	close_if_empty(w);
}

static void
wake_worker(void *arg)
{
	struct worker *w = arg;

	wake_send(&w->mail);
}

static void
clear(struct worker *w)
{
	while (w->spare) {
		struct conn *c = w->spare;

		w->spare = c->next;
		free(c);
	}
	workspace_free(w->work);
	snapshot_unref(w->snapshot);
}

static void *
run(void *arg)
{
	struct worker *w = arg;

	while (!w->closed)
		loop_run(&w->loop);
	loop_clear(&w->loop);
	clear(w);
	atomic_fetch_sub(&w->common->running, 1);
	wake_send(&w->common->ended);
	return NULL;
}

/* False: the thread could not be started, the loop is closed again. */
static bool
start(struct worker *w)
{
	if (loop_init(&w->loop, turn_end, w) != ERR_OK)
		return false;
	timer_init(&w->timer, &w->loop, alarms, w);
	timer_init(&w->telling, &w->loop, tell, w);
	acceptor_init(&w->acceptor, &w->loop, w->common->accept_most,
		      &accepting, w);
	wheel_init(&w->wheel, loop_now(&w->loop));
	if (wake_init(&w->mail, &w->loop, mail, w) == ERR_OK) {
		atomic_fetch_add(&w->common->running, 1);
		if (pthread_create(&w->thread, NULL, run, w) == 0)
			return true;
		atomic_fetch_sub(&w->common->running, 1);
		wake_close(&w->mail);
	}
	acceptor_close(&w->acceptor);
	timer_close(&w->timer);
	timer_close(&w->telling);
	loop_clear(&w->loop);
	return false;
}

struct worker *
worker_new(struct common *common, const unsigned char seed[HASH_KEY])
{
	struct worker *w = calloc(1, sizeof *w);

	if (!w)
		return NULL;
	w->common = common;
	w->home = (struct ledger_home){.wake = wake_worker, .arg = w};
	w->bouncer.due = UINT64_MAX;
	w->work = workspace_new(&conn_edge, common->defence, seed);
	(void)pthread_mutex_init(&w->mailbox.lock, NULL);
	if (w->work && start(w))
		return w;
	workspace_free(w->work);
	(void)pthread_mutex_destroy(&w->mailbox.lock);
	free(w);
	return NULL;
}

static void
mailbox_empty(struct mailbox *m)
{
	for (size_t i = 0; m->snapshot && i < m->fds_count; i++)
		(void)close(m->fds[i]);
	free(m->fds);
	snapshot_unref(m->snapshot);
	m->fds = NULL;
	m->snapshot = NULL;
}

enum err
worker_configure(struct worker *w, struct snapshot *next, const int *fds,
		 size_t count)
{
	struct mailbox *m = &w->mailbox;
	int *copy = malloc(count * sizeof *copy);
	bool taken;

	(void)pthread_mutex_lock(&m->lock);
	taken = copy && !w->closed;
	if (taken) {
		mailbox_empty(m); /* overtaken before it was read */
		memcpy(copy, fds, count * sizeof *copy);
		m->snapshot = next;
		m->fds = copy;
		m->fds_count = count;
		wake_send(&w->mail);
	}
	(void)pthread_mutex_unlock(&m->lock);
	if (taken)
		return ERR_OK;
	free(copy);
	for (size_t i = 0; i < count; i++)
		(void)close(fds[i]);
	snapshot_unref(next);
	return ERR_NOMEM;
}

/* Its loop may be gone already: only the lock tells. */
static void
ask(struct worker *w, bool *what)
{
	(void)pthread_mutex_lock(&w->mailbox.lock);
	*what = true;
	if (!w->closed)
		wake_send(&w->mail);
	(void)pthread_mutex_unlock(&w->mailbox.lock);
}

void
worker_drain(struct worker *w)
{
	ask(w, &w->mailbox.drain);
}

void
worker_stop(struct worker *w)
{
	ask(w, &w->mailbox.stop);
}

void
worker_join(struct worker *w)
{
	(void)pthread_join(w->thread, NULL);
	mailbox_empty(&w->mailbox);
	(void)pthread_mutex_destroy(&w->mailbox.lock);
	free(w);
}
