/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * exam_names.c - whom the server's certificate is for (RFC 9525).
 */
#include "tls/exam.h"

#include "x509/names.h"

#include <stdio.h>
#include <string.h>

static const struct {
	enum lint_id id;
	const char *text;
} forms[] = {
    [FORM_EMPTY] = {LINT_NAME_FORM, "it is empty"},
    [FORM_FOREIGN] = {LINT_NAME_FOREIGN, ""},
    [FORM_BYTES] = {LINT_NAME_FORM, "it has characters no host name has"},
    [FORM_LABELS] = {LINT_NAME_FORM, "it ends in a dot, or a label is empty "
				     "or too long"},
    [FORM_ADDRESS] = {LINT_NAME_FORM, "an address is looked for as "
				      "iPAddress, not as dNSName"},
    [FORM_PART] = {LINT_WILDCARD, "\"*\" is only part of a label"},
    [FORM_INNER] = {LINT_WILDCARD, "\"*\" is not the first label alone"},
    [FORM_WIDE] = {LINT_WILDCARD, "it covers everything below a top level"},
};

enum { IPV4_BYTES = 4 };

static struct shown
show_address(struct slice bytes)
{
	const unsigned char *p = bytes.ptr;
	struct shown s = {"an address of the wrong length"};
	size_t n = 0;

	if (bytes.len == IPV4_BYTES)
		(void)snprintf(s.text, sizeof s.text, "%d.%d.%d.%d", p[0], p[1],
			       p[2], p[3]);
	for (size_t i = 0; bytes.len == ADDRESS_MAX && i < bytes.len; i += 2)
		n += (size_t)snprintf(s.text + n, sizeof s.text - n, "%s%x",
				      i > 0 ? ":" : "",
				      (unsigned)(p[i] << 8 | p[i + 1]));
	return s;
}

static struct shown
show_name(const struct name *n)
{
	return n->kind == NAME_ADDRESS ? show_address(n->value)
				       : exam_show(n->value);
}

struct list {
	char text[160];
};

/* "a.example.com, b.example.com and 12 more" */
static struct list
list_names(struct slice names)
{
	struct list l = {""};
	size_t used = 0, more = 0;
	struct name n;

	while (names_next(&names, &n)) {
		struct shown s = show_name(&n);

		if (n.kind != NAME_DNS && n.kind != NAME_ADDRESS)
			continue;
		if (used + strlen(s.text) + 20 > sizeof l.text) {
			more++;
			continue;
		}
		used += (size_t)snprintf(l.text + used, sizeof l.text - used,
					 "%s%s", used > 0 ? ", " : "", s.text);
	}
	if (more > 0)
		(void)snprintf(l.text + used, sizeof l.text - used,
			       " and %zu more", more);
	return l;
}

static bool
has_name(struct slice names)
{
	struct name n;

	while (names_next(&names, &n))
		if (n.kind == NAME_DNS || n.kind == NAME_ADDRESS)
			return true;
	return false;
}

static void
check_forms(struct exam *x, size_t i)
{
	struct slice names = x->at[i].c.names;
	struct name n;

	while (names_next(&names, &n)) {
		enum name_form form =
		    n.kind == NAME_DNS ? names_form(n.value) : FORM_NAME;

		if (n.kind == NAME_ADDRESS && n.value.len != IPV4_BYTES &&
		    n.value.len != ADDRESS_MAX)
			REPORT(x, LINT_NAME_FORM, i, exam_label(x, i).text,
			       "of an address", "it has the wrong length");
		if (form == FORM_FOREIGN)
			REPORT(x, LINT_NAME_FOREIGN, i, exam_label(x, i).text,
			       exam_show(n.value).text);
		else if (form != FORM_NAME && form != FORM_WILDCARD)
			REPORT(x, forms[form].id, i, exam_label(x, i).text,
			       exam_show(n.value).text, forms[form].text);
	}
}

static bool
ascii(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] >= 0x80)
			return false;
	return true;
}

static void
check_cover(struct exam *x, size_t i, struct slice host)
{
	const struct certificate *c = &x->at[i].c;

	if (!names_cover(c->names, host))
		REPORT(x, LINT_NAME, i, exam_label(x, i).text,
		       exam_show(host).text,
		       ascii(host) ? "" : " (give it as its A-label, xn--...)",
		       list_names(c->names).text);
}

void
exam_names(struct exam *x, size_t i)
{
	const struct certificate *c = &x->at[i].c;

	if (!has_name(c->names)) {
		REPORT(x, LINT_NO_NAMES, i, exam_label(x, i).text,
		       exam_show(certificate_title(c->subject)).text);
		return;
	}
	check_forms(x, i);
	for (size_t k = 0; k < x->in->name_count; k++)
		check_cover(x, i, x->in->names[k]);
}
