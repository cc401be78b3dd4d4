/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "certs.h"
#include "forge.h"

#include "tls/material.h"
#include "tls/pair.h"
#include "tls/store.h"
#include "x509/names.h"

#include <CUnit/CUnit.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_CAP = 64 * 1024 };

/* Pieces one behind the other. */
struct text {
	char bytes[TEXT_CAP];
	size_t len;
};

static void
add(struct text *t, struct slice s)
{
	CU_ASSERT_TRUE_FATAL(s.len <= TEXT_CAP - t->len);
	memcpy(t->bytes + t->len, s.ptr, s.len);
	t->len += s.len;
}

static struct slice
all(const struct text *t)
{
	return slice_of(t->bytes, t->len);
}

/* The PEM block number `i` of s. */
static struct slice
block(struct slice s, size_t i)
{
	static const char end[] = "-----END CERTIFICATE-----\n";

	for (;;) {
		const unsigned char *at =
		    memmem(s.ptr, s.len, end, sizeof end - 1);
		size_t n;

		CU_ASSERT_PTR_NOT_NULL_FATAL(at);
		n = (size_t)(at - s.ptr) + sizeof end - 1;
		if (i-- == 0)
			return slice_head(s, n);
		s = slice_skip(s, n);
	}
}

static enum err
read_pair(struct slice chain, struct slice key, int64_t now, struct pair *p,
	  struct pair_fault *fault)
{
	const struct pair_source src = {.chain = chain, .key = key, .now = now};

	CU_ASSERT_EQUAL_FATAL(tls_library_init(), ERR_OK);
	return pair_read(&src, p, fault);
}

static void
good(struct slice chain, struct slice key)
{
	struct pair_fault fault;
	struct pair p;

	CU_ASSERT_EQUAL(read_pair(chain, key, CERTS_NOW, &p, &fault), ERR_OK);
	if (fault.cause != ERR_OK)
		printf("unexpected fault: %s\n", fault.text);
	CU_ASSERT_STRING_EQUAL(fault.text, "");
	pair_clear(&p);
}

static void
bad(struct slice chain, struct slice key, int64_t now, enum err cause,
    bool in_key, const char *text)
{
	struct pair_fault fault;
	struct pair p;

	CU_ASSERT_EQUAL(read_pair(chain, key, now, &p, &fault), cause);
	CU_ASSERT_PTR_NULL(p.mem);
	CU_ASSERT_EQUAL(fault.cause, cause);
	CU_ASSERT_EQUAL(fault.in_key, in_key);
	/* What the library adds at the end is its own business. */
	CU_ASSERT_EQUAL(strncmp(fault.text, text, strlen(text)), 0);
	if (strncmp(fault.text, text, strlen(text)) != 0)
		printf("fault: %s\n", fault.text);
}

static void
accepts(void)
{
	static const enum certs_kind kinds[] = {CERTS_EC,         CERTS_EC384,
						CERTS_RSA,        CERTS_SELF_CA,
						CERTS_OLD_ISSUER, CERTS_NO_CN};
	struct slice first = block(certs_chain(CERTS_OLD_ISSUER), 0);

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (kinds[i] == CERTS_OLD_ISSUER)
			good(first, certs_key(kinds[i]));
		else
			good(certs_chain(kinds[i]), certs_key(kinds[i]));
		if (kinds[i] != CERTS_OLD_ISSUER)
			good(certs_chain(kinds[i]), certs_key_pkcs8(kinds[i]));
	}
}

/* Files as people have them. */
static void
accepts_untidy(void)
{
	static struct text t;
	struct slice chain = certs_chain(CERTS_EC);

	t.len = 0;
	add(&t, SLICE("subject=CN = imap.example.com\n"));
	add(&t, chain);
	add(&t, SLICE("issuer=O = Tests\n"));
	add(&t, certs_root());
	add(&t, certs_key(CERTS_EC)); /* one file for all */
	add(&t, SLICE("\n\n"));
	good(all(&t), all(&t));

	t.len = 0;
	for (size_t i = 0; i < chain.len; i++) {
		if (chain.ptr[i] == '\n')
			add(&t, SLICE("\r"));
		add(&t, slice_of(chain.ptr + i, 1));
	}
	good(all(&t), certs_key(CERTS_EC));

	/* openssl ecparam -genkey */
	t.len = 0;
	add(&t, SLICE("-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n"
		      "-----END EC PARAMETERS-----\n"));
	add(&t, certs_key(CERTS_EC));
	good(chain, all(&t));
	good(block(chain, 0), certs_key(CERTS_EC)); /* leaf only */
}

static void
refuses_keys(void)
{
	struct slice chain = certs_chain(CERTS_EC);

	bad(chain, certs_key(CERTS_NO_CN), CERTS_NOW, ERR_MISMATCH, true,
	    "the key does not belong to the first certificate");
	bad(chain, certs_key(CERTS_RSA), CERTS_NOW, ERR_MISMATCH, true,
	    "the key does not belong to the first certificate");
	bad(certs_chain(CERTS_RSA), certs_key(CERTS_EC), CERTS_NOW,
	    ERR_MISMATCH, true,
	    "the key does not belong to the first certificate");
	bad(chain, SLICE_EMPTY, CERTS_NOW, ERR_MISSING, true,
	    "there is no private key in it");
	bad(chain, certs_root(), CERTS_NOW, ERR_MISSING, true,
	    "there is no private key in it");
	bad(chain, slice_head(certs_key(CERTS_EC), 100), CERTS_NOW, ERR_SYNTAX,
	    true, "the private key cannot be read");
	bad(chain,
	    SLICE("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n"
		  "-----END ENCRYPTED PRIVATE KEY-----\n"),
	    CERTS_NOW, ERR_REFUSED, true,
	    "the key is encrypted in a way we do not know; openssl pkcs8 ");
	bad(chain,
	    SLICE("-----BEGIN RSA PRIVATE KEY-----\n"
		  "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAAAA\n"
		  "-----END RSA PRIVATE KEY-----\n"),
	    CERTS_NOW, ERR_REFUSED, true,
	    "the key is encrypted in a way we do not know; openssl pkcs8 ");
}

static void
refuses_key_types(void)
{
	bad(certs_chain(CERTS_EC521), certs_key(CERTS_EC521), CERTS_NOW,
	    ERR_RANGE, false,
	    "the first certificate has an ECDSA key on another curve than "
	    "P-256 and P-384");
	bad(certs_chain(CERTS_ED25519), certs_key(CERTS_ED25519), CERTS_NOW,
	    ERR_RANGE, false,
	    "the first certificate has a key that is neither RSA nor ECDSA");
}

static void
refuses_dates(void)
{
	struct slice chain = certs_chain(CERTS_EC), key = certs_key(CERTS_EC);

	bad(chain, key, CERTS_EARLY, ERR_EARLY, false,
	    "certificate 1 (imap.example.com) is not valid before "
	    "2020-01-01 00:00 UTC");
	bad(chain, key, CERTS_LATE, ERR_EXPIRED, false,
	    "certificate 1 (imap.example.com) expired on 2049-12-31 23:59 "
	    "UTC");
	bad(certs_chain(CERTS_OLD_ISSUER), certs_key(CERTS_OLD_ISSUER),
	    CERTS_NOW, ERR_EXPIRED, false,
	    "certificate 2 (Old Intermediate) expired on 2024-01-01 00:00 "
	    "UTC");
}

static void
refuses_order(void)
{
	static struct text t;
	struct slice chain = certs_chain(CERTS_EC), key = certs_key(CERTS_EC);

	t.len = 0;
	add(&t, certs_intermediate());
	add(&t, block(chain, 0));
	bad(all(&t), key, CERTS_NOW, ERR_MISMATCH, false,
	    "the server's own certificate must be the first: certificate 1 "
	    "(Test Intermediate) is the CA that signed certificate 2 "
	    "(imap.example.com)");
	t.len = 0;
	add(&t, certs_root());
	add(&t, certs_intermediate());
	add(&t, block(chain, 0));
	bad(all(&t), key, CERTS_NOW, ERR_MISMATCH, false,
	    "the server's own certificate must be the first: certificate 1 "
	    "(Test Root) is the CA that signed certificate 2 "
	    "(Test Intermediate)");
	t.len = 0;
	add(&t, block(chain, 0));
	add(&t, certs_root());
	add(&t, certs_intermediate());
	bad(all(&t), key, CERTS_NOW, ERR_MISMATCH, false,
	    "certificate 1 (imap.example.com) is not signed by certificate 2, "
	    "which follows it; each must be followed by its issuer");
	t.len = 0;
	add(&t, block(chain, 0));
	add(&t, chain);
	bad(all(&t), key, CERTS_NOW, ERR_MISMATCH, false,
	    "certificate 1 (imap.example.com) is not signed by certificate 2, "
	    "which follows it; each must be followed by its issuer");
}

static void
refuses_chains(void)
{
	static struct text t;
	struct slice key = certs_key(CERTS_EC);

	bad(SLICE_EMPTY, key, CERTS_NOW, ERR_MISSING, false,
	    "there is no certificate in it");
	bad(key, key, CERTS_NOW, ERR_MISSING, false,
	    "there is no certificate in it, but a private key: are "
	    "chain and key swapped?");
	bad(SLICE("-----BEGIN CERTIFICATE-----\n!!\n"
		  "-----END CERTIFICATE-----\n"),
	    key, CERTS_NOW, ERR_SYNTAX, false,
	    "certificate 1 is not valid PEM");
	bad(SLICE("-----BEGIN CERTIFICATE-----\n"), key, CERTS_NOW, ERR_SYNTAX,
	    false, "certificate 1 is not valid PEM");
	bad(SLICE("-----BEGIN CERTIFICATE-----\nMAA=\n"
		  "-----END CERTIFICATE-----\n"),
	    key, CERTS_NOW, ERR_SYNTAX, false,
	    "certificate 1 cannot be read: ");
	t.len = 0;
	add(&t, certs_chain(CERTS_EC));
	for (int i = 0; i < 8; i++)
		add(&t, certs_root());
	bad(all(&t), key, CERTS_NOW, ERR_LIMIT, false,
	    "more than 9 certificates");
	bad(slice_of("", PAIR_FILE_MAX + 1), key, CERTS_NOW, ERR_LIMIT, false,
	    "more than 262144 bytes");
}

/*
 * RFC 5280 section 4.1.2.2: users of certificates should be prepared for it.
 * Roots of public CAs have it, and who is sent one reads it, too.
 */
static void
takes_serial_0(void)
{
	static const struct forge authority = {
	    .subject = "CA",
	    .issuer = "Root",
	    .before = "200101000000Z",
	    .after = "491231235959Z",
	    .key = FORGE_CA,
	    .signer = FORGE_ROOT,
	    .serial = {(const unsigned char *)"", 1},
	    .extensions = {(const unsigned char *)"\x30\x0f\x06\x03\x55\x1d"
						  "\x13\x01\x01\xff\x04\x05"
						  "\x30\x03\x01\x01\xff",
			   17}};
	struct forge leaf = authority;
	struct forged der;
	char pem[8192] = "";

	leaf.subject = "leaf";
	leaf.issuer = "CA";
	leaf.key = FORGE_LEAF;
	leaf.signer = FORGE_CA;
	leaf.extensions = SLICE_EMPTY;
	forge_certificate(&leaf, &der);
	forge_pem(&der, pem, sizeof pem);
	forge_certificate(&authority, &der);
	forge_pem(&der, pem, sizeof pem);
	good(slice_str(pem), forge_key_pem(FORGE_LEAF));
}

/* Clients have the root, or do not believe it. */
static void
leaves_roots_out(void)
{
	static struct text t;
	struct pair_fault fault;
	struct pair p;

	t.len = 0;
	add(&t, certs_chain(CERTS_EC));
	add(&t, certs_root());
	add(&t, certs_root());
	CU_ASSERT_EQUAL_FATAL(
	    read_pair(all(&t), certs_key(CERTS_EC), CERTS_NOW, &p, &fault),
	    ERR_OK);
	CU_ASSERT_EQUAL(p.count, 2);
	pair_clear(&p);
	/* One that signed itself is all there is. */
	CU_ASSERT_EQUAL_FATAL(read_pair(certs_chain(CERTS_SELF_CA),
					certs_key(CERTS_SELF_CA), CERTS_NOW, &p,
					&fault),
			      ERR_OK);
	CU_ASSERT_EQUAL(p.count, 1);
	pair_clear(&p);
}

/* faults: serve */
static void
serves_faults(void)
{
	static struct text t;
	struct slice chain = certs_chain(CERTS_EC);
	const struct {
		struct slice chain, key;
		int64_t now;
		const char *warning;
	} rows[] = {
	    {chain, certs_key(CERTS_EC), CERTS_NOW, ""},
	    {chain, certs_key(CERTS_EC), CERTS_LATE,
	     "certificate 1 (imap.example.com) expired on 2049-12-31 23:59 "
	     "UTC"},
	    {chain, certs_key(CERTS_EC), CERTS_EARLY,
	     "certificate 1 (imap.example.com) is not valid before "
	     "2020-01-01 00:00 UTC"},
	    {certs_chain(CERTS_EC521), certs_key(CERTS_EC521), CERTS_NOW,
	     "the first certificate has an ECDSA key on another curve than "
	     "P-256 and P-384"},
	    {all(&t), certs_key(CERTS_EC), CERTS_NOW,
	     "certificate 1 (imap.example.com) is not signed by certificate "
	     "2, which follows it; each must be followed by its issuer"},
	};
	const struct pair_source never[] = {
	    {.chain = chain, .key = certs_key(CERTS_RSA), .now = CERTS_NOW},
	    {.chain = certs_chain(CERTS_ED25519),
	     .key = certs_key(CERTS_ED25519),
	     .now = CERTS_NOW},
	};

	t.len = 0;
	add(&t, block(chain, 0));
	add(&t, chain);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct pair_source src = {.chain = i == 4 ? all(&t)
								: rows[i].chain,
						.key = rows[i].key,
						.now = rows[i].now,
						.serve = true};
		struct pair_fault fault;
		struct pair p;

		CU_ASSERT_EQUAL(pair_read(&src, &p, &fault), ERR_OK);
		CU_ASSERT_STRING_EQUAL(p.warning, rows[i].warning);
		pair_clear(&p);
	}
	for (size_t i = 0; i < sizeof never / sizeof never[0]; i++) {
		struct pair_source src = never[i];
		struct pair_fault fault;
		struct pair p;

		src.serve = true;
		CU_ASSERT_NOT_EQUAL(pair_read(&src, &p, &fault), ERR_OK);
		pair_clear(&p);
	}
}

/* With the issuers met before kept ready, the verdicts are the same. */
static void
keeps_issuers(void)
{
	struct issuers *known = issuers_new();

	CU_ASSERT_PTR_NOT_NULL_FATAL(known);
	CU_ASSERT_EQUAL_FATAL(tls_library_init(), ERR_OK);
	for (unsigned i = 0; i < 40; i++) {
		static const enum certs_kind kinds[] = {
		    CERTS_EC, CERTS_OLD_ISSUER, CERTS_RSA};
		enum certs_kind kind = kinds[i % 3];
		const struct pair_source src = {.chain = certs_chain(kind),
						.key = certs_key(kind),
						.now = CERTS_NOW,
						.issuers = known};
		struct pair_fault fault;
		struct pair p;

		CU_ASSERT_EQUAL(pair_read(&src, &p, &fault),
				kind == CERTS_OLD_ISSUER ? ERR_EXPIRED
							 : ERR_OK);
		pair_clear(&p);
	}
	issuers_free(known);
}

/* Cut or altered anywhere, files give a fault or a pair, nothing else. */
static void
damaged(struct slice chain, struct slice key)
{
	struct pair_fault fault;
	struct pair p;
	enum err e = read_pair(chain, key, CERTS_NOW, &p, &fault);

	CU_ASSERT_EQUAL(e != ERR_OK, fault.text[0] != '\0');
	pair_clear(&p);
}

static void
survives_damage(void)
{
	static struct text t;
	struct slice chain = certs_chain(CERTS_EC), key = certs_key(CERTS_EC);

	for (size_t i = 0; i < chain.len; i += 7) {
		damaged(slice_head(chain, i), key);
		t.len = 0;
		add(&t, chain);
		t.bytes[i] ^= 4;
		damaged(all(&t), key);
	}
	for (size_t i = 0; i < key.len; i++)
		damaged(chain, slice_head(key, i));
}

static void
knows_the_leaf(void)
{
	struct pair_fault fault;
	struct pair p;

	CU_ASSERT_EQUAL_FATAL(read_pair(certs_chain(CERTS_NO_CN),
					certs_key(CERTS_NO_CN), CERTS_NOW, &p,
					&fault),
			      ERR_OK);
	CU_ASSERT_STRING_EQUAL(p.name, CERTS_HOST);
	CU_ASSERT_EQUAL(p.kind, KEY_P256);
	CU_ASSERT_EQUAL(p.not_before, 1577836800);
	CU_ASSERT_EQUAL(p.not_after, 2524607999);
	CU_ASSERT_TRUE(strlen(p.serial) >= 16);
	CU_ASSERT_EQUAL(strspn(p.serial, "0123456789abcdef"), strlen(p.serial));
	CU_ASSERT_TRUE(names_cover(p.names, SLICE(CERTS_HOST)));
	pair_clear(&p);
	CU_ASSERT_EQUAL_FATAL(read_pair(certs_chain(CERTS_RSA),
					certs_key(CERTS_RSA), CERTS_NOW, &p,
					&fault),
			      ERR_OK);
	CU_ASSERT_EQUAL(p.kind, KEY_RSA);
	pair_clear(&p);
}

static void
names_the_library(void)
{
	char text[200], tiny[8];

	tls_library_text(text, sizeof text);
	CU_ASSERT_EQUAL(strncmp(text, "wolfSSL 5.", 10), 0);
	CU_ASSERT_EQUAL(text[strlen(text) - 1], ')');
	tls_library_text(tiny, sizeof tiny);
	CU_ASSERT_STRING_EQUAL(tiny, "wolfSSL");
	if (getenv("VERBOSE"))
		printf("%s\n", text);
}

void
suite_pair(void)
{
	CU_pSuite suite = CU_add_suite("pair", NULL, NULL);

	CU_add_test(suite, "good pairs are accepted in all key formats",
		    accepts);
	CU_add_test(suite, "text around the PEM, CRLF, parameters do no harm",
		    accepts_untidy);
	CU_add_test(suite, "a key that is wrong is named as the fault",
		    refuses_keys);
	CU_add_test(suite, "other key types than RSA, P-256, P-384 are refused",
		    refuses_key_types);
	CU_add_test(suite, "dates are judged by the time passed in",
		    refuses_dates);
	CU_add_test(suite, "the leaf comes first, then issuer by issuer",
		    refuses_order);
	CU_add_test(suite, "what is no chain is refused", refuses_chains);
	CU_add_test(suite, "a root at the end is left out", leaves_roots_out);
	CU_add_test(suite, "a serial number of 0 is taken", takes_serial_0);
	CU_add_test(suite, "what clients refuse is served if that is wanted",
		    serves_faults);
	CU_add_test(suite, "issuers met before are kept ready", keeps_issuers);
	CU_add_test(suite, "damaged files give a fault and a sentence",
		    survives_damage);
	CU_add_test(suite, "name, serial, dates and type of the leaf are known",
		    knows_the_leaf);
	CU_add_test(suite, "the library tells its name", names_the_library);
}
