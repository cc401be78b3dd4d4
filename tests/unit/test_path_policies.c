/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "x509/path_policies.h"

#include "unit/forge.h"
#include "unit/input.h"
#include "x509/der.h"

#include <stdio.h>

#define CE "\x55\x1d"

enum { WAY_MAX = 4 };

static struct slice
all(const struct forged *f)
{
	return slice_of(f->bytes, f->len);
}

/* 'a' and so on are policies, '*' is any. */
static void
put_policy(struct forged *to, char which)
{
	const char oid[] = {0x2a, which};

	forge_put(to, DER_OID,
		  which == '*' ? SLICE(CE "\x20\x00")
			       : slice_of(oid, sizeof oid));
}

static void
put_extension(struct forged *to, struct slice oid, const struct forged *list)
{
	struct forged value = {.len = 0};

	forge_put(&value, DER_SEQUENCE, all(list));
	forge_extension(to, oid, all(&value));
}

/*
 * A certificate in words: "ab*" policies; "a>b" a mapping; "e0" an explicit
 * policy is required in 0 more; "m0" no mapping; "n0" no any; "s" self-issued.
 */
static void
put_word(struct forged *to, const char *word, size_t n)
{
	struct forged list = {.len = 0}, one = {.len = 0};
	const unsigned char digit = (unsigned char)(word[n - 1] - '0');

	if (n == 3 && word[1] == '>') {
		put_policy(&one, word[0]);
		put_policy(&one, word[2]);
		forge_put(&list, DER_SEQUENCE, all(&one));
		put_extension(to, SLICE(CE "\x21"), &list);
	} else if (n == 2 && digit < 10 && word[0] == 'n') {
		forge_put(&one, DER_INTEGER, slice_of(&digit, 1));
		forge_extension(to, SLICE(CE "\x36"), all(&one));
	} else if (n == 2 && digit < 10) {
		forge_put(&list, DER_PRIMITIVE(word[0] == 'e' ? 0 : 1),
			  slice_of(&digit, 1));
		put_extension(to, SLICE(CE "\x24"), &list);
	} else {
		for (size_t i = 0; i < n; i++) {
			one.len = 0;
			put_policy(&one, word[i]);
			forge_put(&list, DER_SEQUENCE, all(&one));
		}
		put_extension(to, SLICE(CE "\x20"), &list);
	}
}

static void
make(const char *words, size_t number, struct forged *list,
     struct certificate *out)
{
	*out = (struct certificate){.subject = SLICE("subject"),
				    .issuer = SLICE("issuer")};
	(void)number;
	list->len = 0;
	while (*words) {
		size_t n = strcspn(words, " ");

		if (n == 1 && *words == 's')
			out->issuer = out->subject;
		else
			put_word(list, words, n);
		words += n + (words[n] == ' ');
	}
	out->extension_list = all(list);
}

static const struct {
	const char *shows;
	const char *way[WAY_MAX]; /* from the top */
	bool allowed;
} rows[] = {
    {"no policies at all", {"", "", ""}, true},
    {"different ones, and none is required", {"a", "b", "c"}, true},
    {"one is required, and there", {"a e0", "a", "a"}, true},
    {"one is required, and not in the last", {"a e0", "a", ""}, false},
    {"one is required, and not in the first", {"e0", "a", "a"}, false},
    {"another one", {"a e0", "a", "b"}, false},
    {"one of several", {"abc e0", "bcd", "ce"}, true},
    {"any in the CA", {"* e0", "*", "a"}, true},
    {"any in the server's own", {"a e0", "a", "*"}, true},
    {"any everywhere", {"* e0", "*", "*"}, true},
    {"required by the last of the CAs", {"a", "b e0", "b"}, false},
    {"required by the server's own", {"a", "a", "b e0"}, false},
    {"required by the server's own, later", {"a", "a", "b e1"}, true},
    {"required after the end", {"a e3", "a", "b"}, true},
    {"required in time", {"a e1", "a", "b"}, false},
    {"self-issued ones do not count down", {"a e2", "s a", "b"}, true},
    {"others do", {"a e2", "a", "b"}, false},
    {"not required for a short way", {"a e2", "b"}, true},
    {"mapped", {"a e0 a>b", "b", "b"}, true},
    {"mapped, and meant by its old name", {"a e0 a>b", "a", "a"}, false},
    {"mapped twice", {"a e0 a>b", "b b>c", "c"}, true},
    {"any is mapped too", {"* e0 a>b", "b", "b"}, true},
    {"no mapping", {"a e0", "a m0", "a"}, true},
    {"mapped in spite of it", {"a m0", "a e0 a>b", "b"}, false},
    {"mapped from any", {"a e0 *>b", "b", "b"}, false},
    {"any does not count any more", {"a e0", "a n0", "*"}, false},
    {"any counts for another one", {"a e0 n1", "*", "a"}, true},
    {"any counts in a self-issued CA", {"a e0 n0", "s *", "a"}, true},
};

static void
walks(void)
{
	static struct forged lists[WAY_MAX];

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct certificate at[WAY_MAX];
		const struct certificate *way[WAY_MAX];
		size_t n = 0;

		for (; n < WAY_MAX && rows[i].way[n]; n++) {
			make(rows[i].way[n], n, &lists[n], &at[n]);
			way[n] = &at[n];
		}
		SHOWS(rows[i].shows,
		      path_policies_allow(way, n) == rows[i].allowed);
	}
	CU_ASSERT_TRUE(path_policies_allow(NULL, 0));
}

/* Each of `count` policies, in a CA that requires one. */
static bool
allowed_with(size_t count)
{
	static struct forged policies, list;
	struct certificate c = {.subject = SLICE("s"), .issuer = SLICE("i")};
	const struct certificate *way[] = {&c};

	policies.len = list.len = 0;
	for (size_t i = 0; i < count; i++) {
		const unsigned char oid[] = {0x06, 2, 0x2a, (unsigned char)i};

		forge_put(&policies, DER_SEQUENCE, slice_of(oid, sizeof oid));
	}
	put_extension(&list, SLICE(CE "\x20"), &policies);
	put_word(&list, "e0", 2);
	c.extension_list = all(&list);
	return path_policies_allow(way, 1);
}

static void
is_bounded(void)
{
	CU_ASSERT_TRUE(allowed_with(POLICIES_MAX));
	CU_ASSERT_FALSE(allowed_with(POLICIES_MAX + 1));
}

static void
try_list(struct slice in)
{
	const struct certificate c = {
	    .subject = SLICE("s"), .issuer = SLICE("i"), .extension_list = in};
	const struct certificate *way[] = {&c, &c, &c};

	(void)path_policies_allow(way, 3);
}

static void
survives_damage(void)
{
	struct forged list = {.len = 0};
	struct certificate c;

	make("ab* a>b e0 n0", 0, &list, &c);
	each_damage(c.extension_list, try_list);
}

void
suite_path_policies(void)
{
	CU_pSuite suite = CU_add_suite("path_policies", NULL, NULL);

	CU_add_test(suite, "policies along a path", walks);
	CU_add_test(suite, "only so many at a time", is_bounded);
	CU_add_test(suite, "damaged policies do no harm", survives_damage);
}
