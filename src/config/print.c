/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * print.c - what the table of keys is written out as: YAML, sample, manual.
 */
#include "base/prose.h"
#include "config/keys.h"
#include "config/policies.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { HELP_MAX = 512 };

static void
put_comment(struct writer *w, struct slice margin, const char *text)
{
	struct slice rest = slice_str(text);

	while (rest.len > 0) {
		w->emit(w->arg, margin);
		put(w, "# ");
		w->emit(w->arg,
			prose_line(&rest, PROSE_COLUMNS - margin.len - 2));
		put(w, "\n");
	}
}

/* "The help. A time from 30m to 24h." */
static void
help_text(const struct key *k, char out[HELP_MAX])
{
	char expects[EXPECTS_MAX];
	size_t n;

	if (k->kind == KIND_GROUP || k->kind == KIND_ENTRIES) {
		n = (size_t)snprintf(out, HELP_MAX, "%s", k->help);
	} else {
		key_expects(k, expects);
		if (byte_alpha((unsigned char)expects[0]))
			expects[0] = (char)(expects[0] & ~0x20);
		n = (size_t)snprintf(out, HELP_MAX, "%s %s.", k->help, expects);
	}
	assert(n > 0 && n < HELP_MAX);
}

/* How it is written: as values, or as a sample with help and comments. */
struct style {
	bool sample, help;
	bool aside;         /* all of it is a comment */
	const char *margin; /* before everything */
	size_t before;      /* entries of the same list */
};

/* A name and its value. Long lists have a line for each item. */
static void
print_pair(const struct key *k, const void *base, const char *margin,
	   const char *mark, struct writer *w)
{
	size_t n = key_is_list(k) ? key_length(k, base) : 0;
	bool tall = k->kind == KIND_TERMS;

	put(w, key_name(k));
	put(w, tall ? ":" : ": ");
	if (!key_is_list(k))
		key_print(k, base, w);
	else if (!tall)
		put(w, "[");
	for (size_t i = 0; i < n; i++) {
		if (tall) {
			put(w, "\n");
			put(w, margin);
			put(w, "  ");
			put(w, mark);
			put(w, "- ");
		} else if (i > 0) {
			put(w, ", ");
		}
		key_print_item(k, base, i, w);
	}
	put(w, key_is_list(k) && !tall ? "]\n" : "\n");
}

static bool
is_comment(const struct key *k, const struct style *style)
{
	return style->aside ||
	       (style->sample && k->preset && k->sample != SAMPLE_SHOWN);
}

/*
 * Policies built in are described by what others may take from them; rules
 * without a ban say nothing of it.
 */
static bool
is_left_out(const struct key *k, const struct key *parent, const void *base)
{
	if (strcmp(parent->path, "tls_policies") == 0) {
		const struct tls_policy_settings *p = base;

		return !*p->base && k->preset && !k->inherits;
	}
	if (strcmp(parent->path, "limits.rules") == 0) {
		const struct rule_settings *r = base;

		return r->rule.action != RULE_BAN &&
		       strncmp(key_name(k), "ban", 3) == 0;
	}
	return false;
}

/* Of a list the first entry that has a key explains it. */
static bool
is_explained(const struct key *k, const struct key *parent, const void *base,
	     const struct style *style)
{
	const char *entry = base;

	for (size_t i = 1; i <= style->before; i++)
		if (!is_left_out(k, parent, entry - i * parent->size))
			return true;
	return !style->help;
}

static void print_entries(const struct key *k, const void *base,
			  struct style style, struct writer *w);

/* A list of entries within a group. */
static void
print_nested(const struct key *k, const void *base, const char *margin,
	     const struct style *style, struct writer *w)
{
	struct style inner = {style->sample, style->help, is_comment(k, style),
			      margin, 0};

	put(w, margin);
	put(w, inner.aside ? "#" : "");
	put(w, key_name(k));
	put(w, ":\n");
	print_entries(k, base, inner, w);
}

/*
 * The keys of one group or entry. In the sample keys that have a default are
 * comments themselves.
 */
static void
print_children(const struct key *parent, const void *base,
	       const struct style *style, struct writer *w)
{
	bool entry = parent->kind == KIND_ENTRIES, first = entry;
	char margin[16], text[HELP_MAX];
	const struct key *k;

	(void)snprintf(margin, sizeof margin, "%s%s", style->margin,
		       entry ? "    " : "  ");
	for (size_t i = 0; (k = key_at(i)); i++) {
		const char *mark = is_comment(k, style) ? "#" : "";
		size_t indent = strlen(margin) - (first ? 2 : 0);

		if (!key_is_child(k, parent) || is_left_out(k, parent, base))
			continue;
		help_text(k, text);
		if (!is_explained(k, parent, base, style))
			put_comment(w, slice_head(slice_str(margin), indent),
				    text);
		if (k->kind == KIND_ENTRIES) {
			print_nested(k, base, margin, style, w);
			continue;
		}
		w->emit(w->arg, slice_head(slice_str(margin), indent));
		put(w, mark);
		put(w, first ? "- " : "");
		print_pair(k, base, margin, mark, w);
		first = false;
	}
}

static void
print_entries(const struct key *k, const void *base, struct style style,
	      struct writer *w)
{
	const char *items =
	    *(const char *const *)(const void *)((const char *)base + k->at);
	size_t n = key_length(k, base);

	for (size_t i = 0; i < n; i++) {
		style.before = i;
		print_children(k, items + i * k->size, &style, w);
	}
}

/* In the words of the file. */
static void
print_built_in(const char *margin, struct writer *w)
{
	const struct style style = {.margin = margin};

	for (size_t i = 0; i < SETTINGS_BUILT_IN_POLICIES; i++)
		print_children(key_of("tls_policies"), &policies_built_in[i],
			       &style, w);
}

static void
print(const struct settings *s, bool sample, struct writer *w)
{
	const struct key *k;
	char text[HELP_MAX];

	for (size_t i = 0; (k = key_at(i)); i++) {
		struct style style = {
		    sample, sample, sample && k->sample == SAMPLE_ASIDE, "", 0};

		if (!key_is_child(k, NULL))
			continue;
		if (sample) {
			put(w, "\n");
			help_text(k, text);
			put_comment(w, SLICE_EMPTY, text);
			if (style.aside)
				put(w, "# For example:\n");
		} else if (strcmp(k->path, "tls_policies") == 0) {
			put(w, "# These TLS policies are built in:\n");
			print_built_in("# ", w);
		}
		if (k->kind == KIND_ENTRIES && key_length(k, s) == 0)
			continue;
		put(w, style.aside ? "#" : "");
		put(w, k->path);
		put(w, ":\n");
		if (k->kind == KIND_ENTRIES)
			print_entries(k, s, style, w);
		else
			print_children(k, s, &style, w);
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
    "certificates: [{chain: /etc/imapward/fullchain.pem,"
    " key: /etc/imapward/privkey.pem}]\n"
    "tls_policies: [{name: kiosks, networks: [192.0.2.0/24]}]\n"
    "commands: [{name: no-sharing, forbid: [SETACL, DELETEACL],"
    " backends: [main]}]\n"
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

	prose_mdoc_word(text, w->emit, w->arg);
}

static void
put_known(struct writer *w, const struct vocabulary *v)
{
	put(w, "Known are\n");
	for (size_t i = 0; i < v->count; i++) {
		put(w, ".Ql ");
		put(w, v->terms[i].name);
		put(w, i + 1 < v->count ? " ,\n" : " .\n");
	}
}

static void
put_built_in(struct writer *w)
{
	struct writer escaped = {emit_mdoc, w};

	put(w, "Written out they are\n.Bd -literal -offset indent\n");
	print_built_in("", &escaped);
	put(w, ".Ed\n");
}

static void
put_default(struct writer *w, const struct key *k)
{
	struct writer escaped = {emit_mdoc, w};

	if (k->inherits) {
		char text[HELP_MAX];

		(void)snprintf(text, sizeof text, "Default: %s.", k->inherits);
		prose_mdoc(slice_str(text), w->emit, w->arg);
		return;
	}
	put(w, "Default:\n.Ql ");
	if (key_is_list(k)) {
		put(w, "[");
		put(w, k->preset);
		put(w, "]");
	} else if (key_is_number(k)) {
		put(w, k->preset);
	} else {
		put_word(&escaped, k->preset);
	}
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
		prose_mdoc(slice_str(text), emit, arg);
		if (k->vocabulary)
			put_known(&w, k->vocabulary);
		if (strcmp(k->path, "tls_policies") == 0)
			put_built_in(&w);
		if (!k->preset)
			put(&w, "Must be given.\n");
		else if (k->kind != KIND_GROUP && k->kind != KIND_ENTRIES)
			put_default(&w, k);
	}
	put(&w, ".El\n");
}
