/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tls/family.h"

#include "hellos.h"
#include "tls/fingerprint.h"

#include <CUnit/CUnit.h>

#include <stdio.h>
#include <string.h>

void suite_family(void);

/*
 * Recorded from the programs named, on Debian 12 in November 2026; the
 * fingerprints were computed from the records by another program.
 */
static const struct {
	const char *name;
	enum family family;
	const char *ja4, *ja3;
} recorded[] = {
    {"curl", FAMILY_OPENSSL, "t13d3112h2_e8f1e7e78f70_b26ce05bbdd6",
     "0149f47eabf9a20d0893e2a44e5a6323"},
    {"curl-imaps", FAMILY_OPENSSL, "t13d311100_e8f1e7e78f70_b26ce05bbdd6",
     "8f2dfd01a68a182e6d58f285ff59c02b"},
    {"gnutls", FAMILY_GNUTLS, "t13d291300_723694b0fccc_2cc26d266019",
     "f35ce21b44ac0b87d3266294bb1b0e20"},
    {"gnutls-tls12", FAMILY_GNUTLS, "t12d251000_7415a186c913_577ffa9d9a5c",
     "a35a8948ef1262d99ac83ac1a61a40fd"},
    {"go", FAMILY_GO, "t13d190900_9dc949149365_97f8aa674fd9",
     "473cd7cb9faa642487833865d516e578"},
    {"go-tls12", FAMILY_GO, "t12d160800_8cdfa2d4673b_ac0d2f4ec206",
     "71fbb28f5a4c5e0065d5b552d9a6f393"},
    {"java", FAMILY_JAVA, "t13d371200_db35923f8641_7c76daad20ec",
     "0a0d72200639a7a39887b9d81a247310"},
    {"java-tls12", FAMILY_JAVA, "t12i340900_0ca14b6c4d46_1f7ae294493e",
     "fbeb627023e77632329dcabe907afd45"},
    {"java-tls13", FAMILY_JAVA, "t13i030700_55b375c5d22e_c1c26d69a8d8",
     "80edc6169d3210b7ba479fc100785a05"},
    {"mbsync", FAMILY_OPENSSL, "t13d311000_e8f1e7e78f70_1f22a2ca17c4",
     "a3afc2c46ba4a7d7fbe1cfb7a3031c2f"},
    {"mutt", FAMILY_GNUTLS, "t13d291300_723694b0fccc_2cc26d266019",
     "f35ce21b44ac0b87d3266294bb1b0e20"},
    {"node", FAMILY_NODE, "t13d5911ip_a33745022dd6_1f22a2ca17c4",
     "1a28e69016765d92e3b381168d68922c"},
    {"node-tls12", FAMILY_NODE, "t12d560700_99d8c53049f3_e7e480e5a997",
     "c0220cd64849a629397a9cb68f78a0ea"},
    {"nss", FAMILY_NSS, "t13d351100_948423e5275c_496733ea6893",
     "ab5db42466846be28dbb1efc688a4608"},
    {"nss-tls12", FAMILY_NSS, "t12d320700_3acd2c70fcf0_6b16546de802",
     "02d02cc081e142bdd8886e461d41ce51"},
    {"nss-tls13", FAMILY_NSS, "t13d030900_55b375c5d22e_1466a20f5f9e",
     "84429dfc66f73902e84700cc4feb9a34"},
    {"openssl-alpn", FAMILY_OPENSSL, "t13d3111ip_e8f1e7e78f70_1f22a2ca17c4",
     "5a1edc7f170af1014fc65c994878e63c"},
    {"openssl-default", FAMILY_OPENSSL, "t13d311000_e8f1e7e78f70_1f22a2ca17c4",
     "a3afc2c46ba4a7d7fbe1cfb7a3031c2f"},
    {"openssl-max-frag", FAMILY_OPENSSL, "t13i311000_e8f1e7e78f70_21e25a62dcf6",
     "de7b082dfab75fab231d2967b35c6617"},
    {"openssl-no-name", FAMILY_OPENSSL, "t13i310900_e8f1e7e78f70_1f22a2ca17c4",
     "c216e752cae6f8755fd27f561d031636"},
    {"openssl-tls10", FAMILY_OPENSSL, "t10i230500_44099cda8a52_195413a0cc0f",
     "4921a5a1f7b5423a19d0db34c56c09f0"},
    {"openssl-tls12", FAMILY_OPENSSL, "t12d280700_d943125447b4_e7e480e5a997",
     "871a754af286dfb70c1b53c6887c62e0"},
    {"openssl-tls13", FAMILY_OPENSSL, "t13d041000_16476d049b0b_78f1d400d464",
     "f146948b4a599d4d7ddf071b74696983"},
    {"openssl-web", FAMILY_OPENSSL, "t13d3111h2_e8f1e7e78f70_1f22a2ca17c4",
     "5a1edc7f170af1014fc65c994878e63c"},
    {"python", FAMILY_OPENSSL, "t13d1812ip_85036bcba153_d41ae481755e",
     "304734bb1c086c3453b387400cf83f11"},
    {"python-imaplib", FAMILY_OPENSSL, "t13d311100_e8f1e7e78f70_d41ae481755e",
     "d39e1be3241d516b1f714bd47c2bc968"},
    {"rustls", FAMILY_RUSTLS, "t13d1011h2_61a7ad8aa9b6_f9531d972513",
     "82d11224ec75983ca4f3b09bba28c19a"},
    {"thunderbird", FAMILY_NSS, "t13d161600_86a278354501_3cbfd9057e0d",
     "321945736646c67cddeeb36e11745982"},
    {"wget", FAMILY_GNUTLS, "t13d291300_723694b0fccc_899037bd0b8c",
     "bb4f9fef542ff6b4b29aa653bf0c1d31"},
    {"wolfssl-hybrid", FAMILY_WOLFSSL, "t13d2711ip_991e33d7eb74_a3ee225134cf",
     "9e1ff59ba1a1887d036e074f27741abd"},
    {"wolfssl-psk", FAMILY_WOLFSSL, "t13d2712ip_991e33d7eb74_818db749ddf7",
     "a02222b6c56191307bad772ea0ec4b50"},
};

static void
recordings(void)
{
	for (size_t i = 0; i < sizeof recorded / sizeof recorded[0]; i++) {
		struct hello h;
		struct fingerprint f;
		enum family family;

		CU_ASSERT_EQUAL_FATAL(
		    hello_read(hellos_recorded(recorded[i].name), &h),
		    HELLO_COMPLETE);
		family = family_of(&h);
		fingerprint_take(&h, &f);
		if (family != recorded[i].family ||
		    strcmp(f.ja3, recorded[i].ja3) != 0 ||
		    strcmp(f.ja4, recorded[i].ja4) != 0) {
			printf("%s: %s %s %s\n", recorded[i].name,
			       family_name(family), f.ja4, f.ja3);
			CU_FAIL("another family or fingerprint");
		}
	}
	CU_PASS("all rows");
}

#define APPLE_OLD                                                              \
	"00ff c02c c02b c024 c023 c00a c009 c008 c030 c02f c028 c027 c014 "    \
	"c013 c012 9d 9c 3d 3c 35 2f a"

/* Clients that do not run here, as is publicly known of them. */
static const struct {
	const char *who;
	enum family family;
	struct hello_spec hello;
} known[] = {
    {"Mail on macOS 10.12 to 13 (Secure Transport)",
     FAMILY_APPLE,
     {.suites = APPLE_OLD,
      .extensions = "0 10 11 13 5 18 23",
      .groups = "17 18 19",
      .points = "0",
      .signatures = "0401 0201 0501 0601 0403 0203 0503 0603"}},
    {"iOS 12 (coreTLS)",
     FAMILY_APPLE,
     {.suites = "1303 1301 1302 c02c c02b c024 c023 c00a c009 cca9 c030 c02f "
		"c028 c027 c014 c013 cca8 9d 9c 3d 3c 35 2f c008 c012 a",
      .extensions = "65281 0 23 13 5 13172 18 11 51 45 43 10 21",
      .groups = "1d 17 18 19",
      .points = "0",
      .signatures = "0403 0804 0401 0503 0203 0805 0805 0501 0806 0601 0201",
      .versions = "0304 0303 0302 0301"}},
    {"macOS 10.13 (coreTLS, TLS 1.2)",
     FAMILY_APPLE,
     {.suites = "c02c c02b c024 c023 c00a c009 cca9 c030 c02f c028 c027 c014 "
		"c013 cca8 9d 9c 3d 3c 35 2f",
      .extensions = "65281 0 23 13 5 13172 18 11 10",
      .groups = "1d 17 18 19",
      .points = "0",
      .signatures = "0403 0804 0401 0503 0805 0501 0806 0601 0201"}},
    {"iOS 18 (Network.framework)",
     FAMILY_APPLE,
     {.suites = "3a3a 1301 1302 1303 c02c c02b cca9 c030 c02f cca8 c00a c009 "
		"c014 c013 9d 9c 35 2f c008 c012 a",
      .extensions = "6682 0 23 65281 10 11 5 13 18 51 45 43 27 64250 21",
      .groups = "6a6a 1d 17 18 19",
      .points = "0",
      .signatures = "0403 0804 0401 0503 0805 0805 0501 0806 0601 0201",
      .versions = "0a0a 0304 0303"}},
    {"Chrome",
     FAMILY_BORINGSSL,
     {.suites = "1a1a 1301 1302 1303 c02b c02f c02c c030 cca9 cca8 c013 c014 "
		"9c 9d 2f 35",
      .extensions = "2570 0 23 65281 10 11 35 5 13 18 51 45 43 27 17513 6682",
      .groups = "3a3a 11ec 1d 17 18",
      .points = "0",
      .signatures = "0403 0804 0401 0503 0805 0501 0806 0601",
      .versions = "aaaa 0304 0303"}},
    {"Android 7 (Conscrypt, TLS 1.2)",
     FAMILY_CONSCRYPT,
     {.suites = "c02b c02c cca9 c02f c030 cca8 c013 c014 9c 9d 2f 35",
      .extensions = "65281 0 23 35 13 11 10",
      .groups = "17",
      .points = "0",
      .signatures = "0601 0603 0501 0503 0401 0403 0301 0303 0201 0203"}},
    {"Android 14 (Conscrypt)",
     FAMILY_CONSCRYPT,
     {.suites = "1301 1302 1303 c02b c02c cca9 c02f c030 cca8 c009 c00a c013 "
		"c014 9c 9d 2f 35",
      .extensions = "0 23 65281 10 11 35 5 13 51 45 43 21",
      .groups = "1d 17 18",
      .points = "0",
      .signatures = "0403 0804 0401 0503 0805 0501 0806 0601 0201",
      .versions = "0304 0303"}},
    {"Windows 10 (Schannel)",
     FAMILY_SCHANNEL,
     {.suites = "c02c c02b c030 c02f 9f 9e c024 c023 c028 c027 c00a c009 c014 "
		"c013 9d 9c 3d 3c 35 2f a",
      .extensions = "0 5 10 11 13 35 23 65281",
      .groups = "1d 17 18",
      .points = "0",
      .signatures = "0401 0501 0201 0403 0503 0203 0202 0601 0603"}},
    {"Windows 11 (Schannel, TLS 1.3)",
     FAMILY_SCHANNEL,
     {.suites = "1302 1301 c02c c02b c030 c02f 9f 9e c024 c023 c028 c027 c00a "
		"c009 c014 c013 9d 9c 3d 3c 35 2f",
      .extensions = "0 5 10 11 13 35 43 45 51 23 65281",
      .groups = "1d 17 18",
      .points = "0",
      .signatures = "0804 0805 0806 0401 0501 0201 0403 0503 0203 0202 0601 "
		    "0603",
      .versions = "0304 0303"}},
    {"Windows 7 (Schannel, TLS 1.0)",
     FAMILY_SCHANNEL,
     {.version = 0x0301,
      .suites = "2f 35 5 a c013 c014 c009 c00a 32 38 13 4",
      .extensions = "65281 0 5 10 11",
      .groups = "17 18",
      .points = "0"}},
    {"OpenSSL 1.0.2",
     FAMILY_OPENSSL,
     {.suites = "c030 c02c c028 c024 c014 c00a 9f 9e ff",
      .extensions = "0 11 10 35 13 15",
      .groups = "17 19 1c 1b 18",
      .points = "0 1 2",
      .signatures = "0601 0602 0603 0501 0502 0503 0401"}},
    {"OpenSSL 3.5",
     FAMILY_OPENSSL,
     {.suites = "1302 1303 1301 c02c c030 9f cca9 cca8 ccaa c02b c02f 9e",
      .extensions = "65281 0 11 10 35 22 23 13 43 45 51",
      .groups = "11ec 1d 17 1e 18 19 100 101",
      .points = "0 1 2",
      .signatures = "0905 0906 0904 0403 0503 0603 0807",
      .versions = "0304 0303"}},
    {"OpenSSL 4.0, one point format",
     FAMILY_OPENSSL,
     {.suites = "1302 1303 1301 c02c c030 9f cca9 cca8 ccaa c02b c02f 9e",
      .extensions = "65281 11 10 35 22 23 13 43 45 51 27 0",
      .groups = "11ec 11eb 11ee 1d 17 1e 18",
      .points = "0",
      .signatures = "0905 0906 0904 0403 0503 0603 0807",
      .versions = "0304 0303"}},
    {"LibreSSL 3.3",
     FAMILY_OPENSSL,
     {.suites = "1303 1302 1301 cca9 cca8 ccaa c030 c02c c028 c024 c014 ff",
      .extensions = "43 51 0 11 10 35 13",
      .groups = "1d 17 18 19",
      .points = "0",
      .signatures = "0806 0601 0603 0805 0501 0503 0804 0401",
      .versions = "0304 0303 0302 0301"}},
    {"Firefox 59 (NSS)",
     FAMILY_NSS,
     {.suites = "c02b c02f cca9 cca8 c02c c030 c00a c009 c013 c014 33 39 2f",
      .extensions = "0 23 65281 10 11 35 5 13",
      .groups = "1d 17 18 19",
      .points = "0",
      .signatures = "0403 0503 0603 0804 0805 0806 0401 0501"}},
    {"Java 8 of 2016",
     FAMILY_JAVA,
     {.suites = "c023 c027 3c c025 c029 67 40 c009 c013 2f c004 c00e 33 32 ff",
      .extensions = "10 11 13 0",
      .groups = "17 1 3 13 15 6 7",
      .points = "0",
      .signatures = "0603 0601 0503 0501 0403 0401 0402 0203 0201 0202"}},
    {"a scanner with one suite",
     FAMILY_UNKNOWN,
     {.suites = "c02b",
      .extensions = "10 11 13",
      .groups = "17",
      .points = "0",
      .signatures = "0403"}},
    {"nothing but a suite", FAMILY_UNKNOWN, {.suites = "2f"}},
};

static void
knowledge(void)
{
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		struct hello h;

		hellos_make(&known[i].hello, &h);
		if (family_of(&h) != known[i].family) {
			printf("%s: %s\n", known[i].who,
			       family_name(family_of(&h)));
			CU_FAIL("another family");
		}
	}
	CU_PASS("all rows");
}

static void
names(void)
{
	CU_ASSERT_STRING_EQUAL(family_name(FAMILY_UNKNOWN), "unknown");
	for (int i = 0; i < FAMILIES; i++)
		for (int k = 0; k < i; k++)
			CU_ASSERT_STRING_NOT_EQUAL(family_name((enum family)i),
						   family_name((enum family)k));
}

void
suite_family(void)
{
	CU_pSuite suite = CU_add_suite("family", NULL, NULL);

	CU_add_test(suite, "recorded hellos have their family and fingerprints",
		    recordings);
	CU_add_test(suite, "hellos known from elsewhere have their family",
		    knowledge);
	CU_add_test(suite, "each family has a name", names);
}
