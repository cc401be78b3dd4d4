/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "imap/mailbox.h"

#include "imap/command.h"
#include "unit/input.h"

void suite_mailbox(void);

enum { ROOM = 64 };

static const struct {
	const char *shows;
	struct slice name, text;
} rows[] = {
    {"a plain name", T("Archive/2026"), T("Archive/2026")},
    {"nothing", T(""), T("")},
    {"INBOX has no case", T("inBox"), T("INBOX")},
    {"what begins with it has", T("inbox/a"), T("inbox/a")},
    {"an ampersand", T("R&-D"), T("R&D")},
    {"one letter", T("Entw&APw-rfe"), T("Entw\xc3\xbcrfe")},
    {"three bytes each, RFC 3501's own", T("~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
     T("~peter/mail/\xe5\x8f\xb0\xe5\x8c\x97/\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa"
       "\x9e")},
    {"a pair of surrogates", T("&2D3eAA-"), T("\xf0\x9f\x98\x80")},
    {"UTF-8 is left alone", T("Entw\xc3\xbcrfe"), T("Entw\xc3\xbcrfe")},
    {"with an ampersand, too", T("\xc3\xbc &APw-"), T("\xc3\xbc &APw-")},
    {"no end", T("&APw"), T("&APw")},
    {"other digits", T("&AP%-"), T("&AP%-")},
    {"bits left over", T("&APx-"), T("&APx-")},
    {"a digit left over", T("&APwA-"), T("&APwA-")},
    {"half a pair", T("&2D0-"), T("&2D0-")},
    {"the wrong half first", T("&3gA-"), T("&3gA-")},
    {"a letter that needs no digits", T("&AGE-"), T("&AGE-")},
    {"a control character", T("a\tb"), T("a\tb")},
    {"an encoded one is for the sink to escape", T("&AAo-"), T("\n")},
};

static void
names(void)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct slice in = exact(rows[i].name);
		unsigned char out[ROOM];
		size_t n = mailbox_text(in, out, sizeof out);

		SHOWS(rows[i].shows, slice_eq(slice_of(out, n), rows[i].text));
		exact_free(in);
	}
}

/* No room is ever too small, and no character is cut in two. */
static void
any_room(void)
{
	for (size_t i = 0; i < COUNT(rows); i++)
		for (size_t room = 0; room < ROOM; room++) {
			unsigned char *out = malloc(room + 1);
			size_t n = mailbox_text(rows[i].name, out, room);

			SHOWS(rows[i].shows,
			      n <= room && n <= rows[i].text.len &&
				  memcmp(out, rows[i].text.ptr, n) == 0);
			SHOWS(rows[i].shows,
			      n == rows[i].text.len ||
				  (rows[i].text.ptr[n] & 0xc0) != 0x80);
			SHOWS(rows[i].shows,
			      n == rows[i].text.len || room - n < 4);
			free(out);
		}
}

static void
try(struct slice in)
{
	unsigned char out[ROOM];

	CU_ASSERT(mailbox_text(in, out, sizeof out) <= sizeof out);
}

static void
damaged(void)
{
	each_damage(SLICE("a&U,BTFw-/&2D3eAA-&-"), try);
}

static void
the_first_argument(void)
{
	static const struct {
		const char *shows;
		struct slice args;
		enum err err;
		struct slice name;
	} arguments[] = {
	    {"an atom", T("INBOX"), ERR_OK, T("INBOX")},
	    {"more behind it", T("a/b (CONDSTORE)"), ERR_OK, T("a/b")},
	    {"bytes that no atom has", T("x%*\xc3\xa4 y"), ERR_OK,
	     T("x%*\xc3\xa4")},
	    {"quoted", T("\"a \\\"b\\\\ c\" (X)"), ERR_OK, T("a \"b\\ c")},
	    {"a literal", T("{3}\r\na b (X)"), ERR_OK, T("a b")},
	    {"the empty string", T("\"\""), ERR_OK, T("")},
	    {"nothing", T(""), ERR_SYNTAX, T("")},
	    {"a space", T(" a"), ERR_SYNTAX, T("")},
	    {"a quote without its other half", T("\"abc"), ERR_SYNTAX, T("")},
	    {"a literal that is cut off", T("{5}\r\nabc"), ERR_SYNTAX, T("")},
	};

	for (size_t i = 0; i < COUNT(arguments); i++) {
		struct slice in = exact(arguments[i].args), name = SLICE_EMPTY;
		unsigned char *mem = malloc(in.len + 1);
		enum err e = command_mailbox(in, mem, &name);

		SHOWS(arguments[i].shows,
		      e == arguments[i].err &&
			  slice_eq(name, arguments[i].name));
		free(mem);
		exact_free(in);
	}
}

void
suite_mailbox(void)
{
	CU_pSuite s = CU_add_suite("mailbox", NULL, NULL);

	CU_add_test(s, "names for people", names);
	CU_add_test(s, "in any room", any_room);
	CU_add_test(s, "damaged names", damaged);
	CU_add_test(s, "the first argument of SELECT", the_first_argument);
}
