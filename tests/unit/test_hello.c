/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tls/hello.h"

#include "hellos.h"

#include <CUnit/CUnit.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIRE_CAP = 64 * 1024 };

struct wire {
	unsigned char bytes[WIRE_CAP];
	size_t len;
};

static void
add(struct wire *w, const void *bytes, size_t n)
{
	CU_ASSERT_TRUE_FATAL(n <= WIRE_CAP - w->len);
	memcpy(w->bytes + w->len, bytes, n);
	w->len += n;
}

static void
add_number(struct wire *w, size_t n, size_t width)
{
	while (width-- > 0) {
		unsigned char byte = (unsigned char)(n >> 8 * width);

		add(w, &byte, 1);
	}
}

/* In records of `each` bytes. */
static struct slice
wrap(struct wire *w, struct slice message, size_t each)
{
	w->len = 0;
	while (message.len > 0) {
		struct slice part = slice_head(message, each);

		add(w, "\x16\x03\x01", 3);
		add_number(w, part.len, 2);
		add(w, part.ptr, part.len);
		message = slice_skip(message, part.len);
	}
	return slice_of(w->bytes, w->len);
}

/* A ClientHello message that ends in the bytes of `extensions`. */
static struct slice
message_of(struct wire *w, struct slice extensions)
{
	static const unsigned char random[32];

	w->len = 0;
	add(w, "\x01", 1);
	add_number(w, 2 + 32 + 1 + 4 + 2 + 2 + extensions.len, 3);
	add(w, "\x03\x03", 2);
	add(w, random, sizeof random);
	add(w, "\x00", 1);
	add(w, "\x00\x02\x13\x01", 4);
	add(w, "\x01\x00", 2);
	add_number(w, extensions.len, 2);
	add(w, extensions.ptr, extensions.len);
	return slice_of(w->bytes, w->len);
}

static bool
same(const struct hello *a, const struct hello *b)
{
	return strcmp(a->server_name, b->server_name) == 0 &&
	       a->tls13 == b->tls13 && a->alpn_offered == b->alpn_offered &&
	       a->alpn_imap == b->alpn_imap && a->alpn_count == b->alpn_count &&
	       a->server_name_odd == b->server_name_odd &&
	       a->psk_only == b->psk_only && a->length == b->length;
}

/* The message's extensions, as bytes, and what is made of them. */
static const struct {
	const char *shows;
	struct slice extensions;
	enum hello_verdict verdict;
	struct hello facts;
} rows[] = {
#define EXT(bytes)                                                             \
	{                                                                      \
		(const unsigned char *)(bytes), sizeof(bytes) - 1              \
	}
    {"no extensions", EXT(""), HELLO_COMPLETE, {.server_name = ""}},
    {"a name in mixed case",
     EXT("\0\0\0\x0b\0\x09\0\0\6MaIl.x"),
     HELLO_COMPLETE,
     {.server_name = "mail.x"}},
    {"an unknown kind of name",
     EXT("\0\0\0\x0b\0\x09\1\0\6MaIl.x"),
     HELLO_COMPLETE,
     {.server_name = ""}},
    {"a name that no host has",
     EXT("\0\0\0\x08\0\x06\0\0\3::1"),
     HELLO_COMPLETE,
     {.server_name_odd = true}},
    {"a name with NUL",
     EXT("\0\0\0\x08\0\x06\0\0\3a\0b"),
     HELLO_BAD,
     {.server_name = ""}},
    {"an empty name",
     EXT("\0\0\0\x05\0\x03\0\0\0"),
     HELLO_BAD,
     {.server_name = ""}},
    {"no name in the list",
     EXT("\0\0\0\x02\0\0"),
     HELLO_BAD,
     {.server_name = ""}},
    {"two names",
     EXT("\0\0\0\x0a\0\x08\0\0\1a\0\0\1b"),
     HELLO_BAD,
     {.server_name = ""}},
    {"a name longer than its list",
     EXT("\0\0\0\x06\0\x04\0\0\2a"),
     HELLO_BAD,
     {.server_name = ""}},
    {"a list longer than its extension",
     EXT("\0\0\0\x06\0\x05\0\0\1a"),
     HELLO_BAD,
     {.server_name = ""}},
    {"a list shorter than its extension",
     EXT("\0\0\0\x07\0\x04\0\0\1a!"),
     HELLO_BAD,
     {.server_name = ""}},
    {"ALPN imap",
     EXT("\0\x10\0\x07\0\5\4imap"),
     HELLO_COMPLETE,
     {.alpn_offered = true, .alpn_imap = true, .alpn_count = 1}},
    {"ALPN h2 and imap",
     EXT("\0\x10\0\x0a\0\x08\2h2\4imap"),
     HELLO_COMPLETE,
     {.alpn_offered = true, .alpn_imap = true, .alpn_count = 2}},
    {"ALPN IMAP in capitals is another protocol",
     EXT("\0\x10\0\x07\0\5\4IMAP"),
     HELLO_COMPLETE,
     {.alpn_offered = true, .alpn_count = 1}},
    {"ALPN with an empty list",
     EXT("\0\x10\0\2\0\0"),
     HELLO_BAD,
     {.server_name = ""}},
    {"ALPN with an empty name",
     EXT("\0\x10\0\x08\0\6\0\4imap"),
     HELLO_BAD,
     {.server_name = ""}},
    {"ALPN with a name that is too long",
     EXT("\0\x10\0\x07\0\5\5imap"),
     HELLO_BAD,
     {.server_name = ""}},
    {"ALPN without list", EXT("\0\x10\0\0"), HELLO_BAD, {.server_name = ""}},
    {"TLS 1.3", EXT("\0\x2b\0\5\4\3\4\3\3"), HELLO_COMPLETE, {.tls13 = true}},
    {"TLS 1.2 and GREASE",
     EXT("\0\x2b\0\5\4\x1a\x1a\3\3"),
     HELLO_COMPLETE,
     {.tls13 = false}},
    {"half a version",
     EXT("\0\x2b\0\4\3\3\4\3"),
     HELLO_BAD,
     {.server_name = ""}},
    {"no version", EXT("\0\x2b\0\1\0"), HELLO_BAD, {.server_name = ""}},
    {"two key shares",
     EXT("\0\x33\0\x0c\0\x0a\0\x1d\0\1k\0\x17\0\1k"),
     HELLO_COMPLETE,
     {.server_name = ""}},
    {"two key shares of one group",
     EXT("\0\x33\0\x0c\0\x0a\0\x1d\0\1k\0\x1d\0\1k"),
     HELLO_BAD,
     {.server_name = ""}},
    {"an empty key share",
     EXT("\0\x33\0\6\0\4\0\x1d\0\0"),
     HELLO_BAD,
     {.server_name = ""}},
    {"no key share yet",
     EXT("\0\x33\0\2\0\0"),
     HELLO_COMPLETE,
     {.server_name = ""}},
    {"resumption with fresh keys",
     EXT("\0\x2d\0\2\1\1"),
     HELLO_COMPLETE,
     {.psk_only = false}},
    {"with or without them",
     EXT("\0\x2d\0\3\2\0\1"),
     HELLO_COMPLETE,
     {.psk_only = false}},
    {"without them only",
     EXT("\0\x2d\0\2\1\0"),
     HELLO_COMPLETE,
     {.psk_only = true}},
    {"in no way at all", EXT("\0\x2d\0\1\0"), HELLO_BAD, {.alpn = ""}},
    {"groups", EXT("\0\x0a\0\4\0\2\0\x17"), HELLO_COMPLETE, {.alpn = ""}},
    {"half a group", EXT("\0\x0a\0\5\0\3\0\x17\0"), HELLO_BAD, {.alpn = ""}},
    {"no group", EXT("\0\x0a\0\2\0\0"), HELLO_BAD, {.alpn = ""}},
    {"bytes behind the groups",
     EXT("\0\x0a\0\6\0\2\0\x17\0\x18"),
     HELLO_BAD,
     {.alpn = ""}},
    {"a signature algorithm",
     EXT("\0\x0d\0\4\0\2\4\3"),
     HELLO_COMPLETE,
     {.alpn = ""}},
    {"half a signature algorithm",
     EXT("\0\x0d\0\3\0\1\4"),
     HELLO_BAD,
     {.alpn = ""}},
    {"a point format", EXT("\0\x0b\0\2\1\0"), HELLO_COMPLETE, {.alpn = ""}},
    {"no point format", EXT("\0\x0b\0\1\0"), HELLO_BAD, {.alpn = ""}},
    {"an extension given twice",
     EXT("\0\x17\0\0\0\x17\0\0"),
     HELLO_BAD,
     {.server_name = ""}},
    {"an unknown extension given twice",
     EXT("\x7a\x7a\0\0\x7a\x7a\0\0"),
     HELLO_BAD,
     {.server_name = ""}},
    {"an extension that does not end",
     EXT("\0\x17\0\4\0\0\0"),
     HELLO_BAD,
     {.server_name = ""}},
    {"half an extension header",
     EXT("\0\x17\0"),
     HELLO_BAD,
     {.server_name = ""}},
    {"pre_shared_key as the last",
     EXT("\0\x17\0\0\0\x29\0\1x"),
     HELLO_COMPLETE,
     {.server_name = ""}},
    {"an extension behind pre_shared_key",
     EXT("\0\x29\0\1x\0\x17\0\0"),
     HELLO_BAD,
     {.server_name = ""}},
};

static void
extensions(void)
{
	static struct wire m, w;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct hello h = {.length = 1}, want = rows[i].facts;
		struct slice message = message_of(&m, rows[i].extensions);
		enum hello_verdict v = hello_read(wrap(&w, message, 99), &h);

		want.length =
		    v == HELLO_COMPLETE ? message.len : 1; /* untouched */
		if (v != rows[i].verdict || !same(&h, &want))
			CU_FAIL(rows[i].shows);
	}
	CU_PASS("all rows");
}

/* Recorded from the clients named. */
static const struct {
	const char *name;
	struct hello facts;
} real[] = {
    {"openssl-default", {.server_name = "imap.example.com", .tls13 = true}},
    {"openssl-alpn",
     {.server_name = "imap.example.com",
      .tls13 = true,
      .alpn_offered = true,
      .alpn_imap = true,
      .alpn_count = 1}},
    {"openssl-web",
     {.server_name = "www.example.com",
      .tls13 = true,
      .alpn_offered = true,
      .alpn_count = 2}},
    {"openssl-tls12", {.server_name = "imap.example.com"}},
    {"openssl-tls10", {.server_name = ""}},
    {"openssl-no-name", {.tls13 = true}},
    {"openssl-max-frag", {.tls13 = true}},
    {"curl",
     {.server_name = "mail.example.net",
      .tls13 = true,
      .alpn_offered = true,
      .alpn_count = 2}},
    {"python",
     {.server_name = "imap.example.org",
      .tls13 = true,
      .alpn_offered = true,
      .alpn_imap = true,
      .alpn_count = 1}},
    {"node",
     {.server_name = "imap.example.com",
      .tls13 = true,
      .alpn_offered = true,
      .alpn_imap = true,
      .alpn_count = 1}},
    {"java", {.server_name = "imap.example.com", .tls13 = true}},
    {"wolfssl-hybrid",
     {.server_name = "imap.example.com",
      .tls13 = true,
      .alpn_offered = true,
      .alpn_imap = true,
      .alpn_count = 1}},
    {"wolfssl-psk",
     {.server_name = "imap.example.com",
      .tls13 = true,
      .alpn_offered = true,
      .alpn_imap = true,
      .alpn_count = 1}},
    {"one-byte-records",
     {.server_name = "imap.example.com",
      .tls13 = true,
      .alpn_offered = true,
      .alpn_imap = true,
      .alpn_count = 1}},
};

/* What stands in the records of `in`. */
static struct slice
unwrap(struct wire *w, struct slice in)
{
	w->len = 0;
	while (in.len >= 5) {
		size_t n = (size_t)(in.ptr[3] << 8 | in.ptr[4]);

		add(w, in.ptr + 5, n);
		in = slice_skip(in, 5 + n);
	}
	return slice_of(w->bytes, w->len);
}

static void
real_clients(void)
{
	static struct wire m;

	for (size_t i = 0; i < sizeof real / sizeof real[0]; i++) {
		struct slice in = hellos_recorded(real[i].name);
		struct hello h = {.server_name = ""}, want = real[i].facts;

		want.length = unwrap(&m, in).len;
		if (hello_read(in, &h) != HELLO_COMPLETE || !same(&h, &want))
			CU_FAIL(real[i].name);
		for (size_t n = 0; n < in.len; n++)
			CU_ASSERT_EQUAL(hello_read(slice_head(in, n), &h),
					HELLO_MORE);
	}
}

static void
record_cuts(void)
{
	static struct wire m, w;

	for (size_t i = 0; i < sizeof real / sizeof real[0]; i++) {
		struct slice message =
		    unwrap(&m, hellos_recorded(real[i].name));
		struct hello want = real[i].facts, h;

		want.length = message.len;
		for (size_t each = 1; each <= message.len; each++) {
			struct slice in = wrap(&w, message, each);

			CU_ASSERT_EQUAL(hello_read(in, &h), HELLO_COMPLETE);
			CU_ASSERT_TRUE(same(&h, &want));
			CU_ASSERT_EQUAL(
			    hello_read(slice_head(in, in.len - 1), &h),
			    HELLO_MORE);
		}
	}
}

/* However it was cut, it is one record then; what stands behind it stays. */
static void
joined(void)
{
	static struct wire m, w, one;

	for (size_t i = 0; i < sizeof real / sizeof real[0]; i++) {
		struct slice message =
		    unwrap(&m, hellos_recorded(real[i].name));
		struct slice want = wrap(&one, message, message.len);

		for (size_t each = 1; each <= message.len; each++) {
			size_t front, len = wrap(&w, message, each).len;

			add(&w, "behind", 6);
			front = hello_join(w.bytes, message.len);
			CU_ASSERT_EQUAL(front, len - want.len);
			CU_ASSERT_TRUE(slice_eq(
			    slice_of(w.bytes + front, want.len), want));
			CU_ASSERT_TRUE(slice_eq(slice_of(w.bytes + len, 6),
						SLICE("behind")));
		}
	}
}

static bool
lists_are(const struct hello_list *l, const unsigned *want, size_t n)
{
	bool same = l->count == n;

	for (size_t i = 0; same && i < n; i++)
		same = l->at[i] == want[i];
	return same;
}

#define LISTS(list, ...)                                                       \
	lists_are(&(list), (const unsigned[]){__VA_ARGS__},                    \
		  sizeof(const unsigned[]){__VA_ARGS__} / sizeof(unsigned))

/* In the client's order, without GREASE. */
static void
lists(void)
{
	struct hello h;

	hellos_make(&(struct hello_spec){.version = 0x0301,
					 .suites = "fafa 1301 c02b 00ff",
					 .extensions = "2570 51 11 10 13 43 16",
					 .groups = "0a0a 11ec 1d",
					 .points = "0 1 2",
					 .signatures = "0403 1a1a 0804",
					 .versions = "0304 2a2a 0303",
					 .alpn = "x\x7fy,z"},
		    &h);
	CU_ASSERT_EQUAL(h.version, 0x0301);
	CU_ASSERT_TRUE(h.grease && h.tls13 && !h.overlong);
	CU_ASSERT_TRUE(LISTS(h.suites, 0x1301, 0xc02b, 0x00ff));
	CU_ASSERT_TRUE(LISTS(h.extensions, 51, 11, 10, 13, 43, 16));
	CU_ASSERT_TRUE(LISTS(h.groups, 0x11ec, 0x1d));
	CU_ASSERT_TRUE(LISTS(h.points, 0, 1, 2));
	CU_ASSERT_TRUE(LISTS(h.signatures, 0x0403, 0x0804));
	CU_ASSERT_TRUE(LISTS(h.versions, 0x0304, 0x0303));
	CU_ASSERT_STRING_EQUAL(h.alpn, "x?y,z");
	CU_ASSERT_EQUAL(h.alpn_first, 'x');
	CU_ASSERT_EQUAL(h.alpn_last, 'z');
	CU_ASSERT_TRUE(hello_lists(&h.extensions, 51));
	CU_ASSERT_FALSE(hello_lists(&h.extensions, 2570));
	CU_ASSERT_EQUAL(hello_read(hellos_recorded("thunderbird"), &h),
			HELLO_COMPLETE);
	CU_ASSERT_TRUE(LISTS(h.shares, 0x11ec, 0x1d, 0x17));
	CU_ASSERT_EQUAL(h.session, 32);
	CU_ASSERT_EQUAL(hello_read(hellos_recorded("curl"), &h),
			HELLO_COMPLETE);
	CU_ASSERT_STRING_EQUAL(h.alpn, "h2,http/1.1");
}

/* Names without end are cut, and leave room for the NUL. */
static void
long_protocol(void)
{
	char name[201];
	struct hello h;

	memset(name, 'p', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	hellos_make(&(struct hello_spec){.suites = "1301",
					 .extensions = "16",
					 .alpn = name},
		    &h);
	CU_ASSERT_EQUAL(strlen(h.alpn), HELLO_ALPN_MAX);
	CU_ASSERT_TRUE(h.alpn_offered);
}

/* Wrong records are wrong as soon as they can be. */
static void
wrong_records(void)
{
	static const struct {
		const char *shows;
		struct slice in;
		enum hello_verdict verdict;
	} table[] = {
	    {"nothing", EXT(""), HELLO_MORE},
	    {"an IMAP command", EXT("a"), HELLO_NOT_TLS},
	    {"an SSLv2 hello", EXT("\x80\x2e\1\0\2"), HELLO_NOT_TLS},
	    {"an alert first", EXT("\x15"), HELLO_NOT_TLS},
	    {"the first byte", EXT("\x16"), HELLO_MORE},
	    {"version 2", EXT("\x16\2"), HELLO_BAD},
	    {"an empty record", EXT("\x16\3\1\0\0"), HELLO_BAD},
	    {"a record that is too long", EXT("\x16\3\1\x40\1"), HELLO_BAD},
	    {"another message", EXT("\x16\3\1\0\4\2"), HELLO_BAD},
	    {"a message that is too long", EXT("\x16\3\1\x40\0\1\0\x3f\xfd"),
	     HELLO_BAD},
	    {"a message as long as it may be",
	     EXT("\x16\3\1\x40\0\1\0\x3f\xfc"), HELLO_MORE},
	    {"bytes behind the message", EXT("\x16\3\1\0\x64\1\0\0\x5f"),
	     HELLO_BAD},
	    {"another record inside", EXT("\x16\3\1\0\1\1\x14"), HELLO_BAD},
	    {"an empty message", EXT("\x16\3\1\0\4\1\0\0\0"), HELLO_BAD},
	};

	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct hello h;

		if (hello_read(table[i].in, &h) != table[i].verdict)
			CU_FAIL(table[i].shows);
	}
	CU_PASS("all rows");
}

static void
bounds(void)
{
	static struct wire m, w, e;
	struct hello h;
	size_t room = HELLO_MAX - message_of(&m, SLICE_EMPTY).len;

	/* As large as it may be, in one record and in many. */
	e.len = 0;
	add(&e, "\x7a\x7a", 2);
	add_number(&e, room - 4, 2);
	e.len = room;
	CU_ASSERT_EQUAL(message_of(&m, slice_of(e.bytes, e.len)).len,
			HELLO_MAX);
	CU_ASSERT_EQUAL(
	    hello_read(wrap(&w, slice_of(m.bytes, m.len), 16384), &h),
	    HELLO_COMPLETE);
	CU_ASSERT_EQUAL(h.length, HELLO_MAX);
	CU_ASSERT_EQUAL(hello_read(wrap(&w, slice_of(m.bytes, m.len), 5), &h),
			HELLO_BAD); /* more headers than hello */
	CU_ASSERT_EQUAL(hello_read(wrap(&w, slice_of(m.bytes, m.len), 6), &h),
			HELLO_COMPLETE);
}

/* Every byte of a hello may have any value: a verdict, no more. */
static void
any_byte(void)
{
	static struct wire w;
	struct slice in = hellos_recorded("openssl-alpn");
	struct hello h;

	w.len = 0;
	add(&w, in.ptr, in.len);
	for (size_t i = 0; i < w.len; i++) {
		unsigned char was = w.bytes[i];

		for (unsigned v = 0; v < 256; v++) {
			w.bytes[i] = (unsigned char)v;
			CU_ASSERT_TRUE(hello_read(slice_of(w.bytes, w.len),
						  &h) <= HELLO_NOT_TLS);
		}
		w.bytes[i] = was;
	}
}

void
suite_hello(void)
{
	CU_pSuite suite = CU_add_suite("hello", NULL, NULL);

	CU_add_test(suite, "extensions give facts, broken ones are refused",
		    extensions);
	CU_add_test(suite, "hellos of real clients are read, cut anywhere",
		    real_clients);
	CU_add_test(suite, "records of any size carry the same facts",
		    record_cuts);
	CU_add_test(suite, "records of any size are made one", joined);
	CU_add_test(suite, "what a client lists is kept in its order", lists);
	CU_add_test(suite, "protocols are kept as far as there is room",
		    long_protocol);
	CU_add_test(suite, "wrong records are refused as soon as they can be",
		    wrong_records);
	CU_add_test(suite, "a hello has a largest size", bounds);
	CU_add_test(suite, "no byte of a hello does harm", any_byte);
}
