/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/hash.h"

#include <CUnit/CUnit.h>

/* From the reference implementation: key 00 01 .. 0f, message 00 01 .. of that
 * length. */
static const struct {
	size_t len;
	uint64_t hash;
} vectors[] = {
    {0, UINT64_C(0x726fdb47dd0e0e31)},  {1, UINT64_C(0x74f839c593dc67fd)},
    {2, UINT64_C(0x0d6c8009d9a94f5a)},  {7, UINT64_C(0xab0200f58b01d137)},
    {8, UINT64_C(0x93f5f5799a932462)},  {9, UINT64_C(0x9e0082df0ba9e4b0)},
    {15, UINT64_C(0xa129ca6149be45e5)}, {63, UINT64_C(0x958a324ceb064572)},
};

static void
test_vectors(void)
{
	unsigned char bytes[64];

	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (unsigned char)i;
	for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++)
		CU_ASSERT_EQUAL(
		    hash_keyed(bytes, slice_of(bytes, vectors[i].len)),
		    vectors[i].hash);
}

void
suite_hash(void)
{
	CU_pSuite suite = CU_add_suite("hash", NULL, NULL);

	CU_add_test(suite, "hashes as the reference does", test_vectors);
}
