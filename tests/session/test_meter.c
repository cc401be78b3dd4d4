/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_meter.c - bytes and commands after login, limited by making them wait.
 */
#include "world.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>

void suite_meter(void);

enum { KIB = 1024, CHUNK = 16 * KIB };

#define RULES "limits:\n  rules:\n"

static void
logged_in(struct world *w, const char *yaml)
{
	char text[256], tag[32];
	struct slice seen;

	world_begin(w, DOOR_TLS, 0, yaml, 1);
	world_client(w, SLICE("l LOGIN bob secret\r\n"));
	world_connected(w);
	world_backend(w, SLICE("* OK [CAPABILITY IMAP4rev1] x\r\n"));
	seen = world_seen(&w->to_backend);
	seen.len = slice_find(seen, ' ');
	(void)snprintf(tag, sizeof tag, "%.*s", (int)seen.len,
		       (const char *)seen.ptr);
	(void)snprintf(text, sizeof text, "%s OK [CAPABILITY IMAP4rev1] in\r\n",
		       tag);
	world_backend(w, slice_str(text));
	CU_ASSERT_STRING_EQUAL(session_state_name(&w->session), "relay");
	world_forget(&w->to_client, w->to_client.len);
	world_forget(&w->to_backend, w->to_backend.len);
}

/* A download goes as fast as the rule says, to a few buffers more. */
static void
a_download_takes_its_time(void)
{
	static struct world w;
	static unsigned char mail[CHUNK];
	uint64_t began, got = 0, total = 4096 * KIB, sent = 0, most;

	logged_in(&w, RULES "    - {name: slow, count: bytes, by: session, "
			    "limit: 256KiB/s, burst: 512KiB}\n");
	world_client(&w, SLICE("a FETCH 1 BODY[]\r\n"));
	world_backend(&w, SLICE("* 1 FETCH (BODY[] {4194304}\r\n"));
	began = w.now;
	while (sent < total) {
		while (w.reading[SIDE_BACKEND] && sent < total) {
			world_backend(&w, slice_of(mail, sizeof mail));
			sent += sizeof mail;
		}
		got += w.to_client.len;
		world_forget(&w.to_client, w.to_client.len);
		most = 512 * KIB + (w.now - began) * 256 * KIB / 1000 +
		       2 * (uint64_t)PLAIN_MOST;
		CU_ASSERT_FATAL(got <= most);
		CU_ASSERT_FATAL(pool_lent(w.work->pool) <= 2 * PLAIN_MOST);
		if (sent < total) {
			CU_ASSERT_FATAL(!w.reading[SIDE_CLIENT]);
			CU_ASSERT_FATAL(w.alarm > w.now &&
					w.alarm < w.now + 1000);
			world_wait(&w, w.alarm - w.now);
		}
	}
	/* 3.5 MiB beyond the burst. */
	CU_ASSERT(w.now - began >= 13000 && w.now - began <= 14100);
	world_wait(&w, 5000);
	got += w.to_client.len;
	CU_ASSERT(got >= total);
	CU_ASSERT(world_holds(&w.events, "\"rule.name\":\"slow\""));
	CU_ASSERT_EQUAL(pool_lent(w.work->pool), 0);
	CU_ASSERT(w.reading[SIDE_BACKEND] && w.reading[SIDE_CLIENT]);
	world_end(&w);
}

static void
an_upload_takes_its_time(void)
{
	static struct world w;
	static unsigned char mail[CHUNK];
	uint64_t began, total = 2048 * KIB, sent = 0;

	logged_in(&w, RULES "    - {name: slow, count: bytes, by: session, "
			    "limit: 256KiB/s, burst: 256KiB}\n");
	world_client(&w, SLICE("a APPEND INBOX {2097152}\r\n"));
	world_backend(&w, SLICE("+ \r\n"));
	began = w.now;
	while (sent < total) {
		while (w.reading[SIDE_CLIENT] && sent < total) {
			world_client(&w, slice_of(mail, sizeof mail));
			sent += sizeof mail;
		}
		if (sent < total)
			world_wait(&w, w.alarm - w.now);
	}
	CU_ASSERT(w.now - began >= 6000 && w.now - began <= 7100);
	world_wait(&w, 5000);
	CU_ASSERT(w.to_backend.len >= total);
	world_end(&w);
}

/* A thousand commands in one read are one by one all the same. */
static void
a_flood_of_commands(void)
{
	static struct world w;
	static char flood[64 * KIB];
	size_t n = 0, done = 0;
	uint64_t began;

	logged_in(&w, RULES "    - {name: few, count: commands, by: session, "
			    "limit: 10/s, burst: 20}\n");
	for (int i = 0; i < 1000; i++)
		n += (size_t)snprintf(flood + n, sizeof flood - n,
				      "t%d NOOP\r\n", i);
	began = w.now;
	world_client(&w, slice_of(flood, n));
	while (w.now - began < 100000 && done < 1000) {
		char text[64];
		struct slice seen = world_seen(&w.to_backend), line;

		while (seen.len > 0) {
			line = slice_cut(&seen, ' ');
			(void)snprintf(text, sizeof text, "%.*s OK\r\n",
				       (int)line.len, (const char *)line.ptr);
			(void)slice_cut(&seen, '\n');
			world_backend(&w, slice_str(text));
			done++;
			CU_ASSERT_FATAL(done <= 21 + (w.now - began) / 100);
			seen =
			    slice_skip(world_seen(&w.to_backend),
				       (size_t)(seen.ptr - w.to_backend.bytes));
		}
		world_forget(&w.to_backend, w.to_backend.len);
		world_wait(&w, 50);
	}
	CU_ASSERT_EQUAL(done, 1000);
	CU_ASSERT(w.now - began >= 97900 && w.now - began <= 98500);
	CU_ASSERT(!w.done);
	world_end(&w);
}

/* What a backend said before it closed is not lost for its being too much. */
static void
a_backend_that_closes_meanwhile(void)
{
	static struct world w;
	static unsigned char mail[CHUNK];
	unsigned sent = 0;

	logged_in(&w, RULES "    - {name: slow, count: bytes, by: session, "
			    "limit: 1KiB/s, burst: 1KiB}\n");
	world_client(&w, SLICE("a FETCH 1 BODY[]\r\n"));
	world_backend(&w, SLICE("* 1 FETCH (BODY[] {32768}\r\n"));
	world_backend(&w, slice_of(mail, sizeof mail));
	CU_ASSERT(!w.reading[SIDE_BACKEND]);
	/* On its way already. */
	world_backend(&w, slice_of(mail, sizeof mail));
	world_backend(&w, SLICE(")\r\na OK done\r\n"));
	world_ended(&w, SIDE_BACKEND);
	CU_ASSERT(!w.done);
	for (; !w.done && sent < 100; sent++)
		world_wait(&w, 1000);
	CU_ASSERT(w.done);
	CU_ASSERT(world_holds(&w.to_client, "a OK done\r\n"));
	world_end(&w);
}

/* What one session has used up the other one waits for, too. */
static void
sessions_of_one_user_share(void)
{
	static struct world one, two;
	static const char rules[] =
	    RULES "    - {name: fair, count: commands, by: user, "
		  "limit: 1/s, burst: 4}\n";
	struct defence *d = defence_new(TALLY_MEMORY_LEAST);

	one.shared = two.shared = d;
	logged_in(&one, rules);
	logged_in(&two, rules);
	world_client(&one, SLICE("a NOOP\r\nb NOOP\r\nc NOOP\r\n"));
	CU_ASSERT(world_holds(&one.to_backend, "c NOOP"));
	world_client(&two, SLICE("a NOOP\r\nb NOOP\r\n"));
	CU_ASSERT(world_holds(&two.to_backend, "a NOOP"));
	CU_ASSERT(!world_holds(&two.to_backend, "b NOOP"));
	/* It went at once, for one was left; the next one waits. */
	world_client(&one, SLICE("d NOOP\r\ne NOOP\r\n"));
	CU_ASSERT(world_holds(&one.to_backend, "d NOOP"));
	CU_ASSERT(!world_holds(&one.to_backend, "e NOOP"));
	world_wait(&one, 3000);
	world_wait(&two, 3000);
	CU_ASSERT(world_holds(&one.to_backend, "e NOOP"));
	CU_ASSERT(world_holds(&two.to_backend, "b NOOP"));
	CU_ASSERT(world_holds(&two.events, "\"imapward.limit.by\":\"user\""));
	world_end(&one);
	world_end(&two);
	defence_free(d);
}

/* Nobody pays for what nobody has asked for. */
static void
no_rule_no_meter(void)
{
	static struct world w;

	logged_in(&w, NULL);
	CU_ASSERT_PTR_NULL(w.session.meter);
	CU_ASSERT_PTR_NULL(w.session.diary);
	world_end(&w);
}

void
suite_meter(void)
{
	CU_pSuite suite = CU_add_suite("meter", NULL, NULL);

	CU_add_test(suite, "a download takes its time",
		    a_download_takes_its_time);
	CU_add_test(suite, "an upload takes its time",
		    an_upload_takes_its_time);
	CU_add_test(suite, "a flood of commands", a_flood_of_commands);
	CU_add_test(suite, "a backend that closes meanwhile",
		    a_backend_that_closes_meanwhile);
	CU_add_test(suite, "sessions of one user share",
		    sessions_of_one_user_share);
	CU_add_test(suite, "no rule, no meter", no_rule_no_meter);
}
