/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tls/appraisal.h"

#include "certs.h"
#include "forge.h"
#include "input.h"
#include "tls/store.h"
#include "unit/stand.h"
#include "x509/der.h"

#include <CUnit/CUnit.h>

#include <stdio.h>
#include <string.h>

void suite_appraisal(void);

#define CE   "\x55\x1d"
#define PKIX "\x2b\x06\x01\x05\x05\x07"

/* Extensions of a certificate, as SEQUENCEs. */
#define SERVER                                                                 \
	"\x30\x13\x06\x03" CE "\x25\x04\x0c\x30\x0a\x06\x08" PKIX "\x03\x01"
#define CLIENT                                                                 \
	"\x30\x13\x06\x03" CE "\x25\x04\x0c\x30\x0a\x06\x08" PKIX "\x03\x02"
#define NO_SIGNING                                                             \
	"\x30\x0e\x06\x03" CE "\x0f\x01\x01\xff\x04\x04\x03\x02\x05\x20"
#define AUTHORITY                                                              \
	"\x30\x0f\x06\x03" CE "\x13\x01\x01\xff\x04\x05\x30\x03\x01\x01\xff"
#define STAPLE "\x30\x11\x06\x08" PKIX "\x01\x18\x04\x05\x30\x03\x02\x01\x05"
#define FETCH                                                                  \
	"\x30\x21\x06\x08" PKIX                                                \
	"\x01\x01\x04\x15\x30\x13\x30\x11\x06\x08" PKIX                        \
	"\x30\x02\x86\x05http:"
#define NAME "\x30\x0f\x06\x03" CE "\x11\x04\x08\x30\x06\x82\x04m.ex"

static const struct forge usual = {.subject = "m.ex",
				   .issuer = "CA",
				   .before = "261101000000Z",
				   .after = "270130000000Z",
				   .key = FORGE_LEAF,
				   .signer = FORGE_CA,
				   .extensions = T(SERVER NAME)};

static const struct forge authority = {.subject = "CA",
				       .issuer = "Root",
				       .before = "150101000000Z",
				       .after = "391231235959Z",
				       .key = FORGE_CA,
				       .signer = FORGE_ROOT,
				       .extensions = T(AUTHORITY)};

/* What is wrong with this leaf in front of its issuer, today and by name. */
static unsigned
flaws(const struct forge *leaf, const struct forge *issuer, bool stapled)
{
	static struct forged made[2];
	struct slice chain[2];
	struct appraisal a;
	unsigned found;

	forge_certificate(leaf, &made[0]);
	forge_certificate(issuer ? issuer : &authority, &made[1]);
	for (size_t i = 0; i < 2; i++)
		chain[i] = slice_of(made[i].bytes, made[i].len);
	CU_ASSERT_EQUAL_FATAL(
	    appraisal_init(&a, chain, issuer ? 2 : 1, stapled), ERR_OK);
	found = appraisal_flaws(&a, "m.ex", CERTS_NOW);
	appraisal_clear(&a);
	CU_ASSERT_PTR_NULL(a.names);
	return found;
}

static void
leaves(void)
{
	static const struct {
		const char *shows;
		const char *issuer;
		struct slice extensions;
		unsigned flaws;
	} rows[] = {
	    {"a good one", "CA", T(SERVER NAME), 0},
	    {"signed by itself", "m.ex", T(SERVER NAME), FLAW_SELF_SIGNED},
	    {"not for servers", "CA", T(CLIENT NAME), FLAW_PURPOSE},
	    {"not for signing", "CA", T(SERVER NAME NO_SIGNING), FLAW_PURPOSE},
	    {"for nothing named", "CA", T(NAME), FLAW_NO_PURPOSE},
	    {"a CA", "CA", T(SERVER NAME AUTHORITY), FLAW_CA},
	    {"must staple", "CA", T(SERVER NAME STAPLE), FLAW_STAPLE},
	    {"no name at all", "CA", T(SERVER), FLAW_NAME},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct forge leaf = usual;

		leaf.issuer = rows[i].issuer;
		leaf.extensions = rows[i].extensions;
		if (flaws(&leaf, &authority, false) != rows[i].flaws)
			CU_FAIL(rows[i].shows);
		CU_ASSERT_EQUAL(flaws(&leaf, &authority, true) & FLAW_STAPLE,
				0);
	}
	CU_PASS("all rows");
}

/* A leaf on its own has an issuer somewhere, if it can be fetched. */
static void
alone(void)
{
	struct forge leaf = usual;

	CU_ASSERT_EQUAL(flaws(&leaf, NULL, false), FLAW_ALONE);
	leaf.extensions = (struct slice)T(SERVER NAME FETCH);
	CU_ASSERT_EQUAL(flaws(&leaf, NULL, false),
			FLAW_ALONE | FLAW_INCOMPLETE);
	leaf.issuer = leaf.subject;
	CU_ASSERT_EQUAL(flaws(&leaf, NULL, false), FLAW_SELF_SIGNED);
}

static void
dates(void)
{
	static const struct {
		const char *before, *after; /* of the leaf */
		const char *from, *until;   /* of the issuer */
		unsigned flaws;
	} rows[] = {
	    {"261101000000Z", "270130000000Z", "150101000000Z", "391231235959Z",
	     0},
	    {"250101000000Z", "261121000000Z", "150101000000Z", "391231235959Z",
	     FLAW_EXPIRED},
	    {"261101000000Z", "270130000000Z", "150101000000Z", "261121000000Z",
	     FLAW_EXPIRED},
	    {"261124000000Z", "270130000000Z", "150101000000Z", "391231235959Z",
	     FLAW_EARLY},
	    {"261101000000Z", "270130000000Z", "261124000000Z", "391231235959Z",
	     FLAW_EARLY},
	    /* Apple's 825 days, and an hour, since July 2019. */
	    {"261101000000Z", "290203010000Z", "150101000000Z", "391231235959Z",
	     0},
	    {"261101000000Z", "290203010001Z", "150101000000Z", "391231235959Z",
	     FLAW_LIFETIME},
	    {"190630235959Z", "391231235959Z", "150101000000Z", "391231235959Z",
	     0},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct forge leaf = usual, issuer = authority;

		leaf.before = rows[i].before;
		leaf.after = rows[i].after;
		issuer.before = rows[i].from;
		issuer.after = rows[i].until;
		CU_ASSERT_EQUAL(flaws(&leaf, &issuer, false), rows[i].flaws);
	}
}

static unsigned
flaws_of_file(const char *name)
{
	static unsigned char bytes[8192];
	struct slice der;
	struct appraisal a;
	char path[128];
	unsigned found;
	FILE *f;

	(void)snprintf(path, sizeof path, "tests/fuzz/corpus/certificate/%s",
		       name);
	f = fopen(path, "rb");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	der = slice_of(bytes, fread(bytes, 1, sizeof bytes, f));
	(void)fclose(f);
	CU_ASSERT_EQUAL_FATAL(appraisal_init(&a, &der, 1, false), ERR_OK);
	found = appraisal_flaws(&a, "", CERTS_NOW + 86400);
	appraisal_clear(&a);
	return found;
}

static void
weakness(void)
{
	CU_ASSERT_EQUAL(flaws_of_file("plain"), FLAW_SELF_SIGNED);
	CU_ASSERT_EQUAL(flaws_of_file("sha1"), FLAW_SELF_SIGNED | FLAW_CA |
						   FLAW_NO_PURPOSE |
						   FLAW_SIGNATURE);
	CU_ASSERT_EQUAL(flaws_of_file("rsa-1024"),
			FLAW_SELF_SIGNED | FLAW_CA | FLAW_PURPOSE | FLAW_KEY);
	CU_ASSERT_TRUE(flaws_of_file("must-staple") & FLAW_STAPLE);
}

/* Nothing is held against what nobody can read. */
static void
unreadable(void)
{
	struct slice junk = SLICE("junk");
	struct appraisal a;

	CU_ASSERT_EQUAL(appraisal_init(&a, &junk, 1, false), ERR_OK);
	CU_ASSERT_EQUAL(appraisal_flaws(&a, "m.ex", CERTS_NOW), 0);
	appraisal_clear(&a);
}

/* As a store sees what it presents, names as clients write them. */
static void
stores(void)
{
	static const struct {
		const char *name;
		int64_t now;
		unsigned flaws;
	} rows[] = {
	    {CERTS_HOST, CERTS_NOW, 0},
	    {"", CERTS_NOW, 0},
	    {"IMAP.example.com.", CERTS_NOW, 0},
	    {"other.example.com", CERTS_NOW, FLAW_NAME},
	    {"192.0.2.1", CERTS_NOW, FLAW_NAME},
	    {CERTS_HOST, CERTS_LATE, FLAW_EXPIRED},
	    {CERTS_HOST, CERTS_EARLY, FLAW_EARLY},
	};
	const unsigned always = FLAW_LIFETIME | FLAW_NO_PURPOSE;
	struct stand *s = stand_new(CERTS_EC, TLS_VERSION_12);
	struct appraisal a;

	CU_ASSERT_EQUAL_FATAL(store_appraise(s->store, 0, &a), ERR_OK);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		CU_ASSERT_EQUAL(appraisal_flaws(&a, rows[i].name, rows[i].now),
				rows[i].flaws | always);
	appraisal_clear(&a);
	CU_ASSERT_TRUE(store_has_group(s->store, s->policy, 0x11ec));
	CU_ASSERT_FALSE(store_has_group(s->store, s->policy, 0x19));
	stand_free(s);
}

void
suite_appraisal(void)
{
	CU_pSuite suite = CU_add_suite("appraisal", NULL, NULL);

	CU_add_test(suite, "a leaf has the flaws it is given", leaves);
	CU_add_test(suite, "a leaf without its issuer is told", alone);
	CU_add_test(suite, "dates count for the whole chain", dates);
	CU_add_test(suite, "weak keys and signatures are told", weakness);
	CU_add_test(suite, "what cannot be read has no flaws", unreadable);
	CU_add_test(suite, "a store knows what it presents", stores);
}
