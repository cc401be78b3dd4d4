/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "audit/view.h"

#include "audit/json.h"

#include <CUnit/CUnit.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void suite_view(void);

#define HEAD "{\"@timestamp\":\"2026-11-22T05:30:00.123Z\",\"event.action\":"

static const struct {
	const char *line, *shown;
	enum view_mood mood;
} lines[] = {
    {HEAD "\"login\",\"event.kind\":\"event\",\"event.outcome\":\"failure\","
	  "\"source.ip\":\"203.0.113.9\",\"user.name\":\"alice\","
	  "\"imapward.auth.code\":\"AUTHENTICATIONFAILED\","
	  "\"imapward.auth.mechanism\":\"PLAIN\","
	  "\"event.reason\":\"wrong credentials\"}\n",
     "11-22 05:30:00 login      FAIL alice 203.0.113.9 PLAIN "
     "[AUTHENTICATIONFAILED] wrong credentials",
     VIEW_BAD},
    {HEAD "\"start\",\"event.outcome\":\"success\"}",
     "11-22 05:30:00 start      ok", VIEW_GOOD},
    {HEAD "\"limit\",\"event.kind\":\"alert\",\"event.outcome\":\"failure\","
	  "\"rule.name\":\"r\",\"imapward.count\":12}\n",
     "11-22 05:30:00 limit      FAIL r x12", VIEW_ALERT},
    {HEAD "\"flood\",\"event.kind\":\"event\"}\n",
     "11-22 05:30:00 flood      -", VIEW_PLAIN},
    {"{\"event.action\":\"x\",\"@timestamp\":\"today\"}\n",
     "?              x          -", VIEW_PLAIN},
    /* What the daemon escaped stays so; what others wrote becomes it. */
    {HEAD "\"login\",\"user.name\":\"\\u001b[2J\\n\\\"x\\u202e\"}\n",
     "11-22 05:30:00 login      -    \\u001b[2J\\n\\\"x\\u202e", VIEW_PLAIN},
    {HEAD "\"login\",\"user.name\":\"\x1b[2J\xff\"}\n",
     "11-22 05:30:00 login      -    \\u001b[2J\\u00ff", VIEW_PLAIN},
    {HEAD "\"login\",\"user.name\":\"M\\u00fcller \\ud83d\\udce7\"}\n",
     "11-22 05:30:00 login      -    M\xc3\xbcller \xf0\x9f\x93\xa7",
     VIEW_PLAIN},
    {HEAD "\"login\",\"user.name\":\"\\ud83d\\u12 \\q\\\"}\n",
     "11-22 05:30:00 login      -    \\u00ed\\u00a0\\u00bd\\\\u12 "
     "\\\\q\\\"}",
     VIEW_PLAIN},
    {HEAD "\"ban\",\"event.kind\":\"alert\",\"event.outcome\":\"success\","
	  "\"imapward.ban.change\":\"added\",\"rule.name\":\"by-hand\","
	  "\"imapward.ban.network\":\"192.0.2.0/24\","
	  "\"imapward.ban.seconds\":600}\n",
     "11-22 05:30:00 ban        ok   added 192.0.2.0/24 by-hand for 600 s",
     VIEW_ALERT},
    {HEAD "\"ban\",\"event.outcome\":\"success\","
	  "\"imapward.ban.change\":\"ended\",\"source.ip\":\"192.0.2.7\","
	  "\"imapward.ban.network\":\"192.0.2.7/32\",\"rule.name\":\"r\"}\n",
     "11-22 05:30:00 ban        ok   ended 192.0.2.7 r", VIEW_GOOD},
    {HEAD "\"limit\",\"event.outcome\":\"success\",\"rule.name\":\"r\","
	  "\"imapward.limit.observed\":true}\n",
     "11-22 05:30:00 limit      ok   r (the rule only observes)", VIEW_GOOD},
    {HEAD "\"limit\",\"event.outcome\":\"failure\",\"rule.name\":\"r\","
	  "\"imapward.limit.observed\":false}\n",
     "11-22 05:30:00 limit      FAIL r", VIEW_BAD},
    {HEAD "\"policy\",\"imapward.command\":\"SETACL\",\"rule.name\":\"r\"}\n",
     "11-22 05:30:00 policy     -    SETACL r", VIEW_PLAIN},
    {HEAD "\"connection\",\"event.reason\":\"closed by the client\","
	  "\"imapward.tls.causes\":[\"name_mismatch\",\"probe\"]}\n",
     "11-22 05:30:00 connection -    closed by the client; name_mismatch, "
     "probe",
     VIEW_PLAIN},
    {"\x1b]0;evil\x07\n", "? \\u001b]0;evil\\u0007", VIEW_PLAIN},
    {"", "? ", VIEW_PLAIN},
};

static void
test_lines(void)
{
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		char text[VIEW_MAX];
		enum view_mood mood =
		    view_line(slice_str(lines[i].line), text, sizeof text);

		CU_ASSERT_EQUAL(mood, lines[i].mood);
		CU_ASSERT_STRING_EQUAL(text, lines[i].shown);
		if (strcmp(text, lines[i].shown) != 0)
			printf("'%s'\n'%s'\n", text, lines[i].shown);
	}
}

/* Any bytes: printable, within bounds. */
static void
test_any(void)
{
	static const char head[] = HEAD "\"login\",\"user.name\":\"";
	uint32_t state = 1;

	for (int round = 0; round < 5000; round++) {
		size_t len = sizeof head - 1 + (size_t)round % 200;
		char *line = malloc(len), text[300];
		struct slice s;

		CU_ASSERT_PTR_NOT_NULL_FATAL(line);
		memcpy(line, head, sizeof head - 1);
		for (size_t i = sizeof head - 1; i < len; i++) {
			state = state * 1664525 + 1013904223;
			line[i] = (char)(state >> 24);
			if (state >> 20 & 1)
				line[i] = "\\u\"0d8"[state >> 24 & 3];
		}
		(void)view_line(slice_of(line, len), text, sizeof text);
		CU_ASSERT(strlen(text) < sizeof text);
		for (s = slice_str(text); s.len > 0;) {
			int32_t point;
			size_t n = utf8_next(s, &point);

			/* The end may be cut within a character. */
			CU_ASSERT(point >= 0x20 || s.len < 4);
			CU_ASSERT(point != 0x7f && point != 0x9b);
			s = slice_skip(s, n);
		}
		free(line);
	}
}

static void
test_columns(void)
{
	CU_ASSERT_EQUAL(view_columns("abc", 5), 3);
	CU_ASSERT_EQUAL(view_columns("abc", 2), 2);
	CU_ASSERT_EQUAL(view_columns("a\xc3\xbc"
				     "c",
				     2),
			3);
	CU_ASSERT_EQUAL(view_columns("", 2), 0);
}

static void
test_value(void)
{
	unsigned char out[8];

	CU_ASSERT_EQUAL(view_value(SLICE("{\"a\":\"x\\ty\"}"), "a", out, 8), 3);
	CU_ASSERT_EQUAL(memcmp(out, "x\ty", 3), 0);
	CU_ASSERT_EQUAL(view_value(SLICE("{\"a\":1}"), "b", out, 8), 0);
	CU_ASSERT(view_value(SLICE("{\"a\":\"xxxxxxxxxxxx\"}"), "a", out, 8) <=
		  8);
}

void
suite_view(void)
{
	CU_pSuite suite = CU_add_suite("view", NULL, NULL);

	CU_add_test(suite, "an event is one line for people", test_lines);
	CU_add_test(suite, "any bytes are safe to look at", test_any);
	CU_add_test(suite, "a line is cut at columns, not bytes", test_columns);
	CU_add_test(suite, "a value is what the peer sent", test_value);
}
