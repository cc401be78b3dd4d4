/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tls/guard.h"

#include <CUnit/CUnit.h>

#include <string.h>

static const struct {
	const char *shows;
	unsigned char header[GUARD_HEADER];
	bool tls13, handshake;
	const char *why; /* NULL: a record */
} rows[] = {
    {"a ClientHello", {22, 3, 1, 0, 200}, false, true, NULL},
    {"the type below the first",
     {19, 3, 3, 0, 20},
     false,
     false,
     "not a TLS record"},
    {"the type behind the last",
     {24, 3, 3, 0, 20},
     false,
     false,
     "not a TLS record"},
    {"an SSLv2 hello", {0x80, 0x2e, 1, 0, 2}, false, true, "not a TLS record"},
    {"an IMAP command",
     {'a', '1', ' ', 'N', 'O'},
     false,
     true,
     "not a TLS record"},
    {"change_cipher_spec", {20, 3, 3, 0, 1}, true, true, NULL},
    {"version 2",
     {22, 2, 0, 0, 20},
     false,
     true,
     "TLS record of an unknown version"},
    {"version 254 (DTLS)",
     {22, 254, 253, 0, 20},
     false,
     true,
     "TLS record of an unknown version"},
    {"the minor version does not matter",
     {22, 3, 255, 0, 20},
     false,
     true,
     NULL},
    {"but not after the handshake",
     {23, 3, 4, 0, 20},
     true,
     false,
     "TLS record of an unknown version"},
    {"nor in TLS 1.2",
     {23, 3, 1, 0, 20},
     false,
     false,
     "TLS record of an unknown version"},
    {"no bytes", {22, 3, 3, 0, 0}, false, true, "empty TLS record"},
    {"the longest", {23, 3, 3, 0x41, 0x00}, true, false, NULL},
    {"one byte more",
     {23, 3, 3, 0x41, 0x01},
     true,
     false,
     "TLS record too long"},
    {"all ones", {23, 3, 3, 255, 255}, false, false, "TLS record too long"},
    {"16 bytes in TLS 1.3 (CVE-2024-0901)",
     {23, 3, 3, 0, 16},
     true,
     false,
     "TLS record too short"},
    {"16 bytes in a handshake",
     {23, 3, 3, 0, 16},
     false,
     true,
     "TLS record too short"},
    {"17 bytes in TLS 1.3", {23, 3, 3, 0, 17}, true, true, NULL},
    {"16 bytes in TLS 1.2: an empty ChaCha20 record",
     {23, 3, 3, 0, 16},
     false,
     false,
     NULL},
    {"a short alert may be in the clear", {21, 3, 3, 0, 2}, true, true, NULL},
};

static void
headers(void)
{
	static unsigned char bytes[GUARD_HEADER + GUARD_RECORD_MAX];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct guard g = {.tls13 = rows[i].tls13,
				  .handshake = rows[i].handshake};
		const char *why = NULL;
		size_t n = 0, length;
		enum guard_verdict v;

		memcpy(bytes, rows[i].header, GUARD_HEADER);
		length = (size_t)(bytes[3] << 8 | bytes[4]) + GUARD_HEADER;
		v = guard_next(&g, slice_of(bytes, sizeof bytes), &n, &why);
		if (v != (rows[i].why ? GUARD_BAD : GUARD_RECORD))
			CU_FAIL(rows[i].shows);
		CU_ASSERT_EQUAL(n, rows[i].why ? 0 : length);
		if (rows[i].why)
			CU_ASSERT_STRING_EQUAL(why, rows[i].why);
	}
}

static void
cuts(void)
{
	static unsigned char bytes[GUARD_HEADER + GUARD_RECORD_MAX];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		enum guard_verdict last = GUARD_MORE;
		size_t n = 0, length;

		memcpy(bytes, rows[i].header, GUARD_HEADER);
		length = (size_t)(bytes[3] << 8 | bytes[4]) + GUARD_HEADER;
		for (size_t cut = 0; cut <= sizeof bytes; cut++) {
			struct guard g = {.tls13 = rows[i].tls13,
					  .handshake = rows[i].handshake};
			const char *why = NULL;
			enum guard_verdict v =
			    guard_next(&g, slice_of(bytes, cut), &n, &why);

			/* What was said once is not taken back. */
			CU_ASSERT_TRUE(v == last || last == GUARD_MORE);
			if (v == GUARD_MORE)
				CU_ASSERT_TRUE(cut < GUARD_HEADER ||
					       cut < length);
			last = v;
		}
		CU_ASSERT_EQUAL(last, rows[i].why ? GUARD_BAD : GUARD_RECORD);
	}
}

static void
alerts(void)
{
	struct guard g = {.handshake = true};
	const char *why;
	size_t n;

	CU_ASSERT_EQUAL(
	    guard_next(&g, SLICE("\x15\x03\x03\x00\x02\x02"), &n, &why),
	    GUARD_MORE);
	CU_ASSERT_EQUAL(g.alert_level, 0);
	CU_ASSERT_EQUAL(
	    guard_next(&g, SLICE("\x15\x03\x01\x00\x02\x02\x30"), &n, &why),
	    GUARD_RECORD);
	CU_ASSERT_EQUAL(g.alert_level, 2);
	CU_ASSERT_EQUAL(g.alert_description, 48);
	/* A sealed one tells nothing. */
	g.alert_level = g.alert_description = 0;
	CU_ASSERT_EQUAL(
	    guard_next(&g, SLICE("\x15\x03\x03\x00\x03\x02\x30\x00"), &n, &why),
	    GUARD_RECORD);
	CU_ASSERT_EQUAL(g.alert_level, 0);
	/* Only the first record counts. */
	CU_ASSERT_EQUAL(guard_next(&g,
				   SLICE("\x14\x03\x03\x00\x01\x01"
					 "\x15\x03\x03\x00\x02\x02\x30"),
				   &n, &why),
			GUARD_RECORD);
	CU_ASSERT_EQUAL(n, 6);
	CU_ASSERT_EQUAL(g.alert_level, 0);
}

/* How many records of `length` in a row pass, each followed by `text`. */
static unsigned
weigh(size_t length, size_t text)
{
	struct guard g = {.tls13 = true};
	unsigned n = 0;

	while (n < 5000 && !guard_weigh(&g, length, 0)) {
		n++;
		if (text > 0)
			(void)guard_weigh(&g, GUARD_RECORD_MAX, text);
	}
	return n;
}

static void
silence(void)
{
	enum { KEY_UPDATE = GUARD_HEADER + 22 };
	struct guard g = {.tls13 = true};

	CU_ASSERT_EQUAL(weigh(KEY_UPDATE, 0), 521);
	CU_ASSERT_EQUAL(weigh(GUARD_HEADER + GUARD_RECORD_MAX, 0), 1);
	CU_ASSERT_EQUAL(weigh(GUARD_HEADER + 1024, 0), 15);
	/* Each is worth one byte of text, a long one more. */
	CU_ASSERT_EQUAL(weigh(KEY_UPDATE, 1), 5000);
	CU_ASSERT_EQUAL(weigh(GUARD_HEADER + 1024, 1), 16);
	CU_ASSERT_EQUAL(weigh(GUARD_HEADER + 1024, 1030), 5000);
	/* Text alone is never too much, and is no credit for later. */
	for (unsigned i = 0; i < 5000; i++)
		CU_ASSERT_PTR_NULL(guard_weigh(&g, GUARD_RECORD_MAX, 16384));
	for (unsigned i = 0; i < 521; i++)
		CU_ASSERT_PTR_NULL(guard_weigh(&g, KEY_UPDATE, 0));
	CU_ASSERT_PTR_NOT_NULL(guard_weigh(&g, KEY_UPDATE, 0));
}

void
suite_guard(void)
{
	CU_pSuite suite = CU_add_suite("guard", NULL, NULL);

	CU_add_test(suite, "headers are judged by type, version and length",
		    headers);
	CU_add_test(suite, "the verdict is the same wherever bytes are cut",
		    cuts);
	CU_add_test(suite, "an alert in the clear is noted", alerts);
	CU_add_test(suite, "records without text may not outweigh the text",
		    silence);
}
