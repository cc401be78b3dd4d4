/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dialogs.h"
#include "imap/capability.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void suite_dialog(void);

enum { STEPS = 10 };

/*
 * One step: who speaks ('C' client, 'S' server), what, and what has reached
 * the backend and the client when all of it was taken in; "END" in place of
 * both when the session must end.
 */
struct step {
	char who;
	const char *in, *to_backend, *to_client;
};

#define PLUS (CAP_LITERAL_PLUS | CAP_BINARY)

/* clang-format off */
static const struct {
	const char *shows;
	unsigned flags;
	struct step steps[STEPS];
} cases[] = {
{"a command and its answer pass", 0, {
	{'C', "a NOOP\r\n", "a NOOP\r\n", ""},
	{'S', "* 1 EXISTS\r\na OK done\r\n", "", "* 1 EXISTS\r\na OK done\r\n"}}},
{"pipelined commands pass, answers may come in any order", 0, {
	{'C', "a FETCH 1 FLAGS\r\nb NOOP\r\n", "a FETCH 1 FLAGS\r\nb NOOP\r\n", ""},
	{'S', "b OK x\r\na OK y\r\n", "", "b OK x\r\na OK y\r\n"}}},
{"the same tag may be used again, also before the answer", 0, {
	{'C', "a NOOP\r\na NOOP\r\n", "a NOOP\r\na NOOP\r\n", ""},
	{'S', "a OK x\r\na OK y\r\n", "", "a OK x\r\na OK y\r\n"}}},
{"a sync literal waits for the backend's word", 0, {
	{'C', "a APPEND m {5}\r\n", "a APPEND m {5}\r\n", ""},
	{'C', "hello\r\n", "", ""},
	{'S', "+ go\r\n", "hello\r\n", "+ go\r\n"},
	{'S', "a OK\r\n", "", "a OK\r\n"}}},
{"a refused literal leaves line mode, what follows is a command", 0, {
	{'C', "a APPEND m {5}\r\n", "a APPEND m {5}\r\n", ""},
	{'S', "a NO full\r\n", "", "a NO full\r\n"},
	{'C', "b NOOP\r\n", "b NOOP\r\n", ""}}},
{"another command's answer is no word for a literal", 0, {
	{'C', "a NOOP\r\nb APPEND m {3}\r\nabc\r\n", "a NOOP\r\nb APPEND m {3}\r\n", ""},
	{'S', "a NO x\r\n", "", "a NO x\r\n"},
	{'S', "+ \r\n", "abc\r\n", "+ \r\n"}}},
{"a literal is asked for even where the backend has LITERAL+", PLUS, {
	{'C', "a APPEND m {5+}\r\nhello\r\n", "a APPEND m {5}\r\n", ""},
	{'S', "+ go\r\n", "hello\r\n", ""}}},
{"a literal behind a command that needs none is never read as commands", PLUS, {
	{'C', "a NOOP {20+}\r\nb LOGIN bob guess1\r\n\r\nc NOOP\r\n", "a NOOP {20}\r\n", ""},
	{'S', "a OK\r\n", "c NOOP\r\n", "a OK\r\n"}}},
{"not with a tag that is in flight either", PLUS, {
	{'C', "b FETCH 1 FLAGS\r\nb NOOP {20+}\r\nb LOGIN bob guess1\r\n\r\nc NOOP\r\n", "b FETCH 1 FLAGS\r\nb NOOP {20}\r\n", ""},
	{'S', "b OK\r\n", "", "b OK\r\n"},
	{'S', "b OK\r\n", "c NOOP\r\n", "b OK\r\n"}}},
{"IDLE with anything behind it is refused: its + would pass for a literal's", 0, {
	{'C', "a IDLE {24}\r\n", "", "a BAD Syntax error\r\n"},
	{'C', "b IDLE {3+}\r\nDON\r\nc IDLE \r\n", "", "b BAD Syntax error\r\nc BAD Syntax error\r\n"}}},
{"a literal's size goes in plain digits", 0, {
	{'C', "a X {0003}\r\n", "a X {3}\r\n", ""},
	{'S', "+ \r\n", "", "+ \r\n"}}},
{"a literal larger than an old server counts ends the session", PLUS, {
	{'C', "a X {2147483648}\r\n", "END", ""}}},
{"without LITERAL+ the gate asks and swallows the word", 0, {
	{'C', "a LOG {3+}\r\nbob {2+}\r\npw\r\nb NOOP\r\n", "a LOG {3}\r\n", ""},
	{'S', "+ one\r\n", "bob {2}\r\n", ""},
	{'S', "+ two\r\n", "pw\r\nb NOOP\r\n", ""},
	{'S', "a OK\r\nb OK\r\n", "", "a OK\r\nb OK\r\n"}}},
{"a converted literal that is refused goes, and the command's rest with it", 0, {
	{'C', "a X {3+}\r\na N {5+}\r\nb C\r\n\r\nc NOOP\r\n", "a X {3}\r\n", ""},
	{'S', "a BAD no\r\n", "c NOOP\r\n", "a BAD no\r\n"}}},
{"a literal's bytes are no commands", PLUS, {
	{'C', "a X {11+}\r\nb LOGIN a b\r\nc NOOP\r\n", "a X {11}\r\n", ""},
	{'S', "+ \r\n", "b LOGIN a b\r\nc NOOP\r\n", ""}}},
{"a non-sync literal8 needs BINARY", CAP_LITERAL_PLUS, {
	{'C', "a X ~{3+}\r\nzzz\r\n", "a X ~{3}\r\n", ""},
	{'S', "+ \r\n", "zzz\r\n", ""}}},
{"a command answered before its literal ends there for the backend", 0, {
	{'C', "a X (", "a X (", ""},
	{'S', "a NO early\r\n", "", "a NO early\r\n"},
	{'C', "{3+}\r\nabc)\r\nb X (", "\r\nb X (", ""},
	{'S', "b NO early\r\n", "", "b NO early\r\n"},
	{'C', "{3}\r\n", "\r\n", ""},
	{'C', "c NOOP\r\n", "c NOOP\r\n", ""},
	{'S', "c OK\r\n", "", "c OK\r\n"}}},
{"an early NO while LITERAL+ bytes are on their way", PLUS, {
	{'C', "a X {5+}\r\nhel", "a X {5}\r\n", ""},
	{'S', "+ \r\n", "hel", ""},
	{'S', "a NO full\r\n", "", "a NO full\r\n"},
	{'C', "lo\r\nb NOOP\r\n", "lo\r\nb NOOP\r\n", ""},
	{'S', "b OK\r\n", "", "b OK\r\n"}}},
{"the CRLF of a command with bad framing never reaches the backend", 0, {
	{'C', "a X foo{3}\r\n", "END", ""}}},
{"bare LF ends the session", 0, {{'C', "a NOOP\n", "END", ""}}},
{"a line that ends within quotes ends the session", 0, {{'C', "a X \"x\r\n", "END", ""}}},
{"LOGIN after login is answered BAD and not forwarded", 0, {
	{'C', "a LOGIN u p\r\nb NOOP\r\n", "b NOOP\r\n", "a BAD Command not allowed after login\r\n"}}},
{"AUTHENTICATE, STARTTLS, COMPRESS, UNAUTHENTICATE likewise", 0, {
	{'C', "a authenticate PLAIN\r\n", "", "a BAD Command not allowed after login\r\n"},
	{'C', "b StartTLS\r\n", "", "b BAD Command not allowed after login\r\n"},
	{'C', "c COMPRESS DEFLATE\r\n", "", "c BAD Command not allowed after login\r\n"},
	{'C', "d UNAUTHENTICATE\r\n", "", "d BAD Command not allowed after login\r\n"}}},
{"a refused command's non-sync literals are swallowed", 0, {
	{'C', "a LOGIN {8+}\r\nb NOOP\r\n {1+}\r\nz\r\nc NOOP\r\n", "c NOOP\r\n", "a BAD Command not allowed after login\r\n"}}},
{"a refused command's sync literal is not asked for", 0, {
	{'C', "a LOGIN {8}\r\nc NOOP\r\n", "c NOOP\r\n", "a BAD Command not allowed after login\r\n"}}},
{"our own BAD waits for a response boundary", 0, {
	{'C', "a FETCH 1 BODY[]\r\n", "a FETCH 1 BODY[]\r\n", ""},
	{'S', "* 1 FETCH (BODY[] {10}\r\n01234", "", "* 1 FETCH (BODY[] {10}\r\n01234"},
	{'C', "b LOGIN u p\r\nc NOOP\r\n", "", ""},
	{'S', "56789)\r\n", "c NOOP\r\n", "56789)\r\nb BAD Command not allowed after login\r\n"}}},
{"a line without a verb, a bad tag, an empty line", 0, {
	{'C', "abc\r\n", "", "abc BAD Syntax error\r\n"},
	{'C', "a  NOOP\r\n", "", "a BAD Syntax error\r\n"},
	{'C', "+ NOOP\r\n", "", "* BAD Invalid tag\r\n"},
	{'C', "\r\n", "", "* BAD Invalid tag\r\n"},
	{'C', "a NOOP\r\n", "a NOOP\r\n", ""}}},
{"a tag of 65 bytes ends the session", 0, {
	{'C', "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa NOOP\r\n", "END", ""}}},
{"a tag of 64 bytes is legal", 0, {
	{'C', "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa NOOP\r\n",
	      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa NOOP\r\n", ""}}},
{"IDLE holds what follows until the backend's word, then takes DONE", 0, {
	{'C', "a IDLE\r\n", "a IDLE\r\n", ""},
	{'C', "DONE\r\nb NOOP\r\n", "", ""},
	{'S', "+ idling\r\n", "DONE\r\nb NOOP\r\n", "+ idling\r\n"},
	{'S', "a OK\r\nb OK\r\n", "", "a OK\r\nb OK\r\n"}}},
{"untagged data and keep-alives pass during IDLE", 0, {
	{'C', "a IDLE\r\n", "a IDLE\r\n", ""},
	{'S', "+ idling\r\n* 5 EXISTS\r\n* OK Still here\r\n+ again\r\n", "", "+ idling\r\n* 5 EXISTS\r\n* OK Still here\r\n+ again\r\n"},
	{'C', "done\r\n", "done\r\n", ""}}},
{"IDLE refused: line mode, and a DONE already under way is dropped", 0, {
	{'C', "a IDLE\r\nDONE\r\n", "a IDLE\r\n", ""},
	{'S', "a BAD what\r\n", "", "a BAD what\r\n"},
	{'C', "b NOOP\r\n", "b NOOP\r\n", ""}}},
{"IDLE ended by the backend: a late DONE is dropped, once", 0, {
	{'C', "a IDLE\r\n", "a IDLE\r\n", ""},
	{'S', "+ x\r\na OK over\r\n", "", "+ x\r\na OK over\r\n"},
	{'C', "DONE\r\nDONE\r\n", "", "DONE BAD Syntax error\r\n"}}},
{"anything but DONE during IDLE ends the session", 0, {
	{'C', "a IDLE\r\n", "a IDLE\r\n", ""},
	{'S', "+ x\r\n", "", "+ x\r\n"},
	{'C', "b NOOP\r\n", "END", ""}}},
{"prose is prose: {3} in a status text is no literal", 0, {
	{'C', "a NOOP\r\n", "a NOOP\r\n", ""},
	{'S', "* OK see {3}\r\n* NO {9}\r\n* BAD {9}\r\na OK {3}\r\n", "", "* OK see {3}\r\n* NO {9}\r\n* BAD {9}\r\na OK {3}\r\n"},
	{'C', "b NOOP\r\n", "b NOOP\r\n", ""},
	{'S', "b OK\r\n", "", "b OK\r\n"}}},
{"{3} in the prose of + is no literal", 0, {
	{'C', "a X {1}\r\n", "a X {1}\r\n", ""},
	{'S', "+ {3}\r\n", "", "+ {3}\r\n"},
	{'C', "z\r\n", "z\r\n", ""},
	{'S', "a OK\r\n", "", "a OK\r\n"}}},
{"tag text inside a literal is data", 0, {
	{'C', "a FETCH 1 BODY[]\r\n", "a FETCH 1 BODY[]\r\n", ""},
	{'S', "* 1 FETCH (BODY[] {8}\r\na OK x\r\n)\r\na OK\r\n", "", "* 1 FETCH (BODY[] {8}\r\na OK x\r\n)\r\na OK\r\n"}}},
{"literal8 and empty literals in responses", 0, {
	{'S', "* 1 FETCH (BINARY[1] ~{3}\r\n\r\n* BODY[2] {0}\r\n)\r\n* 2 EXISTS\r\n", "", "* 1 FETCH (BINARY[1] ~{3}\r\n\r\n* BODY[2] {0}\r\n)\r\n* 2 EXISTS\r\n"}}},
{"old servers quote badly: no quote tracking in responses", 0, {
	{'S', "* LIST () \"/\" \"a\"b {3}\r\nxyz\r\n* 1 EXISTS\r\n", "", "* LIST () \"/\" \"a\"b {3}\r\nxyz\r\n* 1 EXISTS\r\n"}}},
{"a response literal of 20 digits ends the session", 0, {
	{'S', "* 1 FETCH {99999999999999999999}\r\n", "", "END"}}},
{"a literal in the first word of a data response", 0, {
	{'S', "* X{3}\r\na O\r\n* {2}\r\n\r\n\r\n* 1 EXISTS\r\n", "", "* X{3}\r\na O\r\n* {2}\r\n\r\n\r\n* 1 EXISTS\r\n"}}},
{"20 digits behind a brace that are no literal are text", 0, {
	{'S', "* X {99999999999999999999| {999999999999999999999}x\r\n* 1 EXISTS\r\n", "", "* X {99999999999999999999| {999999999999999999999}x\r\n* 1 EXISTS\r\n"}}},
{"a response literal of 40 digits ends the session", 0, {
	{'S', "* 1 FETCH {9999999999999999999999999999999999999999}\r\n", "", "END"}}},
{"a response literal before a bare LF ends the session", 0, {
	{'S', "* 1 FETCH {3}\n", "", "END"}}},
{"an answer to no command ends the session", 0, {
	{'S', "a OK forged\r\n", "", "END"}}},
{"a second answer to one command ends the session", 0, {
	{'C', "a NOOP\r\n", "a NOOP\r\n", ""},
	{'S', "a OK\r\n", "", "a OK\r\n"},
	{'S', "a OK\r\n", "", "END"}}},
{"a tagged line without a status ends the session", 0, {
	{'C', "a NOOP\r\n", "a NOOP\r\n", ""},
	{'S', "a FINE\r\n", "", "END"}}},
{"a line that is no response ends the session", 0, {
	{'S', "*OK\r\n", "", "END"}}},
{"a + nobody asked for is dropped", 0, {
	{'S', "+ send it\r\n* 1 EXISTS\r\n", "", "* 1 EXISTS\r\n"}}},
{"a + before the literal's line is complete is no word for it", 0, {
	{'C', "a X {3", "a X ", ""},
	{'S', "+ now\r\n", "", ""},
	{'C', "}\r\nabc", "{3}\r\n", ""},
	{'S', "+ \r\n", "abc", "+ \r\n"}}},
{"capability lists lose what must not pass, in data and codes", 0, {
	{'C', "a CAPABILITY\r\n", "a CAPABILITY\r\n", ""},
	{'S', "* CAPABILITY IMAP4rev1 STARTTLS IDLE AUTH=PLAIN COMPRESS=DEFLATE\r\n", "", "* CAPABILITY IMAP4rev1 IDLE\r\n"},
	{'S', "* OK [CAPABILITY IMAP4rev1 LOGINDISABLED UIDPLUS] hi {3}\r\n", "", "* OK [CAPABILITY IMAP4rev1 UIDPLUS] hi {3}\r\n"},
	{'S', "a OK [capability UNAUTHENTICATE MOVE] ok\r\n", "", "a OK [capability MOVE] ok\r\n"}}},
{"a list that gives IMAP4rev2 counts from then on: literals of any size", 0, {
	{'S', "* CAPABILITY IMAP4rev2\r\n", "", "* CAPABILITY IMAP4rev2\r\n"},
	{'C', "a X {4294967296}\r\n", "a X {4294967296}\r\n", ""}}},
{"surplus spaces hide no list", 0, {
	{'S', "*  CAPABILITY IMAP4rev1 COMPRESS=DEFLATE\r\n", "", "* CAPABILITY IMAP4rev1\r\n"},
	{'S', "* OK  [CAPABILITY STARTTLS IDLE]  x\r\n", "", "* OK [CAPABILITY IDLE]  x\r\n"},
	{'S', "*   5 EXISTS\r\n", "", "* 5 EXISTS\r\n"}}},
{"a tab hides none either", 0, {{'S', "* CAPABILITY\tCOMPRESS=DEFLATE\r\n", "", "END"}}},
{"a verb that is no plain word is refused", 0, {
	{'C', "a COMPRESS\"DEFLATE\"\r\n", "", "a BAD Syntax error\r\n"},
	{'C', "b STARTTLS%\r\n", "", "b BAD Syntax error\r\n"},
	{'C', "c \xa0" "COMPRESS x\r\n", "", "c BAD Syntax error\r\n"},
	{'C', "d X-A_B.C\r\n", "d X-A_B.C\r\n", ""}}},
{"UID passes with whatever is behind it, as it stands", 0, {
	{'C', "a UID FETCH 1 FLAGS\r\nb uid xfoo\r\nc UID\r\n", "a UID FETCH 1 FLAGS\r\nb uid xfoo\r\nc UID\r\n", ""},
	{'C', "d UID  FETCH\t1\r\ne UID {5}\r\n", "d UID  FETCH\t1\r\ne UID {5}\r\n", ""},
	{'S', "e BAD\r\n", "", "e BAD\r\n"},
	{'C', "f UID IDLE\r\ng NOOP\r\n", "f UID IDLE\r\ng NOOP\r\n", ""}}},
{"a number is held until it is known what it counts", 0, {
	{'S', "* 12", "", "* "},
	{'S', " FET", "", ""},
	{'S', "CH (FLAGS ())\r\n* 3\r\n* 4  x\r\n* 5 {2}\r\nab\r\n", "", "12 FETCH (FLAGS ())\r\n* 3\r\n* 4  x\r\n* 5 {2}\r\nab\r\n"}}},
{"other codes are left alone", 0, {
	{'S', "* OK [CAPABILITYX a] x\r\n* OK [UIDNEXT 5] y\r\n* NO [ALERT] z\r\n", "", "* OK [CAPABILITYX a] x\r\n* OK [UIDNEXT 5] y\r\n* NO [ALERT] z\r\n"}}},
{"8-bit data and long keywords pass", 0, {
	{'S', "* XAVERYLONGKEYWORDINDEED \xff\xfe\r\n* LIST () NIL \xc3\xa4\r\n", "", "* XAVERYLONGKEYWORDINDEED \xff\xfe\r\n* LIST () NIL \xc3\xa4\r\n"}}},
{"BYE passes", 0, {{'S', "* BYE later\r\n", "", "* BYE later\r\n"}}},
};
/* clang-format on */

/* Plays one step in pieces; cut 0: byte by byte. */
static bool
play(struct dialogs *r, const struct step *s, size_t cut, const char *shows)
{
	size_t n = strlen(s->in);
	bool end = strcmp(s->to_backend, "END") == 0 ||
		   strcmp(s->to_client, "END") == 0;
	bool good;

	r->to_backend.len = r->to_client.len = 0;
	if (cut == 0) {
		for (size_t i = 0; i < n; i++)
			dialogs_give(r, s->who, s->in + i, 1);
	} else if (cut >= n) {
		dialogs_give(r, s->who, s->in, n);
	} else {
		dialogs_give(r, s->who, s->in, cut);
		dialogs_give(r, s->who, s->in + cut, n - cut);
	}
	r->to_backend.text[r->to_backend.len] = '\0';
	r->to_client.text[r->to_client.len] = '\0';
	if (end) {
		const char *out =
		    s->who == 'C' ? r->to_backend.text : r->to_client.text;

		/* Whatever went before, the line's end did not. */
		good = r->ended && (s->who == 'S' || !strchr(out, '\n'));
	} else {
		good = !r->ended &&
		       strcmp(r->to_backend.text, s->to_backend) == 0 &&
		       strcmp(r->to_client.text, s->to_client) == 0;
	}
	if (!good)
		(void)fprintf(stderr, "%s (cut %zu): %s\n  -> %s\n  -> %s%s\n",
			      shows, cut, s->in, r->to_backend.text,
			      r->to_client.text, r->ended ? "END" : "");
	CU_ASSERT(good);
	return good;
}

static bool
play_all(size_t i, size_t cut)
{
	static struct dialogs r;

	dialogs_begin(&r, cases[i].flags);
	for (size_t k = 0; k < STEPS && cases[i].steps[k].who; k++)
		if (!play(&r, &cases[i].steps[k], cut, cases[i].shows))
			return false;
	return true;
}

static void
dialogs(void)
{
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		(void)play_all(i, DIALOGS_ROOM);
}

static void
dialogs_at_every_cut(void)
{
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		size_t longest = 0;

		for (size_t k = 0; k < STEPS && cases[i].steps[k].who; k++) {
			size_t n = strlen(cases[i].steps[k].in);

			longest = n > longest ? n : longest;
		}
		for (size_t cut = 0; cut < longest; cut++)
			if (!play_all(i, cut))
				break;
	}
}

static void
many_commands_wait_for_answers(void)
{
	static struct dialogs r;
	char text[32];
	unsigned sent = 0;

	dialogs_begin(&r, 0);
	for (unsigned i = 0; i < 300; i++) {
		(void)snprintf(text, sizeof text, "t%03u NOOP\r\n", i);
		dialogs_give(&r, 'C', text, strlen(text));
		sent += (unsigned)strlen(text);
	}
	CU_ASSERT(r.to_backend.len < sent);
	CU_ASSERT(tags_count(&r.d.tags) > 40);
	for (unsigned i = 0; i < 300; i++) {
		(void)snprintf(text, sizeof text, "t%03u OK\r\n", i);
		dialogs_give(&r, 'S', text, strlen(text));
		CU_ASSERT(!r.ended);
	}
	CU_ASSERT_EQUAL(r.to_backend.len, sent);
	CU_ASSERT(dialog_idle(&r.d));
	CU_ASSERT_EQUAL(r.d.commands, 300);
}

static void
idle_means_nothing_in_flight(void)
{
	static struct dialogs r;

	dialogs_begin(&r, 0);
	CU_ASSERT(dialog_idle(&r.d));
	dialogs_give(&r, 'C', "a NO", 4);
	CU_ASSERT(dialog_idle(&r.d)); /* nothing of it was forwarded */
	dialogs_give(&r, 'C', "OP ", 3);
	CU_ASSERT(!dialog_idle(&r.d));
	dialogs_give(&r, 'C', "\r\n", 2);
	CU_ASSERT(!dialog_idle(&r.d));
	dialogs_give(&r, 'S', "a OK\r\n", 6);
	CU_ASSERT(dialog_idle(&r.d));
	dialogs_give(&r, 'C', "b IDLE\r\n", 8);
	CU_ASSERT(!dialog_idle(&r.d));
	dialogs_give(&r, 'S', "+ x\r\n", 5);
	CU_ASSERT(dialog_idle(&r.d));
	CU_ASSERT(dialog_boundary(&r.d));
	dialogs_give(&r, 'S', "* 1 FETCH (X {3}\r\n", 18);
	CU_ASSERT(!dialog_boundary(&r.d));
	dialogs_give(&r, 'S', "abc)\r\n", 6);
	CU_ASSERT(dialog_boundary(&r.d));
}

/* Megabyte lines, literals of terabytes: nothing is kept. */
static void
long_lines_stream(void)
{
	static struct dialogs r;
	char filler[1024];

	memset(filler, 'x', sizeof filler);
	dialogs_begin(&r, CAP_IMAP4REV2);
	dialogs_give(&r, 'C', "a SEARCH ", 9);
	dialogs_give(&r, 'S', "* SEARCH ", 9);
	for (unsigned i = 0; i < 2048; i++) {
		r.to_backend.len = r.to_client.len = 0;
		dialogs_give(&r, 'C', filler, sizeof filler);
		dialogs_give(&r, 'S', filler, sizeof filler);
		CU_ASSERT_EQUAL(r.to_backend.len, sizeof filler);
		CU_ASSERT_EQUAL(r.to_client.len, sizeof filler);
	}
	dialogs_give(&r, 'S', "\r\n", 2);
	dialogs_give(&r, 'C', " {9999999999999+}\r\n", 19);
	dialogs_give(&r, 'S', "+ \r\n* SEARCH ", 14);
	dialogs_give(&r, 'S', " {9999999999999}\r\n", 18);
	for (unsigned i = 0; i < 2048; i++) {
		r.to_backend.len = r.to_client.len = 0;
		dialogs_give(&r, 'C', filler, sizeof filler);
		dialogs_give(&r, 'S', filler, sizeof filler);
		CU_ASSERT_EQUAL(r.to_backend.len, sizeof filler);
		CU_ASSERT_EQUAL(r.to_client.len, sizeof filler);
	}
	CU_ASSERT(!r.ended);
	CU_ASSERT_EQUAL(r.client.len + r.server.len, 0);
}

static void
endless_capability_words_end_the_session(void)
{
	static struct dialogs r;
	char word[DIALOG_WORD + 2];

	memset(word, 'X', sizeof word);
	dialogs_begin(&r, 0);
	dialogs_give(&r, 'S', "* CAPABILITY ", 13);
	dialogs_give(&r, 'S', word, sizeof word);
	CU_ASSERT(r.ended);
}

/* As a policy does. */
static bool
permits(void *arg, enum verb verb, struct slice name)
{
	unsigned *asked = arg;

	(*asked)++;
	return verb != VERB_EXPUNGE && verb != VERB_APPEND &&
	       !slice_ieq(name, SLICE("XKILL"));
}

static void
what_a_policy_forbids_never_passes(void)
{
	static const char in[] =
	    "a EXPUNGE\r\nb uid expunge 1:*\r\nc APPEND INBOX {9+}\r\n"
	    "x EXPUNGE {3+}\r\nabc\r\nd APPEND INBOX {10}\r\n"
	    "e xkill 1\r\nf UID XKILL\r\ng XKILLED\r\nh LOGIN a b\r\n"
	    "i UID  \t EXPUNGE 1\r\nj UID UID EXPUNGE 1\r\nk UID\r\n"
	    "l UID {7+}\r\nEXPUNGE 1\r\nm UID \"EXPUNGE\" 1\r\n"
	    "n UID FETCH EXPUNGE\r\n";
	static const char bad[] = " BAD Syntax error\r\n";
	static const char no[] = " NO [NOPERM] Command not allowed here\r\n";
	size_t most = sizeof in - 1;

	for (size_t cut = 0; cut <= most; cut++) {
		static struct dialogs r;
		char want[1024];
		unsigned asked = 0;

		dialogs_begin(&r, 0);
		dialog_forbid(&r.d, permits, &asked);
		dialogs_give(&r, 'C', in, cut);
		dialogs_give(&r, 'C', in + cut, most - cut);
		(void)snprintf(want, sizeof want,
			       "a%sb%sc%sd%se%sf%sh BAD Command not allowed "
			       "after login\r\ni%sj%sk%sl%sm%s",
			       no, no, no, no, no, no, no, bad, bad, bad, bad);
		r.to_client.text[r.to_client.len] = '\0';
		r.to_backend.text[r.to_backend.len] = '\0';
		CU_ASSERT_STRING_EQUAL(r.to_client.text, want);
		CU_ASSERT_STRING_EQUAL(r.to_backend.text,
				       "g XKILLED\r\nn UID FETCH EXPUNGE\r\n");
		CU_ASSERT(!r.ended);
		CU_ASSERT_EQUAL(asked, 9);
		CU_ASSERT_EQUAL(r.d.commands, 14);
	}
}

/* Our answer does not go into the middle of what the backend says. */
static void
a_policy_speaks_between_responses(void)
{
	static struct dialogs r;
	unsigned asked = 0;

	dialogs_begin(&r, 0);
	dialog_forbid(&r.d, permits, &asked);
	dialogs_give(&r, 'C', "a FETCH 1 BODY[]\r\n", 18);
	dialogs_give(&r, 'S', "* 1 FETCH (BODY[] {4}\r\nab", 25);
	dialogs_give(&r, 'C', "b EXPUNGE\r\n", 11);
	CU_ASSERT(!slice_iends(slice_of(r.to_client.text, r.to_client.len),
			       SLICE("here\r\n")));
	dialogs_give(&r, 'S', "cd)\r\n", 5);
	CU_ASSERT(slice_iends(slice_of(r.to_client.text, r.to_client.len),
			      SLICE("abcd)\r\nb NO [NOPERM] Command not "
				    "allowed here\r\n")));
}

void
suite_dialog(void)
{
	CU_pSuite suite = CU_add_suite("dialog", NULL, NULL);

	CU_add_test(suite, "what passes, what is held, what ends", dialogs);
	CU_add_test(suite, "however the bytes were cut", dialogs_at_every_cut);
	CU_add_test(suite, "too many commands in flight wait",
		    many_commands_wait_for_answers);
	CU_add_test(suite, "idle and boundary", idle_means_nothing_in_flight);
	CU_add_test(suite, "long lines and literals stream", long_lines_stream);
	CU_add_test(suite, "what a policy forbids never passes",
		    what_a_policy_forbids_never_passes);
	CU_add_test(suite, "a policy speaks between responses",
		    a_policy_speaks_between_responses);
	CU_add_test(suite, "endless words end the session",
		    endless_capability_words_end_the_session);
}
