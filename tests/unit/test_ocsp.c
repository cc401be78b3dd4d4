/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "x509/ocsp.h"

#include "unit/forge_ocsp.h"
#include "unit/input.h"
#include "x509/der.h"

#define SHA256    "\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00"
#define SHA512    "\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00"
#define EXTENSION "\x30\x08\x06\x02\x2a\x03\x04\x02\x05\x00"
#define CRITICAL  "\x30\x0b\x06\x02\x2a\x03\x01\x01\xff\x04\x02\x05\x00"

static struct slice
all(const struct forged *f)
{
	return slice_of(f->bytes, f->len);
}

static const struct forge_answer answers[] = {
    {.issuer = "Forged CA",
     .issuer_key = FORGE_CA,
     .from = "20261121000000Z",
     .until = "20261128000000Z"},
    {.issuer = "Forged CA",
     .issuer_key = FORGE_CA,
     .hash = T(SHA256),
     .serial = T("\x00\x80"),
     .verdict = T(FORGE_REVOKED),
     .from = "20261121000001Z",
     .extensions = T(EXTENSION)},
    {.issuer = NULL,
     .issuer_key = FORGE_CA,
     .hash = T(SHA512),
     .verdict = T(FORGE_UNKNOWN),
     .from = "20261121000002Z",
     .until = "20261128000000Z",
     .extensions = T(EXTENSION CRITICAL)},
};

static const struct forge_ocsp plain = {.signer = "Forged CA",
					.key = FORGE_CA,
					.answers = answers,
					.count = COUNT(answers)};

static void
reads_answers(void)
{
	static struct forged made;
	struct ocsp_answer a;
	struct slice rest;
	struct ocsp o;

	forge_response(&plain, &made);
	CU_ASSERT_EQUAL_FATAL(ocsp_read(all(&made), &o), ERR_OK);
	CU_ASSERT_EQUAL(o.status, OCSP_STATUS_SUCCESSFUL);
	CU_ASSERT_TRUE(o.basic && !o.critical);
	CU_ASSERT_EQUAL(o.produced, 1795262400);
	CU_ASSERT_EQUAL(o.signature.kind, SIGNATURE_ECDSA_SHA256);
	CU_ASSERT_TRUE(
	    slice_eq(certificate_title(o.signer), SLICE("Forged CA")));
	CU_ASSERT_EQUAL(o.signer_key.len, 0);
	CU_ASSERT_EQUAL(o.certificates.len, 0);
	rest = o.answers;

	CU_ASSERT_TRUE(ocsp_next(&rest, &a));
	CU_ASSERT_EQUAL(a.hash, OCSP_HASH_SHA1);
	CU_ASSERT_EQUAL(a.issuer_name.len, 20);
	CU_ASSERT_EQUAL(a.issuer_key.len, 20);
	CU_ASSERT_TRUE(slice_eq(a.serial, SLICE("\x01")));
	CU_ASSERT_EQUAL(a.verdict, OCSP_GOOD);
	CU_ASSERT_EQUAL(a.this_update, 1795219200);
	CU_ASSERT_TRUE(a.limited && !a.critical);
	CU_ASSERT_EQUAL(a.next_update, 1795824000);

	CU_ASSERT_TRUE(ocsp_next(&rest, &a));
	CU_ASSERT_EQUAL(a.hash, OCSP_HASH_SHA256);
	CU_ASSERT_EQUAL(a.issuer_name.len, 32);
	CU_ASSERT_TRUE(slice_eq(a.serial, SLICE("\x00\x80")));
	CU_ASSERT_EQUAL(a.verdict, OCSP_REVOKED);
	CU_ASSERT_EQUAL(a.revoked, 1795132800);
	CU_ASSERT_EQUAL(a.reason, 1);
	CU_ASSERT_TRUE(!a.limited && !a.critical);

	CU_ASSERT_TRUE(ocsp_next(&rest, &a));
	CU_ASSERT_EQUAL(a.hash, OCSP_HASH_OTHER);
	CU_ASSERT_EQUAL(a.verdict, OCSP_UNKNOWN);
	CU_ASSERT_TRUE(a.limited && a.critical);
	CU_ASSERT_EQUAL(rest.len, 0);
	CU_ASSERT_FALSE(ocsp_next(&rest, &a));
}

static void
reads_the_rest(void)
{
	static struct forged made, responder;
	const struct forge r = {.subject = "Responder",
				.issuer = "Forged CA",
				.before = "260101000000Z",
				.after = "270101000000Z",
				.key = FORGE_OTHER,
				.signer = FORGE_CA};
	struct forge_ocsp f = {.key = FORGE_OTHER, .extensions = T(CRITICAL)};
	struct slice rest;
	struct ocsp o;
	struct der d;

	forge_certificate(&r, &responder);
	f.certificates = all(&responder);
	forge_response(&f, &made);
	CU_ASSERT_EQUAL_FATAL(ocsp_read(all(&made), &o), ERR_OK);
	CU_ASSERT_TRUE(o.critical);
	CU_ASSERT_EQUAL(o.signer.len, 0);
	CU_ASSERT_EQUAL(o.signer_key.len, 20);
	CU_ASSERT_EQUAL(o.answers.len, 0);
	rest = o.certificates;
	CU_ASSERT_TRUE(der_next(&rest, &d));
	CU_ASSERT_TRUE(slice_eq(d.whole, all(&responder)));
	CU_ASSERT_EQUAL(rest.len, 0);
}

static const struct {
	const char *shows;
	struct slice algorithm;
	enum signature_kind kind;
} kinds[] = {
#define PKCS1       "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01"
#define SHA2(n)     "\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02" n "\x05\x00"
#define PSS_HASH(n) "\xa0\x0f" SHA2(n)
#define PSS_MASK(n)                                                            \
	"\xa1\x1c\x30\x1a\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08" SHA2(n)
#define PSS_SALT(n) "\xa2\x03\x02\x01" n
#define ANSI        "\x06\x08\x2a\x86\x48\xce\x3d"
    {"RSA, SHA-256", T(PKCS1 "\x0b\x05\x00"), SIGNATURE_RSA_SHA256},
    {"RSA, SHA-384", T(PKCS1 "\x0c\x05\x00"), SIGNATURE_RSA_SHA384},
    {"RSA, SHA-512", T(PKCS1 "\x0d\x05\x00"), SIGNATURE_RSA_SHA512},
    {"RSA, SHA-1", T(PKCS1 "\x05\x05\x00"), SIGNATURE_OTHER},
    {"RSA-PSS, all as by default: SHA-1", T(PKCS1 "\x0a\x30\x00"),
     SIGNATURE_OTHER},
    {"RSA-PSS, SHA-256",
     T(PKCS1 "\x0a\x30\x34" PSS_HASH("\x01") PSS_MASK("\x01") PSS_SALT("\x20")),
     SIGNATURE_PSS_SHA256},
    {"RSA-PSS, SHA-512",
     T(PKCS1 "\x0a\x30\x34" PSS_HASH("\x03") PSS_MASK("\x03") PSS_SALT("\x40")),
     SIGNATURE_PSS_SHA512},
    {"RSA-PSS, two hashes",
     T(PKCS1 "\x0a\x30\x34" PSS_HASH("\x01") PSS_MASK("\x02") PSS_SALT("\x20")),
     SIGNATURE_OTHER},
    {"RSA-PSS, SHA-256 with a mask of SHA-1",
     T(PKCS1 "\x0a\x30\x16" PSS_HASH("\x01") PSS_SALT("\x20")),
     SIGNATURE_OTHER},
    {"RSA-PSS, another trailer",
     T(PKCS1 "\x0a\x30\x39" PSS_HASH("\x01") PSS_MASK("\x01")
	   PSS_SALT("\x20") "\xa3\x03\x02\x01\x02"),
     SIGNATURE_OTHER},
    {"RSA-PSS, more salt than there is room for",
     T(PKCS1 "\x0a\x30\x35" PSS_HASH("\x01")
	   PSS_MASK("\x01") "\xa2\x04\x02\x02\x7f\xff"),
     SIGNATURE_OTHER},
    {"RSA-PSS, something behind",
     T(PKCS1 "\x0a\x30\x36" PSS_HASH("\x01") PSS_MASK("\x01")
	   PSS_SALT("\x20") "\x05\x00"),
     SIGNATURE_OTHER},
    {"ECDSA, SHA-384", T(ANSI "\x04\x03\x03"), SIGNATURE_ECDSA_SHA384},
    {"ECDSA, SHA-512", T(ANSI "\x04\x03\x04"), SIGNATURE_ECDSA_SHA512},
    {"Ed25519", T("\x06\x03\x2b\x65\x70"), SIGNATURE_ED25519},
    {"no OID", T("\x05\x00"), SIGNATURE_OTHER},
};

static void
knows_signatures(void)
{
	static struct forged made;
	struct forge_ocsp f = plain;
	struct ocsp o;

	for (size_t i = 0; i < COUNT(kinds); i++) {
		f.algorithm = kinds[i].algorithm;
		forge_response(&f, &made);
		SHOWS(kinds[i].shows, ocsp_read(all(&made), &o) == ERR_OK &&
					  o.signature.kind == kinds[i].kind);
	}
}

static void
reads_refusals(void)
{
	static struct forged made;
	struct ocsp o;

	for (unsigned char status = 1; status < 8; status++) {
		forge_refusal(status, &made);
		CU_ASSERT_EQUAL(ocsp_read(all(&made), &o), ERR_OK);
		CU_ASSERT_EQUAL(o.status, status);
		CU_ASSERT_FALSE(o.basic);
	}
	/* Success without an answer. */
	forge_refusal(0, &made);
	CU_ASSERT_EQUAL(ocsp_read(all(&made), &o), ERR_SYNTAX);
	/* An error that goes on. */
	CU_ASSERT_EQUAL(ocsp_read(SLICE("\x30\x05\x0a\x01\x03\x05\x00"), &o),
			ERR_SYNTAX);
	/* Another type of response: id-pkix-ocsp without -basic. */
	CU_ASSERT_EQUAL(ocsp_read(SLICE("\x30\x15\x0a\x01\x00\xa0\x10\x30\x0e"
					"\x06\x08\x2b\x06\x01\x05\x05\x07\x30"
					"\x01\x04\x02\x05\x00"),
				  &o),
			ERR_OK);
	CU_ASSERT_FALSE(o.basic);
}

/* Parts that are written otherwise than RFC 6960 says. */
static const struct {
	const char *shows;
	struct forge_answer answer;
} broken[] = {
#define ANSWER .issuer = "CA", .issuer_key = FORGE_CA, .from = "20261121000000Z"
    {"good that is not empty", {ANSWER, .verdict = T("\x80\x01\x00")}},
    {"good in other clothes", {ANSWER, .verdict = T("\xa0\x00")}},
    {"no verdict", {ANSWER, .verdict = T("\x83\x00")}},
    {"revoked at no time", {ANSWER, .verdict = T("\xa1\x00")}},
    {"revoked, and more",
     {ANSWER, .verdict = T("\xa1\x13\x18\x0f"
			   "20261120000000Z\x05\x00")}},
    {"a reason that is not ENUMERATED",
     {ANSWER, .verdict = T("\xa1\x16\x18\x0f"
			   "20261120000000Z\xa0\x03\x02\x01\x01")}},
    {"a time with a fraction", {ANSWER, .until = "20261121000000.5Z"}},
    {"a time without a zone", {ANSWER, .until = "20261121000000"}},
    {"a day that does not exist", {ANSWER, .until = "20261131000000Z"}},
    {"a serial number that is too long written",
     {ANSWER, .serial = T("\x00\x01")}},
    {"extensions that are none", {ANSWER, .extensions = T("\x05\x00")}},
    {"an extension with a wrong Boolean",
     {ANSWER, .extensions = T("\x30\x0b\x06\x02\x2a\x03\x01\x01\x01\x04"
			      "\x02\x05\x00")}},
};

static void
refuses_broken_parts(void)
{
	static struct forged made;
	struct ocsp o;

	for (size_t i = 0; i < COUNT(broken); i++) {
		struct forge_ocsp f = {.signer = "CA",
				       .key = FORGE_CA,
				       .answers = &broken[i].answer,
				       .count = 1};

		forge_response(&f, &made);
		SHOWS(broken[i].shows, ocsp_read(all(&made), &o) == ERR_SYNTAX);
	}
}

static bool
within(struct slice part, struct slice whole)
{
	return part.len == 0 || (part.ptr >= whole.ptr &&
				 part.ptr + part.len <= whole.ptr + whole.len);
}

static void
holds_together(struct slice in)
{
	struct ocsp_answer a;
	struct slice rest;
	struct ocsp o;

	if (ocsp_read(in, &o) != ERR_OK)
		return;
	CU_ASSERT_TRUE(within(o.text, in) && within(o.signer, in) &&
		       within(o.signer_key, in) &&
		       within(o.signature.bits, in) &&
		       within(o.certificates, in));
	rest = o.answers;
	while (ocsp_next(&rest, &a))
		CU_ASSERT_TRUE(within(a.serial, in) &&
			       within(a.issuer_name, in) &&
			       within(a.issuer_key, in));
	CU_ASSERT_EQUAL(rest.len, 0);
}

static void
survives_damage(void)
{
	static struct forged made;
	struct ocsp o;

	forge_response(&plain, &made);
	for (size_t n = 0; n < made.len; n++)
		CU_ASSERT_EQUAL(ocsp_read(slice_head(all(&made), n), &o),
				ERR_SYNTAX);
	each_damage(all(&made), holds_together);
	/* One byte behind. */
	made.bytes[made.len++] = 0;
	CU_ASSERT_EQUAL(ocsp_read(all(&made), &o), ERR_SYNTAX);
}

void
suite_ocsp(void)
{
	CU_pSuite suite = CU_add_suite("ocsp", NULL, NULL);

	CU_add_test(suite, "the answers of a response", reads_answers);
	CU_add_test(suite, "a responder's key, certificates, extensions",
		    reads_the_rest);
	CU_add_test(suite, "how a response is signed", knows_signatures);
	CU_add_test(suite, "responses that give no answer", reads_refusals);
	CU_add_test(suite, "parts not written as RFC 6960 says",
		    refuses_broken_parts);
	CU_add_test(suite, "what is read lies within, whatever is altered",
		    survives_damage);
}
