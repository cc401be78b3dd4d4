/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shelves.h"
#include "stand.h"
#include "tls_link.h"

#include <CUnit/CUnit.h>

#include <stdio.h>
#include <string.h>

enum { LIST = 12 };

/* What a client offers; lists end in 0. */
struct offer {
	unsigned versions[4], suites[LIST], groups[LIST], signatures[LIST];
};

static const struct offer modern = {
    {0x0304, 0x0303},
    {0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030},
    {0x11ec, 0x1d, 0x17, 0x18},
    {0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501}};
static const struct offer only12 = {{0},
				    {0xc02b, 0xc02f, 0xc02c, 0xc030},
				    {0x1d, 0x17, 0x18},
				    {0x0403, 0x0804, 0x0401}};
static const struct offer only13 = {
    {0x0304}, {0x1301}, {0x1d, 0x17}, {0x0403, 0x0804}};
static const struct offer rsa12 = {
    {0}, {0xc02f, 0xc030, 0x2f}, {0x1d, 0x17}, {0x0401, 0x0403}};
static const struct offer rsa13 = {
    {0x0304}, {0x1301}, {0x1d, 0x17}, {0x0804, 0x0401}};
/* RSA signatures with SHA-1 only. */
static const struct offer sha1 = {
    {0}, {0xc02b, 0xc02f}, {0x1d, 0x17}, {0x0201, 0x0203}};
/* No signature_algorithms: TLS 1.2 has defaults. */
static const struct offer silent = {{0}, {0xc02b, 0xc02f}, {0x1d, 0x17}, {0}};
/* The curve of the ECDSA keys is not among the groups. */
static const struct offer x25519_only = {
    {0}, {0xc02b, 0xc02f}, {0x1d}, {0x0403, 0x0401}};
static const struct offer ecdsa_x25519_only = {{0}, {0xc02b}, {0x1d}, {0x0403}};
static const struct offer sha384_only = {
    {0x0304}, {0x1301}, {0x1d, 0x17}, {0x0503, 0x0805}};
static const struct offer cbc = {
    {0}, {0xc009, 0xc013, 0x2f}, {0x1d, 0x17}, {0x0403, 0x0401}};

static void
fill(struct hello_list *l, const unsigned *numbers, size_t most)
{
	for (l->count = 0; l->count < most && numbers[l->count]; l->count++)
		l->at[l->count] = (uint16_t)numbers[l->count];
}

static void
make_hello(struct hello *h, const struct offer *o, const char *name)
{
	memset(h, 0, sizeof *h);
	h->version = 0x0303;
	fill(&h->versions, o->versions, 4);
	fill(&h->suites, o->suites, LIST);
	fill(&h->groups, o->groups, LIST);
	fill(&h->signatures, o->signatures, LIST);
	(void)snprintf(h->server_name, sizeof h->server_name, "%s", name);
}

/* The pairs of these tests, by what they stand for. */
enum { FIRST, FIRST_RSA, MAIL, MAIL_RSA, WILD_RSA, ONLY_RSA, LATE };

static struct slice
pairs(void)
{
	static const struct {
		const char *names;
		bool rsa;
	} rows[] = {
	    {"first.example.org,second.example.org", false},
	    {"second.example.org,first.example.org", true},
	    {"mail.example.com", false},
	    {"mail.example.com", true},
	    {"*.example.com", true},
	    {"rsa.example.com", true},
	    {"first.example.org", false},
	};
	struct shelf_builder *b;

	CU_ASSERT_EQUAL_FATAL(tls_library_init(), ERR_OK);
	b = shelf_builder_new(NULL, CERTS_NOW);
	CU_ASSERT_PTR_NOT_NULL_FATAL(b);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		CU_ASSERT_EQUAL(
		    shelves_add_named(b, rows[i].names, rows[i].rsa), ERR_OK);
	return shelves_end(b);
}

static void
test_pairs(void)
{
	static const struct {
		const char *shows, *name;
		const struct offer *offer;
		size_t pair;
		unsigned alert;
	} rows[] = {
	    {"no name: the first", "", &modern, FIRST, 0},
	    {"an unknown name: the first", "example.net", &modern, FIRST, 0},
	    {"the first's twin", "", &rsa12, FIRST_RSA, 0},
	    {"the first's twin in TLS 1.3", "x.net", &rsa13, FIRST_RSA, 0},
	    {"an exact name", "mail.example.com", &modern, MAIL, 0},
	    {"in TLS 1.2", "mail.example.com", &only12, MAIL, 0},
	    {"in TLS 1.3", "mail.example.com", &only13, MAIL, 0},
	    {"for RSA only", "mail.example.com", &rsa12, MAIL_RSA, 0},
	    {"for RSA only in TLS 1.3", "mail.example.com", &rsa13, MAIL_RSA,
	     0},
	    {"exact before wildcard", "rsa.example.com", &rsa12, ONLY_RSA, 0},
	    {"a wildcard", "any.example.com", &modern, WILD_RSA, 0},
	    {"one label only", "a.b.example.com", &modern, FIRST, 0},
	    {"who says nothing about signatures", "mail.example.com", &silent,
	     MAIL, 0},
	    {"the key's curve is not the client's: RSA", "mail.example.com",
	     &x25519_only, MAIL_RSA, 0},
	    {"nothing better: it gets it all the same", "mail.example.com",
	     &ecdsa_x25519_only, MAIL, 0},
	    {"another hash than the curve's in TLS 1.3: RSA",
	     "mail.example.com", &sha384_only, MAIL_RSA, 0},
	    {"SHA-1 is no signature", "mail.example.com", &sha1, 0, 40},
	    {"CBC is no cipher", "mail.example.com", &cbc, 0, 40},
	    {"only RSA where only ECDSA is wanted", "rsa.example.com",
	     &ecdsa_x25519_only, 0, 40},
	    {"who comes first has the name", "first.example.org", &modern,
	     FIRST, 0},
	};
	struct stand *s = stand_of(pairs(), NULL, NULL);
	struct hello h;
	struct choice c;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		make_hello(&h, rows[i].offer, rows[i].name);
		store_choose(s->store, s->policy, &h, &c);
		CU_ASSERT_EQUAL(c.alert, rows[i].alert);
		CU_ASSERT_TRUE(rows[i].alert || c.pair == rows[i].pair);
		CU_ASSERT_EQUAL(c.alert != 0, c.reason != NULL);
		if (c.alert != rows[i].alert ||
		    (!c.alert && c.pair != rows[i].pair))
			printf("%s: pair %zu, alert %d\n", rows[i].shows,
			       c.pair, c.alert);
	}
	stand_free(s);
}

static void
test_rules(void)
{
#define OWN "tls_policies:\n  - name: own\n"
	enum { NO_ALPN, IMAP, H2 };
	static const struct {
		const char *policy, *name;
		const struct offer *offer;
		unsigned alpn, alert;
		const char *reason;
	} rows[] = {
	    {NULL, "", &modern, IMAP, 0, NULL},
	    {NULL, "", &modern, H2, 120, "the client wants no IMAP (ALPN)"},
	    {OWN "    alpn: required\n", "", &modern, IMAP, 0, NULL},
	    {OWN "    alpn: required\n", "", &modern, NO_ALPN, 120,
	     "the client names no protocol (ALPN), and the policy requires it"},
	    {OWN "    sni: required\n", "x.org", &modern, NO_ALPN, 0, NULL},
	    {OWN "    sni: required\n", "", &modern, NO_ALPN, 112,
	     "the client names no server (SNI), and the policy requires it"},
	    {OWN "    sni: match\n", "", &modern, NO_ALPN, 112,
	     "the client names no server (SNI), and the policy requires it"},
	    {OWN "    sni: match\n", "x.org", &modern, NO_ALPN, 112,
	     "no certificate is for the name the client asks for"},
	    {OWN "    sni: match\n", "any.example.com", &modern, NO_ALPN, 0,
	     NULL},
	    {OWN "    minimum_version: \"1.3\"\n", "", &only12, NO_ALPN, 70,
	     "the client's TLS version is too old"},
	    {OWN "    maximum_version: \"1.2\"\n", "", &only13, NO_ALPN, 70,
	     "no TLS version in common"},
	    {OWN "    maximum_version: \"1.2\"\n", "", &modern, NO_ALPN, 0,
	     NULL},
	    {OWN "    ciphers: [TLS_AES_128_GCM_SHA256, "
		 "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256]\n",
	     "", &only12, NO_ALPN, 40,
	     "no cipher suite or signature in common"},
	    {OWN "    signature_algorithms: [rsa_pss_rsae_sha256, "
		 "rsa_pkcs1_sha256]\n",
	     "mail.example.com", &modern, NO_ALPN, 0, NULL},
	    {OWN "    signature_algorithms: [rsa_pss_rsae_sha512]\n",
	     "mail.example.com", &modern, NO_ALPN, 40,
	     "no cipher suite or signature in common"},
	};
	struct hello h;
	struct choice c;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct stand *s = stand_of(pairs(), rows[i].policy, NULL);

		make_hello(&h, rows[i].offer, rows[i].name);
		h.alpn_offered = rows[i].alpn != NO_ALPN;
		h.alpn_imap = rows[i].alpn == IMAP;
		store_choose(s->store, s->policy, &h, &c);
		CU_ASSERT_EQUAL(c.alert, rows[i].alert);
		if (rows[i].reason)
			CU_ASSERT_STRING_EQUAL(c.reason, rows[i].reason);
		if (c.alert != rows[i].alert)
			printf("row %zu: alert %d\n", i, c.alert);
		if (strstr(rows[i].policy ? rows[i].policy : "", "rsa_pkcs1"))
			CU_ASSERT_EQUAL(c.pair, MAIL_RSA);
		stand_free(s);
	}
}

/* Real handshakes end as was foretold: with each kind of key, both versions. */
static void
test_handshakes(void)
{
	static const enum certs_kind kinds[] = {CERTS_EC, CERTS_EC384,
						CERTS_RSA};
	static const enum tls_version versions[] = {TLS_VERSION_12,
						    TLS_VERSION_13};

	for (size_t i = 0; i < 6; i++) {
		struct stand *s = stand_new(kinds[i / 2], TLS_VERSION_12);
		struct tls_visit v = {.stand = s, .version = versions[i % 2]};

		CU_ASSERT_TRUE(tls_visit(&v));
		tls_session_free(v.session);
		stand_free(s);
	}
}

void
suite_choose(void)
{
	CU_pSuite suite = CU_add_suite("choose", NULL, NULL);

	CU_add_test(suite, "the pair follows name and abilities", test_pairs);
	CU_add_test(suite, "what the policy wants comes first", test_rules);
	CU_add_test(suite, "every kind of key is served", test_handshakes);
}
