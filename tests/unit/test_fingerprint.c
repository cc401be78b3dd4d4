/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tls/fingerprint.h"

#include "hellos.h"
#include "tls/md5.h"

#include <CUnit/CUnit.h>

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void suite_fingerprint(void);

/* RFC 1321, appendix A.5; the last two cross a block's edge. */
static void
digests(void)
{
	static const struct {
		const char *text, *digest;
	} rows[] = {
	    {"", "d41d8cd98f00b204e9800998ecf8427e"},
	    {"a", "0cc175b9c0f1b6a831c399e269772661"},
	    {"abc", "900150983cd24fb0d6963f7d28e17f72"},
	    {"message digest", "f96b697d7cb7938d525a2f31aaf161d0"},
	    {"abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"},
	    {"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
	     "d174ab98d277d9f5a5611c2c9f419d9f"},
	    {"1234567890123456789012345678901234567890123456789012345678901234"
	     "5678901234567890",
	     "57edf4a22be3c955ac49da2e2107b67a"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		unsigned char digest[MD5_SIZE];
		char text[2 * MD5_SIZE + 1];

		md5(slice_str(rows[i].text), digest);
		for (size_t k = 0; k < MD5_SIZE; k++)
			(void)snprintf(text + 2 * k, 3, "%02x", digest[k]);
		CU_ASSERT_STRING_EQUAL(text, rows[i].digest);
	}
}

/* The examples of those who invented them. */
static const struct {
	const char *shows;
	struct hello_spec hello;
	const char *ja3, *ja4; /* NULL: not published */
} published[] = {
    {"JA3: with an SNI, groups and points",
     {.version = 0x0301,
      .suites = "2f 35 5 a c009 c00a c013 c014 32 38 13 4",
      .extensions = "0 10 11",
      .groups = "17 18 19",
      .points = "0"},
     "ada70206e40642a3e4461f35503241d5",
     NULL},
    {"JA3: nothing but suites",
     {.version = 0x0301, .suites = "4 5 a 9 64 62 3 6 13 12 63"},
     "de350869b8c85de67a350c8d186f11e6",
     "t10i110000_"},
    {"JA4: Chrome, GREASE everywhere",
     {.suites = "1a1a 1301 1302 1303 c02b c02f c02c c030 cca9 cca8 c013 c014 "
		"9c 9d 2f 35",
      .extensions =
	  "2570 27 0 51 16 17513 23 45 13 5 35 18 43 65281 11 10 21 6682",
      .groups = "3a3a 1d 17 18",
      .points = "0",
      .signatures = "0403 0804 0401 0503 0805 0501 0806 0601",
      .versions = "aaaa 0304 0303",
      .alpn = "h2"},
     NULL,
     "t13d1516h2_8daaf6152771_e5627efa2ab1"},
};

static void
examples(void)
{
	for (size_t i = 0; i < sizeof published / sizeof published[0]; i++) {
		struct hello h;
		struct fingerprint f;

		hellos_make(&published[i].hello, &h);
		fingerprint_take(&h, &f);
		if (published[i].ja3 && strcmp(f.ja3, published[i].ja3) != 0)
			CU_FAIL(published[i].shows);
		if (published[i].ja4 && strncmp(f.ja4, published[i].ja4,
						strlen(published[i].ja4)) != 0)
			CU_FAIL(published[i].shows);
	}
	CU_PASS("all rows");
}

/* JA4's rules for the first protocol's name. */
static void
protocols(void)
{
	static const struct {
		const char *name, *letters;
	} rows[] = {
	    {"h2", "h2"},
	    {"http/1.1", "h1"},
	    {"imap", "ip"},
	    {"x", "xx"},
	    {"\xab", "ab"},
	    {" ", "20"},
	    {"\xab\xcd", "ad"},
	    {" a", "21"},
	    {"0\xab", "3b"},
	    {"a ", "60"},
	    {"01\xab\xcd", "3d"},
	    {"0\xab\xcd"
	     "1",
	     "01"},
	};
	struct hello h;
	struct fingerprint f;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		hellos_make(&(struct hello_spec){.suites = "1301",
						 .extensions = "16",
						 .alpn = rows[i].name},
			    &h);
		fingerprint_take(&h, &f);
		CU_ASSERT_EQUAL(memcmp(f.ja4 + 8, rows[i].letters, 2), 0);
	}
}

/* What has no number is 00 or zeros. */
static void
nothing(void)
{
	struct hello h;
	struct fingerprint f;

	hellos_make(&(struct hello_spec){.version = 0x0399, .suites = "1a1a"},
		    &h);
	fingerprint_take(&h, &f);
	CU_ASSERT_STRING_EQUAL(f.ja4, "t00i000000_000000000000_000000000000");
	/* SNI and ALPN stand in the first part; the highest version counts. */
	hellos_make(&(struct hello_spec){.suites = "1301",
					 .extensions = "16 0 43",
					 .versions = "0302 0303 1a1a 0301",
					 .alpn = "imap"},
		    &h);
	fingerprint_take(&h, &f);
	CU_ASSERT_EQUAL(memcmp(f.ja4, "t12d0103ip_", 11), 0);
}

/* What is kept for later gives the same. */
static void
imprints(void)
{
	static const char *const names[] = {"thunderbird", "curl", "node",
					    "openssl-tls10", "java-tls13"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct hello h;
		struct fingerprint now, later;
		struct imprint *kept;

		CU_ASSERT_EQUAL_FATAL(hello_read(hellos_recorded(names[i]), &h),
				      HELLO_COMPLETE);
		fingerprint_take(&h, &now);
		kept = imprint_new(&h);
		CU_ASSERT_PTR_NOT_NULL_FATAL(kept);
		CU_ASSERT_TRUE(malloc_usable_size(kept) <= 400);
		memset(&h, 0xff, sizeof h);
		imprint_read(kept, &later);
		CU_ASSERT_STRING_EQUAL(now.ja3, later.ja3);
		CU_ASSERT_STRING_EQUAL(now.ja4, later.ja4);
		free(kept);
	}
}

/* More than any client offers: no fingerprint rather than that of a part. */
static void
too_long(void)
{
	char suites[6 * (HELLO_LIST_MAX + 2)];
	struct imprint *kept;
	struct hello h;
	struct fingerprint f;

	for (unsigned n = HELLO_LIST_MAX; n <= HELLO_LIST_MAX + 1; n++) {
		suites[0] = '\0';
		for (unsigned i = 0; i < n; i++)
			(void)snprintf(suites + strlen(suites), 6, "%x ",
				       0x100 + i);
		hellos_make(&(struct hello_spec){.suites = suites}, &h);
		fingerprint_take(&h, &f);
		CU_ASSERT_EQUAL(h.overlong, n > HELLO_LIST_MAX);
		CU_ASSERT_EQUAL(f.ja3[0] == '\0', n > HELLO_LIST_MAX);
		CU_ASSERT_EQUAL(f.ja4[0] == '\0', n > HELLO_LIST_MAX);
		kept = imprint_new(&h);
		CU_ASSERT_EQUAL(kept == NULL, n > HELLO_LIST_MAX);
		free(kept);
	}
	CU_ASSERT_EQUAL(h.suites.count, HELLO_LIST_MAX);
}

void
suite_fingerprint(void)
{
	CU_pSuite suite = CU_add_suite("fingerprint", NULL, NULL);

	CU_add_test(suite, "MD5 is MD5", digests);
	CU_add_test(suite, "published examples come out", examples);
	CU_add_test(suite, "protocols are shown by two characters", protocols);
	CU_add_test(suite, "what is not there has a place", nothing);
	CU_add_test(suite, "what is kept of a hello gives the same", imprints);
	CU_add_test(suite, "lists that are cut have no fingerprint", too_long);
}
