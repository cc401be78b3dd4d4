/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "net/loop.h"

#include <assert.h>

static void
turn_ended(uv_prepare_t *p)
{
	struct loop *l = p->data;

	l->turn_end(l->arg);
}

enum err
loop_init(struct loop *l, void (*turn_end)(void *arg), void *arg)
{
	if (uv_loop_init(&l->uv) != 0)
		return ERR_SYSTEM;
	l->turn_end = turn_end;
	l->arg = arg;
	(void)uv_prepare_init(&l->uv, &l->turn);
	l->turn.data = l;
	if (turn_end)
		(void)uv_prepare_start(&l->turn, turn_ended);
	(void)uv_idle_init(&l->uv, &l->hurry);
	return ERR_OK;
}

static void
hurried(uv_idle_t *i)
{
	(void)i;
}

void
loop_hurry(struct loop *l, bool on)
{
	if (on)
		(void)uv_idle_start(&l->hurry, hurried);
	else
		(void)uv_idle_stop(&l->hurry);
}

void
loop_run(struct loop *l)
{
	(void)uv_run(&l->uv, UV_RUN_DEFAULT);
}

void
loop_stop(struct loop *l)
{
	uv_stop(&l->uv);
}

uint64_t
loop_now(const struct loop *l)
{
	return uv_now(&l->uv);
}

void
loop_clear(struct loop *l)
{
	int left;

	uv_close((uv_handle_t *)&l->turn, NULL);
	uv_close((uv_handle_t *)&l->hurry, NULL);
	(void)uv_run(&l->uv, UV_RUN_DEFAULT);
	left = uv_loop_close(&l->uv);
	assert(left == 0);
	(void)left;
}

const char *
loop_library_version(void)
{
	return uv_version_string();
}

static void
timer_fired(uv_timer_t *uv)
{
	struct timer *t = uv->data;

	t->at = UINT64_MAX;
	t->fire(t->arg);
}

void
timer_init(struct timer *t, struct loop *l, void (*fire)(void *arg), void *arg)
{
	(void)uv_timer_init(&l->uv, &t->uv);
	t->uv.data = t;
	t->fire = fire;
	t->arg = arg;
	t->at = UINT64_MAX;
}

void
timer_set(struct timer *t, uint64_t at)
{
	uint64_t now = uv_now(t->uv.loop);

	if (t->at == at)
		return;
	t->at = at;
	if (at == UINT64_MAX)
		(void)uv_timer_stop(&t->uv);
	else
		(void)uv_timer_start(&t->uv, timer_fired,
				     at > now ? at - now : 0, 0);
}

void
timer_close(struct timer *t)
{
	uv_close((uv_handle_t *)&t->uv, NULL);
}

static void
wake_woken(uv_async_t *uv)
{
	struct wake *w = uv->data;

	w->woken(w->arg);
}

enum err
wake_init(struct wake *w, struct loop *l, void (*woken)(void *arg), void *arg)
{
	w->woken = woken;
	w->arg = arg;
	w->uv.data = w;
	return uv_async_init(&l->uv, &w->uv, wake_woken) == 0 ? ERR_OK
							      : ERR_SYSTEM;
}

void
wake_send(struct wake *w)
{
	(void)uv_async_send(&w->uv);
}

void
wake_close(struct wake *w)
{
	uv_close((uv_handle_t *)&w->uv, NULL);
}

/* An error counts as readable: the read that follows finds out what it is. */
static void
watch_ready(uv_poll_t *uv, int status, int events)
{
	struct watch *w = uv->data;

	w->ready(w->arg, status < 0 || (events & UV_READABLE),
		 (events & UV_WRITABLE) != 0);
}

enum err
watch_init(struct watch *w, struct loop *l, int fd,
	   void (*ready)(void *arg, bool readable, bool writable), void *arg)
{
	if (uv_poll_init_socket(&l->uv, &w->uv, fd) != 0)
		return ERR_SYSTEM;
	w->uv.data = w;
	w->ready = ready;
	w->closed = NULL;
	w->arg = arg;
	w->wanted = 0;
	return ERR_OK;
}

void
watch_want(struct watch *w, bool read, bool write)
{
	int events = (read ? UV_READABLE : 0) | (write ? UV_WRITABLE : 0);

	if (w->wanted == events)
		return;
	w->wanted = events;
	if (events)
		(void)uv_poll_start(&w->uv, events, watch_ready);
	else
		(void)uv_poll_stop(&w->uv);
}

static void
watch_closed(uv_handle_t *uv)
{
	struct watch *w = uv->data;

	if (w->closed)
		w->closed(w->arg);
}

void
watch_close(struct watch *w, void (*closed)(void *arg))
{
	w->closed = closed;
	uv_close((uv_handle_t *)&w->uv, watch_closed);
}
