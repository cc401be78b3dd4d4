/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/err.h"

const char *
err_text(enum err e)
{
	static const char *const texts[] = {
#define X(name, text) [ERR_##name] = (text),
	    ERR_LIST(X)
#undef X
	};

	if ((unsigned)e >= sizeof texts / sizeof texts[0])
		return "unknown error";
	return texts[e];
}
