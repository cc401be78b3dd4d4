/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * keeper.c - starts the relay, feeds it, writes what it reports, replaces it.
 *
 * One thread, one ppoll. It never reads a byte that came from the network.
 *
 *   SIGHUP   reads the configuration anew     SIGUSR1  reopens the audit log
 *   SIGTERM, SIGINT  ends when the sessions have ended; again: ends now
 */
#include "daemon/keeper.h"

#include "base/clock.h"
#include "base/random.h"
#include "base/wipe.h"
#include "daemon/keeping.h"
#include "daemon/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	STOP_MS = 2000,       /* for the relay to end at once */
	DRAIN_EXTRA_MS = 3000 /* above timeouts.drain, the sessions' */
};

/* Set by the handlers, looked at while they are blocked. */
static volatile sig_atomic_t got_hup, got_usr1, got_end;

static const int handled[] = {SIGHUP, SIGUSR1, SIGTERM, SIGINT, SIGCHLD};

enum { HANDLED = sizeof handled / sizeof handled[0] };

static void
note_signal(int number)
{
	switch (number) {
	case SIGHUP:
		got_hup = 1;
		break;
	case SIGUSR1:
		got_usr1 = 1;
		break;
	case SIGTERM:
	case SIGINT:
		if (got_end < 2)
			got_end++;
		break;
	default: /* SIGCHLD: only wakes ppoll */
		break;
	}
}

static void
set_signals(void (*handler)(int number), int how)
{
	struct sigaction act = {.sa_handler = handler};
	sigset_t set;

	(void)sigemptyset(&act.sa_mask);
	(void)sigemptyset(&set);
	for (size_t i = 0; i < HANDLED; i++) {
		(void)sigaction(handled[i], &act, NULL);
		(void)sigaddset(&set, handled[i]);
	}
	(void)sigprocmask(how, &set, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
}

void
keeper_ignore_signals(void)
{
	set_signals(SIG_IGN, SIG_UNBLOCK);
}

const struct settings *
keeper_settings(const struct keeper *k)
{
	return policy_settings(k->now.policy);
}

void
keeper_enter(struct keeper *k, enum phase phase, uint64_t after_ms)
{
	k->phase = phase;
	k->deadline =
	    after_ms == NEVER ? NEVER : clock_monotonic_ms() + after_ms;
}

void
keeper_end(struct keeper *k, int code)
{
	k->code = code;
	keeper_enter(k, PHASE_OVER, NEVER);
}

static void
stop(struct keeper *k)
{
	if (k->phase >= PHASE_STOPPING)
		return;
	minder_say(k, MESSAGE_STOP);
	keeper_enter(k, PHASE_STOPPING, STOP_MS);
}

static void
drain(struct keeper *k)
{
	uint64_t limit = keeper_settings(k)->timeouts.drain + DRAIN_EXTRA_MS;

	notify_send("STOPPING=1");
	setup_abandon(&k->next);
	/* Nobody else shall wait in a backlog that will not be served. */
	listeners_clear(&k->now.listeners);
	control_clear(&k->now.control);
	if (k->relay == 0) {
		keeper_event(k, EV_STOP, true, NULL);
		keeper_end(k, 0);
		return;
	}
	minder_say(k, MESSAGE_DRAIN);
	keeper_enter(k, PHASE_DRAINING, limit);
}

static void
reopen(struct keeper *k)
{
	int error = 0;

	if (!audit_log_reopen(&k->now.log, &error))
		keeper_tell("the audit log was not reopened: %s",
			    setup_sink_text(error));
}

static void
take_signals(struct keeper *k)
{
	if (got_usr1) {
		got_usr1 = 0;
		reopen(k);
	}
	if (got_hup) {
		got_hup = 0;
		k->reload_wanted = true;
	}
	if (got_end > 0 && k->phase < PHASE_DRAINING)
		drain(k);
	if (got_end > 1)
		stop(k);
	if (k->reload_wanted && k->phase == PHASE_SERVING)
		reload_begin(k);
}

static void
deadline_passed(struct keeper *k)
{
	switch (k->phase) {
	case PHASE_RESTARTING:
		minder_start(k);
		break;
	case PHASE_DRAINING:
		stop(k);
		break;
	case PHASE_STARTING:
	case PHASE_RELOADING:
		keeper_tell("the relay does not answer");
		minder_kill(k);
		k->deadline = NEVER;
		break;
	case PHASE_STOPPING:
		minder_kill(k);
		k->deadline = NEVER;
		break;
	case PHASE_SERVING:
	case PHASE_OVER:
	default:
		break;
	}
}

static void
take_time(struct keeper *k)
{
	uint64_t now = clock_monotonic_ms();

	if (k->write_at <= now)
		keeper_write(k, SLICE_EMPTY);
	if (k->dates_at <= now)
		keeper_look_at_dates(k);
	if (k->now.log.anchor_at <= now)
		keeper_anchor(k);
	if (k->deadline <= now)
		deadline_passed(k);
}

static uint64_t
next_deadline(const struct keeper *k)
{
	const uint64_t due[] = {k->write_at, k->now.log.anchor_at, k->dates_at,
				vigil_due(k)};
	uint64_t at = k->deadline;

	for (size_t i = 0; i < sizeof due / sizeof due[0]; i++)
		if (due[i] < at)
			at = due[i];
	return at;
}

/* A pipe or socket that would not take more: to be polled. -1: none. */
static int
sink_fd(const struct keeper *k)
{
	return k->write_at == NEVER ? -1 : sink_poll_fd(&k->now.log.sink);
}

/* Waits for the relay, a file, a signal or a deadline. */
static void
wait_for_something(struct keeper *k, const sigset_t *unblocked)
{
	uint64_t now = clock_monotonic_ms();
	uint64_t at = next_deadline(k);
	uint64_t ms = at > now ? at - now : 0;
	struct timespec limit = {(time_t)(ms / 1000),
				 (long)(ms % 1000) * 1000000};
	struct pollfd p[] = {{.fd = k->channel.fd, .events = POLLIN},
			     {.fd = vigil_fd(k), .events = POLLIN},
			     {.fd = sink_fd(k), .events = POLLOUT}};

	if (k->channel.waiting > 0)
		p[0].events |= POLLOUT;
	if (ppoll(p, 3, at == NEVER ? NULL : &limit, unblocked) <= 0)
		return;
	if (p[1].revents)
		vigil_heard(k);
	if (p[2].revents)
		keeper_write(k, SLICE_EMPTY);
	if (p[0].revents & POLLOUT && channel_flush(&k->channel) == IO_FAIL)
		minder_kill(k);
	if (p[0].revents & POLLIN)
		(void)minder_read(k);
	else if (p[0].revents & (POLLERR | POLLHUP))
		minder_kill(k);
}

static void
supervise(struct keeper *k)
{
	char text[ARCHIVE_TEXT_MAX];
	sigset_t unblocked;

	(void)sigprocmask(SIG_SETMASK, NULL, &unblocked);
	for (size_t i = 0; i < HANDLED; i++)
		(void)sigdelset(&unblocked, handled[i]);
	minder_start(k);
	while (k->phase != PHASE_OVER) {
		wait_for_something(k, &unblocked);
		minder_reap(k);
		if (archive_reap(&k->archive, text))
			keeper_tell("%s", text);
		if (k->phase != PHASE_OVER)
			take_signals(k);
		if (k->phase != PHASE_OVER)
			take_time(k);
		vigil_turn(k);
	}
	if (archive_finish(&k->archive, text))
		keeper_tell("%s", text);
}

static bool
write_pid_file(const char *path)
{
	char text[32];
	int len = snprintf(text, sizeof text, "%ld\n", (long)getpid());
	int fd = open(
	    path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	bool good = fd >= 0 && write(fd, text, (size_t)len) == len;

	if (!good)
		keeper_tell("%s: %s", path, strerror(errno));
	if (fd >= 0)
		(void)close(fd);
	return good;
}

int
keeper_run(const struct keeper_options *o)
{
	static struct keeper keeper; /* large; there is one per process */
	struct keeper *k = &keeper;
	struct snapshot_fault fault = {""};
	int code;

	*k =
	    (struct keeper){.options = o, .deadline = NEVER, .write_at = NEVER};
	channel_init(&k->channel, -1);
	archive_init(&k->archive);
	lookout_init(&k->lookout);
	privs_conceal();
	set_signals(note_signal, SIG_BLOCK);
	if (tls_library_init() != ERR_OK ||
	    random_fill(k->privacy_key, sizeof k->privacy_key) != ERR_OK) {
		keeper_tell("the TLS library cannot be used");
		return EXIT_CODE_RUN;
	}
	code = setup_build(o->config_path, k->privacy_key, 0, &k->now, &k->next,
			   &fault);
	if (code != 0) {
		keeper_tell("%s", fault.text);
		return code;
	}
	setup_replace(&k->now, &k->next);
	if (!backlog_init(&k->backlog, keeper_settings(k)->audit.queue)) {
		keeper_tell("out of memory");
		setup_clear(&k->now);
		return EXIT_CODE_RUN;
	}
	keeper_warn_of_setup(k);
	keeper_tell_certificates(k, &(struct vault){.len = 0});
	if (o->pid_file && !write_pid_file(o->pid_file)) {
		setup_clear(&k->now);
		return EXIT_CODE_RUN;
	}
	vigil_begin(k);
	supervise(k);
	lookout_clear(&k->lookout);
	keeper_last_words(k);
	backlog_clear(&k->backlog);
	if (o->pid_file)
		(void)unlink(o->pid_file);
	setup_clear(&k->now);
	wipe(k->privacy_key, sizeof k->privacy_key);
	return k->code;
}
