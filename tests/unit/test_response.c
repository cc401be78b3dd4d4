/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "imap/response.h"

#include "unit/input.h"

enum kind {
	PLUS = RESPONSE_CONTINUE,
	STAR = RESPONSE_UNTAGGED,
	TAG = RESPONSE_TAGGED
};

static const struct {
	const char *shows;
	struct slice in;
	enum kind kind;
	struct slice tag;
	enum status status;
	struct slice data, code, code_args, text;
} rows[] = {
    {"an untagged OK", T("* OK hello"), STAR, T(""), STATUS_OK, T(""), T(""),
     T(""), T("hello")},
    {"with its CRLF", T("* OK hello\r\n"), STAR, T(""), STATUS_OK, T(""), T(""),
     T(""), T("hello")},
    {"without text", T("* OK"), STAR, T(""), STATUS_OK, T(""), T(""), T(""),
     T("")},
    {"without text but a space", T("* OK "), STAR, T(""), STATUS_OK, T(""),
     T(""), T(""), T("")},
    {"in lower case", T("* ok hello"), STAR, T(""), STATUS_OK, T(""), T(""),
     T(""), T("hello")},
    {"two spaces", T("*  OK  hello"), STAR, T(""), STATUS_OK, T(""), T(""),
     T(""), T("hello")},
    {"NO", T("* NO x"), STAR, T(""), STATUS_NO, T(""), T(""), T(""), T("x")},
    {"BAD", T("* BAD x"), STAR, T(""), STATUS_BAD, T(""), T(""), T(""), T("x")},
    {"BYE", T("* BYE x"), STAR, T(""), STATUS_BYE, T(""), T(""), T(""), T("x")},
    {"PREAUTH", T("* PREAUTH x"), STAR, T(""), STATUS_PREAUTH, T(""), T(""),
     T(""), T("x")},
    {"a code", T("* OK [ALERT] down"), STAR, T(""), STATUS_OK, T(""),
     T("ALERT"), T(""), T("down")},
    {"a code with words", T("* OK [CAPABILITY IMAP4rev1 ID] hi"), STAR, T(""),
     STATUS_OK, T(""), T("CAPABILITY"), T("IMAP4rev1 ID"), T("hi")},
    {"a code and no text", T("* OK [CAPABILITY IMAP4rev1]"), STAR, T(""),
     STATUS_OK, T(""), T("CAPABILITY"), T("IMAP4rev1"), T("")},
    {"a code glued to its text", T("* OK [ALERT]down"), STAR, T(""), STATUS_OK,
     T(""), T("ALERT"), T(""), T("down")},
    {"an empty code", T("* OK [] x"), STAR, T(""), STATUS_OK, T(""), T(""),
     T(""), T("x")},
    {"a code that never ends is text", T("* OK [ALERT x"), STAR, T(""),
     STATUS_OK, T(""), T(""), T(""), T("[ALERT x")},
    {"brackets within the text are no code", T("* OK x [ALERT] y"), STAR, T(""),
     STATUS_OK, T(""), T(""), T(""), T("x [ALERT] y")},
    {"a literal in prose is none", T("* OK give me {3}"), STAR, T(""),
     STATUS_OK, T(""), T(""), T(""), T("give me {3}")},
    {"8-bit text", T("* BYE \xe4\x80\xff"), STAR, T(""), STATUS_BYE, T(""),
     T(""), T(""), T("\xe4\x80\xff")},
    {"a word that begins with OK is data", T("* OKAY x"), STAR, T(""),
     STATUS_NONE, T("OKAY x"), T(""), T(""), T("")},
    {"data", T("* CAPABILITY IMAP4rev1"), STAR, T(""), STATUS_NONE,
     T("CAPABILITY IMAP4rev1"), T(""), T(""), T("")},
    {"data with a number", T("* 3 EXISTS"), STAR, T(""), STATUS_NONE,
     T("3 EXISTS"), T(""), T(""), T("")},
    {"data in brackets", T("* [ALERT] x"), STAR, T(""), STATUS_NONE,
     T("[ALERT] x"), T(""), T(""), T("")},
    {"a tagged OK", T("a1 OK done"), TAG, T("a1"), STATUS_OK, T(""), T(""),
     T(""), T("done")},
    {"a tagged OK without text", T("a1 OK"), TAG, T("a1"), STATUS_OK, T(""),
     T(""), T(""), T("")},
    {"a tagged NO with a code", T("a1 NO [UNAVAILABLE] x"), TAG, T("a1"),
     STATUS_NO, T(""), T("UNAVAILABLE"), T(""), T("x")},
    {"a tagged BAD", T("a1 bad"), TAG, T("a1"), STATUS_BAD, T(""), T(""), T(""),
     T("")},
    {"a continuation", T("+ go on"), PLUS, T(""), STATUS_NONE, T("go on"),
     T(""), T(""), T("")},
    {"a bare +", T("+"), PLUS, T(""), STATUS_NONE, T(""), T(""), T(""), T("")},
    {"a + and a space", T("+ \r\n"), PLUS, T(""), STATUS_NONE, T(""), T(""),
     T(""), T("")},
    {"a continuation that says OK", T("+ OK x"), PLUS, T(""), STATUS_NONE,
     T("OK x"), T(""), T(""), T("")},
};

static void
test_parse(void)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct slice in = exact(rows[i].in);
		const char *shows = rows[i].shows;
		struct response r = {.status = STATUS_NONE};

		SHOWS(shows, response_parse(in, &r) == ERR_OK);
		SHOWS(shows, (int)r.kind == (int)rows[i].kind);
		SHOWS(shows, r.status == rows[i].status);
		SHOWS(shows, slice_eq(r.tag, rows[i].tag));
		SHOWS(shows, slice_eq(r.data, rows[i].data));
		SHOWS(shows, slice_eq(r.code, rows[i].code));
		SHOWS(shows, slice_eq(r.code_args, rows[i].code_args));
		SHOWS(shows, slice_eq(r.text, rows[i].text));
		exact_free(in);
	}
}

static void
test_refuse(void)
{
	static const struct {
		const char *shows;
		struct slice in;
	} bad[] = {
	    {"nothing", T("")},
	    {"an empty line", T("\r\n")},
	    {"a space", T(" ")},
	    {"a space in front", T(" a1 OK x")},
	    {"a star alone", T("*")},
	    {"a star and spaces", T("*  ")},
	    {"a star glued to its word", T("*OK x")},
	    {"POP3", T("+OK ready")},
	    {"SMTP", T("220 mail ESMTP")},
	    {"a tag alone", T("a1")},
	    {"a tag and a space", T("a1 ")},
	    {"two spaces behind a tag", T("a1  OK x")},
	    {"a tab behind a tag", T("a1\tOK x")},
	    {"a tagged BYE", T("a1 BYE x")},
	    {"a tagged PREAUTH", T("a1 PREAUTH x")},
	    {"tagged data", T("a1 CAPABILITY IMAP4rev1")},
	    {"a word that begins with OK", T("a1 OKAY")},
	    {"an illegal tag", T("a{1} OK x")},
	    {"an 8-bit tag", T("\xe4 OK x")},
	    {"NUL in a tag", T("a\0 OK x")},
	};

	for (size_t i = 0; i < COUNT(bad); i++) {
		struct slice in = exact(bad[i].in);
		struct response r;

		SHOWS(bad[i].shows, response_parse(in, &r) == ERR_SYNTAX);
		exact_free(in);
	}
}

static void
test_capability(void)
{
	static const struct {
		struct slice in;
		bool found;
		struct slice words;
	} lists[] = {
	    {T("* CAPABILITY IMAP4rev1 ID"), true, T("IMAP4rev1 ID")},
	    {T("*  capability IMAP4rev1"), true, T("IMAP4rev1")},
	    {T("* CAPABILITY"), true, T("")},
	    {T("* CAPABILITYX a"), false, T("")},
	    {T("* OK [CAPABILITY a]"), false, T("")},
	    {T("* 1 EXISTS"), false, T("")},
	    {T("+ CAPABILITY a"), false, T("")},
	    {T("a OK CAPABILITY a"), false, T("")},
	};

	for (size_t i = 0; i < COUNT(lists); i++) {
		struct slice in = exact(lists[i].in), words = SLICE_EMPTY;
		struct response r;

		CU_ASSERT_EQUAL_FATAL(response_parse(in, &r), ERR_OK);
		CU_ASSERT_EQUAL(response_capability(&r, &words),
				lists[i].found);
		CU_ASSERT_TRUE(slice_eq(words, lists[i].words));
		exact_free(in);
	}
}

static void
test_literal(void)
{
	static const struct {
		const char *shows;
		struct slice in;
		bool literal;
		uint64_t size;
	} lines[] = {
	    {"data", T("* ID (\"a\" {3}"), true, 3},
	    {"with CRLF", T("* ID (\"a\" {3}\r\n"), true, 3},
	    {"a binary literal", T("* 1 FETCH (BINARY[] ~{12}"), true, 12},
	    {"of nothing", T("* LIST {0}"), true, 0},
	    {"more than one", T("* LIST {1} {4294967296}"), true, 4294967296},
	    {"more than can be counted", T("* LIST {99999999999999999999}"),
	     true, UINT64_MAX},
	    {"no digits", T("* LIST {}"), false, 0},
	    {"no brace", T("* LIST 3}"), false, 0},
	    {"a brace alone", T("* }"), false, 0},
	    {"not at the end", T("* LIST {3} x"), false, 0},
	    {"a client's form", T("* LIST {3+}"), false, 0},
	    {"prose of a status", T("* OK {3}"), false, 0},
	    {"prose of a tagged status", T("a OK {3}"), false, 0},
	    {"prose behind +", T("+ {3}"), false, 0},
	    {"a code", T("* OK [X {3}"), false, 0},
	};

	for (size_t i = 0; i < COUNT(lines); i++) {
		struct slice in = exact(lines[i].in);
		struct response r;
		uint64_t n = 0;

		CU_ASSERT_EQUAL_FATAL(response_parse(in, &r), ERR_OK);
		SHOWS(lines[i].shows,
		      response_literal(&r, &n) == lines[i].literal);
		SHOWS(lines[i].shows, !lines[i].literal || n == lines[i].size);
		exact_free(in);
	}
}

static bool
within(struct slice part, struct slice whole)
{
	return part.len == 0 || (part.ptr >= whole.ptr &&
				 part.ptr + part.len <= whole.ptr + whole.len);
}

static void
try_parse(struct slice in)
{
	struct response r;
	struct slice words;
	uint64_t n;

	if (response_parse(in, &r) != ERR_OK)
		return;
	CU_ASSERT_TRUE(within(r.tag, in) && within(r.data, in));
	CU_ASSERT_TRUE(within(r.code, in) && within(r.code_args, in));
	CU_ASSERT_TRUE(within(r.text, in));
	CU_ASSERT_EQUAL(r.tag.len > 0, r.kind == RESPONSE_TAGGED);
	if (response_capability(&r, &words))
		CU_ASSERT_TRUE(within(words, in));
	(void)response_literal(&r, &n);
}

static void
test_damage(void)
{
	for (size_t i = 0; i < COUNT(rows); i++)
		each_damage(rows[i].in, try_parse);
	each_damage(SLICE("* ID (\"a\" ~{3}\r\n"), try_parse);
}

void
suite_response(void)
{
	CU_pSuite s = CU_add_suite("response", NULL, NULL);

	CU_add_test(s, "a line is read, old servers' too", test_parse);
	CU_add_test(s, "what is no response is refused", test_refuse);
	CU_add_test(s, "a capability list is found", test_capability);
	CU_add_test(s, "only data ends in a literal", test_literal);
	CU_add_test(s, "damaged lines do no harm", test_damage);
}
