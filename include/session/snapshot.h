/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * snapshot.h - the configuration in use, with its TLS material.
 *
 * Built from bytes, immutable, swapped whole. Its parts are counted one by one:
 * a session keeps the policy part only, so that an IDLE of weeks pins no
 * certificates.
 */
#ifndef SESSION_SNAPSHOT_H
#define SESSION_SNAPSHOT_H

#include "audit/event.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/slice.h"
#include "config/settings.h"
#include "tls/store.h"

struct policy; /* counted: the settings, and what was derived from them */

struct snapshot {
	unsigned count;      /* touched by snapshot.c only */
	uint64_t generation; /* 1, 2, ... of this process */
	struct policy *policy;
	struct store *store;
};

/* The bytes a snapshot is built from: the keeper read them. */
struct snapshot_source {
	struct slice yaml;
	const char *yaml_path; /* for messages only */
	/* See tls/shelf.h. Called when neither the snapshot nor a session needs
	 * it any more, by any thread; not when the snapshot was not built. */
	struct slice shelf;
	void (*release)(void *arg); /* or NULL */
	void *arg;
	/* For user.hash in events: random, the same across reloads. */
	unsigned char privacy_key[HASH_KEY];
};

/* One line for the administrator, with file, line and what to do. */
struct snapshot_fault {
	char text[1024];
};

/* "path:line:column: text" */
void snapshot_fault_yaml(const char *path, const struct settings_fault *where,
			 struct snapshot_fault *out);

/* ERR_OK and *out with one reference, else *fault. */
enum err snapshot_build(const struct snapshot_source *src,
			struct snapshot **out,
			struct snapshot_fault *fault) MUST_USE;
struct snapshot *
snapshot_current(void); /* a new reference; NULL before the first publish */
void snapshot_publish(struct snapshot *next); /* takes the caller's reference */
void snapshot_unref(struct snapshot *s);      /* NULL is fine */

struct policy *policy_ref(struct policy *p);
void policy_unref(struct policy *p);
const struct settings *policy_settings(const struct policy *p);
/* How the events of its sessions name people and addresses. */
const struct event_privacy *policy_privacy(const struct policy *p);

#endif
