/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/proving.h"

#include <pthread.h>

/* Fewer pairs than this are not worth a thread. */
enum { PAIRS_EACH = 64 };

struct share {
	struct shelf_builder *b;
	size_t part, parts;
	struct shelf_proof proof;
	pthread_t thread;
	bool started;
};

static void *
run(void *arg)
{
	struct share *s = arg;

	shelf_prove(s->b, s->part, s->parts, &s->proof);
	return NULL;
}

void
proving_run(struct shelf_builder *b, size_t threads, struct shelf_proof *out)
{
	struct share shares[PROVING_THREADS_MAX];
	size_t n = shelf_unproven(b) / PAIRS_EACH;

	n = n < threads ? n : threads;
	n = n < PROVING_THREADS_MAX ? n : PROVING_THREADS_MAX;
	n = n > 0 ? n : 1;
	for (size_t i = 0; i < n; i++) {
		struct share *s = &shares[i];

		*s = (struct share){.b = b, .part = i, .parts = n};
		s->started =
		    i > 0 && pthread_create(&s->thread, NULL, run, s) == 0;
	}
	/* Ours, and those for which there was no thread. */
	for (size_t i = 0; i < n; i++)
		if (!shares[i].started)
			(void)run(&shares[i]);
	*out = (struct shelf_proof){.path = NULL};
	for (size_t i = 0; i < n; i++) {
		const struct shelf_proof *p = &shares[i].proof;

		if (shares[i].started)
			(void)pthread_join(shares[i].thread, NULL);
		if (p->path && (!out->path || p->pair < out->pair))
			*out = *p;
	}
}
