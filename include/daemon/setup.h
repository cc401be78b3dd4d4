/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * setup.h - all that one configuration brings with it, built before it is used.
 *
 * A setup is either complete or not there: a reload that fails has touched
 * nothing.
 */
#ifndef DAEMON_SETUP_H
#define DAEMON_SETUP_H

#include "daemon/audit_log.h"
#include "daemon/control.h"
#include "daemon/files.h"
#include "daemon/listeners.h"
#include "daemon/privs.h"

#include <stdbool.h>
#include <stdint.h>

/* Exit codes; README and imapward(8) list them. */
enum {
	EXIT_CODE_CONFIG = 2, /* configuration, certificate or key */
	EXIT_CODE_RUN = 3,    /* ports, permissions, resources */
	EXIT_CODE_USAGE = 64
};

struct setup {
	struct files files;
	struct policy *policy;
	struct listeners listeners;
	struct control control;
	struct identity who;
	struct audit_log log; /* not opened: the one before goes on */
};

/*
 * Reads, checks and opens. before: the setup in use, whose sockets and audit
 * log go on where they can; zeroed at the start. Returns 0 and *out, or an exit
 * code and *fault in one line. workers: sockets per listener, 0: by the
 * settings.
 */
int setup_build(const char *config_path, const unsigned char privacy_key[16],
		size_t workers, const struct setup *before, struct setup *out,
		struct snapshot_fault *fault);
/* The same with the YAML that is in use: only what it names for TLS is read
 * anew. */
int setup_renew(const struct setup *now, struct setup *out,
		struct snapshot_fault *fault);
/* Is something else on their shelves? */
bool setup_differs(const struct setup *a, const struct setup *b);
/* Judges, and touches nothing, what setup_build would open next: the user and
 * the audit log. f: as read, s: its settings. */
enum err setup_check(const struct files *f, const struct settings *s,
		     struct snapshot_fault *fault) MUST_USE;
size_t setup_processors(void); /* that this process may use */
/* Threads that s asks for on this machine. */
size_t setup_workers(const struct settings *s);
/* Why a file of the audit was not opened, in a phrase. */
const char *setup_sink_text(int error);
/* What works, but not as one would think: say gets a sentence for each. */
void setup_warn(const struct settings *s, void (*say)(const char *text));
/* The same of files: say gets `most` of them, and at the end how many more
 * there are. */
void setup_notices(const struct notices *n, size_t most,
		   void (*say)(const char *path, const char *text));
/* next replaces *now, and takes over what goes on. */
void setup_replace(struct setup *now, struct setup *next);
/* next is not taken into use. */
void setup_abandon(struct setup *next);
void setup_clear(struct setup *s);

#endif
