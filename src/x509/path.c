/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "x509/path.h"

#include "path_rules.h"
#include "path_search.h"
#include "x509/names.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *word, *rule, *text;
} reasons[] = {
#define X(name, word, rule, text) {word, rule, text},
    PATH_REASONS(X)
#undef X
};

const char *
path_word(enum path_reason r)
{
	return reasons[r].word;
}

const char *
path_rule(enum path_reason r)
{
	return reasons[r].rule;
}

static void
blame(struct path *p, enum path_reason r, size_t certificate)
{
	p->reason = r;
	p->certificate = certificate;
	p->other = PATH_NOBODY;
}

/* Those that cannot be read are told about if they are missed. */
static void
read_all(const struct path_input *in, struct path *p)
{
	for (size_t i = 0; i < in->presented_count; i++) {
		p->readable[i] =
		    certificate_read(in->presented[i], &p->at[i]) == ERR_OK;
		if (!p->readable[i])
			p->at[i] = (struct certificate){.version = 0};
	}
}

static void
judge_names(const struct path_input *in, struct path *p)
{
	const struct certificate *c = &p->at[0];

	if (!names_reference(in->host))
		blame(p, PATH_HOST, 0);
	else if (!(c->extensions & EXT_NAMES))
		blame(p, PATH_NO_NAMES, 0);
	else if (!names_cover(c->names, in->host))
		blame(p, PATH_NAME, 0);
}

static void
judge_pinned(const struct path_input *in, struct path *p)
{
	enum path_reason r = path_rules(in, &p->at[0], ROLE_PINNED);
	enum pins_verdict v =
	    pins_judge(in->pins, in->pins_count, &p->at[0].key, 1, &in->crypto);

	p->way[0] = 0;
	p->length = 1;
	p->no_backup = v == PINS_NO_BACKUP;
	if (v != PINS_MATCH && v != PINS_NO_BACKUP)
		blame(p, PATH_PIN, 0);
	else if (r != PATH_OK)
		blame(p, r, 0);
}

static void
note_dates(struct path *p)
{
	p->from = INT64_MIN;
	p->until = INT64_MAX;
	for (size_t i = 0; i < p->length; i++) {
		const struct certificate *c = &p->at[p->way[i]];

		if (c->not_before > p->from)
			p->from = c->not_before;
		if (c->not_after < p->until)
			p->until = c->not_after;
	}
}

bool
path_judge(const struct path_input *in, struct path *p)
{
	memset(p, 0, sizeof *p);
	p->certificate = p->other = PATH_NOBODY;
	if (in->presented_count == 0) {
		blame(p, PATH_NO_CERTIFICATE, 0);
		return false;
	}
	if (in->presented_count > PATH_PRESENTED_MAX) {
		blame(p, PATH_TOO_MANY, 0);
		return false;
	}
	read_all(in, p);
	if (!p->readable[0]) {
		blame(p, PATH_MALFORMED, 0);
		return false;
	}
	if (in->pins_suffice) {
		judge_pinned(in, p);
	} else {
		path_search(in, p);
		if (p->reason == PATH_OK)
			judge_names(in, p);
	}
	note_dates(p);
	return p->reason == PATH_OK;
}

/* --- for people -------------------------------------------------------------
 */

struct text {
	char *out;
	size_t len, cap;
};

/* Names of certificates go to terminals and logs. */
static void
put(struct text *t, struct slice s)
{
	for (size_t i = 0; i < s.len && t->len + 1 < t->cap; i++)
		t->out[t->len++] =
		    (char)(s.ptr[i] >= ' ' && s.ptr[i] < 127 ? s.ptr[i] : '?');
	t->out[t->len] = '\0';
}

/* "certificate 2 (Some CA)", "the trusted certificate (Some Root)" */
static void
put_label(struct text *t, const struct path_input *in, const struct path *p,
	  size_t i)
{
	enum { TITLE_MAX = 64 };
	struct slice title = SLICE_EMPTY;
	char number[40];

	if (i == PATH_ANCHOR) {
		put(t, SLICE("the trusted certificate"));
		title = certificate_title(in->anchors[p->anchor].subject);
	} else if (i < in->presented_count && i < PATH_PRESENTED_MAX) {
		(void)snprintf(number, sizeof number, "certificate %zu", i + 1);
		put(t, slice_str(number));
		if (p->readable[i])
			title = certificate_title(p->at[i].subject);
	} else {
		put(t, SLICE("the server's certificate"));
	}
	if (title.len == 0)
		return;
	put(t, SLICE(" ("));
	put(t, slice_head(title, TITLE_MAX));
	put(t, SLICE(")"));
}

void
path_explain(const struct path_input *in, const struct path *p, char *out,
	     size_t cap)
{
	struct slice text = slice_str(reasons[p->reason].text);
	struct text t = {out, 0, cap};
	size_t gap = slice_find(text, '{');

	put_label(&t, in, p, p->certificate);
	put(&t, SLICE(" "));
	put(&t, slice_head(text, gap));
	if (gap < text.len)
		put_label(&t, in, p, p->other);
	put(&t, slice_skip(text, gap + 2));
}
