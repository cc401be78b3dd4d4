/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/evidence.h"

#include <string.h>

static struct slice
as_noted(struct slice text, char out[EVIDENCE_TEXT])
{
	size_t n = text.len < EVIDENCE_TEXT - 1 ? text.len : EVIDENCE_TEXT - 1;

	for (size_t i = 0; i < n; i++)
		out[i] = text.ptr[i] == '\0' ? '?' : (char)text.ptr[i];
	return slice_of(out, n);
}

void
evidence_note(struct evidence *e, struct slice text, uint64_t wall)
{
	char buffer[EVIDENCE_TEXT];
	struct slice noted = as_noted(text, buffer);
	uint32_t at = 0;

	if (e->first == 0)
		e->first = wall;
	e->last = wall;
	if (e->attempts < UINT32_MAX)
		e->attempts++;
	if (text.len == 0)
		return;
	while (at < e->count && !slice_eq(slice_str(e->texts[at]), noted))
		at++;
	if (at < e->count)
		return;
	if (e->count < EVIDENCE_MOST)
		e->count++;
	at = e->count - 1;
	memcpy(e->texts[at], noted.ptr, noted.len);
	e->texts[at][noted.len] = '\0';
}
