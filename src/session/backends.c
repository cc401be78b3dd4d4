/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "session/backends.h"

#include "imap/capability.h"

#include <pthread.h>
#include <string.h>

/* A reload may bring new backends while sessions still ask for old ones. */
enum { RECORDS = 4 * SETTINGS_BACKENDS_MAX, CACHE = 8 };

struct record {
	char name[64], host[256];
	uint16_t port;
	bool stale; /* to be asked again */
	bool usable;
	uint64_t used; /* when it was last asked for; 0: free */
	size_t words_len;
	char words[CAPABILITY_TEXT_MAX];
};

/* What the gate shows, for one set of backends and one leg. */
struct shown {
	uint64_t version; /* of the table when it was made; 0: free */
	uint64_t backends;
	enum gate_leg leg;
	size_t len;
	char text[CAPABILITY_TEXT_MAX];
};

/* One per process: what is known of the world outside has no owner in it. */
static struct {
	pthread_mutex_t lock;
	uint64_t turn, version;
	size_t next_shown;
	struct record records[RECORDS];
	struct shown shown[CACHE];
} table = {.lock = PTHREAD_MUTEX_INITIALIZER, .version = 1};

static bool
is_about(const struct record *r, const struct backend_settings *b)
{
	return r->used > 0 && r->port == b->port &&
	       strcmp(r->name, b->name) == 0 && strcmp(r->host, b->host) == 0;
}

static struct record *
find(const struct backend_settings *b)
{
	for (size_t i = 0; i < RECORDS; i++)
		if (is_about(&table.records[i], b)) {
			table.records[i].used = ++table.turn;
			return &table.records[i];
		}
	return NULL;
}

/* Finds or makes one; the one not asked for the longest has to go. */
static struct record *
obtain(const struct backend_settings *b)
{
	struct record *r = find(b), *oldest = &table.records[0];

	if (r)
		return r;
	for (size_t i = 1; i < RECORDS; i++)
		if (table.records[i].used < oldest->used)
			oldest = &table.records[i];
	memset(oldest, 0, sizeof *oldest);
	memcpy(oldest->name, b->name, sizeof oldest->name);
	memcpy(oldest->host, b->host, sizeof oldest->host);
	oldest->port = b->port;
	oldest->used = ++table.turn;
	return oldest;
}

/* The words that fit, whole. */
static struct slice
fitting(struct slice words)
{
	size_t len = words.len;

	if (len <= CAPABILITY_TEXT_MAX)
		return words;
	for (len = CAPABILITY_TEXT_MAX; len > 0 && words.ptr[len] != ' ';)
		len--;
	return slice_head(words, len);
}

bool
backends_learn(const struct backend_settings *b, struct slice words)
{
	struct slice kept = fitting(words);
	struct record *r;
	bool news, words_new;

	(void)pthread_mutex_lock(&table.lock);
	r = obtain(b);
	words_new = !slice_eq(slice_of(r->words, r->words_len), kept);
	news = !r->usable || words_new;
	r->usable = true;
	r->stale = false;
	if (words_new) {
		if (kept.len > 0)
			memcpy(r->words, kept.ptr, kept.len);
		r->words_len = kept.len;
		table.version++;
	}
	(void)pthread_mutex_unlock(&table.lock);
	return news;
}

bool
backends_fail(const struct backend_settings *b, const char *reason)
{
	struct record *r;
	bool news;

	/* What it could do still holds when it is back: the words stay. */
	(void)reason;
	(void)pthread_mutex_lock(&table.lock);
	r = obtain(b);
	news = r->usable;
	r->usable = false;
	(void)pthread_mutex_unlock(&table.lock);
	return news;
}

enum backend_state
backends_state(const struct backend_settings *b)
{
	enum backend_state state = BACKEND_UNKNOWN;
	const struct record *r;

	(void)pthread_mutex_lock(&table.lock);
	r = find(b);
	if (r)
		state = r->usable ? BACKEND_UP : BACKEND_DOWN;
	(void)pthread_mutex_unlock(&table.lock);
	return state;
}

void
backends_forget(const struct backend_settings *b)
{
	struct record *r;

	(void)pthread_mutex_lock(&table.lock);
	r = find(b);
	if (r)
		r->stale = true;
	(void)pthread_mutex_unlock(&table.lock);
}

size_t
backends_words(const struct backend_settings *b, char out[CAPABILITY_TEXT_MAX])
{
	const struct record *r;
	size_t n = 0;

	(void)pthread_mutex_lock(&table.lock);
	r = find(b);
	if (r && !r->stale) {
		n = r->words_len;
		memcpy(out, r->words, n);
	}
	(void)pthread_mutex_unlock(&table.lock);
	return n;
}

/* FNV-1a: tells sets of backends apart that one administrator wrote. */
static uint64_t
fold(uint64_t sum, const void *mem, size_t n)
{
	const unsigned char *p = mem;

	for (size_t i = 0; i < n; i++)
		sum = (sum ^ p[i]) * UINT64_C(0x100000001b3);
	return sum;
}

/* Pointers will not do: a freed snapshot's address may be used again. */
static uint64_t
sum_of(const struct settings *s)
{
	uint64_t sum = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < s->backends_count; i++) {
		const struct backend_settings *b = &s->backends[i];

		sum = fold(sum, b->name, strlen(b->name) + 1);
		sum = fold(sum, b->host, strlen(b->host) + 1);
		sum = fold(sum, &b->port, sizeof b->port);
	}
	return sum;
}

static const struct shown *
find_shown(uint64_t backends, enum gate_leg leg)
{
	for (size_t i = 0; i < CACHE; i++) {
		const struct shown *c = &table.shown[i];

		if (c->version == table.version && c->backends == backends &&
		    c->leg == leg)
			return c;
	}
	return NULL;
}

static const struct shown *
make_shown(const struct settings *s, uint64_t backends, enum gate_leg leg)
{
	struct shown *c = &table.shown[table.next_shown++ % CACHE];
	struct slice lists[SETTINGS_BACKENDS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < s->backends_count; i++) {
		const struct record *r = find(&s->backends[i]);

		if (r && r->words_len > 0)
			lists[n++] = slice_of(r->words, r->words_len);
	}
	c->version = table.version;
	c->backends = backends;
	c->leg = leg;
	c->len =
	    capability_gate(lists, n, leg == GATE_LEG_TLS,
			    leg == GATE_LEG_PLAINTEXT, c->text, sizeof c->text);
	return c;
}

size_t
backends_gate_words(const struct settings *s, enum gate_leg leg,
		    char out[CAPABILITY_TEXT_MAX])
{
	uint64_t backends = sum_of(s);
	const struct shown *c;
	size_t n;

	(void)pthread_mutex_lock(&table.lock);
	c = find_shown(backends, leg);
	if (!c)
		c = make_shown(s, backends, leg);
	n = c->len;
	memcpy(out, c->text, n);
	(void)pthread_mutex_unlock(&table.lock);
	return n;
}
