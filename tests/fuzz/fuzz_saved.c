/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_saved.c - any bytes as saved state.
 *
 * What is refused leaves nothing behind and has a reason. Then the same bytes
 * once more with all checksums set right, so that what is behind them is read:
 * what is taken can be saved again, and loads to the same.
 */
#include "session/saved_parts.h"

#include <stdlib.h>
#include <string.h>

#define REQUIRE(condition) ((condition) ? (void)0 : abort())

enum { INPUT_MAX = 64 * 1024, ROOM = 1024 * 1024, NOW = 86400000 };
#define WALL UINT64_C(1795305600000)

static const unsigned char key[HASH_KEY] = "0123456789abcde";

struct world {
	struct tally *tally;
	struct bans *bans;
	struct rules rules;
};

static void
open_world(struct world *w)
{
	w->tally = tally_new(TALLY_MEMORY_LEAST, key, key);
	w->bans = bans_new(key);
	REQUIRE(w->tally && w->bans);
	rules_init(&w->rules, NOW, 60000);
}

static void
close_world(struct world *w)
{
	tally_free(w->tally);
	bans_free(w->bans);
}

static void
count(struct world *w, struct tally_usage *use, struct bans_counts *c)
{
	struct ban ended;

	while (bans_ended(w->bans, NOW, WALL, &ended))
		;
	tally_use(w->tally, &w->rules, NOW, use);
	bans_count(w->bans, c);
}

static void
check_empty(struct world *w)
{
	struct tally_usage use;
	struct bans_counts c;

	count(w, &use, &c);
	for (size_t k = 0; k < TALLY_REGIONS; k++)
		REQUIRE(use.regions[k].used == 0);
	REQUIRE(c.networks + c.users + c.remembered == 0);
}

/* What is shown of bans ends where it should. */
static void
check_bans(struct world *w)
{
	size_t cursor = 0;
	struct ban b;

	while (bans_list(w->bans, &cursor, true, NOW, WALL, &b, 1) == 1) {
		REQUIRE(strlen(b.reason) <= BAN_REASON_MAX);
		REQUIRE(strlen(b.user) <= BAN_USER_MAX);
		REQUIRE(b.evidence.count <= EVIDENCE_MOST);
		for (uint32_t i = 0; i < b.evidence.count; i++)
			REQUIRE(strlen(b.evidence.texts[i]) < EVIDENCE_TEXT);
	}
}

static bool
load(struct world *w, struct slice bytes)
{
	struct saved_fault fault = {NULL};
	enum err e = saved_load(bytes, w->tally, w->bans, NOW, WALL, &fault);

	if (e == ERR_OK)
		return true;
	REQUIRE(fault.text && fault.text[0]);
	return false;
}

/* Loads to the same, but for what found no room or was seen only once. */
static void
check_again(struct world *w)
{
	static unsigned char mem[ROOM];
	struct tally_usage use, same;
	struct bans_counts c, d;
	struct world again;
	struct saved s;
	size_t len = 0, n;

	saved_begin(&s, w->tally, w->bans, &w->rules, NOW, WALL);
	while ((n = saved_next(&s, mem + len)) > 0) {
		len += n;
		REQUIRE(len + SAVED_BLOCK_MAX <= ROOM);
	}
	open_world(&again);
	REQUIRE(load(&again, slice_of(mem, len)));
	count(w, &use, &c);
	count(&again, &same, &d);
	REQUIRE(c.networks == d.networks && c.users == d.users);
	for (size_t k = 0; k < TALLY_REGIONS; k++)
		REQUIRE(same.regions[k].used <= use.regions[k].used);
	REQUIRE(same.regions[TALLY_KNOWN].used +
		    same.regions[TALLY_KNOWN].pushed_out ==
		use.regions[TALLY_KNOWN].used);
	check_bans(&again);
	close_world(&again);
}

/* Lengths as they are, sums as they should be; a last block that is cut short
 * ends where the bytes do. */
static size_t
seal(unsigned char *mem, size_t len)
{
	uint64_t sum = 0, blocks = 0;
	size_t at = 0;

	for (; len - at > SAVED_HEAD; blocks++) {
		size_t room = len - at - SAVED_HEAD;
		size_t n = mem[at] | (size_t)mem[at + 1] << 8;

		n = n < room ? n : room;
		mem[at] = (unsigned char)n;
		mem[at + 1] = (unsigned char)(n >> 8);
		mem[at + 2] = mem[at + 3] = 0;
		if (n == 9 && mem[at + SAVED_HEAD] == 'E')
			for (size_t i = 0; i < 8; i++)
				mem[at + SAVED_HEAD + 1 + i] =
				    (unsigned char)(blocks >> 8 * i);
		sum = saved_sum(sum, slice_of(mem + at + SAVED_HEAD, n));
		for (size_t i = 0; i < 8; i++)
			mem[at + 4 + i] = (unsigned char)(sum >> 8 * i);
		at += SAVED_HEAD + n;
	}
	return at;
}

static void
judge(struct slice bytes)
{
	struct world w;

	open_world(&w);
	if (load(&w, bytes)) {
		check_bans(&w);
		check_again(&w);
	} else {
		check_empty(&w);
	}
	close_world(&w);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static unsigned char mem[INPUT_MAX];

	if (size > sizeof mem)
		return 0;
	judge(slice_of(data, size));
	if (size > 0)
		memcpy(mem, data, size);
	judge(slice_of(mem, seal(mem, size)));
	return 0;
}
