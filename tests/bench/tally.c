/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tally.c - what it costs to know who tried to log in.
 *
 *   tally [ATTEMPTS]     1000000
 *
 * So many attempts, most by somebody new, in the memory that is the default and
 * in sixteen times as much, beside the model of the unit tests, which says
 * whether each answer was right. Then how long it takes: attempts, connections
 * and lookups of bans, by one thread and by several. Fails where more answers
 * differ than entries were pushed out.
 */
#include "base/clock.h"
#include "session/bans.h"
#include "unit/tally_play.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MEMORY = 32 << 20, MINUTE = 60 * 1000, THREADS_MOST = 4 };
enum { LOOKUPS = 5000000 };

static const unsigned char key[HASH_KEY] = "0123456789abcde";

_Noreturn static void
die(const char *what)
{
	fprintf(stderr, "tally: %s\n", what);
	exit(1);
}

/* Processor time of this thread, in ns. */
static uint64_t
spent(void)
{
	struct timespec t;

	if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t) != 0)
		die("no clock");
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void
show_use(const struct tally_usage *use, uint64_t attempts)
{
	uint64_t entries = 0;

	for (size_t k = 0; k < TALLY_REGIONS; k++) {
		printf("  %-10s %8" PRIu64 " of %8" PRIu64
		       ", pushed out %8" PRIu64 "\n",
		       tally_region_words[k], use->regions[k].used,
		       use->regions[k].room, use->regions[k].pushed_out);
		entries += use->regions[k].used;
	}
	printf("  %.1f MiB, %.1f bytes for each attempt; %" PRIu64
	       " entries hold\n",
	       (double)use->bytes / (1 << 20),
	       (double)use->bytes / (double)attempts, entries);
}

static bool
beside_model(size_t memory, unsigned attempts)
{
	const struct play p = {.memory = memory,
			       .attempts = attempts,
			       .regulars = 2000,
			       .step = 1,
			       .seed = 2026,
			       .model = true};
	struct played out;
	uint64_t lost = 0;

	if (!tally_play(&p, &out))
		die("out of memory");
	printf(
	    "%u attempts beside the model, %zu MiB: %" PRIu64 " keys, %" PRIu64
	    " answers differ, %" PRIu64 " of them to who came again\n",
	    attempts, memory >> 20, out.keys, out.differences, out.of_regulars);
	printf("  ask %" PRIu64 ", wrong %" PRIu64 ", refused %" PRIu64
	       ", banned %" PRIu64 "\n",
	       out.answers[TALLY_ASK], out.answers[TALLY_WRONG],
	       out.answers[TALLY_REFUSED], out.answers[TALLY_BANNED]);
	show_use(&out.usage, attempts);
	/* What was pushed out, notes left aside, may have been asked for again.
	 */
	for (size_t k = 0; k < TALLY_NOTES; k++)
		lost += out.usage.regions[k].pushed_out;
	return out.differences <= lost;
}

struct runner {
	struct tally *tally;
	struct bans *bans;
	const struct rules *rules;
	unsigned number, count;
	uint64_t ns;
};

static struct tally_who
visitor(unsigned n, char name[16])
{
	struct tally_who w = {.address = {{[10] = 0xff, [11] = 0xff}},
			      .secret = SLICE("correct horse")};

	for (size_t i = 0; i < 4; i++)
		w.address.octets[12 + i] =
		    (unsigned char)(n * 2654435761U >> (24 - 8 * i));
	snprintf(name, 16, "user%u", n);
	w.user = slice_str(name);
	return w;
}

/* Somebody new each time; nothing that he touches is in a cache. */
static void *
attempts(void *arg)
{
	struct runner *me = arg;
	uint64_t began = spent();

	for (unsigned i = 0; i < me->count; i++) {
		unsigned n = me->number * me->count + i;
		char name[16];
		struct tally_who w = visitor(n, name);
		struct tally_attempt a;
		struct tally_verdict v;
		struct tally_news news;

		tally_begin(me->tally, me->rules, &w, i / 16, &a, &v);
		tally_end(me->tally, &a, &w,
			  n % 2 ? TALLY_FAILED : TALLY_SUCCEEDED, i / 16, i,
			  &news);
	}
	me->ns = spent() - began;
	return NULL;
}

static void *
connections(void *arg)
{
	struct runner *me = arg;
	uint64_t began = spent();

	for (unsigned i = 0; i < me->count; i++) {
		char name[16];
		struct tally_who w =
		    visitor((me->number * me->count + i) % 5000, name);
		struct tally_verdict v;

		tally_take(me->tally, me->rules, RULE_CONNECTIONS, &w, i / 16,
			   &v);
	}
	me->ns = spent() - began;
	return NULL;
}

static void *
lookups(void *arg)
{
	struct runner *me = arg;
	uint64_t began = spent(), found = 0;

	for (unsigned i = 0; i < LOOKUPS; i++) {
		struct address a = {{[10] = 0xff, [11] = 0xff, [12] = 10}};
		struct ban_found f;

		a.octets[14] = (unsigned char)(i >> 8);
		a.octets[15] = (unsigned char)i;
		found += bans_find(me->bans, &a, 1, &f);
	}
	me->ns = spent() - began;
	return found > LOOKUPS ? me : NULL;
}

/* Returns the mean of processor time for one, and *wall ns. */
static double
run(void *(*what)(void *), unsigned threads, struct runner *common,
    unsigned each, double *wall)
{
	struct runner runners[THREADS_MOST];
	pthread_t ids[THREADS_MOST];
	uint64_t began = clock_monotonic_ms(), ns = 0;

	for (unsigned i = 0; i < threads; i++) {
		runners[i] = *common;
		runners[i].number = i;
		if (pthread_create(&ids[i], NULL, what, &runners[i]) != 0)
			die("no thread");
	}
	for (unsigned i = 0; i < threads; i++) {
		(void)pthread_join(ids[i], NULL);
		ns += runners[i].ns;
	}
	*wall = (double)(clock_monotonic_ms() - began) * 1e6 /
		((double)each * threads);
	return (double)ns / ((double)each * threads);
}

static void
show(const char *what, unsigned threads, double ns, double wall)
{
	printf("%-28s %u threads: %6.0f ns of processor each, %9.0f a second\n",
	       what, threads, ns, 1e9 / wall);
}

static void
time_tally(const struct rules *rules, unsigned count, unsigned threads)
{
	struct runner common = {.tally = tally_new(MEMORY, key, key),
				.rules = rules,
				.count = count / threads};
	struct tally_usage use;
	double ns, wall;

	if (!common.tally)
		die("out of memory");
	ns = run(attempts, threads, &common, common.count, &wall);
	show("attempts, each by a stranger", threads, ns, wall);
	if (threads == 1) {
		tally_use(common.tally, rules, count / 16, &use);
		show_use(&use, count);
	}
	ns = run(connections, threads, &common, common.count, &wall);
	show("connections", threads, ns, wall);
	tally_free(common.tally);
}

static void
time_bans(unsigned count, unsigned threads)
{
	static const struct rule rule = {.name = "bench",
					 .count = RULE_FAILURES,
					 .by = RULE_ADDRESS,
					 .action = RULE_BAN,
					 .rate = {1, MINUTE, 20},
					 .ban = MINUTE,
					 .ban_most = MINUTE};
	struct runner common = {.bans = bans_new(key), .count = LOOKUPS};
	char what[32];
	double ns, wall;

	if (!common.bans)
		die("out of memory");
	for (unsigned i = 0; i < count; i++) {
		char name[16];
		struct tally_who w = visitor(i, name);
		struct ban_subject s = ban_address(&w.address);
		struct ban out;

		(void)bans_begin(common.bans, &rule, &s, NULL, 0, 0, &out);
	}
	ns = run(lookups, threads, &common, LOOKUPS, &wall);
	snprintf(what, sizeof what, "lookups in %u bans", count);
	show(what, threads, ns, wall);
	bans_free(common.bans);
}

int
main(int argc, char **argv)
{
	long count = argc > 1 ? strtol(argv[1], NULL, 10) : 1000000;
	struct rules rules;
	bool right;

	if (argc > 2 || count < 1000 || count > 100000000) {
		fputs("usage: tally [ATTEMPTS]\n", stderr);
		return 2;
	}
	rules_init(&rules, (uint64_t)30 * 24 * 60 * MINUTE, MINUTE);
	for (size_t i = 0; i < RULES_BUILT_IN; i++)
		if (rules_add(&rules, &rules_built_in[i]) != ERR_OK)
			die("rules");
	right = beside_model((size_t)16 * MEMORY, (unsigned)count);
	right = beside_model(MEMORY, (unsigned)count) && right;
	for (unsigned threads = 1; threads <= THREADS_MOST; threads *= 2)
		time_tally(&rules, (unsigned)count, threads);
	for (unsigned threads = 1; threads <= THREADS_MOST; threads *= 2) {
		time_bans(0, threads);
		time_bans(1000, threads);
		time_bans(BANS_MOST, threads);
	}
	return right ? 0 : 1;
}
