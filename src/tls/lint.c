/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tls/lint.h"

#include "tls/exam.h"
#include "tls/internal.h"
#include "tls/material.h"
#include "x509/names.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Copies the rule's text with what was found in place of each "{}". */
static void
expand(const char *what, const char *const *texts, char *out, size_t cap)
{
	size_t n = 0;

	while (*what && n + 1 < cap) {
		int put = 1;

		if (strncmp(what, "{}", 2) == 0 && *texts) {
			put = snprintf(out + n, cap - n, "%s", *texts++);
			what += 2;
		} else {
			out[n] = *what++;
		}
		n += put > 0 ? (size_t)put : 0;
	}
	out[n < cap ? n : cap - 1] = '\0';
}

void
exam_report(struct exam *x, enum lint_id id, size_t certificate,
	    const char *const *texts)
{
	struct lint *l = x->out;
	struct lint_finding *f = &l->findings[l->count];

	l->totals[lint_rule(id)->severity]++;
	if (l->count == LINT_FINDINGS_MAX) {
		l->dropped++;
		return;
	}
	l->count++;
	f->rule = lint_rule(id);
	f->certificate = certificate == NOBODY ? 0 : certificate + 1;
	expand(f->rule->what, texts, f->text, sizeof f->text);
}

struct shown
exam_show(struct slice bytes)
{
	struct shown s;
	size_t n = slice_head(bytes, sizeof s.text - 1).len;

	for (size_t i = 0; i < n; i++)
		s.text[i] = (char)(bytes.ptr[i] >= ' ' && bytes.ptr[i] < 127
				       ? bytes.ptr[i]
				       : '?');
	s.text[n] = '\0';
	if (bytes.len > n)
		memcpy(s.text + n - 3, "...", 3);
	return s;
}

struct slice
exam_title(const struct certificate *c)
{
	struct slice rest = c->names;
	struct name n;

	while (names_next(&rest, &n))
		if (n.kind == NAME_DNS)
			return n.value;
	return certificate_title(c->subject);
}

struct shown
exam_label(const struct exam *x, size_t i)
{
	struct slice title = exam_title(&x->at[i].c);
	struct shown s;

	if (title.len == 0)
		(void)snprintf(s.text, sizeof s.text, "certificate %zu", i + 1);
	else
		(void)snprintf(s.text, sizeof s.text, "certificate %zu (%.40s)",
			       i + 1, exam_show(title).text);
	return s;
}

struct shown
exam_date(int64_t seconds)
{
	struct shown s;

	(void)date_text(seconds, s.text);
	return s;
}

struct shown
exam_number(int64_t n)
{
	struct shown s;

	(void)snprintf(s.text, sizeof s.text, "%" PRId64, n);
	return s;
}

/* Up to the first block that is no PEM: pair_read will say that. */
static void
read_members(struct exam *x)
{
	struct slice rest = x->in->chain;
	unsigned char *at = x->mem;

	while (x->count < PAIR_CHAIN_MAX) {
		struct slice block = material_block(&rest);
		struct member *m = &x->at[x->count];
		size_t n = block.len > 0 ? material_der(block, at) : 0;

		if (n == 0)
			return;
		m->der = slice_of(at, n);
		m->readable = certificate_read(m->der, &m->c) == ERR_OK;
		if (!m->readable)
			m->c = (struct certificate){0};
		at += n;
		x->count++;
	}
}

/* Other files that people have, and take for PEM. */
static void
check_format(struct exam *x)
{
	struct slice in = x->in->chain;

	if (x->count > 0 || in.len < 2 || in.ptr[0] != 0x30 || in.ptr[1] < 0x80)
		return;
	REPORT(x, LINT_NOT_PEM, NOBODY, "DER or PKCS#12");
}

static void
check_key(struct exam *x)
{
	unsigned mode = x->in->key_mode;
	char text[16];

	if (x->in->key.len > 0 && x->key_state != SECRET_READ)
		REPORT(x, LINT_KEY, NOBODY, secret_text(x->key_state));
	/* Its group may be meant to read it: not to write it. */
	(void)snprintf(text, sizeof text, "%04o", mode & 07777);
	if (mode & 0026)
		REPORT(x, LINT_KEY_MODE, NOBODY, text);
}

/* What would be served is what this says: its verdict stands. */
static void
ask_pair(const struct lint_input *in, struct pair_fault *fault)
{
	const struct pair_source src = {.chain = in->chain,
					.key = in->key,
					.passphrase = in->passphrase,
					.now = in->now};
	struct pair p;

	if (pair_read(&src, &p, fault) == ERR_OK)
		pair_clear(&p);
	/* The chain is judged first: without a key it was found good. */
	if (fault->in_key && in->key.len == 0)
		*fault = (struct pair_fault){.cause = ERR_OK};
}

static int
by_severity(const void *a, const void *b)
{
	const struct lint_finding *x = a, *y = b;

	if (x->rule->severity != y->rule->severity)
		return x->rule->severity > y->rule->severity ? -1 : 1;
	if (x->certificate != y->certificate)
		return x->certificate < y->certificate ? -1 : 1;
	return x->rule < y->rule ? -1 : x->rule > y->rule;
}

/* For the line above the findings. */
static void
describe(struct exam *x)
{
	const struct certificate *leaf = &x->at[x->leaf].c;

	x->out->certificates = x->count;
	if (x->count == 0 || !x->at[x->leaf].readable)
		return;
	(void)snprintf(x->out->name, sizeof x->out->name, "%s",
		       exam_show(exam_title(leaf)).text);
	x->out->not_after = leaf->not_after;
}

static void
read_key(struct exam *x)
{
	const struct lint_input *in = x->in;

	if (in->proven)
		x->key_state = SECRET_READ;
	else if (in->key.len > PAIR_FILE_MAX)
		x->key_state = SECRET_BROKEN;
	else
		x->key_state = secret_read(in->key, in->passphrase, &x->key);
}

static void
examine(struct exam *x)
{
	struct pair_fault fault = {.cause = ERR_OK};

	if (!x->in->proven)
		ask_pair(x->in, &fault);
	read_key(x);
	if (x->in->chain.len <= PAIR_FILE_MAX)
		read_members(x);
	check_format(x);
	check_key(x);
	if (x->count > 0) {
		exam_chain(x);
		exam_certificates(x);
	}
	if (fault.cause != ERR_OK && x->out->totals[LINT_ERROR] == 0)
		REPORT(x, fault.in_key ? LINT_KEY : LINT_REFUSED, NOBODY,
		       fault.text);
	describe(x);
	qsort(x->out->findings, x->out->count, sizeof x->out->findings[0],
	      by_severity);
}

enum err
lint_run(const struct lint_input *in, struct lint *out)
{
	struct exam *x = calloc(1, sizeof *x);
	enum err e = ERR_NOMEM;

	memset(out, 0, sizeof *out);
	if (x) {
		x->in = in;
		x->out = out;
		x->mem = malloc(in->chain.len + 1);
	}
	if (x && x->mem) {
		examine(x);
		e = ERR_OK;
	}
	if (x) {
		secret_clear(&x->key);
		free(x->mem);
	}
	free(x);
	return e;
}
