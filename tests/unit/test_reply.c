/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "imap/reply.h"

#include "imap/command.h"
#include "imap/response.h"

#include "unit/input.h"

#define TAG64 "0123456789012345678901234567890123456789012345678901234567890123"

static void
test_lines(void)
{
	static const struct {
		const char *shows;
		enum reply reply;
		struct slice tag;
		const char *line, *code;
	} rows[] = {
	    {"a tagged OK", REPLY_NOOP_OK, T("a1"), "a1 OK NOOP completed\r\n",
	     ""},
	    {"a code", REPLY_LOGIN_FAILED, T("x"),
	     "x NO [AUTHENTICATIONFAILED] Authentication failed.\r\n",
	     "AUTHENTICATIONFAILED"},
	    {"no tag is a star", REPLY_TAG_BAD, T(""), "* BAD Invalid tag\r\n",
	     ""},
	    {"a BYE has never a tag", REPLY_BYE_LOGOUT, T("a1"),
	     "* BYE Logging out\r\n", ""},
	    {"a BYE with a code", REPLY_BYE_SHUTDOWN, T(""),
	     "* BYE [UNAVAILABLE] Server is shutting down; please "
	     "reconnect\r\n",
	     "UNAVAILABLE"},
	    {"PRIVACYREQUIRED", REPLY_PRIVACY_REQUIRED, T("a"),
	     "a NO [PRIVACYREQUIRED] Use STARTTLS first\r\n",
	     "PRIVACYREQUIRED"},
	};
	char out[REPLY_MAX];

	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t n = reply_format(rows[i].reply, rows[i].tag, out);

		SHOWS(rows[i].shows,
		      slice_eq(slice_of(out, n), slice_str(rows[i].line)));
		SHOWS(rows[i].shows, slice_eq(reply_code(rows[i].reply),
					      slice_str(rows[i].code)));
	}
}

/* Each row of the table, with the longest tag: one legal line. */
static void
test_all(void)
{
	for (enum reply r = 0; r < REPLY_COUNT; r++) {
		char *out = malloc(REPLY_MAX);
		struct slice line;
		struct response parsed;
		bool bye;

		line = slice_of(out, reply_format(r, SLICE(TAG64), out));
		CU_ASSERT_TRUE(line.len <= REPLY_MAX);
		CU_ASSERT_TRUE(slice_iends(line, SLICE("\r\n")));
		line.len -= 2;
		for (size_t i = 0; i < line.len; i++)
			CU_ASSERT_TRUE(line.ptr[i] >= 0x20 &&
				       line.ptr[i] < 0x7f);
		CU_ASSERT_EQUAL_FATAL(response_parse(line, &parsed), ERR_OK);
		bye = parsed.status == STATUS_BYE;
		CU_ASSERT_NOT_EQUAL(parsed.status, STATUS_NONE);
		CU_ASSERT_EQUAL(parsed.kind,
				bye ? RESPONSE_UNTAGGED : RESPONSE_TAGGED);
		CU_ASSERT_TRUE(parsed.text.len > 0);
		CU_ASSERT_TRUE(slice_eq(parsed.code, reply_code(r)));
		free(out);
	}
}

void
suite_reply(void)
{
	CU_pSuite s = CU_add_suite("reply", NULL, NULL);

	CU_add_test(s, "a reply is tag, text, CRLF", test_lines);
	CU_add_test(s, "each reply is one legal line", test_all);
}
