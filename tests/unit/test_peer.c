/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "forge.h"
#include "shelves.h"
#include "stand.h"
#include "tls_link.h"

#include "x509/der.h"

#include <wolfssl/options.h>
/* The options come first. */
#include <wolfssl/wolfcrypt/asn_public.h>

#include <CUnit/CUnit.h>

#include <stdio.h>
#include <string.h>

#define CE   "\x55\x1d"
#define PKIX "\x2b\x06\x01\x05\x05\x07"

#define CA_BITS                                                                \
	"\x30\x0f\x06\x03" CE "\x13\x01\x01\xff\x04\x05\x30\x03\x01\x01\xff"   \
	"\x30\x0b\x06\x03" CE "\x0f\x04\x04\x03\x02\x01\x06"
#define FOR_CLIENTS                                                            \
	"\x30\x13\x06\x03" CE "\x25\x04\x0c\x30\x0a\x06\x08" PKIX "\x03\x02"
#define FOR_SERVERS                                                            \
	"\x30\x13\x06\x03" CE "\x25\x04\x0c\x30\x0a\x06\x08" PKIX "\x03\x01"
/* subjectAltName: anna.example.com, anna@example.com */
#define NAMED                                                                  \
	"\x30\x2d\x06\x03" CE "\x11\x04\x26\x30\x24"                           \
	"\x82\x10"                                                             \
	"anna.example.com"                                                     \
	"\x81\x10"                                                             \
	"anna@example.com"

/* subjectAltName: *.example.com */
#define FOR_MANY                                                               \
	"\x30\x18\x06\x03" CE "\x11\x04\x11\x30\x0f"                           \
	"\x82\x0d"                                                             \
	"*.example.com"
/* subjectAltName: anna.example.com, and NUL, and more */
#define CUT_SHORT                                                              \
	"\x30\x24\x06\x03" CE "\x11\x04\x1d\x30\x1b"                           \
	"\x82\x19"                                                             \
	"anna.example.com\0evil.org"

static const struct forge root = {
    .subject = "Client Root",
    .issuer = "Client Root",
    .before = "200101000000Z",
    .after = "491231235959Z",
    .key = FORGE_ROOT,
    .signer = FORGE_ROOT,
    .extensions = {(const unsigned char *)CA_BITS, sizeof CA_BITS - 1}};
static const struct forge authority = {
    .subject = "Client CA",
    .issuer = "Client Root",
    .before = "200101000000Z",
    .after = "491231235959Z",
    .key = FORGE_CA,
    .signer = FORGE_ROOT,
    .extensions = {(const unsigned char *)CA_BITS, sizeof CA_BITS - 1}};

enum who {
	NOBODY,
	ANNA,
	ALONE,
	EXPIRED,
	SERVER,
	STRANGER,
	REVOKED,
	RSA_KEY,
	BY_LEAF,  /* Anna's own certificate has signed it */
	IMPOSTOR, /* calls itself the root, and has signed itself */
	STAR,     /* *.example.com */
	NUL,      /* anna.example.com, and more behind it */
	OLD,      /* signed with SHA-1 */
	OLD_CA,   /* its issuer is */
	PEOPLE
};

static const struct forge leaf = {
    .subject = "Anna",
    .issuer = "Client CA",
    .before = "200101000000Z",
    .after = "491231235959Z",
    .key = FORGE_LEAF,
    .signer = FORGE_CA,
    .serial = {(const unsigned char *)"\x12\x34", 2},
    .extensions = {(const unsigned char *)FOR_CLIENTS NAMED,
		   sizeof FOR_CLIENTS NAMED - 1}};

static struct forge
person(enum who who)
{
	struct forge f = leaf;

	if (who == EXPIRED)
		f.after = "210101000000Z";
	if (who == SERVER)
		f.extensions = SLICE(FOR_SERVERS);
	if (who == STRANGER) {
		f.issuer = "Another CA";
		f.signer = FORGE_OTHER;
	}
	if (who == RSA_KEY)
		f.info = shelves_rsa_info();
	if (who == REVOKED)
		f.serial = SLICE("\x66");
	if (who == BY_LEAF) {
		f.issuer = "Anna";
		f.signer = FORGE_LEAF;
	}
	if (who == IMPOSTOR) {
		f.subject = f.issuer = "Client Root";
		f.signer = FORGE_LEAF;
	}
	if (who == STAR)
		f.extensions = SLICE(FOR_CLIENTS FOR_MANY);
	if (who == NUL)
		f.extensions = SLICE(FOR_CLIENTS CUT_SHORT);
	if (who == STAR || who == NUL)
		f.subject = "Eve";
	if (who == OLD)
		f.algorithm = SLICE(FORGE_ECDSA_SHA1);
	return f;
}

static void
append(char *pem, size_t cap, const struct forge *f)
{
	static struct forged made;

	forge_certificate(f, &made);
	forge_pem(&made, pem, cap);
}

/* Whoever it is shows this. */
static struct slice
chain_of(enum who who)
{
	static char pem[PEOPLE][8192];
	struct forge f = person(who), issuer = authority;

	if (who == OLD_CA)
		issuer.algorithm = SLICE(FORGE_ECDSA_SHA1);
	if (!pem[who][0]) {
		append(pem[who], sizeof pem[who], &f);
		if (who == BY_LEAF)
			append(pem[who], sizeof pem[who], &leaf);
		if (who != ALONE)
			append(pem[who], sizeof pem[who], &issuer);
	}
	return slice_str(pem[who]);
}

static enum who visitor;

static void
prepare(struct tls_client *c)
{
	if (visitor != NOBODY)
		tls_client_certificate(c, chain_of(visitor),
				       visitor == RSA_KEY
					   ? certs_key(CERTS_RSA)
					   : forge_key_pem(FORGE_LEAF));
}

/* Number 0x66 is revoked; room for 4096 bytes. */
static void
make_crl(const char *issuer, enum forge_key signer, char *pem)
{
	struct slice algorithm =
	    SLICE("\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02");
	struct forged one = {.len = 0}, list = {.len = 0}, tbs = {.len = 0};
	struct forged text = {.len = 0}, whole = {.len = 0};
	int n;

	forge_put(&one, DER_INTEGER, SLICE("\x66"));
	forge_put(&one, DER_UTC_TIME, SLICE("260101000000Z"));
	forge_put(&list, DER_SEQUENCE, slice_of(one.bytes, one.len));
	forge_put(&tbs, DER_INTEGER, SLICE("\x01"));
	forge_put(&tbs, DER_SEQUENCE, algorithm);
	forge_name(&tbs, issuer);
	forge_put(&tbs, DER_UTC_TIME, SLICE("260101000000Z"));
	forge_put(&tbs, DER_UTC_TIME, SLICE("491231235959Z"));
	forge_put(&tbs, DER_SEQUENCE, slice_of(list.bytes, list.len));
	forge_put(&text, DER_SEQUENCE, slice_of(tbs.bytes, tbs.len));
	whole = text;
	forge_put(&whole, DER_SEQUENCE, algorithm);
	forge_signature(&whole, slice_of(text.bytes, text.len), signer);
	tbs.len = 0;
	forge_put(&tbs, DER_SEQUENCE, slice_of(whole.bytes, whole.len));
	n = wc_DerToPem(tbs.bytes, (word32)tbs.len, (byte *)pem, 4095,
			CRL_TYPE);
	CU_ASSERT_TRUE_FATAL(n > 0);
	pem[n] = '\0';
}

static void
add_crl(struct shelf_builder *b, const char *path, const char *issuer,
	enum forge_key signer)
{
	char pem[4096];

	make_crl(issuer, signer, pem);
	CU_ASSERT_EQUAL(shelf_add_file(b, path, slice_str(pem)), ERR_OK);
}

/* ca: trusted, as "R" the root or "RC" the intermediate too. */
static struct stand *
gate(const char *ca, const char *policy)
{
	static char yaml[1024], pem[8192];
	struct shelf_builder *b;

	CU_ASSERT_EQUAL_FATAL(tls_library_init(), ERR_OK);
	b = shelf_builder_new(NULL, CERTS_NOW);
	CU_ASSERT_PTR_NOT_NULL_FATAL(b);
	shelves_add(b, CERTS_EC);
	pem[0] = '\0';
	append(pem, sizeof pem, &root);
	if (strchr(ca, 'C'))
		append(pem, sizeof pem, &authority);
	CU_ASSERT_EQUAL(shelf_add_file(b, "/ca.pem", slice_str(pem)), ERR_OK);
	add_crl(b, "/crl.pem", "Client CA", FORGE_CA);
	add_crl(b, "/top.pem", "Client Root", FORGE_ROOT);
	(void)snprintf(yaml, sizeof yaml,
		       "tls_policies:\n  - name: own\n    client_ca: /ca.pem\n"
		       "%s",
		       policy);
	return stand_of(shelves_end(b), yaml, NULL);
}

#define REQUIRED "    client_certificate: required\n"
#define OPTIONAL "    client_certificate: optional\n"

static const enum tls_version versions[] = {TLS_VERSION_12, TLS_VERSION_13};

static const struct {
	const char *shows, *ca, *policy;
	enum who who;
	int alert_12, alert_13; /* sent by us; 0: comes in */
	const char *reason;
} rows[] = {
    {"shown where it is required", "RC", REQUIRED, ANNA, 0, 0, NULL},
    {"shown with its issuer", "R", REQUIRED, ANNA, 0, 0, NULL},
    {"with an RSA key", "R", REQUIRED, RSA_KEY, 0, 0, NULL},
    {"none where it is required", "R", REQUIRED, NOBODY, 40, 116,
     "the client has shown no certificate"},
    {"none where it is optional", "R", OPTIONAL, NOBODY, 0, 0, NULL},
    {"shown where it is optional", "R", OPTIONAL, ANNA, 0, 0, NULL},
    {"bad where it is optional", "R", OPTIONAL, EXPIRED, 45, 45,
     "the client's certificate has expired"},
    {"expired", "R", REQUIRED, EXPIRED, 45, 45,
     "the client's certificate has expired"},
    {"without its issuer", "R", REQUIRED, ALONE, 48, 48,
     "the client's certificate is from an unknown issuer"},
    {"its issuer is known here", "RC", REQUIRED, ALONE, 0, 0, NULL},
    {"of another CA", "RC", REQUIRED, STRANGER, 48, 48,
     "the client's certificate is from an unknown issuer"},
    {"for servers", "R", REQUIRED, SERVER, 42, 42,
     "the client's certificate is not meant for clients"},
    {"revoked", "RC", REQUIRED "    client_crl: /crl.pem\n", REVOKED, 44, 44,
     "the client's certificate has been revoked"},
    {"not revoked", "RC", REQUIRED "    client_crl: /crl.pem\n", ANNA, 0, 0,
     NULL},
    {"its issuer has no list", "RC", REQUIRED "    client_crl: /top.pem\n",
     ANNA, 42, 42,
     "there is no list of revoked certificates from the issuer of the "
     "client's"},
    {"signed by one who is no CA", "R", REQUIRED, BY_LEAF, 48, 48,
     "the client's certificate is from an unknown issuer"},
    {"named as the CA is", "R", REQUIRED, IMPOSTOR, 42, 42,
     "the client's certificate is not signed by the issuer that it names"},
    {"signed with SHA-1", "R", REQUIRED, OLD, 42, 42,
     "the client's certificate, or an issuer's, is signed with SHA-1 or MD5"},
    {"its issuer signed with SHA-1", "R", REQUIRED, OLD_CA, 42, 42,
     "the client's certificate, or an issuer's, is signed with SHA-1 or MD5"},
    {"a name for many", "R", REQUIRED "    client_names: [anna.example.com]\n",
     STAR, 42, 42,
     "the client's certificate has none of the names in client_names"},
    {"a name that ends at NUL", "R",
     REQUIRED "    client_names: [anna.example.com]\n", NUL, 42, 42,
     "the client's certificate or signature is malformed"},
    {"revoked, but nobody looks", "RC", REQUIRED, REVOKED, 0, 0, NULL},
    {"allowed by common name", "R", REQUIRED "    client_names: [bert, anna]\n",
     ANNA, 0, 0, NULL},
    {"allowed by DNS name", "R",
     REQUIRED "    client_names: [anna.example.com]\n", ANNA, 0, 0, NULL},
    {"allowed by mail address", "R",
     REQUIRED "    client_names: [anna@example.com]\n", ANNA, 0, 0, NULL},
    {"not among the names", "R",
     REQUIRED "    client_names: [ann, anna2, example.com]\n", ANNA, 42, 42,
     "the client's certificate has none of the names in client_names"},
};

static void
test_clients(void)
{
	for (size_t i = 0; i < 2 * sizeof rows / sizeof rows[0]; i++) {
		size_t r = i / 2;
		struct stand *s = gate(rows[r].ca, rows[r].policy);
		struct tls_visit v = {
		    .stand = s, .version = versions[i % 2], .prepare = prepare};
		int alert = i % 2 ? rows[r].alert_13 : rows[r].alert_12;
		bool in;

		visitor = rows[r].who;
		in = tls_visit(&v);
		CU_ASSERT_EQUAL(in, alert == 0);
		CU_ASSERT_EQUAL(v.alert_sent, alert > 0 ? alert : -1);
		if (rows[r].reason)
			CU_ASSERT_STRING_EQUAL(v.reason ? v.reason : "",
					       rows[r].reason);
		if (in != (alert == 0) ||
		    v.alert_sent != (alert > 0 ? alert : -1))
			printf("%s: %d, alert %d, %s\n", rows[r].shows, in,
			       v.alert_sent, v.reason ? v.reason : "");
		if (in && rows[r].who == ANNA) {
			CU_ASSERT_STRING_EQUAL(v.client_subject, "CN=Anna");
			CU_ASSERT_STRING_EQUAL(v.client_serial, "1234");
			CU_ASSERT_EQUAL(strlen(v.client_sha256), 64);
		}
		if (rows[r].who == NOBODY)
			CU_ASSERT_STRING_EQUAL(v.client_subject, "");
		tls_session_free(v.session);
		stand_free(s);
	}
}

/* What one client brings is not there for the next. */
static void
test_issuers(void)
{
	for (size_t i = 0; i < 2; i++) {
		struct stand *s = gate("R", REQUIRED);
		struct tls_visit v = {
		    .stand = s, .version = versions[i], .prepare = prepare};

		for (unsigned n = 0; n < 6; n++) {
			visitor = n % 2 ? ANNA : ALONE;
			CU_ASSERT_EQUAL(tls_visit(&v), visitor == ANNA);
			CU_ASSERT_EQUAL(v.alert_sent,
					visitor == ANNA ? -1 : 48);
			tls_session_free(v.session);
			v.session = NULL;
		}
		stand_free(s);
	}
}

/* Each handshake shows the certificate anew. */
static void
test_no_tickets(void)
{
	for (size_t i = 0; i < 2; i++) {
		struct stand *s = gate("R", REQUIRED);
		struct tls_visit v = {
		    .stand = s, .version = versions[i], .prepare = prepare};

		visitor = ANNA;
		CU_ASSERT_TRUE(tls_visit(&v));
		CU_ASSERT_FALSE(v.ticket);
		/* A ticket of the usual policy opens nothing here. */
		tls_session_free(v.session);
		v.session = NULL;
		s->policy = 1;
		CU_ASSERT_TRUE(tls_visit(&v));
		CU_ASSERT_TRUE(tls_visit(&v));
		CU_ASSERT_TRUE(v.resumed && v.ticket);
		s->policy = 2;
		CU_ASSERT_TRUE(tls_visit(&v));
		CU_ASSERT_FALSE(v.resumed);
		tls_session_free(v.session);
		stand_free(s);
	}
}

void
suite_peer(void)
{
	CU_pSuite suite = CU_add_suite("peer", NULL, NULL);

	CU_add_test(suite, "clients with certificates, good and bad",
		    test_clients);
	CU_add_test(suite, "issuers one client sends are not kept",
		    test_issuers);
	CU_add_test(suite, "no ticket stands for a certificate",
		    test_no_tickets);
}
