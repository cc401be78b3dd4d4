/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * check.h - what no single key can tell: do the settings fit together?
 *
 * For config/ only; settings_load calls it.
 */
#ifndef CONFIG_CHECK_H
#define CONFIG_CHECK_H

#include "base/err.h"
#include "config/settings.h"

/* The key to blame, or the second when the first was not written; the entry
 * that they would be in when neither was. */
struct complaint {
	const char *path, *other; /* other may be NULL */
	size_t index;             /* of the list's entry, else 0 */
	char text[sizeof((struct settings_fault *)0)->text];
};

/* Fills in *out and returns the cause. */
enum err complain(struct complaint *out, enum err cause, const char *path,
		  size_t index, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

enum err config_check(const struct settings *s, struct complaint *out) MUST_USE;
/* The part of it that is about certificates and TLS policies. */
enum err check_tls(const struct settings *s, struct complaint *out) MUST_USE;

#endif
