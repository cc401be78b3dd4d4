/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * wipe.h - forget secrets in a way the compiler cannot leave out.
 */
#ifndef BASE_WIPE_H
#define BASE_WIPE_H

#include <stddef.h>

void wipe(void *mem, size_t n); /* n == 0 is fine, whatever mem is */

#endif
