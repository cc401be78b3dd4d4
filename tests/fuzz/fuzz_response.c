/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_response.c - any bytes as a backend's line.
 *
 * All parts lie within the line, each kind has its own fields only, and a CRLF
 * behind it makes no difference.
 */
#include "imap/response.h"

#include "imap/command.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define REQUIRE(condition) ((condition) ? (void)0 : abort())

static bool
within(struct slice part, struct slice whole)
{
	return part.len == 0 || (part.ptr >= whole.ptr &&
				 part.ptr + part.len <= whole.ptr + whole.len);
}

static void
check(const struct response *r, struct slice line)
{
	struct slice words;
	uint64_t n;

	REQUIRE(within(r->tag, line) && within(r->data, line));
	REQUIRE(within(r->code, line) && within(r->code_args, line));
	REQUIRE(within(r->text, line));
	REQUIRE((r->kind == RESPONSE_TAGGED) == tag_valid(r->tag));
	REQUIRE(r->status == STATUS_NONE || r->data.len == 0);
	REQUIRE(r->status != STATUS_NONE ||
		r->text.len + r->code.len + r->code_args.len == 0);
	REQUIRE(r->kind != RESPONSE_TAGGED ||
		(r->status >= STATUS_OK && r->status <= STATUS_BAD));
	if (response_capability(r, &words))
		REQUIRE(within(words, line));
	if (response_literal(r, &n))
		REQUIRE(r->kind == RESPONSE_UNTAGGED &&
			r->status == STATUS_NONE);
}

static bool
same(const struct response *a, const struct response *b)
{
	return a->kind == b->kind && a->status == b->status &&
	       slice_eq(a->tag, b->tag) && slice_eq(a->data, b->data) &&
	       slice_eq(a->code, b->code) &&
	       slice_eq(a->code_args, b->code_args) &&
	       slice_eq(a->text, b->text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = slice_of(data, size);
	unsigned char *ended = malloc(size + 2);
	struct response r, with_end;
	enum err e = response_parse(in, &r);

	REQUIRE(ended);
	if (e == ERR_OK)
		check(&r, in);
	if (size > 0)
		memcpy(ended, data, size);
	memcpy(ended + size, "\r\n", 2);
	if (!slice_iends(in, SLICE("\r\n"))) {
		REQUIRE(response_parse(slice_of(ended, size + 2), &with_end) ==
			e);
		REQUIRE(e != ERR_OK || same(&r, &with_end));
	}
	free(ended);
	return 0;
}
