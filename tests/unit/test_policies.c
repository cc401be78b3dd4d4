/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/settings.h"

#include <CUnit/CUnit.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BACKENDS "backends: [{name: m, address: mail, port: 1143}]\n"
#define CERTS    "certificates: [{chain: /c, key: /k}]\n"
#define LEAST    CERTS BACKENDS
#define POLICY   LEAST "tls_policies:\n  - name: k\n    "
#define IMAPS    "listeners: [{name: a, port: 993, mode: implicit, tls_policies: "
#define INSIDE   "tls_policies: [{name: k, networks: [10.0.0.0/8]}]\n"

static const struct {
	const char *what, *yaml, *expected;
} faults[] = {
    /* what there was before */
    {"certificates are not below tls", LEAST "tls:\n  certificate: /c\n",
     "4:3: unknown key 'certificate' in 'tls'; did you mean 'certificates'?"},
    {"nor are their keys", LEAST "tls:\n  key: /k\n",
     "4:3: unknown key 'key' in 'tls'; did you mean 'certificates.key'?"},
    {"versions are a policy's", LEAST "tls:\n  minimum_version: \"1.3\"\n",
     "4:3: unknown key 'minimum_version' in 'tls'; did you mean "
     "'tls_policies.minimum_version'?"},
    /* certificates */
    {"no certificate at all", "certificates: []\n" BACKENDS,
     "1:15: 'certificates': expected at least one entry"},
    {"an entry with nothing in it", "certificates: [{}]\n" BACKENDS,
     "1:16: 'certificates': expected chain and key, or a directory"},
    {"an entry that says only how",
     "certificates: [{faults: serve}]\n" BACKENDS,
     "1:16: 'certificates': expected chain and key, or a directory"},
    {"a chain without its key", "certificates: [{chain: /c}]\n" BACKENDS,
     "1:16: 'certificates': the chain /c has no key"},
    {"a key without its chain",
     "certificates:\n  - directory: /d\n  - key: /k\n" BACKENDS,
     "3:5: 'certificates': the key /k has no chain"},
    {"both in one entry",
     "certificates: [{chain: /c, key: /k, directory: /d}]\n" BACKENDS,
     "1:48: 'certificates': chain and key, or a directory, but not both in "
     "one entry"},
    {"a staple for a directory",
     "certificates: [{directory: /d, staple: /s}]\n" BACKENDS,
     "1:40: 'certificates.staple' belongs to a chain; in a directory, staples "
     "are found by their names"},
    {"one chain twice",
     "certificates:\n  - {chain: /c, key: /k}\n  - {key: /l, chain: "
     "/c}\n" BACKENDS,
     "3:22: 'certificates': /c is given twice"},
    {"one directory twice",
     "certificates: [{directory: /d}, {directory: /d}]\n" BACKENDS,
     "1:45: 'certificates': /d is given twice"},
    {"something else than the two answers to faults",
     "certificates: [{directory: /d, faults: ignore}]\n" BACKENDS,
     "1:40: 'certificates.faults': expected either refuse or serve, found "
     "'ignore'"},
    /* names in a vocabulary */
    {"an unknown cipher suite brings the nearest ones to mind",
     POLICY "ciphers: [TLS_AES_128_GCM_SHA255]\n",
     "5:15: 'tls_policies.ciphers': unknown cipher suite "
     "'TLS_AES_128_GCM_SHA255'; the nearest are TLS_AES_128_GCM_SHA256, "
     "TLS_AES_256_GCM_SHA384 and TLS_CHACHA20_POLY1305_SHA256"},
    {"an unknown group", POLICY "groups: [x25519, secp256]\n",
     "5:22: 'tls_policies.groups': unknown group 'secp256'; the nearest are "
     "secp256r1, secp521r1 and secp384r1"},
    {"an unknown signature algorithm",
     POLICY "signature_algorithms: [rsa_pss_sha256]\n",
     "5:28: 'tls_policies.signature_algorithms': unknown signature algorithm "
     "'rsa_pss_sha256'; the nearest are rsa_pkcs1_sha256, "
     "rsa_pss_pss_sha256 and rsa_pss_rsae_sha256"},
    {"what is weak is known, and refused",
     POLICY "ciphers: [TLS_RSA_WITH_AES_128_CBC_SHA]\n",
     "5:15: 'tls_policies.ciphers': 'TLS_RSA_WITH_AES_128_CBC_SHA' is known "
     "but refused: it has no forward secrecy: who gets the key one day reads "
     "all that was recorded"},
    {"so are weak groups", POLICY "groups: [ffdhe2048]\n",
     "5:14: 'tls_policies.groups': 'ffdhe2048' is known but refused: "
     "finite-field Diffie-Hellman is slow, and TLS 1.2 cannot agree on its "
     "group"},
    {"and weak signatures", POLICY "signature_algorithms: [rsa_pkcs1_sha1]\n",
     "5:28: 'tls_policies.signature_algorithms': 'rsa_pkcs1_sha1' is known "
     "but refused: SHA-1 is broken (RFC 9155)"},
    {"one group twice, by two names", POLICY "groups: [P-256, secp256r1]\n",
     "5:21: 'tls_policies.groups': 'secp256r1' is given twice"},
    {"no cipher suite", POLICY "ciphers: []\n",
     "5:14: 'tls_policies.ciphers': expected at least one entry"},
    {"a colon-separated list", POLICY "ciphers: HIGH:!aNULL\n",
     "5:14: 'tls_policies.ciphers': expected a list of cipher suites such as "
     "TLS_AES_128_GCM_SHA256, found 'HIGH:!aNULL'"},
    {"a list in the list", POLICY "groups: [[x25519]]\n",
     "5:14: 'tls_policies.groups': expected a name, found a list"},
    {"a group that is nothing", POLICY "groups: [~]\n",
     "5:14: 'tls_policies.groups': expected a name, found nothing"},
    /* policies */
    {"TLS 1.1", POLICY "minimum_version: \"1.1\"\n",
     "5:22: 'tls_policies.minimum_version': expected either 1.2 or 1.3, found "
     "'1.1'"},
    {"a policy without a name", LEAST "tls_policies:\n  - alpn: required\n",
     "4:5: missing key 'tls_policies.name'"},
    {"a name that is taken", LEAST "tls_policies:\n  - name: a\n  - name: a\n",
     "5:11: two TLS policies are called 'a'"},
    {"a name that is built in", LEAST "tls_policies: [{name: modern}]\n",
     "3:23: the TLS policy 'modern' is built in; name yours differently"},
    {"a base that there is not", POLICY "base: intermediat\n",
     "5:11: 'tls_policies.base': there is no TLS policy 'intermediat'; did "
     "you mean 'intermediate'?"},
    {"nor anything like it", POLICY "base: old\n",
     "5:11: 'tls_policies.base': there is no TLS policy 'old'"},
    {"a base that comes later", POLICY "base: l\n  - name: l\n",
     "5:11: TLS policy 'k': its base 'l' must be written before it"},
    {"a policy that is its own base", POLICY "base: k\n",
     "5:11: TLS policy 'k': its base 'k' must be written before it"},
    {"versions that are none",
     POLICY "minimum_version: \"1.3\"\n    maximum_version: \"1.2\"\n",
     "5:22: TLS policy 'k': its minimum_version is above its "
     "maximum_version"},
    {"the same with one of them from the base",
     POLICY "base: modern\n    maximum_version: \"1.2\"\n",
     "6:22: TLS policy 'k': its minimum_version is above its "
     "maximum_version"},
    {"a version without cipher suites",
     POLICY "ciphers: [TLS_AES_128_GCM_SHA256]\n",
     "5:14: TLS policy 'k' allows TLS 1.2, but has no cipher suite for it; "
     "add one, or change 'tls_policies.minimum_version'"},
    {"the same with those of the base",
     POLICY "base: modern\n    minimum_version: \"1.2\"\n",
     "6:22: TLS policy 'k' allows TLS 1.2, but has no cipher suite for it; "
     "add one, or change 'tls_policies.minimum_version'"},
    {"a version without groups", POLICY "groups: [X25519MLKEM768]\n",
     "5:13: TLS policy 'k' allows TLS 1.2, but has no group for it; "
     "add one, or change 'tls_policies.minimum_version'"},
    {"a version without signature algorithms",
     POLICY "signature_algorithms: [rsa_pkcs1_sha256]\n",
     "5:27: TLS policy 'k' allows TLS 1.3, but has no signature algorithm for "
     "it; add one, or change 'tls_policies.maximum_version'"},
    {"signatures that fit no cipher suite of TLS 1.2",
     POLICY "ciphers: [TLS_AES_128_GCM_SHA256, ECDHE-RSA-AES128-GCM-SHA256]\n"
	    "    signature_algorithms: [ecdsa_secp256r1_sha256]\n",
     "6:27: TLS policy 'k': with TLS 1.2 none of its signature algorithms "
     "fits its cipher suites (ECDSA, RSA)"},
    {"a cipher suite for a version that is not allowed",
     POLICY "base: modern\n    ciphers: [TLS_AES_128_GCM_SHA256, "
	    "ECDHE-RSA-AES128-GCM-SHA256]\n",
     "6:14: TLS policy 'k': TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 cannot be "
     "used with its versions of TLS"},
    {"client certificates of no authority",
     POLICY "client_certificate: optional\n",
     "5:25: TLS policy 'k': who asks for client certificates needs a "
     "client_ca"},
    {"an authority that is never asked", POLICY "client_ca: /ca\n",
     "5:16: TLS policy 'k': 'tls_policies.client_ca' has no effect while "
     "client_certificate is off"},
    {"names that are never looked at",
     POLICY "client_certificate: off\n    client_names: [a]\n",
     "6:19: TLS policy 'k': 'tls_policies.client_names' has no effect while "
     "client_certificate is off"},
    {"a client's name with an escape in it",
     POLICY "client_names: [a, \"b\\ec\"]\n",
     "5:23: 'tls_policies.client_names': expected a name of 1 to 255 "
     "printable bytes, found 'b\\u001bc'"},
    {"a client's name twice", POLICY "client_names: [a, b, a]\n",
     "5:26: 'tls_policies.client_names': 'a' is given twice"},
    {"a word that is none of three", POLICY "sni: strict\n",
     "5:10: 'tls_policies.sni': expected either optional, required or match, "
     "found 'strict'"},
    {"a key of a policy that is misspelt", POLICY "cipher: []\n",
     "5:5: unknown key 'cipher' in 'tls_policies'; did you mean 'ciphers'?"},
    /* who gets which */
    {"a policy that there is not", LEAST IMAPS "[modrn]}]\n",
     "3:64: 'listeners.tls_policies': there is no TLS policy 'modrn'; did you "
     "mean 'modern'?"},
    {"no policy", LEAST IMAPS "[]}]\n",
     "3:64: 'listeners.tls_policies': expected at least one entry"},
    {"one that is no name", LEAST IMAPS "[a b]}]\n",
     "3:65: 'listeners.tls_policies': expected a name, found 'a b'"},
    {"one twice", LEAST IMAPS "[modern, modern]}]\n",
     "3:73: 'listeners.tls_policies': 'modern' is given twice"},
    {"clients that get none", LEAST INSIDE IMAPS "[k]}]\n",
     "4:64: 'listeners.tls_policies': the last one, 'k', is for some networks "
     "only; add one without networks, such as intermediate"},
    {"a policy that nobody gets",
     LEAST INSIDE IMAPS "[modern, k, intermediate]}]\n",
     "4:64: 'listeners.tls_policies': nobody gets 'k', for 'modern' before it "
     "holds everybody"},
    {"two that hold everybody", LEAST IMAPS "[modern, intermediate]}]\n",
     "3:64: 'listeners.tls_policies': nobody gets 'intermediate', for "
     "'modern' before it holds everybody"},
    /* tickets and files */
    {"more keys for tickets than are kept",
     LEAST "tls: {ticket_rotation: 44m}\n",
     "3:24: 'tls.ticket_lifetime' may not be more than 32 times "
     "'tls.ticket_rotation'"},
    {"the same with the lifetime written",
     LEAST "tls: {ticket_lifetime: 168h, ticket_rotation: 5h}\n",
     "3:47: 'tls.ticket_lifetime' may not be more than 32 times "
     "'tls.ticket_rotation'"},
    {"tickets that live longer than RFC 8446 allows",
     LEAST "tls: {ticket_lifetime: 169h}\n",
     "3:24: 'tls.ticket_lifetime': expected a time from 1s to 7d, found "
     "'169h'"},
    {"a key that lives for a moment only",
     LEAST "tls: {ticket_rotation: 59s}\n",
     "3:24: 'tls.ticket_rotation': expected a time from 1m to 7d, found "
     "'59s'"},
    {"files that are looked at all the time", LEAST "tls: {watch: 10ms}\n",
     "3:14: 'tls.watch': expected 0s, or one second at least"},
};

static void
test_faults(void)
{
	for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
		struct settings *s = NULL;
		struct settings_fault f = {0};
		char text[600];
		enum err e = settings_load(slice_str(faults[i].yaml), &s, &f);

		(void)snprintf(text, sizeof text, "%u:%u: %s", f.line, f.column,
			       f.text);
		CU_ASSERT(e != ERR_OK && !s);
		CU_ASSERT_STRING_EQUAL(text, faults[i].expected);
		if (strcmp(text, faults[i].expected) != 0)
			printf("%s:\n  %s\n  %s\n", faults[i].what,
			       faults[i].expected, text);
		settings_free(s);
	}
}

static struct settings *
load(const char *yaml)
{
	struct settings *s = NULL;
	struct settings_fault f = {0};

	if (settings_load(slice_str(yaml), &s, &f) != ERR_OK)
		printf("%u:%u: %s\n", f.line, f.column, f.text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	return s;
}

static void
test_built_in(void)
{
	struct settings *s = load(LEAST);
	const struct tls_policy_settings *modern = &s->tls_policies[0];
	const struct tls_policy_settings *usual = &s->tls_policies[1];

	CU_ASSERT_EQUAL(s->tls_policies_count, SETTINGS_BUILT_IN_POLICIES);
	CU_ASSERT_STRING_EQUAL(modern->name, "modern");
	CU_ASSERT_EQUAL(modern->minimum, TLS_VERSION_13);
	CU_ASSERT_EQUAL(modern->ciphers_count, 3);
	CU_ASSERT_STRING_EQUAL(usual->name, "intermediate");
	CU_ASSERT_EQUAL(usual->minimum, TLS_VERSION_12);
	CU_ASSERT_EQUAL(usual->ciphers_count, TLS_CIPHERS);
	CU_ASSERT_EQUAL(usual->signatures_count, TLS_SIGNATURES);
	for (size_t i = 0; i < SETTINGS_BUILT_IN_POLICIES; i++) {
		const struct tls_policy_settings *p = &s->tls_policies[i];

		CU_ASSERT_EQUAL(p->maximum, TLS_VERSION_13);
		CU_ASSERT_EQUAL(p->groups[0], TLS_GROUP_X25519MLKEM768);
		CU_ASSERT_EQUAL(p->groups_count, 4);
		CU_ASSERT_EQUAL(p->networks_count, 0);
		CU_ASSERT(p->ciphers_by_speed);
		CU_ASSERT_EQUAL(p->client_certificate, CLIENT_CERTIFICATE_OFF);
		CU_ASSERT_STRING_EQUAL(p->client_ca, "");
	}
	CU_ASSERT_EQUAL(s->listeners[0].tls_policies_at[0], 1);
	settings_free(s);
}

static void
test_base(void)
{
	struct settings *s =
	    load(LEAST "tls_policies:\n"
		       "  - name: a\n"
		       "    networks: [10.0.0.0/8]\n"
		       "    groups: [X25519MLKEM768, P-384]\n"
		       "    ciphers: [TLS_CHACHA20_POLY1305_SHA256,\n"
		       "      ECDHE-RSA-AES128-GCM-SHA256]\n"
		       "    sni: match\n"
		       "    client_certificate: required\n"
		       "    client_ca: /ca\n"
		       "    client_names: [x, y]\n"
		       "  - {name: b, base: a, maximum_version: \"1.2\"}\n"
		       "  - {name: c, base: b, client_certificate: off}\n"
		       "  - {name: d, minimum_version: \"1.3\"}\n");
	const struct tls_policy_settings *a = &s->own_policies[0];
	const struct tls_policy_settings *b = a + 1, *c = a + 2, *d = a + 3;

	CU_ASSERT_PTR_EQUAL(a, s->tls_policies + SETTINGS_BUILT_IN_POLICIES);
	CU_ASSERT_EQUAL(s->tls_policies_count, 6);
	/* What was not said is the default base's. */
	CU_ASSERT_EQUAL(a->minimum, TLS_VERSION_12);
	CU_ASSERT_EQUAL(a->signatures_count, TLS_SIGNATURES);
	CU_ASSERT_EQUAL(a->ciphers_count, 2);
	CU_ASSERT_EQUAL(a->ciphers[1], TLS_CIPHER_ECDHE_RSA_AES_128_GCM);
	CU_ASSERT_FALSE(a->ciphers_by_speed);
	CU_ASSERT_EQUAL(a->places.client_ca.line, 11);
	CU_ASSERT_EQUAL(a->places.client_ca.column, 16);
	/* Or that of a base of ours: all but the networks, and without what
	 * belongs to a version that is not there. */
	CU_ASSERT_EQUAL(b->networks_count, 0);
	CU_ASSERT_EQUAL(b->ciphers_count, 1);
	CU_ASSERT_EQUAL(b->ciphers[0], TLS_CIPHER_ECDHE_RSA_AES_128_GCM);
	CU_ASSERT_EQUAL(b->groups_count, 1);
	CU_ASSERT_EQUAL(b->groups[0], TLS_GROUP_SECP384R1);
	CU_ASSERT_EQUAL(b->sni, TLS_SNI_MATCH);
	CU_ASSERT_EQUAL(b->client_certificate, CLIENT_CERTIFICATE_REQUIRED);
	CU_ASSERT_STRING_EQUAL(b->client_ca, "/ca");
	CU_ASSERT_EQUAL_FATAL(b->client_names_count, 2);
	CU_ASSERT_STRING_EQUAL(b->client_names[1], "y");
	CU_ASSERT_EQUAL(b->places.client_ca.line, 0);
	/* Who is not asked needs no authority. */
	CU_ASSERT_STRING_EQUAL(c->client_ca, "");
	CU_ASSERT_EQUAL(c->client_names_count, 0);
	CU_ASSERT_EQUAL(c->maximum, TLS_VERSION_12);
	/* The fastest goes first unless somebody chose. */
	CU_ASSERT(d->ciphers_by_speed);
	CU_ASSERT_EQUAL(d->ciphers_count, 3);
	CU_ASSERT_EQUAL(d->signatures_count, 10);
	settings_free(s);
}

static void
test_who_gets_which(void)
{
	static const struct {
		const char *client, *policy;
	} rows[] = {
	    {"10.9.0.1", "kiosks"},        {"10.10.0.1", "inside"},
	    {"2001:db8::1", "inside"},     {"192.0.2.1", "modern"},
	    {"::ffff:10.9.0.1", "kiosks"}, {"2001:db9::1", "modern"},
	};
	struct settings *s =
	    load(IMAPS "[kiosks, inside, modern]}]\n" LEAST "tls_policies:\n"
		       "  - {name: inside, networks: [10.0.0.0/8, "
		       "\"2001:db8::/32\"]}\n"
		       "  - {name: kiosks, networks: [10.9.0.0/16]}\n");

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct address client;
		size_t at;

		CU_ASSERT_EQUAL(
		    address_parse(slice_str(rows[i].client), &client), ERR_OK);
		at = settings_policy_of(s, &s->listeners[0], &client);
		CU_ASSERT_STRING_EQUAL(s->tls_policies[at].name,
				       rows[i].policy);
	}
	settings_free(s);
}

static const struct vocabulary *const vocabularies[] = {
    &tls_ciphers, &tls_groups, &tls_signatures};

static void
found(const struct vocabulary *v, const char *name, size_t id)
{
	uint8_t at = UINT8_MAX;

	CU_ASSERT_EQUAL(vocabulary_find(v, slice_str(name), &at), ERR_OK);
	CU_ASSERT_EQUAL(at, id);
}

static void
test_vocabulary(void)
{
	for (size_t n = 0; n < 3; n++) {
		const struct vocabulary *v = vocabularies[n];

		for (size_t i = 0; i < v->count; i++) {
			const struct term *t = &v->terms[i];

			found(v, t->name, i);
			for (size_t j = 0; j < 2 && t->aliases[j]; j++)
				found(v, t->aliases[j], i);
			CU_ASSERT(t->tls12 || t->tls13);
			CU_ASSERT_PTR_NULL(
			    vocabulary_refusal(v, slice_str(t->name)));
			for (size_t j = 0; j < i; j++)
				CU_ASSERT_NOT_EQUAL(v->terms[j].code, t->code);
		}
	}
	found(&tls_groups, "X25519", TLS_GROUP_X25519);
	found(&tls_ciphers, "tls_aes_128_gcm_sha256", TLS_CIPHER_AES_128_GCM);
}

static void
test_refused(void)
{
	static const struct {
		const struct vocabulary *in;
		const char *name, *why; /* the beginning; NULL: unknown */
	} rows[] = {
	    {&tls_ciphers, "TLS_NULL_WITH_NULL_NULL", "it encrypts nothing"},
	    {&tls_ciphers, "TLS_RSA_WITH_NULL_SHA256", "it encrypts nothing"},
	    {&tls_ciphers, "TLS_RSA_EXPORT_WITH_RC4_40_MD5", "its keys are"},
	    {&tls_ciphers, "EXP-RC4-MD5", "its keys are"},
	    {&tls_ciphers, "TLS_DH_anon_WITH_AES_128_GCM_SHA256",
	     "it does not say who"},
	    {&tls_ciphers, "ADH-AES128-SHA", "it does not say who"},
	    {&tls_ciphers, "TLS_ECDHE_RSA_WITH_RC4_128_SHA", "RC4 is broken"},
	    {&tls_ciphers, "TLS_RSA_WITH_3DES_EDE_CBC_SHA", "blocks of 64"},
	    {&tls_ciphers, "DES-CBC3-SHA", "blocks of 64"},
	    {&tls_ciphers, "TLS_PSK_WITH_AES_128_GCM_SHA256", "it knows no"},
	    {&tls_ciphers, "TLS_RSA_WITH_AES_128_GCM_SHA256",
	     "it has no forward"},
	    {&tls_ciphers, "AES128-GCM-SHA256", "it has no forward"},
	    {&tls_ciphers, "AES256-SHA", "it has no forward"},
	    {&tls_ciphers, "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256",
	     "of finite-field"},
	    {&tls_ciphers, "DHE-RSA-AES256-GCM-SHA384", "of finite-field"},
	    {&tls_ciphers, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "CBC lets"},
	    {&tls_ciphers, "ECDHE-RSA-AES128-SHA256", "CBC lets"},
	    {&tls_ciphers, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8", "its tags"},
	    {&tls_ciphers, "TLS_AES_128_CCM_SHA256", "our TLS library"},
	    {&tls_ciphers, "HIGH", NULL},
	    {&tls_ciphers, "mydescription", NULL},
	    {&tls_ciphers, "TLS_AES_128_GCM", NULL},
	    {&tls_ciphers, "", NULL},
	    {&tls_groups, "secp192r1", "it is too small"},
	    {&tls_groups, "sect571r1", "binary curves"},
	    {&tls_groups, "X448", "our TLS library"},
	    {&tls_groups, "SecP384r1MLKEM1024", "our TLS library"},
	    {&tls_groups, "X25519Kyber768Draft00", "it was a draft"},
	    {&tls_groups, "secp255r1", NULL},
	    {&tls_signatures, "ecdsa_sha1", "SHA-1"},
	    {&tls_signatures, "ed448", "our TLS library"},
	    {&tls_signatures, "rsa", NULL},
	};
	uint8_t id;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct slice name = slice_str(rows[i].name);
		const char *why = vocabulary_refusal(rows[i].in, name);

		CU_ASSERT_EQUAL(vocabulary_find(rows[i].in, name, &id),
				ERR_UNKNOWN);
		CU_ASSERT_EQUAL(!why, !rows[i].why);
		if (!why || !rows[i].why ||
		    !slice_istarts(slice_str(why), slice_str(rows[i].why)))
			CU_ASSERT_PTR_EQUAL(why, rows[i].why);
	}
}

/* n certificates, each of other files */
static size_t
write_certificates(char *out, size_t cap, unsigned n)
{
	size_t len = (size_t)snprintf(out, cap, "%scertificates:\n", BACKENDS);

	for (unsigned i = 1; i <= n; i++)
		len += (size_t)snprintf(out + len, cap - len,
					"- {chain: /c%u,key: /k%u}\n", i, i);
	return len;
}

static void
test_many(void)
{
	static char yaml[64 * 1024];
	struct settings *s = NULL;
	struct settings_fault f = {0};
	size_t len =
	    write_certificates(yaml, sizeof yaml, SETTINGS_CERTIFICATES_MAX);

	CU_ASSERT_EQUAL_FATAL(settings_load(slice_of(yaml, len), &s, &f),
			      ERR_OK);
	CU_ASSERT_EQUAL(s->certificates_count, SETTINGS_CERTIFICATES_MAX);
	CU_ASSERT_STRING_EQUAL(s->certificates[1023].key, "/k1024");
	CU_ASSERT_EQUAL(s->certificates[1023].places.key.line, 2 + 1024);
	settings_free(s);
	len = write_certificates(yaml, sizeof yaml,
				 SETTINGS_CERTIFICATES_MAX + 1);
	CU_ASSERT_EQUAL(settings_load(slice_of(yaml, len), &s, &f), ERR_LIMIT);
	CU_ASSERT_STRING_EQUAL(f.text,
			       "'certificates': expected at most 1024 entries");
}

/* Texts as close to each other as YAML lets them stand. */
static void
test_dense(void)
{
	char yaml[8192];
	size_t len = (size_t)snprintf(
	    yaml, sizeof yaml,
	    "%stls_policies: [{name: k,client_certificate: required,client_ca: "
	    "/a,client_names: [",
	    LEAST);
	struct settings *s;

	for (unsigned i = 0; i < SETTINGS_CLIENT_NAMES_MAX; i++)
		len += (size_t)snprintf(yaml + len, sizeof yaml - len, "%s%u",
					i > 0 ? "," : "", i);
	(void)snprintf(yaml + len, sizeof yaml - len, "]}]");
	s = load(yaml);
	CU_ASSERT_EQUAL_FATAL(s->own_policies[0].client_names_count,
			      SETTINGS_CLIENT_NAMES_MAX);
	CU_ASSERT_STRING_EQUAL(s->own_policies[0].client_names[255], "255");
	settings_free(s);
}

void
suite_policies(void)
{
	CU_pSuite suite = CU_add_suite("policies", NULL, NULL);

	CU_add_test(suite, "what makes no sense is refused where it stands",
		    test_faults);
	CU_add_test(suite, "two policies are built in", test_built_in);
	CU_add_test(suite, "what is not said is the base's", test_base);
	CU_add_test(suite, "the first policy that holds a client is its own",
		    test_who_gets_which);
	CU_add_test(suite, "each name and alias means one thing",
		    test_vocabulary);
	CU_add_test(suite, "nothing weak can be named", test_refused);
	CU_add_test(suite, "there may be a thousand certificates", test_many);
	CU_add_test(suite, "dense texts have room", test_dense);
}
