/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/slice.h"

#include "unit/input.h"

static void
test_comparisons(void)
{
	static const struct {
		const char *shows;
		struct slice a, b;
		bool eq, ieq, starts, ends;
	} rows[] = {
	    {"the same", T("abc"), T("abc"), true, true, true, true},
	    {"another case", T("aBc"), T("AbC"), false, true, true, true},
	    {"another byte", T("abc"), T("abd"), false, false, false, false},
	    {"a prefix", T("abc"), T("AB"), false, false, true, false},
	    {"a suffix", T("abc"), T("BC"), false, false, false, true},
	    {"the middle", T("abc"), T("b"), false, false, false, false},
	    {"a longer one", T("ab"), T("abc"), false, false, false, false},
	    {"nothing in something", T("a"), T(""), false, false, true, true},
	    {"nothing in nothing", T(""), T(""), true, true, true, true},
	    {"something in nothing", T(""), T("a"), false, false, false, false},
	    {"NUL counts", T("a\0b"), T("a\0c"), false, false, false, false},
	    {"NUL is equal to NUL", T("\0"), T("\0"), true, true, true, true},
	    {"letters only fold", T("@[`{"), T("`{@["), false, false, false,
	     false},
	    {"8-bit does not fold", T("\xe4"), T("\xc4"), false, false, false,
	     false},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct slice a = exact(rows[i].a), b = exact(rows[i].b);

		SHOWS(rows[i].shows, slice_eq(a, b) == rows[i].eq);
		SHOWS(rows[i].shows, slice_ieq(a, b) == rows[i].ieq);
		SHOWS(rows[i].shows, slice_istarts(a, b) == rows[i].starts);
		SHOWS(rows[i].shows, slice_iends(a, b) == rows[i].ends);
		exact_free(a);
		exact_free(b);
	}
}

static void
test_parts(void)
{
	struct slice s = SLICE("abcdef");

	CU_ASSERT_TRUE(slice_eq(slice_head(s, 2), SLICE("ab")));
	CU_ASSERT_TRUE(slice_eq(slice_head(s, 0), SLICE("")));
	CU_ASSERT_TRUE(slice_eq(slice_head(s, 6), s));
	CU_ASSERT_TRUE(slice_eq(slice_head(s, SIZE_MAX), s));
	CU_ASSERT_TRUE(slice_eq(slice_skip(s, 2), SLICE("cdef")));
	CU_ASSERT_TRUE(slice_eq(slice_skip(s, 0), s));
	CU_ASSERT_EQUAL(slice_skip(s, 6).len, 0);
	CU_ASSERT_EQUAL(slice_skip(s, SIZE_MAX).len, 0);
	CU_ASSERT_PTR_EQUAL(slice_skip(s, SIZE_MAX).ptr, s.ptr + 6);
	CU_ASSERT_TRUE(slice_eq(slice_str("ab"), SLICE("ab")));
}

static void
test_no_memory(void)
{
	struct slice none = {NULL, 0}, rest = none;

	CU_ASSERT_EQUAL(slice_skip(none, 3).len, 0);
	CU_ASSERT_EQUAL(slice_head(none, 3).len, 0);
	CU_ASSERT_EQUAL(slice_find(none, 'a'), 0);
	CU_ASSERT_EQUAL(slice_cut(&rest, 'a').len, 0);
	CU_ASSERT_TRUE(slice_eq(none, SLICE("")));
	CU_ASSERT_TRUE(slice_ieq(none, none));
	CU_ASSERT_TRUE(slice_iends(none, none));
}

static void
test_find(void)
{
	CU_ASSERT_EQUAL(slice_find(SLICE("abca"), 'a'), 0);
	CU_ASSERT_EQUAL(slice_find(SLICE("abca"), 'c'), 2);
	CU_ASSERT_EQUAL(slice_find(SLICE("abca"), 'x'), 4);
	CU_ASSERT_EQUAL(slice_find(SLICE("ab\0a"), '\0'), 2);
	CU_ASSERT_EQUAL(slice_find(SLICE("ab\xff"), 0xff), 2);
	CU_ASSERT_EQUAL(slice_find(SLICE(""), 'a'), 0);
}

static void
test_cut(void)
{
	static const struct {
		const char *shows;
		struct slice in, word, rest;
	} rows[] = {
	    {"a word", T("a b c"), T("a"), T("b c")},
	    {"the last word", T("abc"), T("abc"), T("")},
	    {"an empty word", T(" a"), T(""), T("a")},
	    {"a separator at the end", T("a "), T("a"), T("")},
	    {"a separator alone", T(" "), T(""), T("")},
	    {"nothing", T(""), T(""), T("")},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct slice in = exact(rows[i].in), rest = in;

		SHOWS(rows[i].shows,
		      slice_eq(slice_cut(&rest, ' '), rows[i].word));
		SHOWS(rows[i].shows, slice_eq(rest, rows[i].rest));
		exact_free(in);
	}
}

static void
test_trim(void)
{
	static const struct {
		const char *shows;
		struct slice in, out;
	} rows[] = {
	    {"nothing", T(""), T("")},
	    {"nothing else", T("   "), T("")},
	    {"neither end", T("a  b"), T("a  b")},
	    {"both ends", T("  a b "), T("a b")},
	    {"other blanks stay", T(" \ta\t "), T("\ta\t")},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct slice in = exact(rows[i].in);

		SHOWS(rows[i].shows,
		      slice_eq(slice_trim(in, ' '), rows[i].out));
		exact_free(in);
	}
}

static void
test_numbers(void)
{
	static const struct {
		const char *shows;
		struct slice in;
		uint64_t max;
		bool good;
		uint64_t out;
	} rows[] = {
	    {"zero", T("0"), 9, true, 0},
	    {"leading zeros", T("0007"), 9, true, 7},
	    {"the ceiling", T("42"), 42, true, 42},
	    {"over the ceiling", T("43"), 42, false, 0},
	    {"far over the ceiling", T("4200"), 42, false, 0},
	    {"a ceiling below ten", T("8"), 7, false, 0},
	    {"a ceiling of zero", T("0"), 0, true, 0},
	    {"over a ceiling of zero", T("1"), 0, false, 0},
	    {"all 64 bits", T("18446744073709551615"), UINT64_MAX, true,
	     UINT64_MAX},
	    {"one more than 64 bits", T("18446744073709551616"), UINT64_MAX,
	     false, 0},
	    {"many more", T("99999999999999999999999"), UINT64_MAX, false, 0},
	    {"nothing", T(""), 9, false, 0},
	    {"a sign", T("+1"), 9, false, 0},
	    {"a minus", T("-1"), 9, false, 0},
	    {"a space", T(" 1"), 9, false, 0},
	    {"a letter", T("1a"), 99, false, 0},
	    {"hexadecimal", T("0x1"), 99, false, 0},
	    {"the byte before 0", T("/"), 99, false, 0},
	    {"the byte after 9", T(":"), 99, false, 0},
	    {"NUL behind", T("1\0"), 99, false, 0},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct slice in = exact(rows[i].in);
		uint64_t n = 0;

		SHOWS(rows[i].shows,
		      slice_number(in, rows[i].max, &n) == rows[i].good);
		SHOWS(rows[i].shows, n == rows[i].out);
		exact_free(in);
	}
}

static void
test_bytes(void)
{
	for (unsigned c = 0; c < 256; c++) {
		bool upper = c >= 'A' && c <= 'Z', lower = c >= 'a' && c <= 'z';
		unsigned char b = (unsigned char)c;

		CU_ASSERT_EQUAL(byte_alpha(b), upper || lower);
		CU_ASSERT_EQUAL(byte_digit(b), c >= '0' && c <= '9');
		CU_ASSERT_EQUAL(byte_lower(b), upper ? c + 32 : c);
	}
}

void
suite_slice(void)
{
	CU_pSuite s = CU_add_suite("slice", NULL, NULL);

	CU_add_test(s, "comparisons fold ASCII letters only", test_comparisons);
	CU_add_test(s, "parts never reach outside", test_parts);
	CU_add_test(s, "a slice of no memory is empty", test_no_memory);
	CU_add_test(s, "a byte is found", test_find);
	CU_add_test(s, "words are cut off the front", test_cut);
	CU_add_test(s, "both ends are trimmed", test_trim);
	CU_add_test(s, "numbers have a ceiling", test_numbers);
	CU_add_test(s, "classes of bytes are those of ASCII", test_bytes);
}
