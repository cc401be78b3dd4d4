/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * family.c - families of clients by what their hellos have in common.
 *
 * What is telling: the order of the first suites below TLS 1.3 and of the
 * first signature algorithms, which only experts change, and a few extensions
 * that one library alone sends. Extensions come in any order nowadays.
 */
#include "tls/family.h"

#include <stddef.h>

/* What a hello has; bits of struct row. */
enum trait {
	GREASE = 1 << 0,
	POINTS = 1 << 1,         /* three point formats, as OpenSSL < 4 */
	SCSV = 1 << 2,           /* TLS_EMPTY_RENEGOTIATION_INFO_SCSV ... */
	SCSV_FIRST = 1 << 3,     /* ... as the first suite */
	RENEGOTIATION = 1 << 4,  /* the extension */
	STATUS = 1 << 5,         /* status_request */
	STATUS_V2 = 1 << 6,      /* status_request_v2 */
	MAC_FIRST = 1 << 7,      /* encrypt_then_mac */
	RECORD_SIZE = 1 << 8,    /* record_size_limit */
	TICKET = 1 << 9,         /* session_ticket */
	SIGNATURES = 1 << 10,    /* signature_algorithms */
	NEXT_PROTOCOL = 1 << 11, /* NPN, before ALPN */
	CCM = 1 << 12,           /* AES-CCM suites */
	TRIPLE = 1 << 13,        /* ECDHE with 3DES */
	CAMELLIA = 1 << 14,      /* DHE-RSA with it */
	DSA = 1 << 15,           /* signatures by DSA with SHA-1 */
	TWICE = 1 << 16,         /* rsa_pss_rsae_sha384 given twice */
	GROUPS = 1 << 17,        /* supported_groups */
	CERTIFICATE = 1 << 18,   /* signature_algorithms_cert */
};

enum { SUITES = 5, SIGNATURES_SHOWN = 3 };

/*
 * The first row that fits decides. suites: the first ones below TLS 1.3;
 * signatures: the first ones. 0 stands for any.
 */
static const struct row {
	enum family family;
	unsigned has, lacks;
	uint16_t suites[SUITES];
	uint16_t signatures[SIGNATURES_SHOWN];
} rows[] = {
    /* Network.framework is BoringSSL with suites nobody else has left. */
    {FAMILY_APPLE, GREASE | TRIPLE, 0, {0}, {0}},
    {FAMILY_BORINGSSL, GREASE, 0, {0}, {0}},
    {FAMILY_NODE, POINTS, 0, {0xc02f, 0xc02b, 0xc030, 0xc02c, 0x009e}, {0}},
    {FAMILY_OPENSSL, POINTS, 0, {0}, {0}},
    {FAMILY_JAVA, STATUS_V2, 0, {0}, {0}},
    {FAMILY_JAVA, CERTIFICATE, 0, {0}, {0x0403, 0x0503, 0x0603}},
    {FAMILY_GNUTLS, RECORD_SIZE | CCM, 0, {0}, {0}},
    {FAMILY_GNUTLS, RECORD_SIZE | MAC_FIRST, 0, {0}, {0}},
    {FAMILY_NSS, RECORD_SIZE, 0, {0}, {0}},
    /* Secure Transport and coreTLS, up to 2020. */
    {FAMILY_APPLE, TWICE, 0, {0}, {0}},
    {FAMILY_APPLE, SCSV_FIRST, CAMELLIA, {0}, {0}},
    {FAMILY_APPLE, NEXT_PROTOCOL, MAC_FIRST, {0xc02c, 0xc02b, 0xc024}, {0}},
    {FAMILY_CONSCRYPT, 0, 0, {0xc02b, 0xc02c, 0xcca9, 0xc02f, 0xc030}, {0}},
    {FAMILY_NSS, 0, MAC_FIRST, {0xc02b, 0xc02f, 0xcca9, 0xcca8}, {0}},
    {FAMILY_NSS, STATUS, 0, {0xc02b, 0xc02f, 0xc00a}, {0}},
    {FAMILY_GO, RENEGOTIATION, 0, {0}, {0x0804, 0x0403, 0x0807}},
    {FAMILY_RUSTLS,
     SCSV,
     MAC_FIRST,
     {0xc02c, 0xc02b, 0xcca9, 0xc030, 0xc02f},
     {0}},
    {FAMILY_OPENSSL,
     MAC_FIRST,
     0,
     {0xc02c, 0xc030, 0x009f, 0xcca9, 0xcca8},
     {0}},
    /* LibreSSL */
    {FAMILY_OPENSSL, SCSV, 0, {0xcca9, 0xcca8, 0xccaa, 0xc030, 0xc02c}, {0}},
    {FAMILY_OPENSSL, MAC_FIRST | RENEGOTIATION, 0, {0}, {0}},
    {FAMILY_OPENSSL, MAC_FIRST | SCSV, 0, {0}, {0}},
    {FAMILY_WOLFSSL, MAC_FIRST, 0, {0}, {0x0603, 0x0503, 0x0403}},
    {FAMILY_JAVA, SCSV | GROUPS, TICKET | STATUS | MAC_FIRST, {0}, {0}},
    {FAMILY_SCHANNEL, STATUS | RENEGOTIATION | DSA, SCSV, {0}, {0}},
    {FAMILY_SCHANNEL, STATUS | RENEGOTIATION, SCSV | SIGNATURES, {0}, {0}},
};

/* Traits that are one number in one list. */
static const struct {
	enum trait trait;
	unsigned short list; /* offset in struct hello */
	unsigned short number;
} marks[] = {
#define EXTENSION(n) offsetof(struct hello, extensions), n
#define SUITE(n)     offsetof(struct hello, suites), n
    {SCSV, SUITE(0x00ff)},
    {RENEGOTIATION, EXTENSION(65281)},
    {STATUS, EXTENSION(5)},
    {STATUS_V2, EXTENSION(17)},
    {MAC_FIRST, EXTENSION(22)},
    {RECORD_SIZE, EXTENSION(28)},
    {TICKET, EXTENSION(35)},
    {SIGNATURES, EXTENSION(13)},
    {NEXT_PROTOCOL, EXTENSION(13172)},
    {GROUPS, EXTENSION(10)},
    {CERTIFICATE, EXTENSION(50)},
    {CCM, SUITE(0xc0ac)},
    {TRIPLE, SUITE(0xc008)},
    {CAMELLIA, SUITE(0x0088)},
    {DSA, offsetof(struct hello, signatures), 0x0202},
};

static const struct hello_list *
list_at(const struct hello *h, size_t offset)
{
	return (const struct hello_list *)(const void *)((const char *)h +
							 offset);
}

static bool
given_twice(const struct hello_list *l, unsigned n)
{
	unsigned times = 0;

	for (size_t i = 0; i < l->count; i++)
		times += l->at[i] == n;
	return times > 1;
}

static unsigned
traits_of(const struct hello *h)
{
	unsigned traits = 0;

	for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
		if (hello_lists(list_at(h, marks[i].list), marks[i].number))
			traits |= (unsigned)marks[i].trait;
	traits |= h->grease ? GREASE : 0u;
	traits |= h->points.count == 3 ? POINTS : 0u;
	traits |=
	    h->suites.count > 0 && h->suites.at[0] == 0x00ff ? SCSV_FIRST : 0u;
	traits |= given_twice(&h->signatures, 0x0805) ? TWICE : 0u;
	return traits;
}

/* Does the list, from place `from` on, begin with these? */
static bool
begins(const struct hello_list *l, size_t from, const uint16_t *want, size_t n)
{
	for (size_t i = 0; i < n && want[i] != 0; i++)
		if (from + i >= l->count || l->at[from + i] != want[i])
			return false;
	return true;
}

enum family
family_of(const struct hello *h)
{
	unsigned traits = traits_of(h);
	size_t below = 0;

	if (h->overlong)
		return FAMILY_UNKNOWN; /* a scanner */
	while (below < h->suites.count && h->suites.at[below] >> 8 == 0x13)
		below++;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if ((traits & rows[i].has) == rows[i].has &&
		    (traits & rows[i].lacks) == 0 &&
		    begins(&h->suites, below, rows[i].suites, SUITES) &&
		    begins(&h->signatures, 0, rows[i].signatures,
			   SIGNATURES_SHOWN))
			return rows[i].family;
	return FAMILY_UNKNOWN;
}

static const struct {
	const char *name, *who;
} families[] = {
#define X(id, name, who) {name, who},
    FAMILY_LIST(X)
#undef X
};

const char *
family_name(enum family f)
{
	return families[f].name;
}

const char *
family_who(enum family f)
{
	return families[f].who;
}
