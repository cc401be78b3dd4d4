/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hash.c - SipHash-2-4 (Aumasson and Bernstein, 2012).
 */
#include "base/hash.h"

static uint64_t
read_little(const unsigned char *p, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return v;
}

static uint64_t
rotate(uint64_t v, unsigned bits)
{
	return v << bits | v >> (64 - bits);
}

static void
mix(uint64_t v[4], unsigned rounds)
{
	while (rounds-- > 0) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = rotate(v[1], 13) ^ v[0];
		v[3] = rotate(v[3], 16) ^ v[2];
		v[0] = rotate(v[0], 32);
		v[2] += v[1];
		v[0] += v[3];
		v[1] = rotate(v[1], 17) ^ v[2];
		v[3] = rotate(v[3], 21) ^ v[0];
		v[2] = rotate(v[2], 32);
	}
}

static void
absorb(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	mix(v, 2);
	v[0] ^= word;
}

uint64_t
hash_keyed(const unsigned char key[HASH_KEY], struct slice s)
{
	uint64_t k0 = read_little(key, 8), k1 = read_little(key + 8, 8);
	uint64_t v[4] = {
	    k0 ^ UINT64_C(0x736f6d6570736575),
	    k1 ^ UINT64_C(0x646f72616e646f6d),
	    k0 ^ UINT64_C(0x6c7967656e657261),
	    k1 ^ UINT64_C(0x7465646279746573),
	};
	uint64_t last = (uint64_t)s.len << 56;

	for (; s.len >= 8; s = slice_skip(s, 8))
		absorb(v, read_little(s.ptr, 8));
	absorb(v, last | read_little(s.ptr, s.len));
	v[2] ^= 0xff;
	mix(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}
