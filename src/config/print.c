/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * print.c - what the table of keys is written out as: YAML, sample, manual.
 */
#include "config/keys.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { COLUMNS = 79, HELP_MAX = 512 };

/* Text as comment lines of at most COLUMNS, each with `margin` in front. */
static void
put_comment(struct writer *w, const char *margin, const char *text)
{
	struct slice rest = slice_str(text);
	size_t room = COLUMNS - strlen(margin) - 2;

	while (rest.len > 0) {
		size_t n = rest.len;

		if (n > room) {
			n = room;
			while (n > 1 && rest.ptr[n] != ' ')
				n--;
		}
		put(w, margin);
		put(w, "# ");
		w->emit(w->arg, slice_head(rest, n));
		put(w, "\n");
		rest = slice_skip(rest, n + 1);
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

/* Each sentence on a line of its own, as mdoc(7) wants it. */
static void
put_sentences(struct writer *w, const char *text)
{
	for (const char *p = text; *p; p++) {
		bool ends = p > text && p[-1] == '.' && *p == ' ' &&
			    p[1] >= 'A' && p[1] <= 'Z';

		if (*p == '\\')
			put(w, "\\e");
		else
			w->emit(w->arg, ends ? SLICE("\n") : slice_of(p, 1));
	}
	put(w, "\n");
}

void
settings_manual(void (*emit)(void *arg, struct slice text), void *arg)
{
	struct writer w = {emit, arg};
	const struct key *k;
	char text[HELP_MAX];

	put(&w, ".Bl -tag -width Ds\n");
	for (size_t i = 0; (k = key_at(i)); i++) {
		bool leaf = k->kind != KIND_GROUP && k->kind != KIND_ENTRIES;

		help_text(k, text);
		put(&w, ".It Cm ");
		put(&w, k->path);
		put(&w, "\n");
		put_sentences(&w, text);
		if (!k->preset) {
			put(&w, "Must be given.\n");
		} else if (leaf) {
			put(&w, "Default:\n.Ql ");
			put(&w, k->kind == KIND_NETWORKS ? "[]"
				: k->preset[0]           ? k->preset
							 : "\"\"");
			put(&w, " .\n");
		}
	}
	put(&w, ".El\n");
}
