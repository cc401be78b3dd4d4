/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * clock.h - the only place that asks what time it is.
 *
 * Layers that judge take time as an argument; only the edges call this.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

uint64_t clock_monotonic_ms(void); /* never steps back; for deadlines */
uint64_t clock_wall_ms(void);      /* since 1970, UTC; for events */

#endif
