/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tls/md5.h"

#include <string.h>

enum { BLOCK = 64, LENGTH_AT = BLOCK - 8 };

/* RFC 1321 section 3.4: the integer part of 2^32 |sin(i + 1)|. */
static const uint32_t sines[64] = {
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a,
    0xa8304613, 0xfd469501, 0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be,
    0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821, 0xf61e2562, 0xc040b340,
    0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8,
    0x676f02d9, 0x8d2a4c8a, 0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c,
    0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70, 0x289b7ec6, 0xeaa127fa,
    0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92,
    0xffeff47d, 0x85845dd1, 0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1,
    0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
};

static const unsigned char turns[4][4] = {
    {7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};

static uint32_t
word(const unsigned char *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
}

/* RFC 1321 section 3.4: F, G, H and I. */
static inline uint32_t
mixed(unsigned round, uint32_t b, uint32_t c, uint32_t d)
{
	switch (round) {
	case 0:
		return (b & c) | (~b & d);
	case 1:
		return (b & d) | (c & ~d);
	case 2:
		return b ^ c ^ d;
	default:
		return c ^ (b | ~d);
	}
}

/* first, step: which words of the block are taken. */
static inline void
take_round(unsigned round, uint32_t v[4], const uint32_t words[16],
	   unsigned first, unsigned step)
{
	for (unsigned i = 0; i < 16; i++) {
		unsigned turn = turns[round][i % 4];
		uint32_t sum = v[0] + mixed(round, v[1], v[2], v[3]) +
			       sines[16 * round + i] +
			       words[(first + step * i) % 16];

		v[0] = v[3];
		v[3] = v[2];
		v[2] = v[1];
		v[1] += sum << turn | sum >> (32 - turn);
	}
}

static void
take_block(uint32_t state[4], const unsigned char *block)
{
	uint32_t v[4], words[16];

	memcpy(v, state, sizeof v);
	for (size_t i = 0; i < 16; i++)
		words[i] = word(block + 4 * i);
	take_round(0, v, words, 0, 1);
	take_round(1, v, words, 1, 5);
	take_round(2, v, words, 5, 3);
	take_round(3, v, words, 0, 7);
	for (size_t i = 0; i < 4; i++)
		state[i] += v[i];
}

void
md5(struct slice s, unsigned char out[MD5_SIZE])
{
	uint32_t state[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
	unsigned char last[2 * BLOCK] = {0};
	uint64_t bits = (uint64_t)s.len * 8;
	size_t left = s.len % BLOCK, end = left < LENGTH_AT ? BLOCK : 2 * BLOCK;

	for (; s.len >= BLOCK; s = slice_skip(s, BLOCK))
		take_block(state, s.ptr);
	memcpy(last, s.ptr, left);
	last[left] = 0x80;
	for (unsigned i = 0; i < 8; i++)
		last[end - 8 + i] = (unsigned char)(bits >> 8 * i);
	for (size_t at = 0; at < end; at += BLOCK)
		take_block(state, last + at);
	for (unsigned i = 0; i < MD5_SIZE; i++)
		out[i] = (unsigned char)(state[i / 4] >> 8 * (i % 4));
}
