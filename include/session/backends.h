/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * backends.h - what is known of each backend: its capabilities, whether it answers.
 *
 * Shared by all workers behind one lock that no header shows. Keyed by the
 * backend's name and address, so that a reload keeps what was learned.
 */
#ifndef SESSION_BACKENDS_H
#define SESSION_BACKENDS_H

#include "base/slice.h"
#include "config/settings.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CAPABILITY_TEXT_MAX = 2048 };

/* A capability list as the backend sent it before login: words parted by SP, without "CAPABILITY". Returns true when it differs from what was known. */
bool backends_learn(const struct backend_settings *b, struct slice words);
/* The backend could not be reached or refused to serve: reason in one phrase. Returns true when it was usable before. */
bool backends_fail(const struct backend_settings *b, const char *reason);
/* Copies the words last learned; 0 when nothing is known. */
size_t backends_words(const struct backend_settings *b, char out[CAPABILITY_TEXT_MAX]);

/*
 * The list the gate shows before login for these settings (design.md section
 * 5, Capabilities), without "CAPABILITY": cached per listener mode until
 * something is learned. tls: the client's leg is protected.
 */
size_t backends_gate_words(const struct settings *s, bool tls, char out[CAPABILITY_TEXT_MAX]);

#endif
