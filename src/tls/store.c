/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tls/store.h"

#include "tls/internal.h"
#include "tls/making.h"
#include "tls/policy.h"
#include "tls/tickets.h"

#include <wolfssl/wolfcrypt/sha256.h>

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct store {
	atomic_uint count;
	uint64_t number; /* 1, 2, ... in this process */
	struct shelf shelf;
	void (*release)(void *arg);
	void *arg;
	struct ticket_secrets *secrets;
	/* What the secrets came from: the schedule, the file. */
	unsigned char secrets_digest[WC_SHA256_DIGEST_SIZE];
	struct tls_policy *policies[SETTINGS_POLICIES_MAX];
	size_t policies_count;
	atomic_uint_least64_t *handshakes; /* one for each pair */
};

static atomic_uint_least64_t numbers;

const struct shelf *
store_shelf(const struct store *s)
{
	return &s->shelf;
}

uint64_t
store_number(const struct store *s)
{
	return s->number;
}

struct tls_policy *
store_policy(const struct store *s, size_t i)
{
	assert(i < s->policies_count);
	return s->policies[i];
}

bool
store_has_policy(const struct store *s, const struct tls_policy *p)
{
	for (size_t i = 0; i < s->policies_count; i++)
		if (memcmp(s->policies[i]->digest, p->digest, POLICY_DIGEST) ==
		    0)
			return true;
	return false;
}

struct ticket_secrets *
store_secrets(const struct store *s)
{
	return s->secrets;
}

struct store *
store_ref(struct store *s)
{
	atomic_fetch_add_explicit(&s->count, 1, memory_order_relaxed);
	return s;
}

static void
clear(struct store *s)
{
	for (size_t i = 0; i < s->policies_count; i++)
		tls_policy_unref(s->policies[i]);
	ticket_secrets_unref(s->secrets);
	free(s->handshakes);
	free(s);
}

void
store_unref(struct store *s)
{
	if (!s)
		return;
	if (atomic_fetch_sub_explicit(&s->count, 1, memory_order_acq_rel) > 1)
		return;
	if (s->release)
		s->release(s->arg);
	clear(s);
}

static enum err
fail(struct store_fault *fault, enum err cause, const char *path,
     const char *text)
{
	(void)snprintf(fault->text, sizeof fault->text, "%s%s%s", path,
		       *path ? ": " : "", text);
	return cause;
}

/* The files of a policy are on the shelf, or it names none. */
static struct slice
file_of(const struct store *s, const char *path)
{
	struct slice file = SLICE_EMPTY;

	if (path && *path && !shelf_file(&s->shelf, path, &file))
		return SLICE_EMPTY;
	return file;
}

static enum err
take_policies(struct store *s, const struct settings *set)
{
	for (; s->policies_count < set->tls_policies_count;
	     s->policies_count++) {
		const struct tls_policy_settings *p =
		    &set->tls_policies[s->policies_count];
		struct tls_policy *made = tls_policy_new(
		    p, file_of(s, p->client_ca), file_of(s, p->client_crl));

		if (!made)
			return ERR_NOMEM;
		s->policies[s->policies_count] = made;
	}
	return ERR_OK;
}

/* Each makes a context as handshakes will: now is the time to complain. */
static enum err
try_policies(struct store *s, const struct settings *set,
	     struct store_fault *fault)
{
	for (size_t i = 0; i < s->policies_count; i++) {
		const struct tls_policy_settings *p = &set->tls_policies[i];
		struct peer_fault why = {.text = ""};
		enum err e = making_try(s->policies[i], &s->shelf, &why);

		if (e == ERR_OK)
			continue;
		if (!why.text[0])
			return fail(fault, e, "",
				    "the TLS library refuses our settings");
		return fail(fault, e, why.in_crl ? p->client_crl : p->client_ca,
			    why.text);
	}
	return ERR_OK;
}

static bool
hash_secrets(const struct ticket_schedule *schedule, struct slice file,
	     unsigned char out[WC_SHA256_DIGEST_SIZE])
{
	wc_Sha256 sha;
	bool good;

	if (wc_InitSha256(&sha) != 0)
		return false;
	good = wc_Sha256Update(&sha, (const byte *)schedule,
			       sizeof *schedule) == 0 &&
	       (file.len == 0 ||
		wc_Sha256Update(&sha, file.ptr, (word32)file.len) == 0) &&
	       wc_Sha256Final(&sha, out) == 0;
	wc_Sha256Free(&sha);
	return good;
}

/* The same ones again, if nothing has changed: contexts go on with them. */
static enum err
take_secrets(struct store *s, const struct store_options *o,
	     struct store_fault *fault)
{
	const struct settings *set = o->settings;
	const char *path = set->tls.ticket_secret;
	struct ticket_schedule schedule;
	struct slice file = file_of(s, path);
	struct ticket_fault why;
	enum err e;

	memset(&schedule, 0, sizeof schedule); /* it is hashed */
	schedule.rotation_s = (uint32_t)(set->tls.ticket_rotation / 1000);
	schedule.lifetime_s = (uint32_t)(set->tls.ticket_lifetime / 1000);
	e = ticket_schedule_check(&schedule, &why);
	if (e != ERR_OK)
		return fail(fault, e, "", why.text);
	if (!hash_secrets(&schedule, file, s->secrets_digest))
		return fail(fault, ERR_NOMEM, "", err_text(ERR_NOMEM));
	if (o->before && memcmp(o->before->secrets_digest, s->secrets_digest,
				sizeof s->secrets_digest) == 0)
		s->secrets = ticket_secrets_ref(o->before->secrets);
	else if (*path)
		s->secrets = ticket_secrets_read(&schedule, file, &why);
	else
		s->secrets = ticket_secrets_random(&schedule, NULL);
	if (s->secrets)
		return ERR_OK;
	return *path ? fail(fault, why.cause, path, why.text)
		     : fail(fault, ERR_NOMEM, "", err_text(ERR_NOMEM));
}

static enum err
take_counts(struct store *s, const struct store *before)
{
	size_t n = shelf_count(&s->shelf);

	s->handshakes = calloc(n + 1, sizeof *s->handshakes);
	if (!s->handshakes)
		return ERR_NOMEM;
	for (size_t i = 0; before && i < n; i++) {
		struct shelf_pair p;
		size_t old;

		shelf_pair(&s->shelf, i, &p);
		old = shelf_find(&before->shelf, p.digest);
		if (old != SHELF_NONE)
			atomic_init(&s->handshakes[i],
				    store_handshakes(before, old));
	}
	return ERR_OK;
}

static enum err
build(struct store *s, const struct store_options *o, struct store_fault *fault)
{
	enum err e = shelf_open(o->shelf, &s->shelf);

	if (e == ERR_OK && shelf_count(&s->shelf) == 0)
		return fail(fault, ERR_MISSING, "", "there is no certificate");
	if (e == ERR_OK)
		e = take_policies(s, o->settings);
	if (e == ERR_OK)
		e = take_counts(s, o->before);
	if (e != ERR_OK)
		return fail(fault, e, "", err_text(e));
	e = try_policies(s, o->settings, fault);
	return e == ERR_OK ? take_secrets(s, o, fault) : e;
}

enum err
store_new(const struct store_options *o, struct store **out,
	  struct store_fault *fault)
{
	struct store *s = calloc(1, sizeof *s);
	enum err e;

	if (!s)
		return fail(fault, ERR_NOMEM, "", err_text(ERR_NOMEM));
	atomic_init(&s->count, 1);
	e = build(s, o, fault);
	if (e != ERR_OK) {
		clear(s);
		return e;
	}
	s->number = atomic_fetch_add(&numbers, 1) + 1;
	s->release = o->release;
	s->arg = o->arg;
	*out = s;
	return ERR_OK;
}

enum err
store_appraise(const struct store *s, size_t pair, struct appraisal *out)
{
	struct shelf_pair p;

	shelf_pair(&s->shelf, pair, &p);
	return appraisal_init(out, p.chain, p.count, p.staple.len > 0);
}

bool
store_has_group(const struct store *s, size_t policy, unsigned group)
{
	const struct tls_policy *p = store_policy(s, policy);

	/* The library's numbers are the registered ones. */
	for (int i = 0; i < p->groups_count; i++)
		if ((unsigned)p->groups[i] == group)
			return true;
	return false;
}

void
store_count(struct store *s, size_t pair)
{
	atomic_fetch_add_explicit(&s->handshakes[pair], 1,
				  memory_order_relaxed);
}

uint64_t
store_handshakes(const struct store *s, size_t pair)
{
	return atomic_load_explicit(&s->handshakes[pair], memory_order_relaxed);
}
