/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "imap/verb.h"

#include <assert.h>

static const struct {
	struct slice text;
	unsigned char may[PHASES];
} verbs[VERB_COUNT] = {
#define X(id, clear, gate, relay)                                              \
	[VERB_##id] = {{(const unsigned char *)#id, sizeof #id - 1},           \
		       {[PHASE_CLEAR] = PERMISSION_##clear,                    \
			[PHASE_GATE] = PERMISSION_##gate,                      \
			[PHASE_RELAY] = PERMISSION_##relay}},
    VERB_LIST(X)
#undef X
};

bool
verb_valid(struct slice name)
{
	for (size_t i = 0; i < name.len; i++)
		if (!byte_alpha(name.ptr[i]) && !byte_digit(name.ptr[i]) &&
		    name.ptr[i] != '-' && name.ptr[i] != '_' &&
		    name.ptr[i] != '.')
			return false;
	return name.len > 0;
}

enum verb
verb_of(struct slice name)
{
	unsigned v = 0;

	while (v < VERB_OTHER && (name.len != verbs[v].text.len ||
				  !slice_ieq(name, verbs[v].text)))
		v++;
	return (enum verb)v;
}

struct slice
verb_text(enum verb v)
{
	assert(v < VERB_COUNT);
	return v == VERB_OTHER ? SLICE_EMPTY : verbs[v].text;
}

enum permission
verb_permission(enum verb v, enum phase p)
{
	assert(v < VERB_COUNT && p < PHASES);
	return (enum permission)verbs[v].may[p];
}
