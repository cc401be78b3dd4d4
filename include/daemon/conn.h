/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conn.h - a session with its two sockets; for daemon/worker.c and
 * daemon/conn.c alone.
 */
#ifndef DAEMON_CONN_H
#define DAEMON_CONN_H

#include "daemon/bouncer.h"
#include "daemon/worker.h"
#include "net/acceptor.h"
#include "net/wheel.h"
#include "net/wire.h"
#include "session/session.h"
#include "session/turns.h"

#include <pthread.h>

enum { BATCH_SIZE = 64 * 1024, CONNS_KEPT = 256 };

struct conn {
	struct session session;
	struct wire wires[SIDES];
	struct wheel_node alarm;
	struct ledger_seat seat;
	struct turn turn;
	struct worker *worker;
	struct conn *next, **link; /* in worker->conns; next in worker->spare */
	uint64_t step_at;          /* what the session asked for */
	uint64_t admit_at; /* to ask once more for a handshake's place */
	enum ledger_verdict blocked; /* what it waits for, ADMITTED: nothing */
	bool shaking;                /* has or wants a handshake's place */
	bool shake_counted;          /* ... and no rule holds it up */
	uint64_t linger_at[SIDES];
	size_t backend; /* index of the one dialed */
	struct endpoint dialed;
	enum err fault[SIDES]; /* to be told to the session */
	bool told[SIDES];      /* it was */
	bool redial;           /* connect once the old socket is gone */
	bool connected;        /* the backend's socket */
	bool authenticated;
	bool done;
};

struct mailbox {
	pthread_mutex_t lock;
	struct snapshot *snapshot; /* NULL: no new one */
	int *fds;                  /* malloc'd, comes with it */
	size_t fds_count;
	bool drain, stop;
};

struct worker {
	struct loop loop;
	struct acceptor acceptor;
	struct wheel wheel;
	struct timer timer;   /* of the wheel */
	struct timer telling; /* what is counted is told */
	struct wake mail;
	struct mailbox mailbox;
	struct common *common;
	struct ledger_home home;
	struct turns turns;
	struct workspace *work;
	struct snapshot *snapshot;
	struct conn *conns, *spare;
	size_t spare_count;
	uint64_t wall_offset, wall_checked;
	struct bouncer bouncer;
	bool draining, stopping;
	bool closed; /* written with the mailbox's lock held */
	size_t batch_len;
	unsigned char batch[BATCH_SIZE];
	pthread_t thread;
};

extern const struct edge_ops conn_edge;

/* A connection was accepted and counted: the session begins. fd and seat are
 * the conn's. */
struct conn *conn_new(struct worker *w);
void conn_begin(struct conn *c, int fd, const struct session_peer *peer);
/* Back to the spare ones; for a conn that was not begun, and at the end. */
void conn_free(struct conn *c);

/* Its deadline has come. */
void conn_alarm(struct conn *c);
void conn_drain(struct conn *c);
/* What it waited for has come. */
void conn_step(struct conn *c);
/* Its client counts as lost, cause as for session_lost. */
void conn_end(struct conn *c, enum err cause);
/* Both peers count as lost, nothing lingers. */
void conn_stop(struct conn *c);

/* worker.c */
uint64_t worker_wall(struct worker *w);
void worker_event(struct worker *w, struct slice line);
/* A deadline of c was set. */
void worker_arm(struct worker *w, struct conn *c, uint64_t at);
void worker_conn_gone(struct worker *w);

#endif
