/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/warden.h"

#include "audit/event.h"
#include "base/clock.h"
#include "base/wipe.h"
#include "daemon/vault.h"
#include "session/ban_event.h"
#include "session/saved.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WATCH_EVERY_MS = 1000 };
#define FILE_MOST ((off_t)1 << 32)

static void
tell_ended(struct warden *w, const struct ban *b)
{
	struct event e;

	ban_event(&e, b, BAN_ENDED, policy_privacy(w->policy), clock_wall_ms());
	w->ops->event(w->arg, event_end(&e));
}

static void
watch(void *arg)
{
	struct warden *w = arg;
	uint64_t now = loop_now(w->loop);
	struct ban ended;

	while (bans_ended(w->defence->bans, now, clock_wall_ms(), &ended))
		tell_ended(w, &ended);
	timer_set(&w->watch, now + WATCH_EVERY_MS);
}

static enum err
write_saved(struct warden *w, struct vault *v)
{
	unsigned char *block = malloc(SAVED_BLOCK_MAX);
	enum err e = block ? ERR_OK : ERR_NOMEM;
	struct saved s;
	size_t n = 1;

	saved_begin(&s, w->defence->tally, w->defence->bans,
		    &policy_settings(w->policy)->limits.table,
		    loop_now(w->loop), clock_wall_ms());
	while (e == ERR_OK && (n = saved_next(&s, block)) > 0)
		e = vault_add(v, slice_of(block, n));
	if (block)
		wipe(block, SAVED_BLOCK_MAX);
	free(block);
	return e;
}

void
warden_save(struct warden *w)
{
	struct vault v;

	if (!w->defence || w->interval == 0 || vault_begin(&v) != ERR_OK)
		return;
	if (write_saved(w, &v) == ERR_OK && vault_seal(&v) == ERR_OK)
		w->ops->save(w->arg, v.fd);
	vault_clear(&v);
}

static void
save(void *arg)
{
	struct warden *w = arg;

	warden_save(w);
	timer_set(&w->save, loop_now(w->loop) + w->interval);
}

void
warden_init(struct warden *w, struct loop *l, const struct warden_ops *ops,
	    void *arg)
{
	*w = (struct warden){.loop = l, .ops = ops, .arg = arg, .file = -1};
	timer_init(&w->watch, l, watch, w);
	timer_init(&w->save, l, save, w);
}

void
warden_take_file(struct warden *w, int fd)
{
	if (w->file >= 0)
		(void)close(w->file);
	w->file = fd;
}

/* NULL: it cannot be read, *why says why. */
static unsigned char *
read_file(int fd, size_t *len, const char **why)
{
	struct stat st;
	unsigned char *mem = NULL;
	size_t have = 0;
	ssize_t n = 1;

	*why = "it is too large";
	if (fstat(fd, &st) == 0 && st.st_size < FILE_MOST)
		mem = malloc((size_t)st.st_size + 1);
	while (mem && n != 0 && have < (size_t)st.st_size) {
		n = read(fd, mem + have, (size_t)st.st_size - have);
		if (n < 0 && errno != EINTR)
			break;
		have += n > 0 ? (size_t)n : 0;
	}
	*len = have;
	return mem;
}

static void
tell_read(struct warden *w)
{
	struct bans_counts n;
	struct event e;

	bans_count(w->defence->bans, &n);
	event_begin(&e, EV_STATE, NULL, NULL, clock_wall_ms());
	event_text(&e, FIELD_OUTCOME, "success");
	event_text(&e, FIELD_REASON, "bans that hold still");
	event_number(&e, FIELD_COUNT, n.networks + n.users);
	w->ops->event(w->arg, event_end(&e));
}

static void
load(struct warden *w)
{
	struct saved_fault fault = {"it cannot be read"};
	unsigned char *mem;
	size_t len;
	enum err e = ERR_SYSTEM;

	if (w->file < 0)
		return;
	mem = read_file(w->file, &len, &fault.text);
	if (mem) {
		e = saved_load(slice_of(mem, len), w->defence->tally,
			       w->defence->bans, loop_now(w->loop),
			       clock_wall_ms(), &fault);
		wipe(mem, len);
	}
	free(mem);
	warden_take_file(w, -1);
	if (e == ERR_OK)
		tell_read(w);
	else
		w->ops->unreadable(w->arg, fault.text);
}

static void
set_interval(struct warden *w, const struct settings *s)
{
	uint64_t interval = *s->state.path ? s->state.interval : 0;

	if (interval == w->interval)
		return;
	w->interval = interval;
	timer_set(&w->save,
		  interval == 0 ? UINT64_MAX : loop_now(w->loop) + interval);
}

enum err
warden_configure(struct warden *w, struct policy *p)
{
	const struct settings *s = policy_settings(p);

	policy_unref(w->policy);
	w->policy = policy_ref(p);
	if (!w->defence) {
		w->defence = defence_new((size_t)s->limits.memory);
		if (!w->defence)
			return ERR_NOMEM;
		load(w);
		watch(w);
	}
	set_interval(w, s);
	return ERR_OK;
}

void
warden_close(struct warden *w)
{
	timer_close(&w->watch);
	timer_close(&w->save);
}

void
warden_clear(struct warden *w)
{
	warden_take_file(w, -1);
	defence_free(w->defence);
	w->defence = NULL;
	policy_unref(w->policy);
	w->policy = NULL;
}
