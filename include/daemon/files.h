/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * files.h - the bytes of a configuration: the YAML file and what it names.
 *
 * Each file is opened once and judged by its descriptor; what was judged is
 * what is used. Certificates, keys and what else TLS needs are checked, and
 * stand on a shelf in sealed memory; nothing else of them is kept.
 */
#ifndef DAEMON_FILES_H
#define DAEMON_FILES_H

#include "base/err.h"
#include "daemon/vault.h"
#include "session/snapshot.h"

#include <stdbool.h>
#include <stddef.h>

struct file_bytes {
	unsigned char *mem;
	size_t len, cap;
};

/* What works, but clients or the administrator will not like; of a pair only
 * if it was not on the shelf before. */
struct notice {
	char *path;
	char *text;       /* a sentence */
	const char *rule; /* "ends-soon": for programs */
	size_t pair;      /* on the shelf, or SHELF_NONE */
};

enum { NOTICES_MAX = 1000 };

struct notices {
	struct notice *at;
	size_t count, cap;
	size_t dropped; /* had no place */
};

struct files_options {
	const struct shelf *before; /* the one in use, or NULL */
	int64_t now;                /* seconds since 1970, to judge dates */
	struct slice roots; /* PEM: what every client has; may be empty */
	size_t threads;     /* at most, for signatures; 0 is 1 */
};

struct files {
	struct snapshot_source source; /* points into what follows */
	struct file_bytes yaml;
	char *path; /* of the YAML */
	struct vault shelf;
	struct notices notices;
	uint64_t
	    print; /* lookout_print before they were read; 0: not watched */
};

/*
 * ERR_OK and *out (files_clear it), or *fault in one line: which file, what is
 * wrong. ERR_SYNTAX and the like: the YAML, or a file that it names.
 */
enum err files_read(const char *config_path, const struct files_options *o,
		    struct files *out, struct snapshot_fault *fault) MUST_USE;
/* The same with the YAML from a descriptor, which is not closed; `name` stands
 * for it in messages. */
enum err files_read_from(int fd, const char *name,
			 const struct files_options *o, struct files *out,
			 struct snapshot_fault *fault) MUST_USE;
/* The same with the YAML of `now`, which may be another one on disk by now. */
enum err files_read_again(const struct files *now,
			  const struct files_options *o, struct files *out,
			  struct snapshot_fault *fault) MUST_USE;
/* *fault becomes "FILE:2:16: 'tls.key': what". */
void files_blame(const struct files *f, struct place at, const char *key,
		 const char *what, struct snapshot_fault *fault);
/* Once more is fine. */
void files_clear(struct files *f);

/* --- for the files of this module --- */

/*
 * What the configuration names in `key`: at most `most` bytes; the caller's, to
 * be given to bytes_clear. *mode: permissions, or NULL.
 */
enum err files_named(const struct files *f, const char *path, const char *key,
		     struct place at, size_t most, struct file_bytes *out,
		     unsigned *mode, struct snapshot_fault *fault) MUST_USE;
/* The same for a file in a folder; ERR_MISSING without a fault: not there. */
enum err files_beside(const char *path, size_t most, struct file_bytes *out,
		      unsigned *mode, struct snapshot_fault *fault) MUST_USE;
void bytes_clear(struct file_bytes *b); /* wipes */
struct slice bytes_of(const struct file_bytes *b);

/* Keeps copies; what has no place is counted. */
void notice_add(struct notices *n, const char *path, const char *rule,
		size_t pair, const char *text);

#endif
