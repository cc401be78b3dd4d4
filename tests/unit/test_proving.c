/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/proving.h"

#include "shelves.h"
#include "tls/store.h"

#include <CUnit/CUnit.h>

#include <stdio.h>

enum { PAIRS = 200 };

static struct shelf_builder *
with_pairs(size_t bad, size_t also_bad)
{
	static char names[PAIRS][32];
	struct shelf_builder *b;
	struct pair_fault fault;

	CU_ASSERT_EQUAL_FATAL(tls_library_init(), ERR_OK);
	b = shelf_builder_new(NULL, CERTS_NOW);
	CU_ASSERT_PTR_NOT_NULL_FATAL(b);
	shelf_leave_proofs(b);
	for (size_t i = 0; i < PAIRS; i++) {
		(void)snprintf(names[i], sizeof names[i], "host%zu.example.com",
			       i);
		CU_ASSERT_EQUAL(i == bad || i == also_bad
				    ? shelves_add_false(b, names[i], &fault)
				    : shelves_add_named(b, names[i], false),
				ERR_OK);
	}
	return b;
}

static void
all_are_proven(void)
{
	for (size_t threads = 0; threads < 4; threads++) {
		struct shelf_builder *b = with_pairs(PAIRS, PAIRS);
		struct shelf_proof proof;

		proving_run(b, threads, &proof);
		CU_ASSERT_PTR_NULL(proof.path);
		CU_ASSERT_EQUAL(shelf_unproven(b), 0);
		shelf_builder_free(b);
	}
}

static void
the_first_bad_one_is_named(void)
{
	for (size_t threads = 0; threads < 4; threads++) {
		struct shelf_builder *b = with_pairs(101, 102);
		struct shelf_proof proof;

		proving_run(b, threads, &proof);
		CU_ASSERT_PTR_NOT_NULL_FATAL(proof.path);
		CU_ASSERT_STRING_EQUAL(proof.path, "host101.example.com");
		CU_ASSERT_EQUAL(proof.pair, 101);
		CU_ASSERT_EQUAL(proof.fault.cause, ERR_MISMATCH);
		shelf_builder_free(b);
	}
}

void suite_proving(void);

void
suite_proving(void)
{
	CU_pSuite suite = CU_add_suite("proving", NULL, NULL);

	CU_add_test(suite, "all signatures are proven, on however many threads",
		    all_are_proven);
	CU_add_test(suite, "the first that is not good is named",
		    the_first_bad_one_is_named);
}
