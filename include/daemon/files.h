/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * files.h - the bytes of a configuration: the YAML file and what it names.
 *
 * Each file is opened once and judged by its descriptor; what was judged is
 * what is used. The bytes are owned, and wiped when they go.
 */
#ifndef DAEMON_FILES_H
#define DAEMON_FILES_H

#include "base/err.h"
#include "session/snapshot.h"

#include <stddef.h>

struct file_bytes {
	unsigned char *mem;
	size_t len, cap;
};

struct files {
	struct snapshot_source source; /* points into what follows */
	struct file_bytes yaml, chain, key;
	char *paths[3];
	char warning[512]; /* a sentence for the administrator, "" for none */
};

/*
 * ERR_OK and *out (files_clear it), or *fault in one line: which file, what is
 * wrong, and *out is empty. ERR_SYNTAX and the like: the YAML; it is parsed for
 * the paths only.
 */
enum err files_read(const char *config_path, struct files *out,
		    struct snapshot_fault *fault) MUST_USE;
/* The same with the YAML from a descriptor, which is not closed; `name` stands
 * for it in messages. */
enum err files_read_from(int fd, const char *name, struct files *out,
			 struct snapshot_fault *fault) MUST_USE;
/* *fault becomes "FILE:2:16: 'certificates.key': what". */
void files_blame(const struct files *f, struct place at, const char *key,
		 const char *what, struct snapshot_fault *fault);
/* Once more is fine. */
void files_clear(struct files *f);

#endif
