/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * print.c - what the table of keys is written out as: YAML, sample, manual.
 */
#include "config/keys.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { COLUMNS = 79, HELP_MAX = 512 };

/* Takes a line of at most `room` columns off the front, ending between words.
 */
static struct slice
cut_line(struct slice *rest, size_t room)
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

static void
put_comment(struct writer *w, const char *margin, const char *text)
{
	struct slice rest = slice_str(text);

	while (rest.len > 0) {
		put(w, margin);
		put(w, "# ");
		w->emit(w->arg, cut_line(&rest, COLUMNS - strlen(margin) - 2));
		put(w, "\n");
	}
}

/* "The help. A time from 30m to 24h." */
static void
help_text(const struct key *k, char out[HELP_MAX])
{
	char expects[EXPECTS_MAX];
	int n;

	if (k->kind == KIND_GROUP || k->kind == KIND_ENTRIES) {
		n = snprintf(out, HELP_MAX, "%s", k->help);
	} else {
		key_expects(k, expects);
		if (byte_alpha((unsigned char)expects[0]))
			expects[0] = (char)(expects[0] & ~0x20);
		n = snprintf(out, HELP_MAX, "%s %s.", k->help, expects);
	}
	assert(n > 0 && n < HELP_MAX);
}

/*
 * The keys of one group or entry. In the sample keys that have a default are
 * comments themselves.
 */
static void
print_children(const struct key *parent, const void *base, bool sample,
	       bool help, struct writer *w)
{
	const char *margin = parent->kind == KIND_ENTRIES ? "    " : "  ";
	bool first = parent->kind == KIND_ENTRIES;
	const struct key *k;
	char text[HELP_MAX];

	for (size_t i = 0; (k = key_at(i)); i++) {
		if (!key_is_child(k, parent))
			continue;
		help_text(k, text);
		if (help)
			put_comment(w, first ? "  " : margin, text);
		put(w, first ? "  - " : margin);
		if (sample && k->preset)
			put(w, "#");
		put(w, key_name(k));
		put(w, ": ");
		key_print(k, base, w);
		put(w, "\n");
		first = false;
	}
}

static void
print_entries(const struct key *k, const struct settings *s, bool sample,
	      struct writer *w)
{
	const char *base = (const char *)s;
	const char *items = *(const char *const *)(const void *)(base + k->at);
	size_t n = *(const size_t *)(const void *)(base + k->count_at);

	for (size_t i = 0; i < n; i++)
		print_children(k, items + i * k->size, sample, sample && i == 0,
			       w);
}

static void
print(const struct settings *s, bool sample, struct writer *w)
{
	const struct key *k;
	char text[HELP_MAX];

	for (size_t i = 0; (k = key_at(i)); i++) {
		if (!key_is_child(k, NULL))
			continue;
		if (sample) {
			put(w, "\n");
			help_text(k, text);
			put_comment(w, "", text);
		}
		put(w, k->path);
		put(w, ":\n");
		if (k->kind == KIND_ENTRIES)
			print_entries(k, s, sample, w);
		else
			print_children(k, s, sample, sample, w);
	}
}

void
settings_print(const struct settings *s,
	       void (*emit)(void *arg, struct slice text), void *arg)
{
	struct writer w = {emit, arg};

	print(s, false, &w);
}

/* What nobody can guess, as an example. */
static const char example[] =
    "tls: {certificate: /etc/imapward/fullchain.pem,"
    " key: /etc/imapward/privkey.pem}\n"
    "backends: [{name: main, address: 127.0.0.1, port: 1143}]\n";

void
settings_sample(void (*emit)(void *arg, struct slice text), void *arg)
{
	struct writer w = {emit, arg};
	struct settings *s;
	struct settings_fault fault;

	if (settings_load(SLICE(example), &s, &fault) != ERR_OK)
		return; /* out of memory: the example is sound */
	put(&w, "# Configuration of imapward; imapward.yaml(5) is its manual.\n"
		"# A key that is commented out shows its default.\n"
		"# To check the file: imapward config check FILE\n");
	print(s, true, &w);
	settings_free(s);
}

/* Text for mdoc, in which quotes and backslashes have meanings. */
static void
emit_mdoc(void *arg, struct slice text)
{
	struct writer *w = arg;

	for (; text.len > 0; text = slice_skip(text, 1)) {
		if (*text.ptr == '"')
			put(w, "\\(dq");
		else if (*text.ptr == '\\')
			put(w, "\\e");
		else
			w->emit(w->arg, slice_head(text, 1));
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

/* Each sentence begins on a line of its own, as mdoc(7) wants it. */
static void
put_sentences(struct writer *w, const char *text)
{
	struct slice rest = slice_str(text);

	while (rest.len > 0) {
		size_t n = sentence_length(rest);
		struct slice sentence = slice_head(rest, n);

		rest = slice_skip(rest, n + 1);
		while (sentence.len > 0) {
			/* A control line begins with one of these. */
			if (*sentence.ptr == '.' || *sentence.ptr == '\'')
				put(w, "\\&");
			emit_mdoc(w, cut_line(&sentence, COLUMNS));
			put(w, "\n");
		}
	}
}

static void
put_default(struct writer *w, const struct key *k)
{
	struct writer escaped = {emit_mdoc, w};

	put(w, "Default:\n.Ql ");
	if (k->kind == KIND_NETWORKS)
		put(w, "[]");
	else if (key_is_number(k))
		put(w, k->preset);
	else
		put_word(&escaped, k->preset);
	put(w, " .\n");
}

void
settings_manual(void (*emit)(void *arg, struct slice text), void *arg)
{
	struct writer w = {emit, arg};
	const struct key *k;
	char text[HELP_MAX];

	put(&w, ".Bl -tag -width Ds\n");
	for (size_t i = 0; (k = key_at(i)); i++) {
		help_text(k, text);
		put(&w, ".It Cm ");
		put(&w, k->path);
		put(&w, "\n");
		put_sentences(&w, text);
		if (!k->preset)
			put(&w, "Must be given.\n");
		else if (k->kind != KIND_GROUP && k->kind != KIND_ENTRIES)
			put_default(&w, k);
	}
	put(&w, ".El\n");
}
