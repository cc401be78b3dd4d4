/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conn.c - what a session asks of the world, done with sockets.
 *
 * Facts from the sockets are told to the session between two steps, never
 * inside one; a conn goes when the session is done and both sockets are gone.
 */
#include "daemon/conn.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NEVER WHEEL_NEVER

/* session is the first member, so that a session is its conn. */
static struct conn *
conn_of_session(struct session *s)
{
	return (struct conn *)(void *)s;
}

static struct conn *
conn_of_wire(struct wire *w, enum side side)
{
	unsigned char *at = (unsigned char *)(w - side);

	return (struct conn *)(void *)(at - offsetof(struct conn, wires));
}

static uint64_t
now_of(const struct conn *c)
{
	return loop_now(&c->worker->loop);
}

/* The one deadline of a conn: the session's, or that of a lingering socket. */
static void
arm(struct conn *c)
{
	uint64_t at = c->done ? NEVER : c->step_at;

	if (c->admit_at < at)
		at = c->admit_at;
	for (enum side side = SIDE_CLIENT; side < SIDES; side++)
		if (c->linger_at[side] < at)
			at = c->linger_at[side];
	worker_arm(c->worker, c, at);
}

static void
join_list(struct conn *c)
{
	c->next = c->worker->conns;
	c->link = &c->worker->conns;
	if (c->next)
		c->next->link = &c->next;
	*c->link = c;
}

static void
leave_list(struct conn *c)
{
	*c->link = c->next;
	if (c->next)
		c->next->link = c->link;
}

static void
reap(struct conn *c)
{
	struct worker *w = c->worker;

	if (!c->done || !wire_idle(&c->wires[SIDE_CLIENT]) ||
	    !wire_idle(&c->wires[SIDE_BACKEND]))
		return;
	session_clear(&c->session);
	leave_list(c);
	conn_free(c);
	worker_conn_gone(w);
}

/*
 * A client that refuses us closes at once: the greeting then meets a reset,
 * while the reason still waits to be read. True: something did.
 */
static bool
hear_out(struct conn *c)
{
	struct workspace *work = c->worker->work;
	size_t n;

	if (c->done || !session_listens(&c->session) ||
	    wire_look(&c->wires[SIDE_CLIENT], workspace_read_buffer(work),
		      WORKSPACE_READ, &n) != IO_DONE)
		return false;
	session_received(&c->session, SIDE_CLIENT, n);
	return true;
}

/* Tells the session once what broke on a side. False: nothing new. */
static bool
tell_faults(struct conn *c)
{
	bool news = false;

	for (enum side side = SIDE_CLIENT; side < SIDES; side++) {
		const struct wire *w = &c->wires[side];

		if (c->fault[side] == ERR_OK && w->phase == WIRE_OPEN)
			c->fault[side] = wire_fault(w);
		if (c->fault[side] == ERR_OK || c->told[side])
			continue;
		if (side == SIDE_CLIENT && hear_out(c))
			return true; /* this first */
		c->told[side] = news = true;
		session_lost(&c->session, side, c->fault[side]);
	}
	return news;
}

/* Gives back what the handshake took, as soon as it is over. */
static void
follow_handshake(struct conn *c)
{
	struct worker *w = c->worker;

	if (!c->shaking || session_shaking(&c->session))
		return;
	c->shaking = false;
	c->admit_at = NEVER;
	turns_leave(&w->turns, &c->turn);
	ledger_shook(w->common->ledger, &c->seat, now_of(c));
	if (c->blocked != LEDGER_ADMITTED && !w->draining)
		bouncer_refused(w, c->blocked, &c->session.peer.address,
				c->session.peer.listener);
}

/* Steps the session until it has been told all that its own steps brought
 * about. */
static void
step(struct conn *c)
{
	struct worker *w = c->worker;
	uint64_t wall = worker_wall(w);

	do {
		if (c->done)
			break;
		session_step(&c->session, now_of(c), wall);
		if (!c->authenticated && session_authenticated(&c->session)) {
			c->authenticated = true;
			/* Too late if it had to make room: told with the mail.
			 */
			(void)ledger_authenticated(w->common->ledger, &c->seat);
		}
		follow_handshake(c);
	} while (tell_faults(c));
	arm(c);
	reap(c);
}

static unsigned char *
room(struct conn *c, enum side side, size_t *cap)
{
	*cap = session_room(&c->session, side);
	return workspace_read_buffer(c->worker->work);
}

static void
received(struct conn *c, enum side side, size_t n)
{
	session_received(&c->session, side, n);
	step(c);
}

static void
ended(struct conn *c, enum side side)
{
	session_ended(&c->session, side);
	step(c);
}

static const struct backend_settings *
backend_of(const struct conn *c)
{
	return &session_settings(&c->session)->backends[c->backend];
}

/* This address was no good: the next one to ask gets another. */
static void
address_failed(struct conn *c)
{
	hosts_failed(c->worker->common->hosts, backend_of(c), &c->dialed);
}

static void
lost(struct conn *c, enum side side, enum err cause)
{
	if (side == SIDE_BACKEND && !c->connected)
		address_failed(c);
	if (c->fault[side] == ERR_OK)
		c->fault[side] = cause;
	if (tell_faults(c))
		step(c);
}

static void
sent(struct conn *c, enum side side, size_t waiting)
{
	session_sent(&c->session, side, waiting);
	step(c);
}

/* The backend's wire is idle. */
static void
dial(struct conn *c)
{
	struct wire *w = &c->wires[SIDE_BACKEND];

	c->redial = c->connected = false;
	if (!hosts_find(c->worker->common->hosts, backend_of(c), &c->dialed)) {
		c->fault[SIDE_BACKEND] = ERR_UNREACHABLE;
		return;
	}
	wire_connect(w, &c->worker->loop, &c->dialed,
		     c->worker->common->connect_most);
	if (wire_fault(w) != ERR_OK && wire_fault(w) != ERR_LIMIT)
		address_failed(c);
}

static void
closed(struct conn *c, enum side side)
{
	c->linger_at[side] = NEVER;
	if (side == SIDE_BACKEND && c->redial && !c->done) {
		dial(c);
		if (tell_faults(c))
			step(c);
		return;
	}
	reap(c);
}

static unsigned char *
client_room(struct wire *w, size_t *cap)
{
	return room(conn_of_wire(w, SIDE_CLIENT), SIDE_CLIENT, cap);
}

static void
client_received(struct wire *w, size_t n)
{
	received(conn_of_wire(w, SIDE_CLIENT), SIDE_CLIENT, n);
}

static void
client_ended(struct wire *w)
{
	ended(conn_of_wire(w, SIDE_CLIENT), SIDE_CLIENT);
}

static void
client_lost(struct wire *w, enum err cause)
{
	lost(conn_of_wire(w, SIDE_CLIENT), SIDE_CLIENT, cause);
}

static void
client_connected(struct wire *w)
{
	(void)w; /* accepted, not connected */
}

static void
client_sent(struct wire *w, size_t waiting)
{
	sent(conn_of_wire(w, SIDE_CLIENT), SIDE_CLIENT, waiting);
}

static void
client_closed(struct wire *w)
{
	closed(conn_of_wire(w, SIDE_CLIENT), SIDE_CLIENT);
}

static unsigned char *
backend_room(struct wire *w, size_t *cap)
{
	return room(conn_of_wire(w, SIDE_BACKEND), SIDE_BACKEND, cap);
}

static void
backend_received(struct wire *w, size_t n)
{
	received(conn_of_wire(w, SIDE_BACKEND), SIDE_BACKEND, n);
}

static void
backend_ended(struct wire *w)
{
	ended(conn_of_wire(w, SIDE_BACKEND), SIDE_BACKEND);
}

static void
backend_connected(struct wire *w)
{
	struct conn *c = conn_of_wire(w, SIDE_BACKEND);

	struct address to;

	c->connected = true;
	memcpy(to.octets, c->dialed.octets, sizeof to.octets);
	session_connected(&c->session, &to);
	step(c);
}

static void
backend_lost(struct wire *w, enum err cause)
{
	lost(conn_of_wire(w, SIDE_BACKEND), SIDE_BACKEND, cause);
}

static void
backend_sent(struct wire *w, size_t waiting)
{
	sent(conn_of_wire(w, SIDE_BACKEND), SIDE_BACKEND, waiting);
}

static void
backend_closed(struct wire *w)
{
	closed(conn_of_wire(w, SIDE_BACKEND), SIDE_BACKEND);
}

static const struct wire_ops wire_table[SIDES] = {
    [SIDE_CLIENT] = {client_room, client_received, client_ended, client_lost,
		     client_connected, client_sent, client_closed},
    [SIDE_BACKEND] = {backend_room, backend_received, backend_ended,
		      backend_lost, backend_connected, backend_sent,
		      backend_closed},
};

/* What follows is called by the session, inside session_step. */

/* What the rules say about its handshake; asked until it may go on. */
static bool
rules_admit(struct conn *c)
{
	enum bouncer_verdict v;

	if (c->shake_counted)
		return true;
	v = bouncer_shake(c->worker, &c->session.peer, &c->admit_at);
	c->shake_counted = v == BOUNCER_PASS;
	if (v == BOUNCER_REFUSE)
		c->fault[SIDE_CLIENT] = ERR_REFUSED; /* told after this step */
	return c->shake_counted;
}

static bool
edge_admit(struct session *s)
{
	struct conn *c = conn_of_session(s);
	uint64_t again = NEVER;

	c->shaking = true;
	if (!rules_admit(c))
		return false;
	c->blocked = ledger_shake(c->worker->common->ledger, &c->seat,
				  now_of(c), &again);
	c->admit_at = again;
	return c->blocked == LEDGER_ADMITTED;
}

static bool
edge_turn(struct session *s)
{
	struct conn *c = conn_of_session(s);
	bool now = turns_ask(&c->worker->turns, &c->turn);

	ledger_await(&c->seat, now ? now_of(c) : LEDGER_OURS);
	return now;
}

static size_t
edge_write(struct session *s, enum side side, struct slice bytes)
{
	return wire_write(&conn_of_session(s)->wires[side], bytes);
}

static size_t
edge_untaken(struct session *s, enum side side)
{
	return wire_untaken(&conn_of_session(s)->wires[side]);
}

static void
edge_interest(struct session *s, enum side side, bool read)
{
	wire_read(&conn_of_session(s)->wires[side], read);
}

static enum io
edge_look(struct session *s, enum side side, size_t *n)
{
	struct conn *c = conn_of_session(s);

	return wire_look(&c->wires[side],
			 workspace_read_buffer(c->worker->work), WORKSPACE_READ,
			 n);
}

static void
edge_connect(struct session *s, size_t index)
{
	struct conn *c = conn_of_session(s);

	c->backend = index;
	c->fault[SIDE_BACKEND] = ERR_OK;
	c->told[SIDE_BACKEND] = false;
	c->redial = !wire_idle(&c->wires[SIDE_BACKEND]);
	if (!c->redial)
		dial(c);
}

static void
edge_finish(struct session *s, enum side side)
{
	wire_finish(&conn_of_session(s)->wires[side]);
}

static void
edge_close(struct session *s, enum side side, uint64_t linger_ms)
{
	struct conn *c = conn_of_session(s);

	if (side == SIDE_BACKEND) {
		c->redial = false;
		if (c->wires[side].phase == WIRE_CONNECTING)
			address_failed(c); /* the session lost its patience */
	}
	wire_close(&c->wires[side], linger_ms > 0);
	/* Nothing of this side is told any more. */
	c->told[side] = true;
	c->linger_at[side] = wire_idle(&c->wires[side]) || linger_ms == 0
				 ? NEVER
				 : now_of(c) + linger_ms;
}

static void
edge_done(struct session *s)
{
	conn_of_session(s)->done = true;
}

/* With audit.full: block, not while half of what may wait does so. */
static bool
edge_recorded(struct session *s)
{
	return !session_settings(s)->audit.block ||
	       !queue_crowded(conn_of_session(s)->worker->common->events);
}

static void
edge_event(struct session *s, struct slice line)
{
	worker_event(conn_of_session(s)->worker, line);
}

static void
edge_deadline(struct session *s, uint64_t at)
{
	conn_of_session(s)->step_at = at;
}

const struct edge_ops conn_edge = {
    .admit = edge_admit,
    .turn = edge_turn,
    .write = edge_write,
    .untaken = edge_untaken,
    .interest = edge_interest,
    .look = edge_look,
    .connect = edge_connect,
    .finish = edge_finish,
    .close = edge_close,
    .done = edge_done,
    .recorded = edge_recorded,
    .event = edge_event,
    .deadline = edge_deadline,
};

/* And what the worker asks for. */

struct conn *
conn_new(struct worker *w)
{
	struct conn *c = w->spare;

	if (c) {
		w->spare = c->next;
		w->spare_count--;
	} else {
		c = malloc(sizeof *c);
	}
	if (!c)
		return NULL;
	memset(c, 0, sizeof *c);
	c->worker = w;
	c->step_at = c->admit_at = NEVER;
	for (enum side side = SIDE_CLIENT; side < SIDES; side++) {
		wire_init(&c->wires[side], &wire_table[side]);
		c->linger_at[side] = NEVER;
	}
	wheel_node_init(&c->alarm);
	return c;
}

void
conn_free(struct conn *c)
{
	struct worker *w = c->worker;

	wheel_remove(&w->wheel, &c->alarm);
	turns_leave(&w->turns, &c->turn);
	ledger_leave(w->common->ledger, &c->seat, now_of(c));
	if (w->spare_count >= CONNS_KEPT) {
		free(c);
		return;
	}
	c->next = w->spare;
	w->spare = c;
	w->spare_count++;
}

void
conn_begin(struct conn *c, int fd, const struct session_peer *peer)
{
	struct worker *w = c->worker;
	enum err e = session_init(&c->session, w->work, w->snapshot, peer,
				  now_of(c), worker_wall(w));

	if (e != ERR_OK) {
		(void)close(fd);
		conn_free(c);
		return;
	}
	join_list(c);
	wire_open(&c->wires[SIDE_CLIENT], &w->loop, fd);
	if (w->draining)
		session_drain(&c->session);
	step(c);
}

void
conn_alarm(struct conn *c)
{
	uint64_t now = now_of(c);

	for (enum side side = SIDE_CLIENT; side < SIDES; side++)
		if (c->linger_at[side] <= now) {
			c->linger_at[side] = NEVER;
			wire_abort(&c->wires[side]);
		}
	if (c->step_at <= now || c->admit_at <= now) {
		/* The session sets it anew only where it changes. */
		step(c);
		return;
	}
	arm(c);
}

void
conn_drain(struct conn *c)
{
	session_drain(&c->session);
	step(c);
}

void
conn_step(struct conn *c)
{
	step(c);
}

void
conn_end(struct conn *c, enum err cause)
{
	if (!c->done) {
		c->blocked =
		    LEDGER_ADMITTED; /* it waits for nothing any more */
		session_lost(&c->session, SIDE_CLIENT, cause);
		step(c);
		return;
	}
	/* It only lingers: its place is needed. */
	for (enum side side = SIDE_CLIENT; side < SIDES; side++)
		wire_abort(&c->wires[side]);
}

void
conn_stop(struct conn *c)
{
	if (!c->done) {
		session_lost(&c->session, SIDE_BACKEND, ERR_CLOSED);
		conn_end(c, ERR_CLOSED);
	}
	for (enum side side = SIDE_CLIENT; side < SIDES; side++)
		wire_abort(&c->wires[side]);
}
