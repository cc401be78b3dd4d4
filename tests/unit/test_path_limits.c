/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How much work somebody can make with what he presents.
 */
#include "x509/path.h"

#include "unit/chains.h"
#include "unit/forge.h"
#include "unit/forge_words.h"
#include "unit/input.h"
#include "x509/der.h"

static struct slice
all(const struct forged *f)
{
	return slice_of(f->bytes, f->len);
}

static unsigned calls;

static bool
counts(void *of, struct slice key, const struct signature *s, struct slice text)
{
	const struct crypto *c = of;

	calls++;
	return c->verify(c->of, key, s, text);
}

static bool
says_yes(void *of, struct slice key, const struct signature *s,
	 struct slice text)
{
	(void)of;
	(void)key;
	(void)s;
	(void)text;
	calls++;
	return true;
}

/* CAs of one name with different keys, each issued by all the others. */
static void
make_crowd(struct chain *c)
{
	static struct forged crowd[PATH_PRESENTED_MAX], extensions;

	extensions.len = 0;
	forge_words(&extensions, "ca noid", FORGE_CA, FORGE_CA);
	for (size_t i = 1; i < PATH_PRESENTED_MAX; i++) {
		unsigned char info[FORGE_KEY_MAX];
		size_t n = forge_key_info(FORGE_CA, info);
		const struct forge f = {.subject = "CA",
					.issuer = "CA",
					.before = "200101000000Z",
					.after = "491231235959Z",
					.info = slice_of(info, n),
					.signer = FORGE_CA,
					.extensions = all(&extensions)};

		info[n - 1] = (unsigned char)i;
		forge_certificate(&f, &crowd[i]);
		c->presented[i] = all(&crowd[i]);
	}
	c->presented[0] = chain_certificate("leaf-noid");
	c->input.presented_count = PATH_PRESENTED_MAX;
}

static void
comes_to_an_end(void)
{
	static struct path p;
	struct chain *c = chain_of("leaf ca", "other");
	const struct crypto real = c->input.crypto;

	make_crowd(c);
	c->input.crypto.verify = counts;
	c->input.crypto.of = (void *)(uintptr_t)&real;
	calls = 0;
	CU_ASSERT_FALSE(path_judge(&c->input, &p));
	CU_ASSERT_EQUAL(p.signatures, calls);
	CU_ASSERT(calls <= PATH_SIGNATURES_MAX);
	/* If all of them had really signed each other. */
	c->input.crypto.verify = says_yes;
	calls = 0;
	CU_ASSERT_FALSE(path_judge(&c->input, &p));
	CU_ASSERT_EQUAL(p.reason, PATH_TOO_COMPLEX);
	CU_ASSERT_EQUAL(calls, PATH_SIGNATURES_MAX);
}

/* A thousand names below a thousand restrictions. */
static void
compares_so_many_names(void)
{
	static struct forged big, extensions;
	static struct path p;
	struct chain *c = chain_of("leaf ca-com", "root");
	struct forge f = {.subject = CHAINS_HOST,
			  .issuer = "CA",
			  .before = "200101000000Z",
			  .after = "491231235959Z",
			  .key = FORGE_LEAF,
			  .signer = FORGE_CA};
	struct forged list = {.len = 0}, value = {.len = 0}, base = {.len = 0},
		      tree = {.len = 0};

	for (size_t i = 0; i < 700; i++)
		forge_put(&list, DER_PRIMITIVE(2), SLICE("a.b"));
	forge_put(&value, DER_SEQUENCE, all(&list));
	forge_extension(&extensions, SLICE("\x55\x1d\x11"), all(&value));
	f.extensions = all(&extensions);
	forge_certificate(&f, &big);
	c->presented[0] = all(&big);
	CU_ASSERT_FALSE(path_judge(&c->input, &p));
	CU_ASSERT_EQUAL(p.reason, PATH_NAME_CONSTRAINTS);

	list.len = value.len = extensions.len = 0;
	forge_put(&base, DER_PRIMITIVE(2), SLICE("x.y"));
	for (size_t i = 0; i < 500; i++)
		forge_put(&list, DER_SEQUENCE, all(&base));
	forge_put(&tree, DER_CONSTRUCTED(1), all(&list));
	forge_put(&value, DER_SEQUENCE, all(&tree));
	forge_extension(&extensions, SLICE("\x55\x1d\x1e"), all(&value));
	forge_words(&extensions, "ca", FORGE_CA, FORGE_ROOT);
	f = (struct forge){.subject = "CA",
			   .issuer = "Root",
			   .before = "200101000000Z",
			   .after = "491231235959Z",
			   .key = FORGE_CA,
			   .signer = FORGE_ROOT,
			   .extensions = all(&extensions)};
	forge_certificate(&f, &big);
	c->presented[1] = exact(all(&big));
	f = (struct forge){.subject = CHAINS_HOST,
			   .issuer = "CA",
			   .before = "200101000000Z",
			   .after = "491231235959Z",
			   .key = FORGE_LEAF,
			   .signer = FORGE_CA};
	list.len = value.len = extensions.len = 0;
	for (size_t i = 0; i < 700; i++)
		forge_put(&list, DER_PRIMITIVE(2), SLICE("a.b"));
	forge_put(&value, DER_SEQUENCE, all(&list));
	forge_extension(&extensions, SLICE("\x55\x1d\x11"), all(&value));
	f.extensions = all(&extensions);
	forge_certificate(&f, &big);
	c->presented[0] = all(&big);
	CU_ASSERT_FALSE(path_judge(&c->input, &p));
	CU_ASSERT_EQUAL(p.reason, PATH_TOO_COMPLEX);
	exact_free(c->presented[1]);
}

/* More extensions than anybody has. */
static void
reads_so_many_extensions(void)
{
	static struct forged extensions, made;
	static struct path p;
	struct chain *c = chain_of("leaf ca", "root");
	struct forge f = {.subject = CHAINS_HOST,
			  .issuer = "CA",
			  .before = "200101000000Z",
			  .after = "491231235959Z",
			  .key = FORGE_LEAF,
			  .signer = FORGE_CA};

	forge_words(&extensions, "dns=" CHAINS_HOST, FORGE_LEAF, FORGE_CA);
	/* It has three now. */
	for (size_t i = 3; i <= PATH_EXTENSIONS_MAX; i++) {
		const unsigned char oid[] = {0x2a, 0x04, (unsigned char)i};

		f.extensions = all(&extensions);
		forge_certificate(&f, &made);
		c->presented[0] = all(&made);
		CU_ASSERT_TRUE(path_judge(&c->input, &p));
		forge_extension(&extensions, slice_of(oid, sizeof oid),
				SLICE("\x05\x00"));
	}
	f.extensions = all(&extensions);
	forge_certificate(&f, &made);
	c->presented[0] = all(&made);
	CU_ASSERT_FALSE(path_judge(&c->input, &p));
	CU_ASSERT_EQUAL(p.reason, PATH_TOO_COMPLEX);
}

static void
takes_nothing_for_granted(void)
{
	static struct path p;
	struct chain *c = chain_of("leaf ca", "root");

	c->input.host = SLICE_EMPTY;
	CU_ASSERT_FALSE(path_judge(&c->input, &p));
	CU_ASSERT_EQUAL(p.reason, PATH_HOST);
	c->input.presented_count = 0;
	CU_ASSERT_FALSE(path_judge(&c->input, &p));
	CU_ASSERT_EQUAL(p.reason, PATH_NO_CERTIFICATE);
	c = chain_of("leaf ca", "root");
	c->presented[1] = SLICE("\x30\x00");
	CU_ASSERT_FALSE(path_judge(&c->input, &p));
	CU_ASSERT_EQUAL(p.reason, PATH_MALFORMED);
	CU_ASSERT_EQUAL(p.certificate, 1);
	CU_ASSERT_FALSE(p.readable[1]);
	/* One that is not needed may be anything. */
	c = chain_of("leaf ca ca", "root");
	c->presented[1] = SLICE("\x30\x00");
	CU_ASSERT_TRUE(path_judge(&c->input, &p));
}

static struct chain *damaged;

static void
try_leaf(struct slice in)
{
	static struct path p;
	struct slice leaf = damaged->presented[0];
	char text[200];

	damaged->presented[0] = in;
	CU_ASSERT_EQUAL(path_judge(&damaged->input, &p), slice_eq(in, leaf));
	path_explain(&damaged->input, &p, text, sizeof text);
	damaged->presented[0] = leaf;
}

static void
survives_damage(void)
{
	damaged = chain_of("leaf ca", "root");
	each_damage(damaged->presented[0], try_leaf);
}

void
suite_path_limits(void)
{
	CU_pSuite suite = CU_add_suite("path_limits", NULL, NULL);

	CU_add_test(suite, "a crowd of CAs comes to an end", comes_to_an_end);
	CU_add_test(suite, "many names below many constraints",
		    compares_so_many_names);
	CU_add_test(suite, "many extensions", reads_so_many_extensions);
	CU_add_test(suite, "nothing is taken for granted",
		    takes_nothing_for_granted);
	CU_add_test(suite, "a damaged certificate is refused", survives_damage);
}
