/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/admin.h"

#include "daemon/answer.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	PATIENCE_MS = 5000,     /* for a request; for each piece of an answer */
	ANSWER_MS = 60 * 1000,  /* for an answer in all */
	RELOAD_MS = 120 * 1000, /* for the keeper to say how it went */
	PAUSE_MS = 100,         /* without descriptors */
	GROUPS_MAX = 1024, /* of a peer; who has more is taken to have none */
	ACCEPTS_PER_TURN = 16
};

#define NEVER UINT64_MAX

enum state { STATE_ASKING, STATE_WAITING, STATE_ANSWERING };

struct client {
	struct watch watch;
	struct admin *admin;
	struct client *next;
	int fd;
	enum right right;
	enum state state;
	uint64_t deadline; /* of the state */
	uint64_t end;      /* of the answer */
	uint64_t reload;   /* number of its wish */
	bool (*more)(struct answer *a);
	struct answer answer;
	size_t asked;
	char request[REQUEST_MAX];
};

/* It goes with its watch, later than the socket of the next configuration
 * comes. */
struct door {
	struct watch watch;
	struct admin *admin;
	int fd;
};

struct admin {
	struct loop *loop;
	const struct admin_view *view;
	const struct admin_ops *ops;
	void *arg;
	struct admin_rights rights;
	struct door *door; /* NULL: nobody can come */
	struct client *clients;
	size_t count;
	struct timer timer; /* the next deadline, or the end of a pause */
	uint64_t paused_until;
	uint64_t reloads;
	bool closed;
};

static void
set_timer(struct admin *a)
{
	uint64_t at = a->paused_until;

	for (const struct client *c = a->clients; c; c = c->next)
		if (c->deadline < at)
			at = c->deadline;
	timer_set(&a->timer, at);
	if (a->door)
		watch_want(&a->door->watch,
			   a->count < ADMIN_CLIENTS && a->paused_until == NEVER,
			   false);
}

static void
client_closed(void *arg)
{
	free(arg);
}

/* Bytes nobody has read would make the end a reset, and the answer lost. */
static void
hang_up(int fd)
{
	char rest[REQUEST_MAX];

	(void)shutdown(fd, SHUT_WR);
	(void)!recv(fd, rest, sizeof rest, MSG_DONTWAIT);
	(void)close(fd);
}

static void
end_client(struct client *c)
{
	struct client **at = &c->admin->clients;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	c->admin->count--;
	answer_clear(&c->answer);
	watch_close(&c->watch, client_closed);
	hang_up(c->fd);
}

/* False: it is gone, or has to be waited for. */
static bool
send_some(struct client *c)
{
	struct answer *a = &c->answer;
	ssize_t n = send(c->fd, a->text + a->sent, a->len - a->sent,
			 MSG_NOSIGNAL | MSG_DONTWAIT);
	uint64_t now = loop_now(c->admin->loop);

	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		end_client(c);
		return false;
	}
	if (n > 0) {
		a->sent += (size_t)n;
		c->deadline =
		    now + PATIENCE_MS < c->end ? now + PATIENCE_MS : c->end;
	}
	return a->sent == a->len;
}

/* One piece in a turn of the loop: the relay has other things to do. */
static void
answer_on(struct client *c)
{
	struct answer *a = &c->answer;

	if (a->sent == a->len) {
		a->sent = a->len = 0;
		if (c->more && !c->more(a))
			c->more = NULL;
	}
	if (send_some(c) && !c->more)
		end_client(c);
}

static void
begin_answer(struct client *c)
{
	uint64_t now = loop_now(c->admin->loop);

	c->state = STATE_ANSWERING;
	c->end = now + ANSWER_MS;
	c->deadline = now + PATIENCE_MS;
	watch_want(&c->watch, false, true);
}

static void
refuse(struct client *c, const char *why)
{
	answer_put(&c->answer, "error %s\n", why);
	begin_answer(c);
}

static void
wish_reload(struct client *c)
{
	struct admin *a = c->admin;

	c->state = STATE_WAITING;
	c->deadline = loop_now(a->loop) + RELOAD_MS;
	c->reload = ++a->reloads;
	watch_want(&c->watch, false, false);
	a->ops->reload(a->arg, c->reload);
}

static void
carry_out(struct client *c, const struct command *command,
	  const struct request *r)
{
	const char *why = NULL;

	/* What the act has to say comes behind the ok. */
	answer_put(&c->answer, "ok\n");
	if (command->act)
		why = command->act(&c->answer,
				   r->words + r->count - command->arguments);
	if (why) {
		c->answer.len = 0;
		refuse(c, why);
		return;
	}
	c->more = command->more;
	begin_answer(c);
}

static void
obey(struct client *c, struct slice line)
{
	const struct command *command;
	struct request r;

	if (request_parse(line, &r) != ERR_OK) {
		refuse(c, "the request is malformed");
		return;
	}
	command = command_find(&r);
	if (!command) {
		refuse(c, "the daemon does not know this command");
	} else if (c->right < command->need) {
		refuse(c, "only root, the user who started the daemon and "
			  "members of the group admin.controllers may do this");
	} else if (!command->more) {
		wish_reload(c);
	} else {
		carry_out(c, command, &r);
	}
}

static void
hear(struct client *c)
{
	ssize_t n = recv(c->fd, c->request + c->asked,
			 sizeof c->request - c->asked, MSG_DONTWAIT);
	struct slice said;
	size_t line;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		end_client(c);
		return;
	}
	c->asked += (size_t)n;
	said = slice_of(c->request, c->asked);
	line = slice_find(said, '\n');
	if (line < said.len)
		obey(c, slice_head(said, line));
	else if (said.len == sizeof c->request)
		refuse(c, "the request is too long");
}

static void
client_ready(void *arg, bool readable, bool writable)
{
	struct client *c = arg;
	struct admin *a = c->admin;

	(void)writable;
	if (c->state == STATE_ASKING && readable)
		hear(c);
	else if (c->state == STATE_ANSWERING)
		answer_on(c);
	set_timer(a);
}

static enum right
right_of(const struct admin *a, int fd)
{
	struct ucred who;
	gid_t groups[GROUPS_MAX + 1];
	socklen_t len = sizeof who, room = GROUPS_MAX * sizeof groups[0];

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) != 0 ||
	    len != sizeof who)
		return RIGHT_NONE;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &room) != 0)
		room = 0;
	room /= sizeof groups[0];
	groups[room] = who.gid;
	return admin_right(&a->rights, who.uid, groups, room + 1);
}

static void
turn_away(int fd, const char *why)
{
	(void)send(fd, why, strlen(why), MSG_NOSIGNAL | MSG_DONTWAIT);
	hang_up(fd);
}

/* Readers leave some places to those who may do more. */
static bool
readers_enough(const struct admin *a)
{
	size_t n = 0;

	for (const struct client *c = a->clients; c; c = c->next)
		n += c->right == RIGHT_READ;
	return n >= ADMIN_READERS;
}

static void
welcome(struct admin *a, int fd)
{
	enum right right = right_of(a, fd);
	struct client *c;

	if (right == RIGHT_NONE) {
		turn_away(fd,
			  "error only root, the user who started the daemon "
			  "and members of the groups admin.readers and "
			  "admin.controllers may do this\n");
		return;
	}
	if (right == RIGHT_READ && readers_enough(a)) {
		turn_away(fd, "error too many ask at once; try it again\n");
		return;
	}
	c = calloc(1, sizeof *c);
	if (!c ||
	    watch_init(&c->watch, a->loop, fd, client_ready, c) != ERR_OK) {
		free(c);
		turn_away(fd, "error out of memory\n");
		return;
	}
	c->admin = a;
	c->answer.view = a->view;
	c->fd = fd;
	c->right = right;
	c->deadline = loop_now(a->loop) + PATIENCE_MS;
	c->next = a->clients;
	a->clients = c;
	a->count++;
	watch_want(&c->watch, true, false);
}

static void
door_ready(void *arg, bool readable, bool writable)
{
	const struct door *d = arg;
	struct admin *a = d->admin;

	(void)readable;
	(void)writable;
	for (unsigned i = 0; i < ACCEPTS_PER_TURN && a->count < ADMIN_CLIENTS;
	     i++) {
		int fd =
		    accept4(d->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			welcome(a, fd);
			continue;
		}
		if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			a->paused_until = loop_now(a->loop) + PAUSE_MS;
		break;
	}
	set_timer(a);
}

static void
time_passed(void *arg)
{
	struct admin *a = arg;
	uint64_t now = loop_now(a->loop);
	struct client *next;

	if (a->paused_until <= now)
		a->paused_until = NEVER;
	for (struct client *c = a->clients; c; c = next) {
		next = c->next;
		if (c->deadline <= now)
			end_client(c);
	}
	set_timer(a);
}

struct admin *
admin_new(struct loop *l, const struct admin_view *view,
	  const struct admin_ops *ops, void *arg)
{
	struct admin *a = calloc(1, sizeof *a);

	if (!a)
		return NULL;
	a->loop = l;
	a->view = view;
	a->ops = ops;
	a->arg = arg;
	a->paused_until = NEVER;
	timer_init(&a->timer, l, time_passed, a);
	return a;
}

static void
door_closed(void *arg)
{
	free(arg);
}

static void
close_door(struct admin *a)
{
	if (!a->door)
		return;
	watch_close(&a->door->watch, door_closed);
	(void)close(a->door->fd);
	a->door = NULL;
}

static void
open_door(struct admin *a, int fd)
{
	struct door *d = malloc(sizeof *d);

	if (!d || watch_init(&d->watch, a->loop, fd, door_ready, d) != ERR_OK) {
		free(d);
		(void)close(fd);
		return;
	}
	d->admin = a;
	d->fd = fd;
	a->door = d;
}

void
admin_configure(struct admin *a, const struct admin_rights *rights, int fd)
{
	close_door(a);
	a->rights = *rights;
	if (fd >= 0 && a->closed)
		(void)close(fd);
	else if (fd >= 0)
		open_door(a, fd);
	if (!a->closed)
		set_timer(a);
}

static void
tell_reloaded(struct client *c, bool good, struct slice text)
{
	struct answer *a = &c->answer;

	if (good) {
		answer_put(a, "ok\n{\"text\":");
		answer_string(a, text);
		answer_put(a, "}\n");
	} else {
		text = slice_head(text, ANSWER_ITEM / 2);
		answer_put(a, "error %.*s\n", (int)text.len,
			   (const char *)text.ptr);
	}
	begin_answer(c);
}

void
admin_reloaded(struct admin *a, uint64_t upto, bool good, struct slice text)
{
	for (struct client *c = a->clients; c; c = c->next)
		if (c->state == STATE_WAITING && c->reload <= upto)
			tell_reloaded(c, good, text);
	if (!a->closed)
		set_timer(a);
}

void
admin_close(struct admin *a)
{
	if (a->closed)
		return;
	a->closed = true;
	close_door(a);
	while (a->clients)
		end_client(a->clients);
	timer_close(&a->timer);
}

void
admin_free(struct admin *a)
{
	free(a);
}
