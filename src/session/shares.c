/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "session/shares.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

struct share {
	UT_hash_handle hh;
	uint64_t sessions;
	size_t len;
	unsigned char name[];
};

/* One per process: a user is the same in all of it. */
static struct {
	pthread_mutex_t lock;
	struct share *users;
	uint64_t sessions;
} shares = {.lock = PTHREAD_MUTEX_INITIALIZER};

static struct slice
fold(struct slice user, unsigned char out[SHARE_NAME_MAX])
{
	user = slice_head(user, SHARE_NAME_MAX);
	for (size_t i = 0; i < user.len; i++)
		out[i] = byte_lower(user.ptr[i]);
	return slice_of(out, user.len);
}

static struct share *
find(struct slice name)
{
	struct share *s;

	HASH_FIND(hh, shares.users, name.ptr, name.len, s);
	return s;
}

static struct share *
add(struct slice name)
{
	struct share *s = calloc(1, sizeof *s + name.len);

	if (!s)
		return NULL;
	s->len = name.len;
	memcpy(s->name, name.ptr, name.len);
	HASH_ADD_KEYPTR(hh, shares.users, s->name, s->len, s);
	return s;
}

enum err
share_enter(struct slice user, uint64_t most, struct share **out)
{
	unsigned char folded[SHARE_NAME_MAX];
	struct slice name = fold(user, folded);
	struct share *s;
	enum err e = ERR_OK;

	pthread_mutex_lock(&shares.lock);
	s = find(name);
	if (s && s->sessions >= most)
		e = ERR_LIMIT;
	else if (!s && !(s = add(name)))
		e = ERR_NOMEM;
	if (e == ERR_OK) {
		s->sessions++;
		shares.sessions++;
	}
	pthread_mutex_unlock(&shares.lock);
	*out = e == ERR_OK ? s : NULL;
	return e;
}

void
share_leave(struct share *s)
{
	if (!s)
		return;
	pthread_mutex_lock(&shares.lock);
	shares.sessions--;
	if (--s->sessions == 0) {
		HASH_DEL(shares.users, s);
		free(s);
	}
	pthread_mutex_unlock(&shares.lock);
}

struct shares_count
shares_count(void)
{
	struct shares_count n;

	pthread_mutex_lock(&shares.lock);
	n.users = HASH_COUNT(shares.users);
	n.sessions = shares.sessions;
	pthread_mutex_unlock(&shares.lock);
	return n;
}
