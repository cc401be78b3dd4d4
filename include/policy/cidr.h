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

enum { ADDRESS_TEXT_MAX = 46, CIDR_TEXT_MAX = ADDRESS_TEXT_MAX + 4 };

/*
 * "192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1"; no zone, no brackets, no
 * leading zeros in IPv4. ERR_SYNTAX: anything else.
 */
enum err address_parse(struct slice text, struct address *out) MUST_USE;
/* Shortest form (RFC 5952), IPv4 dotted; ends in NUL. */
void address_print(const struct address *a, char out[ADDRESS_TEXT_MAX]);
bool address_eq(const struct address *a, const struct address *b);
bool address_is_v4(const struct address *a);
/* What counts as one client: the address, of IPv6 its /64. */
struct address address_network(const struct address *a);
/* The same as a network: its /32, of IPv6 the /64. */
struct cidr address_as_cidr(const struct address *a);
/* What counts as one neighbourhood: the /24, of IPv6 the /48. */
struct cidr address_prefix(const struct address *a);
/* 127.0.0.0/8 and ::1. */
bool address_is_loopback(const struct address *a);

/*
 * "192.0.2.0/24", "2001:db8::/32", or one address. ERR_SYNTAX: none of these;
 * ERR_RANGE: too many bits; ERR_MISMATCH: host bits are set.
 */
enum err cidr_parse(struct slice text, struct cidr *out) MUST_USE;
/* As cidr_parse reads it, always with its bits; ends in NUL. */
void cidr_print(const struct cidr *net, char out[CIDR_TEXT_MAX]);
/* The network of so many bits, 0 to 128, that it lies in; of less than 96 bits
 * an IPv4 address lies in none, see below. */
struct cidr cidr_around(const struct address *a, unsigned bits);
/* IPv4 addresses lie in IPv4 networks only: "::/0" holds none of them. */
bool cidr_contains(const struct cidr *net, const struct address *a);
bool cidr_any_contains(const struct cidr *nets, size_t n,
		       const struct address *a);

#endif
