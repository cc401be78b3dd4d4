/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "chains.h"

#include "forge_words.h"
#include "tls/internal.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define T(text)                                                                \
	{                                                                      \
		(const unsigned char *)(text), sizeof(text) - 1                \
	}

/* What a server's own has, but for names. */
#define OWN  "notca ku=80 eku=server "
#define GOOD OWN "dns=" CHAINS_HOST
#define MD5  "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04\x05\x00"

/* SubjectPublicKeyInfos of keys that nobody here has. */
#define P224                                                                   \
	"\x30\x4e\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81" \
	"\x04\x00\x21\x03\x3a\x00\x04\xaf\x39\xfd\x27\xa8\x44\xea\xa1\x9d\xa9" \
	"\xcb\x61\x4b\x6d\x0c\xb9\x06\x9b\x8b\x9d\xbc\xe9\xda\xf5\xa1\x03\xd8" \
	"\x65\xf0\xa3\x95\x25\xc2\x7a\x5d\x22\x41\xf9\x6b\xa3\x92\xb5\x0e\x61" \
	"\xd1\x68\xe0\x75\x09\x30\x4b\x51\xcf\xca\x46\x09"
#define K256                                                                   \
	"\x30\x56\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81" \
	"\x04\x00\x0a\x03\x42\x00\x04\x55\x47\x7e\xc8\xd0\x51\xde\x69\xbe\x2a" \
	"\xc6\x5a\xb0\xea\x44\x58\xc0\x94\x66\xe7\x59\x5b\xf6\x4a\x67\x20\x44" \
	"\x9c\x3b\xbc\xa9\x26\xce\x6d\x7b\x3c\x37\x79\x8b\x2c\xac\x66\x18\xd7" \
	"\x05\xe4\x5b\xe4\x4d\xad\x23\x2a\xa4\x88\x51\x2d\x92\x9e\x5a\x59\xee" \
	"\x9f\xfd\x41"
#define RSA_OF(exponent)                                                       \
	"\x30\x81\x9f\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05" \
	"\x00\x03\x81\x8d\x00\x30\x81\x89\x02\x81\x81\x00\xc6\x52\x9a\x87\x76" \
	"\x34\xc4\x9b\xdf\x65\xa5\xc1\x85\xb3\xad\x7c\xa4\x8a\x55\x54\x2f\x4a" \
	"\x25\x59\xb7\x36\x01\xdf\x03\xaa\x05\x46\x97\x6b\x09\x83\xdb\xa3\xbc" \
	"\xc7\x3d\x3f\x71\xdd\xca\x32\xf2\x51\xf4\xef\xb3\x6d\x34\x6c\x33\xe3" \
	"\xb0\xce\xcc\x7c\xf4\xc8\xe5\xd4\x22\x49\x4c\xf0\xc0\x50\x66\x14\x72" \
	"\x86\x3d\x0d\x86\xab\x90\x9a\xcc\x16\x67\x12\xfb\x6e\xa8\x2e\x62\x90" \
	"\xa9\x77\xc9\x65\xc5\x5f\x2f\xa4\xc8\x38\xad\xf3\xf3\x67\x70\x62\x5a" \
	"\xb9\xfd\x68\x7b\xac\x0b\x68\x05\xb7\x9c\x39\x81\x8d\xb4\xb5\xad\x33" \
	"\xb4\x96\x2a\x09\x02\x03" exponent
#define DSA                                                                    \
	"\x30\x1a\x30\x13\x06\x07\x2a\x86\x48\xce\x38\x04\x01\x30\x08\x02\x01" \
	"\x17\x02\x01\x0b\x02\x00\x03\x03\x00\x02\x01"

#define R(n, s, i, k, by, w)                                                   \
	.name = n, .subject = s, .issuer = i, .key = k, .signer = by, .words = w

static const struct row {
	const char *name, *subject, *issuer;
	enum forge_key key, signer;
	const char *words;
	const char *before, *after; /* NULL: 2020, 2049 */
	struct slice algorithm, info, serial;
	unsigned version;
} rows[] = {
    /* Roots, and what was made of them. */
    {R("root", "Root", "Root", FORGE_ROOT, FORGE_ROOT, "ca")},
    {R("other", "Other Root", "Other Root", FORGE_OTHER, FORGE_OTHER, "ca")},
    {R("root-expired", "Root", "Root", FORGE_ROOT, FORGE_ROOT, "ca"),
     .after = "250101000000Z"},
    {R("root-early", "Root", "Root", FORGE_ROOT, FORGE_ROOT, "ca"),
     .before = "300101000000Z"},
    {R("root-v1", "Root", "Root", FORGE_ROOT, FORGE_ROOT, NULL), .version = 1},
    {R("root-0", "Root", "Root", FORGE_ROOT, FORGE_ROOT, "ca0")},
    {R("root-org", "Root", "Root", FORGE_ROOT, FORGE_ROOT,
       "ca permit=dns:example.org")},
    {R("root-not", "Root", "Root", FORGE_ROOT, FORGE_ROOT, "notca")},
    {R("rsa-root", "RSA Root", "RSA Root", FORGE_RSA, FORGE_RSA, "ca")},
    {R("p384-root", "P384 Root", "P384 Root", FORGE_P384, FORGE_P384, "ca")},
    {R("ed-root", "Ed Root", "Ed Root", FORGE_ED25519, FORGE_ED25519, "ca")},

    /* CAs below. */
    {R("ca", "CA", "Root", FORGE_CA, FORGE_ROOT, "ca"), .serial = T("\x06")},
    {R("cross", "CA", "Other Root", FORGE_CA, FORGE_OTHER, "ca")},
    {R("cross-root", "Root", "Other Root", FORGE_ROOT, FORGE_OTHER, "ca")},
    {R("cross-expired", "CA", "Other Root", FORGE_CA, FORGE_OTHER, "ca"),
     .after = "250101000000Z"},
    {R("ca-expired", "CA", "Root", FORGE_CA, FORGE_ROOT, "ca"),
     .after = "250101000000Z"},
    {R("ca-early", "CA", "Root", FORGE_CA, FORGE_ROOT, "ca"),
     .before = "300101000000Z"},
    {R("ca-not", "CA", "Root", FORGE_CA, FORGE_ROOT, "notca ku=06")},
    {R("ca-silent", "CA", "Root", FORGE_CA, FORGE_ROOT, "ku=06")},
    {R("ca-v1", "CA", "Root", FORGE_CA, FORGE_ROOT, NULL), .version = 1},
    {R("ca-v1-ext", "CA", "Root", FORGE_CA, FORGE_ROOT, "ca"), .version = 1},
    {R("ca-bare", "CA", "Root", FORGE_CA, FORGE_ROOT, "bare")},
    {R("ca-nosign", "CA", "Root", FORGE_CA, FORGE_ROOT, "bare ku=02")},
    {R("ca-nocrl", "CA", "Root", FORGE_CA, FORGE_ROOT, "bare ku=04")},
    {R("ca-0", "CA", "Root", FORGE_CA, FORGE_ROOT, "ca0")},
    {R("ca-1", "CA", "Root", FORGE_CA, FORGE_ROOT, "ca1")},
    {R("ca-sha1", "CA", "Root", FORGE_CA, FORGE_ROOT, "ca"),
     .algorithm = T(FORGE_ECDSA_SHA1)},
    {R("ca-mail", "CA", "Root", FORGE_CA, FORGE_ROOT, "ca eku=mail")},
    {R("ca-server", "CA", "Root", FORGE_CA, FORGE_ROOT,
       "ca eku=client,server")},
    {R("ca-any", "CA", "Root", FORGE_CA, FORGE_ROOT, "ca eku=any")},
    {R("ca-critical", "CA", "Root", FORGE_CA, FORGE_ROOT, "ca critical")},
    {R("ca-com", "CA", "Root", FORGE_CA, FORGE_ROOT,
       "ca permit=dns:example.com permit=ip:c0000200ffffff00")},
    {R("ca-org", "CA", "Root", FORGE_CA, FORGE_ROOT,
       "ca permit=dns:example.org")},
    {R("ca-no-imap", "CA", "Root", FORGE_CA, FORGE_ROOT,
       "ca exclude=dns:imap.example.com")},
    {R("ca-ip", "CA", "Root", FORGE_CA, FORGE_ROOT,
       "ca permit=ip:0a000000ff000000")},
    {R("ca-dn", "CA", "Root", FORGE_CA, FORGE_ROOT, "ca permit=dn:Elsewhere")},
    {R("ca-host", "CA", "Root", FORGE_CA, FORGE_ROOT,
       "ca permit=dn:imap.example.com")},
    {R("ca-uri", "CA", "Root", FORGE_CA, FORGE_ROOT,
       "ca permit=uri:.example.com")},
    {R("ca-policy", "CA", "Root", FORGE_CA, FORGE_ROOT,
       "ca policy=a explicit")},
    {R("ca-224", "CA", "Root", FORGE_CA, FORGE_ROOT, "ca"),
     .algorithm = T(FORGE_ECDSA_SHA224)},
    {R("ca-1024", "CA", "Root", FORGE_CA, FORGE_ROOT, "ca"),
     .info = T(RSA_OF("\x01\x00\x01"))},
    {R("ca-forged", "CA", "Root", FORGE_CA, FORGE_EXTRA, "ca noid")},
    {R("ca-stranger", "CA", "Root", FORGE_EXTRA, FORGE_EXTRA, "ca")},
    {R("ca-again", "CA", "CA", FORGE_EXTRA, FORGE_CA, "ca")},
    {R("sub", "Sub CA", "CA", FORGE_EXTRA, FORGE_CA, "ca")},
    {R("sub-0", "Sub CA", "CA", FORGE_EXTRA, FORGE_CA, "ca0")},
    {R("rsa-ca", "RSA CA", "Root", FORGE_RSA, FORGE_ROOT, "ca")},
    {R("pss-ca", "CA", "RSA Root", FORGE_CA, FORGE_RSA, "ca"),
     .algorithm = T(FORGE_PSS_SHA256("\x20"))},
    {R("ed-ca", "Ed CA", "Ed Root", FORGE_ED25519, FORGE_ED25519, "ca noid")},
    {R("p384-ca", "CA", "P384 Root", FORGE_CA, FORGE_P384, "ca"),
     .algorithm = T(FORGE_ECDSA_SHA384)},

    /* Servers' own: right ones. */
    {R("leaf", CHAINS_HOST, "CA", FORGE_LEAF, FORGE_CA, GOOD),
     .serial = T("\x05")},
    {R("leaf-root", CHAINS_HOST, "Root", FORGE_LEAF, FORGE_ROOT, GOOD)},
    {R("leaf-sub", CHAINS_HOST, "Sub CA", FORGE_LEAF, FORGE_EXTRA, GOOD)},
    {R("leaf-again", CHAINS_HOST, "CA", FORGE_LEAF, FORGE_EXTRA, GOOD)},
    {R("leaf-rsa", CHAINS_HOST, "RSA CA", FORGE_RSA, FORGE_RSA, GOOD)},
    {R("leaf-pss", CHAINS_HOST, "RSA CA", FORGE_LEAF, FORGE_RSA, GOOD),
     .algorithm = T(FORGE_PSS_SHA256("\x20"))},
    {R("leaf-pss-long", CHAINS_HOST, "RSA CA", FORGE_LEAF, FORGE_RSA, GOOD),
     .algorithm = T(FORGE_PSS_SHA256("\x7e"))},
    {R("leaf-ed", CHAINS_HOST, "Ed Root", FORGE_ED25519, FORGE_ED25519, GOOD)},
    {R("leaf-p384", CHAINS_HOST, "P384 Root", FORGE_P384, FORGE_P384, GOOD)},
    {R("leaf-p521", CHAINS_HOST, "CA", FORGE_P521, FORGE_CA, GOOD)},
    {R("leaf-plain", CHAINS_HOST, "CA", FORGE_LEAF, FORGE_CA,
       "dns=" CHAINS_HOST)},
    {R("leaf-odd", CHAINS_HOST, "CA", FORGE_LEAF, FORGE_CA,
       GOOD " odd staple")},
    {R("leaf-wild", "Wildcard", "CA", FORGE_LEAF, FORGE_CA,
       OWN "dns=*.example.com")},
    {R("leaf-ip", "Address", "CA", FORGE_LEAF, FORGE_CA,
       OWN "ip=192.0.2.1 ip=2001:db8::1")},
    {R("leaf-idn", "IDN", "CA", FORGE_LEAF, FORGE_CA,
       OWN "dns=xn--mller-kva.example.com")},
    {R("leaf-ca", CHAINS_HOST, "CA", FORGE_LEAF, FORGE_CA,
       "bare ku=84 eku=server dns=" CHAINS_HOST)},
    {R("leaf-noid", CHAINS_HOST, "CA", FORGE_LEAF, FORGE_CA, "noid " GOOD)},
    {R("leaf-policy", CHAINS_HOST, "CA", FORGE_LEAF, FORGE_CA,
       "policy=a " GOOD)},
    {R("leaf-policy-b", CHAINS_HOST, "CA", FORGE_LEAF, FORGE_CA,
       "policy=b " GOOD)},
    {R("leaf-points", CHAINS_HOST, "CA", FORGE_LEAF, FORGE_CA,
       GOOD " points=u:"),
     .serial = T("\x05")},

    /* Wrong ones. */
    {R("leaf-expired", CHAINS_HOST, "CA", FORGE_LEAF, FORGE_CA, GOOD),
     .after = "261121235959Z"},
    {R("leaf-early", CHAINS_HOST, "CA", FORGE_LEAF, FORGE_CA, GOOD),
     .before = "261122000001Z"},
    {R("leaf-cn", CHAINS_HOST, "CA", FORGE_LEAF, FORGE_CA, OWN)},
    {R("leaf-other", CHAINS_HOST, "CA", FORGE_LEAF, FORGE_CA,
       OWN "dns=other.example.com")},
    {R("leaf-mail", CHAINS_HOST, "CA", FORGE_LEAF, FORGE_CA,
       OWN "mail=a@imap.example.com uri=imap://imap.example.com")},
    {R("leaf-part", "Part", "CA", FORGE_LEAF, FORGE_CA,
       OWN "dns=i*.example.com")},
    {R("leaf-inner", "Inner", "CA", FORGE_LEAF, FORGE_CA,
       OWN "dns=imap.*.com")},
    {R("leaf-tld", "TLD", "CA", FORGE_LEAF, FORGE_CA, OWN "dns=*.com")},
    {R("leaf-all", "All", "CA", FORGE_LEAF, FORGE_CA, OWN "dns=*")},
    {R("leaf-ip-dns", "Address", "CA", FORGE_LEAF, FORGE_CA,
       OWN "dns=192.0.2.1")},
    {R("leaf-nul", "NUL", "CA", FORGE_LEAF, FORGE_CA,
       OWN "dns=imap.example.com~.evil.example")},
    {R("leaf-dot", "Dot", "CA", FORGE_LEAF, FORGE_CA,
       OWN "dns=imap.example.com.")},
    {R("leaf-idn-raw", "IDN", "CA", FORGE_LEAF, FORGE_CA,
       OWN "dns=m\xc3\xbcller.example.com")},
    {R("leaf-sha1", CHAINS_HOST, "CA", FORGE_LEAF, FORGE_CA, GOOD),
     .algorithm = T(FORGE_ECDSA_SHA1)},
    {R("leaf-rsa-sha1", CHAINS_HOST, "RSA CA", FORGE_LEAF, FORGE_RSA, GOOD),
     .algorithm = T(FORGE_RSA_SHA1)},
    {R("leaf-md5", CHAINS_HOST, "CA", FORGE_LEAF, FORGE_CA, GOOD),
     .algorithm = T(MD5)},
    {R("leaf-224", CHAINS_HOST, "CA", FORGE_LEAF, FORGE_CA, GOOD),
     .algorithm = T(FORGE_ECDSA_SHA224)},
    {R("leaf-1024", CHAINS_HOST, "CA", FORGE_LEAF, FORGE_CA, GOOD),
     .info = T(RSA_OF("\x01\x00\x01"))},
    {R("leaf-p224", CHAINS_HOST, "CA", FORGE_LEAF, FORGE_CA, GOOD),
     .info = T(P224)},
    {R("leaf-k256", CHAINS_HOST, "CA", FORGE_LEAF, FORGE_CA, GOOD),
     .info = T(K256)},
    {R("leaf-dsa", CHAINS_HOST, "CA", FORGE_LEAF, FORGE_CA, GOOD),
     .info = T(DSA)},
    {R("leaf-client", CHAINS_HOST, "CA", FORGE_LEAF, FORGE_CA,
       "notca ku=80 eku=client dns=" CHAINS_HOST)},
    {R("leaf-any", CHAINS_HOST, "CA", FORGE_LEAF, FORGE_CA,
       "notca ku=80 eku=any dns=" CHAINS_HOST)},
    {R("leaf-ku", CHAINS_HOST, "CA", FORGE_LEAF, FORGE_CA,
       "notca ku=20 eku=server dns=" CHAINS_HOST)},
    {R("leaf-ku-crl", CHAINS_HOST, "CA", FORGE_LEAF, FORGE_CA,
       "notca ku=02 eku=server dns=" CHAINS_HOST)},
    {R("leaf-critical", CHAINS_HOST, "CA", FORGE_LEAF, FORGE_CA,
       GOOD " critical")},
    {R("leaf-twice", CHAINS_HOST, "CA", FORGE_LEAF, FORGE_CA, GOOD " twice")},
    {R("leaf-names-twice", CHAINS_HOST, "CA", FORGE_LEAF, FORGE_CA,
       GOOD " ku=80")},
    {R("leaf-v1", CHAINS_HOST, "CA", FORGE_LEAF, FORGE_CA, GOOD), .version = 1},
    {R("leaf-forged", CHAINS_HOST, "CA", FORGE_LEAF, FORGE_EXTRA,
       "noid " GOOD)},
    {R("leaf-uri", CHAINS_HOST, "CA", FORGE_LEAF, FORGE_CA,
       GOOD " uri=imap://imap.example.com")},
    {R("leaf-below-leaf", "x", CHAINS_HOST, FORGE_EXTRA, FORGE_LEAF, GOOD)},
    {R("self", CHAINS_HOST, CHAINS_HOST, FORGE_LEAF, FORGE_LEAF, GOOD)},
    {R("self-ca", CHAINS_HOST, CHAINS_HOST, FORGE_LEAF, FORGE_LEAF,
       "bare ku=84 eku=server dns=" CHAINS_HOST)},
    {R("self-expired", CHAINS_HOST, CHAINS_HOST, FORGE_LEAF, FORGE_LEAF, GOOD),
     .after = "250101000000Z"},
};

enum { ROWS = sizeof rows / sizeof rows[0], LONG = 12 };

static struct forged made[ROWS + LONG];

static struct slice
all(const struct forged *f)
{
	return slice_of(f->bytes, f->len);
}

static void
make_row(const struct row *r, struct forged *out)
{
	static struct forged extensions;
	const char *words = r->words ? r->words : "noid";
	bool self = strcmp(r->subject, r->issuer) == 0 && r->key == r->signer;
	struct forge f = {.subject = r->subject,
			  .issuer = r->issuer,
			  .before = r->before ? r->before : "200101000000Z",
			  .after = r->after ? r->after : "491231235959Z",
			  .key = r->key,
			  .signer = r->signer,
			  .algorithm = r->algorithm,
			  .info = r->info,
			  .serial = r->serial,
			  .version = r->version};

	extensions.len = 0;
	forge_words(&extensions, words, r->key, self ? FORGE_NONE : r->signer);
	f.extensions = all(&extensions);
	forge_certificate(&f, out);
}

/* "long-1" to "long-12": CAs one below the other, "long-0" the server's own. */
static void
make_long(size_t i, struct forged *out)
{
	static char names[2][16];
	struct row r = {.subject = names[0],
			.issuer = names[1],
			.key = FORGE_EXTRA,
			.signer = FORGE_EXTRA,
			.words = i == 0 ? GOOD : "ca"};

	(void)snprintf(names[0], sizeof names[0], "Long %zu", i);
	(void)snprintf(names[1], sizeof names[1], "Long %zu", i + 1);
	if (i + 1 == LONG)
		r.issuer = r.subject;
	make_row(&r, out);
}

struct slice
chain_certificate(const char *name)
{
	size_t i = 0, n;

	while (i < ROWS && strcmp(rows[i].name, name) != 0)
		i++;
	if (i < ROWS && made[i].len == 0)
		make_row(&rows[i], &made[i]);
	if (i == ROWS) {
		assert(strncmp(name, "long-", 5) == 0);
		n = strtoul(name + 5, NULL, 10);
		assert(n < LONG);
		i += n;
		if (made[i].len == 0)
			make_long(n, &made[i]);
	}
	return all(&made[i]);
}

/* The names, one after the other; how many. */
static size_t
take_names(const char *names, struct slice (*find)(const char *name),
	   struct slice *out, size_t cap)
{
	struct slice rest = slice_str(names ? names : "");
	char name[32];
	size_t n = 0;

	while (rest.len > 0) {
		struct slice word = slice_cut(&rest, ' ');

		assert(word.len < sizeof name && n < cap);
		memcpy(name, word.ptr, word.len);
		name[word.len] = '\0';
		out[n++] = find(name);
	}
	return n;
}

void
chain_make(const struct chain_case *c, struct chain *out)
{
	struct path_input *in = &out->input;

	memset(out, 0, sizeof *out);
	in->presented = out->presented;
	in->presented_count = take_names(c->presented, chain_certificate,
					 out->presented, CHAIN_PRESENTED_MAX);
	in->anchors = out->anchors;
	in->anchors_count = take_names(c->anchors, chain_certificate,
				       out->roots, CHAIN_ANCHORS_MAX);
	for (size_t i = 0; i < in->anchors_count; i++)
		if (certificate_read(out->roots[i], &out->anchors[i]) != ERR_OK)
			abort();
	in->crls = out->crls;
	in->crls_count =
	    take_names(c->crls, chain_crl, out->lists, CHAIN_CRLS_MAX);
	for (size_t i = 0; i < in->crls_count; i++)
		if (crl_read(out->lists[i], &out->crls[i]) != ERR_OK)
			abort();
	in->host = slice_str(c->host ? c->host : CHAINS_HOST);
	in->now = CHAINS_NOW;
	in->revocation = c->revocation;
	in->crypto = signature_crypto;
}

struct chain *
chain_of(const char *presented, const char *anchors)
{
	static struct chain c;
	const struct chain_case row = {.presented = presented,
				       .anchors = anchors};

	chain_make(&row, &c);
	return &c;
}
