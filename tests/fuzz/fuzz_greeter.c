/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_greeter.c - any bytes as all that a backend ever says.
 *
 * However the bytes are cut up, the verdict, the words and the reason are the
 * same; reasons are printable, words are a list.
 */
#include "session/greeter.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define REQUIRE(condition) ((condition) ? (void)0 : abort())

struct outcome {
	struct greeter greeter;
	enum greeter_verdict verdict;
	size_t used;
};

static bool
over(const struct outcome *o)
{
	return o->verdict == GREETER_READY || o->verdict == GREETER_REFUSED;
}

static void
read_on(struct outcome *o, struct slice in)
{
	size_t used;

	do {
		struct slice rest = slice_skip(in, o->used);
		unsigned char *copy = malloc(rest.len > 0 ? rest.len : 1);

		REQUIRE(copy);
		if (rest.len > 0)
			memcpy(copy, rest.ptr, rest.len);
		o->verdict =
		    greeter_read(&o->greeter, slice_of(copy, rest.len), &used);
		REQUIRE(used <= rest.len);
		o->used += used;
		free(copy);
	} while (o->verdict == GREETER_SAY);
}

/* Gives step bytes more at a time. */
static struct outcome
run(struct slice in, size_t step)
{
	struct outcome o = {.used = 0};

	greeter_init(&o.greeter, "T1", true);
	for (size_t n = step; !over(&o); n += step) {
		read_on(&o, slice_head(in, n));
		if (n >= in.len)
			break;
	}
	return o;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const size_t steps[] = {1, 2, 7};
	struct slice in = slice_of(data, size);
	struct outcome whole = run(in, size + 1);

	for (const char *c = whole.greeter.reason; *c; c++)
		REQUIRE(*c >= 0x20 && *c < 0x7f);
	REQUIRE((whole.verdict == GREETER_REFUSED) ==
		(whole.greeter.reason[0] != '\0'));
	REQUIRE(whole.greeter.words_len <= sizeof whole.greeter.words);
	REQUIRE(whole.verdict != GREETER_READY || whole.greeter.words_len > 0);
	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		struct outcome cut = run(in, steps[i]);

		REQUIRE(cut.verdict == whole.verdict);
		REQUIRE(cut.verdict != GREETER_READY || cut.used == whole.used);
		REQUIRE(strcmp(cut.greeter.reason, whole.greeter.reason) == 0);
		REQUIRE(slice_eq(
		    slice_of(cut.greeter.words, cut.greeter.words_len),
		    slice_of(whole.greeter.words, whole.greeter.words_len)));
	}
	return 0;
}
