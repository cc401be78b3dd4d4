/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "session/greeter.h"

#include "unit/input.h"

#include <stdbool.h>

#define CAPS "IMAP4rev1 ID AUTH=PLAIN"

/*
 * in: all the backend ever says; left: how much of it is not ours; asked: it
 * was asked for its capabilities; end: the words, or what the reason holds.
 */
static const struct {
	const char *shows;
	struct slice in;
	size_t left;
	bool asked;
	enum greeter_verdict verdict;
	const char *end;
} rows[] = {
#define MORE    GREETER_MORE
#define READY   GREETER_READY
#define REFUSED GREETER_REFUSED
    {"a greeting with its list", T("* OK [CAPABILITY " CAPS "] hello\r\n"), 0,
     false, READY, CAPS},
    {"a list without text", T("* OK [CAPABILITY " CAPS "]\r\n"), 0, false,
     READY, CAPS},
    {"in lower case", T("* ok [capability " CAPS "]\r\n"), 0, false, READY,
     CAPS},
    {"sloppy spaces in the list", T("* OK [CAPABILITY  A   B ] x\r\n"), 0,
     false, READY, "A B"},
    {"what is behind the greeting is left", T("* OK [CAPABILITY A] x\r\n* BYE"),
     5, false, READY, "A"},
    {"a greeting without a list",
     T("* OK hello\r\n* CAPABILITY " CAPS "\r\nT1 OK done\r\n"), 0, true, READY,
     CAPS},
    {"a greeting without text", T("* OK\r\n* CAPABILITY A\r\nT1 OK\r\n"), 0,
     true, READY, "A"},
    {"another code than CAPABILITY",
     T("* OK [ALERT] x\r\n* CAPABILITY A\r\nT1 OK\r\n"), 0, true, READY, "A"},
    {"an empty list counts as none",
     T("* OK [CAPABILITY] x\r\n* CAPABILITY A\r\nT1 OK\r\n"), 0, true, READY,
     "A"},
    {"a list of spaces counts as none",
     T("* OK [CAPABILITY  ] x\r\n* CAPABILITY A\r\nT1 OK\r\n"), 0, true, READY,
     "A"},
    {"what is behind the answer is left",
     T("* OK\r\n* CAPABILITY A\r\nT1 OK\r\n* 1 EXISTS\r\n"), 12, true, READY,
     "A"},
    {"the list may stand in the tagged OK",
     T("* OK\r\nT1 OK [CAPABILITY A B] done\r\n"), 0, true, READY, "A B"},
    {"the last list holds",
     T("* OK\r\n* CAPABILITY A\r\n* CAPABILITY B\r\nT1 OK\r\n"), 0, true, READY,
     "B"},
    {"Dovecot while its auth process starts",
     T("* OK Waiting for authentication process to respond..\r\n"
       "* OK [CAPABILITY A] Dovecot ready.\r\n"
       "* CAPABILITY A B\r\nT1 OK done\r\n"),
     0, true, READY, "A B"},
    {"other untagged responses pass by",
     T("* OK\r\n* NO slow today\r\n* CAPABILITY A\r\n* 0 RECENT\r\nT1 OK\r\n"),
     0, true, READY, "A"},
    {"a literal in prose is none",
     T("* OK {5}\r\n* CAPABILITY A\r\nT1 OK {3}\r\n"), 0, true, READY, "A"},
    {"8-bit prose", T("* OK \xe4\x80\xff\r\n* CAPABILITY A\r\nT1 OK\r\n"), 0,
     true, READY, "A"},
    {"nothing yet", T(""), 0, false, MORE, ""},
    {"half a greeting", T("* OK hel"), 8, false, MORE, ""},
    {"a greeting and its CR", T("* OK hello\r"), 11, false, MORE, ""},
    {"no answer yet", T("* OK\r\n* CAPABILITY A\r\n"), 0, true, MORE, ""},
    {"half an answer", T("* OK\r\n* CAPABILITY A\r\nT1 O"), 4, true, MORE, ""},
    {"BYE", T("* BYE too busy\r\n"), 0, false, REFUSED, "BYE: too busy"},
    {"BYE without text", T("* BYE\r\n"), 0, false, REFUSED, "BYE: "},
    {"BYE instead of an answer", T("* OK\r\n* BYE sorry\r\n"), 0, true, REFUSED,
     "BYE: sorry"},
    {"BYE with control characters", T("* BYE a\x1b[31m\xe4\x07\r\n"), 0, false,
     REFUSED, "BYE: a?[31m??"},
    {"a long BYE is cut",
     T("* BYE 0123456789012345678901234567890123456789"
       "0123456789012345678901234567890123456789X\r\n"),
     0, false, REFUSED, "6789..."},
    {"PREAUTH", T("* PREAUTH hello\r\n"), 0, false, REFUSED, "PREAUTH"},
    {"PREAUTH with a list", T("* PREAUTH [CAPABILITY A] x\r\n"), 0, false,
     REFUSED, "PREAUTH"},
    {"PREAUTH later", T("* OK\r\n* PREAUTH x\r\n"), 0, true, REFUSED,
     "PREAUTH"},
    {"LOGINDISABLED in the greeting",
     T("* OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] x\r\n"), 0, false,
     REFUSED, "auth_allow_cleartext = yes"},
    {"LOGINDISABLED in the answer",
     T("* OK\r\n* CAPABILITY A LoginDisabled\r\nT1 OK\r\n"), 7, true, REFUSED,
     "allowplaintext: yes"},
    {"NO for a greeting", T("* NO x\r\n"), 0, false, REFUSED, "* OK"},
    {"data for a greeting", T("* CAPABILITY A\r\n"), 0, false, REFUSED, "* OK"},
    {"a tagged greeting", T("T1 OK x\r\n"), 0, false, REFUSED, "* OK"},
    {"a literal for a greeting", T("* ID {3}\r\nabc\r\n"), 5, false, REFUSED,
     "literal"},
    {"a literal before the answer", T("* OK\r\n* ID {3}\r\nabc\r\n"), 5, true,
     REFUSED, "literal"},
    {"+ for a greeting", T("+ go on\r\n"), 0, false, REFUSED, "asks for more"},
    {"+ for an answer", T("* OK\r\n+ go on\r\n"), 0, true, REFUSED,
     "asks for more"},
    {"a tagged NO", T("* OK\r\nT1 NO not now\r\n"), 0, true, REFUSED,
     "CAPABILITY: not now"},
    {"a tagged BAD", T("* OK\r\nT1 BAD what?\r\n"), 0, true, REFUSED,
     "CAPABILITY: what?"},
    {"a tagged OK but no list", T("* OK\r\nT1 OK\r\n"), 0, true, REFUSED,
     "what it can do"},
    {"an empty list", T("* OK\r\n* CAPABILITY\r\nT1 OK\r\n"), 0, true, REFUSED,
     "what it can do"},
    {"another tag", T("* OK\r\n* CAPABILITY A\r\nT2 OK\r\n"), 0, true, REFUSED,
     "nobody gave"},
    {"our tag in another case", T("* OK\r\n* CAPABILITY A\r\nt1 OK\r\n"), 0,
     true, REFUSED, "nobody gave"},
    {"junk", T("hello\x01there\r\n"), 0, false, REFUSED, "IMAP: hello?there"},
    {"an empty line", T("\r\n"), 0, false, REFUSED, "IMAP: "},
    {"a bare LF", T("* OK hello\n"), 11, false, REFUSED, "without CR"},
    {"POP3", T("+OK POP3 ready\r\n"), 16, false, REFUSED, "POP3"},
    {"SMTP", T("220 x ESMTP\r\n"), 13, false, REFUSED, "SMTP"},
    {"ManageSieve", T("\"IMPLEMENTATION\" \"x\"\r\n"), 22, false, REFUSED,
     "ManageSieve"},
    {"SSH", T("SSH-2.0-x\r\n"), 11, false, REFUSED, "SSH"},
    {"HTTP", T("HTTP/1.1 400 Bad Request\r\n"), 26, false, REFUSED, "HTTP"},
    {"a TLS alert", T("\x15\x03\x03\0\x02\x02\x32"), 7, false, REFUSED, "TLS"},
    {"a forged answer in the greeting's segment",
     T("* OK hello\r\nX OK [CAPABILITY A]\r\n"), 0, true, REFUSED,
     "nobody gave"},
#undef MORE
#undef READY
#undef REFUSED
};

struct outcome {
	struct greeter greeter;
	enum greeter_verdict verdict;
	size_t used;
	bool asked;
};

/* Reads what there is, in exactly-sized pieces, until a verdict or the end. */
static void
read_on(struct outcome *o, struct slice in)
{
	do {
		struct slice piece = exact(slice_skip(in, o->used));
		size_t used = 0;

		o->verdict = greeter_read(&o->greeter, piece, &used);
		CU_ASSERT_TRUE(used <= piece.len);
		o->used += used;
		exact_free(piece);
		if (o->verdict == GREETER_SAY) {
			CU_ASSERT_FALSE(o->asked);
			o->asked = true;
		}
	} while (o->verdict == GREETER_SAY);
}

static bool
holds(const char *text, const char *part)
{
	return strstr(text, part) != NULL;
}

static void
check(size_t i, const struct outcome *o)
{
	struct slice words = slice_of(o->greeter.words, o->greeter.words_len);
	const char *shows = rows[i].shows;

	SHOWS(shows, o->verdict == rows[i].verdict);
	SHOWS(shows, o->asked == rows[i].asked);
	if (o->verdict == GREETER_READY)
		SHOWS(shows, slice_eq(words, slice_str(rows[i].end)));
	if (o->verdict == GREETER_REFUSED)
		SHOWS(shows, holds(o->greeter.reason, rows[i].end));
	for (const char *c = o->greeter.reason; *c; c++)
		SHOWS(shows, *c >= 0x20 && *c < 0x7f);
}

static void
test_whole(void)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct outcome o = {.used = 0};

		greeter_init(&o.greeter, "T1", true);
		read_on(&o, rows[i].in);
		check(i, &o);
		SHOWS(rows[i].shows, rows[i].in.len - o.used == rows[i].left);
	}
}

static bool
over(const struct outcome *o)
{
	return o->verdict == GREETER_READY || o->verdict == GREETER_REFUSED;
}

static void
test_cut(void)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		for (size_t cut = 0; cut < rows[i].in.len; cut++) {
			struct outcome o = {.used = 0};

			greeter_init(&o.greeter, "T1", true);
			read_on(&o, slice_head(rows[i].in, cut));
			if (!over(&o))
				read_on(&o, rows[i].in);
			check(i, &o);
		}
	}
}

static void
test_byte_by_byte(void)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct outcome o = {.used = 0};

		greeter_init(&o.greeter, "T1", true);
		for (size_t n = 0; n <= rows[i].in.len && !over(&o); n++)
			read_on(&o, slice_head(rows[i].in, n));
		check(i, &o);
	}
}

static void
test_question(void)
{
	struct greeter g;
	size_t used;

	greeter_init(&g, "A1b2C3d4E5f6G7h8", true);
	CU_ASSERT_EQUAL(greeter_read(&g, SLICE("* OK hi\r\nrest"), &used),
			GREETER_SAY);
	CU_ASSERT_EQUAL(used, 9);
	CU_ASSERT_STRING_EQUAL(g.say, "A1b2C3d4E5f6G7h8 CAPABILITY\r\n");
}

static void
test_refused_stays(void)
{
	struct greeter g;
	size_t used;

	greeter_init(&g, "T1", true);
	CU_ASSERT_EQUAL(greeter_read(&g, SLICE("* BYE\r\n"), &used),
			GREETER_REFUSED);
	CU_ASSERT_EQUAL(
	    greeter_read(&g, SLICE("* OK [CAPABILITY A] x\r\n"), &used),
	    GREETER_REFUSED);
	CU_ASSERT_EQUAL(used, 0);
}

/* A greeting of n bytes in all. */
static enum greeter_verdict
greet_with(size_t n, bool ended, struct greeter *g)
{
	static char line[2 * GREETER_LINE_MAX];
	size_t used;

	memset(line, 'x', n);
	memcpy(line, "* OK [CAPABILITY A] ", 20);
	if (ended)
		memcpy(line + n - 2, "\r\n", 2);
	greeter_init(g, "T1", true);
	return greeter_read(g, slice_of(line, n), &used);
}

static void
test_long_line(void)
{
	struct greeter g;

	CU_ASSERT_EQUAL(greet_with(GREETER_LINE_MAX, true, &g), GREETER_READY);
	CU_ASSERT_EQUAL(greet_with(GREETER_LINE_MAX + 1, true, &g),
			GREETER_REFUSED);
	CU_ASSERT_EQUAL(greet_with(GREETER_LINE_MAX - 1, false, &g),
			GREETER_MORE);
	CU_ASSERT_EQUAL(greet_with(GREETER_LINE_MAX, false, &g),
			GREETER_REFUSED);
	CU_ASSERT_TRUE(holds(g.reason, "too long"));
}

static void
test_long_list(void)
{
	static char line[GREETER_LINE_MAX];
	size_t n = 17, used;
	struct slice words;
	struct greeter g;

	memcpy(line, "* OK [CAPABILITY ", n);
	for (; n < 4000; n += 10)
		memcpy(line + n, "LONG=WORD ", 10);
	memcpy(line + n, "]\r\n", 3);
	n += 3;
	greeter_init(&g, "T1", true);
	CU_ASSERT_EQUAL(greeter_read(&g, slice_of(line, n), &used),
			GREETER_READY);
	words = slice_of(g.words, g.words_len);
	CU_ASSERT_TRUE(words.len <= sizeof g.words);
	CU_ASSERT_TRUE(words.len > sizeof g.words - 16);
	CU_ASSERT_TRUE(slice_iends(words, SLICE("=WORD")));
}

static void
test_talker(void)
{
	struct greeter g;
	size_t used;
	unsigned lines = 1;

	greeter_init(&g, "T1", true);
	CU_ASSERT_EQUAL(greeter_read(&g, SLICE("* OK\r\n"), &used),
			GREETER_SAY);
	while (greeter_read(&g, SLICE("* OK x\r\n"), &used) == GREETER_MORE)
		lines++;
	CU_ASSERT_EQUAL(lines, GREETER_LINES_MAX);
	CU_ASSERT_TRUE(holds(g.reason, "without answering"));
}

static void
try_read(struct slice in)
{
	struct outcome o = {.used = 0};

	greeter_init(&o.greeter, "T1", true);
	read_on(&o, in);
	CU_ASSERT_TRUE(o.greeter.words_len <= sizeof o.greeter.words);
	for (const char *c = o.greeter.reason; *c; c++)
		CU_ASSERT_TRUE(*c >= 0x20 && *c < 0x7f);
}

static void
test_damage(void)
{
	for (size_t i = 0; i < COUNT(rows); i++)
		each_damage(rows[i].in, try_read);
}

void
suite_greeter(void)
{
	CU_pSuite s = CU_add_suite("greeter", NULL, NULL);

	CU_add_test(s, "a greeting leads to a list or a reason", test_whole);
	CU_add_test(s, "however it was cut", test_cut);
	CU_add_test(s, "byte by byte", test_byte_by_byte);
	CU_add_test(s, "the question carries our tag", test_question);
	CU_add_test(s, "what was refused stays refused", test_refused_stays);
	CU_add_test(s, "a line of 8 KiB is the longest", test_long_line);
	CU_add_test(s, "a long list is cut between words", test_long_list);
	CU_add_test(s, "a server that only talks is refused", test_talker);
	CU_add_test(s, "damaged greetings do no harm", test_damage);
}
