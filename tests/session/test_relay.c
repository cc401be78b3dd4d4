/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_relay.c - bulk, back-pressure and memory of a session after login.
 */
#include "world.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void suite_relay(void);

enum { CHUNK = 60000, MEMORY_MOST = 1024 * 1024 };

static void
logged_in(struct world *w, size_t piece)
{
	char text[256], tag[32];
	struct slice seen;

	world_begin(w, DOOR_TLS, piece, NULL, 1);
	world_client(w, SLICE("l LOGIN bob secret\r\n"));
	world_connected(w);
	world_backend(w, SLICE("* OK [CAPABILITY IMAP4rev1 LITERAL+] x\r\n"));
	seen = world_seen(&w->to_backend);
	seen.len = slice_find(seen, ' ');
	(void)snprintf(tag, sizeof tag, "%.*s", (int)seen.len,
		       (const char *)seen.ptr);
	(void)snprintf(text, sizeof text,
		       "%s OK [CAPABILITY IMAP4rev1 LITERAL+] in\r\n", tag);
	world_backend(w, slice_str(text));
	CU_ASSERT_STRING_EQUAL(session_state_name(&w->session), "relay");
	world_forget(&w->to_client, w->to_client.len);
	world_forget(&w->to_backend, w->to_backend.len);
}

/* Bytes that tell where they belong. */
static void
fill(unsigned char *to, size_t n, uint64_t from)
{
	for (size_t i = 0; i < n; i++)
		to[i] = (unsigned char)((from + i) * 2654435761u >> 13);
}

static bool
filled(struct slice s, uint64_t from)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] != (unsigned char)((from + i) * 2654435761u >> 13))
			return false;
	return true;
}

static void
a_large_fetch_needs_constant_memory(void)
{
	static struct world w;
	unsigned char *chunk = malloc(CHUNK);
	uint64_t total = 40000000, done = 0, got = 0;

	logged_in(&w, 0);
	world_client(&w, SLICE("a FETCH 1 BODY[]\r\n"));
	world_backend(&w, SLICE("* 1 FETCH (BODY[] {40000000}\r\n"));
	world_forget(&w.to_client, w.to_client.len);
	while (done < total) {
		size_t n =
		    total - done < CHUNK ? (size_t)(total - done) : CHUNK;

		fill(chunk, n, done);
		world_backend(&w, slice_of(chunk, n));
		done += n;
		CU_ASSERT_FATAL(filled(world_seen(&w.to_client), got));
		got += w.to_client.len;
		world_forget(&w.to_client, w.to_client.len);
		CU_ASSERT_EQUAL(pool_lent(w.work->pool), 0);
	}
	CU_ASSERT_EQUAL(got, total);
	world_backend(&w, SLICE(")\r\na OK done\r\n"));
	CU_ASSERT(
	    slice_eq(world_seen(&w.to_client), SLICE(")\r\na OK done\r\n")));
	free(chunk);
	world_end(&w);
}

static void
a_large_append_needs_constant_memory(void)
{
	static struct world w;
	unsigned char *chunk = malloc(CHUNK);
	uint64_t total = 20000000, done = 0, got = 0;

	logged_in(&w, 0);
	world_client(&w, SLICE("a APPEND INBOX {20000000+}\r\n"));
	world_backend(&w, SLICE("+ \r\n"));
	world_forget(&w.to_backend, w.to_backend.len);
	while (done < total) {
		size_t n =
		    total - done < CHUNK ? (size_t)(total - done) : CHUNK;

		fill(chunk, n, done);
		world_client(&w, slice_of(chunk, n));
		done += n;
		CU_ASSERT_FATAL(filled(world_seen(&w.to_backend), got));
		got += w.to_backend.len;
		world_forget(&w.to_backend, w.to_backend.len);
		CU_ASSERT(pool_lent(w.work->pool) <= 32768);
	}
	CU_ASSERT_EQUAL(got, total);
	free(chunk);
	world_end(&w);
}

/* The side that does not take bytes stops the other one from being read. */
static void
a_stalled_side_stops_the_other(void)
{
	static struct world w;
	unsigned char chunk[16384];
	uint64_t sent = 0;

	logged_in(&w, 0);
	world_client(&w, SLICE("a FETCH 1 BODY[]\r\n"));
	world_backend(&w, SLICE("* 1 FETCH (BODY[] {100000000}\r\n"));
	w.stalled[SIDE_CLIENT] = true;
	while (w.reading[SIDE_BACKEND] && sent < 10000000) {
		world_backend(&w, slice_of(chunk, sizeof chunk));
		sent += sizeof chunk;
	}
	CU_ASSERT(sent < MEMORY_MOST);
	/* What it makes us say would only pile up. */
	CU_ASSERT(!w.reading[SIDE_CLIENT]);
	CU_ASSERT(pool_lent(w.work->pool) <= MEMORY_MOST);
	w.stalled[SIDE_CLIENT] = false;
	session_sent(&w.session, SIDE_CLIENT, 0);
	world_step(&w);
	CU_ASSERT(w.reading[SIDE_BACKEND]);
	world_end(&w);
}

/* However much a backend has to say, one read is all that is held of it. */
static void
what_waits_counts_towards_a_read(void)
{
	static struct world w;
	static unsigned char mail[WORKSPACE_READ];
	size_t piece = WORKSPACE_READ / 5;

	logged_in(&w, 0);
	world_client(&w, SLICE("a FETCH 1 BODY[]\r\n"));
	world_backend(&w, SLICE("* 1 FETCH (BODY[] {100000000}\r\n"));
	CU_ASSERT_EQUAL(session_room(&w.session, SIDE_CLIENT), CLIENT_READ);
	CU_ASSERT_EQUAL(session_room(&w.session, SIDE_BACKEND), WORKSPACE_READ);
	w.stalled[SIDE_CLIENT] = true;
	world_backend(&w, slice_of(mail, piece));
	world_backend(&w, slice_of(mail, piece));
	CU_ASSERT(w.reading[SIDE_BACKEND]);
	world_backend(&w,
		      slice_of(mail, session_room(&w.session, SIDE_BACKEND)));
	CU_ASSERT(!w.reading[SIDE_BACKEND]);
	/* TLS adds a few bytes to each record. */
	CU_ASSERT(w.took[SIDE_CLIENT] < WORKSPACE_READ + 1024);
	world_end(&w);
}

/* A client that never reads makes us say "BAD" only so often. */
static void
replies_do_not_pile_up(void)
{
	static struct world w;
	uint64_t sent = 0;

	logged_in(&w, 0);
	w.stalled[SIDE_CLIENT] = true;
	while (w.reading[SIDE_CLIENT] && sent < 10000000) {
		world_client(&w, SLICE("a LOGIN xxxxxxxxx\r\n"));
		sent += 19;
	}
	CU_ASSERT(sent < MEMORY_MOST);
	CU_ASSERT(w.took[SIDE_CLIENT] < MEMORY_MOST);
	world_end(&w);
}

static void
a_stalled_backend_stops_the_client(void)
{
	static struct world w;
	static unsigned char chunk[16384];
	uint64_t sent = 0, taken;

	logged_in(&w, 0);
	world_client(&w, SLICE("a APPEND INBOX {100000000+}\r\n"));
	world_backend(&w, SLICE("+ \r\n"));
	world_forget(&w.to_backend, w.to_backend.len);
	w.stalled[SIDE_BACKEND] = true;
	while (w.reading[SIDE_CLIENT] && sent < 10000000) {
		fill(chunk, sizeof chunk, sent);
		world_client(&w, slice_of(chunk, sizeof chunk));
		sent += sizeof chunk;
	}
	CU_ASSERT(sent < MEMORY_MOST);
	CU_ASSERT(pool_lent(w.work->pool) <= MEMORY_MOST);
	taken = w.took[SIDE_BACKEND];
	/* What was held back follows by itself, in order, once there is room.
	 */
	w.stalled[SIDE_BACKEND] = false;
	session_sent(&w.session, SIDE_BACKEND, 0);
	world_step(&w);
	CU_ASSERT_EQUAL(taken + w.to_backend.len, sent);
	CU_ASSERT(filled(world_seen(&w.to_backend), taken));
	CU_ASSERT(w.reading[SIDE_CLIENT]);
	CU_ASSERT_EQUAL(pool_lent(w.work->pool), 0);
	world_end(&w);
}

static void
an_idle_session_owns_no_buffer(void)
{
	static struct world w;

	logged_in(&w, 0);
	world_client(&w, SLICE("a IDLE\r\n"));
	world_backend(&w, SLICE("+ x\r\n"));
	CU_ASSERT_EQUAL(pool_lent(w.work->pool), 0);
	CU_ASSERT_PTR_NULL(w.session.attempt);
	CU_ASSERT(sizeof(struct session) <= 2048);
	world_end(&w);
}

/* Client and backend speak in pieces of random size; nothing is altered. */
static void
random_cuts(void)
{
	static struct world w;
	static const char up[] =
	    "a FETCH 1 (BODY[HEADER.FIELDS ({7+}\r\nSubject)]"
	    ")\r\nb APPEND \"I{3}\" {14+}\r\nx NOOP\r\nDONE\r\n\r\n"
	    "c SEARCH TEXT \"\\\"{4}\" CHARSET UTF-8\r\n";
	/* What reaches the backend: each size alone, the bytes on its word. */
	static const char asked[] =
	    "a FETCH 1 (BODY[HEADER.FIELDS ({7}\r\nSubject)])\r\n"
	    "b APPEND \"I{3}\" {14}\r\nx NOOP\r\nDONE\r\n\r\n"
	    "c SEARCH TEXT \"\\\"{4}\" CHARSET UTF-8\r\n";
	static const char down[] =
	    "* 1 FETCH (BODY[HEADER] {30}\r\na OK {3}\r\n+ go\r\n* BYE "
	    "~{2}\r\n\r\n)\r\n"
	    "* OK {9} is no literal\r\na OK [UIDNEXT 4] {3}\r\n* LIST () \"/\" "
	    "{2}\r\n"
	    "\r\n\r\nb OK [APPENDUID 1 2] x\r\n* 8 EXISTS\r\nc OK\r\n";
	unsigned seed = 1;

	for (unsigned round = 0; round < 200; round++) {
		size_t u = 0, d = 0;

		logged_in(&w, 0);
		while (u < sizeof up - 1) {
			size_t n = 1 + (size_t)rand_r(&seed) % 20;

			n = n < sizeof up - 1 - u ? n : sizeof up - 1 - u;
			world_client(&w, slice_of(up + u, n));
			if (w.session.in.dialog.word_due)
				world_backend(&w, SLICE("+ \r\n"));
			u += n;
		}
		while (d < sizeof down - 1) {
			size_t n = 1 + (size_t)rand_r(&seed) % 20;

			n = n < sizeof down - 1 - d ? n : sizeof down - 1 - d;
			world_backend(&w, slice_of(down + d, n));
			d += n;
		}
		CU_ASSERT(slice_eq(world_seen(&w.to_backend), SLICE(asked)));
		CU_ASSERT(slice_eq(world_seen(&w.to_client), SLICE(down)));
		CU_ASSERT(!w.done);
		world_end(&w);
	}
}

/* Also before login, when nobody is known yet. */
static void
key_updates_without_end(void)
{
	enum { TRIES = 100000, MOST = 600 };

	for (int in = 0; in < 2; in++) {
		static struct world w;
		unsigned n = 0;

		if (in)
			logged_in(&w, 0);
		else
			world_begin(&w, DOOR_TLS, 0, NULL, 1);
		for (; n < TRIES && !w.done; n++) {
			tls_client_update_keys(w.tls, &w.wire_out, w.pool);
			world_client_raw(&w, SLICE_EMPTY);
		}
		CU_ASSERT(n > 100 && n < MOST);
		CU_ASSERT(w.done);
		CU_ASSERT(world_holds(&w.events,
				      "too many TLS records without text"));
		world_end(&w);
	}
}

void
suite_relay(void)
{
	CU_pSuite suite = CU_add_suite("relay", NULL, NULL);

	CU_add_test(suite, "a large FETCH needs constant memory",
		    a_large_fetch_needs_constant_memory);
	CU_add_test(suite, "a large APPEND needs constant memory",
		    a_large_append_needs_constant_memory);
	CU_add_test(suite, "a stalled client stops the backend",
		    a_stalled_side_stops_the_other);
	CU_add_test(suite, "what waits for a client counts towards a read",
		    what_waits_counts_towards_a_read);
	CU_add_test(suite, "replies do not pile up", replies_do_not_pile_up);
	CU_add_test(suite, "a stalled backend stops the client",
		    a_stalled_backend_stops_the_client);
	CU_add_test(suite, "an idle session owns no buffer",
		    an_idle_session_owns_no_buffer);
	CU_add_test(suite, "nothing is altered, however it is cut",
		    random_cuts);
	CU_add_test(suite, "key updates without end end the session",
		    key_updates_without_end);
}
