/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/random.h"

#include <unistd.h>

enum { AT_ONCE = 256 }; /* getentropy gives no more */

enum err
random_fill(void *out, size_t n)
{
	unsigned char *to = out;

	while (n > 0) {
		size_t part = n < AT_ONCE ? n : AT_ONCE;

		if (getentropy(to, part) != 0)
			return ERR_SYSTEM;
		to += part;
		n -= part;
	}
	return ERR_OK;
}
