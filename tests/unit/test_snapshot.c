/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "session/snapshot.h"

#include "certs.h"
#include "shelves.h"

#include <CUnit/CUnit.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>

static const char yaml[] = "certificates:\n"
			   "  - chain: /etc/chain.pem\n"
			   "    key: /etc/key.pem\n"
			   "backends:\n"
			   "  - name: main\n"
			   "    address: 192.0.2.1\n"
			   "    port: 143\n";

/* Made once, the same for all. */
static struct slice
shelf(void)
{
	static const enum certs_kind kinds[] = {CERTS_EC};
	static struct slice s;

	if (!s.ptr)
		s = shelves_of(kinds, 1);
	return s;
}

static struct snapshot_source
source(void)
{
	CU_ASSERT_EQUAL_FATAL(tls_library_init(), ERR_OK);
	return (struct snapshot_source){.yaml = slice_str(yaml),
					.yaml_path = "imapward.yaml",
					.shelf = shelf()};
}

static void
count_release(void *arg)
{
	(*(unsigned *)arg)++;
}

static void
test_build(void)
{
	struct snapshot_source src = source();
	struct snapshot_fault fault = {""};
	struct snapshot *s = NULL, *t = NULL;
	struct policy *p;

	memset(src.privacy_key, 7, sizeof src.privacy_key);
	CU_ASSERT_EQUAL_FATAL(snapshot_build(&src, &s, &fault), ERR_OK);
	CU_ASSERT_EQUAL_FATAL(snapshot_build(&src, &t, &fault), ERR_OK);
	CU_ASSERT_EQUAL(t->generation, s->generation + 1);
	CU_ASSERT_EQUAL(policy_privacy(s->policy)->key[15], 7);
	/* What a session keeps outlives the snapshot. */
	p = policy_ref(s->policy);
	snapshot_unref(s);
	snapshot_unref(t);
	CU_ASSERT_EQUAL(policy_settings(p)->backends_count, 1);
	policy_unref(p);
	policy_unref(NULL);
	snapshot_unref(NULL);
}

/* By whoever needs it last, once. */
static void
test_release(void)
{
	struct snapshot_source src = source();
	struct snapshot_fault fault = {""};
	struct snapshot *s = NULL;
	struct store *store;
	unsigned released = 0;

	src.release = count_release;
	src.arg = &released;
	src.yaml = SLICE("nonsense");
	CU_ASSERT_NOT_EQUAL(snapshot_build(&src, &s, &fault), ERR_OK);
	src.yaml = slice_str(yaml);
	CU_ASSERT_EQUAL_FATAL(snapshot_build(&src, &s, &fault), ERR_OK);
	store = store_ref(s->store);
	snapshot_unref(s);
	CU_ASSERT_EQUAL(released, 0);
	store_unref(store);
	CU_ASSERT_EQUAL(released, 1);
}

#define POLICY                                                                 \
	"tls_policies:\n  - name: own\n    client_certificate: required\n"     \
	"    client_ca: /ca.pem\n    client_crl: /crl.pem\n"

static struct slice
shelf_with(struct slice ca, struct slice crl)
{
	struct shelf_builder *b = shelf_builder_new(NULL, CERTS_NOW);

	CU_ASSERT_PTR_NOT_NULL_FATAL(b);
	shelves_add(b, CERTS_EC);
	CU_ASSERT_EQUAL(shelf_add_file(b, "/ca.pem", ca), ERR_OK);
	CU_ASSERT_EQUAL(shelf_add_file(b, "/crl.pem", crl), ERR_OK);
	return shelves_end(b);
}

static void
fails(struct snapshot_source src, const char *begins)
{
	struct snapshot_fault fault = {""};
	struct snapshot *s = NULL;

	CU_ASSERT_NOT_EQUAL(snapshot_build(&src, &s, &fault), ERR_OK);
	CU_ASSERT_PTR_NULL(s);
	CU_ASSERT_EQUAL(strncmp(fault.text, begins, strlen(begins)), 0);
	if (strncmp(fault.text, begins, strlen(begins)) != 0)
		printf("fault: %s\n", fault.text);
	CU_ASSERT_PTR_NULL(strchr(fault.text, '\n'));
}

static void
test_faults(void)
{
	static char policies[1024];
	struct snapshot_source src = source();
	const struct {
		struct slice ca, crl;
		const char *begins;
	} rows[] = {
	    {SLICE("nonsense"), SLICE_EMPTY,
	     "/ca.pem: there is no certificate in it"},
	    {SLICE("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"),
	     SLICE_EMPTY, "/ca.pem: certificate 1 is not valid PEM"},
	    {certs_chain(CERTS_EC), SLICE_EMPTY,
	     "/ca.pem: certificate 1 is not that of a CA"},
	    {certs_root(), SLICE("nonsense"),
	     "/crl.pem: there is no list of revoked certificates in it"},
	    {certs_root(),
	     SLICE("-----BEGIN X509 CRL-----\n-----END X509 CRL-----\n"),
	     "/crl.pem: list 1 cannot be read: "},
	};

	src.yaml = SLICE("tls:\n  bogus: 1\n");
	fails(src, "imapward.yaml:2:");
	src = source();
	src.shelf = SLICE("nonsense");
	fails(src, "");
	(void)snprintf(policies, sizeof policies, "%s" POLICY, yaml);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		src.yaml = slice_str(policies);
		src.shelf = shelf_with(rows[i].ca, rows[i].crl);
		fails(src, rows[i].begins);
		shelves_free(src.shelf);
	}
}

static struct snapshot *
fresh(void)
{
	struct snapshot_source src = source();
	struct snapshot_fault fault = {""};
	struct snapshot *s = NULL;

	CU_ASSERT_EQUAL_FATAL(snapshot_build(&src, &s, &fault), ERR_OK);
	return s;
}

static void *
accept_sessions(void *arg)
{
	(void)arg;
	for (unsigned i = 0; i < 3000; i++) {
		struct snapshot *s = snapshot_current();
		struct policy *p = policy_ref(s->policy);

		snapshot_unref(s);
		if (policy_settings(p)->backends_count != 1)
			return p;
		policy_unref(p);
	}
	return NULL;
}

static void
test_publish(void)
{
	pthread_t threads[3];
	struct snapshot *s;

	CU_ASSERT_PTR_NULL(snapshot_current());
	snapshot_publish(fresh());
	for (size_t i = 0; i < 3; i++)
		CU_ASSERT_EQUAL_FATAL(
		    pthread_create(&threads[i], NULL, accept_sessions, NULL),
		    0);
	for (size_t i = 0; i < 20; i++)
		snapshot_publish(fresh());
	for (size_t i = 0; i < 3; i++) {
		void *wrong = NULL;

		(void)pthread_join(threads[i], &wrong);
		CU_ASSERT_PTR_NULL(wrong);
	}
	s = snapshot_current();
	snapshot_publish(NULL);
	CU_ASSERT_PTR_NULL(snapshot_current());
	CU_ASSERT_EQUAL(s->count, 1);
	snapshot_unref(s);
}

void
suite_snapshot(void)
{
	CU_pSuite s = CU_add_suite("snapshot", NULL, NULL);

	CU_add_test(s, "a session's part outlives the snapshot", test_build);
	CU_add_test(s, "a fault names its file", test_faults);
	CU_add_test(s, "the shelf is let go with its last user", test_release);
	CU_add_test(s, "it is swapped whole under running workers",
		    test_publish);
}
