/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_front.c - handshakes of whole sessions: hellos however they were cut,
 * turns however few.
 */
#include "world.h"

#include <CUnit/CUnit.h>

void suite_front(void);

static bool
greeted(struct world *w)
{
	return slice_istarts(world_seen(&w->to_client), SLICE("* OK "));
}

/* Of 1.4 KB and more: a key share of X25519MLKEM768 is 1216 bytes long. */
static void
a_post_quantum_hello_may_be_cut_anywhere(void)
{
	static const size_t cuts[] = {1, 2, 3, 4, 5, 9, 100, 1215, 1400};
	static const size_t pieces[] = {0, 1, 7, 536};
	static struct world w;

	for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
		for (size_t j = 0; j < sizeof pieces / sizeof pieces[0]; j++) {
			w.cut = cuts[i];
			world_begin(&w, DOOR_TLS, pieces[j], NULL, 1);
			CU_ASSERT_TRUE(greeted(&w));
			CU_ASSERT_TRUE(world_holds(
			    &w.events, "\"tls.curve\":\"X25519MLKEM768\""));
			world_end(&w);
		}
	}
}

/* Bytes that complete nothing take nobody's turn. */
static void
a_turn_is_taken_for_a_whole_record_only(void)
{
	static struct world w;

	world_begin(&w, DOOR_TLS, 1, NULL, 1);
	CU_ASSERT_TRUE(greeted(&w));
	CU_ASSERT_TRUE(w.turns_asked <= 4);
	world_client(&w, SLICE("a NOOP\r\n"));
	CU_ASSERT_TRUE(w.turns_asked <= 4);
	world_end(&w);
}

/* With lists of revoked certificates it may be the dearest step of all. */
static void
a_context_waits_for_its_turn(void)
{
	static struct world w;

	w.busy = true;
	world_begin(&w, DOOR_TLS, 0, NULL, 1);
	CU_ASSERT_EQUAL(contexts_count(w.work->contexts), 0);
	CU_ASSERT_EQUAL(w.raw.len, 0);
	world_admit(&w);
	CU_ASSERT_EQUAL(contexts_count(w.work->contexts), 1);
	CU_ASSERT_TRUE(greeted(&w));
	world_end(&w);
	w.busy = false;
}

/* A client that waits for its turn cannot make us keep more and more. */
static void
who_waits_is_read_within_bounds(void)
{
	static const unsigned char flood[60000];
	static struct world w;

	w.busy = true;
	world_begin(&w, DOOR_TLS, 0, NULL, 1);
	CU_ASSERT_STRING_EQUAL(session_state_name(&w.session), "hello");
	CU_ASSERT_TRUE(w.reading[SIDE_CLIENT]);
	world_client_raw(&w, slice_of(flood, sizeof flood));
	world_client_raw(&w, slice_of(flood, sizeof flood));
	CU_ASSERT_FALSE(w.reading[SIDE_CLIENT]);
	world_end(&w);
	w.busy = false;
}

void
suite_front(void)
{
	CU_pSuite s = CU_add_suite("front", NULL, NULL);

	CU_add_test(s, "a post-quantum hello may be cut anywhere",
		    a_post_quantum_hello_may_be_cut_anywhere);
	CU_add_test(s, "a turn is taken for a whole record only",
		    a_turn_is_taken_for_a_whole_record_only);
	CU_add_test(s, "a context waits for its turn, too",
		    a_context_waits_for_its_turn);
	CU_add_test(s, "who waits for a turn is read within bounds",
		    who_waits_is_read_within_bounds);
}
