/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/evidence.h"

#include <CUnit/CUnit.h>

#include <string.h>

static void
the_first_and_the_latest(void)
{
	static const char *const texts[] = {"a", "b", "a", "c",
					    "d", "e", "a", "f"};
	struct evidence e = {0};

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		evidence_note(&e, slice_str(texts[i]), 100 + i);
	CU_ASSERT_EQUAL(e.first, 100);
	CU_ASSERT_EQUAL(e.last, 107);
	CU_ASSERT_EQUAL(e.attempts, 8);
	CU_ASSERT_EQUAL_FATAL(e.count, 4);
	CU_ASSERT_STRING_EQUAL(e.texts[0], "a");
	CU_ASSERT_STRING_EQUAL(e.texts[2], "c");
	CU_ASSERT_STRING_EQUAL(e.texts[3], "f");
}

static void
whatever_a_peer_sends(void)
{
	static const unsigned char big[300] = {[0] = 'x'};
	struct evidence e = {.attempts = UINT32_MAX};

	evidence_note(&e, SLICE_EMPTY, 1);
	CU_ASSERT_EQUAL(e.count, 0);
	evidence_note(&e, slice_of(big, sizeof big), 2);
	evidence_note(&e, slice_of(big, sizeof big), 3);
	CU_ASSERT_EQUAL(e.count, 1);
	CU_ASSERT_EQUAL(strlen(e.texts[0]), EVIDENCE_TEXT - 1);
	CU_ASSERT_EQUAL(memcmp(e.texts[0], "x???", 4), 0);
	CU_ASSERT_EQUAL(e.attempts, UINT32_MAX);
}

void
suite_evidence(void)
{
	CU_pSuite s = CU_add_suite("evidence", NULL, NULL);

	CU_add_test(s, "the first texts and the latest one are kept",
		    the_first_and_the_latest);
	CU_add_test(s, "whatever a peer sends has room", whatever_a_peer_sends);
}
