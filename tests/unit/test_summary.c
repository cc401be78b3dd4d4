/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dialogs.h"
#include "unit/input.h"

#include <stdio.h>

void suite_summary(void);

enum { STEPS = 8 };

struct step {
	char who;
	const char *text;
};

struct numbers {
	uint64_t responses, fetched, fetched_bytes, appended, appended_bytes,
	    expunged;
	uint32_t opened;
};

/* clang-format off */
static const struct {
	const char *shows;
	struct step steps[STEPS];
	struct numbers want;
} cases[] = {
{"flags are a response, no message", {
	{'C', "a FETCH 1:2 FLAGS\r\n"},
	{'S', "* 1 FETCH (FLAGS ())\r\n* 2 FETCH (FLAGS ())\r\na OK x\r\n"}},
	{.responses = 2}},
{"a literal makes it a message, and its bytes count", {
	{'C', "a UID FETCH 1 BODY[]\r\n"},
	{'S', "* 1 FETCH (UID 7 BODY[] {5}\r\nhello)\r\na OK x\r\n"}},
	{.responses = 1, .fetched = 1, .fetched_bytes = 5}},
{"two literals in one response are one message", {
	{'S', "* 1 FETCH (BODY[HEADER] {2}\r\nab BODY[TEXT] {3}\r\ncde)\r\n"
	      "* 2 FETCH (BINARY[1] ~{4}\r\n\r\n* )\r\n"}},
	{.responses = 2, .fetched = 2, .fetched_bytes = 9}},
{"what was cut off does not count", {
	{'S', "* 1 FETCH (BODY[] {500}\r\n12345"}},
	{.responses = 1, .fetched = 1, .fetched_bytes = 5}},
{"text that looks like a response is text", {
	{'S', "* 1 FETCH (BODY[] {30}\r\n* 2 FETCH x\r\n* 3 EXPUNGE\r\n 123)\r\n"
	      "* OK 4 EXPUNGE {3}\r\n* OK [X] * 5 FETCH (\r\n"}},
	{.responses = 1, .fetched = 1, .fetched_bytes = 30}},
{"other literals count for nothing", {
	{'S', "* LIST () \"/\" {5}\r\ninbox\r\n* XFETCH {2}\r\nab\r\n* 4 EXISTS\r\n"
	      "* 3 FETCHED {1}\r\na\r\n* FETCH {1}\r\na\r\n"}},
	{.responses = 0}},
{"EXPUNGE, whatever its case", {
	{'S', "* 3 EXPUNGE\r\n* 3 expunge\r\n* 44 RECENT\r\n* EXPUNGE\r\n"}},
	{.expunged = 2}},
{"VANISHED tells of many at once", {
	{'S', "* VANISHED 405,407,410:425\r\n* vanished 9:8\r\n* VANISHED 1\r\n"}},
	{.expunged = 21}},
{"those that vanished earlier are not told as expunged", {
	{'S', "* VANISHED (EARLIER) 1:1000\r\n* VANISHED\r\n* VANISHED 5:\r\n* VANISHED x1\r\n"}},
	{.expunged = 0}},
{"a word that VANISHED begins is another", {
	{'S', "* VANISHEDX 4\r\n* 3 VANISHED 4\r\n* OK VANISHED 1:9\r\n"}},
	{.expunged = 0}},
{"numbers beyond 32 bits are cut", {
	{'S', "* VANISHED 1:99999999999999999999\r\n"}},
	{.expunged = UINT32_MAX}},
{"an APPEND counts when the backend agrees", {
	{'C', "a APPEND INBOX (\\Seen) \"date {9}\" {5}\r\n"},
	{'S', "+ go\r\n"},
	{'C', "hello\r\n"},
	{'S', "a OK done\r\n"}},
	{.appended = 1, .appended_bytes = 5}},
{"its bytes also when it does not", {
	{'C', "a APPEND INBOX {5}\r\n"},
	{'S', "+ go\r\n"},
	{'C', "hello\r\n"},
	{'S', "a NO [OVERQUOTA] full\r\n"}},
	{.appended_bytes = 5}},
{"but not when it was refused first", {
	{'C', "a APPEND nowhere {5+}\r\nhello\r\nb NOOP\r\n"},
	{'S', "a NO [TRYCREATE] x\r\nb OK\r\n"}},
	{.appended_bytes = 0}},
{"the name of the mailbox is no message", {
	{'C', "a APPEND {5+}\r\nINBOX {3+}\r\nabc\r\n"},
	{'S', "+ 1\r\n"}, {'S', "+ 2\r\n"}, {'S', "a OK\r\n"}},
	{.appended = 1, .appended_bytes = 3}},
{"several messages in one command", {
	{'C', "a APPEND \"a {4} \\\"CATENATE (\" {3+}\r\nabc (\\Seen) {2+}\r\nde\r\n"},
	{'S', "+ 1\r\n"}, {'S', "+ 2\r\n"}, {'S', "a OK\r\n"}},
	{.appended = 2, .appended_bytes = 5}},
{"parts of one message, and another one", {
	{'C', "a APPEND DRAFT CATENATE (URL \"/x\" TEXT {3+}\r\nabc URL {2+}\r\n/y TEXT ~{1+}\r\nz) \"1-Jan\" {2+}\r\nde\r\n"},
	{'S', "+ 1\r\n"}, {'S', "+ 2\r\n"}, {'S', "+ 3\r\n"}, {'S', "+ 4\r\n"}, {'S', "a OK\r\n"}},
	{.appended = 2, .appended_bytes = 8}},
{"a message made of others only", {
	{'C', "a APPEND TEXT catenate (URL \"/x\")\r\n"},
	{'S', "a OK\r\n"}},
	{.appended = 1}},
{"a mailbox that is called like a part", {
	{'C', "a APPEND TEXT {3+}\r\nabc\r\nb APPEND CATENATE (x) {1+}\r\nz\r\n"},
	{'S', "+ 1\r\n"}, {'S', "+ 2\r\n"}, {'S', "a OK\r\nb OK\r\n"}},
	{.appended = 2, .appended_bytes = 4}},
{"UTF8 messages", {
	{'C', "a APPEND m UTF8 (~{3+}\r\nabc)\r\n"},
	{'S', "+ 1\r\n"}, {'S', "a OK\r\n"}},
	{.appended = 1, .appended_bytes = 3}},
{"each of two in flight has its own answer", {
	{'C', "a APPEND m {1+}\r\nx {1+}\r\ny\r\nb APPEND m {1+}\r\nz\r\n"},
	{'S', "+ 1\r\n"}, {'S', "+ 2\r\n"}, {'S', "+ 3\r\n"}, {'S', "b NO x\r\na OK\r\n"}},
	{.appended = 2, .appended_bytes = 3}},
{"other literals of the client count for nothing", {
	{'C', "a SEARCH TEXT {3+}\r\nabc\r\nb XAPPEND m {1+}\r\nz\r\n"},
	{'S', "+ 1\r\n"}, {'S', "+ 2\r\n"}, {'S', "a OK\r\nb OK\r\n"}},
	{.appended = 0}},
{"mailboxes are opened when the backend says so", {
	{'C', "a SELECT a\r\nb EXAMINE b\r\nc SELECT c\r\n"},
	{'S', "a OK x\r\nb OK x\r\nc NO x\r\n"}},
	{.opened = 2}},
};
/* clang-format on */

static bool
same(const struct numbers *w, const struct summary *s)
{
	return w->responses == s->fetch_responses && w->fetched == s->fetched &&
	       w->fetched_bytes == s->fetched_bytes &&
	       w->appended == s->appended &&
	       w->appended_bytes == s->appended_bytes &&
	       w->expunged == s->expunged && w->opened == s->opened;
}

/* Each step in two parts, the first of `cut` bytes; or byte by byte. */
static bool
play(size_t i, size_t cut)
{
	static struct dialogs r;

	dialogs_begin(&r, 0);
	for (size_t k = 0; k < STEPS && cases[i].steps[k].who; k++) {
		const struct step *s = &cases[i].steps[k];
		size_t n = strlen(s->text), first = cut < n ? cut : n;

		for (size_t at = 0; cut == 0 && at < n; at++)
			dialogs_give(&r, s->who, s->text + at, 1);
		if (cut > 0) {
			dialogs_give(&r, s->who, s->text, first);
			dialogs_give(&r, s->who, s->text + first, n - first);
		}
	}
	CU_ASSERT(!r.ended);
	if (same(&cases[i].want, &r.d.summary))
		return true;
	(void)fprintf(
	    stderr, "%s (cut %zu): %u %u %u, %u %u, %u, %u\n", cases[i].shows,
	    cut, (unsigned)r.d.summary.fetch_responses,
	    (unsigned)r.d.summary.fetched, (unsigned)r.d.summary.fetched_bytes,
	    (unsigned)r.d.summary.appended,
	    (unsigned)r.d.summary.appended_bytes,
	    (unsigned)r.d.summary.expunged, r.d.summary.opened);
	return false;
}

static void
numbers_at_every_cut(void)
{
	for (size_t i = 0; i < COUNT(cases); i++)
		for (size_t cut = 0; cut < 130; cut++)
			if (!play(i, cut)) {
				CU_ASSERT(false);
				break;
			}
}

static void
commands_by_verb(void)
{
	static struct dialogs r;
	static const char in[] =
	    "a NOOP\r\nb UID FETCH 1 FLAGS\r\nc fetch 1 FLAGS\r\nd XFOO\r\n"
	    "e LOGIN a b\r\nf UID\r\n+ NOOP\r\ng UID  XBAR\r\nh \r\n";

	dialogs_begin(&r, 0);
	dialogs_give(&r, 'C', in, sizeof in - 1);
	CU_ASSERT_EQUAL(r.d.summary.verbs[VERB_NOOP], 1);
	CU_ASSERT_EQUAL(r.d.summary.verbs[VERB_FETCH], 2);
	CU_ASSERT_EQUAL(r.d.summary.verbs[VERB_OTHER], 2);
	CU_ASSERT_EQUAL(r.d.summary.verbs[VERB_LOGIN], 1);
	CU_ASSERT_EQUAL(r.d.summary.verbs[VERB_UID], 1);
	CU_ASSERT_EQUAL(r.d.commands, 9);
}

/* What goes to the backend of SELECT, EXAMINE and ID, and what comes of it. */
static void
watched_commands(void)
{
	static const char first[] = "a SELECT one\r\nb NOOP\r\n"
				    "c EXAMINE {3+}\r\ntwo\r\n",
			  then[] = "d ID (\"name\" \"x\")\r\n"
				   "e SELECT {5}\r\n",
			  last[] = "f SELECT six\r\n";
	static const char whole[] = "a SELECT one\r\nc EXAMINE {3}\r\ntwo\r\n"
				    "d ID (\"name\" \"x\")\r\nf SELECT six\r\n";

	for (size_t cut = 0; cut < sizeof first; cut++) {
		static struct dialogs r;

		dialogs_begin(&r, 0);
		dialogs_give(&r, 'C', first, cut);
		dialogs_give(&r, 'C', first + cut, sizeof first - 1 - cut);
		dialogs_give(&r, 'S', "+ go\r\n", 6);
		dialogs_give(&r, 'S', "a OK\r\nb OK\r\nc NO\r\n", 18);
		CU_ASSERT_STRING_EQUAL(r.opened, "yn");
		dialogs_give(&r, 'C', then, cut < sizeof then ? cut : 0);
		dialogs_give(&r, 'C', then + (cut < sizeof then ? cut : 0),
			     sizeof then - 1 - (cut < sizeof then ? cut : 0));
		/* Refused before its end: nothing comes of it. */
		dialogs_give(&r, 'S', "d OK\r\ne NO\r\n", 12);
		dialogs_give(&r, 'C', last, sizeof last - 1);
		dialogs_give(&r, 'S', "f BAD\r\n", 7);
		CU_ASSERT_STRING_EQUAL(r.opened, "ynnn");
		r.watched.text[r.watched.len] = '\0';
		CU_ASSERT_STRING_EQUAL(r.watched.text, whole);
		CU_ASSERT_EQUAL(r.watched.begun, r.watched.len);
		CU_ASSERT(!r.ended);
	}
}

static void
it_is_small(void)
{
	CU_ASSERT(sizeof(struct summary) <= 352);
}

void
suite_summary(void)
{
	CU_pSuite s = CU_add_suite("summary", NULL, NULL);

	CU_add_test(s, "numbers, however the bytes were cut",
		    numbers_at_every_cut);
	CU_add_test(s, "commands by verb", commands_by_verb);
	CU_add_test(s, "commands that are watched", watched_commands);
	CU_add_test(s, "it is small", it_is_small);
}
