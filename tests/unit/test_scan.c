/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "imap/scan.h"

#include <CUnit/CUnit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void suite_scan(void);

/*
 * What comes out of one command, written as text: "E" at its end, "L<n>" or
 * "L<n>+" or "B<n>" at a literal, "!" where framing is lost; then how many
 * bytes were consumed.
 */
static const struct {
	const char *shows, *in, *out;
	size_t len; /* 0: strlen(in) */
} cases[] = {
    {"a plain command ends at CRLF", "a NOOP\r\n", "E8", 0},
    {"quoted strings may hold braces", "a X \"{3}\"\r\n", "E11", 0},
    {"a backslash escapes a quote", "a X \"\\\"{3}\"\r\n", "E13", 0},
    {"a sync literal", "a X {3}\r\nabc\r\n", "L3 E14", 0},
    {"a non-sync literal", "a X {3+}\r\nabc\r\n", "L3+ E15", 0},
    {"a literal8", "a X ~{3}\r\nabc\r\n", "B3 E15", 0},
    {"a non-sync literal8", "a X ~{3+}\r\nabc\r\n", "B3+ E16", 0},
    {"a literal behind a parenthesis", "a X ({1}\r\nz)\r\n", "L1 E14", 0},
    {"an empty literal", "a X {0}\r\n\r\n", "L0 E11", 0},
    {"two literals", "a X {1}\r\nz {2}\r\nzz\r\n", "L1 L2 E20", 0},
    {"leading zeros count as digits", "a X {003}\r\nabc\r\n", "L3 E16", 0},
    {"a brace in the middle is text", "a X {3} y\r\n", "E11", 0},
    {"two braces, the second is the literal", "a X {{ {3}\r\nabc\r\n", "L3 E17",
     0},
    {"a literal may not stand behind an atom", "a X foo{3}\r\n", "!", 0},
    {"nor behind a quote", "a X \"f\"{3}\r\n", "!", 0},
    {"nor its tilde behind an atom", "a X f~{3}\r\n", "!", 0},
    {"nor first on a line", "{3}\r\n", "!", 0},
    {"there is no {n-}", "a X {3-}\r\n", "!", 0},
    {"there is no {}", "a X {}\r\n", "!", 0},
    {"there is no {+}", "a X {+}\r\n", "!", 0},
    {"{3+3} is no literal of a form nobody knows", "a X {3+3}\r\n", "!", 0},
    {"nor is {0x3}", "a X {0x3}\r\n", "!", 0},
    {"nor {3++}", "a X {3++}\r\n", "!", 0},
    {"nor { 3+}", "a X { 3+}\r\n", "!", 0},
    {"nor {3 (x)}", "a X {3 (x)}\r\n", "!", 0},
    {"a quote makes it text", "a X {\"3\"}\r\n", "E11", 0},
    {"{3 without its end is text", "a X {3\r\n", "E8", 0},
    {"11 digits are too many before login", "a X {00000000003}\r\n", "!", 0},
    {"an open quote at the line's end", "a X \"abc\r\n", "!", 0},
    {"a backslash does not hide the line's end", "a X \"abc\\\r\n", "!", 0},
    {"bare LF", "a NOOP\n", "!", 0},
    {"bare LF within quotes", "a X \"\n\"\r\n", "!", 0},
    {"bare CR", "a NO\rOP\r\n", "!", 0},
    {"bare CR behind a literal's brace", "a X {3}\rabc", "!", 0},
    {"NUL", "a N\0P\r\n", "!", 7},
    {"NUL within quotes", "a \"\0\"\r\n", "!", 7},
    {"NUL within a literal is data", "a X {3}\r\n\0\0\0\r\n", "L3 E14", 14},
    {"CRLF within a literal is data", "a X {4}\r\n\r\n\r\n\r\n", "L4 E15", 0},
    {"8-bit bytes are text", "a X \xc3\xa4\xff\r\n", "E9", 0},
    {"after a literal only SP, ) or CRLF", "a X {1}\r\nzy\r\n", "L1 !", 0},
    {"no second literal at once behind one", "a X {1}\r\nz{1}\r\n", "L1 !", 0},
    {"a quote may not follow a literal", "a X {1}\r\nz\"\"\r\n", "L1 !", 0},
};

/* Runs one input in pieces; cuts[] are offsets where a new piece begins. */
static void
run(struct slice in, const size_t *cuts, size_t ncuts, unsigned digits,
    char *out, size_t cap)
{
	struct scan s;
	size_t at = 0, n = 0;
	uint64_t literal = 0;

	out[0] = '\0';
	scan_init(&s, digits);
	for (size_t c = 0; c <= ncuts; c++) {
		size_t end = c < ncuts ? cuts[c] : in.len;

		while (at < end) {
			/* Exactly as much memory as there are bytes. */
			unsigned char *piece = malloc(end - at);
			size_t used = 0;
			enum scan_event e;

			memcpy(piece, in.ptr + at, end - at);
			if (literal > 0) {
				used = end - at < literal ? end - at
							  : (size_t)literal;
				literal -= used;
				if (literal == 0)
					scan_after_literal(&s);
				at += used;
				free(piece);
				continue;
			}
			e = scan_next(&s, slice_of(piece, end - at), &used);
			free(piece);
			at += used;
			if (e == SCAN_MORE)
				continue;
			n += (size_t)snprintf(out + n, cap - n, "%s",
					      n > 0 ? " " : "");
			if (e == SCAN_BAD) {
				(void)snprintf(out + n, cap - n, "!");
				CU_ASSERT_PTR_NOT_NULL(s.why);
				return;
			}
			if (e == SCAN_END) {
				CU_ASSERT_EQUAL(s.held, 2);
				(void)snprintf(out + n, cap - n, "E%zu", at);
				return;
			}
			n += (size_t)snprintf(out + n, cap - n, "%c%llu%s",
					      s.binary ? 'B' : 'L',
					      (unsigned long long)s.literal,
					      s.nonsync ? "+" : "");
			literal = s.literal;
			if (literal == 0)
				scan_after_literal(&s);
		}
	}
}

static struct slice
input(size_t i)
{
	return slice_of(cases[i].in,
			cases[i].len ? cases[i].len : strlen(cases[i].in));
}

static void
framing(void)
{
	char out[128];

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		run(input(i), NULL, 0, 10, out, sizeof out);
		if (strcmp(out, cases[i].out) != 0)
			(void)fprintf(stderr, "%s: %s, not %s\n",
				      cases[i].shows, out, cases[i].out);
		CU_ASSERT_STRING_EQUAL(out, cases[i].out);
	}
}

static void
framing_at_every_cut(void)
{
	char out[128];

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct slice in = input(i);
		size_t all[64];

		for (size_t a = 1; a < in.len; a++) {
			for (size_t b = a; b < in.len; b++) {
				size_t cuts[2] = {a, b};

				run(in, cuts, 2, 10, out, sizeof out);
				CU_ASSERT_STRING_EQUAL(out, cases[i].out);
			}
			all[a - 1] = a;
		}
		run(in, all, in.len - 1, 10, out, sizeof out);
		CU_ASSERT_STRING_EQUAL(out, cases[i].out);
	}
}

static void
nineteen_digits_after_login(void)
{
	char out[128];

	run(SLICE("a X {9999999999999999999}\r\n"), NULL, 0, 19, out,
	    sizeof out);
	CU_ASSERT_STRING_EQUAL(out, "L9999999999999999999");
	run(SLICE("a X {10000000000000000000}\r\n"), NULL, 0, 19, out,
	    sizeof out);
	CU_ASSERT_STRING_EQUAL(out, "!");
}

/* Nothing of a literal's marker or of the line's end may go before its verdict.
 */
static void
the_end_of_a_line_is_held(void)
{
	struct slice in = SLICE("a X b{1 ~{12+}\r\n");
	static const unsigned char held[] = {0, 0, 0, 0, 0, 1, 2, 0,
					     0, 1, 2, 3, 4, 5, 6, 7};
	struct scan s;

	scan_init(&s, 10);
	for (size_t i = 0; i < in.len; i++) {
		size_t used;

		(void)scan_next(&s, slice_of(in.ptr + i, 1), &used);
		CU_ASSERT_EQUAL(s.held, held[i]);
	}
}

static void
framing_stays_lost(void)
{
	struct scan s;
	size_t used;

	scan_init(&s, 10);
	CU_ASSERT_EQUAL(scan_next(&s, SLICE("\n"), &used), SCAN_BAD);
	CU_ASSERT_EQUAL(scan_next(&s, SLICE("a NOOP\r\n"), &used), SCAN_BAD);
}

void
suite_scan(void)
{
	CU_pSuite suite = CU_add_suite("scan", NULL, NULL);

	CU_add_test(suite, "commands end where they end", framing);
	CU_add_test(suite, "however they were cut", framing_at_every_cut);
	CU_add_test(suite, "19 digits after login, not 20",
		    nineteen_digits_after_login);
	CU_add_test(suite, "line ends and literal markers are held",
		    the_end_of_a_line_is_held);
	CU_add_test(suite, "lost framing stays lost", framing_stays_lost);
}
