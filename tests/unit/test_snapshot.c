/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "session/snapshot.h"

#include "certs.h"

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

static struct snapshot_source
source(void)
{
	struct snapshot_source src = {.yaml = slice_str(yaml),
				      .chain = certs_chain(CERTS_EC),
				      .key = certs_key(CERTS_EC),
				      .yaml_path = "imapward.yaml",
				      .chain_path = "chain.pem",
				      .key_path = "key.pem"};

	CU_ASSERT_EQUAL_FATAL(tls_library_init(), ERR_OK);
	return src;
}

static void
test_build(void)
{
	struct snapshot_source src = source();
	struct snapshot_fault fault = {""};
	struct snapshot *s = NULL, *t = NULL;
	struct policy *p;

	memset(src.privacy_key, 7, sizeof src.privacy_key);
	CU_ASSERT_EQUAL_FATAL(snapshot_build(&src, CERTS_NOW, &s, &fault),
			      ERR_OK);
	CU_ASSERT_EQUAL_FATAL(snapshot_build(&src, CERTS_NOW, &t, &fault),
			      ERR_OK);
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

static void
test_faults(void)
{
	struct snapshot_source good = source(), bad[5];
	static const struct {
		const char *shows, *begins;
		int64_t now;
	} rows[] = {
	    {"the YAML, with line and column", "imapward.yaml:2:", CERTS_NOW},
	    {"the chain", "chain.pem: ", CERTS_NOW},
	    {"the key", "key.pem: ", CERTS_NOW},
	    {"a key of another certificate", "key.pem: ", CERTS_NOW},
	    {"an expired certificate", "chain.pem: ", CERTS_LATE},
	};

	for (size_t i = 0; i < 5; i++)
		bad[i] = good;
	bad[0].yaml = SLICE("tls:\n  bogus: 1\n");
	bad[1].chain = SLICE("nonsense");
	bad[2].key = SLICE("nonsense");
	bad[3].key = certs_key(CERTS_EC384);
	for (size_t i = 0; i < 5; i++) {
		struct snapshot_fault fault = {""};
		struct snapshot *s = NULL;

		CU_ASSERT_NOT_EQUAL(
		    snapshot_build(&bad[i], rows[i].now, &s, &fault), ERR_OK);
		CU_ASSERT_PTR_NULL(s);
		CU_ASSERT_EQUAL(
		    strncmp(fault.text, rows[i].begins, strlen(rows[i].begins)),
		    0);
		CU_ASSERT_PTR_NULL(strchr(fault.text, '\n'));
	}
}

static struct snapshot *
fresh(void)
{
	struct snapshot_source src = source();
	struct snapshot_fault fault = {""};
	struct snapshot *s = NULL;

	CU_ASSERT_EQUAL_FATAL(snapshot_build(&src, CERTS_NOW, &s, &fault),
			      ERR_OK);
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
	CU_add_test(s, "it is swapped whole under running workers",
		    test_publish);
}
