/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reload.c - a configuration in place of the one in use, or nothing changes.
 */
#include "daemon/keeping.h"

#include "daemon/notify.h"

static void
failed(struct keeper *k, const char *why)
{
	keeper_tell(
	    "the configuration was not reloaded, nothing has changed: %s", why);
	keeper_event(k, EV_RELOAD, false, why);
	notify_send("READY=1");
}

void
reload_begin(struct keeper *k)
{
	struct snapshot_fault fault = {""};

	k->reload_wanted = false;
	notify_reloading();
	if (setup_build(k->options->config_path, k->privacy_key,
			k->now.listeners.workers, &k->now, &k->next,
			&fault) != 0) {
		failed(k, fault.text);
		return;
	}
	keeper_enter(k, PHASE_RELOADING, ANSWER_MS);
	if (minder_send(k, &k->next) != ERR_OK)
		minder_kill(k);
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
}

void
reload_end(struct keeper *k)
{
	setup_replace(&k->now, &k->next);
	keeper_warn_of_setup(k, false);
	tell_postponed(k);
	keeper_tell("the configuration was reloaded, %zu listeners",
		    k->now.listeners.count);
	keeper_event(k, EV_RELOAD, true, NULL);
	notify_send("READY=1");
	keeper_enter(k, PHASE_SERVING, NEVER);
}

void
reload_refused(struct keeper *k, const char *why)
{
	setup_abandon(&k->next);
	keeper_enter(k, PHASE_SERVING, NEVER);
	failed(k, why);
}
