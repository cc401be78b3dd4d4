/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * input.h - rows of input, and what else a parser must survive.
 */
#ifndef UNIT_INPUT_H
#define UNIT_INPUT_H

#include "base/slice.h"

#include <CUnit/CUnit.h>

#include <stdlib.h>
#include <string.h>

/* A slice in a static table; may hold NUL. */
#define T(literal)                                                             \
	{                                                                      \
		(const unsigned char *)(literal), sizeof(literal) - 1          \
	}

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* Fails with the row's own words. */
#define SHOWS(text, condition)                                                 \
	CU_assertImplementation((condition) ? CU_TRUE : CU_FALSE, __LINE__,    \
				(text), __FILE__, "", CU_FALSE)

/* A copy in heap memory of just that size: ASan sees one byte too many. */
static inline struct slice
exact(struct slice s)
{
	unsigned char *mem = malloc(s.len > 0 ? s.len : 1);

	if (!mem)
		abort();
	if (s.len > 0)
		memcpy(mem, s.ptr, s.len);
	return slice_of(mem, s.len);
}

static inline void
exact_free(struct slice s)
{
	free((void *)(uintptr_t)s.ptr);
}

/* Tries s cut short anywhere, and with any one byte replaced. */
static inline void
each_damage(struct slice s, void (*try)(struct slice in))
{
	static const unsigned char bytes[] =
	    "\0\x01\t\r\n \"%'()*+,-09=A[\\]z{}~\x7f\x80\xff";

	for (size_t n = 0; n <= s.len; n++) {
		struct slice in = exact(slice_head(s, n));

		try(in);
		exact_free(in);
	}
	for (size_t at = 0; at < s.len; at++) {
		for (size_t b = 0; b < sizeof bytes - 1; b++) {
			struct slice in = exact(s);

			((unsigned char *)(uintptr_t)in.ptr)[at] = bytes[b];
			try(in);
			exact_free(in);
		}
	}
}

#endif
