/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shelves.h"
#include "stand.h"
#include "tls_link.h"

#include <CUnit/CUnit.h>

#include <malloc.h>
#include <stdio.h>

static struct slice
hosts(size_t from, size_t count)
{
	struct shelf_builder *b;
	char name[64];

	CU_ASSERT_EQUAL_FATAL(tls_library_init(), ERR_OK);
	b = shelf_builder_new(NULL, CERTS_NOW);
	CU_ASSERT_PTR_NOT_NULL_FATAL(b);
	for (size_t i = 0; i < count; i++) {
		(void)snprintf(name, sizeof name, "h%zu.example.com", from + i);
		CU_ASSERT_EQUAL(shelves_add_named(b, name, false), ERR_OK);
	}
	return shelves_end(b);
}

static struct context *
get(struct stand *s, size_t pair)
{
	struct context *x =
	    contexts_get(s->contexts, s->store, s->policy, pair);

	CU_ASSERT_PTR_NOT_NULL_FATAL(x);
	return x;
}

static void
test_bounds(void)
{
	struct stand *s = stand_of(hosts(0, CONTEXTS_MAX + 2), NULL, NULL);
	struct context *kept = context_ref(get(s, 1));
	struct context *first = get(s, 0);

	CU_ASSERT_PTR_EQUAL(get(s, 0), first);
	CU_ASSERT_EQUAL(contexts_count(s->contexts), 2);
	for (size_t i = 2; i < CONTEXTS_MAX; i++)
		(void)get(s, i);
	CU_ASSERT_EQUAL(contexts_count(s->contexts), CONTEXTS_MAX);
	/* Used now: number 1 is the one that was not used for longest. */
	CU_ASSERT_PTR_EQUAL(get(s, 0), first);
	(void)get(s, CONTEXTS_MAX);
	CU_ASSERT_EQUAL(contexts_count(s->contexts), CONTEXTS_MAX);
	CU_ASSERT_PTR_EQUAL(get(s, 0), first);
	CU_ASSERT_PTR_NOT_EQUAL(get(s, 1), kept);
	/* Another policy is another one. */
	s->policy = 0;
	CU_ASSERT_PTR_NOT_EQUAL(get(s, 0), first);
	context_unref(kept);
	stand_free(s);
}

/* One with many CA certificates takes more room. */
static void
test_places(void)
{
	static char ca[64 * CONTEXTS_FILE_STEP];
	static const char policy[] =
	    "tls_policies:\n  - name: own\n    client_certificate: required\n"
	    "    client_ca: /ca.pem\n";
	struct slice root = certs_root();
	struct shelf_builder *b;
	struct stand *s;
	char name[64];

	CU_ASSERT_EQUAL_FATAL(tls_library_init(), ERR_OK);
	b = shelf_builder_new(NULL, CERTS_NOW);
	CU_ASSERT_PTR_NOT_NULL_FATAL(b);
	(void)snprintf(ca, sizeof ca, "%*s%.*s",
		       (int)(sizeof ca - root.len - 1), "", (int)root.len,
		       (const char *)root.ptr);
	for (size_t i = 0; i < 10; i++) {
		(void)snprintf(name, sizeof name, "h%zu.example.com", i);
		CU_ASSERT_EQUAL(shelves_add_named(b, name, false), ERR_OK);
	}
	CU_ASSERT_EQUAL(shelf_add_file(b, "/ca.pem", slice_str(ca)), ERR_OK);
	s = stand_of(shelves_end(b), policy, NULL);
	for (size_t i = 0; i < 10; i++)
		(void)get(s, i);
	CU_ASSERT_EQUAL(contexts_count(s->contexts), 4);
	stand_free(s);
}

static void
test_reload(void)
{
	struct stand *old = stand_of(hosts(0, 3), NULL, NULL);
	struct stand *new = stand_of(hosts(1, 3), NULL, old);
	struct context *x[3];

	for (size_t i = 0; i < 3; i++)
		x[i] = context_ref(get(old, i));
	/* The worker's contexts are asked for the pairs of another store. */
	contexts_free(new->contexts);
	new->contexts = old->contexts;
	/* Forged anew they are other certificates: all go. */
	(void)get(new, 0);
	CU_ASSERT_EQUAL(contexts_count(new->contexts), 1);
	for (size_t i = 0; i < 3; i++)
		context_unref(x[i]);
	old->contexts = NULL;
	stand_free(old);
	stand_free(new);
}

static void
test_reload_unchanged(void)
{
	static const enum certs_kind kinds[] = {CERTS_EC, CERTS_RSA};
	static const enum certs_kind after[] = {CERTS_RSA, CERTS_NO_CN};
	struct stand *old, *new;
	struct context *rsa;

	CU_ASSERT_EQUAL_FATAL(tls_library_init(), ERR_OK);
	old = stand_of(shelves_of(kinds, 2), NULL, NULL);
	new = stand_of(shelves_of(after, 2), NULL, old);
	(void)get(old, 0);
	rsa = get(old, 1);
	store_count(old->store, 1);
	contexts_free(new->contexts);
	new->contexts = old->contexts;
	CU_ASSERT_PTR_EQUAL(get(new, 0), rsa);
	CU_ASSERT_EQUAL(contexts_count(new->contexts), 1);
	old->contexts = NULL;
	stand_free(old);
	stand_free(new);
}

/* Handshakes with a pair are counted over reloads. */
static void
test_counts(void)
{
	static const enum certs_kind kinds[] = {CERTS_EC, CERTS_RSA};
	static const enum certs_kind after[] = {CERTS_RSA, CERTS_NO_CN};
	struct stand *old, *new;

	CU_ASSERT_EQUAL_FATAL(tls_library_init(), ERR_OK);
	old = stand_of(shelves_of(kinds, 2), NULL, NULL);
	store_count(old->store, 0);
	store_count(old->store, 1);
	store_count(old->store, 1);
	new = stand_of(shelves_of(after, 2), NULL, old);
	CU_ASSERT_EQUAL(store_handshakes(old->store, 0), 1);
	CU_ASSERT_EQUAL(store_handshakes(new->store, 0), 2);
	CU_ASSERT_EQUAL(store_handshakes(new->store, 1), 0);
	stand_free(old);
	stand_free(new);
}

/* Contexts, engines and stores go in any order; handshakes do not notice. */
static void
test_order(void)
{
	static const enum certs_kind kinds[] = {CERTS_EC};
	struct stand *s;
	struct tls_visit v;

	CU_ASSERT_EQUAL_FATAL(tls_library_init(), ERR_OK);
	s = stand_of(shelves_of(kinds, 1), NULL, NULL);
	v = (struct tls_visit){.stand = s, .version = TLS_VERSION_13};
	CU_ASSERT_TRUE(tls_visit(&v));
	contexts_free(s->contexts);
	s->contexts = contexts_new(NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s->contexts);
	contexts_free(s->contexts);
	contexts_free(NULL);
	context_unref(NULL);
	s->contexts = NULL;
	tls_session_free(v.session);
	stand_free(s);
}

void
suite_context(void)
{
	CU_pSuite suite = CU_add_suite("context", NULL, NULL);

	CU_add_test(suite, "the one not used for longest goes", test_bounds);
	CU_add_test(suite, "many CA certificates take more room", test_places);
	CU_add_test(suite, "what a reload has replaced is forgotten",
		    test_reload);
	CU_add_test(suite, "what it has left alone is kept",
		    test_reload_unchanged);
	CU_add_test(suite, "handshakes are counted over reloads", test_counts);
	CU_add_test(suite, "they may go in any order", test_order);
}
