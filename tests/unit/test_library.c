/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_library.c - what we ask of the TLS library's build.
 */
#include "tls/store.h"

#include <CUnit/CUnit.h>
#include <string.h>

#include <wolfssl/options.h>
/* The options come first. */
#include <wolfssl/wolfcrypt/curve25519.h>
#include <wolfssl/wolfcrypt/random.h>

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

void
suite_library(void)
{
	CU_pSuite suite = CU_add_suite("library", NULL, NULL);

	CU_add_test(suite, "random numbers are random to the end",
		    random_numbers_are_random_to_the_end);
	CU_add_test(suite, "X25519 keys do not depend on what ran before",
		    x25519_keys_do_not_depend_on_what_ran_before);
}
