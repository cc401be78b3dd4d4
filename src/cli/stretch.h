/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stretch.h - stretches of time, for people.
 */
#ifndef CLI_STRETCH_H
#define CLI_STRETCH_H

#include <stdbool.h>
#include <stdint.h>

enum { STRETCH_MAX = 48 };

/* "90s", "30m", "2h", "7d", or seconds. False: none of these, or over 100
 * years. */
bool stretch_read(const char *text, uint64_t *seconds);
/* "45s", "9m 12s", "3h 5m", "2d 7h"; ends in NUL. */
void stretch_print(uint64_t seconds, char out[STRETCH_MAX]);

#endif
