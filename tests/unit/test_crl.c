/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "x509/crl.h"

#include "tls/internal.h"
#include "unit/forge_crl.h"
#include "unit/input.h"
#include "x509/der.h"

#define CE "\x55\x1d"

static const int64_t now = 1795305600; /* 2026-11-22 */

#define EXT(id, length, value) "\x06\x03" CE id "\x04" length value

#define KEY_COMPROMISE   "\x30\x0a\x06\x03" CE "\x15\x04\x03\x0a\x01\x01"
#define UNKNOWN_CRITICAL "\x30\x0b\x06\x02\x2a\x03\x01\x01\xff\x04\x02\x05\x00"

static const struct forge_entry entries[] = {
    {T("\x05"), "261101000000Z", T("")},
    {T("\x01\x00"), "20261102000000Z", T(KEY_COMPROMISE)},
};

static const struct forge_crl plain = {.issuer = "Forged CA",
				       .signer = FORGE_CA,
				       .from = "261120000000Z",
				       .until = "261127000000Z",
				       .entries = entries,
				       .count = COUNT(entries)};

static struct slice
all(const struct forged *f)
{
	return slice_of(f->bytes, f->len);
}

static void
reads(void)
{
	static struct forged made;
	struct forge_crl f = plain;
	struct crl_entry e;
	struct slice rest;
	struct crl l;

	forge_crl(&f, &made);
	CU_ASSERT_EQUAL_FATAL(crl_read(all(&made), &l), ERR_OK);
	CU_ASSERT_TRUE(
	    slice_eq(certificate_title(l.issuer), SLICE("Forged CA")));
	CU_ASSERT_EQUAL(l.this_update, now - 2 * 86400);
	CU_ASSERT_TRUE(l.limited);
	CU_ASSERT_EQUAL(l.next_update, now + 5 * 86400);
	CU_ASSERT_EQUAL(l.fault, CRL_FAULT_NONE);
	CU_ASSERT_EQUAL(l.scope, CRL_ALL);
	CU_ASSERT_FALSE(l.pointed);
	rest = l.revoked;
	CU_ASSERT_TRUE(crl_next(&rest, &e));
	CU_ASSERT_TRUE(slice_eq(e.serial, SLICE("\x05")));
	CU_ASSERT_EQUAL(e.reason, 0);
	CU_ASSERT_TRUE(crl_next(&rest, &e));
	CU_ASSERT_TRUE(slice_eq(e.serial, SLICE("\x01\x00")));
	CU_ASSERT_EQUAL(e.reason, 1);
	CU_ASSERT_EQUAL(e.date, now - 20 * 86400);
	CU_ASSERT_FALSE(crl_next(&rest, &e));

	f.count = 0;
	f.until = NULL;
	f.version = 1;
	forge_crl(&f, &made);
	CU_ASSERT_EQUAL_FATAL(crl_read(all(&made), &l), ERR_OK);
	CU_ASSERT_EQUAL(l.revoked.len, 0);
	CU_ASSERT_FALSE(l.limited);
}

static const struct {
	const char *shows;
	struct slice extensions;
	enum err result;
	enum crl_fault fault;
	enum crl_scope scope;
	bool pointed;
} extensions[] = {
    {"a number and an issuer's key",
     T("\x30\x0a" EXT("\x14", "\x03", "\x02\x01\x07") "\x30\x0d" EXT(
	 "\x23", "\x06", "\x30\x04\x80\x02xy")),
     ERR_OK, CRL_FAULT_NONE, CRL_ALL, false},
    {"the number twice",
     T("\x30\x0a" EXT("\x14", "\x03", "\x02\x01\x07") "\x30\x0a" EXT(
	 "\x14", "\x03", "\x02\x01\x07")),
     ERR_SYNTAX, CRL_FAULT_NONE, CRL_ALL, false},
    {"a delta list", T("\x30\x0a" EXT("\x1b", "\x03", "\x02\x01\x07")), ERR_OK,
     CRL_FAULT_DELTA, CRL_ALL, false},
    {"users' certificates",
     T("\x30\x0c" EXT("\x1c", "\x05", "\x30\x03\x81\x01\xff")), ERR_OK,
     CRL_FAULT_NONE, CRL_USERS, false},
    {"CAs' certificates",
     T("\x30\x0c" EXT("\x1c", "\x05", "\x30\x03\x82\x01\xff")), ERR_OK,
     CRL_FAULT_NONE, CRL_AUTHORITIES, false},
    {"some reasons",
     T("\x30\x0d" EXT("\x1c", "\x06", "\x30\x04\x83\x02\x06\x40")), ERR_OK,
     CRL_FAULT_REASONS, CRL_ALL, false},
    {"an indirect list",
     T("\x30\x0c" EXT("\x1c", "\x05", "\x30\x03\x84\x01\xff")), ERR_OK,
     CRL_FAULT_INDIRECT, CRL_ALL, false},
    {"attribute certificates",
     T("\x30\x0c" EXT("\x1c", "\x05", "\x30\x03\x85\x01\xff")), ERR_OK,
     CRL_FAULT_ATTRIBUTES, CRL_ALL, false},
    {"not indirect, in words",
     T("\x30\x0c" EXT("\x1c", "\x05", "\x30\x03\x84\x01\x00")), ERR_OK,
     CRL_FAULT_NONE, CRL_ALL, false},
    {"a distribution point",
     T("\x30\x11" EXT("\x1c", "\x0a", "\x30\x08\xa0\x06\xa0\x04\x86\x02u:")),
     ERR_OK, CRL_FAULT_NONE, CRL_ALL, true},
    {"a distribution point for users",
     T("\x30\x14" EXT("\x1c", "\x0d",
		      "\x30\x0b\xa0\x06\xa0\x04\x86\x02u:\x81\x01\xff")),
     ERR_OK, CRL_FAULT_NONE, CRL_USERS, true},
    {"the same in the wrong order",
     T("\x30\x14" EXT("\x1c", "\x0d",
		      "\x30\x0b\x81\x01\xff\xa0\x06\xa0\x04\x86\x02u:")),
     ERR_SYNTAX, CRL_FAULT_NONE, CRL_ALL, false},
    {"a relative distribution point",
     T("\x30\x0f" EXT("\x1c", "\x08", "\x30\x06\xa0\x04\xa1\x02\x30\x00")),
     ERR_OK, CRL_FAULT_RELATIVE, CRL_ALL, true},
    {"something critical", T(UNKNOWN_CRITICAL), ERR_OK, CRL_FAULT_CRITICAL,
     CRL_ALL, false},
    {"something else that is not known",
     T("\x30\x08\x06\x02\x2a\x03\x04\x02\x05\x00"), ERR_OK, CRL_FAULT_NONE,
     CRL_ALL, false},
    {"no extension", T("\x05\x00"), ERR_SYNTAX, CRL_FAULT_NONE, CRL_ALL, false},
};

static void
reads_extensions(void)
{
	static struct forged made;

	for (size_t i = 0; i < COUNT(extensions); i++) {
		struct forge_crl f = plain;
		struct crl l;
		enum err e;

		f.extensions = extensions[i].extensions;
		forge_crl(&f, &made);
		e = crl_read(all(&made), &l);
		SHOWS(extensions[i].shows, e == extensions[i].result);
		if (e == ERR_OK)
			SHOWS(extensions[i].shows,
			      l.fault == extensions[i].fault &&
				  l.scope == extensions[i].scope &&
				  l.pointed == extensions[i].pointed);
		f.version = 1;
		forge_crl(&f, &made);
		SHOWS("extensions need version 2",
		      crl_read(all(&made), &l) == ERR_SYNTAX);
	}
}

/* Who asks, of the CA "Forged CA" with FORGE_CA's key. */
struct asker {
	struct certificate of, issuer;
	struct forged leaf, ca;
};

static struct asker *
asker(struct slice serial, struct slice ca_extensions, struct slice points)
{
	static struct asker a;
	const struct forge ca = {.subject = "Forged CA",
				 .issuer = "Forged Root",
				 .before = "150101000000Z",
				 .after = "491231235959Z",
				 .key = FORGE_CA,
				 .signer = FORGE_ROOT,
				 .extensions = ca_extensions};
	const struct forge leaf = {.subject = "imap.example.com",
				   .issuer = "Forged CA",
				   .before = "150101000000Z",
				   .after = "491231235959Z",
				   .key = FORGE_LEAF,
				   .signer = FORGE_CA,
				   .serial = serial,
				   .extensions = points};

	forge_certificate(&ca, &a.ca);
	forge_certificate(&leaf, &a.leaf);
	CU_ASSERT_EQUAL_FATAL(certificate_read(all(&a.ca), &a.issuer), ERR_OK);
	CU_ASSERT_EQUAL_FATAL(certificate_read(all(&a.leaf), &a.of), ERR_OK);
	return &a;
}

static struct crl_answer
ask(const struct forge_crl *f, const struct asker *a, int64_t at)
{
	static struct forged made;
	const struct crl_question q = {&a->of, &a->issuer, at,
				       &signature_crypto};
	struct slice in;
	struct crl_answer answer;
	struct crl l;

	forge_crl(f, &made);
	in = exact(all(&made));
	CU_ASSERT_EQUAL_FATAL(crl_read(in, &l), ERR_OK);
	answer = crl_judge(&l, &q);
	exact_free(in);
	return answer;
}

static enum crl_verdict
verdict(const struct forge_crl *f, const struct asker *a)
{
	return ask(f, a, now).verdict;
}

static void
judges_serials(void)
{
	const struct asker *a =
	    asker(SLICE("\x01\x00"), SLICE_EMPTY, SLICE_EMPTY);
	struct crl_answer answer = ask(&plain, a, now);

	CU_ASSERT_EQUAL(answer.verdict, CRL_REVOKED);
	CU_ASSERT_EQUAL(answer.reason, 1);
	CU_ASSERT_EQUAL(answer.date, now - 20 * 86400);
	CU_ASSERT_STRING_EQUAL(crl_reason(answer.reason), "keyCompromise");
	CU_ASSERT_STRING_EQUAL(crl_reason(0), "unspecified");
	CU_ASSERT_STRING_EQUAL(crl_reason(99), "unknown");
	a = asker(SLICE("\x05"), SLICE_EMPTY, SLICE_EMPTY);
	CU_ASSERT_EQUAL(verdict(&plain, a), CRL_REVOKED);
	a = asker(SLICE("\x06"), SLICE_EMPTY, SLICE_EMPTY);
	CU_ASSERT_EQUAL(verdict(&plain, a), CRL_GOOD);
	/* The end of a serial is none. */
	a = asker(SLICE("\x05\x05"), SLICE_EMPTY, SLICE_EMPTY);
	CU_ASSERT_EQUAL(verdict(&plain, a), CRL_GOOD);
}

static void
judges_time(void)
{
	const struct asker *a = asker(SLICE("\x06"), SLICE_EMPTY, SLICE_EMPTY);
	struct forge_crl f = plain;

	CU_ASSERT_EQUAL(ask(&f, a, now - 2 * 86400 - 1).verdict, CRL_EARLY);
	CU_ASSERT_EQUAL(ask(&f, a, now - 2 * 86400).verdict, CRL_GOOD);
	CU_ASSERT_EQUAL(ask(&f, a, now + 5 * 86400).verdict, CRL_GOOD);
	CU_ASSERT_EQUAL(ask(&f, a, now + 5 * 86400 + 1).verdict, CRL_STALE);
	f.until = NULL;
	CU_ASSERT_EQUAL(verdict(&f, a), CRL_STALE);
	a = asker(SLICE("\x05"), SLICE_EMPTY, SLICE_EMPTY);
	CU_ASSERT_EQUAL(ask(&f, a, now + 5 * 86400 + 1).verdict, CRL_REVOKED);
}

#define USAGE(bits) "\x30\x0b\x06\x03" CE "\x0f\x04\x04\x03\x02\x01" bits
#define KEY_ID      "\x30\x0b\x06\x03" CE "\x0e\x04\x04\x04\x02xy"

static void
judges_signer(void)
{
	const struct asker *a = asker(SLICE("\x05"), SLICE_EMPTY, SLICE_EMPTY);
	struct forge_crl f = plain;

	f.signer = FORGE_OTHER;
	CU_ASSERT_EQUAL(verdict(&f, a), CRL_UNSIGNED);
	f = plain;
	f.issuer = "Other CA";
	CU_ASSERT_EQUAL(verdict(&f, a), CRL_NOT_MINE);
	/* keyCertSign only; cRLSign only. */
	a = asker(SLICE("\x05"), SLICE(USAGE("\x04")), SLICE_EMPTY);
	CU_ASSERT_EQUAL(verdict(&plain, a), CRL_UNSIGNED);
	a = asker(SLICE("\x05"), SLICE(USAGE("\x02")), SLICE_EMPTY);
	CU_ASSERT_EQUAL(verdict(&plain, a), CRL_REVOKED);
	/* The key before the last one's. */
	a = asker(SLICE("\x05"), SLICE(KEY_ID), SLICE_EMPTY);
	f = plain;
	f.extensions =
	    SLICE("\x30\x0d" EXT("\x23", "\x06", "\x30\x04\x80\x02xz"));
	CU_ASSERT_EQUAL(verdict(&f, a), CRL_NOT_MINE);
	f.extensions =
	    SLICE("\x30\x0d" EXT("\x23", "\x06", "\x30\x04\x80\x02xy"));
	CU_ASSERT_EQUAL(verdict(&f, a), CRL_REVOKED);
	f.algorithm = SLICE("\x06\x07\x2a\x86\x48\xce\x3d\x04\x01");
	CU_ASSERT_EQUAL(verdict(&f, a), CRL_UNUSABLE);
}

/* A list whose signer is known is not hashed again. */
static void
believes_proof(void)
{
	static struct forged made;
	const struct asker *a = asker(SLICE("\x05"), SLICE_EMPTY, SLICE_EMPTY);
	const struct crl_question q = {&a->of, &a->issuer, now,
				       &signature_crypto};
	struct forge_crl f = plain;
	struct crl l;

	f.signer = FORGE_OTHER;
	forge_crl(&f, &made);
	CU_ASSERT_EQUAL_FATAL(crl_read(all(&made), &l), ERR_OK);
	CU_ASSERT_EQUAL(crl_judge(&l, &q).verdict, CRL_UNSIGNED);
	l.proven = a->of.key;
	CU_ASSERT_EQUAL(crl_judge(&l, &q).verdict, CRL_UNSIGNED);
	l.proven = a->issuer.key;
	CU_ASSERT_EQUAL(crl_judge(&l, &q).verdict, CRL_REVOKED);
}

#define POINTS(length, value) "\x30" length "\x06\x03" CE "\x1f\x04" value
#define POINT_U               "\xa0\x06\xa0\x04\x86\x02u:"
#define POINT_V               "\xa0\x06\xa0\x04\x86\x02v:"

static const struct {
	const char *shows;
	struct slice list, leaf;
	enum crl_verdict verdict;
} scopes[] = {
    {"for users", T("\x30\x0c" EXT("\x1c", "\x05", "\x30\x03\x81\x01\xff")),
     T(""), CRL_REVOKED},
    {"for CAs", T("\x30\x0c" EXT("\x1c", "\x05", "\x30\x03\x82\x01\xff")),
     T(""), CRL_NOT_MINE},
    {"for users, and it is a CA",
     T("\x30\x0c" EXT("\x1c", "\x05", "\x30\x03\x81\x01\xff")),
     T("\x30\x0c\x06\x03" CE "\x13\x04\x05\x30\x03\x01\x01\xff"), CRL_NOT_MINE},
    {"a point that the certificate does not name",
     T("\x30\x11" EXT("\x1c", "\x0a", "\x30\x08" POINT_U)), T(""),
     CRL_NOT_MINE},
    {"the point that it names",
     T("\x30\x11" EXT("\x1c", "\x0a", "\x30\x08" POINT_U)),
     T(POINTS("\x13", "\x0c\x30\x0a\x30\x08" POINT_U)), CRL_REVOKED},
    {"another point", T("\x30\x11" EXT("\x1c", "\x0a", "\x30\x08" POINT_U)),
     T(POINTS("\x13", "\x0c\x30\x0a\x30\x08" POINT_V)), CRL_NOT_MINE},
    {"the second point that it names",
     T("\x30\x11" EXT("\x1c", "\x0a", "\x30\x08" POINT_U)),
     T(POINTS("\x1d", "\x16\x30\x14\x30\x08" POINT_V "\x30\x08" POINT_U)),
     CRL_REVOKED},
    {"a point with another issuer of lists",
     T("\x30\x11" EXT("\x1c", "\x0a", "\x30\x08" POINT_U)),
     T(POINTS("\x17", "\x10\x30\x0e\x30\x0c" POINT_U "\xa2\x02\x82\x00")),
     CRL_NOT_MINE},
    {"no point, and it names one", T(""),
     T(POINTS("\x13", "\x0c\x30\x0a\x30\x08" POINT_V)), CRL_REVOKED},
    {"points that are none",
     T("\x30\x11" EXT("\x1c", "\x0a", "\x30\x08" POINT_U)),
     T(POINTS("\x09", "\x02\x05\x00")), CRL_NOT_MINE},
    {"a delta list", T("\x30\x0a" EXT("\x1b", "\x03", "\x02\x01\x07")), T(""),
     CRL_UNUSABLE},
    {"a relative point",
     T("\x30\x0f" EXT("\x1c", "\x08", "\x30\x06\xa0\x04\xa1\x02\x30\x00")),
     T(""), CRL_UNUSABLE},
};

static void
judges_scope(void)
{
	for (size_t i = 0; i < COUNT(scopes); i++) {
		struct forge_crl f = plain;

		f.extensions = scopes[i].list;
		SHOWS(scopes[i].shows,
		      verdict(&f, asker(SLICE("\x05"), SLICE_EMPTY,
					scopes[i].leaf)) == scopes[i].verdict);
	}
}

/* RFC 5280 5.3: one entry that is not understood spoils the list. */
static void
refuses_entries(void)
{
	const struct asker *a = asker(SLICE("\x05"), SLICE_EMPTY, SLICE_EMPTY);
	struct forge_entry odd[] = {
	    {T("\x07"), "261101000000Z", T(UNKNOWN_CRITICAL)},
	    {T("\x05"), "261101000000Z", T("")}};
	static struct forged made;
	struct forge_crl f = plain;
	struct crl l;

	f.entries = odd;
	CU_ASSERT_EQUAL(verdict(&f, a), CRL_UNUSABLE);
	odd[0].extensions = SLICE("\x30\x0a\x06\x03" CE "\x15\x04\x03\x0a\x01");
	forge_crl(&f, &made);
	CU_ASSERT_EQUAL(crl_read(all(&made), &l), ERR_SYNTAX);
	odd[0].extensions = SLICE_EMPTY;
	odd[0].date = "261301000000Z";
	forge_crl(&f, &made);
	CU_ASSERT_EQUAL(crl_read(all(&made), &l), ERR_SYNTAX);
	odd[0].date = "261101000000Z";
	odd[0].serial = SLICE("\x00\x07");
	forge_crl(&f, &made);
	CU_ASSERT_EQUAL(crl_read(all(&made), &l), ERR_SYNTAX);
	/* certificateIssuer: of an indirect list. */
	odd[0].serial = SLICE("\x07");
	odd[0].extensions = SLICE("\x30\x0e\x06\x03" CE
				  "\x1d\x01\x01\xff\x04\x04\x30\x02\x82\x00");
	CU_ASSERT_EQUAL(verdict(&f, a), CRL_UNUSABLE);
}

static void
try_list(struct slice in)
{
	static struct asker *a;
	struct crl_question q;
	struct crl l;

	if (!a)
		a = asker(SLICE("\x05"), SLICE_EMPTY, SLICE_EMPTY);
	q = (struct crl_question){&a->of, &a->issuer, now, &signature_crypto};
	if (crl_read(in, &l) == ERR_OK)
		CU_ASSERT_NOT_EQUAL(crl_judge(&l, &q).verdict, CRL_GOOD);
}

/* Whatever is changed, the signature says no before anything is good. */
static void
survives_damage(void)
{
	static struct forged made;
	struct forge_crl f = plain;
	struct forge_entry one = {SLICE("\x05"), "261101000000Z",
				  SLICE(KEY_COMPROMISE)};

	f.entries = &one;
	f.count = 1;
	f.extensions = SLICE("\x30\x14" EXT(
	    "\x1c", "\x0d", "\x30\x0b\xa0\x06\xa0\x04\x86\x02u:\x81\x01\xff"));
	forge_crl(&f, &made);
	each_damage(all(&made), try_list);
}

static void
has_words(void)
{
	CU_ASSERT_STRING_EQUAL(crl_fault_word(CRL_FAULT_DELTA), "delta");
	CU_ASSERT_STRING_EQUAL(crl_fault_text(CRL_FAULT_DELTA),
			       "is a delta list");
}

void
suite_crl(void)
{
	CU_pSuite suite = CU_add_suite("crl", NULL, NULL);

	CU_add_test(suite, "what stands in a list", reads);
	CU_add_test(suite, "what a list is for", reads_extensions);
	CU_add_test(suite, "whom it revokes", judges_serials);
	CU_add_test(suite, "for how long it is believed", judges_time);
	CU_add_test(suite, "whom it is believed", judges_signer);
	CU_add_test(suite, "a signature is looked at once", believes_proof);
	CU_add_test(suite, "which certificates it is about", judges_scope);
	CU_add_test(suite, "an entry that is not understood", refuses_entries);
	CU_add_test(suite, "damaged lists do no harm", survives_damage);
	CU_add_test(suite, "faults in words", has_words);
}
