/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reload.c - a configuration in place of the one in use, or nothing changes.
 *
 * Asked for by SIGHUP: all of it. Because files have changed: the same YAML,
 * with what it names for TLS read anew.
 */
#include "daemon/keeping.h"

#include "base/clock.h"
#include "daemon/notify.h"

#include <stdio.h>
#include <string.h>

/* In the log, and to those who asked over the admin socket. */
static void
tell_outcome(struct keeper *k, bool good, const char *text)
{
	struct reloaded how;
	struct slice parts[2];

	keeper_tell("%s", text);
	if (k->answered == 0 || k->relay == 0)
		return;
	memset(&how, 0, sizeof how); /* padding too: it is sent as bytes */
	how.upto = k->answered;
	how.good = good;
	parts[0] = slice_of(&how, sizeof how);
	parts[1] = slice_str(text);
	if (channel_put(&k->channel, MESSAGE_RELOADED, parts, 2, NULL, 0) !=
	    ERR_OK)
		minder_kill(k);
	k->answered = 0;
}

/* One line and one event for each fault, however often it is met. */
static void
tell_fault(struct keeper *k, const char *text, const char *why)
{
	char line[sizeof(struct snapshot_fault) + 80];

	(void)snprintf(line, sizeof line, "%s: %s", text, why);
	tell_outcome(k, false, line);
	keeper_event(k, EV_RELOAD, false, why);
	(void)snprintf(k->told, sizeof k->told, "%s", why);
}

/* Is it worth a word? A relay that has died of it is not asked once more. */
static bool
renewal_failed(struct keeper *k, const char *why)
{
	if (k->relay > 0)
		return settle_failed(&k->settle, clock_monotonic_ms()) &&
		       strcmp(k->told, why) != 0;
	settle_gave_up(&k->settle);
	return true;
}

static void
failed(struct keeper *k, const char *why)
{
	if (!k->renewing) {
		tell_fault(k,
			   "the configuration was not reloaded, nothing has "
			   "changed",
			   why);
		notify_send("READY=1");
		return;
	}
	k->renewing = false;
	if (renewal_failed(k, why)) {
		tell_fault(k,
			   "certificate files have changed, but those before "
			   "stay in use",
			   why);
		k->renewal_owed = true;
	}
}

static void
give_to_relay(struct keeper *k)
{
	keeper_enter(k, PHASE_RELOADING, ANSWER_MS);
	if (minder_send(k, &k->next) != ERR_OK)
		minder_kill(k);
}

void
reload_begin(struct keeper *k)
{
	struct snapshot_fault fault = {""};

	k->reload_wanted = false;
	k->answered = k->asked;
	notify_reloading();
	if (setup_build(k->options->config_path, k->privacy_key,
			k->now.listeners.workers, &k->now, &k->next,
			&fault) != 0)
		failed(k, fault.text);
	else
		give_to_relay(k);
}

void
reload_renew(struct keeper *k)
{
	struct snapshot_fault fault = {""};

	k->renewing = true;
	if (setup_renew(&k->now, &k->next, &fault) != 0) {
		failed(k, fault.text);
	} else if (k->renewal_owed || setup_differs(&k->now, &k->next)) {
		give_to_relay(k);
	} else {
		k->renewing = false;
		setup_abandon(&k->next);
		settle_taken(&k->settle);
	}
}

/* What a reload cannot do: compared with what runs, not with the last file. */
static void
tell_postponed(const struct keeper *k)
{
	size_t workers = setup_workers(keeper_settings(k));

	if (k->now.who.change && k->now.who.uid != k->who.uid)
		keeper_tell(
		    "process.user: '%s' takes effect after a restart; '%s' "
		    "until then",
		    k->now.who.name, k->who.name);
	if (workers != k->now.listeners.workers)
		keeper_tell(
		    "process.workers: %zu takes effect after a restart; %zu "
		    "until then",
		    workers, k->now.listeners.workers);
	if (keeper_settings(k)->limits.memory != k->memory)
		keeper_tell("limits.memory takes effect after a restart");
}

void
reload_end(struct keeper *k)
{
	struct vault before = k->now.files.shelf;
	char text[80];

	k->now.files.shelf = (struct vault){.len = 0};
	setup_replace(&k->now, &k->next);
	backlog_limit(&k->backlog, keeper_settings(k)->audit.queue);
	keeper_warn_of_setup(k);
	k->told[0] = '\0';
	k->renewal_owed = false;
	if (k->renewing) {
		keeper_tell("certificate files have changed and are in use");
		settle_taken(&k->settle);
	} else {
		tell_postponed(k);
		(void)snprintf(text, sizeof text,
			       "the configuration was reloaded, %zu listeners",
			       k->now.listeners.count);
		tell_outcome(k, true, text);
		vigil_begin(k);
	}
	keeper_tell_certificates(k, &before);
	vault_clear(&before);
	keeper_event(k, EV_RELOAD, true, NULL);
	if (!k->renewing)
		notify_send("READY=1");
	k->renewing = false;
	keeper_enter(k, PHASE_SERVING, NEVER);
}

void
reload_refused(struct keeper *k, const char *why)
{
	setup_abandon(&k->next);
	keeper_enter(k, PHASE_SERVING, NEVER);
	failed(k, why);
}
