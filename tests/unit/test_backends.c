/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "session/backends.h"

#include "imap/capability.h"

#include <CUnit/CUnit.h>

#include <stdio.h>
#include <string.h>

/* Each test has backends of its own: the table lives as long as the process. */
static struct backend_settings
backend(const char *name)
{
	struct backend_settings b = {.port = 143};

	(void)snprintf(b.name, sizeof b.name, "%s", name);
	(void)snprintf(b.host, sizeof b.host, "192.0.2.1");
	return b;
}

static bool
knows(const struct backend_settings *b, const char *words)
{
	char text[CAPABILITY_TEXT_MAX];
	size_t n = backends_words(b, text);

	return slice_eq(slice_of(text, n), slice_str(words));
}

static bool
shows(const struct settings *s, enum gate_leg leg, const char *word)
{
	char text[CAPABILITY_TEXT_MAX];
	size_t n = backends_gate_words(s, leg, text);

	return capability_has(slice_of(text, n), slice_str(word));
}

static void
test_learning(void)
{
	struct backend_settings b = backend("learning");
	struct backend_settings other = b;

	CU_ASSERT_TRUE(knows(&b, ""));
	CU_ASSERT_FALSE(backends_fail(&b, "it was never usable"));
	CU_ASSERT_TRUE(backends_learn(&b, SLICE("IMAP4rev1 IDLE")));
	CU_ASSERT_TRUE(knows(&b, "IMAP4rev1 IDLE"));
	CU_ASSERT_FALSE(backends_learn(&b, SLICE("IMAP4rev1 IDLE")));
	CU_ASSERT_TRUE(backends_learn(&b, SLICE("IMAP4rev1")));
	CU_ASSERT_TRUE(backends_fail(&b, "connection refused"));
	CU_ASSERT_FALSE(backends_fail(&b, "connection refused"));
	CU_ASSERT_TRUE(knows(&b, "IMAP4rev1"));
	CU_ASSERT_TRUE(backends_learn(&b, SLICE("IMAP4rev1")));
	other.port = 1143;
	CU_ASSERT_TRUE(knows(&other, ""));
	(void)snprintf(b.host, sizeof b.host, "192.0.2.2");
	CU_ASSERT_TRUE(knows(&b, ""));
}

static void
test_gate_words(void)
{
	struct backend_settings two[2] = {backend("one"), backend("two")};
	struct settings s = {.backends = two, .backends_count = 2};

	CU_ASSERT_TRUE(shows(&s, GATE_LEG_TLS, "IMAP4rev1"));
	CU_ASSERT_FALSE(shows(&s, GATE_LEG_TLS, "IDLE"));
	(void)backends_learn(&two[0], SLICE("IMAP4rev1 IDLE MOVE"));
	CU_ASSERT_TRUE(shows(&s, GATE_LEG_TLS, "IDLE"));
	CU_ASSERT_TRUE(shows(&s, GATE_LEG_TLS, "MOVE"));
	(void)backends_learn(&two[1], SLICE("IMAP4rev1 IDLE"));
	CU_ASSERT_TRUE(shows(&s, GATE_LEG_TLS, "IDLE"));
	CU_ASSERT_FALSE(shows(&s, GATE_LEG_TLS, "MOVE"));
	CU_ASSERT_TRUE(shows(&s, GATE_LEG_CLEAR, "LOGINDISABLED"));
	CU_ASSERT_FALSE(shows(&s, GATE_LEG_PLAINTEXT, "LOGINDISABLED"));
	CU_ASSERT_TRUE(shows(&s, GATE_LEG_PLAINTEXT, "AUTH=PLAIN"));
	CU_ASSERT_FALSE(shows(&s, GATE_LEG_CLEAR, "AUTH=PLAIN"));
}

/* A reload may put other backends where the old settings were in memory. */
static void
test_same_memory(void)
{
	struct backend_settings b = backend("before");
	struct settings s = {.backends = &b, .backends_count = 1};
	struct backend_settings after = backend("after");

	(void)backends_learn(&b, SLICE("IMAP4rev1 MOVE"));
	(void)backends_learn(&after, SLICE("IMAP4rev1 IDLE"));
	CU_ASSERT_TRUE(shows(&s, GATE_LEG_TLS, "MOVE"));
	b = after;
	CU_ASSERT_FALSE(shows(&s, GATE_LEG_TLS, "MOVE"));
	CU_ASSERT_TRUE(shows(&s, GATE_LEG_TLS, "IDLE"));
}

static void
test_bounds(void)
{
	struct backend_settings b = backend("talker");
	char words[3 * CAPABILITY_TEXT_MAX], text[CAPABILITY_TEXT_MAX];
	size_t n;

	for (size_t i = 0; i < sizeof words; i++)
		words[i] = i % 10 == 9 ? ' ' : 'X';
	(void)backends_learn(&b, slice_of(words, sizeof words));
	n = backends_words(&b, text);
	CU_ASSERT(n > CAPABILITY_TEXT_MAX - 10 && n <= CAPABILITY_TEXT_MAX);
	CU_ASSERT_EQUAL(n % 10, 9);
	(void)backends_learn(&b, slice_of(words, 9));
	CU_ASSERT_EQUAL(backends_words(&b, text), 9);
	for (size_t i = 0; i < 2000; i++) {
		struct backend_settings many = backend("many");

		many.port = (uint16_t)i;
		(void)backends_learn(&many, SLICE("IMAP4rev1"));
		CU_ASSERT_TRUE(knows(&many, "IMAP4rev1"));
	}
	CU_ASSERT_TRUE(knows(&b, ""));
}

void
suite_backends(void)
{
	CU_pSuite s = CU_add_suite("backends", NULL, NULL);

	CU_add_test(s, "only what is new is news", test_learning);
	CU_add_test(s, "the gate shows what all of them have", test_gate_words);
	CU_add_test(s, "other backends at the same address in memory",
		    test_same_memory);
	CU_add_test(s, "lists and table are bounded", test_bounds);
}
