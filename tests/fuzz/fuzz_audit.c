/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_audit.c - any bytes as a log that somebody has had in his hands.
 *
 * With the seals that a short log has, which the fuzzer may cut out and put
 * elsewhere: it is intact only if it is a run of our records. What is shown of
 * a line is printable, and its values stay within the line.
 */
#include "audit/json.h"
#include "audit/members.h"
#include "audit/proof.h"
#include "audit/view.h"

#include <stdlib.h>
#include <string.h>

#define REQUIRE(condition) ((condition) ? (void)0 : abort())

enum { RECORDS = 4, LOG_MAX = 2048 };

static const unsigned char secret[CHAIN_KEY] = {1}, id[CHAIN_ID] = {2};

static size_t
make_log(char out[LOG_MAX], size_t begins[RECORDS + 1])
{
	struct chain c;
	size_t n = 0;

	chain_begin(&c, id, secret);
	for (size_t i = 0; i < RECORDS; i++) {
		begins[i] = n;
		n += chain_seal(&c, SLICE("{\"event.action\":\"login\"}\n"),
				out + n);
	}
	begins[RECORDS] = n;
	return n;
}

/* Are these our records from one on, in their order? */
static bool
is_run(struct slice log)
{
	char ours[LOG_MAX];
	size_t begins[RECORDS + 1], n = make_log(ours, begins);

	REQUIRE(n == begins[RECORDS]);
	for (size_t i = 0; i <= RECORDS; i++)
		for (size_t j = i; j <= RECORDS; j++)
			if (slice_eq(log, slice_of(ours + begins[i],
						   begins[j] - begins[i])))
				return true;
	return false;
}

static void
check_line(struct slice line)
{
	char text[VIEW_MAX];
	struct slice rest = slice_skip(line, 1), s;
	struct member m;

	(void)view_line(line, text, sizeof text);
	for (s = slice_str(text); s.len > 0;) {
		int32_t point;

		s = slice_skip(s, utf8_next(s, &point));
		REQUIRE(point < 0 ? s.len < 4 : point >= 0x20 && point != 0x7f);
	}
	while (member_next(&rest, &m))
		REQUIRE(m.value.ptr >= line.ptr &&
			m.value.ptr + m.value.len <= line.ptr + line.len);
}

/* A byte 0xff N stands for record N of ours. */
static struct slice
expand(const unsigned char *data, size_t size, unsigned char *out, size_t cap)
{
	char ours[LOG_MAX];
	size_t begins[RECORDS + 1], n = 0;

	(void)make_log(ours, begins);
	for (size_t i = 0; i < size && n < cap - LOG_MAX; i++) {
		size_t which, len;

		if (data[i] != 0xff || i + 1 == size) {
			out[n++] = data[i];
			continue;
		}
		which = data[++i] % RECORDS;
		len = begins[which + 1] - begins[which];
		memcpy(out + n, ours + begins[which], len);
		n += len;
	}
	return slice_of(out, n);
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	static unsigned char mem[64 * 1024];
	struct slice log = expand(data, size, mem, sizeof mem), rest = log;
	struct proof *p = proof_new(secret, 0);
	struct place_in_log at = {0, 1};
	struct verdict v;

	REQUIRE(p != NULL);
	for (; rest.len > 0; at.line++) {
		struct slice line =
		    slice_head(rest, slice_find(rest, '\n') + 1);

		check_line(line);
		proof_line(p, line, at);
		rest = slice_skip(rest, line.len);
	}
	proof_anchor(p, log, at);
	proof_end(p);
	v = proof_verdict(p);
	REQUIRE(v.anchors == 0);
	REQUIRE((v.count == 0) == is_run(log));
	proof_free(p);
	return 0;
}
