/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/stretch.h"

#include <CUnit/CUnit.h>

void suite_stretch(void);

static void
read(void)
{
	static const struct {
		const char *text;
		bool good;
		uint64_t seconds;
	} rows[] = {
	    {"90s", true, 90},
	    {"30m", true, 1800},
	    {"2h", true, 7200},
	    {"7d", true, 604800},
	    {"45", true, 45},
	    {"0", true, 0},
	    {"36525d", true, UINT64_C(3155760000)},
	    {"36526d", false, 0},
	    {"99999999999999999999s", false, 0},
	    {"", false, 0},
	    {"h", false, 0},
	    {"1w", false, 0},
	    {"-1h", false, 0},
	    {"1.5h", false, 0},
	    {"1h30m", false, 0},
	};

	for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		uint64_t seconds = 12345;

		CU_ASSERT_EQUAL(stretch_read(rows[i].text, &seconds),
				rows[i].good);
		CU_ASSERT_EQUAL(seconds,
				rows[i].good ? rows[i].seconds : 12345);
	}
}

static void
print(void)
{
	static const struct {
		uint64_t seconds;
		const char *text;
	} rows[] = {
	    {0, "0s"},
	    {59, "59s"},
	    {60, "1m 0s"},
	    {552, "9m 12s"},
	    {3599, "59m 59s"},
	    {3600, "1h 0m"},
	    {86399, "23h 59m"},
	    {90000, "1d 1h"},
	    {UINT64_C(3155760000), "36525d 0h"},
	};
	char out[STRETCH_MAX];

	for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		stretch_print(rows[i].seconds, out);
		CU_ASSERT_STRING_EQUAL(out, rows[i].text);
	}
}

void
suite_stretch(void)
{
	CU_pSuite suite = CU_add_suite("stretch", NULL, NULL);

	CU_add_test(suite, "times that people write", read);
	CU_add_test(suite, "times for people", print);
}
