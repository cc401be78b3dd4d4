/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * memory.h - does a secret stand anywhere in this process?
 */
#ifndef TESTS_MEMORY_H
#define TESTS_MEMORY_H

#include <stddef.h>

enum { MEMORY_MASK = 0x5a };

/*
 * How often the bytes stand in memory that can be written to: heap, stacks,
 * data. masked: each of them XOR MEMORY_MASK, so that it is not found itself.
 */
size_t memory_count(const unsigned char *masked, size_t n);

#endif
