/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * random.h - random bytes, from the kernel and nowhere else.
 */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include "base/err.h"

#include <stddef.h>

/*
 * Fit for keys. Waits while the kernel has no entropy yet, early in a boot.
 * ERR_SYSTEM: this kernel has none to give (Linux before 3.17, or forbidden);
 * what stands in out is worthless then.
 */
enum err random_fill(void *out, size_t n) MUST_USE;

#endif
