/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/pool.h"

#include "base/wipe.h"

#include <assert.h>
#include <stdlib.h>

enum { CLASSES = 11, KEEP_BYTES = 256 * 1024 };

/* A free block's first bytes link it to the next one. */
struct free_block {
	struct free_block *next;
};

struct pool {
	size_t lent;
	struct {
		struct free_block *head;
		size_t kept;
	} classes[CLASSES];
};

/* want <= POOL_MAX */
static size_t
class_of(size_t want)
{
	size_t c = 0;

	while (POOL_MIN << c < want)
		c++;
	return c;
}

struct pool *
pool_new(void)
{
	return calloc(1, sizeof(struct pool));
}

void
pool_free(struct pool *p)
{
	if (!p)
		return;
	assert(p->lent == 0);
	for (size_t c = 0; c < CLASSES; c++) {
		while (p->classes[c].head) {
			struct free_block *b = p->classes[c].head;

			p->classes[c].head = b->next;
			free(b);
		}
	}
	free(p);
}

unsigned char *
pool_get(struct pool *p, size_t want, size_t *cap)
{
	size_t c;
	void *mem;

	if (want > POOL_MAX)
		return NULL;
	c = class_of(want);
	mem = p->classes[c].head;
	if (mem) {
		p->classes[c].head = ((struct free_block *)mem)->next;
		p->classes[c].kept--;
	} else if (!(mem = malloc(POOL_MIN << c))) {
		return NULL;
	}
	*cap = POOL_MIN << c;
	p->lent += *cap;
	return mem;
}

void
pool_put(struct pool *p, unsigned char *mem, size_t cap)
{
	struct free_block *b = (struct free_block *)(void *)mem;
	size_t c;

	if (!mem)
		return;
	assert(cap <= POOL_MAX && cap <= p->lent);
	c = class_of(cap);
	assert(POOL_MIN << c == cap);
	p->lent -= cap;
	wipe(mem, cap);
	if ((p->classes[c].kept + 1) * cap > KEEP_BYTES) {
		free(mem);
		return;
	}
	b->next = p->classes[c].head;
	p->classes[c].head = b;
	p->classes[c].kept++;
}

size_t
pool_lent(const struct pool *p)
{
	return p->lent;
}
