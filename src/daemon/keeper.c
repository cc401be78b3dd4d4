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

#include "audit/event.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/wipe.h"
#include "daemon/notify.h"
#include "daemon/protocol.h"
#include "daemon/relay.h"
#include "daemon/setup.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	ANSWER_MS = 30000, /* for the relay to say READY or FAULT */
	STOP_MS = 2000,    /* for the relay to end at once */
	DRAIN_EXTRA_MS =
	    3000,        /* above timeouts.drain, which is the sessions' */
	QUICK_MS = 2000, /* a relay that lived shorter died young */
	BACKOFF_MS = 100,
	BACKOFF_MAX_MS = 10000,
	COMPLAIN_EVERY_MS = 60000,
	SINK_RETRY_MS = 1000,
	NOTICES_TOLD = 50 /* of a start or reload, in the log */
};

#define NEVER UINT64_MAX

/* How many reads a dead relay's channel is worth. */
enum { LAST_WORDS = 1000 };

enum phase {
	PHASE_STARTING, /* waiting for READY */
	PHASE_SERVING,
	PHASE_RELOADING,  /* waiting for READY or FAULT about `next` */
	PHASE_RESTARTING, /* no relay, a new one at `deadline` */
	PHASE_DRAINING,
	PHASE_STOPPING,
	PHASE_OVER
};

struct keeper {
	const struct keeper_options *options;
	unsigned char privacy_key[16];
	struct setup now, next;
	enum phase phase;
	pid_t relay;         /* 0: none */
	struct identity who; /* what the relay that runs was started as */
	struct channel channel;
	uint64_t deadline; /* of the phase */
	uint64_t began;    /* the relay */
	unsigned young;    /* deaths in a row */
	bool served;       /* some relay was READY */
	bool faulted;      /* it said why it could not be */
	bool reload_wanted;
	uint64_t sink_at; /* the sink is owed another try; NEVER: no */
	uint64_t complained_at;
	int code;
};

/* Set by the handlers, looked at while they are blocked. */
static volatile sig_atomic_t got_hup, got_usr1, got_end;

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

static const int handled[] = {SIGHUP, SIGUSR1, SIGTERM, SIGINT, SIGCHLD};

enum { HANDLED = sizeof handled / sizeof handled[0] };

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

static void tell(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void
tell(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)fputs("imapward: ", stderr);
	(void)vfprintf(stderr, format, args);
	(void)fputc('\n', stderr);
	va_end(args);
}

static void
warn(const char *text)
{
	tell("warning: %s", text);
}

static const struct settings *
settings_of(const struct keeper *k)
{
	return policy_settings(k->now.policy);
}

static void
warn_of_file(const char *path, const char *text)
{
	tell("warning: %s: %s", path, text);
}

/* The log has the first ones, the audit all of them. */
static void
warn_of_setup(const struct keeper *k, bool all)
{
	setup_warn(settings_of(k), warn);
	setup_notices(&k->now.files.notices, all, NOTICES_TOLD, warn_of_file);
}

static void
write_events(struct keeper *k, struct slice lines)
{
	uint64_t now = clock_monotonic_ms();

	if (sink_write(&k->now.sink, lines, clock_wall_ms()) == ERR_OK) {
		k->sink_at = NEVER;
		return;
	}
	k->sink_at = now + SINK_RETRY_MS;
	if (k->complained_at != 0 && now - k->complained_at < COMPLAIN_EVERY_MS)
		return;
	k->complained_at = now;
	tell("the audit log cannot be written: %s; events are being lost",
	     strerror(k->now.sink.error));
}

static void
event(struct keeper *k, enum event_id id, bool good, const char *reason)
{
	struct event e;

	event_begin(&e, id, NULL, NULL, clock_wall_ms());
	event_text(&e, FIELD_OUTCOME, good ? "success" : "failure");
	event_text(&e, FIELD_REASON, reason);
	write_events(k, event_end(&e));
}

static void
enter(struct keeper *k, enum phase phase, uint64_t after_ms)
{
	k->phase = phase;
	k->deadline =
	    after_ms == NEVER ? NEVER : clock_monotonic_ms() + after_ms;
}

static void
end(struct keeper *k, int code)
{
	k->code = code;
	enter(k, PHASE_OVER, NEVER);
}

static void
kill_relay(struct keeper *k)
{
	if (k->relay > 0)
		(void)kill(k->relay, SIGKILL);
}

/* The child: keeps nothing of the keeper but its end of the channel. */
_Noreturn static void
become_relay(struct keeper *k, int channel, pid_t keeper)
{
	enum { CHANNEL_FD = 3 };
	struct identity who = k->now.who;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	set_signals(SIG_IGN, SIG_UNBLOCK);
	(void)prctl(PR_SET_NAME, "imapward-relay", 0, 0, 0);
	files_clear(&k->now.files);
	wipe(k->privacy_key, sizeof k->privacy_key);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    dup2(null, STDOUT_FILENO) < 0 || chdir("/") != 0)
		_exit(EXIT_CODE_RUN);
	if (channel != CHANNEL_FD &&
	    dup3(channel, CHANNEL_FD, O_CLOEXEC) != CHANNEL_FD)
		_exit(EXIT_CODE_RUN);
	(void)close_range(CHANNEL_FD + 1, ~0U, 0);
	_exit(relay_run(CHANNEL_FD, keeper, &who));
}

static enum err
send_setup(struct keeper *k, const struct setup *s)
{
	enum err e = listeners_put(&s->listeners, &k->channel);

	if (e == ERR_OK)
		e = protocol_put_config(&k->channel, &s->files.source,
					s->files.shelf.fd);
	return e;
}

/* Later and later while it keeps dying young. */
static void
restart_later(struct keeper *k)
{
	uint64_t wait = 0;

	if (k->young > 1)
		wait = k->young > 8 ? BACKOFF_MAX_MS
				    : (uint64_t)BACKOFF_MS << (k->young - 2);
	enter(k, PHASE_RESTARTING,
	      wait < BACKOFF_MAX_MS ? wait : BACKOFF_MAX_MS);
}

static void
start_relay(struct keeper *k)
{
	pid_t self = getpid();
	int ends[2];

	k->began = clock_monotonic_ms();
	if (channel_pair(ends) != ERR_OK) {
		k->young++;
		restart_later(k);
		return;
	}
	k->who = k->now.who;
	k->relay = fork();
	if (k->relay == 0)
		become_relay(k, ends[1], self);
	(void)close(ends[1]);
	channel_init(&k->channel, ends[0]);
	if (k->relay < 0) {
		k->relay = 0;
		channel_clear(&k->channel);
		k->young++;
		restart_later(k);
		return;
	}
	enter(k, PHASE_STARTING, ANSWER_MS);
	if (send_setup(k, &k->now) != ERR_OK)
		kill_relay(k);
}

static void
reload_failed(struct keeper *k, const char *why)
{
	tell("the configuration was not reloaded, nothing has changed: %s",
	     why);
	event(k, EV_RELOAD, false, why);
	notify_send("READY=1");
}

static void
begin_reload(struct keeper *k)
{
	struct snapshot_fault fault = {""};

	k->reload_wanted = false;
	notify_reloading();
	if (setup_build(k->options->config_path, k->privacy_key,
			k->now.listeners.workers, &k->now, &k->next,
			&fault) != 0) {
		reload_failed(k, fault.text);
		return;
	}
	enter(k, PHASE_RELOADING, ANSWER_MS);
	if (send_setup(k, &k->next) != ERR_OK)
		kill_relay(k);
}

/* What a reload cannot do: compared with what runs, not with the last file. */
static void
tell_postponed(const struct keeper *k)
{
	size_t workers = setup_workers(settings_of(k));

	if (k->now.who.change && k->now.who.uid != k->who.uid)
		tell("process.user: '%s' takes effect after a restart; '%s' "
		     "until then",
		     k->now.who.name, k->who.name);
	if (workers != k->now.listeners.workers)
		tell("process.workers: %zu takes effect after a restart; %zu "
		     "until then",
		     workers, k->now.listeners.workers);
}

static void
end_reload(struct keeper *k)
{
	setup_replace(&k->now, &k->next);
	warn_of_setup(k, false);
	tell_postponed(k);
	tell("the configuration was reloaded, %zu listeners",
	     k->now.listeners.count);
	event(k, EV_RELOAD, true, NULL);
	notify_send("READY=1");
	enter(k, PHASE_SERVING, NEVER);
}

/* Two sockets per session, some for listeners and the like, the reserves. */
static void
warn_of_descriptors(const struct keeper *k, const struct ready *r)
{
	uint64_t want = 2 * settings_of(k)->limits.connections + 64 +
			r->listeners * (uint64_t)r->workers +
			2 * privs_reserve(SIZE_MAX, r->workers);

	if (r->descriptors < want)
		tell("warning: limits.connections is %llu, but %llu open files "
		     "are "
		     "allowed and %llu needed; raise that limit (LimitNOFILE=, "
		     "ulimit -n)",
		     (unsigned long long)settings_of(k)->limits.connections,
		     (unsigned long long)r->descriptors,
		     (unsigned long long)want);
}

static void
relay_ready(struct keeper *k, struct slice body)
{
	struct ready r;

	if (body.len != sizeof r ||
	    (k->phase != PHASE_STARTING && k->phase != PHASE_RELOADING))
		return;
	memcpy(&r, body.ptr, sizeof r);
	if (k->phase == PHASE_RELOADING) {
		end_reload(k);
		return;
	}
	if (!k->served) {
		warn_of_descriptors(k, &r);
		tell("ready, %u listeners, %u workers", (unsigned)r.listeners,
		     (unsigned)r.workers);
		notify_send("READY=1");
	}
	k->served = true;
	event(k, EV_START, true, NULL);
	enter(k, PHASE_SERVING, NEVER);
}

/* The relay is not trusted with the administrator's terminal. */
static void
print_safely(struct slice from, char *to, size_t cap)
{
	size_t n = from.len < cap ? from.len : cap - 1;

	for (size_t i = 0; i < n; i++)
		to[i] = from.ptr[i] >= 0x20 && from.ptr[i] < 0x7f
			    ? (char)from.ptr[i]
			    : '?';
	to[n] = '\0';
}

static void
relay_fault(struct keeper *k, struct slice body)
{
	char text[sizeof(struct snapshot_fault)];

	print_safely(body, text, sizeof text);
	if (k->phase == PHASE_RELOADING) {
		setup_abandon(&k->next);
		enter(k, PHASE_SERVING, NEVER);
		reload_failed(k, text);
	} else {
		tell("%s", text);
		k->faulted = true;
		kill_relay(k);
	}
}

static void
relay_note(struct slice body)
{
	char text[1024];

	print_safely(body, text, sizeof text);
	tell("%s", text);
}

/* Whole lines that look like events: nothing that steers a terminal. */
static bool
plausible(struct slice lines)
{
	if (lines.len < 3 || lines.ptr[0] != '{' ||
	    lines.ptr[lines.len - 1] != '\n')
		return false;
	for (size_t i = 0; i < lines.len; i++) {
		unsigned char c = lines.ptr[i];

		if ((c < 0x20 && c != '\n') || c == 0x7f)
			return false;
		if (c == '\n' &&
		    (lines.ptr[i - 1] != '}' ||
		     (i + 1 < lines.len && lines.ptr[i + 1] != '{')))
			return false;
	}
	return true;
}

static void
take_message(struct keeper *k, const struct channel_message *m)
{
	for (size_t i = 0; i < m->fds_count; i++)
		(void)close(m->fds[i]); /* none is expected */
	switch ((enum message)m->type) {
	case MESSAGE_READY:
		relay_ready(k, m->body);
		break;
	case MESSAGE_FAULT:
		relay_fault(k, m->body);
		break;
	case MESSAGE_EVENTS:
		if (plausible(m->body))
			write_events(k, m->body);
		else
			kill_relay(k);
		break;
	case MESSAGE_NOTE:
		relay_note(m->body);
		break;
	case MESSAGE_LISTENER:
	case MESSAGE_CONFIG:
	case MESSAGE_DRAIN:
	case MESSAGE_STOP:
	default:
		kill_relay(k);
	}
}

/* Takes one read's worth of messages. False: that was all for now. */
static bool
read_channel(struct keeper *k)
{
	struct channel_message m;
	enum io io = channel_fill(&k->channel), next;

	while ((next = channel_next(&k->channel, &m)) == IO_DONE)
		take_message(k, &m);
	if (io == IO_FAIL || next == IO_FAIL)
		kill_relay(k);
	return io == IO_DONE && next != IO_FAIL;
}

static void
describe_death(int status, char *out, size_t cap)
{
	if (WIFSIGNALED(status))
		(void)snprintf(out, cap, "the relay was killed by signal %d",
			       WTERMSIG(status));
	else
		(void)snprintf(out, cap, "the relay ended with code %d",
			       WEXITSTATUS(status));
}

static void
replace_relay(struct keeper *k, const char *why)
{
	bool young = clock_monotonic_ms() - k->began < QUICK_MS;

	k->young = young ? k->young + 1 : 0;
	if (k->phase == PHASE_RELOADING) {
		setup_abandon(&k->next);
		reload_failed(k, why);
	}
	tell("%s; starting a new one", why);
	event(k, EV_RESTART, true, why);
	restart_later(k);
}

static void
relay_died(struct keeper *k, int status)
{
	bool clean = WIFEXITED(status) && WEXITSTATUS(status) == 0;
	char why[80];

	k->relay = 0; /* reaped: the number may be another's by now */
	/* Its last words; somebody else may hold the other end by now. */
	for (unsigned i = 0; i < LAST_WORDS && read_channel(k); i++)
		;
	channel_clear(&k->channel);
	describe_death(status, why, sizeof why);
	if (k->phase == PHASE_DRAINING || k->phase == PHASE_STOPPING) {
		event(k, EV_STOP, clean, clean ? NULL : why);
		end(k, 0);
	} else if (k->served) {
		replace_relay(k, why);
	} else {
		if (!k->faulted)
			tell("%s before it was ready", why);
		end(k, EXIT_CODE_RUN);
	}
}

static void
reap(struct keeper *k)
{
	int status;

	if (k->relay > 0 && waitpid(k->relay, &status, WNOHANG) == k->relay)
		relay_died(k, status);
}

static void
say(struct keeper *k, enum message what)
{
	if (channel_put(&k->channel, what, NULL, 0, NULL, 0) != ERR_OK)
		kill_relay(k);
}

static void
stop(struct keeper *k)
{
	if (k->phase >= PHASE_STOPPING)
		return;
	say(k, MESSAGE_STOP);
	enter(k, PHASE_STOPPING, STOP_MS);
}

static void
drain(struct keeper *k)
{
	uint64_t limit = settings_of(k)->timeouts.drain + DRAIN_EXTRA_MS;

	notify_send("STOPPING=1");
	setup_abandon(&k->next);
	/* Nobody else shall wait in a backlog that will not be served. */
	listeners_clear(&k->now.listeners);
	if (k->relay == 0) {
		event(k, EV_STOP, true, NULL);
		end(k, 0);
		return;
	}
	say(k, MESSAGE_DRAIN);
	enter(k, PHASE_DRAINING, limit);
}

static void
take_signals(struct keeper *k)
{
	if (got_usr1) {
		got_usr1 = 0;
		if (sink_reopen(&k->now.sink) != ERR_OK)
			tell("the audit log was not reopened: %s",
			     setup_sink_text(&k->now.sink));
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
		begin_reload(k);
}

static void
deadline_passed(struct keeper *k)
{
	switch (k->phase) {
	case PHASE_RESTARTING:
		start_relay(k);
		break;
	case PHASE_DRAINING:
		stop(k);
		break;
	case PHASE_STARTING:
	case PHASE_RELOADING:
		tell("the relay does not answer");
		kill_relay(k);
		k->deadline = NEVER;
		break;
	case PHASE_STOPPING:
		kill_relay(k);
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

	if (k->sink_at <= now)
		write_events(k, SLICE_EMPTY);
	if (k->deadline <= now)
		deadline_passed(k);
}

/* Waits for the relay, a signal or a deadline. */
static void
wait_for_something(struct keeper *k, const sigset_t *unblocked)
{
	uint64_t now = clock_monotonic_ms();
	uint64_t at = k->deadline < k->sink_at ? k->deadline : k->sink_at;
	uint64_t ms = at > now ? at - now : 0;
	struct timespec limit = {(time_t)(ms / 1000),
				 (long)(ms % 1000) * 1000000};
	struct pollfd p = {.fd = k->channel.fd, .events = POLLIN};

	if (k->channel.waiting > 0)
		p.events |= POLLOUT;
	if (ppoll(&p, 1, at == NEVER ? NULL : &limit, unblocked) <= 0)
		return;
	if (p.revents & POLLOUT && channel_flush(&k->channel) == IO_FAIL)
		kill_relay(k);
	if (p.revents & POLLIN)
		(void)read_channel(k);
	else if (p.revents & (POLLERR | POLLHUP))
		kill_relay(k);
}

static void
supervise(struct keeper *k)
{
	sigset_t unblocked;

	(void)sigprocmask(SIG_SETMASK, NULL, &unblocked);
	for (size_t i = 0; i < HANDLED; i++)
		(void)sigdelset(&unblocked, handled[i]);
	start_relay(k);
	while (k->phase != PHASE_OVER) {
		wait_for_something(k, &unblocked);
		reap(k);
		if (k->phase != PHASE_OVER)
			take_signals(k);
		if (k->phase != PHASE_OVER)
			take_time(k);
	}
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
		tell("%s: %s", path, strerror(errno));
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

	*k = (struct keeper){.options = o, .deadline = NEVER, .sink_at = NEVER};
	channel_init(&k->channel, -1);
	privs_conceal();
	set_signals(note_signal, SIG_BLOCK);
	if (tls_library_init() != ERR_OK ||
	    random_fill(k->privacy_key, sizeof k->privacy_key) != ERR_OK) {
		tell("the TLS library cannot be used");
		return EXIT_CODE_RUN;
	}
	code = setup_build(o->config_path, k->privacy_key, 0, &k->now, &k->next,
			   &fault);
	if (code != 0) {
		tell("%s", fault.text);
		return code;
	}
	setup_replace(&k->now, &k->next);
	warn_of_setup(k, true);
	if (o->pid_file && !write_pid_file(o->pid_file)) {
		setup_clear(&k->now);
		return EXIT_CODE_RUN;
	}
	supervise(k);
	if (o->pid_file)
		(void)unlink(o->pid_file);
	setup_clear(&k->now);
	wipe(k->privacy_key, sizeof k->privacy_key);
	return k->code;
}
