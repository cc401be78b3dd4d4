/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/wipe.h"

#include <string.h>

void
wipe(void *mem, size_t n)
{
	if (n > 0)
		explicit_bzero(mem, n);
}
