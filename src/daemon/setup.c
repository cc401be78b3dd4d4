/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/setup.h"

#include "base/clock.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>

static const struct settings *
settings_of(const struct setup *s)
{
	return policy_settings(s->policy);
}

static size_t
processors(void)
{
	cpu_set_t set;
	int n = 1;

	if (sched_getaffinity(0, sizeof set, &set) == 0)
		n = CPU_COUNT(&set);
	return n > 0 ? (size_t)n : 1;
}

/* The whole snapshot is built once here: the relay will meet no surprise. */
static enum err
read_and_check(const char *path, const unsigned char privacy_key[16],
	       struct setup *s, struct snapshot_fault *fault)
{
	struct snapshot *snapshot = NULL;
	enum err e = files_read(path, &s->files, fault);

	if (e != ERR_OK)
		return e;
	memcpy(s->files.source.privacy_key, privacy_key,
	       sizeof s->files.source.privacy_key);
	s->judged_at = (int64_t)(clock_wall_ms() / 1000);
	e = snapshot_build(&s->files.source, s->judged_at, &snapshot, fault);
	if (e != ERR_OK)
		return e;
	s->policy = policy_ref(snapshot->policy);
	snapshot_unref(snapshot);
	return ERR_OK;
}

static enum err
find_user(struct setup *s, struct snapshot_fault *fault)
{
	char why[256];
	enum err e =
	    privs_find(settings_of(s)->process.user, &s->who, why, sizeof why);

	if (e != ERR_OK)
		(void)snprintf(fault->text, sizeof fault->text,
			       "%s: process.user: %s",
			       s->files.source.yaml_path, why);
	return e;
}

static bool
same_sink(const struct setup *before, const struct settings *s)
{
	const struct settings *old;

	if (!before->policy)
		return false;
	old = settings_of(before);
	return old->audit.kind == s->audit.kind &&
	       strcmp(old->audit.path, s->audit.path) == 0;
}

static enum err
open_sink(struct setup *s, const struct setup *before,
	  struct snapshot_fault *fault)
{
	const struct settings *set = settings_of(s);
	enum err e;

	if (same_sink(before, set))
		return ERR_OK;
	e = sink_open(&s->sink, set->audit.kind, set->audit.path);
	s->sink_opened = e == ERR_OK;
	if (e != ERR_OK)
		(void)snprintf(
		    fault->text, sizeof fault->text,
		    "cannot open the audit log %.800s: %s", set->audit.path,
		    s->sink.error ? strerror(s->sink.error) : err_text(e));
	return e;
}

int
setup_build(const char *config_path, const unsigned char privacy_key[16],
	    size_t workers, const struct setup *before, struct setup *out,
	    struct snapshot_fault *fault)
{
	int code = 0;

	*out = (struct setup){0};
	if (read_and_check(config_path, privacy_key, out, fault) != ERR_OK ||
	    find_user(out, fault) != ERR_OK)
		code = EXIT_CODE_CONFIG;
	if (code == 0 && workers == 0)
		workers = settings_of(out)->process.workers;
	if (workers == 0)
		workers = processors();
	if (workers > WORKERS_MAX)
		workers = WORKERS_MAX;
	if (code == 0 &&
	    (listeners_open(settings_of(out), workers, &before->listeners,
			    &out->listeners, fault) != ERR_OK ||
	     open_sink(out, before, fault) != ERR_OK))
		code = EXIT_CODE_RUN;
	if (code != 0)
		setup_abandon(out);
	return code;
}

void
setup_replace(struct setup *now, struct setup *next)
{
	files_clear(&now->files);
	policy_unref(now->policy);
	now->files = next->files;
	now->policy = next->policy;
	now->judged_at = next->judged_at;
	now->who = next->who;
	listeners_replace(&now->listeners, &next->listeners);
	if (next->sink_opened) {
		if (now->sink_opened)
			sink_close(&now->sink);
		now->sink = next->sink;
		now->sink_opened = true;
	}
	*next = (struct setup){0};
}

static void
let_go(struct setup *s)
{
	files_clear(&s->files);
	policy_unref(s->policy);
	if (s->sink_opened)
		sink_close(&s->sink);
	*s = (struct setup){0};
}

void
setup_abandon(struct setup *next)
{
	listeners_abandon(&next->listeners);
	let_go(next);
}

void
setup_clear(struct setup *s)
{
	listeners_clear(&s->listeners);
	let_go(s);
}
