/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tls/lint.h"

#include "tls/pair.h"
#include "tls/store.h"
#include "unit/certs.h"
#include "unit/forge.h"
#include "unit/input.h"
#include "x509/certificate.h"

#include <stdio.h>

#define CE   "\x55\x1d"
#define PKIX "\x2b\x06\x01\x05\x05\x07"

/* Bits of a case: extensions the leaf has, or has in another way. */
enum {
	NO_SAN = 1 << 0,
	NO_EKU = 1 << 1,
	EKU_CLIENT = 1 << 2,
	IS_CA = 1 << 3,
	NO_DIGITAL = 1 << 4,
	STAPLE = 1 << 5,
	HAS_URL = 1 << 6,
	BAD_BOOLEAN = 1 << 7
};

#define NAMES "\x82\x10imap.example.com\x82\x0f*.m.example.com"

static void
put_extension(struct forged *to, struct slice oid, unsigned tag,
	      struct slice content)
{
	struct forged value = {.len = 0};

	forge_put(&value, tag, content);
	forge_extension(to, oid, slice_of(value.bytes, value.len));
}

static struct slice
leaf_extensions(unsigned bits, struct slice names)
{
	static struct forged list;

	list.len = 0;
	put_extension(&list, SLICE(CE "\x13"), 0x30,
		      bits & BAD_BOOLEAN ? SLICE("\x01\x01\x01")
		      : bits & IS_CA     ? SLICE("\x01\x01\xff")
					 : SLICE_EMPTY);
	put_extension(&list, SLICE(CE "\x0f"), 0x03,
		      bits & NO_DIGITAL ? SLICE("\x05\x20")
					: SLICE("\x07\x80"));
	if (!(bits & NO_EKU))
		put_extension(&list, SLICE(CE "\x25"), 0x30,
			      bits & EKU_CLIENT
				  ? SLICE("\x06\x08" PKIX "\x03\x02")
				  : SLICE("\x06\x08" PKIX "\x03\x01"));
	if (!(bits & NO_SAN))
		put_extension(&list, SLICE(CE "\x11"), 0x30,
			      names.len > 0 ? names : SLICE(NAMES));
	if (bits & STAPLE)
		put_extension(&list, SLICE(PKIX "\x01\x18"), 0x30,
			      SLICE("\x02\x01\x05"));
	if (bits & HAS_URL)
		put_extension(
		    &list, SLICE(PKIX "\x01\x01"), 0x30,
		    SLICE("\x30\x11\x06\x08" PKIX "\x30\x02\x86\x05http:"));
	return slice_of(list.bytes, list.len);
}

/* Room for a chain. */
struct chain_text {
	char pem[32768];
};

static struct slice
text_of(const struct chain_text *t)
{
	return slice_str(t->pem);
}

static void
add(struct chain_text *t, const struct forge *f)
{
	static struct forged out;

	forge_certificate(f, &out);
	forge_pem(&out, t->pem, sizeof t->pem);
}

#define CA_BITS                                                                \
	"\x30\x0f\x06\x03" CE "\x13\x01\x01\xff\x04\x05\x30\x03\x01\x01\xff"
#define CA_SIGN "\x30\x0b\x06\x03" CE "\x0f\x04\x04\x03\x02\x02\x04"

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
				       .after = "391231235959Z",
				       .key = FORGE_CA,
				       .signer = FORGE_ROOT,
				       .extensions = T(CA_BITS CA_SIGN)};

static const struct forge leaf = {.subject = "imap.example.com",
				  .issuer = "Forged CA",
				  .before = "261101000000Z",
				  .after = "270130000000Z",
				  .key = FORGE_LEAF,
				  .signer = FORGE_CA};

static struct lint lint;

/* "expired name", errors first, into a string. */
static const char *
found(const struct lint *l)
{
	static char text[1024];
	size_t n = 0;

	text[0] = '\0';
	for (size_t i = 0; i < l->count; i++)
		n += (size_t)snprintf(text + n, sizeof text - n, "%s%s",
				      i > 0 ? " " : "",
				      l->findings[i].rule->name);
	return text;
}

/* Would pair_read take it? Without a key: would it take the chain? */
static bool
loads(const struct lint_input *in)
{
	const struct pair_source src = {
	    .chain = in->chain, .key = in->key, .now = in->now};
	struct pair_fault fault;
	struct pair p;
	bool good = pair_read(&src, &p, &fault) == ERR_OK;

	pair_clear(&p);
	return good || (in->key.len == 0 && fault.in_key);
}

/* Lints, and holds the errors against pair_read. */
static void
run(const char *shows, const struct lint_input *in)
{
	CU_ASSERT_EQUAL_FATAL(tls_library_init(), ERR_OK);
	CU_ASSERT_EQUAL_FATAL(lint_run(in, &lint), ERR_OK);
	SHOWS(shows, (lint.totals[LINT_ERROR] == 0) == loads(in));
	for (size_t i = 0; i < lint.count; i++) {
		const char *text = lint.findings[i].text;

		SHOWS(shows, text[0] != '\0' && !strstr(text, "{}"));
		for (size_t k = 0; text[k]; k++)
			SHOWS(shows, text[k] >= ' ' && text[k] < 127);
	}
}

static void
expect(const char *shows, const struct lint_input *in, const char *names)
{
	run(shows, in);
	SHOWS(shows, strcmp(found(&lint), names) == 0);
	if (strcmp(found(&lint), names) != 0) {
		printf("%s: %s\n", shows, found(&lint));
		for (size_t i = 0; i < lint.count; i++)
			printf("    %s\n", lint.findings[i].text);
	}
}

static struct slice
own_root(void)
{
	static struct chain_text t;

	if (!t.pem[0])
		add(&t, &root);
	return text_of(&t);
}

static struct lint_input
input(struct slice chain)
{
	return (struct lint_input){.chain = chain,
				   .key = forge_key_pem(FORGE_LEAF),
				   .own_roots = own_root(),
				   .now = CERTS_NOW};
}

static const struct {
	const char *shows, *found;
	const char *before, *after;
	unsigned bits;
	struct slice names;
	const char *wanted; /* a name to be covered */
	struct slice serial, algorithm;
	unsigned version;
} leaves[] = {
    {.shows = "nothing wrong", .found = ""},
    {.shows = "expired",
     .found = "expired",
     .before = "260101000000Z",
     .after = "260301000000Z"},
    {.shows = "not yet valid",
     .found = "not-yet-valid",
     .before = "261123000000Z"},
    {.shows = "a third of its life is left",
     .found = "",
     .before = "260923000000Z",
     .after = "261222120000Z"},
    {.shows = "less than a third",
     .found = "ends-soon",
     .before = "260922000000Z",
     .after = "261221000000Z"},
    {.shows = "less than a tenth",
     .found = "ends-now",
     .before = "260901000000Z",
     .after = "261128000000Z"},
    {.shows = "six days, of which five are left",
     .found = "",
     .before = "261121000000Z",
     .after = "261127000000Z"},
    {.shows = "825 days and an hour, from a private CA",
     .found = "",
     .before = "260101000000Z",
     .after = "280405010000Z"},
    {.shows = "826 days, from a private CA",
     .found = "lifetime-private",
     .before = "260101000000Z",
     .after = "280406000000Z"},
    {.shows = "issued before Apple counted",
     .found = "",
     .before = "190601000000Z",
     .after = "390601000000Z"},
    {.shows = "no names", .found = "no-names", .bits = NO_SAN},
    {.shows = "mail addresses only",
     .found = "no-names",
     .names = T("\x81\x03"
		"a@b")},
    {.shows = "a name that is covered", .found = "", .wanted = CERTS_HOST},
    {.shows = "a name that a wildcard covers",
     .found = "",
     .wanted = "x.m.example.com"},
    {.shows = "a name that is not covered",
     .found = "name",
     .wanted = "a.x.m.example.com"},
    {.shows = "a name beyond ASCII", .found = "name", .wanted = "m\xc3\xbc.de"},
    {.shows = "an address that is not covered",
     .found = "name",
     .wanted = "192.0.2.1"},
    {.shows = "a wildcard for all",
     .found = "wildcard",
     .names = T("\x82\x05*.com")},
    {.shows = "half a wildcard",
     .found = "wildcard",
     .names = T("\x82\x0eimap*.test.com")},
    {.shows = "a wildcard inside",
     .found = "wildcard",
     .names = T("\x82\x0a"
		"imap.*.com")},
    {.shows = "an U-label",
     .found = "name-foreign",
     .names = T("\x82\x06m\xc3\xbc.de")},
    {.shows = "an address as DNS name, an address of five bytes",
     .found = "unusable name-form name-form",
     .names = T("\x82\x09"
		"192.0.2.1\x87\x05"
		"12345")},
    {.shows = "a name with a NUL",
     .found = "unusable name-form",
     .names = T("\x82\x05"
		"a.b\0c")},
    {.shows = "for clients only", .found = "purpose", .bits = EKU_CLIENT},
    {.shows = "for nothing in particular",
     .found = "no-purpose",
     .bits = NO_EKU},
    {.shows = "a CA as a server", .found = "ca-leaf", .bits = IS_CA},
    {.shows = "may not sign", .found = "key-usage", .bits = NO_DIGITAL},
    {.shows = "must staple", .found = "must-staple", .bits = STAPLE},
    {.shows = "a negative serial number",
     .found = "serial",
     .serial = T("\xff")},
    {.shows = "a serial number of 0", .found = "serial", .serial = T("\0")},
    {.shows = "the longest serial number",
     .found = "",
     .serial = T("12345678901234567890")},
    {.shows = "a serial number of 21 bytes",
     .found = "serial",
     .serial = T("123456789012345678901")},
};

static void
test_leaves(void)
{
	for (size_t i = 0; i < COUNT(leaves); i++) {
		struct chain_text t = {""};
		struct slice wanted = SLICE_EMPTY;
		struct lint_input in;
		struct forge f = leaf;

		if (leaves[i].before)
			f.before = leaves[i].before;
		if (leaves[i].after)
			f.after = leaves[i].after;
		f.extensions = leaf_extensions(leaves[i].bits, leaves[i].names);
		f.serial = leaves[i].serial;
		add(&t, &f);
		add(&t, &authority);
		in = input(text_of(&t));
		if (leaves[i].wanted) {
			wanted = slice_str(leaves[i].wanted);
			in.names = &wanted;
			in.name_count = 1;
		}
		expect(leaves[i].shows, &in, leaves[i].found);
	}
}

/* By one letter each: Leaf, Authority, Root, Other leaf, Wrong authority. */
static const struct {
	const char *shows, *chain, *found;
	bool no_key, no_roots, system;
	const char *says; /* in the first text */
} chains[] = {
    {"whole", "LA", "", 0, 0, 0, NULL},
    {"whole, without a key", "LA", "", true, 0, 0, NULL},
    {"with its root", "LAR", "root", 0, 0, 0, NULL},
    {"with its root, which has expired", "LAP", "root", 0, 0, 0, NULL},
    {"with its root, whose serial number is 0", "LAZ", "root", 0, 0, 0, NULL},
    {"no intermediate", "L", "missing-issuer", 0, 0, 0, "\"Forged CA\""},
    {"no intermediate, roots are not known", "L", "", 0, true, 0, NULL},
    {"no intermediate but a URL, roots are not known", "U", "missing-issuer", 0,
     true, 0, "at http:"},
    {"whole, its root is not known", "LA", "missing-issuer", 0, 0, true,
     "\"Forged Root\""},
    {"with a root that is not known", "LAR", "root private-root", 0, 0, true,
     NULL},
    {"CA first", "AL", "leaf-first", 0, 0, 0, "right order is 2, 1"},
    {"CA first, without a key", "AL", "leaf-first", true, 0, 0,
     "right order is 2, 1"},
    {"root first, upside down", "RAL", "leaf-first root", 0, 0, 0,
     "right order is 3, 2, 1"},
    {"root before the CA", "LRA", "order root", 0, 0, 0,
     "right order is 1, 3, 2"},
    {"the same one twice", "LLA", "duplicate", 0, 0, 0, "number 1"},
    {"the CA twice", "LAA", "duplicate", 0, 0, 0, "number 2"},
    {"the root twice", "LARR", "root root", 0, 0, 0, NULL},
    {"one that has nothing to do with it", "LAO", "unrelated", 0, 0, 0, NULL},
    {"one in between", "LOA", "unrelated", 0, 0, 0, NULL},
    {"the intermediate was forgotten", "LR", "unrelated missing-issuer root", 0,
     0, 0, NULL},
    {"a CA of the same name", "LW", "wrong-issuer missing-issuer", 0, 0, 0,
     NULL},
    {"both CAs of that name", "LWA", "unrelated", 0, 0, 0, NULL},
    {"an issuer that says it is no CA", "LF", "not-ca", 0, 0, 0, NULL},
    {"an issuer whose key is not for that", "LN", "not-ca", 0, 0, 0, NULL},
    {"another certificate's key", "OA", "pair unrelated missing-issuer", 0, 0,
     0, NULL},
    {"the key of the second", "OLA", "leaf-first unrelated", 0, 0, 0, NULL},
    {"an expired CA", "LX", "expired", 0, 0, 0, "certificate 2 (Forged CA)"},
    {"a CA that ends first", "LE", "issuer-ends", 0, 0, 0, NULL},
    {"signed by itself", "S", "self-signed", 0, 0, 0, NULL},
    {"signed by itself, its own root", "SS", "self-signed root", 0, 0, 0, NULL},
    {"nothing", "", "refused", 0, 0, 0, "no certificate"},
    {"ten", "LAAAAAAAAA",
     "duplicate duplicate duplicate duplicate duplicate "
     "duplicate duplicate",
     0, 0, 0, NULL},
};

static void
forge_letter(struct chain_text *t, char letter)
{
	struct forge f = strchr("LUOS", letter) ? leaf : authority;

	if (strchr("LUOS", letter))
		f.extensions =
		    leaf_extensions(letter == 'U' ? HAS_URL : 0, SLICE_EMPTY);
	if (strchr("RPZ", letter))
		f = root;
	if (letter == 'P')
		f.after = "200101000000Z";
	if (letter == 'Z')
		f.serial = SLICE("\0");
	if (letter == 'O') {
		f.key = FORGE_OTHER;
		f.subject = "other.example.com";
		f.issuer = "Another CA";
	}
	if (letter == 'S') {
		f.issuer = f.subject;
		f.signer = FORGE_LEAF;
	}
	if (letter == 'W')
		f.key = FORGE_OTHER;
	if (letter == 'N')
		f.extensions = SLICE(CA_BITS "\x30\x0b\x06\x03" CE
					     "\x0f\x04\x04\x03\x02\x07\x80");
	if (letter == 'F')
		f.extensions = SLICE_EMPTY;
	if (letter == 'X')
		f.after = "260101000000Z";
	if (letter == 'E')
		f.after = "270101000000Z";
	add(t, &f);
}

/* Each letter is one certificate, however often it comes. */
static void
add_letter(struct chain_text *t, char letter)
{
	static struct chain_text made[26];
	struct chain_text *m = &made[letter - 'A'];
	size_t used = strlen(t->pem), len;

	if (!m->pem[0])
		forge_letter(m, letter);
	len = strlen(m->pem) + 1;
	CU_ASSERT_FATAL(len <= sizeof t->pem - used);
	memcpy(t->pem + used, m->pem, len);
}

static struct slice
system_root(void)
{
	static struct chain_text t;
	struct forge f = root;

	f.subject = f.issuer = "System Root";
	if (!t.pem[0])
		add(&t, &f);
	return text_of(&t);
}

static void
test_chains(void)
{
	for (size_t i = 0; i < COUNT(chains); i++) {
		struct chain_text t = {""};
		struct lint_input in;

		for (const char *p = chains[i].chain; *p; p++)
			add_letter(&t, *p);
		in = input(text_of(&t));
		if (chains[i].no_key)
			in.key = SLICE_EMPTY;
		if (chains[i].no_roots || chains[i].system)
			in.own_roots = SLICE_EMPTY;
		if (chains[i].system)
			in.public_roots = system_root();
		expect(chains[i].shows, &in, chains[i].found);
		if (chains[i].says && lint.count > 0)
			SHOWS(chains[i].shows, strstr(lint.findings[0].text,
						      chains[i].says) != NULL);
	}
}

/* Three of the letters in any order, each as often as it comes. */
static void
test_any_chain(void)
{
	static const char letters[] = "LAROWS";
	const size_t n = sizeof letters - 1;

	for (size_t i = 0; i < n * n * n; i++) {
		char shows[] = {letters[i % n], letters[i / n % n],
				letters[i / n / n], '\0'};
		struct chain_text t = {""};
		struct lint_input in;

		for (const char *p = shows; *p; p++)
			add_letter(&t, *p);
		in = input(text_of(&t));
		run(shows, &in);
		in.key = SLICE_EMPTY;
		run(shows, &in);
	}
}

/* A certificate says whom it is for, in what is said about another name. */
static void
test_lists_names(void)
{
	static const struct {
		struct slice names;
		const char *says;
	} rows[] = {
	    {T("\x82\x01"
	       "a\x82\x01"
	       "b\x81\x03"
	       "c@d"),
	     "it has a, b"},
	    {T("\x87\x04\xc0\x00\x02\x01"), "it has 192.0.2.1"},
	    {T("\x87\x10\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"),
	     "it has 2001:db8:0:0:0:0:0:1"},
	    {T("\x82\x03"
	       "a\x1b"
	       "b"),
	     "it has a?b"},
	};
	struct slice wanted = SLICE("imap.example.com");
	struct forged many = {.len = 0};
	struct lint_input in;

	for (size_t i = 0; i <= COUNT(rows); i++) {
		struct chain_text t = {""};
		struct forge f = leaf;
		bool last = i == COUNT(rows);

		for (int k = 0; last && k < 50; k++)
			forge_put(&many, 0x82, SLICE("mail.example.com"));
		f.extensions = leaf_extensions(
		    0, last ? slice_of(many.bytes, many.len) : rows[i].names);
		add(&t, &f);
		in = input(text_of(&t));
		in.own_roots = SLICE_EMPTY;
		in.names = &wanted;
		in.name_count = 1;
		run("names", &in);
		CU_ASSERT_PTR_NOT_NULL(
		    strstr(lint.findings[0].text,
			   last ? "and 42 more" : rows[i].says));
	}
}

/* The root is one that every client has: the CA is a public one. */
static void
test_public_lifetimes(void)
{
	static const struct {
		const char *before, *after, *found;
	} rows[] = {
	    {"260314000000Z", "270416000000Z", ""}, /* 398 days */
	    {"260314000000Z", "270416000001Z", "lifetime"},
	    {"260315000000Z", "261001000000Z", ""}, /* 200 days */
	    {"260315000000Z", "261001000001Z", "lifetime"},
	    {"270315000000Z", "270623000000Z", ""}, /* 100 days */
	    {"270315000000Z", "270623000001Z", "lifetime"},
	    {"290315000000Z", "290501000000Z", ""}, /* 47 days */
	    {"290315000000Z", "290501000001Z", "lifetime"},
	    {"200831000000Z", "221204000000Z", ""}, /* 825 days */
	    {"200901000000Z", "221204000000Z", "lifetime"},
	    {"170101000000Z", "270101000000Z", ""},
	};
	struct lint_input in;

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct chain_text t = {""};
		struct forge f = leaf;
		struct certificate c;
		static struct forged der;

		f.before = rows[i].before;
		f.after = rows[i].after;
		f.extensions = leaf_extensions(0, SLICE_EMPTY);
		forge_certificate(&f, &der);
		CU_ASSERT_EQUAL_FATAL(
		    certificate_read(slice_of(der.bytes, der.len), &c), ERR_OK);
		add(&t, &f);
		add(&t, &authority);
		in = input(text_of(&t));
		in.public_roots = in.own_roots;
		in.own_roots = SLICE_EMPTY;
		in.now = c.not_before + 60;
		expect(rows[i].after, &in, rows[i].found);
		in.public_roots = SLICE_EMPTY; /* may be public */
		expect(rows[i].after, &in, rows[i].found);
	}
}

static void
test_key_files(void)
{
	struct chain_text t = {""};
	struct lint_input in;

	add_letter(&t, 'L');
	add_letter(&t, 'A');
	in = input(text_of(&t));
	in.key_mode = 0640;
	expect("a key for owner and group", &in, "");
	in.key_mode = 0644;
	expect("a key for everybody", &in, "key-mode");
	CU_ASSERT_PTR_NOT_NULL(strstr(lint.findings[0].text, "0644"));
	in.key_mode = 0;
	in.key = SLICE("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n"
		       "-----END ENCRYPTED PRIVATE KEY-----\n");
	expect("a key with a passphrase", &in, "key");
	CU_ASSERT_PTR_NOT_NULL(strstr(lint.findings[0].text, "encrypted"));
	in.key = SLICE("hello");
	expect("no key", &in, "key");
	in.key = in.chain;
	expect("a certificate as a key", &in, "key");
}

static void
test_other_files(void)
{
	static struct forged der;
	struct chain_text t = {""};
	struct lint_input in;

	forge_certificate(&leaf, &der);
	in = input(slice_of(der.bytes, der.len));
	expect("DER", &in, "not-pem");
	in.chain = in.key;
	expect("a key as a certificate", &in, "refused");
	in.chain = slice_of("", PAIR_FILE_MAX + 1);
	in.chain.len = 0;
	expect("an empty file", &in, "refused");
	add_letter(&t, 'L');
	memcpy(t.pem + strlen(t.pem), "-----BEGIN CERTIFICATE-----\n!", 30);
	in.chain = text_of(&t);
	expect("half of the second", &in, "refused missing-issuer");
}

/* A signature that nobody checks here: it is the leaf alone. */
static void
test_weak_signatures(void)
{
	static const struct {
		struct slice algorithm;
		const char *says;
	} rows[] = {
	    {T("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05\x05\x00"),
	     "SHA-1"},
	    {T("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04\x05\x00"), "MD5"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct chain_text t = {""};
		struct forge f = leaf;
		struct lint_input in;

		f.algorithm = rows[i].algorithm;
		f.extensions = leaf_extensions(0, SLICE_EMPTY);
		add(&t, &f);
		in = input(text_of(&t));
		in.own_roots = SLICE_EMPTY;
		expect(rows[i].says, &in, "weak-signature");
		CU_ASSERT_PTR_NOT_NULL(
		    strstr(lint.findings[0].text, rows[i].says));
	}
}

static void
test_malformed(void)
{
	struct chain_text t = {""};
	struct forge f = leaf;
	struct lint_input in;

	f.extensions = leaf_extensions(BAD_BOOLEAN, SLICE_EMPTY);
	add(&t, &f);
	add(&t, &authority);
	in = input(text_of(&t));
	run("a Boolean that is none", &in);
	CU_ASSERT_PTR_NOT_NULL(strstr(found(&lint), "malformed"));
	CU_ASSERT_STRING_EQUAL(lint.name, "");
	t.pem[0] = '\0';
	f = leaf;
	f.version = 1;
	add(&t, &f);
	add(&t, &authority);
	in = input(text_of(&t));
	expect("version 1", &in, "no-names no-purpose version");
}

/* What test_pair shows to be taken or refused, is that here too. */
static void
test_agrees(void)
{
	static const struct {
		enum certs_kind kind;
		const char *found;
	} rows[] = {
	    {CERTS_EC, "lifetime-private no-purpose"},
	    {CERTS_EC384, "lifetime-private no-purpose"},
	    {CERTS_RSA, "lifetime-private no-purpose"},
	    {CERTS_EC521, "key-type lifetime-private no-purpose"},
	    {CERTS_ED25519, "key-type lifetime-private no-purpose"},
	    {CERTS_SELF_CA, "self-signed lifetime-private no-purpose ca-leaf"},
	    {CERTS_OLD_ISSUER, "expired lifetime-private no-purpose"},
	    {CERTS_NO_CN, "lifetime-private no-purpose"},
	};
	const int64_t times[] = {CERTS_EARLY, CERTS_LATE};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct lint_input in = {.chain = certs_chain(rows[i].kind),
					.key = certs_key(rows[i].kind),
					.own_roots = certs_root(),
					.now = CERTS_NOW};

		expect(rows[i].found, &in, rows[i].found);
		CU_ASSERT_STRING_EQUAL(lint.name, CERTS_HOST);
		for (size_t k = 0; k < COUNT(times); k++) {
			in.now = times[k];
			run("at another time", &in);
		}
		in.key = certs_key(CERTS_EC384);
		run("with another key", &in);
	}
}

/* Cut or altered anywhere: the same verdict as pair_read. */
static void
test_damage(void)
{
	static struct chain_text t;
	struct slice chain = certs_chain(CERTS_EC);
	struct lint_input in = {.chain = chain,
				.key = certs_key(CERTS_EC),
				.own_roots = certs_root(),
				.now = CERTS_NOW};

	memcpy(t.pem, chain.ptr, chain.len);
	for (size_t i = 0; i < chain.len; i += 11) {
		in.chain = slice_head(chain, i);
		run("cut", &in);
		t.pem[i] ^= 4;
		in.chain = slice_of(t.pem, chain.len);
		run("altered", &in);
		t.pem[i] ^= 4;
	}
}

static void
test_many_findings(void)
{
	static struct forged names;
	struct chain_text t = {""};
	struct forge f = leaf;
	struct lint_input in;

	names.len = 0;
	for (int i = 0; i < 100; i++)
		forge_put(&names, 0x82, SLICE("*"));
	f.extensions = leaf_extensions(0, slice_of(names.bytes, names.len));
	add(&t, &f);
	in = input(text_of(&t));
	run("a hundred bad names", &in);
	CU_ASSERT_EQUAL(lint.count, LINT_FINDINGS_MAX);
	CU_ASSERT_EQUAL(lint.dropped, 101 - LINT_FINDINGS_MAX);
	CU_ASSERT_EQUAL(lint.totals[LINT_WARNING], 101);
}

static void
test_rules(void)
{
	for (int i = 0; i < LINT_RULES; i++) {
		const struct lint_rule *r = lint_rule((enum lint_id)i);

		CU_ASSERT_PTR_NOT_NULL_FATAL(r->name);
		SHOWS(r->name, strlen(r->what) < LINT_TEXT_MAX &&
				   strlen(r->who) < LINT_TEXT_MAX &&
				   strlen(r->advice) < LINT_TEXT_MAX);
		SHOWS(r->name, r->who[0] && r->advice[0]);
		for (int k = 0; k < i; k++)
			SHOWS(r->name,
			      strcmp(r->name,
				     lint_rule((enum lint_id)k)->name) != 0);
	}
	CU_ASSERT_STRING_EQUAL(lint_severity_text(LINT_ERROR), "error");
}

void
suite_lint(void)
{
	CU_pSuite suite = CU_add_suite("lint", NULL, NULL);

	CU_add_test(suite, "every rule has a name and its texts", test_rules);
	CU_add_test(suite, "faults of the server's certificate", test_leaves);
	CU_add_test(suite, "faults of the chain", test_chains);
	CU_add_test(suite, "any three certificates: pair_read's verdict",
		    test_any_chain);
	CU_add_test(suite, "the names there are", test_lists_names);
	CU_add_test(suite, "public CAs may give less and less time",
		    test_public_lifetimes);
	CU_add_test(suite, "faults of the key's file", test_key_files);
	CU_add_test(suite, "files that are something else", test_other_files);
	CU_add_test(suite, "weak signatures", test_weak_signatures);
	CU_add_test(suite, "what is badly written", test_malformed);
	CU_add_test(suite, "errors are what pair_read refuses", test_agrees);
	CU_add_test(suite, "damage gives the verdict of pair_read",
		    test_damage);
	CU_add_test(suite, "more findings than there is room for",
		    test_many_findings);
}
