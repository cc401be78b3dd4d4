/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * run-unit.c - runs the CUnit suites of tests/unit and tests/session.
 *
 * Make writes suites.def from the names of the files: test_scan.c gives
 * SUITE(scan), and this calls suite_scan() to register it.
 *
 *   unit [NAME...]    all suites, or the ones named
 */

#include <CUnit/CUnit.h>
#include <CUnit/TestRun.h>

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define SUITE(name) void suite_##name(void);
#include "suites.def"
#undef SUITE

static const struct {
	const char *name;
	void (*add)(void);
} suites[] = {
#define SUITE(name) {#name, suite_##name},
#include "suites.def"
#undef SUITE
    {NULL, NULL},
};

static unsigned broken; /* suites that could not be registered or set up */

/* One line per failed assertion, in the form editors can jump to. */
static void
print_failures(const CU_pTest test, const CU_pSuite suite,
	       const CU_pFailureRecord first)
{
	for (const CU_FailureRecord *f = first; f; f = f->pNext)
		printf("%s:%u: %s (%s: %s)\n",
		       f->strFileName ? f->strFileName : "?", f->uiLineNumber,
		       f->strCondition ? f->strCondition : "failed",
		       suite->pName, test->pName);
	fflush(stdout);
}

static void
print_init_failure(const CU_pSuite suite)
{
	printf("%s: the suite's set-up failed\n", suite->pName);
	broken++;
}

static void
print_cleanup_failure(const CU_pSuite suite)
{
	printf("%s: the suite's clean-up failed\n", suite->pName);
	broken++;
}

static bool
wanted(const char *name, int count, char **names)
{
	for (int i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return count == 0;
}

/* A suite that registers nothing would pass unseen, so it fails. */
static void
add_suites(int count, char **names)
{
	for (size_t i = 0; suites[i].name; i++) {
		unsigned before = CU_get_registry()->uiNumberOfTests;

		if (!wanted(suites[i].name, count, names))
			continue;
		suites[i].add();
		if (CU_get_error() != CUE_SUCCESS) {
			printf("%s: %s\n", suites[i].name, CU_get_error_msg());
			broken++;
		} else if (CU_get_registry()->uiNumberOfTests == before) {
			printf("%s: no tests\n", suites[i].name);
			broken++;
		}
	}
}

int
main(int argc, char **argv)
{
	unsigned run, failed;

	if (CU_initialize_registry() != CUE_SUCCESS)
		return 1;
	add_suites(argc - 1, argv + 1);
	CU_set_test_complete_handler(print_failures);
	CU_set_suite_init_failure_handler(print_init_failure);
	CU_set_suite_cleanup_failure_handler(print_cleanup_failure);
	CU_run_all_tests();
	run = CU_get_number_of_tests_run();
	failed = CU_get_number_of_tests_failed();
	CU_cleanup_registry();
	if (argc > 1 && run == 0 && broken == 0) {
		printf("no such suite\n");
		broken++;
	}
	printf("%u passed, %u failed\n", run - failed, failed + broken);
	return failed + broken > 0;
}
