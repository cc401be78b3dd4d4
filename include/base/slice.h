/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * slice.h - bytes that somebody else owns.
 *
 * A slice never owns and never ends in NUL. All comparisons are on bytes;
 * the "i" variants fold ASCII only, as IMAP does (RFC 9051 section 9).
 */
#ifndef BASE_SLICE_H
#define BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct slice {
	const unsigned char *ptr;
	size_t len;
};

#define SLICE(literal)                                                         \
	((struct slice){(const unsigned char *)(literal), sizeof(literal) - 1})
#define SLICE_EMPTY ((struct slice){(const unsigned char *)"", 0})

struct slice slice_of(const void *ptr, size_t len);
struct slice slice_str(const char *text); /* text ends in NUL */

bool slice_eq(struct slice a, struct slice b);
bool slice_ieq(struct slice a, struct slice b);
bool slice_istarts(struct slice s, struct slice prefix);
bool slice_iends(struct slice s, struct slice suffix);

/* The first n bytes, or all when there are fewer. */
struct slice slice_head(struct slice s, size_t n);
/* All but the first n bytes; empty when there are fewer. */
struct slice slice_skip(struct slice s, size_t n);
/* Index of byte c, or s.len when it is not there. */
size_t slice_find(struct slice s, unsigned char c);

/* Without the bytes c that it begins and ends with. */
struct slice slice_trim(struct slice s, unsigned char c);

/*
 * Takes the text before the next byte `sep` off the front of *rest and
 * returns it; the separator goes too. Without one, takes all.
 */
struct slice slice_cut(struct slice *rest, unsigned char sep);

/* Decimal digits only, at least one, value <= max; false leaves *out alone. */
bool slice_number(struct slice s, uint64_t max, uint64_t *out);

/* ASCII classes without locale. */
bool byte_digit(unsigned char c);
bool byte_alpha(unsigned char c);
unsigned char byte_lower(unsigned char c);

#endif
