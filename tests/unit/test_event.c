/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "audit/event.h"

#include "audit/json.h"

#include <CUnit/CUnit.h>

#include <stdio.h>
#include <string.h>

#define HEAD                                                                   \
	"{\"@timestamp\":\"2026-11-22T05:30:00.123Z\","                        \
	"\"ecs.version\":\"8.17.0\",\"event.kind\":\"event\","                 \
	"\"event.category\":[\"authentication\"],"                             \
	"\"event.type\":[\"start\"],"                                          \
	"\"event.action\":\"login\""

enum { WALL_SECONDS = 1795325400 };
static const uint64_t wall = UINT64_C(1000) * WALL_SECONDS + 123;

static const struct event_context context = {
    .session = "8f3a000000000001",
    .address = "203.0.113.9",
    .port = 54321,
    .listener = "imaps",
};

static void
check(struct event *e, const char *expected)
{
	struct slice line = event_end(e);

	CU_ASSERT(slice_eq(line, slice_str(expected)));
	if (!slice_eq(line, slice_str(expected)))
		printf("%.*s%s", (int)line.len, (const char *)line.ptr,
		       expected);
}

static void
test_whole(void)
{
	struct event e;

	event_begin(&e, EV_LOGIN, &context, NULL, wall);
	event_text(&e, FIELD_OUTCOME, "failure");
	event_slice(&e, FIELD_USER, SLICE("alice"));
	event_number(&e, FIELD_ATTEMPT, UINT64_MAX);
	event_bool(&e, FIELD_TLS_RESUMED, true);
	event_bool(&e, FIELD_TLS_ESTABLISHED, false);
	event_text(&e, FIELD_CODE, NULL);
	check(&e, HEAD ",\"imapward.session\":\"8f3a000000000001\","
		       "\"imapward.listener\":\"imaps\","
		       "\"source.ip\":\"203.0.113.9\",\"source.port\":54321,"
		       "\"event.outcome\":\"failure\",\"user.name\":\"alice\","
		       "\"imapward.auth.attempt\":18446744073709551615,"
		       "\"tls.resumed\":true,\"tls.established\":false}\n");
	CU_ASSERT_FALSE(e.cut);
}

static void
test_list(void)
{
	static const char *const causes[] = {"one", "t\"wo"};
	const char *many[EVENT_LIST_MAX];
	char large[300];
	struct event e;

	event_begin(&e, EV_LOGIN, NULL, NULL, wall);
	event_list(&e, FIELD_TLS_CAUSES, causes, 2);
	event_list(&e, FIELD_TLS_CAUSES, causes, 1);
	check(&e, HEAD ",\"imapward.tls.causes\":[\"one\",\"t\\\"wo\"]}\n");
	event_begin(&e, EV_LOGIN, NULL, NULL, wall);
	event_list(&e, FIELD_TLS_CAUSES, causes, 1);
	check(&e, HEAD ",\"imapward.tls.causes\":[\"one\"]}\n");
	event_begin(&e, EV_LOGIN, NULL, NULL, wall);
	event_list(&e, FIELD_TLS_CAUSES, NULL, 0);
	check(&e, HEAD "}\n");
	/* However much there is to say, it stays a list. */
	memset(large, '\a', sizeof large - 1);
	large[sizeof large - 1] = '\0';
	for (size_t i = 0; i < EVENT_LIST_MAX; i++)
		many[i] = large;
	event_begin(&e, EV_LOGIN, NULL, NULL, wall);
	event_list(&e, FIELD_TLS_CAUSES, many, EVENT_LIST_MAX);
	CU_ASSERT_TRUE(e.cut);
	CU_ASSERT_TRUE(slice_iends(event_end(&e), SLICE("\"]}\n")));
}

static void
test_empty_context(void)
{
	static const struct event_context nobody = {.session = ""};
	struct event e;

	event_begin(&e, EV_LOGIN, &nobody, NULL, wall);
	check(&e, HEAD "}\n");
	event_begin(&e, EV_LOGIN, NULL, NULL, wall);
	check(&e, HEAD "}\n");
}

static void
test_twice(void)
{
	struct event e;

	event_begin(&e, EV_LOGIN, NULL, NULL, wall);
	event_text(&e, FIELD_REASON, "first");
	event_text(&e, FIELD_REASON, "second");
	check(&e, HEAD ",\"event.reason\":\"first\"}\n");
}

static const struct {
	uint64_t seconds;
	const char *text;
} times[] = {
    {0, "1970-01-01T00:00:00"},
    {68169599, "1972-02-28T23:59:59"},
    {68169600, "1972-02-29T00:00:00"},
    {68256000, "1972-03-01T00:00:00"},
    {946684799, "1999-12-31T23:59:59"},
    {951782400, "2000-02-29T00:00:00"},
    {4107542399, "2100-02-28T23:59:59"},
    {4107542400, "2100-03-01T00:00:00"},
    {253402300799, "9999-12-31T23:59:59"},
};

static void
test_times(void)
{
	for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
		struct event e;
		char expected[64];

		snprintf(expected, sizeof expected,
			 "{\"@timestamp\":\"%s.007Z\"", times[i].text);
		event_begin(&e, EV_START, NULL, NULL,
			    times[i].seconds * 1000 + 7);
		CU_ASSERT(slice_eq(slice_head(event_end(&e), strlen(expected)),
				   slice_str(expected)));
	}
}

#define BYTES(text) text, sizeof text - 1

static const struct {
	const char *what, *value;
	size_t len;
	const char *json;
} values[] = {
    {"plain", BYTES("alice"), "alice"},
    {"empty", BYTES(""), ""},
    {"quotes and backslashes", BYTES("a\"b\\c/d"), "a\\\"b\\\\c/d"},
    {"the short escapes", BYTES("\b\t\n\f\r"), "\\b\\t\\n\\f\\r"},
    {"NUL and ESC", BYTES("\0\x1b[31m"), "\\u0000\\u001b[31m"},
    {"DEL", BYTES("\x7f"), "\\u007f"},
    {"UTF-8 stays", BYTES("M\xc3\xbcller \xe2\x82\xac \xf0\x9f\x93\xa7"),
     "M\xc3\xbcller \xe2\x82\xac \xf0\x9f\x93\xa7"},
    {"C1 controls", BYTES("\xc2\x80\xc2\x9f\xc2\xa0"),
     "\\u0080\\u009f\xc2\xa0"},
    {"a byte that is no UTF-8", BYTES("M\xfcller"), "M\\u00fcller"},
    {"a character cut short", BYTES("\xe2\x82"), "\\u00e2\\u0082"},
    {"a long form of /", BYTES("\xc0\xaf"), "\\u00c0\\u00af"},
    {"a surrogate", BYTES("\xed\xa0\x80"), "\\u00ed\\u00a0\\u0080"},
    {"beyond Unicode", BYTES("\xf4\x90\x80\x80"),
     "\\u00f4\\u0090\\u0080\\u0080"},
    {"line and paragraph separator", BYTES("\xe2\x80\xa8\xe2\x80\xa9"),
     "\\u2028\\u2029"},
    {"text that runs the other way", BYTES("\xe2\x80\xaegpj.exe"),
     "\\u202egpj.exe"},
    {"isolates", BYTES("\xe2\x81\xa6\xe2\x81\xa9"), "\\u2066\\u2069"},
    {"without width", BYTES("ad\xe2\x80\x8bmin\xef\xbb\xbf"),
     "ad\\u200bmin\\ufeff"},
    {"tags beyond U+FFFF", BYTES("\xf3\xa0\x81\x81"), "\\udb40\\udc41"},
};

static void
test_values(void)
{
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		struct event e;
		char expected[512];

		snprintf(expected, sizeof expected,
			 HEAD ",\"user.name\":\"%s\"}\n", values[i].json);
		event_begin(&e, EV_LOGIN, NULL, NULL, wall);
		event_slice(&e, FIELD_USER,
			    slice_of(values[i].value, values[i].len));
		check(&e, expected);
	}
}

/* Any bytes give one line of printable, valid UTF-8. */
static void
test_printable(void)
{
	for (unsigned seed = 0; seed < 3000; seed++) {
		unsigned char bytes[12];
		char out[JSON_STRING_MAX];
		bool cut = false;
		uint32_t state = seed * 2654435761u;
		struct slice s;

		for (size_t i = 0; i < sizeof bytes; i++) {
			state = state * 1664525 + 1013904223;
			bytes[i] = (unsigned char)(state >> 24);
		}
		s = slice_of(
		    out, json_string(slice_of(bytes, sizeof bytes), out, &cut));
		while (s.len > 0) {
			int32_t point;
			size_t n = utf8_next(s, &point);

			CU_ASSERT_FATAL(point >= 0x20 && point != 0x7f &&
					!(point >= 0x80 && point < 0xa0));
			s = slice_skip(s, n);
		}
	}
}

static const struct {
	const char *what;
	size_t before; /* letters in front of the character */
	const char *character;
	size_t after;
	size_t kept; /* bytes of the value that stay */
} cuts[] = {
    {"256 bytes fit", 256, "", 0, 256},
    {"257 do not", 257, "", 0, 256},
    {"a character that ends at 256", 253, "\xe2\x82\xac", 0, 256},
    {"... and something behind it", 253, "\xe2\x82\xac", 1, 256},
    {"a character over the edge goes whole", 254, "\xe2\x82\xac", 0, 254},
    {"four bytes over the edge", 255, "\xf0\x9f\x93\xa7", 9, 255},
};

static void
test_cuts(void)
{
	for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
		char value[512], out[JSON_STRING_MAX];
		size_t width = strlen(cuts[i].character), n;
		size_t len = cuts[i].before + width + cuts[i].after;
		bool cut = false;

		memset(value, 'a', sizeof value);
		memcpy(value + cuts[i].before, cuts[i].character, width);
		n = json_string(slice_of(value, len), out, &cut);
		CU_ASSERT_EQUAL(cut, cuts[i].kept < len);
		CU_ASSERT_EQUAL(n, 2 + cuts[i].kept + (cut ? 3 : 0));
		CU_ASSERT_EQUAL(memcmp(out + 1, value, cuts[i].kept), 0);
		if (cut)
			CU_ASSERT_EQUAL(
			    memcmp(out + 1 + cuts[i].kept, "\xe2\x80\xa6\"", 4),
			    0);
	}
}

/* Every field at its longest: the line ends well, and says that it is cut. */
static void
test_full(void)
{
	struct event e;
	unsigned char worst[300];
	struct slice line;

	memset(worst, 0xff, sizeof worst);
	event_begin(&e, EV_LOGIN, &context, NULL, UINT64_MAX);
	event_slice(&e, FIELD_REASON, slice_of(worst, sizeof worst));
	CU_ASSERT(e.cut);
	for (size_t len = 0; len < sizeof worst; len++) {
		e.given[0] = 0; /* as if there were fields without end */
		event_slice(&e, FIELD_USER, slice_of(worst, len));
	}
	line = event_end(&e);
	CU_ASSERT(line.len <= EVENT_MAX);
	CU_ASSERT(slice_iends(line, SLICE("\"}\n")));
	CU_ASSERT_EQUAL(slice_find(line, '\n'), line.len - 1);
}

static void
test_hashed(void)
{
	static const struct event_privacy privacy = {
	    .hash_user = true,
	    .key = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
	};
	struct event a, b;

	event_begin(&a, EV_LOGIN, NULL, &privacy, wall);
	event_slice(&a, FIELD_USER, SLICE(""));
	event_slice(&a, FIELD_AUTHZID, SLICE(""));
	/* The first vector of SipHash. */
	check(&a, HEAD ",\"user.hash\":\"726fdb47dd0e0e31\","
		       "\"user.effective.hash\":\"726fdb47dd0e0e31\"}\n");
	event_begin(&a, EV_LOGIN, NULL, &privacy, wall);
	event_slice(&a, FIELD_USER, SLICE("Alice@Example.net"));
	event_begin(&b, EV_LOGIN, NULL, &privacy, wall);
	event_slice(&b, FIELD_USER, SLICE("alice@example.NET"));
	CU_ASSERT(slice_eq(event_end(&a), event_end(&b)));
	CU_ASSERT(!strstr(a.text, "lice"));
}

static const struct {
	const char *address, *prefix;
} prefixes[] = {
    {"203.0.113.9", "203.0.113.0"},
    {"255.255.255.255", "255.255.255.0"},
    {"2001:db8:1:2:3:4:5:6", "2001:db8:1::"},
    {"2001:db8:1::6", "2001:db8:1::"},
    {"2001:db8::6", "2001:db8::"},
    {"2001:db8:0:2:3:4:5:6", "2001:db8::"},
    {"2001:0:0:2:3:4:5:6", "2001::"},
    {"2001:db0:0:2:3:4:5:6", "2001:db0::"},
    {"2001:0:7:2:3:4:5:6", "2001:0:7::"},
    {"2001::6", "2001::"},
    {"::1", "::"},
    {"::", "::"},
    {"1:2:3:4:5:6:7:0", "1:2:3::"},
    {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff::"},
};

static void
test_prefixes(void)
{
	static const struct event_privacy privacy = {.prefix_address = true};

	for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
		struct event_context ctx = {.session = ""};
		struct event e;
		char expected[512];

		snprintf(ctx.address, sizeof ctx.address, "%s",
			 prefixes[i].address);
		snprintf(expected, sizeof expected,
			 HEAD ",\"source.ip\":\"%s\"}\n", prefixes[i].prefix);
		event_begin(&e, EV_LOGIN, &ctx, &privacy, wall);
		check(&e, expected);
	}
}

void
suite_event(void)
{
	CU_pSuite suite = CU_add_suite("event", NULL, NULL);

	CU_add_test(suite, "an event is one line of JSON", test_whole);
	CU_add_test(suite, "a list is a list, also of one", test_list);
	CU_add_test(suite, "what is not known is left out", test_empty_context);
	CU_add_test(suite, "a field has one value", test_twice);
	CU_add_test(suite, "times are UTC, leap years included", test_times);
	CU_add_test(suite, "nothing a peer sends is shown raw", test_values);
	CU_add_test(suite, "any bytes come out printable", test_printable);
	CU_add_test(suite, "a value is cut between characters", test_cuts);
	CU_add_test(suite, "a line has an end", test_full);
	CU_add_test(suite, "a hashed user has no name", test_hashed);
	CU_add_test(suite, "a prefix names no host", test_prefixes);
}
