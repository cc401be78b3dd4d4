/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tls/staple.h"

#include "certs.h"
#include "shelves.h"
#include "stand.h"
#include "tls/internal.h"
#include "tls_link.h"
#include "unit/forge_ocsp.h"
#include "unit/input.h"
#include "x509/ocsp.h"

#include <wolfssl/wolfcrypt/asn_public.h>
#include <wolfssl/wolfcrypt/hash.h>

#include <stdio.h>

#define CE   "\x55\x1d"
#define PKIX "\x2b\x06\x01\x05\x05\x07"
#define CA_BITS                                                                \
	"\x30\x0f\x06\x03" CE "\x13\x01\x01\xff\x04\x05\x30\x03\x01\x01\xff"
#define CA_SIGN "\x30\x0b\x06\x03" CE "\x0f\x04\x04\x03\x02\x02\x04"
#define EKU(n)                                                                 \
	"\x30\x13\x06\x03" CE "\x25\x04\x0c\x30\x0a\x06\x08" PKIX "\x03" n
#define SAN         "\x30\x1b\x06\x03" CE "\x11\x04\x14\x30\x12\x82\x10imap.example.com"
#define CRITICAL    "\x30\x0b\x06\x02\x2a\x03\x01\x01\xff\x04\x02\x05\x00"
#define WITH_SHA256 "\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00"
#define WITH_SHA512 "\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00"

static const struct forge root = {.subject = "Forged Root",
				  .issuer = "Forged Root",
				  .before = "150101000000Z",
				  .after = "491231235959Z",
				  .key = FORGE_ROOT,
				  .signer = FORGE_ROOT,
				  .extensions = T(CA_BITS CA_SIGN)};
static const struct forge authority = {.subject = "Forged CA",
				       .issuer = "Forged Root",
				       .before = "150101000000Z",
				       .after = "491231235959Z",
				       .key = FORGE_CA,
				       .signer = FORGE_ROOT,
				       .extensions = T(CA_BITS CA_SIGN)};
static const struct forge leaf = {.subject = CERTS_HOST,
				  .issuer = "Forged CA",
				  .before = "150101000000Z",
				  .after = "491231235959Z",
				  .key = FORGE_LEAF,
				  .signer = FORGE_CA,
				  .extensions = T(SAN EKU("\x01"))};

/* Who may sign besides the issuer, and who may not. */
enum responder { NOBODY, APPOINTED, NO_PURPOSE, ENDED, STRANGER, RESPONDERS };
#define RESPONDER                                                              \
	.subject = "Responder", .key = FORGE_OTHER, .before = "260101000000Z"
static const struct forge responders[RESPONDERS] = {
    [APPOINTED] = {RESPONDER, .issuer = "Forged CA", .signer = FORGE_CA,
		   .after = "270101000000Z", .extensions = T(EKU("\x09"))},
    [NO_PURPOSE] = {RESPONDER, .issuer = "Forged CA", .signer = FORGE_CA,
		    .after = "270101000000Z", .extensions = T(EKU("\x01"))},
    [ENDED] = {RESPONDER, .issuer = "Forged CA", .signer = FORGE_CA,
	       .after = "261101000000Z", .extensions = T(EKU("\x09"))},
    [STRANGER] = {RESPONDER, .issuer = "Forged CA", .signer = FORGE_ROOT,
		  .after = "270101000000Z", .extensions = T(EKU("\x09"))},
};

static struct slice
all(const struct forged *f)
{
	return slice_of(f->bytes, f->len);
}

static struct slice
der_of(const struct forge *f)
{
	static struct forged made[3];
	size_t i = f == &root ? 0 : f == &authority ? 1 : 2;

	if (made[i].len == 0)
		forge_certificate(f, &made[i]);
	return all(&made[i]);
}

static uint64_t now_ms;

static uint64_t
played(void)
{
	return now_ms;
}

#define ANSWER .issuer = "Forged CA", .issuer_key = FORGE_CA
#define WEEK   .from = "20261121000000Z", .until = "20261128000000Z"
#define DAY(n) (INT64_C(1795219200) + (n)*86400) /* from 2026-11-21 on */

static const struct {
	const char *shows;
	struct forge_answer answer;
	const char *signer;
	enum forge_key key;
	enum responder responder;
	int64_t now; /* 0: CERTS_NOW, 2026-11-22 */
	enum err cause;
	const char *text;
} rows[] = {
#define BY_ISSUER "Forged CA", FORGE_CA, NOBODY
    {"good, by the issuer", {ANSWER, WEEK}, BY_ISSUER, 0, ERR_OK, ""},
    {"good, by the issuer, named by its key",
     {ANSWER, WEEK},
     NULL,
     FORGE_CA,
     NOBODY,
     0,
     ERR_OK,
     ""},
    {"SHA-256 in the id",
     {ANSWER, WEEK, .hash = T(WITH_SHA256)},
     BY_ISSUER,
     0,
     ERR_OK,
     ""},
    {"a hash that nobody uses",
     {ANSWER, WEEK, .hash = T(WITH_SHA512)},
     BY_ISSUER,
     0,
     ERR_MISMATCH,
     "it is about another certificate"},
    {"good, by an appointed responder",
     {ANSWER, WEEK},
     "Responder",
     FORGE_OTHER,
     APPOINTED,
     0,
     ERR_OK,
     ""},
    {"the same, named by its key",
     {ANSWER, WEEK},
     NULL,
     FORGE_OTHER,
     APPOINTED,
     0,
     ERR_OK,
     ""},
    {"another serial number",
     {ANSWER, WEEK, .serial = T("\x02")},
     BY_ISSUER,
     0,
     ERR_MISMATCH,
     "it is about another certificate"},
    {"another issuer's name",
     {WEEK, .issuer = "Forget CA", .issuer_key = FORGE_CA},
     BY_ISSUER,
     0,
     ERR_MISMATCH,
     "it is about another certificate"},
    {"another issuer's key",
     {WEEK, .issuer = "Forged CA", .issuer_key = FORGE_ROOT},
     BY_ISSUER,
     0,
     ERR_MISMATCH,
     "it is about another certificate"},
#define UNTRUSTED                                                              \
	ERR_MISMATCH,                                                          \
	    "it is signed neither by the certificate's issuer nor by a "       \
	    "responder whom that has appointed"
    {"another key",
     {ANSWER, WEEK},
     "Forged CA",
     FORGE_OTHER,
     NOBODY,
     0,
     UNTRUSTED},
    {"the issuer's key under another name",
     {ANSWER, WEEK},
     "Forged Root",
     FORGE_CA,
     NOBODY,
     0,
     UNTRUSTED},
    {"the root, which has not issued it",
     {ANSWER, WEEK},
     "Forged Root",
     FORGE_ROOT,
     NOBODY,
     0,
     UNTRUSTED},
    {"the certificate itself",
     {ANSWER, WEEK},
     CERTS_HOST,
     FORGE_LEAF,
     NOBODY,
     0,
     UNTRUSTED},
    {"a responder without a certificate",
     {ANSWER, WEEK},
     "Responder",
     FORGE_OTHER,
     NOBODY,
     0,
     UNTRUSTED},
    {"a certificate for servers",
     {ANSWER, WEEK},
     "Responder",
     FORGE_OTHER,
     NO_PURPOSE,
     0,
     UNTRUSTED},
    {"a responder whose time is over",
     {ANSWER, WEEK},
     "Responder",
     FORGE_OTHER,
     ENDED,
     0,
     UNTRUSTED},
    {"a responder appointed by somebody else",
     {ANSWER, WEEK},
     "Responder",
     FORGE_OTHER,
     STRANGER,
     0,
     UNTRUSTED},
    {"a responder under another name",
     {ANSWER, WEEK},
     "Responders",
     FORGE_OTHER,
     APPOINTED,
     0,
     UNTRUSTED},
    {"revoked",
     {ANSWER, WEEK, .verdict = T(FORGE_REVOKED)},
     BY_ISSUER,
     0,
     ERR_REFUSED,
     "the CA has revoked the certificate on 2026-11-20 00:00 UTC"},
    {"revoked, told by a stranger",
     {ANSWER, WEEK, .verdict = T(FORGE_REVOKED)},
     "Forged CA",
     FORGE_OTHER,
     NOBODY,
     0,
     UNTRUSTED},
    {"unknown",
     {ANSWER, WEEK, .verdict = T(FORGE_UNKNOWN)},
     BY_ISSUER,
     0,
     ERR_UNKNOWN,
     "the responder does not know the certificate"},
    {"a critical extension",
     {ANSWER, WEEK, .extensions = T(CRITICAL)},
     BY_ISSUER,
     0,
     ERR_SYNTAX,
     "it has a critical extension, which clients do not understand"},
    {"its first second", {ANSWER, WEEK}, BY_ISSUER, DAY(0), ERR_OK, ""},
    {"the second before",
     {ANSWER, WEEK},
     BY_ISSUER,
     DAY(0) - 1,
     ERR_EARLY,
     "it is not valid before 2026-11-21 00:00 UTC"},
    {"its last second", {ANSWER, WEEK}, BY_ISSUER, DAY(7), ERR_OK, ""},
    {"the second after",
     {ANSWER, WEEK},
     BY_ISSUER,
     DAY(7) + 1,
     ERR_EXPIRED,
     "it ended on 2026-11-28 00:00 UTC"},
    {"without an end: a day",
     {ANSWER, .from = "20261121000000Z"},
     BY_ISSUER,
     DAY(1),
     ERR_OK,
     ""},
    {"without an end: no longer",
     {ANSWER, .from = "20261121000000Z"},
     BY_ISSUER,
     DAY(1) + 1,
     ERR_EXPIRED,
     "it ended on 2026-11-22 00:00 UTC"},
    {"an end before the beginning",
     {ANSWER, .from = "20261121000000Z", .until = "20261121000000Z"},
     BY_ISSUER,
     DAY(0),
     ERR_SYNTAX,
     "it ends before it begins"},
};

static struct staple_verdict
judge(struct slice response, int64_t now)
{
	const struct staple_input in = {.response = response,
					.leaf = der_of(&leaf),
					.issuer = der_of(&authority),
					.now = now};
	struct staple_verdict v;

	CU_ASSERT_EQUAL_FATAL(tls_library_init(), ERR_OK);
	staple_judge(&in, &v);
	CU_ASSERT_EQUAL(v.cause == ERR_OK, v.text[0] == '\0');
	for (const char *p = v.text; *p; p++)
		CU_ASSERT_TRUE(*p >= ' ' && *p < 127);
	return v;
}

static void
judges(void)
{
	static struct forged made, responder;

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct forge_ocsp f = {.signer = rows[i].signer,
				       .key = rows[i].key,
				       .answers = &rows[i].answer,
				       .count = 1};
		struct staple_verdict v;

		if (rows[i].responder != NOBODY) {
			forge_certificate(&responders[rows[i].responder],
					  &responder);
			f.certificates = all(&responder);
		}
		forge_response(&f, &made);
		v = judge(all(&made), rows[i].now ? rows[i].now : CERTS_NOW);
		SHOWS(rows[i].shows, v.cause == rows[i].cause &&
					 strcmp(v.text, rows[i].text) == 0);
		if (v.cause != rows[i].cause)
			printf("%s: %s\n", rows[i].shows, v.text);
	}
}

static struct slice
good_response(void)
{
	static const struct forge_answer a = {ANSWER, .from = "20200101000000Z",
					      .until = "20491231000000Z"};
	static const struct forge_ocsp f = {"Forged CA", FORGE_CA, &a,   1,
					    T(""),       T(""),    T("")};
	static struct forged made;

	if (made.len == 0)
		forge_response(&f, &made);
	return all(&made);
}

static void
judges_files(void)
{
	static struct forged made;
	static unsigned char large[STAPLE_FILE_MAX + 1] = {0x30};
	static const struct {
		const char *shows;
		struct slice file;
		enum err cause;
		const char *text;
	} files[] = {
	    {"nothing", T(""), ERR_SYNTAX, "it is no OCSP response (DER)"},
	    {"text", T("hello\n"), ERR_SYNTAX, "it is no OCSP response (DER)"},
	    {"PEM", T("-----BEGIN OCSP RESPONSE-----\n"), ERR_SYNTAX,
	     "it is PEM, where DER is wanted: take the lines that begin with "
	     "----- away and run openssl base64 -d"},
	    {"far too much",
	     {large, sizeof large},
	     ERR_LIMIT,
	     "it has more than 16384 bytes"},
	    {"another type",
	     T("\x30\x15\x0a\x01\x00\xa0\x10\x30\x0e\x06\x08"
	       "\x2b\x06\x01\x05\x05\x07\x30\x01\x04\x02\x05"
	       "\x00"),
	     ERR_SYNTAX, "it is a response of an unknown type"},
	};
	struct staple_verdict v;

	for (size_t i = 0; i < COUNT(files); i++) {
		v = judge(files[i].file, CERTS_NOW);
		SHOWS(files[i].shows, v.cause == files[i].cause &&
					  strcmp(v.text, files[i].text) == 0);
	}
	forge_refusal(OCSP_STATUS_UNAUTHORIZED, &made);
	v = judge(all(&made), CERTS_NOW);
	CU_ASSERT_EQUAL(v.cause, ERR_PROTOCOL);
	CU_ASSERT_STRING_EQUAL(
	    v.text, "the responder gave no answer, but said unauthorized");
	forge_refusal(7, &made);
	v = judge(all(&made), CERTS_NOW);
	CU_ASSERT_STRING_EQUAL(
	    v.text, "the responder gave no answer, but said an error");
}

static void
needs_the_issuer(void)
{
	struct staple_input in = {.response = good_response(),
				  .leaf = der_of(&leaf),
				  .issuer = SLICE_EMPTY,
				  .now = CERTS_NOW};
	struct staple_verdict v;

	staple_judge(&in, &v);
	CU_ASSERT_EQUAL(v.cause, ERR_MISSING);
	in.issuer = der_of(&root);
	staple_judge(&in, &v);
	CU_ASSERT_EQUAL(v.cause, ERR_MISMATCH);
	in.issuer = SLICE("\x30\x00");
	staple_judge(&in, &v);
	CU_ASSERT_EQUAL(v.cause, ERR_SYNTAX);
}

/* Several answers: the newest of those about the certificate. */
static void
takes_the_newest(void)
{
	static const struct forge_answer answers[] = {
	    {ANSWER, WEEK, .serial = T("\x05"), .verdict = T(FORGE_REVOKED)},
	    {ANSWER, .from = "20261121000000Z", .until = "20261128000000Z"},
	    {ANSWER, .from = "20261121000001Z", .until = "20261129000000Z",
	     .verdict = T(FORGE_REVOKED)},
	    {ANSWER, .from = "20261120000000Z", .until = "20261201000000Z"},
	};
	static struct forged made;
	struct forge_ocsp f = {.signer = "Forged CA",
			       .key = FORGE_CA,
			       .answers = answers,
			       .count = COUNT(answers)};
	struct staple_verdict v;

	forge_response(&f, &made);
	v = judge(all(&made), CERTS_NOW);
	CU_ASSERT_EQUAL(v.cause, ERR_REFUSED);
	CU_ASSERT_EQUAL(v.until, DAY(8));
	f.count = 2;
	forge_response(&f, &made);
	CU_ASSERT_EQUAL(judge(all(&made), CERTS_NOW).cause, ERR_OK);
	f.extensions = SLICE(CRITICAL);
	forge_response(&f, &made);
	CU_ASSERT_EQUAL(judge(all(&made), CERTS_NOW).cause, ERR_SYNTAX);
	f.count = 0;
	forge_response(&f, &made);
	CU_ASSERT_EQUAL(judge(all(&made), CERTS_NOW).cause, ERR_MISMATCH);
}

static void
alarms(void)
{
	static const struct forge_answer a = {ANSWER, .from = "20261121000000Z",
					      .until = "20261129000000Z"};
	static const struct forge_ocsp f = {"Forged CA", FORGE_CA, &a,   1,
					    T(""),       T(""),    T("")};
	static struct forged made;
	struct staple_verdict v;

	forge_response(&f, &made);
	v = judge(all(&made), DAY(6) - 1);
	CU_ASSERT_EQUAL(v.from, DAY(0));
	CU_ASSERT_EQUAL(v.until, DAY(8));
	CU_ASSERT_EQUAL(v.alarm, DAY(6));
	CU_ASSERT_FALSE(v.old);
	CU_ASSERT_TRUE(judge(all(&made), DAY(6)).old);
}

/* Whatever is altered, it is not taken for good. */
static void
refuses(struct slice in)
{
	struct staple_verdict v = judge(in, CERTS_NOW);

	CU_ASSERT_EQUAL(v.cause == ERR_OK, slice_eq(in, good_response()));
}

static void
refuses_damage(void)
{
	/* The last bytes of a signature may be written in several ways. */
	each_damage(good_response(), refuses);
}

static struct stand *
gate(struct slice staple)
{
	static char chain[8192];
	struct forged made = {.len = 0};
	struct shelf_item item = {.key = forge_key_pem(FORGE_LEAF),
				  .passphrase = SLICE_EMPTY,
				  .staple = staple,
				  .path = "chain.pem"};
	struct shelf_builder *b;
	struct pair_fault fault;

	CU_ASSERT_EQUAL_FATAL(tls_library_init(), ERR_OK);
	chain[0] = '\0';
	forge_certificate(&leaf, &made);
	forge_pem(&made, chain, sizeof chain);
	forge_certificate(&authority, &made);
	forge_pem(&made, chain, sizeof chain);
	item.chain = slice_str(chain);
	b = shelf_builder_new(NULL, CERTS_NOW);
	CU_ASSERT_PTR_NOT_NULL_FATAL(b);
	CU_ASSERT_EQUAL_FATAL(shelf_add(b, &item, &fault), ERR_OK);
	return stand_make(&(struct stand_wish){
	    .shelf = shelves_end(b), .policy = 1, .wall_ms = played});
}

static struct staple *
judged(struct slice response)
{
	const struct staple_input in = {.response = response,
					.leaf = der_of(&leaf),
					.issuer = der_of(&authority),
					.now = CERTS_NOW};
	struct staple_verdict v;

	return staple_new(&in, played, &v);
}

static void
trust(struct tls_client *c)
{
	static char pem[4096];
	struct forged made = {.len = 0};

	if (!pem[0]) {
		forge_certificate(&root, &made);
		forge_pem(&made, pem, sizeof pem);
	}
	tls_client_trust(c, slice_str(pem));
}

static void
ask(struct tls_client *c)
{
	trust(c);
	tls_client_ask_status(c, false);
}

static void
insist(struct tls_client *c)
{
	trust(c);
	tls_client_ask_status(c, true);
}

static const enum tls_version versions[] = {TLS_VERSION_12, TLS_VERSION_13};

static bool
visits(struct stand *s, enum tls_version version,
       void (*prepare)(struct tls_client *c))
{
	struct tls_visit v = {
	    .stand = s, .version = version, .prepare = prepare};
	bool good = tls_visit(&v);

	tls_session_free(v.session);
	return good;
}

static void
is_served(void)
{
	struct stand *with = gate(good_response());
	struct stand *without = gate(SLICE_EMPTY);

	for (size_t i = 0; i < 2; i++) {
		now_ms = CERTS_NOW * UINT64_C(1000);
		CU_ASSERT_TRUE(visits(with, versions[i], trust));
		CU_ASSERT_TRUE(visits(with, versions[i], ask));
		CU_ASSERT_TRUE(visits(with, versions[i], insist));
		/* Who asks where there is none goes without. */
		CU_ASSERT_TRUE(visits(without, versions[i], trust));
		CU_ASSERT_TRUE(visits(without, versions[i], ask));
		CU_ASSERT_FALSE(visits(without, versions[i], insist));
		/* It ends while the program runs. */
		now_ms = UINT64_C(2600000000) * 1000;
		CU_ASSERT_TRUE(visits(with, versions[i], ask));
		CU_ASSERT_FALSE(visits(with, versions[i], insist));
		/* The clock was set back behind its beginning. */
		now_ms = UINT64_C(1500000000) * 1000;
		CU_ASSERT_TRUE(visits(with, versions[i], ask));
		CU_ASSERT_FALSE(visits(with, versions[i], insist));
	}
	stand_free(with);
	stand_free(without);
}

static void
is_served_and_resumed(void)
{
	now_ms = CERTS_NOW * UINT64_C(1000);
	for (size_t i = 0; i < 2; i++) {
		struct tls_visit v = {.stand = gate(good_response()),
				      .version = versions[i],
				      .prepare = ask};

		CU_ASSERT_TRUE(tls_visit(&v));
		CU_ASSERT_FALSE(v.resumed);
		CU_ASSERT_TRUE(tls_visit(&v));
		CU_ASSERT_TRUE(v.resumed);
		tls_session_free(v.session);
		stand_free(v.stand);
	}
}

static void
is_counted(void)
{
	struct staple *s = judged(good_response());

	CU_ASSERT_PTR_EQUAL(staple_ref(s), s);
	staple_unref(s);
	staple_unref(s);
	staple_unref(NULL);
	CU_ASSERT_PTR_NULL(judged(SLICE("\x30\x00")));
}

void
suite_staple(void)
{
	CU_pSuite suite = CU_add_suite("staple", NULL, NULL);

	CU_add_test(suite, "responses that may be served, and why others not",
		    judges);
	CU_add_test(suite, "files that are no answer", judges_files);
	CU_add_test(suite, "without the issuer nothing can be judged",
		    needs_the_issuer);
	CU_add_test(suite, "of several answers the newest counts",
		    takes_the_newest);
	CU_add_test(suite, "the last quarter is time for an alarm", alarms);
	CU_add_test(suite, "what was altered is not good", refuses_damage);
	CU_add_test(suite, "clients that ask get it while it is good",
		    is_served);
	CU_add_test(suite, "sessions with a staple are resumed",
		    is_served_and_resumed);
	CU_add_test(suite, "references are counted", is_counted);
}
