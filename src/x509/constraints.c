/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "x509/constraints.h"

#include "parts.h"
#include "x509/der.h"
#include "x509/names.h"

/* Is a name below a base? IN_DOUBT: some reader might say yes. */
enum fit { OUTSIDE, INSIDE, IN_DOUBT };

/* The choices of GeneralName that are understood. */
enum { CHOICE_MAIL = 1, CHOICE_DNS = 2, CHOICE_DIRECTORY = 4, CHOICE_IP = 7 };

struct judging {
	struct slice permitted, excluded; /* lists of GeneralSubtree */
	unsigned *work;
	enum constraints_verdict verdict;
};

static bool
spend(unsigned *work)
{
	if (*work == 0)
		return false;
	(*work)--;
	return true;
}

/* --- one form of name each --------------------------------------------------
 */

static enum fit
host_fits(struct slice base, struct slice host)
{
	return slice_ieq(base, host) ? INSIDE : OUTSIDE;
}

/* "a@b" is a mailbox, "b" all of a host, ".b" all hosts below it. */
static enum fit
mail_fits(struct slice base, struct slice mail, unsigned *work)
{
	size_t at = slice_find(mail, '@');
	struct slice local = slice_head(mail, at);
	struct slice host = slice_skip(mail, at + 1);

	(void)work;
	if (local.len == 0 || host.len == 0 ||
	    slice_find(host, '@') < host.len || base.len == 0)
		return IN_DOUBT;
	at = slice_find(base, '@');
	if (at < base.len)
		return slice_eq(slice_head(base, at), local)
			   ? host_fits(slice_skip(base, at + 1), host)
			   : OUTSIDE;
	if (base.ptr[0] != '.')
		return host_fits(base, host);
	return host.len > base.len && slice_iends(host, base) ? INSIDE
							      : OUTSIDE;
}

/* Does `name` end in a dot and `base`? */
static bool
below(struct slice base, struct slice name)
{
	return name.len > base.len && slice_iends(name, base) &&
	       name.ptr[name.len - base.len - 1] == '.';
}

static enum fit
dns_fits(struct slice base, struct slice name, unsigned *work)
{
	enum name_form form = names_form(name);
	bool only_below = base.len > 0 && base.ptr[0] == '.';
	struct slice parent = slice_skip(name, 2);

	(void)work;
	if (base.len == 0)
		return INSIDE;
	/* Not of the RFC, and common: hosts below it, and not itself. */
	if (only_below)
		base = slice_skip(base, 1);
	if ((form != FORM_NAME && form != FORM_WILDCARD) ||
	    names_form(base) != FORM_NAME)
		return IN_DOUBT;
	if (below(base, name))
		return INSIDE;
	if (form == FORM_NAME)
		return !only_below ? host_fits(base, name) : OUTSIDE;
	/* "*.b" covers "a.b" too, and so reaches into a base of that name. */
	return !only_below && below(parent, base) &&
		       slice_find(base, '.') == base.len - parent.len - 1
		   ? IN_DOUBT
		   : OUTSIDE;
}

/* An address and its mask, one behind the other. */
static enum fit
address_fits(struct slice base, struct slice address, unsigned *work)
{
	const unsigned char *mask = base.ptr + address.len;

	(void)work;
	if ((base.len != 8 && base.len != 32) ||
	    (address.len != 4 && address.len != 16))
		return IN_DOUBT;
	if (base.len != 2 * address.len)
		return OUTSIDE;
	for (size_t i = 0; i < address.len; i++)
		if ((address.ptr[i] ^ base.ptr[i]) & mask[i])
			return OUTSIDE;
	return INSIDE;
}

/* UTF8String, PrintableString, IA5String: bytes that may be compared. */
static bool
ascii(const struct der *value)
{
	if (value->tag != 0x0c && value->tag != 0x13 && value->tag != 0x16)
		return false;
	for (size_t i = 0; i < value->content.len; i++)
		if (value->content.ptr[i] >= 0x80)
			return false;
	return true;
}

/* The next byte, folded; a run of spaces is one, and none at the end. */
static int
fold(struct slice *text)
{
	int c = ' ';
	size_t n = 0;

	while (n < text->len && text->ptr[n] == ' ')
		n++;
	if (n == text->len)
		return -1;
	if (n == 0)
		c = byte_lower(text->ptr[n++]);
	*text = slice_skip(*text, n);
	return c;
}

static struct slice
without_indent(struct slice text)
{
	while (text.len > 0 && text.ptr[0] == ' ')
		text = slice_skip(text, 1);
	return text;
}

/* RFC 5280 section 7.1, as far as ASCII goes. */
static enum fit
value_fits(const struct der *base, const struct der *value)
{
	struct slice a = without_indent(base->content);
	struct slice b = without_indent(value->content);
	int c, d;

	if (slice_eq(base->whole, value->whole))
		return INSIDE;
	if (!ascii(base) || !ascii(value))
		return IN_DOUBT;
	do {
		c = fold(&a);
		d = fold(&b);
	} while (c == d && c >= 0);
	return c == d ? INSIDE : OUTSIDE;
}

/* Is there an attribute in the set that is this one? */
static enum fit
attribute_fits(struct slice type, const struct der *base, struct slice set,
	       unsigned *work)
{
	struct slice none = SLICE_EMPTY, other;
	enum fit best = OUTSIDE, fit;
	struct der value;

	while (best != INSIDE && set.len > 0) {
		if (!spend(work) || !dn_next(&none, &set, &other, &value))
			return IN_DOUBT;
		fit =
		    slice_eq(type, other) ? value_fits(base, &value) : OUTSIDE;
		if (fit != OUTSIDE)
			best = fit;
	}
	return best;
}

/* A RelativeDistinguishedName: all of the one is in the other. */
static enum fit
set_fits(struct slice base, struct slice set, unsigned *work)
{
	struct slice none = SLICE_EMPTY, type;
	enum fit all = INSIDE, fit;
	struct der value;

	while (base.len > 0) {
		if (!dn_next(&none, &base, &type, &value))
			return IN_DOUBT;
		fit = attribute_fits(type, &value, set, work);
		if (fit == OUTSIDE)
			return OUTSIDE;
		if (fit == IN_DOUBT)
			all = IN_DOUBT;
	}
	return all;
}

static enum fit
directory_fits(struct slice base, struct slice name, unsigned *work)
{
	struct slice above, below, a, b;
	enum fit all = INSIDE, fit;

	if (!der_only(base, DER_SEQUENCE, &above) ||
	    !der_only(name, DER_SEQUENCE, &below))
		return IN_DOUBT;
	while (above.len > 0) {
		if (below.len == 0)
			return OUTSIDE;
		if (!spend(work) || !der_take(&above, DER_SET, &a) ||
		    !der_take(&below, DER_SET, &b))
			return IN_DOUBT;
		fit = set_fits(a, b, work);
		/* Other attributes of the same step make it another one. */
		if (fit == INSIDE)
			fit = set_fits(b, a, work);
		if (fit == OUTSIDE)
			return OUTSIDE;
		if (fit == IN_DOUBT)
			all = IN_DOUBT;
	}
	return all;
}

static enum fit (*const fits[])(struct slice base, struct slice name,
				unsigned *work) = {
    [CHOICE_MAIL] = mail_fits,
    [CHOICE_DNS] = dns_fits,
    [CHOICE_DIRECTORY] = directory_fits,
    [CHOICE_IP] = address_fits,
};

/* --- lists of subtrees ------------------------------------------------------
 */

/* The next base; plain: all of it, and not from a depth or to one. */
static bool
take_subtree(struct slice *list, struct der *base, bool *plain)
{
	struct slice one;

	if (!der_take(list, DER_SEQUENCE, &one) || !der_next(&one, base) ||
	    (base->tag & 0xc0) != 0x80 || (base->tag & 0x1f) > 8)
		return false;
	*plain = one.len == 0;
	return true;
}

static bool
well_formed(struct slice list, unsigned *work)
{
	struct der base;
	bool plain;

	while (list.len > 0)
		if (!spend(work) || !take_subtree(&list, &base, &plain))
			return false;
	return true;
}

static bool
take_list(struct slice *from, unsigned tag, struct slice *out)
{
	*out = SLICE_EMPTY;
	return !der_comes(*from, DER_CONSTRUCTED(tag)) ||
	       (der_take(from, DER_CONSTRUCTED(tag), out) && out->len > 0);
}

/* What a list says of one name. */
struct finding {
	bool concerned; /* it has a base of this form */
	bool unknown;
	enum fit fit;
};

static struct finding
search(struct slice list, unsigned choice, struct slice name, unsigned *work)
{
	struct finding f = {false, false, OUTSIDE};
	struct der base;
	bool plain;
	enum fit fit;

	while (list.len > 0 && f.fit != INSIDE && spend(work)) {
		if (!take_subtree(&list, &base, &plain))
			break;
		if ((base.tag & 0x1f) != choice)
			continue;
		f.concerned = true;
		if (!plain || choice >= sizeof fits / sizeof fits[0] ||
		    !fits[choice]) {
			f.unknown = true;
			continue;
		}
		fit = fits[choice](base.content, name, work);
		if (fit != OUTSIDE)
			f.fit = fit;
	}
	return f;
}

/* False: the verdict stands. */
static bool
judge_name(struct judging *j, unsigned choice, struct slice name)
{
	struct finding in = search(j->permitted, choice, name, j->work);
	struct finding out = search(j->excluded, choice, name, j->work);

	if (*j->work == 0)
		j->verdict = CONSTRAINTS_COSTLY;
	else if (in.unknown || out.unknown)
		j->verdict = CONSTRAINTS_UNKNOWN;
	else if ((in.concerned && in.fit != INSIDE) || out.fit != OUTSIDE)
		j->verdict = CONSTRAINTS_BROKEN;
	return j->verdict == CONSTRAINTS_KEPT;
}

static bool
judge_alternatives(struct judging *j, struct slice names)
{
	struct der d;

	while (der_next(&names, &d))
		if (!judge_name(j, d.tag & 0x1f, d.content))
			return false;
	return true;
}

/* Addresses of mail stood in the subject once. */
static bool
judge_subject(struct judging *j, struct slice subject)
{
	static const struct slice mail = {
	    (const unsigned char *)"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01", 9};
	struct slice names, set = SLICE_EMPTY, type;
	struct der value;

	if (!der_only(subject, DER_SEQUENCE, &names) || names.len == 0)
		return true;
	if (!judge_name(j, CHOICE_DIRECTORY, subject))
		return false;
	while ((names.len > 0 || set.len > 0) &&
	       dn_next(&names, &set, &type, &value))
		if (slice_eq(type, mail) &&
		    !judge_name(j, CHOICE_MAIL, value.content))
			return false;
	return true;
}

enum constraints_verdict
constraints_judge(struct slice subtrees, const struct certificate *c,
		  unsigned *work)
{
	struct judging j = {.work = work, .verdict = CONSTRAINTS_KEPT};
	struct slice list;

	if (!der_only(subtrees, DER_SEQUENCE, &list) || list.len == 0 ||
	    !take_list(&list, 0, &j.permitted) ||
	    !take_list(&list, 1, &j.excluded) || list.len > 0 ||
	    !well_formed(j.permitted, work) || !well_formed(j.excluded, work))
		return *work > 0 ? CONSTRAINTS_UNKNOWN : CONSTRAINTS_COSTLY;
	if (judge_subject(&j, c->subject))
		(void)judge_alternatives(&j, c->names);
	return j.verdict;
}
