/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tls/context.h"

#include "tls/inside.h"
#include "tls/making.h"
#include "tls/staple.h"
#include "tls/tickets.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

struct contexts {
	uint64_t (*wall_ms)(void);
	struct context *latest; /* by use, the latest first */
	size_t count, places;
	uint64_t store; /* number of the one that was looked at last */
};

struct contexts *
contexts_new(uint64_t (*wall_ms)(void))
{
	struct contexts *c = calloc(1, sizeof *c);

	if (c)
		c->wall_ms = wall_ms;
	return c;
}

struct context *
context_ref(struct context *x)
{
	x->count++;
	return x;
}

/*
 * Sessions keep the library's part for as long as they live: what only
 * handshakes need goes now.
 */
void
context_unref(struct context *x)
{
	if (!x || --x->count > 0)
		return;
	if (x->ctx && x->policy->client != CLIENT_CERTIFICATE_OFF)
		(void)wolfSSL_CTX_UnloadCAs(x->ctx);
	wolfSSL_CTX_free(x->ctx);
	tickets_free(x->tickets);
	staple_unref(x->staple);
	tls_policy_unref(x->policy);
	free(x);
}

static void
drop(struct contexts *c, struct context *x)
{
	DL_DELETE(c->latest, x);
	c->count--;
	c->places -= x->places;
	context_unref(x);
}

/* For one more with so many; the last is who was not used for longest. */
static void
make_room(struct contexts *c, size_t places)
{
	while (c->latest && c->places + places > CONTEXTS_MAX) {
		struct context *last = c->latest->prev;

		assert(!last->next);
		drop(c, last);
	}
}

void
contexts_free(struct contexts *c)
{
	if (!c)
		return;
	struct context *x, *next;

	DL_FOREACH_SAFE(c->latest, x, next)
	drop(c, x);
	free(c);
}

size_t
contexts_count(const struct contexts *c)
{
	return c->count;
}

/* Another store is in use: what it does not have is forgotten, keys and all. */
static void
drop_stale(struct contexts *c, const struct store *s)
{
	struct context *x, *next;

	DL_FOREACH_SAFE(c->latest, x, next)
	if (x->secrets != store_secrets(s) || !store_has_policy(s, x->policy) ||
	    shelf_find(store_shelf(s), x->pair) == SHELF_NONE)
		drop(c, x);
	c->store = store_number(s);
}

/* No ticket was issued here: whatever comes is another's. */
static int
open_nothing(WOLFSSL *ssl, unsigned char name[WOLFSSL_TICKET_NAME_SZ],
	     unsigned char iv[WOLFSSL_TICKET_IV_SZ],
	     unsigned char mac[WOLFSSL_TICKET_MAC_SZ], int sealing,
	     unsigned char *state, int in, int *out, void *arg)
{
	(void)ssl;
	(void)name;
	(void)iv;
	(void)mac;
	(void)state;
	(void)arg;
	*out = in;
	return sealing ? WOLFSSL_TICKET_RET_FATAL : WOLFSSL_TICKET_RET_REJECT;
}

static enum err
refuse_tickets(WOLFSSL_CTX *ctx)
{
	if (wolfSSL_CTX_no_ticket_TLSv13(ctx) != 0 ||
	    wolfSSL_CTX_NoTicketTLSv12(ctx) != WOLFSSL_SUCCESS ||
	    wolfSSL_CTX_set_TicketEncCb(ctx, open_nothing) != WOLFSSL_SUCCESS)
		return ERR_INTERNAL;
	return ERR_OK;
}

/*
 * Renewed certificates and twins with the other kind of key share their
 * tickets; other names and other policies do not.
 */
static enum err
set_tickets(struct contexts *c, struct context *x,
	    const struct shelf_pair *pair)
{
	unsigned char binding[POLICY_DIGEST + SHELF_DIGEST];

	if (x->policy->client != CLIENT_CERTIFICATE_OFF)
		return refuse_tickets(x->ctx);
	memcpy(binding, x->policy->digest, POLICY_DIGEST);
	memcpy(binding + POLICY_DIGEST, pair->group, SHELF_DIGEST);
	x->tickets = tickets_new(x->secrets, slice_of(binding, sizeof binding),
				 c->wall_ms);
	return x->tickets ? tickets_install(x->ctx, x->tickets) : ERR_NOMEM;
}

static enum err
set_staple(struct contexts *c, struct context *x, const struct shelf_pair *pair)
{
	if (pair->staple.len == 0)
		return ERR_OK;
	x->staple = staple_of(pair->staple, pair->staple_from,
			      pair->staple_until, c->wall_ms);
	return x->staple ? staple_install(x->ctx, x->staple) : ERR_NOMEM;
}

static struct context *
make(struct contexts *c, const struct store *s, struct tls_policy *p,
     const struct shelf_pair *pair)
{
	struct context *x = calloc(1, sizeof *x);
	struct peer_fault fault;
	enum err e;

	if (!x)
		return NULL;
	x->count = 1;
	x->policy = tls_policy_ref(p);
	x->secrets = store_secrets(s);
	x->staple_hash = pair->staple_hash;
	x->places =
	    1 + (p->client_ca.len + p->client_crl.len) / CONTEXTS_FILE_STEP;
	memcpy(x->pair, pair->digest, SHELF_DIGEST);
	e = making_context(p, pair, &x->ctx, &fault);
	if (e == ERR_OK)
		e = set_tickets(c, x, pair);
	if (e == ERR_OK)
		e = set_staple(c, x, pair);
	if (e == ERR_OK)
		return x;
	context_unref(x);
	return NULL;
}

static struct context *
find(const struct contexts *c, const struct tls_policy *p,
     const struct shelf_pair *pair)
{
	struct context *x = c->latest;

	while (x && (memcmp(x->pair, pair->digest, SHELF_DIGEST) != 0 ||
		     memcmp(x->policy->digest, p->digest, POLICY_DIGEST) != 0))
		x = x->next;
	return x;
}

struct context *
contexts_get(struct contexts *c, const struct store *s, size_t policy,
	     size_t pair)
{
	struct tls_policy *p = store_policy(s, policy);
	struct shelf_pair at;
	struct context *x;

	if (c->store != store_number(s))
		drop_stale(c, s);
	shelf_pair(store_shelf(s), pair, &at);
	x = find(c, p, &at);
	if (x && x->staple_hash != at.staple_hash) {
		drop(c, x);
		x = NULL;
	}
	if (x) {
		DL_DELETE(c->latest, x);
	} else {
		x = make(c, s, p, &at);
		if (!x)
			return NULL;
		make_room(c, x->places);
		c->count++;
		c->places += x->places;
	}
	DL_PREPEND(c->latest, x);
	return x;
}
