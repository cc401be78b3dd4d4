/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * findings.h - the lint's findings, for people and for programs; and the files
 * it looks at.
 */
#ifndef CLI_FINDINGS_H
#define CLI_FINDINGS_H

#include "base/slice.h"
#include "tls/lint.h"

#include <stdbool.h>

/*
 * Reads a file of at most `most` bytes. The bytes are the caller's: wipe and
 * free them. false: it said why on standard error. *mode: permissions, or NULL.
 */
bool findings_read(const char *path, size_t most, struct slice *out,
		   unsigned *mode);
void
findings_forget(struct slice *bytes); /* wipes and frees; once more is fine */
/* The roots of this system; empty if there are none. */
struct slice findings_system_roots(void);

/* To standard output: all of it in 80 columns. */
void findings_print(const char *path, const struct lint *l);
/* As one JSON object in one line. */
void findings_print_json(const char *path, const struct lint *l);

#endif
