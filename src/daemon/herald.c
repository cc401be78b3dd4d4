/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * herald.c - what the keeper says: lines on stderr, events in the audit log.
 */
#include "daemon/keeping.h"

#include "base/clock.h"
#include "daemon/tidings.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
	COMPLAIN_EVERY_MS = 60000,
	SINK_RETRY_MS = 1000,
	NOTICES_TOLD = 50, /* of a start or reload, in the log */
	DATES_EVERY_MS = 3600 * 1000
};

void
keeper_tell(const char *format, ...)
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
	keeper_tell("warning: %s", text);
}

static void
warn_of_file(const char *path, const char *text)
{
	keeper_tell("warning: %s: %s", path, text);
}

static void
warn_of_control(struct control *c)
{
	if (*c->warning && !c->told)
		warn(c->warning);
	c->told = true;
}

static void
warn_of_state(const struct settings *s)
{
	const char *why =
	    *s->state.path ? archive_obstacle(s->state.path) : NULL;

	if (why)
		keeper_tell("warning: state.path %s cannot be written: %s; "
			    "bans and counts do not survive a restart",
			    s->state.path, why);
}

void
keeper_quote(struct slice from, char *to, size_t cap)
{
	size_t n = from.len < cap ? from.len : cap - 1;

	for (size_t i = 0; i < n; i++)
		to[i] = from.ptr[i] >= 0x20 && from.ptr[i] < 0x7f
			    ? (char)from.ptr[i]
			    : '?';
	to[n] = '\0';
}

/* The log has the first ones, the audit all of them. */
void
keeper_warn_of_setup(struct keeper *k)
{
	warn_of_control(&k->now.control);
	setup_warn(keeper_settings(k), warn);
	warn_of_state(keeper_settings(k));
	setup_notices(&k->now.files.notices, NOTICES_TOLD, warn_of_file);
}

/* Each complaint once a minute. */
static bool
may_complain(uint64_t *at, uint64_t now)
{
	if (*at != 0 && now - *at < COMPLAIN_EVERY_MS)
		return false;
	*at = now;
	return true;
}

static void
complain(struct keeper *k, bool losing, uint64_t now)
{
	const char *why = strerror(k->now.log.sink.error);

	if (losing) {
		if (may_complain(&k->complained.losing, now))
			keeper_tell("the audit log cannot be written: %s; "
				    "events are being lost",
				    why);
		return;
	}
	/* One that is only slow is not worth a word. */
	if ((k->now.log.sink.error == EAGAIN &&
	     now - k->stuck_at < SINK_RETRY_MS) ||
	    !may_complain(&k->complained.waiting, now))
		return;
	keeper_tell("the audit log cannot be written: %s; events wait%s", why,
		    keeper_settings(k)->audit.block
			? ", and new logins are refused when too many do"
			: "");
}

/* Those that it has sent are written: it may send more (audit.full: block). */
static void
acknowledge(struct keeper *k)
{
	struct slice body = slice_of(&k->heard, sizeof k->heard);

	if (k->relay == 0 || k->taken == k->heard ||
	    !keeper_settings(k)->audit.block)
		return;
	k->taken = k->heard;
	if (channel_put(&k->channel, MESSAGE_TAKEN, &body, 1, NULL, 0) !=
	    ERR_OK)
		minder_kill(k);
}

static void
look_at_chain(struct keeper *k, uint64_t now)
{
	int error = k->now.log.error;

	k->now.log.error = 0;
	if (error != 0 && may_complain(&k->complained.chain, now))
		keeper_tell("the state of the audit chain cannot be saved: %s",
			    strerror(error));
}

void
keeper_write(struct keeper *k, struct slice lines)
{
	uint64_t now = clock_monotonic_ms(), lost = k->backlog.lost_all;
	bool all = backlog_write(&k->backlog, &k->now.log, lines, now,
				 clock_wall_ms());

	look_at_chain(k, now);
	if (all) {
		k->write_at = NEVER;
		k->stuck_at = 0;
		acknowledge(k);
		return;
	}
	if (k->stuck_at == 0)
		k->stuck_at = now;
	k->write_at = now + SINK_RETRY_MS;
	complain(k, k->backlog.lost_all > lost, now);
}

void
keeper_anchor(struct keeper *k)
{
	uint64_t now = clock_monotonic_ms();

	if (!audit_log_turn(&k->now.log, now) &&
	    may_complain(&k->complained.anchors, now))
		keeper_tell("audit.anchors cannot be written: %s",
			    strerror(k->now.log.anchors.error));
}

void
keeper_last_words(struct keeper *k)
{
	keeper_write(k, SLICE_EMPTY);
	if (!backlog_empty(&k->backlog))
		keeper_tell("the audit log cannot be written: %s; its last "
			    "events are lost",
			    strerror(k->now.log.sink.error));
}

void
keeper_event(struct keeper *k, enum event_id id, bool good, const char *reason)
{
	struct event e;

	event_begin(&e, id, NULL, NULL, clock_wall_ms());
	event_text(&e, FIELD_OUTCOME, good ? "success" : "failure");
	event_text(&e, FIELD_REASON, reason);
	keeper_write(k, event_end(&e));
}

static void
write_tidings(void *keeper, struct slice line)
{
	keeper_write(keeper, line);
}

static void
say_tidings(void *keeper, bool warning, const char *path, const char *text)
{
	(void)keeper;
	if (warning)
		warn_of_file(path, text);
	else
		keeper_tell("%s: %s", path, text);
}

static struct tidings
tidings_of(struct keeper *k)
{
	return (struct tidings){.wall_ms = clock_wall_ms(),
				.event = write_tidings,
				.say = say_tidings,
				.arg = k};
}

static void
dated(struct keeper *k, const struct tidings *t)
{
	k->dated = (int64_t)(t->wall_ms / 1000);
	k->dates_at = clock_monotonic_ms() + DATES_EVERY_MS;
}

void
keeper_tell_certificates(struct keeper *k, const struct vault *before)
{
	struct tidings t = tidings_of(k);
	struct shelf old, new;
	bool first = shelf_open(vault_bytes(before), &old) != ERR_OK;
	size_t n;

	if (first)
		dated(k, &t);
	if (shelf_open(vault_bytes(&k->now.files.shelf), &new) != ERR_OK)
		return;
	n = first ? 0 : tidings_changes(&t, &old, &new);
	if (n > TIDINGS_LINES)
		keeper_tell("and %zu certificates more",
			    n - (size_t)TIDINGS_LINES);
	tidings_notices(&t, &k->now.files.notices, &new);
}

void
keeper_look_at_dates(struct keeper *k)
{
	struct tidings t = tidings_of(k);
	struct shelf shelf;

	if (shelf_open(vault_bytes(&k->now.files.shelf), &shelf) == ERR_OK)
		tidings_dates(&t, &shelf, k->dated);
	dated(k, &t);
}
