/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/prose.h"

struct slice
prose_line(struct slice *rest, size_t room)
{
	size_t n = rest->len;
	struct slice line;

	if (n > room)
		for (n = room; n > 1 && rest->ptr[n] != ' '; n--)
			;
	line = slice_head(*rest, n);
	*rest = slice_skip(*rest, n + 1);
	return line;
}

void
prose_mdoc_word(struct slice text, prose_emit *emit, void *arg)
{
	for (; text.len > 0; text = slice_skip(text, 1)) {
		if (*text.ptr == '"')
			emit(arg, SLICE("\\(dq"));
		else if (*text.ptr == '\\')
			emit(arg, SLICE("\\e"));
		else
			emit(arg, slice_head(text, 1));
	}
}

static size_t
sentence_length(struct slice s)
{
	for (size_t i = 1; i + 1 < s.len; i++)
		if (s.ptr[i - 1] == '.' && s.ptr[i] == ' ')
			return i;
	return s.len;
}

void
prose_mdoc(struct slice text, prose_emit *emit, void *arg)
{
	while (text.len > 0) {
		size_t n = sentence_length(text);
		struct slice sentence = slice_head(text, n);

		text = slice_skip(text, n + 1);
		while (sentence.len > 0) {
			/* A control line begins with one of these. */
			if (*sentence.ptr == '.' || *sentence.ptr == '\'')
				emit(arg, SLICE("\\&"));
			prose_mdoc_word(prose_line(&sentence, PROSE_COLUMNS),
					emit, arg);
			emit(arg, SLICE("\n"));
		}
	}
}
