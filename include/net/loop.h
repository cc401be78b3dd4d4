/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * loop.h - one thread's event loop: timers, wake-ups, descriptors to watch.
 *
 * Everything here belongs to the loop's thread; wake_send alone may be called
 * from others. What was set up must be closed before loop_clear, its memory
 * stays until then (watch_close says when it may go earlier).
 */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct loop {
	uv_loop_t uv;
	uv_prepare_t turn;
	uv_idle_t hurry;
	void (*turn_end)(void *arg);
	void *arg;
};

/* turn_end (may be NULL) is called at the end of each turn, before waiting. */
enum err loop_init(struct loop *l, void (*turn_end)(void *arg),
		   void *arg) MUST_USE;
/* Returns after loop_stop. */
void loop_run(struct loop *l);
void loop_stop(struct loop *l);
/* on: the next turns wait for nothing. The same value again costs nothing. */
void loop_hurry(struct loop *l, bool on);
/* Monotonic ms as of this turn: no system call. */
uint64_t loop_now(const struct loop *l);
/* Lets what is closing finish. An error to do: with anything still open. */
void loop_clear(struct loop *l);

/* Of libuv: "1.44.2". */
const char *loop_library_version(void);

struct timer {
	uv_timer_t uv;
	void (*fire)(void *arg);
	void *arg;
	uint64_t at; /* UINT64_MAX: off */
};

void timer_init(struct timer *t, struct loop *l, void (*fire)(void *arg),
		void *arg);
/* Fires once, at or soon after `at`; UINT64_MAX: never. */
void timer_set(struct timer *t, uint64_t at);
void timer_close(struct timer *t);

struct wake {
	uv_async_t uv;
	void (*woken)(void *arg);
	void *arg;
};

enum err wake_init(struct wake *w, struct loop *l, void (*woken)(void *arg),
		   void *arg) MUST_USE;
/* From any thread; several before the loop turns count as one. */
void wake_send(struct wake *w);
void wake_close(struct wake *w);

struct watch {
	uv_poll_t uv;
	void (*ready)(void *arg, bool readable, bool writable);
	void (*closed)(void *arg);
	void *arg;
	int wanted;
};

/* fd stays the caller's, to be closed after watch_close. */
enum err watch_init(struct watch *w, struct loop *l, int fd,
		    void (*ready)(void *arg, bool readable, bool writable),
		    void *arg) MUST_USE;
void watch_want(struct watch *w, bool read, bool write);
/* closed (may be NULL): the memory may go. */
void watch_close(struct watch *w, void (*closed)(void *arg));

#endif
