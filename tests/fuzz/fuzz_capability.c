/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_capability.c - any bytes as the lists of several backends.
 *
 * The first byte says how to ask; the rest are lists parted by LF. No word may
 * be shown that is neither the gate's own nor common to all, whatever is cut
 * off the output.
 */
#include "imap/capability.h"

#include <stdint.h>
#include <stdlib.h>

#define REQUIRE(condition) ((condition) ? (void)0 : abort())

enum { LISTS_MAX = 8, OUT_MAX = 300 };

#define OWN "IMAP4rev1 STARTTLS LOGINDISABLED SASL-IR AUTH=PLAIN ID LITERAL-"

static bool
common(const struct slice *lists, size_t n, struct slice word)
{
	for (size_t i = 0; i < n; i++)
		if (!capability_has(lists[i], word))
			return false;
	return n > 0;
}

static void
check_word(const struct slice *lists, size_t n, struct slice word)
{
	bool ours = capability_has(SLICE(OWN), word);

	REQUIRE(ours || common(lists, n, word));
	REQUIRE(ours || capability_passes(word) ||
		capability_has(SLICE("AUTH=LOGIN AUTH=XOAUTH2 "
				     "AUTH=OAUTHBEARER"),
			       word));
	for (size_t i = 0; i < word.len; i++)
		REQUIRE(word.ptr[i] > 0x20 && word.ptr[i] < 0x7f);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = slice_of(data, size), lists[LISTS_MAX], shown, word;
	uint8_t how = size > 0 ? data[0] : 0;
	bool tls = how & 1, plaintext = how & 2;
	size_t cap = how & 4 ? how : OUT_MAX, n = 0, words = 0;
	char *out = malloc(OUT_MAX);

	REQUIRE(out);
	in = slice_skip(in, 1);
	while (n < LISTS_MAX && in.len > 0)
		lists[n++] = slice_cut(&in, '\n');
	shown =
	    slice_of(out, capability_gate(lists, n, tls, plaintext, out, cap));
	REQUIRE(shown.len <= cap);
	REQUIRE(cap < OUT_MAX ||
		capability_has(shown, SLICE("LOGINDISABLED")) ==
		    (!tls && !plaintext));
	REQUIRE(cap < OUT_MAX ||
		capability_has(shown, SLICE("STARTTLS")) == !tls);
	REQUIRE(!capability_has(shown, SLICE("LITERAL+")));
	for (struct slice rest = shown; capability_next(&rest, &word); words++)
		check_word(lists, n, word);
	REQUIRE(tls || plaintext || words <= 4);
	for (size_t i = 0; i < n; i++)
		(void)capability_flags(lists[i]);
	free(out);
	return 0;
}
