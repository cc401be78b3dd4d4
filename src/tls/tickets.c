/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tls/tickets.h"

#include "base/wipe.h"

#include <wolfssl/wolfcrypt/chacha20_poly1305.h>
#include <wolfssl/wolfcrypt/hmac.h>
#include <wolfssl/wolfcrypt/random.h>
#include <wolfssl/wolfcrypt/sha256.h>

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static_assert(TICKET_NONCE == CHACHA20_POLY1305_AEAD_IV_SIZE &&
		  TICKET_NONCE <= WOLFSSL_TICKET_IV_SZ,
	      "the nonce is ChaCha20-Poly1305's");
static_assert(TICKET_TAG == CHACHA20_POLY1305_AEAD_AUTHTAG_SIZE &&
		  TICKET_TAG <= WOLFSSL_TICKET_MAC_SZ,
	      "the tag is ChaCha20-Poly1305's");

/*
 * wolfSSL 5.9.2 numbers the tickets of a lineage with one byte, and breaks the
 * handshake that would need number 256. So a lineage ends before: a full
 * handshake brings fresh keys, as RFC 8446 section 4.6.1 asks for anyway.
 * Issuing no more tickets instead (wolfSSL_no_ticket_TLSv13) would break
 * wolfSSL's own clients: they keep the old ticket with the new secret.
 */
enum { LINEAGE_MAX = 100, BORN = 8 };
static_assert(TICKET_EXTRA == BORN + 1, "what a ticket says of its lineage");

struct key {
	bool made;
	int64_t generation;
	unsigned char name[TICKET_NAME];
	unsigned char seal[TICKET_KEY];
};

/* For each secret, a place for each generation that opens. */
struct tickets {
	struct ticket_secrets *secrets;
	uint64_t (*wall_ms)(void);
	unsigned char binding[WC_SHA256_DIGEST_SIZE];
	pthread_mutex_t lock; /* over what follows: workers share contexts */
	int64_t generation;
	unsigned era; /* of the secrets */
	int64_t window;
	size_t count;
	struct key keys[];
};

struct tickets *
tickets_new(struct ticket_secrets *secrets, struct slice binding,
	    uint64_t (*wall_ms)(void))
{
	int64_t window = ticket_previous(ticket_secrets_schedule(secrets)) + 2;
	size_t count = (size_t)window * ticket_secrets_count(secrets);
	struct tickets *t = calloc(1, sizeof *t + count * sizeof t->keys[0]);

	if (!t ||
	    wc_Sha256Hash(binding.ptr, (word32)binding.len, t->binding) != 0) {
		free(t);
		return NULL;
	}
	t->secrets = ticket_secrets_ref(secrets);
	t->wall_ms = wall_ms;
	t->window = window;
	t->count = count;
	(void)pthread_mutex_init(&t->lock, NULL);
	return t;
}

void
tickets_free(struct tickets *t)
{
	if (!t)
		return;
	ticket_secrets_unref(t->secrets);
	(void)pthread_mutex_destroy(&t->lock);
	wipe(t, sizeof *t + t->count * sizeof t->keys[0]);
	free(t);
}

static bool
derive(const struct tickets *t, size_t which, int64_t generation,
       struct key *out)
{
	static const char label[] = "imapward ticket: keys";
	unsigned char info[sizeof label + sizeof t->binding];
	unsigned char seed[TICKET_SECRET], keys[TICKET_NAME + TICKET_KEY];
	bool good = ticket_seed(t->secrets, which, generation, seed);

	memcpy(info, label, sizeof label);
	memcpy(info + sizeof label, t->binding, sizeof t->binding);
	good = good && wc_HKDF_Expand(WC_SHA256, seed, sizeof seed, info,
				      sizeof info, keys, sizeof keys) == 0;
	if (good) {
		memcpy(out->name, keys, sizeof out->name);
		memcpy(out->seal, keys + sizeof out->name, sizeof out->seal);
		out->generation = generation;
		out->made = true;
	}
	wipe(seed, sizeof seed);
	wipe(keys, sizeof keys);
	return good;
}

/* NULL: there is none. */
static const struct key *
key_of(struct tickets *t, size_t which, int64_t generation)
{
	size_t at =
	    which * (size_t)t->window + (size_t)generation % (size_t)t->window;
	struct key *k = &t->keys[at];

	if (k->made && k->generation == generation)
		return k;
	wipe(k, sizeof *k);
	return derive(t, which, generation, k) ? k : NULL;
}

/*
 * The present generation. What it does not open is forgotten at once.
 */
static int64_t
turn(struct tickets *t, int64_t now)
{
	unsigned era;
	int64_t generation = ticket_generation(t->secrets, now, &era);
	bool all = era != t->era;

	if (generation == t->generation && !all)
		return generation;
	t->generation = generation;
	t->era = era;
	for (size_t i = 0; i < t->count; i++)
		if (all || t->keys[i].generation > generation + 1 ||
		    t->keys[i].generation <= generation + 1 - t->window)
			wipe(&t->keys[i], sizeof t->keys[i]);
	return generation;
}

static bool
newest_key(struct tickets *t, int64_t now, struct key *out)
{
	const struct key *k;
	int64_t generation;

	(void)pthread_mutex_lock(&t->lock);
	generation = turn(t, now);
	k = key_of(t, 0, generation);
	if (k)
		*out = *k;
	(void)pthread_mutex_unlock(&t->lock);
	return k != NULL;
}

static bool
named_key(struct tickets *t, int64_t now, const unsigned char *name,
	  struct key *out)
{
	int64_t generation, oldest;
	bool found = false;

	(void)pthread_mutex_lock(&t->lock);
	generation = turn(t, now);
	oldest = generation + 2 - t->window;
	for (size_t i = 0; !found && i < ticket_secrets_count(t->secrets); i++)
		for (int64_t g = generation + 1;
		     !found && g >= oldest && g >= 0; g--) {
			const struct key *k = key_of(t, i, g);

			found = k && memcmp(k->name, name, TICKET_NAME) == 0;
			if (found)
				*out = *k;
		}
	(void)pthread_mutex_unlock(&t->lock);
	return found;
}

static int64_t
now_of(const struct tickets *t)
{
	return (int64_t)(t->wall_ms() / 1000);
}

static void
put_lineage(unsigned char *out, int64_t born_s, uint8_t resumptions)
{
	for (size_t i = BORN; i-- > 0; born_s >>= 8)
		out[i] = (unsigned char)born_s;
	out[BORN] = resumptions;
}

static struct lineage
take_lineage(const unsigned char *from)
{
	uint64_t born = 0;

	for (size_t i = 0; i < BORN; i++)
		born = born << 8 | from[i];
	return (struct lineage){(int64_t)born, from[BORN]};
}

enum err
tickets_seal(struct tickets *t, const struct lineage *from, struct ticket *out,
	     unsigned char *state, size_t n)
{
	int64_t now = now_of(t);
	struct key k;
	int ret;

	if (n > UINT16_MAX || !newest_key(t, now, &k))
		return ERR_INTERNAL;
	put_lineage(state + n, from->resumptions > 0 ? from->born_s : now,
		    from->resumptions);
	memcpy(out->name, k.name, sizeof out->name);
	ret = wc_ChaCha20Poly1305_Encrypt(
	    k.seal, out->nonce, out->name, sizeof out->name, state,
	    (word32)(n + TICKET_EXTRA), state, out->tag);
	wipe(&k, sizeof k);
	return ret == 0 ? ERR_OK : ERR_INTERNAL;
}

/* Clocks of gates may differ by as much as their keys allow. */
static bool
of_age(const struct tickets *t, int64_t age_s)
{
	const struct ticket_schedule *s = ticket_secrets_schedule(t->secrets);

	return age_s <= (int64_t)s->lifetime_s &&
	       age_s >= -(int64_t)s->rotation_s;
}

enum err
tickets_open(struct tickets *t, const struct ticket *in, unsigned char *state,
	     size_t n, struct lineage *from)
{
	int64_t now = now_of(t);
	struct lineage l;
	struct key k;
	int ret;

	if (n < TICKET_EXTRA || n > UINT16_MAX)
		return ERR_SYNTAX;
	if (!named_key(t, now, in->name, &k))
		return ERR_UNKNOWN;
	ret = wc_ChaCha20Poly1305_Decrypt(k.seal, in->nonce, in->name,
					  sizeof in->name, state, (word32)n,
					  in->tag, state);
	wipe(&k, sizeof k);
	if (ret != 0)
		return ERR_SYNTAX;
	l = take_lineage(state + n - TICKET_EXTRA);
	if (l.resumptions >= LINEAGE_MAX || !of_age(t, now - l.born_s))
		return ERR_EXPIRED;
	*from = (struct lineage){l.born_s, (uint8_t)(l.resumptions + 1)};
	return ERR_OK;
}

/* The library leaves room for a few bytes of ours behind its state. */
static int
seal(WOLFSSL *ssl, struct tickets *t, struct ticket *k, unsigned char *state,
     int *length, int cap)
{
	/* A session that could not be resumed after all begins anew. */
	const struct lineage none = {0},
			     *from = wolfSSL_session_reused(ssl) == 1
					 ? engine_lineage(ssl)
					 : &none;

	if (*length > cap - TICKET_EXTRA ||
	    wc_RNG_GenerateBlock(wolfSSL_GetRNG(ssl), k->nonce,
				 sizeof k->nonce) != 0 ||
	    tickets_seal(t, from, k, state, (size_t)*length) != ERR_OK)
		return WOLFSSL_TICKET_RET_FATAL;
	*length += TICKET_EXTRA;
	return WOLFSSL_TICKET_RET_OK;
}

/*
 * A ticket that does not open only costs a full handshake. Always OK, never
 * CREATE, for one that does: CREATE ends the resumption in TLS 1.3, and TLS
 * 1.2 renews nothing that way (wolfSSL 5.9.2).
 */
static int
unseal(WOLFSSL *ssl, struct tickets *t, const struct ticket *k,
       unsigned char *state, int *length)
{
	struct lineage *from = engine_lineage(ssl);

	if (*length < 0 || !from ||
	    tickets_open(t, k, state, (size_t)*length, from) != ERR_OK)
		return WOLFSSL_TICKET_RET_REJECT;
	*length -= TICKET_EXTRA;
	return WOLFSSL_TICKET_RET_OK;
}

/* SessionTicketEncCb. */
static int
on_ticket(WOLFSSL *ssl, unsigned char name[WOLFSSL_TICKET_NAME_SZ],
	  unsigned char iv[WOLFSSL_TICKET_IV_SZ],
	  unsigned char mac[WOLFSSL_TICKET_MAC_SZ], int sealing,
	  unsigned char *state, int in, int *out, void *tickets)
{
	struct ticket k;
	int ret, cap = *out;

	*out = in;
	if (!sealing) {
		memcpy(k.name, name, sizeof k.name);
		memcpy(k.nonce, iv, sizeof k.nonce);
		memcpy(k.tag, mac, sizeof k.tag);
		return unseal(ssl, tickets, &k, state, out);
	}
	ret = seal(ssl, tickets, &k, state, out, cap);
	if (ret == WOLFSSL_TICKET_RET_OK) {
		memcpy(name, k.name, sizeof k.name);
		memcpy(iv, k.nonce, sizeof k.nonce);
		memcpy(mac, k.tag, sizeof k.tag);
	}
	return ret;
}

enum err
tickets_install(WOLFSSL_CTX *ctx, struct tickets *t)
{
	int lifetime = (int)ticket_secrets_schedule(t->secrets)->lifetime_s;

	/*
	 * The first call is meant for clients. A server that was not told so
	 * gives no new ticket in TLS 1.2 to a client whose ticket it refuses,
	 * and wolfSSL's clients then break at the next connection: they keep
	 * the old ticket with the new secret.
	 */
	if (wolfSSL_CTX_UseSessionTicket(ctx) != WOLFSSL_SUCCESS ||
	    wolfSSL_CTX_set_TicketEncCb(ctx, on_ticket) != WOLFSSL_SUCCESS ||
	    wolfSSL_CTX_set_TicketEncCtx(ctx, t) != WOLFSSL_SUCCESS ||
	    wolfSSL_CTX_set_TicketHint(ctx, lifetime) != WOLFSSL_SUCCESS ||
	    wolfSSL_CTX_set_timeout(ctx, (unsigned)lifetime) < 0)
		return ERR_INTERNAL;
	return ERR_OK;
}
