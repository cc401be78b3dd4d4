/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/writer.h"

void
put(struct writer *w, const char *text)
{
	w->emit(w->arg, slice_str(text));
}

/* Could a reader of YAML take it for a number, or for YAML? */
static bool
needs_quotes(struct slice text)
{
	size_t dots = 0;

	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = text.ptr[i];
		bool inside = c == '-' || c == '_' || c == '.';

		if (!byte_alpha(c) && !byte_digit(c) && c != '/' &&
		    !(inside && i > 0))
			return true;
		dots += c == '.';
	}
	return text.len == 0 || (byte_digit(text.ptr[0]) && dots < 3);
}

static bool
is_reserved(struct slice text)
{
	static const char *const words[] = {
	    "true", "false", "null", "yes", "no", "on", "off", "y", "n"};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (slice_ieq(text, slice_str(words[i])))
			return true;
	return false;
}

static void
put_quoted(struct writer *w, struct slice text)
{
	put(w, "\"");
	for (; text.len > 0; text = slice_skip(text, 1)) {
		if (*text.ptr == '"' || *text.ptr == '\\')
			put(w, "\\");
		w->emit(w->arg, slice_head(text, 1));
	}
	put(w, "\"");
}

void
put_word(struct writer *w, const char *word)
{
	if (needs_quotes(slice_str(word)))
		put_quoted(w, slice_str(word));
	else
		put(w, word);
}

void
put_text(struct writer *w, const char *text)
{
	struct slice s = slice_str(text);

	if (is_reserved(s))
		put_quoted(w, s);
	else
		put_word(w, text);
}
