/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "x509/der.h"

#include "unit/input.h"

static const struct {
	const char *shows;
	struct slice in;
	bool good;
	unsigned tag;
	size_t content, rest;
} elements[] = {
    {"an empty SEQUENCE", T("\x30\x00"), true, DER_SEQUENCE, 0, 0},
    {"what follows stays", T("\x02\x01\x05\x00"), true, DER_INTEGER, 1, 1},
    {"nothing", T(""), false, 0, 0, 0},
    {"a tag alone", T("\x30"), false, 0, 0, 0},
    {"a content that is too short", T("\x30\x02\x00"), false, 0, 0, 0},
    {"a tag of several bytes", T("\x1f\x81\x01\x00"), false, 0, 0, 0},
    {"an indefinite length", T("\x30\x80\x00\x00"), false, 0, 0, 0},
    {"a length in two bytes where one is enough", T("\x04\x81\x01x"), false, 0,
     0, 0},
    {"a length that begins with zero", T("\x04\x82\x00\x01x"), false, 0, 0, 0},
    {"a length in eight bytes", T("\x04\x88\x01\x00\x00\x00\x00\x00\x00\x00"),
     false, 0, 0, 0},
    {"a length of 4 GB", T("\x04\x84\xff\xff\xff\xff"), false, 0, 0, 0},
    {"a length that ends early", T("\x04\x82\x01"), false, 0, 0, 0},
};

static void
test_elements(void)
{
	for (size_t i = 0; i < COUNT(elements); i++) {
		struct slice in = exact(elements[i].in), rest = in;
		struct der d = {0};

		SHOWS(elements[i].shows,
		      der_next(&rest, &d) == elements[i].good);
		SHOWS(elements[i].shows,
		      d.tag == elements[i].tag &&
			  d.content.len == elements[i].content);
		SHOWS(elements[i].shows,
		      rest.len ==
			  (elements[i].good ? elements[i].rest : in.len));
		exact_free(in);
	}
}

static void
test_lengths(void)
{
	static unsigned char mem[70000] = {0x04, 0x82, 0x01, 0x00};
	struct slice in = slice_of(mem, 4 + 256), content;
	struct der d;

	CU_ASSERT_TRUE(der_only(in, DER_OCTET_STRING, &content));
	CU_ASSERT_EQUAL(content.len, 256);
	in.len++;
	CU_ASSERT_FALSE(der_only(in, DER_OCTET_STRING, &content));
	CU_ASSERT_TRUE(der_next(&in, &d));
	CU_ASSERT_EQUAL(d.whole.len, 260);
	CU_ASSERT_EQUAL(in.len, 1);
	memcpy(mem, "\x04\x83\x01\x00\x00", 5);
	in = slice_of(mem, 5 + 65536);
	CU_ASSERT_FALSE(der_take(&in, DER_SEQUENCE, &content));
	CU_ASSERT_TRUE(der_comes(in, DER_OCTET_STRING));
	CU_ASSERT_TRUE(der_take(&in, DER_OCTET_STRING, &content));
	CU_ASSERT_EQUAL(content.len, 65536);
	CU_ASSERT_FALSE(der_comes(in, DER_OCTET_STRING));
}

static const struct {
	struct slice in;
	bool integer, number;
	uint32_t value;
} numbers[] = {
    {T("\x00"), true, true, 0},
    {T("\x7f"), true, true, 127},
    {T("\x00\x80"), true, true, 128},
    {T("\x7f\xff\xff\xff"), true, true, 0x7fffffff},
    {T("\x00\x80\x00\x00\x00"), true, false, 0},
    {T("\x80"), true, false, 0}, /* negative */
    {T(""), false, false, 0},
    {T("\x00\x7f"), false, false, 0}, /* a zero too many */
    {T("\xff\x80"), false, false, 0},
};

static void
test_numbers(void)
{
	for (size_t i = 0; i < COUNT(numbers); i++) {
		uint32_t n = 0;

		CU_ASSERT_EQUAL(der_integer(numbers[i].in), numbers[i].integer);
		CU_ASSERT_EQUAL(der_number(numbers[i].in, &n),
				numbers[i].number);
		CU_ASSERT_EQUAL(n, numbers[i].value);
	}
}

static void
test_bits(void)
{
	struct slice out = SLICE_EMPTY;
	unsigned flags = 0;
	bool yes = false;

	CU_ASSERT_TRUE(der_flags(SLICE("\x07\x80"), &flags));
	CU_ASSERT_EQUAL(flags, 1);
	CU_ASSERT_TRUE(der_flags(SLICE("\x02\x04"), &flags));
	CU_ASSERT_EQUAL(flags, 1 << 5);
	CU_ASSERT_TRUE(der_flags(SLICE("\x07\x06\x80"), &flags));
	CU_ASSERT_EQUAL(flags, 1 << 5 | 1 << 6 | 1 << 8);
	CU_ASSERT_TRUE(der_flags(SLICE("\x00"), &flags));
	CU_ASSERT_EQUAL(flags, 0);
	CU_ASSERT_TRUE(der_flags(SLICE("\x00\x80\x01\xff"), &flags));
	CU_ASSERT_EQUAL(flags, 1 | 1 << 15);
	CU_ASSERT_FALSE(der_flags(SLICE(""), &flags));
	CU_ASSERT_FALSE(der_flags(SLICE("\x01"), &flags));
	CU_ASSERT_FALSE(der_flags(SLICE("\x08\x00"), &flags));
	CU_ASSERT_FALSE(der_flags(SLICE("\x07\x81"), &flags));
	CU_ASSERT_TRUE(der_bytes(SLICE("\x00xy"), &out));
	CU_ASSERT_EQUAL(out.len, 2);
	CU_ASSERT_FALSE(der_bytes(SLICE("\x01xy"), &out));
	CU_ASSERT_FALSE(der_bytes(SLICE(""), &out));
	CU_ASSERT_TRUE(der_boolean(SLICE("\xff"), &yes));
	CU_ASSERT_TRUE(yes);
	CU_ASSERT_TRUE(der_boolean(SLICE("\x00"), &yes));
	CU_ASSERT_FALSE(yes);
	CU_ASSERT_FALSE(der_boolean(SLICE("\x01"), &yes));
	CU_ASSERT_FALSE(der_boolean(SLICE("\xff\xff"), &yes));
}

static const struct {
	const char *text; /* 13 bytes: UTCTime */
	bool good;
	int64_t seconds;
} times[] = {
    {"700101000000Z", true, 0},
    {"691231235959Z", true, -1},
    {"491231235959Z", true, 2524607999},
    {"500101000000Z", true, -631152000},
    {"261122053000Z", true, 1795325400},
    {"20500101000000Z", true, 2524608000},
    {"99991231235959Z", true, 253402300799},
    {"20000229120000Z", true, 951825600},
    {"00000301000000Z", true, -62162035200},
    {"20010229120000Z", false, 0},
    {"21000229120000Z", false, 0},
    {"260431000000Z", false, 0},
    {"260001000000Z", false, 0},
    {"261301000000Z", false, 0},
    {"260100000000Z", false, 0},
    {"260101240000Z", false, 0},
    {"260101006000Z", false, 0},
    {"260101000060Z", false, 0},
    {"260101000000+", false, 0},
    {"2601010000Z00", false, 0},
    {"2601 1000000Z", false, 0},
    {"26010100000Z", false, 0},
    {"20260101000000.5Z", false, 0},
    {"20260101000000", false, 0},
    {"", false, 0},
};

static void
test_times(void)
{
	for (size_t i = 0; i < COUNT(times); i++) {
		struct slice in = exact(slice_str(times[i].text));
		struct der d = {.content = in,
				.tag = in.len == 13 ? DER_UTC_TIME
						    : DER_GENERALIZED_TIME};
		int64_t seconds = 0;

		SHOWS(times[i].text, der_time(&d, &seconds) == times[i].good);
		SHOWS(times[i].text, seconds == times[i].seconds);
		d.tag = DER_OCTET_STRING;
		SHOWS(times[i].text, !der_time(&d, &seconds));
		exact_free(in);
	}
}

void
suite_der(void)
{
	CU_pSuite suite = CU_add_suite("der", NULL, NULL);

	CU_add_test(suite, "an element is taken whole or not at all",
		    test_elements);
	CU_add_test(suite, "lengths of two and three bytes", test_lengths);
	CU_add_test(suite, "integers are written as short as can be",
		    test_numbers);
	CU_add_test(suite, "bit strings and booleans", test_bits);
	CU_add_test(suite, "both forms of time, and days that exist",
		    test_times);
}
