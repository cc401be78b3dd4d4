/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tls/shelf.h"

#include "tls/store.h"
#include "unit/shelves.h"

#include <CUnit/CUnit.h>

#include <stdio.h>
#include <string.h>

static struct shelf
opened(struct slice bytes)
{
	struct shelf s = {SLICE_EMPTY};

	CU_ASSERT_EQUAL_FATAL(shelf_open(bytes, &s), ERR_OK);
	return s;
}

static struct shelf_builder *
started(const struct shelf *before, int64_t now)
{
	struct shelf_builder *b;

	CU_ASSERT_EQUAL_FATAL(tls_library_init(), ERR_OK);
	b = shelf_builder_new(before, now);
	CU_ASSERT_PTR_NOT_NULL_FATAL(b);
	return b;
}

static void
test_names(void)
{
	static const struct {
		const char *names;
		bool rsa;
	} pairs[] = {
	    {"mail.example.com,IMAP.Example.com", false},    /* 0 */
	    {"mail.example.com,imap.example.com", true},     /* 1 */
	    {"*.example.com", false},                        /* 2 */
	    {"mail.example.com", false},                     /* 3: comes late */
	    {"example.com,*.sub.example.com", true},         /* 4 */
	    {"*.com,x*.example.net,a.*.example.net", false}, /* 5: no names */
	};
	static const struct {
		const char *host;
		size_t ecdsa, rsa, wild_ecdsa, wild_rsa;
	} rows[] = {
	    {"mail.example.com", 0, 1, 2, SHELF_NONE},
	    {"mail.example.com.", 0, 1, 2, SHELF_NONE},
	    {"imap.example.com", 0, 1, 2, SHELF_NONE},
	    {"iMAP.eXAMPLE.cOM", 0, 1, 2, SHELF_NONE},
	    {"other.example.com", SHELF_NONE, SHELF_NONE, 2, SHELF_NONE},
	    {"a.other.example.com", SHELF_NONE, SHELF_NONE, SHELF_NONE,
	     SHELF_NONE},
	    {"example.com", SHELF_NONE, 4, SHELF_NONE, SHELF_NONE},
	    {"x.sub.example.com", SHELF_NONE, SHELF_NONE, SHELF_NONE, 4},
	    {"sub.example.com", SHELF_NONE, SHELF_NONE, 2, SHELF_NONE},
	    {".example.com", SHELF_NONE, SHELF_NONE, SHELF_NONE, SHELF_NONE},
	    {"example.net", SHELF_NONE, SHELF_NONE, SHELF_NONE, SHELF_NONE},
	    {"xa.example.net", SHELF_NONE, SHELF_NONE, SHELF_NONE, SHELF_NONE},
	    {"com", SHELF_NONE, SHELF_NONE, SHELF_NONE, SHELF_NONE},
	    {"", SHELF_NONE, SHELF_NONE, SHELF_NONE, SHELF_NONE},
	    {".", SHELF_NONE, SHELF_NONE, SHELF_NONE, SHELF_NONE},
	};
	struct shelf_builder *b = started(NULL, CERTS_NOW);
	struct shelf_pair p;
	struct slice bytes;
	struct shelf s;

	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
		CU_ASSERT_EQUAL(
		    shelves_add_named(b, pairs[i].names, pairs[i].rsa), ERR_OK);
	bytes = shelves_end(b);
	s = opened(bytes);
	CU_ASSERT_EQUAL(shelf_count(&s), sizeof pairs / sizeof pairs[0]);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct slice host = slice_str(rows[i].host);
		struct shelf_match m = shelf_exact(&s, host);
		struct shelf_match w = shelf_wildcard(&s, host);

		CU_ASSERT_EQUAL(m.ecdsa, rows[i].ecdsa);
		CU_ASSERT_EQUAL(m.rsa, rows[i].rsa);
		CU_ASSERT_EQUAL(w.ecdsa, rows[i].wild_ecdsa);
		CU_ASSERT_EQUAL(w.rsa, rows[i].wild_rsa);
	}
	shelf_pair(&s, 3, &p);
	CU_ASSERT_TRUE(slice_eq(p.clash, SLICE("mail.example.com")));
	CU_ASSERT_EQUAL(p.clash_with, 0);
	shelf_pair(&s, 1, &p);
	CU_ASSERT_EQUAL(p.clash.len, 0);
	CU_ASSERT_EQUAL(p.kind, KEY_RSA);
	CU_ASSERT_STRING_EQUAL(p.path, pairs[1].names);
	shelves_free(bytes);
}

/* Twins in kind and renewals share their tickets, others do not. */
static void
test_groups(void)
{
	static const char *const names[] = {
	    "a.example.com,b.example.com", "B.example.com,a.example.com",
	    "a.example.com,b.example.com,a.example.com", "a.example.com",
	    "a.example.co,mb.example.com"};
	static const bool same[] = {true, true, true, false, false};
	struct shelf_builder *b = started(NULL, CERTS_NOW);
	struct shelf_pair first, p;
	struct slice bytes;
	struct shelf s;

	for (size_t i = 0; i < 5; i++)
		CU_ASSERT_EQUAL(shelves_add_named(b, names[i], i == 1), ERR_OK);
	shelves_add(b, CERTS_NO_CN);
	bytes = shelves_end(b);
	s = opened(bytes);
	shelf_pair(&s, 0, &first);
	for (size_t i = 0; i < 5; i++) {
		shelf_pair(&s, i, &p);
		CU_ASSERT_EQUAL(memcmp(p.group, first.group, SHELF_DIGEST) == 0,
				same[i]);
		CU_ASSERT_EQUAL(shelf_find(&s, p.digest), i);
		CU_ASSERT_EQUAL(memcmp(p.leaf, first.leaf, SHELF_DIGEST) == 0,
				i == 0);
	}
	CU_ASSERT_EQUAL(shelf_find(&s, first.group), SHELF_NONE);
	shelves_free(bytes);
}

static void
test_issuers_once(void)
{
	static const enum certs_kind kinds[] = {CERTS_EC, CERTS_RSA,
						CERTS_NO_CN};
	struct slice bytes;
	struct shelf_pair p, q;
	struct shelf s;

	CU_ASSERT_EQUAL_FATAL(tls_library_init(), ERR_OK);
	bytes = shelves_of(kinds, 3);
	s = opened(bytes);
	shelf_pair(&s, 0, &p);
	shelf_pair(&s, 2, &q);
	CU_ASSERT_EQUAL(p.count, 2);
	CU_ASSERT_PTR_EQUAL(p.chain[1].ptr, q.chain[1].ptr);
	CU_ASSERT_PTR_NOT_EQUAL(p.chain[0].ptr, q.chain[0].ptr);
	CU_ASSERT_STRING_EQUAL(p.name, CERTS_HOST);
	CU_ASSERT_EQUAL(p.not_after, 2524607999);
	CU_ASSERT_EQUAL(p.staple.len, 0);
	shelves_free(bytes);
}

/* What is unchanged is taken over, and judged by the new date. */
static void
test_before(void)
{
	static const enum certs_kind kinds[] = {CERTS_EC, CERTS_RSA};
	struct slice old, new;
	struct shelf before, after;
	struct shelf_pair p, q;
	struct shelf_builder *b;
	struct pair_fault fault;
	struct shelf_item item = {.chain = certs_chain(CERTS_EC),
				  .key = certs_key(CERTS_EC),
				  .passphrase = SLICE_EMPTY,
				  .staple = SLICE_EMPTY,
				  .path = "elsewhere.pem"};

	CU_ASSERT_EQUAL_FATAL(tls_library_init(), ERR_OK);
	old = shelves_of(kinds, 2);
	before = opened(old);
	b = started(&before, CERTS_NOW);
	CU_ASSERT_EQUAL(shelf_add(b, &item, &fault), ERR_OK);
	new = shelves_end(b);
	after = opened(new);
	shelf_pair(&before, 0, &p);
	shelf_pair(&after, 0, &q);
	CU_ASSERT_EQUAL(memcmp(p.digest, q.digest, SHELF_DIGEST), 0);
	CU_ASSERT_EQUAL(memcmp(p.group, q.group, SHELF_DIGEST), 0);
	CU_ASSERT_EQUAL(memcmp(p.leaf, q.leaf, SHELF_DIGEST), 0);
	CU_ASSERT_TRUE(slice_eq(p.chain[0], q.chain[0]));
	CU_ASSERT_TRUE(slice_eq(p.chain[1], q.chain[1]));
	CU_ASSERT_TRUE(slice_eq(p.key, q.key));
	CU_ASSERT_TRUE(slice_eq(p.names, q.names));
	CU_ASSERT_STRING_EQUAL(q.path, "elsewhere.pem");
	CU_ASSERT_EQUAL(shelf_exact(&after, SLICE(CERTS_HOST)).ecdsa, 0);
	CU_ASSERT_EQUAL(shelf_exact(&after, SLICE(CERTS_HOST)).rsa, SHELF_NONE);
	b = started(&before, CERTS_LATE);
	CU_ASSERT_EQUAL(shelf_add(b, &item, &fault), ERR_EXPIRED);
	CU_ASSERT_EQUAL(strncmp(fault.text, "certificate 1", 13), 0);
	/* Another key is another pair, and is looked at. */
	item.key = certs_key(CERTS_RSA);
	CU_ASSERT_EQUAL(shelf_add(b, &item, &fault), ERR_EXPIRED);
	shelf_builder_free(b);
	b = started(&before, CERTS_NOW);
	CU_ASSERT_EQUAL(shelf_add(b, &item, &fault), ERR_MISMATCH);
	CU_ASSERT_TRUE(fault.in_key);
	shelf_builder_free(b);
	shelves_free(old);
	shelves_free(new);
}

/* Signatures may be left for later; unproven ones are never served. */
static void
test_proofs(void)
{
	static const char *const names[] = {"a.example.com", "b.example.com",
					    "c.example.com", "d.example.com"};
	struct shelf_builder *b = started(NULL, CERTS_NOW);
	struct shelf_proof proof;
	struct pair_fault fault;
	size_t size;

	CU_ASSERT_EQUAL(shelves_add_false(b, names[0], &fault), ERR_MISMATCH);
	shelf_builder_free(b);
	for (size_t bad = 0; bad <= 4; bad++) {
		b = started(NULL, CERTS_NOW);
		shelf_leave_proofs(b);
		for (size_t i = 0; i < 4; i++)
			CU_ASSERT_EQUAL(
			    i == bad ? shelves_add_false(b, names[i], &fault)
				     : shelves_add_named(b, names[i], false),
			    ERR_OK);
		CU_ASSERT_EQUAL(shelf_unproven(b), 4);
		CU_ASSERT_EQUAL(shelf_finish(b, &size), ERR_REFUSED);
		for (size_t part = 0; part < 3; part++) {
			shelf_prove(b, part, 3, &proof);
			if (bad == 4 || part != bad % 3) {
				CU_ASSERT_PTR_NULL(proof.path);
				continue;
			}
			CU_ASSERT_STRING_EQUAL_FATAL(proof.path, names[bad]);
			CU_ASSERT_EQUAL(proof.pair, bad);
			CU_ASSERT_EQUAL(proof.fault.cause, ERR_MISMATCH);
			CU_ASSERT_STRING_EQUAL(
			    proof.fault.text,
			    "certificate 1 (leaf) is not signed by certificate "
			    "2, which follows it; each must be followed by its "
			    "issuer");
		}
		CU_ASSERT_EQUAL(shelf_finish(b, &size),
				bad == 4 ? ERR_OK : ERR_REFUSED);
		shelf_builder_free(b);
	}
}

static void
test_files(void)
{
	struct shelf_builder *b = started(NULL, CERTS_NOW);
	struct slice bytes, file;
	struct shelf s;

	CU_ASSERT_EQUAL(shelf_add_file(b, "/ca.pem", SLICE("one")), ERR_OK);
	CU_ASSERT_EQUAL(shelf_add_file(b, "/empty", SLICE_EMPTY), ERR_OK);
	CU_ASSERT_EQUAL(shelf_add_file(b, "/ca.pem", SLICE("two")), ERR_OK);
	bytes = shelves_end(b);
	s = opened(bytes);
	CU_ASSERT_EQUAL(shelf_count(&s), 0);
	CU_ASSERT_TRUE(shelf_file(&s, "/ca.pem", &file));
	CU_ASSERT_TRUE(slice_eq(file, SLICE("one")));
	CU_ASSERT_TRUE(shelf_file(&s, "/empty", &file));
	CU_ASSERT_EQUAL(file.len, 0);
	CU_ASSERT_FALSE(shelf_file(&s, "/ca", &file));
	CU_ASSERT_EQUAL(shelf_exact(&s, SLICE("a.example")).ecdsa, SHELF_NONE);
	CU_ASSERT_EQUAL(shelf_open(slice_head(bytes, bytes.len - 1), &s),
			ERR_SYNTAX);
	CU_ASSERT_EQUAL(shelf_open(slice_head(bytes, 8), &s), ERR_SYNTAX);
	shelves_free(bytes);
}

enum { MANY = 10000 };

/* Every one of them is found, and they take little room. */
static void
test_many(void)
{
	struct shelf_builder *b = started(NULL, CERTS_NOW);
	struct slice bytes;
	struct shelf s;
	char names[64];

	for (size_t i = 0; i < MANY; i++) {
		(void)snprintf(names, sizeof names,
			       "host%zu.example.com,*.n%zu.example.net", i, i);
		CU_ASSERT_EQUAL_FATAL(shelves_add_named(b, names, false),
				      ERR_OK);
	}
	bytes = shelves_end(b);
	s = opened(bytes);
	CU_ASSERT_EQUAL(shelf_count(&s), MANY);
	for (size_t i = 0; i < MANY; i++) {
		struct slice host;

		(void)snprintf(names, sizeof names, "host%zu.example.com", i);
		CU_ASSERT_EQUAL(shelf_exact(&s, slice_str(names)).ecdsa, i);
		(void)snprintf(names, sizeof names, "x.n%zu.example.net", i);
		host = slice_str(names);
		CU_ASSERT_EQUAL(shelf_wildcard(&s, host).ecdsa, i);
		CU_ASSERT_EQUAL(shelf_exact(&s, host).ecdsa, SHELF_NONE);
	}
	CU_ASSERT_TRUE(bytes.len / MANY < 1500);
	shelves_free(bytes);
}

void
suite_shelf(void)
{
	CU_pSuite suite = CU_add_suite("shelf", NULL, NULL);

	CU_add_test(suite, "exact names, wildcards, who is first", test_names);
	CU_add_test(suite, "pairs with the same names are a group",
		    test_groups);
	CU_add_test(suite, "an issuer is kept once", test_issuers_once);
	CU_add_test(suite, "what is unchanged is not checked anew",
		    test_before);
	CU_add_test(suite, "signatures may be proven later, not never",
		    test_proofs);
	CU_add_test(suite, "other files stand on it too", test_files);
	CU_add_test(suite, "ten thousand pairs", test_many);
}
