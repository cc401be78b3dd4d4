/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_guard.c - any bytes as a stream of records.
 *
 * The first byte chooses the phase. What passes keeps the promises of guard.h,
 * and the verdict is the same wherever the bytes are cut.
 */
#include "tls/guard.h"

#include <stdlib.h>

#define REQUIRE(condition) ((condition) ? (void)0 : abort())

static void
check_record(const struct guard *g, struct slice in, size_t n)
{
	size_t length = (size_t)(in.ptr[3] << 8 | in.ptr[4]);

	REQUIRE(n == length + GUARD_HEADER && n <= in.len);
	REQUIRE(in.ptr[0] >= 20 && in.ptr[0] <= 23 && in.ptr[1] == 3);
	REQUIRE(length >= 1 && length <= GUARD_RECORD_MAX);
	REQUIRE(in.ptr[0] != 23 || length >= 17 ||
		(!g->tls13 && !g->handshake));
	if (in.ptr[0] == 21 && length == 2)
		REQUIRE(g->alert_level == in.ptr[5] &&
			g->alert_description == in.ptr[6]);
}

static void
check_cuts(const struct guard *g, struct slice in, enum guard_verdict v)
{
	size_t most = in.len < 64 ? in.len : 64;
	enum guard_verdict last = GUARD_MORE;

	for (size_t cut = 0; cut <= most; cut++) {
		struct guard copy = *g;
		const char *why;
		size_t n;

		last = guard_next(&copy, slice_head(in, cut), &n, &why);
		REQUIRE(last == GUARD_MORE || last == v);
	}
	REQUIRE(most < in.len || last == v);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = slice_of(data, size);
	struct guard g = {0};

	if (size == 0)
		return 0;
	g.tls13 = data[0] & 1;
	g.handshake = data[0] & 2;
	for (;;) {
		struct guard before = g;
		const char *why = NULL;
		size_t n = 0;
		enum guard_verdict v = guard_next(&g, in, &n, &why);

		check_cuts(&before, in, v);
		REQUIRE((v == GUARD_BAD) == (why != NULL));
		if (v != GUARD_RECORD)
			break;
		check_record(&g, in, n);
		in = slice_skip(in, n);
	}
	return 0;
}
