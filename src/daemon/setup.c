/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/setup.h"

#include "base/clock.h"
#include "daemon/chain_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct settings *
settings_of(const struct setup *s)
{
	return policy_settings(s->policy);
}

size_t
setup_processors(void)
{
	cpu_set_t set;
	int n = 1;

	if (sched_getaffinity(0, sizeof set, &set) == 0)
		n = CPU_COUNT(&set);
	return n > 0 ? (size_t)n : 1;
}

size_t
setup_workers(const struct settings *s)
{
	size_t n =
	    s->process.workers > 0 ? s->process.workers : setup_processors();

	return n < WORKERS_MAX ? n : WORKERS_MAX;
}

/* path: of the YAML; NULL: that of the setup before is good. */
static enum err
read_all(const char *path, const struct setup *before, struct files *out,
	 struct snapshot_fault *fault)
{
	struct shelf shelf;
	struct files_options o = {.now = (int64_t)(clock_wall_ms() / 1000),
				  .roots = SLICE_EMPTY,
				  .threads = setup_processors()};

	if (shelf_open(vault_bytes(&before->files.shelf), &shelf) == ERR_OK)
		o.before = &shelf;
	return path ? files_read(path, &o, out, fault)
		    : files_read_again(&before->files, &o, out, fault);
}

/* The whole snapshot is built once here: the relay will meet no surprise. */
static enum err
read_and_check(const char *path, const unsigned char privacy_key[16],
	       const struct setup *before, struct setup *s,
	       struct snapshot_fault *fault)
{
	struct snapshot *snapshot = NULL;
	enum err e = read_all(path, before, &s->files, fault);

	if (e != ERR_OK)
		return e;
	memcpy(s->files.source.privacy_key, privacy_key,
	       sizeof s->files.source.privacy_key);
	e = snapshot_build(&s->files.source, &snapshot, fault);
	if (e != ERR_OK)
		return e;
	s->policy = policy_ref(snapshot->policy);
	snapshot_unref(snapshot);
	return ERR_OK;
}

static enum err
find_user(const struct files *f, const struct settings *s, struct identity *out,
	  struct snapshot_fault *fault)
{
	char why[256];
	enum err e = privs_find(s->process.user, out, why, sizeof why);

	if (e != ERR_OK)
		files_blame(f, s->places.user, "process.user", why, fault);
	return e;
}

/* Which key named what could not be opened. */
static void
blame_log(const struct files *f, const struct settings *s,
	  enum audit_log_part part, const char *why,
	  struct snapshot_fault *fault)
{
	const struct {
		const char *key, *path;
		struct place at;
	} keys[] = {
	    [AUDIT_LOG_SINK] = {"audit.sink", s->audit.sink.path,
				s->places.sink},
	    [AUDIT_LOG_ANCHORS] = {"audit.anchors", s->audit.anchors.path,
				   s->places.anchors},
	    [AUDIT_LOG_CHAIN] = {"audit.chain", s->audit.chain,
				 s->places.chain},
	};
	char text[480];

	(void)snprintf(text, sizeof text, "cannot open %.200s: %s",
		       keys[part].path, why);
	files_blame(f, keys[part].at, keys[part].key, text, fault);
}

const char *
setup_sink_text(int error)
{
	switch (error) {
	case ELOOP: /* what O_NOFOLLOW says */
		return "it is a symbolic link";
	case EISDIR:
	case EINVAL: /* what sink_open says */
	case ENXIO:
		return "not a regular file";
	case ENOENT:
		return "its folder does not exist";
	default:
		return strerror(error);
	}
}

static int
may(const char *path, int how)
{
	return faccessat(AT_FDCWD, path, how, AT_EACCESS) == 0 ? 0 : errno;
}

/* What opening it would come to, as an errno; 0: it would be opened. */
static int
judge_sink(const char *path)
{
	const char *slash = strrchr(path, '/');
	char folder[4096 + 2];
	struct stat st;

	if (lstat(path, &st) == 0) {
		if (S_ISLNK(st.st_mode))
			return ELOOP;
		return S_ISREG(st.st_mode) ? may(path, R_OK | W_OK) : EINVAL;
	}
	if (errno != ENOENT || !slash)
		return errno;
	(void)snprintf(folder, sizeof folder, "%.*s/.", (int)(slash - path),
		       path);
	return may(folder, W_OK | X_OK);
}

static enum err
check_log(const struct files *f, const struct settings *s,
	  struct snapshot_fault *fault)
{
	bool chained = *s->audit.chain != '\0';
	struct chain_fault why;
	int error = 0;

	if (s->audit.sink.kind == AUDIT_FILE)
		error = judge_sink(s->audit.sink.path);
	if (error != 0) {
		blame_log(f, s, AUDIT_LOG_SINK, setup_sink_text(error), fault);
		return ERR_REFUSED;
	}
	if (chained && s->audit.anchors.kind == AUDIT_FILE)
		error = judge_sink(s->audit.anchors.path);
	if (error != 0) {
		blame_log(f, s, AUDIT_LOG_ANCHORS, setup_sink_text(error),
			  fault);
		return ERR_REFUSED;
	}
	if (!chained || chain_file_check(s->audit.chain, &why) == ERR_OK)
		return ERR_OK;
	blame_log(f, s, AUDIT_LOG_CHAIN, why.text, fault);
	return ERR_REFUSED;
}

enum err
setup_check(const struct files *f, const struct settings *s,
	    struct snapshot_fault *fault)
{
	struct identity who;
	struct admin_rights rights;
	char text[96];

	/* Whoever else asks, it is root who will start the relay as `user`. */
	if (geteuid() == 0) {
		enum err e = find_user(f, s, &who, fault);

		if (e != ERR_OK)
			return e;
	} else if (*s->process.user && !privs_known(s->process.user)) {
		(void)snprintf(text, sizeof text, "there is no user %s",
			       s->process.user);
		files_blame(f, s->places.user, "process.user", text, fault);
		return ERR_UNKNOWN;
	}
	if (control_rights(f, s, &rights, fault) != ERR_OK)
		return ERR_UNKNOWN;
	return check_log(f, s, fault);
}

/* A folder of thousands may have the same fault thousands of times. */
void
setup_notices(const struct notices *n, size_t most,
	      void (*say)(const char *path, const char *text))
{
	char text[80];
	size_t said = n->count < most ? n->count : most;
	size_t more = n->count - said + n->dropped;

	for (size_t i = 0; i < said; i++)
		say(n->at[i].path, n->at[i].text);
	(void)snprintf(text, sizeof text, "%zu more", more);
	if (more > 0)
		say("...", text);
}

void
setup_warn(const struct settings *s, void (*say)(const char *text))
{
	if (s->audit.sink.kind == AUDIT_SYSLOG && !*s->audit.sink.path &&
	    access("/dev/log", F_OK) != 0)
		say("audit.sink is syslog, but there is no /dev/log: events "
		    "wait until a syslog daemon runs, as audit.queue allows");
	if (*s->audit.chain && s->audit.anchors.kind == AUDIT_NONE)
		say("audit.chain without audit.anchors: nobody could tell if "
		    "the end of the audit were cut off");
}

static enum err
open_log(struct setup *s, const struct setup *before,
	 struct snapshot_fault *fault)
{
	const struct settings *set = settings_of(s);
	struct audit_log_fault why;
	enum err e = audit_log_open(&s->log, set, &before->log, &why);

	if (e != ERR_OK)
		blame_log(&s->files, set, why.part,
			  why.part == AUDIT_LOG_CHAIN
			      ? why.text
			      : setup_sink_text(why.error),
			  fault);
	return e;
}

int
setup_build(const char *config_path, const unsigned char privacy_key[16],
	    size_t workers, const struct setup *before, struct setup *out,
	    struct snapshot_fault *fault)
{
	int code = 0;

	*out = (struct setup){0};
	if (read_and_check(config_path, privacy_key, before, out, fault) !=
		ERR_OK ||
	    find_user(&out->files, settings_of(out), &out->who, fault) !=
		ERR_OK)
		code = EXIT_CODE_CONFIG;
	if (code == 0 && workers == 0)
		workers = setup_workers(settings_of(out));
	if (code == 0 &&
	    (listeners_open(settings_of(out), workers, &before->listeners,
			    &out->listeners, fault) != ERR_OK ||
	     open_log(out, before, fault) != ERR_OK))
		code = EXIT_CODE_RUN;
	/* Last: nothing is made for a setup that is not used. */
	if (code == 0 &&
	    control_open(&out->files, settings_of(out), &before->control,
			 &out->control, fault) != ERR_OK)
		code = EXIT_CODE_CONFIG;
	if (code != 0)
		setup_abandon(out);
	return code;
}

int
setup_renew(const struct setup *now, struct setup *out,
	    struct snapshot_fault *fault)
{
	int code = 0;

	*out = (struct setup){.who = now->who};
	control_keep(&now->control, &out->control);
	if (read_and_check(NULL, now->files.source.privacy_key, now, out,
			   fault) != ERR_OK)
		code = EXIT_CODE_CONFIG;
	else if (listeners_open(settings_of(out), now->listeners.workers,
				&now->listeners, &out->listeners,
				fault) != ERR_OK)
		code = EXIT_CODE_RUN;
	if (code != 0)
		setup_abandon(out);
	return code;
}

bool
setup_differs(const struct setup *a, const struct setup *b)
{
	return !slice_eq(vault_bytes(&a->files.shelf),
			 vault_bytes(&b->files.shelf));
}

void
setup_replace(struct setup *now, struct setup *next)
{
	files_clear(&now->files);
	policy_unref(now->policy);
	now->files = next->files;
	now->policy = next->policy;
	now->who = next->who;
	listeners_replace(&now->listeners, &next->listeners);
	control_replace(&now->control, &next->control);
	audit_log_replace(&now->log, &next->log);
	*next = (struct setup){0};
}

static void
let_go(struct setup *s)
{
	files_clear(&s->files);
	policy_unref(s->policy);
	audit_log_close(&s->log);
	*s = (struct setup){0};
}

void
setup_abandon(struct setup *next)
{
	listeners_abandon(&next->listeners);
	control_abandon(&next->control);
	let_go(next);
}

void
setup_clear(struct setup *s)
{
	listeners_clear(&s->listeners);
	control_clear(&s->control);
	let_go(s);
}
