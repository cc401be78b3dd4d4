/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "x509/certificate.h"

#include "unit/forge.h"
#include "unit/input.h"
#include "x509/der.h"

#define CE   "\x55\x1d"
#define PKIX "\x2b\x06\x01\x05\x05\x07"

static const struct forge plain = {.subject = "imap.example.com",
				   .issuer = "Test CA",
				   .before = "261101000000Z",
				   .after = "270130000000Z",
				   .key = FORGE_LEAF,
				   .signer = FORGE_CA};

static struct slice
all(const struct forged *f)
{
	return slice_of(f->bytes, f->len);
}

/* Reads what the wish makes, out of memory of just that size. */
static enum err
read_forged(const struct forge *f, struct certificate *out)
{
	static struct forged last;

	forge_certificate(f, &last);
	return certificate_read(all(&last), out);
}

static void
test_fields(void)
{
	struct certificate c;

	CU_ASSERT_EQUAL_FATAL(read_forged(&plain, &c), ERR_OK);
	CU_ASSERT_EQUAL(c.version, 3);
	CU_ASSERT_TRUE(slice_eq(c.serial, SLICE("\x01")));
	CU_ASSERT_EQUAL(c.not_before, 1793491200);
	CU_ASSERT_EQUAL(c.not_after, 1801267200);
	CU_ASSERT_EQUAL(c.digest, DIGEST_SHA2);
	CU_ASSERT_EQUAL(c.key_kind, KEY_P256);
	CU_ASSERT_EQUAL(c.extensions, 0);
	CU_ASSERT_TRUE(
	    slice_eq(certificate_title(c.subject), SLICE("imap.example.com")));
	CU_ASSERT_TRUE(slice_eq(certificate_title(c.issuer), SLICE("Test CA")));
	CU_ASSERT_FALSE(certificate_self_issued(&c));
}

static const struct {
	const char *shows;
	struct slice oid, value;
	enum err result;
	struct certificate c; /* the extension's fields only */
} extensions[] = {
    {"key usage",
     T(CE "\x0f"),
     T("\x03\x02\x02\x84"),
     ERR_OK,
     {.extensions = EXT_KEY_USAGE, .usage = USAGE_SIGNATURE | USAGE_CERT_SIGN}},
    {"key usage that is no bit string",
     T(CE "\x0f"),
     T("\x04\x02\x02\x84"),
     ERR_SYNTAX,
     {.version = 0}},
    {"CA:TRUE",
     T(CE "\x13"),
     T("\x30\x03\x01\x01\xff"),
     ERR_OK,
     {.extensions = EXT_CONSTRAINTS, .ca = true}},
    {"CA:TRUE with a path length",
     T(CE "\x13"),
     T("\x30\x06\x01\x01\xff\x02\x01\x00"),
     ERR_OK,
     {.extensions = EXT_CONSTRAINTS, .ca = true}},
    {"CA:FALSE",
     T(CE "\x13"),
     T("\x30\x00"),
     ERR_OK,
     {.extensions = EXT_CONSTRAINTS}},
    {"a negative path length",
     T(CE "\x13"),
     T("\x30\x06\x01\x01\xff\x02\x01\x80"),
     ERR_SYNTAX,
     {.version = 0}},
    {"something behind the path length",
     T(CE "\x13"),
     T("\x30\x08\x01\x01\xff\x02\x01\x00\x05\x00"),
     ERR_SYNTAX,
     {.version = 0}},
    {"for servers",
     T(CE "\x25"),
     T("\x30\x0a\x06\x08" PKIX "\x03\x01"),
     ERR_OK,
     {.extensions = EXT_PURPOSES, .purposes = PURPOSE_SERVER}},
    {"for clients",
     T(CE "\x25"),
     T("\x30\x0a\x06\x08" PKIX "\x03\x02"),
     ERR_OK,
     {.extensions = EXT_PURPOSES, .purposes = PURPOSE_OTHER}},
    {"for anything",
     T(CE "\x25"),
     T("\x30\x06\x06\x04" CE "\x25\x00"),
     ERR_OK,
     {.extensions = EXT_PURPOSES, .purposes = PURPOSE_ANY}},
    {"must staple",
     T(PKIX "\x01\x18"),
     T("\x30\x03\x02\x01\x05"),
     ERR_OK,
     {.extensions = EXT_FEATURES, .must_staple = true}},
    {"another TLS feature",
     T(PKIX "\x01\x18"),
     T("\x30\x03\x02\x01\x11"),
     ERR_OK,
     {.extensions = EXT_FEATURES}},
    {"names",
     T(CE "\x11"),
     T("\x30\x03\x82\x01x"),
     ERR_OK,
     {.extensions = EXT_NAMES, .names = T("\x82\x01x")}},
    {"names that are no GeneralNames",
     T(CE "\x11"),
     T("\x30\x03\x16\x01x"),
     ERR_SYNTAX,
     {.version = 0}},
    {"the key's identifier",
     T(CE "\x0e"),
     T("\x04\x02xy"),
     ERR_OK,
     {.extensions = EXT_SUBJECT_KEY, .subject_key = T("xy")}},
    {"the issuer's key identifier",
     T(CE "\x23"),
     T("\x30\x04\x80\x02xy"),
     ERR_OK,
     {.extensions = EXT_AUTHORITY_KEY, .authority_key = T("xy")}},
    {"the issuer's serial number only",
     T(CE "\x23"),
     T("\x30\x03\x82\x01\x05"),
     ERR_OK,
     {.extensions = EXT_AUTHORITY_KEY}},
    {"where the issuer's certificate is, behind OCSP",
     T(PKIX "\x01\x01"),
     T("\x30\x1c\x30\x0c\x06\x08" PKIX "\x30\x01\x86\x00"
       "\x30\x0c\x06\x08" PKIX "\x30\x02\x86\x00"),
     ERR_OK,
     {.extensions = EXT_ACCESS}},
    {"an extension we do not know",
     T("\x2a\x03"),
     T("anything"),
     ERR_OK,
     {.extensions = 0}},
};

static bool
same(const struct certificate *a, const struct certificate *b)
{
	return a->extensions == b->extensions && a->ca == b->ca &&
	       a->usage == b->usage && a->purposes == b->purposes &&
	       a->must_staple == b->must_staple &&
	       slice_eq(a->names, b->names) &&
	       slice_eq(a->subject_key, b->subject_key) &&
	       slice_eq(a->authority_key, b->authority_key) &&
	       slice_eq(a->issuer_url, b->issuer_url);
}

static void
test_extensions(void)
{
	for (size_t i = 0; i < COUNT(extensions); i++) {
		struct forged list = {.len = 0};
		struct forge f = plain;
		struct certificate c;
		enum err e;

		forge_extension(&list, extensions[i].oid, extensions[i].value);
		f.extensions = all(&list);
		e = read_forged(&f, &c);
		SHOWS(extensions[i].shows, e == extensions[i].result);
		if (e == ERR_OK)
			SHOWS(extensions[i].shows, same(&c, &extensions[i].c));
	}
}

static void
test_issuer_url(void)
{
	struct forged list = {.len = 0};
	struct forge f = plain;
	struct certificate c;

	forge_extension(&list, SLICE(PKIX "\x01\x01"),
			SLICE("\x30\x1a\x30\x0b\x06\x08" PKIX
			      "\x30\x01\x86\x00\x30\x0d\x06\x08" PKIX
			      "\x30\x02\x86\x03u:v"));
	/* Lengths do not fit: 0x0b for 12 bytes. */
	f.extensions = all(&list);
	CU_ASSERT_EQUAL(read_forged(&f, &c), ERR_SYNTAX);
	list.len = 0;
	forge_extension(&list, SLICE(PKIX "\x01\x01"),
			SLICE("\x30\x1d\x30\x0c\x06\x08" PKIX
			      "\x30\x01\x86\x00\x30\x0d\x06\x08" PKIX
			      "\x30\x02\x86\x01u"));
	f.extensions = all(&list);
	CU_ASSERT_EQUAL(read_forged(&f, &c), ERR_OK);
	CU_ASSERT_TRUE(slice_eq(c.issuer_url, SLICE("u")));
}

/* An extension twice, a Boolean that is none, extensions in version 1. */
static void
test_extension_lists(void)
{
	struct forged list = {.len = 0}, bad = {.len = 0};
	struct forge f = plain;
	struct certificate c;

	forge_extension(&list, SLICE(CE "\x0f"), SLICE("\x03\x02\x07\x80"));
	f.extensions = all(&list);
	f.version = 1;
	CU_ASSERT_EQUAL(read_forged(&f, &c), ERR_OK);
	CU_ASSERT_EQUAL(c.version, 1);
	forge_extension(&list, SLICE(CE "\x0f"), SLICE("\x03\x02\x07\x80"));
	f.extensions = all(&list);
	CU_ASSERT_EQUAL(read_forged(&f, &c), ERR_SYNTAX);
	forge_put(&bad, DER_SEQUENCE,
		  SLICE("\x06\x03" CE "\x0f\x01\x01\x01\x04\x04\x03\x02\x07"
			"\x80"));
	f.extensions = all(&bad);
	CU_ASSERT_EQUAL(read_forged(&f, &c), ERR_SYNTAX);
	bad.len = 0;
	forge_put(&bad, DER_SEQUENCE,
		  SLICE("\x06\x03" CE "\x0f\x01\x01\xff\x04\x04\x03\x02\x07"
			"\x80"));
	f.extensions = all(&bad);
	CU_ASSERT_EQUAL(read_forged(&f, &c), ERR_OK);
	CU_ASSERT_EQUAL(c.usage, USAGE_SIGNATURE);
}

/* What a path needs to know beyond what lint looks at. */
static void
test_path_parts(void)
{
	struct forged list = {.len = 0};
	struct forge f = plain;
	struct certificate c;
	struct slice tbs;

	forge_extension(&list, SLICE(CE "\x13"),
			SLICE("\x30\x06\x01\x01\xff\x02\x01\x07"));
	forge_extension(&list, SLICE(CE "\x1e"), SLICE("subtrees"));
	forge_extension(&list, SLICE(CE "\x1f"), SLICE("points"));
	f.extensions = all(&list);
	CU_ASSERT_EQUAL_FATAL(read_forged(&f, &c), ERR_OK);
	CU_ASSERT_TRUE(c.path_limited && c.path_max == 7);
	CU_ASSERT_TRUE(slice_eq(c.subtrees, SLICE("subtrees")));
	CU_ASSERT_TRUE(slice_eq(c.points, SLICE("points")));
	CU_ASSERT_TRUE(slice_eq(c.extension_list, all(&list)));
	CU_ASSERT_EQUAL(c.signature.kind, SIGNATURE_ECDSA_SHA256);
	CU_ASSERT_PTR_EQUAL(c.signature.bits.ptr + c.signature.bits.len,
			    c.der.ptr + c.der.len);
	CU_ASSERT_PTR_EQUAL(c.text.ptr, c.der.ptr + 4);
	CU_ASSERT_TRUE(der_only(c.text, DER_SEQUENCE, &tbs));
	f.extensions = SLICE_EMPTY;
	CU_ASSERT_EQUAL_FATAL(read_forged(&f, &c), ERR_OK);
	CU_ASSERT_FALSE(c.path_limited);
	CU_ASSERT_EQUAL(c.extension_list.len, 0);
}

static void
test_anchors(void)
{
	struct certificate c, a;
	struct slice name, key;

	CU_ASSERT_EQUAL_FATAL(read_forged(&plain, &c), ERR_OK);
	name = c.subject;
	key = c.key;
	CU_ASSERT_EQUAL(certificate_anchor(name, key, &a), ERR_OK);
	CU_ASSERT_EQUAL(a.version, 0);
	CU_ASSERT_EQUAL(a.key_kind, KEY_P256);
	CU_ASSERT_TRUE(slice_eq(a.subject, name) && slice_eq(a.key, key));
	CU_ASSERT_EQUAL(certificate_anchor(key, key, &a), ERR_SYNTAX);
	CU_ASSERT_EQUAL(certificate_anchor(name, name, &a), ERR_SYNTAX);
	CU_ASSERT_EQUAL(certificate_anchor(name, SLICE_EMPTY, &a), ERR_SYNTAX);
}

#define PKCS1 "\x2a\x86\x48\x86\xf7\x0d\x01\x01"

static const struct {
	const char *shows;
	struct slice algorithm;
	enum err result;
	enum digest_kind digest;
} signatures[] = {
    {"SHA-1 with RSA", T("\x06\x09" PKCS1 "\x05\x05\x00"), ERR_OK, DIGEST_SHA1},
    {"MD5 with RSA", T("\x06\x09" PKCS1 "\x04\x05\x00"), ERR_OK, DIGEST_MD5},
    {"SHA-384 with RSA", T("\x06\x09" PKCS1 "\x0c\x05\x00"), ERR_OK,
     DIGEST_SHA2},
    {"SHA-1 with ECDSA", T("\x06\x07\x2a\x86\x48\xce\x3d\x04\x01"), ERR_OK,
     DIGEST_SHA1},
    {"Ed25519", T("\x06\x03\x2b\x65\x70"), ERR_OK, DIGEST_INNER},
    {"RSA-PSS, whose default is SHA-1", T("\x06\x09" PKCS1 "\x0a\x30\x00"),
     ERR_OK, DIGEST_SHA1},
    {"RSA-PSS with SHA-256",
     T("\x06\x09" PKCS1 "\x0a\x30\x11\xa0\x0f\x30\x0d\x06\x09"
       "\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00"),
     ERR_OK, DIGEST_SHA2},
    {"RSA-PSS without parameters", T("\x06\x09" PKCS1 "\x0a\x05\x00"),
     ERR_SYNTAX, DIGEST_OTHER},
    {"something new", T("\x06\x02\x2a\x03"), ERR_OK, DIGEST_OTHER},
    {"no OID", T("\x05\x00"), ERR_SYNTAX, DIGEST_OTHER},
};

static void
test_signatures(void)
{
	for (size_t i = 0; i < COUNT(signatures); i++) {
		struct forge f = plain;
		struct certificate c;
		enum err e;

		f.algorithm = signatures[i].algorithm;
		e = read_forged(&f, &c);
		SHOWS(signatures[i].shows, e == signatures[i].result);
		if (e == ERR_OK)
			SHOWS(signatures[i].shows,
			      c.digest == signatures[i].digest);
	}
}

#define RSA "\x30\x0d\x06\x09" PKCS1 "\x01\x05\x00"
#define EC  "\x06\x07\x2a\x86\x48\xce\x3d\x02\x01"

static const struct {
	const char *shows;
	struct slice info;
	enum err result;
	enum key_kind kind;
	unsigned bits;
} keys[] = {
    {"RSA of 15 bits, in spirit",
     T("\x30\x1a" RSA "\x03\x09\x00\x30\x06\x02\x02\x40\x01\x02\x00"),
     ERR_SYNTAX, KEY_OTHER, 0},
    {"RSA of 15 bits",
     T("\x30\x1b" RSA "\x03\x0a\x00\x30\x07\x02\x02\x40\x01\x02\x01\x03"),
     ERR_OK, KEY_RSA, 15},
    {"RSA of 16 bits",
     T("\x30\x1c" RSA "\x03\x0b\x00\x30\x08\x02\x03\x00\x80\x01\x02\x01\x03"),
     ERR_OK, KEY_RSA, 16},
    {"RSA of 0 bits",
     T("\x30\x1a" RSA "\x03\x09\x00\x30\x06\x02\x01\x00\x02\x01\x03"), ERR_OK,
     KEY_RSA, 0},
    {"RSA, negative",
     T("\x30\x1a" RSA "\x03\x09\x00\x30\x06\x02\x01\x80\x02\x01\x03"),
     ERR_SYNTAX, KEY_OTHER, 0},
    {"P-384",
     T("\x30\x16\x30\x10" EC "\x06\x05\x2b\x81\x04\x00\x22\x03\x02\x00\x04"),
     ERR_OK, KEY_P384, 0},
    {"P-521",
     T("\x30\x16\x30\x10" EC "\x06\x05\x2b\x81\x04\x00\x23\x03\x02\x00\x04"),
     ERR_OK, KEY_P521, 0},
    {"another curve",
     T("\x30\x16\x30\x10" EC "\x06\x05\x2b\x81\x04\x00\x0a\x03\x02\x00\x04"),
     ERR_OK, KEY_CURVE, 0},
    {"a curve in so many words",
     T("\x30\x11\x30\x0b" EC "\x30\x00\x03\x02\x00\x04"), ERR_OK, KEY_CURVE, 0},
    {"no curve", T("\x30\x0f\x30\x09" EC "\x03\x02\x00\x04"), ERR_SYNTAX,
     KEY_OTHER, 0},
    {"Ed25519", T("\x30\x09\x30\x05\x06\x03\x2b\x65\x70\x03\x00"), ERR_SYNTAX,
     KEY_OTHER, 0},
    {"Ed25519 with a key",
     T("\x30\x0a\x30\x05\x06\x03\x2b\x65\x70\x03\x01\x00"), ERR_OK, KEY_ED25519,
     0},
    {"something new", T("\x30\x09\x30\x04\x06\x02\x2a\x03\x03\x01\x00"), ERR_OK,
     KEY_OTHER, 0},
};

static void
test_keys(void)
{
	for (size_t i = 0; i < COUNT(keys); i++) {
		struct forge f = plain;
		struct certificate c;
		enum err e;

		f.info = keys[i].info;
		e = read_forged(&f, &c);
		SHOWS(keys[i].shows, e == keys[i].result);
		if (e == ERR_OK)
			SHOWS(keys[i].shows, c.key_kind == keys[i].kind &&
						 c.key_bits == keys[i].bits);
	}
}

static void
test_odd_fields(void)
{
	struct forge f = plain;
	struct certificate c, root;

	f.serial = SLICE("\x80");
	CU_ASSERT_EQUAL(read_forged(&f, &c), ERR_OK);
	f.serial = SLICE("\x00\x01");
	CU_ASSERT_EQUAL(read_forged(&f, &c), ERR_SYNTAX);
	f = plain;
	f.subject = NULL;
	CU_ASSERT_EQUAL(read_forged(&f, &c), ERR_OK);
	CU_ASSERT_EQUAL(certificate_title(c.subject).len, 0);
	f.version = 4;
	CU_ASSERT_EQUAL(read_forged(&f, &c), ERR_SYNTAX);
	f = plain;
	f.after = "20501301000000Z";
	CU_ASSERT_EQUAL(read_forged(&f, &c), ERR_SYNTAX);
	CU_ASSERT_EQUAL(certificate_read(SLICE_EMPTY, &c), ERR_SYNTAX);
	f = plain;
	f.issuer = f.subject;
	CU_ASSERT_EQUAL(read_forged(&f, &root), ERR_OK);
	CU_ASSERT_TRUE(certificate_self_issued(&root));
	CU_ASSERT_TRUE(certificate_names_issuer(&root, &root));
	root.authority_key = SLICE("x");
	CU_ASSERT_TRUE(certificate_names_issuer(&root, &root));
	root.subject_key = SLICE("y");
	CU_ASSERT_FALSE(certificate_names_issuer(&root, &root));
}

static void
try_certificate(struct slice in)
{
	struct certificate c;

	if (certificate_read(in, &c) == ERR_OK)
		(void)certificate_title(c.subject);
}

static void
test_damage(void)
{
	static struct forged list, whole;
	struct forge f = plain;

	for (size_t i = 0; i < COUNT(extensions); i++)
		if (extensions[i].result == ERR_OK)
			forge_extension(&list, extensions[i].oid,
					extensions[i].value);
	/* Doubles among them: each by itself is whole. */
	f.extensions = all(&list);
	forge_certificate(&f, &whole);
	each_damage(all(&whole), try_certificate);
	list.len = 0;
	forge_extension(&list, SLICE(PKIX "\x01\x01"),
			SLICE("\x30\x0d\x06\x08" PKIX "\x30\x02\x86\x01u"));
	forge_extension(&list, SLICE(CE "\x11"), SLICE("\x30\x03\x82\x01x"));
	forge_extension(&list, SLICE(CE "\x13"),
			SLICE("\x30\x06\x01\x01\xff\x02\x01\x00"));
	f.extensions = all(&list);
	forge_certificate(&f, &whole);
	each_damage(all(&whole), try_certificate);
}

void
suite_certificate(void)
{
	CU_pSuite suite = CU_add_suite("certificate", NULL, NULL);

	CU_add_test(suite, "the fields every certificate has", test_fields);
	CU_add_test(suite, "each extension", test_extensions);
	CU_add_test(suite, "where the issuer's certificate is",
		    test_issuer_url);
	CU_add_test(suite, "extensions are there once, with true or false",
		    test_extension_lists);
	CU_add_test(suite, "what was signed how", test_signatures);
	CU_add_test(suite, "kinds and sizes of keys", test_keys);
	CU_add_test(suite, "odd fields are read, wrong ones refused",
		    test_odd_fields);
	CU_add_test(suite, "damaged certificates do no harm", test_damage);
	CU_add_test(suite, "what a path is built of", test_path_parts);
	CU_add_test(suite, "a name and a key without certificate",
		    test_anchors);
}
