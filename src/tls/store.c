/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tls/store.h"

#include "base/clock.h"
#include "tls/internal.h"
#include "tls/tickets.h"

#include <wolfssl/wolfcrypt/error-crypt.h>
#include <wolfssl/wolfcrypt/sha256.h>

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct store {
	atomic_uint count;
	WOLFSSL_CTX *context;
	struct tickets *tickets;
	struct store_facts facts;
	struct appraisal appraisal;
};

/*
 * The server's order counts. Where AES has instructions it is the faster one,
 * else ChaCha20 is, and safe from timing. Unknown names are skipped without a
 * word: test_store counts what is left.
 */
#define ECDHE(cipher) "ECDHE-ECDSA-" cipher ":ECDHE-RSA-" cipher
#define AES                                                                    \
	"TLS13-AES128-GCM-SHA256:TLS13-AES256-GCM-SHA384:" ECDHE(              \
	    "AES128-GCM-SHA256") ":" ECDHE("AES256-GCM-SHA384")
#define CHACHA "TLS13-CHACHA20-POLY1305-SHA256:" ECDHE("CHACHA20-POLY1305")

static const char aes_first[] = AES ":" CHACHA;
static const char chacha_first[] = CHACHA ":" AES;

/* Hybrid first: what is recorded today must not be readable tomorrow. */
static const int groups[] = {
    WOLFSSL_X25519MLKEM768,
    WOLFSSL_ECC_X25519,
    WOLFSSL_ECC_SECP256R1,
    WOLFSSL_ECC_SECP384R1,
};

bool
store_limit_groups(WOLFSSL *ssl)
{
	/* The library wants it writable. */
	int list[sizeof groups / sizeof groups[0]];

	memcpy(list, groups, sizeof groups);
	return wolfSSL_set_groups(ssl, list,
				  sizeof groups / sizeof groups[0]) ==
	       WOLFSSL_SUCCESS;
}

WOLFSSL_CTX *
store_context(struct store *s)
{
	return s->context;
}

const struct store_facts *
store_facts(const struct store *s)
{
	return &s->facts;
}

const struct appraisal *
store_appraisal(const struct store *s)
{
	return &s->appraisal;
}

bool
store_has_group(const struct store *s, unsigned group)
{
	(void)s;
	for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++)
		if ((unsigned)groups[i] == group)
			return true;
	return false;
}

struct store *
store_ref(struct store *s)
{
	atomic_fetch_add_explicit(&s->count, 1, memory_order_relaxed);
	return s;
}

void
store_unref(struct store *s)
{
	if (!s)
		return;
	if (atomic_fetch_sub_explicit(&s->count, 1, memory_order_acq_rel) > 1)
		return;
	wolfSSL_CTX_free(s->context);
	tickets_free(s->tickets);
	appraisal_clear(&s->appraisal);
	free(s);
}

/* A session resumed under these keys must have been made under this policy. */
static enum err
set_tickets(struct store *s, const struct store_options *o,
	    const struct pair *p)
{
	unsigned char policy[WC_SHA256_DIGEST_SIZE + 1];
	struct slice leaf = p->chain[0];

	policy[WC_SHA256_DIGEST_SIZE] = (unsigned char)o->minimum;
	if (wc_Sha256Hash(leaf.ptr, (word32)leaf.len, policy) != 0)
		return ERR_INTERNAL;
	s->tickets = tickets_new(o->secrets ? o->secrets : ticket_secrets_own(),
				 slice_of(policy, sizeof policy),
				 o->wall_ms ? o->wall_ms : clock_wall_ms);
	return s->tickets ? tickets_install(s->context, s->tickets) : ERR_NOMEM;
}

static enum err
set_policy(WOLFSSL_CTX *ctx, enum tls_version minimum)
{
	/* The library wants it writable. */
	int list[sizeof groups / sizeof groups[0]];

	memcpy(list, groups, sizeof groups);
	if (wolfSSL_CTX_SetMinVersion(ctx, minimum == TLS_VERSION_13
					       ? WOLFSSL_TLSV1_3
					       : WOLFSSL_TLSV1_2) !=
		WOLFSSL_SUCCESS ||
	    wolfSSL_CTX_set_cipher_list(ctx, cpu_has_aes() ? aes_first
							   : chacha_first) !=
		WOLFSSL_SUCCESS ||
	    wolfSSL_CTX_set_groups(ctx, list,
				   sizeof groups / sizeof groups[0]) !=
		WOLFSSL_SUCCESS ||
	    wolfSSL_CTX_set_group_messages(ctx) != WOLFSSL_SUCCESS)
		return ERR_INTERNAL;
	wolfSSL_CTX_set_verify(ctx, WOLFSSL_VERIFY_NONE, NULL);
	/* 33 places for all of the world: tickets do it. */
	(void)wolfSSL_CTX_set_session_cache_mode(ctx, WOLFSSL_SESS_CACHE_OFF);
	engine_install(ctx);
	return ERR_OK;
}

static enum err
set_pair(WOLFSSL_CTX *ctx, const struct pair *p, struct pair_fault *fault)
{
	/* The pair's memory begins with its chain, in order. */
	const struct slice *last = &p->chain[p->count - 1];
	size_t n = (size_t)(last->ptr - p->chain[0].ptr) + last->len;

	if (wolfSSL_CTX_use_certificate_chain_buffer_format(
		ctx, p->chain[0].ptr, (long)n, WOLFSSL_FILETYPE_ASN1) ==
		WOLFSSL_SUCCESS &&
	    wolfSSL_CTX_use_PrivateKey_buffer(ctx, p->key.ptr, (long)p->key.len,
					      WOLFSSL_FILETYPE_ASN1) ==
		WOLFSSL_SUCCESS)
		return ERR_OK;
	(void)snprintf(fault->text, sizeof fault->text,
		       "the chain cannot be used by the TLS library");
	return fault->cause = ERR_SYNTAX;
}

static enum err
static enum err
appraise(struct store *s, const struct pair *p)
{
	return appraisal_init(&s->appraisal, p->chain, p->count, false);
}

static enum err
fail(struct pair_fault *fault, enum err cause, const char *text)
{
	(void)snprintf(fault->text, sizeof fault->text, "%s", text);
	return fault->cause = cause;
}

static enum err
build(struct store *s, const struct store_options *o, const struct pair *p,
      struct pair_fault *fault)
{
	enum err e;

	s->context = wolfSSL_CTX_new(wolfTLS_server_method());
	if (!s->context)
		return fail(fault, ERR_NOMEM, "out of memory");
	e = set_policy(s->context, o->minimum);
	if (e == ERR_OK)
		e = set_tickets(s, o, p);
	if (e == ERR_OK)
		e = appraise(s, p);
	if (e != ERR_OK)
		return fail(fault, e, "the TLS library refuses our settings");
	return set_pair(s->context, p, fault);
}

static void
take_facts(struct store *s, const struct pair *p)
{
	memcpy(s->facts.name, p->name, sizeof s->facts.name);
	memcpy(s->facts.serial, p->serial, sizeof s->facts.serial);
	s->facts.not_before = p->not_before;
	s->facts.not_after = p->not_after;
	s->facts.key_type = p->kind == KEY_RSA ? "RSA" : "ECDSA";
}

struct store *
store_new(const struct store_options *o, struct pair_fault *fault)
{
	const struct pair_source src = {
	    .chain = o->chain, .key = o->key, .now = o->now};
	struct store *s = calloc(1, sizeof *s);
	struct pair p;
	enum err e;

	*fault = (struct pair_fault){0};
	if (!s) {
		(void)fail(fault, ERR_NOMEM, "out of memory");
		return NULL;
	}
	atomic_init(&s->count, 1);
	e = pair_read(&src, &p, fault);
	if (e == ERR_OK) {
		take_facts(s, &p);
		e = build(s, o, &p, fault);
		pair_clear(&p);
	}
	if (e != ERR_OK) {
		store_unref(s);
		return NULL;
	}
	return s;
}
