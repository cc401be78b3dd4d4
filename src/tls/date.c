/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tls/internal.h"

#include <time.h>

const char *
date_text(int64_t seconds, char out[DATE_TEXT])
{
	time_t t = (time_t)seconds;
	struct tm tm = {0};

	(void)gmtime_r(&t, &tm);
	if (strftime(out, DATE_TEXT, "%Y-%m-%d %H:%M UTC", &tm) == 0)
		out[0] = '\0';
	return out;
}
