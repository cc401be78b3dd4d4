/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * response.c - what one line of a backend is.
 */
#include "imap/response.h"

#include "imap/command.h"

static const struct {
	const char *word;
	enum status status;
	bool tagged; /* may stand behind a tag */
} statuses[] = {
    {"OK", STATUS_OK, true},
    {"NO", STATUS_NO, true},
    {"BAD", STATUS_BAD, true},
    {"BYE", STATUS_BYE, false},
    {"PREAUTH", STATUS_PREAUTH, false},
};

/* Old servers put more than one. */
static struct slice
skip_spaces(struct slice s)
{
	while (s.len > 0 && s.ptr[0] == ' ')
		s = slice_skip(s, 1);
	return s;
}

static enum status
status_of(struct slice word, bool tagged)
{
	for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++)
		if ((statuses[i].tagged || !tagged) &&
		    slice_ieq(word, slice_str(statuses[i].word)))
			return statuses[i].status;
	return STATUS_NONE;
}

/* [NAME args] text, text, or nothing; a code never closed is text. */
static void
read_text(struct slice s, struct response *r)
{
	s = skip_spaces(s);
	if (s.len > 0 && s.ptr[0] == '[' && slice_find(s, ']') < s.len) {
		s = slice_skip(s, 1);
		r->code_args = slice_cut(&s, ']');
		r->code = slice_cut(&r->code_args, ' ');
		s = skip_spaces(s);
	}
	r->text = s;
}

static enum err
parse_untagged(struct slice rest, struct response *r)
{
	rest = skip_spaces(rest);
	if (rest.len == 0)
		return ERR_SYNTAX;
	r->kind = RESPONSE_UNTAGGED;
	r->data = rest;
	r->status = status_of(slice_cut(&rest, ' '), false);
	if (r->status == STATUS_NONE)
		return ERR_OK;
	r->data = SLICE_EMPTY;
	read_text(rest, r);
	return ERR_OK;
}

static enum err
parse_tagged(struct slice tag, struct slice rest, struct response *r)
{
	r->kind = RESPONSE_TAGGED;
	r->tag = tag;
	r->status = status_of(slice_cut(&rest, ' '), true);
	if (!tag_valid(tag) || r->status == STATUS_NONE)
		return ERR_SYNTAX;
	read_text(rest, r);
	return ERR_OK;
}

enum err
response_parse(struct slice line, struct response *out)
{
	struct response r = {
	    .kind = RESPONSE_CONTINUE,
	    .tag = SLICE_EMPTY,
	    .data = SLICE_EMPTY,
	    .code = SLICE_EMPTY,
	    .code_args = SLICE_EMPTY,
	    .text = SLICE_EMPTY,
	};
	struct slice first;
	enum err e = ERR_OK;

	if (slice_iends(line, SLICE("\r\n")))
		line.len -= 2;
	first = slice_cut(&line, ' ');
	if (slice_eq(first, SLICE("+")))
		r.data = line;
	else if (slice_eq(first, SLICE("*")))
		e = parse_untagged(line, &r);
	else
		e = parse_tagged(first, line, &r);
	if (e == ERR_OK)
		*out = r;
	return e;
}

bool
response_capability(const struct response *r, struct slice *words)
{
	struct slice rest = r->data;

	if (r->kind != RESPONSE_UNTAGGED ||
	    !slice_ieq(slice_cut(&rest, ' '), SLICE("CAPABILITY")))
		return false;
	*words = rest;
	return true;
}

bool
response_literal(const struct response *r, uint64_t *n)
{
	struct slice s = r->data, digits;

	if (r->kind != RESPONSE_UNTAGGED || !slice_iends(s, SLICE("}")))
		return false;
	s.len--;
	digits = s;
	while (s.len > 0 && byte_digit(s.ptr[s.len - 1]))
		s.len--;
	digits = slice_skip(digits, s.len);
	if (digits.len == 0 || !slice_iends(s, SLICE("{")))
		return false;
	if (!slice_number(digits, UINT64_MAX / 2, n))
		*n = UINT64_MAX;
	return true;
}
