/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_names.c - any bytes as a host, as the names of a certificate, and as the
 * constraints of a CA.
 *
 * Three parts, the first two after their lengths. Who is covered is found again
 * in a simpler way; names that keep within constraints still do when one of
 * them is taken away; a comparison never costs more than there is.
 */
#include "x509/constraints.h"
#include "x509/der.h"
#include "x509/names.h"

#include <stdlib.h>
#include <string.h>

#define REQUIRE(condition) ((condition) ? (void)0 : abort())

enum { WORK = 2000, FEW = 50 };

static struct slice
take(struct slice *in)
{
	struct slice part = SLICE_EMPTY;
	size_t n;

	if (in->len == 0)
		return part;
	n = in->ptr[0];
	part = slice_head(slice_skip(*in, 1), n);
	*in = slice_skip(*in, 1 + n);
	return part;
}

/* As RFC 9525 6.3 says it, in words of its own. */
static bool
is_for(struct slice dns, struct slice host)
{
	size_t dot = slice_find(host, '.');
	struct slice base = slice_skip(dns, 2);

	if (host.len > 0 && host.ptr[host.len - 1] == '.')
		host.len--;
	if (slice_find(dns, '*') == dns.len)
		return slice_ieq(dns, host);
	return slice_istarts(dns, SLICE("*.")) &&
	       slice_find(base, '*') == base.len &&
	       slice_find(base, '.') < base.len && dot > 0 &&
	       slice_ieq(slice_skip(host, dot + 1), base);
}

static void
check_cover(struct slice names, struct slice host)
{
	unsigned char address[ADDRESS_MAX];
	size_t n = names_address(host, address);
	bool found = false;
	struct name name;

	REQUIRE(n == 0 || n == 4 || n == 16);
	if (!names_cover(names, host))
		return;
	REQUIRE(names_reference(host));
	REQUIRE(memchr(host.ptr, '*', host.len) == NULL);
	while (names_next(&names, &name))
		found |=
		    n > 0 ? name.kind == NAME_ADDRESS &&
				slice_eq(name.value, slice_of(address, n))
			  : name.kind == NAME_DNS && is_for(name.value, host);
	REQUIRE(found);
}

static enum constraints_verdict
judge(struct slice subtrees, struct slice names, unsigned least)
{
	const struct certificate c = {.subject = SLICE("\x30\x00"),
				      .names = names};
	unsigned work = least;
	enum constraints_verdict v = constraints_judge(subtrees, &c, &work);

	REQUIRE(work <= least);
	REQUIRE((v == CONSTRAINTS_COSTLY) <= (work == 0));
	return v;
}

static void
check_constraints(struct slice subtrees, struct slice names)
{
	enum constraints_verdict v = judge(subtrees, names, WORK);
	struct slice rest = names;
	struct der d;

	(void)judge(subtrees, names, FEW);
	if (v != CONSTRAINTS_KEPT)
		return;
	while (der_next(&rest, &d)) {
		enum constraints_verdict one = judge(subtrees, d.whole, WORK);

		REQUIRE(one == CONSTRAINTS_KEPT);
		REQUIRE(judge(subtrees, rest, WORK) == CONSTRAINTS_KEPT);
	}
}

/* As a subject, which may be anything that a certificate had. */
static void
check_subject(struct slice subtrees, struct slice name)
{
	const struct certificate c = {.subject = name, .names = SLICE_EMPTY};
	unsigned work = WORK;

	(void)constraints_judge(subtrees, &c, &work);
}

static bool
are_names(struct slice names)
{
	struct name n;

	while (names.len > 0)
		if (!names_next(&names, &n))
			return false;
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = slice_of(data, size);
	struct slice host = take(&in), names = take(&in);

	(void)names_form(host);
	check_cover(names, host);
	if (are_names(names))
		check_constraints(in, names);
	check_subject(in, names);
	return 0;
}
