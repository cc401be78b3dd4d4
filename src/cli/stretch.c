/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stretch.h"

#include "base/slice.h"

#include <inttypes.h>
#include <stdio.h>

#define HUNDRED_YEARS (UINT64_C(36525) * 24 * 3600)

static const struct {
	unsigned char name;
	uint64_t seconds;
} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', UINT64_C(24) * 3600}};

enum { UNITS = sizeof units / sizeof units[0] };

bool
stretch_read(const char *text, uint64_t *seconds)
{
	struct slice s = slice_str(text);
	uint64_t unit = 1, n;

	for (size_t i = 0; i < UNITS; i++) {
		if (s.len == 0 || s.ptr[s.len - 1] != units[i].name)
			continue;
		unit = units[i].seconds;
		s.len--;
		break;
	}
	if (!slice_number(s, HUNDRED_YEARS / unit, &n))
		return false;
	*seconds = n * unit;
	return true;
}

void
stretch_print(uint64_t seconds, char out[STRETCH_MAX])
{
	size_t i = UNITS - 1;
	uint64_t rest;

	while (i > 0 && seconds < units[i].seconds)
		i--;
	rest = seconds % units[i].seconds;
	if (i == 0)
		(void)snprintf(out, STRETCH_MAX, "%" PRIu64 "s", seconds);
	else
		(void)snprintf(out, STRETCH_MAX, "%" PRIu64 "%c %" PRIu64 "%c",
			       seconds / units[i].seconds, units[i].name,
			       rest / units[i - 1].seconds, units[i - 1].name);
}
