/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_library.c - what we ask of the TLS library's build.
 */
#include "tls/store.h"

#include <CUnit/CUnit.h>

#include <wolfssl/options.h>
/* The options come first. */
#include <wolfssl/wolfcrypt/curve25519.h>
#include <wolfssl/wolfcrypt/hash.h>
#include <wolfssl/wolfcrypt/random.h>

#include <string.h>
#include <time.h>

void suite_library(void);

enum { KEY = CURVE25519_KEYSIZE, ROUNDS = 64 };

/* Longer than what the kernel gives at once. */
static void
random_numbers_are_random_to_the_end(void)
{
	static const unsigned char zeros[16];
	unsigned char a[1000] = {0}, b[1000] = {0};
	WC_RNG rng;

	CU_ASSERT_EQUAL_FATAL(tls_library_init(), ERR_OK);
	CU_ASSERT_EQUAL_FATAL(wc_InitRng(&rng), 0);
	CU_ASSERT_EQUAL(wc_RNG_GenerateBlock(&rng, a, sizeof a), 0);
	CU_ASSERT_EQUAL(wc_RNG_GenerateBlock(&rng, b, sizeof b), 0);
	for (size_t at = 0; at + sizeof zeros <= sizeof a; at += 8) {
		CU_ASSERT(memcmp(a + at, zeros, sizeof zeros) != 0);
		CU_ASSERT(memcmp(a + at, b + at, sizeof zeros) != 0);
	}
	CU_ASSERT_EQUAL(wc_FreeRng(&rng), 0);
}

/* As other code leaves them behind: every bit set. */
static void
fill_vector_registers(void)
{
#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx2"))
		__asm__ volatile(
		    ".irp r,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
		    "vpcmpeqd %%ymm\\r, %%ymm\\r, %%ymm\\r\n"
		    ".endr" ::
			: "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5",
			  "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11",
			  "xmm12", "xmm13", "xmm14", "xmm15");
#endif
}

static void
clear_vector_registers(void)
{
#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx"))
		__asm__ volatile("vzeroupper");
#endif
}

/* wolfSSL 5.9.2 as it comes fails here, see scripts/build-wolfssl. */
static void
x25519_keys_do_not_depend_on_what_ran_before(void)
{
	static const unsigned char nine[KEY] = {9};
	unsigned char secret[KEY], public[KEY], expected[KEY];
	unsigned wrong = 0;
	WC_RNG rng;

	CU_ASSERT_EQUAL_FATAL(wc_InitRng(&rng), 0);
	for (unsigned i = 0; i < ROUNDS; i++) {
		CU_ASSERT_EQUAL(wc_curve25519_make_priv(&rng, KEY, secret), 0);
		/* The same product by another way. */
		CU_ASSERT_EQUAL(wc_curve25519_generic(KEY, expected, KEY,
						      secret, KEY, nine),
				0);
		fill_vector_registers();
		CU_ASSERT_EQUAL(
		    wc_curve25519_make_pub(KEY, public, KEY, secret), 0);
		wrong += memcmp(public, expected, KEY) != 0;
	}
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT_EQUAL(wc_FreeRng(&rng), 0);
}

/* RFC 7748 section 5.2; the second key has its highest bit set. */
static const struct {
	unsigned char secret[KEY], public[KEY], shared[KEY];
} vectors[] = {
    {{0xa5, 0x46, 0xe3, 0x6b, 0xf0, 0x52, 0x7c, 0x9d, 0x3b, 0x16, 0x15,
      0x4b, 0x82, 0x46, 0x5e, 0xdd, 0x62, 0x14, 0x4c, 0x0a, 0xc1, 0xfc,
      0x5a, 0x18, 0x50, 0x6a, 0x22, 0x44, 0xba, 0x44, 0x9a, 0xc4},
     {0xe6, 0xdb, 0x68, 0x67, 0x58, 0x30, 0x30, 0xdb, 0x35, 0x94, 0xc1,
      0xa4, 0x24, 0xb1, 0x5f, 0x7c, 0x72, 0x66, 0x24, 0xec, 0x26, 0xb3,
      0x35, 0x3b, 0x10, 0xa9, 0x03, 0xa6, 0xd0, 0xab, 0x1c, 0x4c},
     {0xc3, 0xda, 0x55, 0x37, 0x9d, 0xe9, 0xc6, 0x90, 0x8e, 0x94, 0xea,
      0x4d, 0xf2, 0x8d, 0x08, 0x4f, 0x32, 0xec, 0xcf, 0x03, 0x49, 0x1c,
      0x71, 0xf7, 0x54, 0xb4, 0x07, 0x55, 0x77, 0xa2, 0x85, 0x52}},
    {{0x4b, 0x66, 0xe9, 0xd4, 0xd1, 0xb4, 0x67, 0x3c, 0x5a, 0xd2, 0x26,
      0x91, 0x95, 0x7d, 0x6a, 0xf5, 0xc1, 0x1b, 0x64, 0x21, 0xe0, 0xea,
      0x01, 0xd4, 0x2c, 0xa4, 0x16, 0x9e, 0x79, 0x18, 0xba, 0x0d},
     {0xe5, 0x21, 0x0f, 0x12, 0x78, 0x68, 0x11, 0xd3, 0xf4, 0xb7, 0x95,
      0x9d, 0x05, 0x38, 0xae, 0x2c, 0x31, 0xdb, 0xe7, 0x10, 0x6f, 0xc0,
      0x3c, 0x3e, 0xfc, 0x4c, 0xd5, 0x49, 0xc7, 0x15, 0xa4, 0x93},
     {0x95, 0xcb, 0xde, 0x94, 0x76, 0xe8, 0x90, 0x7d, 0x7a, 0xad, 0xe4,
      0x5c, 0xb4, 0xb8, 0x73, 0xf8, 0x8b, 0x59, 0x5a, 0x68, 0x79, 0x9f,
      0xa1, 0x52, 0xe6, 0xf8, 0xf7, 0x64, 0x7a, 0xac, 0x79, 0x57}},
};

static void
x25519_is_as_rfc_7748_has_it(void)
{
	curve25519_key ours, theirs;
	unsigned char shared[KEY];
	word32 n = sizeof shared;

	CU_ASSERT_EQUAL_FATAL(tls_library_init(), ERR_OK);
	for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
		CU_ASSERT_EQUAL_FATAL(wc_curve25519_init(&ours), 0);
		CU_ASSERT_EQUAL_FATAL(wc_curve25519_init(&theirs), 0);
		CU_ASSERT_EQUAL(
		    wc_curve25519_import_private_ex(
			vectors[i].secret, KEY, &ours, EC25519_LITTLE_ENDIAN),
		    0);
		CU_ASSERT_EQUAL(
		    wc_curve25519_check_public(vectors[i].public, KEY,
					       EC25519_LITTLE_ENDIAN),
		    0);
		CU_ASSERT_EQUAL(
		    wc_curve25519_import_public_ex(
			vectors[i].public, KEY, &theirs, EC25519_LITTLE_ENDIAN),
		    0);
		CU_ASSERT_EQUAL(
		    wc_curve25519_shared_secret_ex(&ours, &theirs, shared, &n,
						   EC25519_LITTLE_ENDIAN),
		    0);
		CU_ASSERT_EQUAL(memcmp(shared, vectors[i].shared, KEY), 0);
		wc_curve25519_free(&ours);
		wc_curve25519_free(&theirs);
	}
}

/* Of ten times the shortest, in nanoseconds. */
static uint64_t
time_of_sha256(void (*before)(void))
{
	static unsigned char text[16384];
	unsigned char hash[32];
	uint64_t best = UINT64_MAX;

	for (unsigned i = 0; i < 10; i++) {
		struct timespec a, b;
		uint64_t ns;

		before();
		(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &a);
		CU_ASSERT_EQUAL(wc_Sha256Hash(text, sizeof text, hash), 0);
		(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &b);
		ns = (uint64_t)(b.tv_sec - a.tv_sec) * 1000000000 +
		     (uint64_t)b.tv_nsec - (uint64_t)a.tv_nsec;
		if (ns < best)
			best = ns;
	}
	return best;
}

/* 5.9.2 as it comes takes a hundred times as long on some processors. */
static void
sha256_is_as_fast_whatever_ran_before(void)
{
	uint64_t filled = time_of_sha256(fill_vector_registers);
	uint64_t clear = time_of_sha256(clear_vector_registers);

	CU_ASSERT(filled < 10 * clear);
}

void
suite_library(void)
{
	CU_pSuite suite = CU_add_suite("library", NULL, NULL);

	CU_add_test(suite, "random numbers are random to the end",
		    random_numbers_are_random_to_the_end);
	CU_add_test(suite, "X25519 keys do not depend on what ran before",
		    x25519_keys_do_not_depend_on_what_ran_before);
	CU_add_test(suite, "X25519 is as RFC 7748 has it",
		    x25519_is_as_rfc_7748_has_it);
	CU_add_test(suite, "SHA-256 is as fast whatever ran before",
		    sha256_is_as_fast_whatever_ran_before);
}
