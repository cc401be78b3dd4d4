/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tls/ticket_secrets.h"

#include "base/wipe.h"
#include "tls/tickets.h"

#include <wolfssl/wolfcrypt/hmac.h>
#include <wolfssl/wolfcrypt/random.h>

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIGITS = 2 * TICKET_SECRET };

#define MAKE_ONE "openssl rand -hex 32 makes one"

struct ticket_secrets {
	atomic_uint count;
	struct ticket_schedule schedule;
	size_t n;
	unsigned char secret[TICKET_SECRETS_MAX][TICKET_SECRET];
	/*
	 * Of a random one, `secret` is the seed of generation `oldest`, from
	 * which those of later ones follow, and no way leads back.
	 */
	bool forgets, begun;
	int64_t oldest;
	unsigned era; /* grows when the clock was set back */
	pthread_mutex_t
	    lock; /* over secret and the three lines above, if it forgets */
};

static enum err refuse(struct ticket_fault *f, enum err cause,
		       const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static enum err
refuse(struct ticket_fault *f, enum err cause, const char *format, ...)
{
	va_list args;

	f->cause = cause;
	va_start(args, format);
	(void)vsnprintf(f->text, sizeof f->text, format, args);
	va_end(args);
	return cause;
}

enum err
ticket_schedule_check(const struct ticket_schedule *s,
		      struct ticket_fault *fault)
{
	if (s->rotation_s == 0)
		return refuse(fault, ERR_RANGE,
			      "ticket keys must hold for 1 s or longer");
	if (s->lifetime_s == 0 || s->lifetime_s > TICKET_LIFETIME_MAX)
		return refuse(fault, ERR_RANGE,
			      "tickets must live for 1 s to 7 days "
			      "(RFC 8446 section 4.6.1)");
	if (ticket_previous(s) > TICKET_PREVIOUS_MAX)
		return refuse(fault, ERR_RANGE,
			      "tickets must not live for more than %d "
			      "rotations of their keys",
			      TICKET_PREVIOUS_MAX);
	return ERR_OK;
}

int64_t
ticket_previous(const struct ticket_schedule *s)
{
	return ((int64_t)s->lifetime_s + s->rotation_s - 1) / s->rotation_s;
}

static struct ticket_secrets *
make(const struct ticket_schedule *s)
{
	struct ticket_secrets *made = calloc(1, sizeof *made);

	if (!made)
		return NULL;
	atomic_init(&made->count, 1);
	made->schedule = *s;
	(void)pthread_mutex_init(&made->lock, NULL);
	return made;
}

struct ticket_secrets *
ticket_secrets_ref(struct ticket_secrets *s)
{
	atomic_fetch_add_explicit(&s->count, 1, memory_order_relaxed);
	return s;
}

void
ticket_secrets_unref(struct ticket_secrets *s)
{
	if (!s)
		return;
	if (atomic_fetch_sub_explicit(&s->count, 1, memory_order_acq_rel) > 1)
		return;
	(void)pthread_mutex_destroy(&s->lock);
	wipe(s, sizeof *s);
	free(s);
}

static int
digit(unsigned char c)
{
	c = byte_lower(c);
	if (byte_digit(c))
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static enum err
read_digits(struct slice text, size_t line, unsigned char *out,
	    struct ticket_fault *fault)
{
	bool varied = false;

	if (text.len != DIGITS)
		return refuse(fault, ERR_SYNTAX,
			      "line %zu has %zu characters: a secret has %d "
			      "hexadecimal digits (" MAKE_ONE ")",
			      line, text.len, DIGITS);
	for (size_t i = 0; i < DIGITS; i++) {
		int n = digit(text.ptr[i]);

		if (n < 0)
			return refuse(fault, ERR_SYNTAX,
				      "character %zu of line %zu is no "
				      "hexadecimal digit",
				      i + 1, line);
		out[i / 2] = (unsigned char)(out[i / 2] << 4 | n);
		varied |= text.ptr[i] != text.ptr[0];
	}
	if (!varied)
		return refuse(fault, ERR_RANGE,
			      "line %zu has the same digit 64 times, which "
			      "is no secret (" MAKE_ONE ")",
			      line);
	return ERR_OK;
}

/* lines[i]: where secret i stood. */
static enum err
add_line(struct ticket_secrets *s, struct slice text, size_t line,
	 size_t lines[TICKET_SECRETS_MAX], struct ticket_fault *fault)
{
	enum err e;

	if (s->n == TICKET_SECRETS_MAX)
		return refuse(fault, ERR_LIMIT,
			      "line %zu is one secret too many: %d at most",
			      line, TICKET_SECRETS_MAX);
	e = read_digits(text, line, s->secret[s->n], fault);
	if (e != ERR_OK)
		return e;
	for (size_t i = 0; i < s->n; i++)
		if (memcmp(s->secret[i], s->secret[s->n], TICKET_SECRET) == 0)
			return refuse(fault, ERR_DUPLICATE,
				      "line %zu is the same as line %zu", line,
				      lines[i]);
	lines[s->n++] = line;
	return ERR_OK;
}

static struct slice
trim(struct slice s)
{
	while (s.len > 0 && s.ptr[0] <= ' ')
		s = slice_skip(s, 1);
	while (s.len > 0 && s.ptr[s.len - 1] <= ' ')
		s.len--;
	return s;
}

static enum err
read_lines(struct ticket_secrets *s, struct slice file,
	   struct ticket_fault *fault)
{
	size_t lines[TICKET_SECRETS_MAX] = {0};
	enum err e;

	if (file.len > TICKET_FILE_MAX)
		return refuse(fault, ERR_LIMIT, "more than %d bytes",
			      TICKET_FILE_MAX);
	for (size_t line = 1; file.len > 0; line++) {
		struct slice text = trim(slice_cut(&file, '\n'));

		if (text.len == 0 || text.ptr[0] == '#')
			continue;
		e = add_line(s, text, line, lines, fault);
		if (e != ERR_OK)
			return e;
	}
	if (s->n == 0)
		return refuse(fault, ERR_MISSING,
			      "there is no secret in it (" MAKE_ONE ")");
	return ERR_OK;
}

struct ticket_secrets *
ticket_secrets_read(const struct ticket_schedule *schedule, struct slice file,
		    struct ticket_fault *fault)
{
	struct ticket_secrets *s = make(schedule);

	*fault = (struct ticket_fault){0};
	if (!s) {
		(void)refuse(fault, ERR_NOMEM, "out of memory");
		return NULL;
	}
	if (read_lines(s, file, fault) != ERR_OK) {
		ticket_secrets_unref(s);
		return NULL;
	}
	return s;
}

static bool
draw(unsigned char out[TICKET_SECRET])
{
	WC_RNG rng;
	int ret;

	if (wc_InitRng(&rng) != 0)
		return false;
	ret = wc_RNG_GenerateBlock(&rng, out, TICKET_SECRET);
	(void)wc_FreeRng(&rng);
	return ret == 0;
}

struct ticket_secrets *
ticket_secrets_random(const struct ticket_schedule *schedule,
		      struct ticket_secrets *before)
{
	struct ticket_secrets *s;

	if (before && before->forgets &&
	    before->schedule.rotation_s == schedule->rotation_s &&
	    before->schedule.lifetime_s == schedule->lifetime_s)
		return ticket_secrets_ref(before);
	s = make(schedule);
	if (!s || !draw(s->secret[0])) {
		ticket_secrets_unref(s);
		return NULL;
	}
	s->n = 1;
	s->forgets = true;
	return s;
}

const struct ticket_schedule *
ticket_secrets_schedule(const struct ticket_secrets *s)
{
	return &s->schedule;
}

size_t
ticket_secrets_count(const struct ticket_secrets *s)
{
	return s->n;
}

/* HKDF-Expand (RFC 5869); it can only fail by our own mistake. */
static bool
expand(const unsigned char *secret, struct slice info, unsigned char *out)
{
	return wc_HKDF_Expand(WC_SHA256, secret, TICKET_SECRET, info.ptr,
			      (word32)info.len, out, TICKET_SECRET) == 0;
}

/* In place, and for good. */
static bool
step(unsigned char seed[TICKET_SECRET])
{
	unsigned char next[TICKET_SECRET];
	bool good = expand(seed, SLICE("imapward ticket: next seed"), next);

	if (good)
		memcpy(seed, next, sizeof next);
	wipe(next, sizeof next);
	return good;
}

/* Forgets what lies before `oldest`. */
static void
forget(struct ticket_secrets *s, int64_t oldest)
{
	/* Nothing opens any more: one step is as good as a thousand. */
	if (oldest - s->oldest > ticket_previous(&s->schedule) + 1)
		s->oldest = oldest - 1;
	while (s->oldest < oldest && step(s->secret[0]))
		s->oldest++;
}

/*
 * The clock was set back: what was forgotten does not come back, and keys must
 * go on to change. The same numbers will have other keys.
 */
static void
begin_era(struct ticket_secrets *s, int64_t g)
{
	if (!step(s->secret[0]))
		return;
	s->oldest = g;
	s->era++;
}

int64_t
ticket_generation(struct ticket_secrets *s, int64_t now_s, unsigned *era)
{
	int64_t g = (now_s > 0 ? now_s : 0) / s->schedule.rotation_s;

	*era = 0;
	if (!s->forgets)
		return g;
	(void)pthread_mutex_lock(&s->lock);
	if (!s->begun) {
		s->begun = true;
		s->oldest = g;
	}
	forget(s, g - ticket_previous(&s->schedule));
	if (g < s->oldest)
		begin_era(s, g);
	*era = s->era;
	(void)pthread_mutex_unlock(&s->lock);
	return g;
}

static bool
recall(struct ticket_secrets *s, int64_t generation,
       unsigned char seed[TICKET_SECRET])
{
	int64_t ahead;
	bool good;

	(void)pthread_mutex_lock(&s->lock);
	ahead = generation - s->oldest;
	good = ahead >= 0 && ahead <= ticket_previous(&s->schedule) + 1;
	if (good)
		memcpy(seed, s->secret[0], TICKET_SECRET);
	(void)pthread_mutex_unlock(&s->lock);
	for (; good && ahead > 0; ahead--)
		good = step(seed);
	return good;
}

static void
put(unsigned char *out, uint64_t n, size_t bytes)
{
	for (size_t i = bytes; i-- > 0; n >>= 8)
		out[i] = (unsigned char)n;
}

bool
ticket_seed(struct ticket_secrets *s, size_t which, int64_t generation,
	    unsigned char seed[TICKET_SECRET])
{
	static const char label[16] = "imapward ticket";
	unsigned char info[sizeof label + 4 + 8];

	if (s->forgets)
		return recall(s, generation, seed);
	memcpy(info, label, sizeof label);
	put(info + sizeof label, s->schedule.rotation_s, 4);
	put(info + sizeof label + 4, (uint64_t)generation, 8);
	return expand(s->secret[which], slice_of(info, sizeof info), seed);
}
