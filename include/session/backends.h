/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * backends.h - what is known of each backend: its capabilities, whether it
 * answers.
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

/* A capability list as the backend sent it before login: words parted by SP,
 * without "CAPABILITY". Returns true when it differs from what was known. */
bool backends_learn(const struct backend_settings *b, struct slice words);
/* The backend could not be reached or refused to serve: reason in one phrase.
 * Returns true when it was usable before. */
bool backends_fail(const struct backend_settings *b, const char *reason);
enum backend_state { BACKEND_UNKNOWN, BACKEND_UP, BACKEND_DOWN };
/* What came of the last try. */
enum backend_state backends_state(const struct backend_settings *b);
/*
 * What it said may hold no more: backends_words gives nothing until it has
 * said it again. What clients are shown stays.
 */
void backends_forget(const struct backend_settings *b);
/* Copies the words last learned; 0 when nothing is known. */
size_t backends_words(const struct backend_settings *b,
		      char out[CAPABILITY_TEXT_MAX]);

/* How a client stands in front of the gate. */
enum gate_leg {
	GATE_LEG_TLS,      /* inside TLS */
	GATE_LEG_CLEAR,    /* in clear: STARTTLS first */
	GATE_LEG_PLAINTEXT /* in clear, from a network that may log in so */
};

/*
 * The list the gate shows before login for these settings (design.md section
 * 5, Capabilities), without "CAPABILITY"; cached until something is learned.
 */
size_t backends_gate_words(const struct settings *s, enum gate_leg leg,
			   char out[CAPABILITY_TEXT_MAX]);

#endif
