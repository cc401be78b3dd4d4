/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/answer.h"
#include "daemon/request.h"

#include <CUnit/CUnit.h>

#include <string.h>

static const struct {
	const char *shows;
	const char *line;
	enum err e;
	const char *words; /* with '|' between them */
} rows[] = {
    {"words", "cert list", ERR_OK, "cert|list"},
    {"one word", "reload", ERR_OK, "reload"},
    {"more spaces than one", "  cert   list ", ERR_OK, "cert|list"},
    {"sixteen words", "a b c d e f g h i j k l m n o p", ERR_OK,
     "a|b|c|d|e|f|g|h|i|j|k|l|m|n|o|p"},
    {"seventeen", "a b c d e f g h i j k l m n o p q", ERR_LIMIT, NULL},
    {"nothing", "", ERR_SYNTAX, NULL},
    {"only spaces", "   ", ERR_SYNTAX, NULL},
    {"a tab", "cert\tlist", ERR_SYNTAX, NULL},
    {"a carriage return", "reload\r", ERR_SYNTAX, NULL},
    {"an escape", "cert \x1b[2J", ERR_SYNTAX, NULL},
    {"DEL", "cert \x7f", ERR_SYNTAX, NULL},
    {"beyond ASCII", "caf\xc3\xa9", ERR_SYNTAX, NULL},
};

static void
join(const struct request *r, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < r->count; i++) {
		if (i > 0)
			out[n++] = '|';
		memcpy(out + n, r->words[i].ptr, r->words[i].len);
		n += r->words[i].len;
	}
	out[n] = '\0';
}

static void
test_parse(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct request r = {.count = 99};
		char words[REQUEST_MAX];

		CU_ASSERT_EQUAL(request_parse(slice_str(rows[i].line), &r),
				rows[i].e);
		if (rows[i].e != ERR_OK) {
			CU_ASSERT_EQUAL(r.count, 99); /* untouched */
			continue;
		}
		join(&r, words);
		CU_ASSERT_STRING_EQUAL(words, rows[i].words);
	}
}

static void
test_nul(void)
{
	struct request r;

	CU_ASSERT_EQUAL(request_parse(SLICE("reload\0x"), &r), ERR_SYNTAX);
}

static void
test_texts(void)
{
	static const struct {
		const char *word;
		enum err e;
		const char *text;
	} texts[] = {
	    {"bob", ERR_OK, "bob"},         {"b%6Fb%20%25", ERR_OK, "bob %"},
	    {"%c3%A9", ERR_OK, "\xc3\xa9"}, {"%00", ERR_SYNTAX, NULL},
	    {"b%0", ERR_SYNTAX, NULL},      {"b%", ERR_SYNTAX, NULL},
	    {"b%g0", ERR_SYNTAX, NULL},     {"1234567", ERR_OK, "1234567"},
	    {"12345678", ERR_LIMIT, NULL},  {"1234567%41", ERR_LIMIT, NULL},
	};
	char out[8];

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		CU_ASSERT_EQUAL(
		    request_text(slice_str(texts[i].word), out, sizeof out),
		    texts[i].e);
		if (texts[i].text)
			CU_ASSERT_STRING_EQUAL(out, texts[i].text);
	}
}

static void
test_any_text_is_a_word(void)
{
	unsigned char all[255];
	char word[3 * sizeof all + 1], back[sizeof all + 1];
	struct request r;

	for (size_t i = 0; i < sizeof all; i++)
		all[i] = (unsigned char)(i + 1);
	request_word(slice_of(all, sizeof all), word);
	CU_ASSERT_EQUAL_FATAL(request_parse(slice_str(word), &r), ERR_OK);
	CU_ASSERT_EQUAL(r.count, 1);
	CU_ASSERT_EQUAL(request_text(r.words[0], back, sizeof back), ERR_OK);
	CU_ASSERT_EQUAL(memcmp(back, all, sizeof all), 0);
}

enum { READERS = 50, CONTROLLERS = 60, OWNER = 1000, OTHER = 2000 };

static void
test_rights(void)
{
	static const struct {
		uid_t uid;
		gid_t groups[3];
		enum right right;
	} who[] = {
	    {0, {7, 8, 9}, RIGHT_CONTROL},
	    {OWNER, {7, 8, 9}, RIGHT_CONTROL},
	    {OTHER, {7, 8, 9}, RIGHT_NONE},
	    {OTHER, {READERS, 8, 9}, RIGHT_READ},
	    {OTHER, {7, 8, READERS}, RIGHT_READ},
	    {OTHER, {7, CONTROLLERS, 9}, RIGHT_CONTROL},
	    {OTHER, {READERS, 7, CONTROLLERS}, RIGHT_CONTROL},
	    /* The number of no group is nobody's. */
	    {OTHER, {(gid_t)-1, 8, 9}, RIGHT_NONE},
	};
	struct admin_rights groups = {OWNER, READERS, CONTROLLERS};
	struct admin_rights nobody = {OWNER, (gid_t)-1, (gid_t)-1};

	for (size_t i = 0; i < sizeof who / sizeof who[0]; i++) {
		enum right without =
		    who[i].uid == OTHER ? RIGHT_NONE : RIGHT_CONTROL;

		CU_ASSERT_EQUAL(
		    admin_right(&groups, who[i].uid, who[i].groups, 3),
		    who[i].right);
		CU_ASSERT_EQUAL(
		    admin_right(&nobody, who[i].uid, who[i].groups, 3),
		    without);
		CU_ASSERT_EQUAL(admin_right(&groups, who[i].uid, NULL, 0),
				without);
	}
}

static const struct command *
find(const char *line)
{
	struct request r;

	CU_ASSERT_EQUAL_FATAL(request_parse(slice_str(line), &r), ERR_OK);
	return command_find(&r);
}

static void
test_commands(void)
{
	CU_ASSERT_PTR_NOT_NULL_FATAL(find("cert list"));
	CU_ASSERT_EQUAL(find("cert list")->need, RIGHT_READ);
	CU_ASSERT_PTR_NOT_NULL_FATAL(find("reload"));
	CU_ASSERT_EQUAL(find("reload")->need, RIGHT_CONTROL);
	CU_ASSERT_EQUAL(find("ban list")->need, RIGHT_READ);
	CU_ASSERT_EQUAL(find("status")->need, RIGHT_READ);
	CU_ASSERT_EQUAL(find("ban add user bob 0 -")->need, RIGHT_CONTROL);
	CU_ASSERT_EQUAL(find("ban remove user bob")->need, RIGHT_CONTROL);
	CU_ASSERT_EQUAL(find("ban flush")->need, RIGHT_CONTROL);
	CU_ASSERT_PTR_NULL(find("ban add user bob 0"));
	CU_ASSERT_PTR_NULL(find("ban add user bob 0 - -"));
	CU_ASSERT_PTR_NULL(find("ban flush all"));
	CU_ASSERT_PTR_NULL(find("cert"));
	CU_ASSERT_PTR_NULL(find("cert list all"));
	CU_ASSERT_PTR_NULL(find("list cert"));
	CU_ASSERT_PTR_NULL(find("Reload"));
	CU_ASSERT_PTR_NULL(find("reloa"));
	CU_ASSERT_PTR_NULL(find("reloads"));
}

void
suite_request(void)
{
	CU_pSuite suite = CU_add_suite("request", NULL, NULL);

	CU_add_test(suite, "words of printable ASCII, not too many",
		    test_parse);
	CU_add_test(suite, "NUL does not end a request", test_nul);
	CU_add_test(suite, "a text is written with %XX", test_texts);
	CU_add_test(suite, "any text is a word", test_any_text_is_a_word);
	CU_add_test(suite, "root, who started it, and two groups have rights",
		    test_rights);
	CU_add_test(suite, "a command is its words, no more and no less",
		    test_commands);
}
