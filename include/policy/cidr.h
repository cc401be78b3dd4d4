/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cidr.h - addresses and networks as 16 bytes (IPv4 as ::ffff:a.b.c.d).
 *
 * Pure: no resolver, no sockets. An IPv4-mapped address and its IPv4 form are
 * the same address here.
 */
#ifndef POLICY_CIDR_H
#define POLICY_CIDR_H

#include "base/err.h"
#include "base/slice.h"

#include <stdbool.h>

struct address {
	unsigned char octets[16];
};

struct cidr {
	struct address network; /* host bits are zero */
	unsigned bits;          /* 0 to 128, counted in the 16-byte form */
};

enum { ADDRESS_TEXT_MAX = 46 };

/* "192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1"; no zone, no brackets. */
enum err address_parse(struct slice text, struct address *out) MUST_USE;
/* Shortest form (RFC 5952), IPv4 dotted; ends in NUL. */
void address_print(const struct address *a, char out[ADDRESS_TEXT_MAX]);
bool address_is_v4(const struct address *a);

/* "192.0.2.0/24", "2001:db8::/32", or one address. ERR_RANGE: bits too many; ERR_MISMATCH: host bits set. */
enum err cidr_parse(struct slice text, struct cidr *out) MUST_USE;
bool cidr_contains(const struct cidr *net, const struct address *a);
bool cidr_any_contains(const struct cidr *nets, size_t n, const struct address *a);

#endif
