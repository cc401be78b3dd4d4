/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * minder.c - the life of the relay: started, fed, listened to, replaced.
 *
 * What it says is not trusted: it has spoken with the network.
 */
#include "daemon/keeping.h"

#include "base/clock.h"
#include "base/wipe.h"
#include "daemon/notify.h"
#include "daemon/relay.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	QUICK_MS = 2000, /* a relay that lived shorter died young */
	BACKOFF_MS = 100,
	BACKOFF_MAX_MS = 10000
};

/* How many reads a dead relay's channel is worth. */
enum { LAST_WORDS = 1000 };

void
minder_kill(struct keeper *k)
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

	keeper_ignore_signals();
	(void)prctl(PR_SET_NAME, "imapward-relay", 0, 0, 0);
	files_clear(&k->now.files);
	audit_log_forget(&k->now.log);
	audit_log_forget(&k->next.log);
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

enum err
minder_send(struct keeper *k, const struct setup *s)
{
	enum err e = listeners_put(&s->listeners, &k->channel);

	if (e == ERR_OK)
		e = control_put(&s->control, &k->channel);
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
	keeper_enter(k, PHASE_RESTARTING,
		     wait < BACKOFF_MAX_MS ? wait : BACKOFF_MAX_MS);
}

void
minder_start(struct keeper *k)
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
	k->memory = keeper_settings(k)->limits.memory;
	k->asked = k->answered = 0;
	k->heard = k->taken = 0;
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
	keeper_enter(k, PHASE_STARTING, ANSWER_MS);
	if (keepsake_send(k) != ERR_OK || minder_send(k, &k->now) != ERR_OK)
		minder_kill(k);
}

/* Two sockets per session, some for listeners and the like, the reserves. */
static void
warn_of_descriptors(const struct keeper *k, const struct ready *r)
{
	uint64_t want = 2 * keeper_settings(k)->limits.connections + 64 +
			r->listeners * (uint64_t)r->workers +
			2 * privs_reserve(SIZE_MAX, r->workers);

	if (r->descriptors < want)
		keeper_tell(
		    "warning: limits.connections is %llu, but %llu open files "
		    "are "
		    "allowed and %llu needed; raise that limit (LimitNOFILE=, "
		    "ulimit -n)",
		    (unsigned long long)keeper_settings(k)->limits.connections,
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
		reload_end(k);
		return;
	}
	if (!k->served) {
		warn_of_descriptors(k, &r);
		keeper_tell("ready, %u listener%s, %u worker%s",
			    (unsigned)r.listeners, r.listeners == 1 ? "" : "s",
			    (unsigned)r.workers, r.workers == 1 ? "" : "s");
		notify_send("READY=1");
	}
	k->served = true;
	keeper_event(k, EV_START, true, NULL);
	keeper_enter(k, PHASE_SERVING, NEVER);
}

static void
relay_fault(struct keeper *k, struct slice body)
{
	char text[sizeof(struct snapshot_fault)];

	keeper_quote(body, text, sizeof text);
	if (k->phase == PHASE_RELOADING) {
		reload_refused(k, text);
	} else {
		keeper_tell("%s", text);
		k->faulted = true;
		minder_kill(k);
	}
}

static void
relay_note(struct slice body)
{
	char text[1024];

	keeper_quote(body, text, sizeof text);
	keeper_tell("%s", text);
}

/*
 * One line that looks like an event: nothing in it steers a terminal, nothing
 * says that it is sealed already. Quotes within values are escaped.
 */
static bool
is_event(struct slice line)
{
	static const char sealed[] = "\"event.hash\":";

	if (line.len < 4 || line.len > EVENT_MAX - EVENT_SEAL ||
	    memcmp(line.ptr, "{\"", 2) != 0 || line.ptr[line.len - 1] != '}')
		return false;
	for (size_t i = 0; i < line.len; i++)
		if (line.ptr[i] < 0x20 || line.ptr[i] == 0x7f)
			return false;
	return !memmem(line.ptr, line.len, sealed, sizeof sealed - 1);
}

static bool
plausible(struct slice lines)
{
	if (lines.len == 0 || lines.ptr[lines.len - 1] != '\n')
		return false;
	while (lines.len > 0)
		if (!is_event(slice_cut(&lines, '\n')))
			return false;
	return true;
}

static void
relay_events(struct keeper *k, struct slice lines)
{
	if (!plausible(lines)) {
		minder_kill(k);
		return;
	}
	k->heard += lines.len;
	keeper_write(k, lines);
}

static void
relay_wants_reload(struct keeper *k, struct slice body)
{
	if (body.len != sizeof k->asked)
		return;
	memcpy(&k->asked, body.ptr, sizeof k->asked);
	k->reload_wanted = true;
}

static void
take_message(struct keeper *k, const struct channel_message *m)
{
	bool state = m->type == MESSAGE_STATE && m->fds_count == 1;

	for (size_t i = 0; !state && i < m->fds_count; i++)
		(void)close(m->fds[i]); /* none is expected */
	switch ((enum message)m->type) {
	case MESSAGE_READY:
		relay_ready(k, m->body);
		break;
	case MESSAGE_FAULT:
		relay_fault(k, m->body);
		break;
	case MESSAGE_EVENTS:
		relay_events(k, m->body);
		break;
	case MESSAGE_NOTE:
		relay_note(m->body);
		break;
	case MESSAGE_RELOAD:
		relay_wants_reload(k, m->body);
		break;
	case MESSAGE_STATE:
		if (state)
			keepsake_take(k, m->fds[0]);
		break;
	case MESSAGE_UNREADABLE:
		keepsake_refused(k, m->body);
		break;
	case MESSAGE_ADMIN:
	case MESSAGE_RELOADED:
	case MESSAGE_TAKEN:
	case MESSAGE_LISTENER:
	case MESSAGE_CONFIG:
	case MESSAGE_DRAIN:
	case MESSAGE_STOP:
	default:
		minder_kill(k);
	}
}

bool
minder_read(struct keeper *k)
{
	struct channel_message m;
	enum io io = channel_fill(&k->channel), next;

	while ((next = channel_next(&k->channel, &m)) == IO_DONE)
		take_message(k, &m);
	if (io == IO_FAIL || next == IO_FAIL)
		minder_kill(k);
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
	if (k->phase == PHASE_RELOADING)
		reload_refused(k, why);
	keeper_tell("%s; starting a new one", why);
	keeper_event(k, EV_RESTART, true, why);
	restart_later(k);
}

static void
relay_died(struct keeper *k, int status)
{
	bool clean = WIFEXITED(status) && WEXITSTATUS(status) == 0;
	char why[80];

	k->relay = 0; /* reaped: the number may be another's by now */
	/* Its last words; somebody else may hold the other end by now. */
	for (unsigned i = 0; i < LAST_WORDS && minder_read(k); i++)
		;
	channel_clear(&k->channel);
	describe_death(status, why, sizeof why);
	if (k->phase == PHASE_DRAINING || k->phase == PHASE_STOPPING) {
		keeper_event(k, EV_STOP, clean, clean ? NULL : why);
		keeper_end(k, 0);
	} else if (k->served) {
		replace_relay(k, why);
	} else {
		if (!k->faulted)
			keeper_tell("%s before it was ready", why);
		keeper_end(k, EXIT_CODE_RUN);
	}
}

void
minder_reap(struct keeper *k)
{
	int status;

	if (k->relay > 0 && waitpid(k->relay, &status, WNOHANG) == k->relay)
		relay_died(k, status);
}

void
minder_say(struct keeper *k, enum message what)
{
	if (channel_put(&k->channel, what, NULL, 0, NULL, 0) != ERR_OK)
		minder_kill(k);
}
