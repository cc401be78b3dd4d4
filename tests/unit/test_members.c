/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "audit/members.h"

#include <CUnit/CUnit.h>

#include <stdlib.h>
#include <string.h>

static const char line[] =
    "{\"default\":true,\"n\":-12,\"text\":\"a\\\"b,]}\\\\\",\"none\":[],"
    "\"names\":[\"a\",\"b]\",\"\"],\"deep\":[{\"x\":[1,2]},3],\"last\":\"z\"},";

static void
expect(const char *name, const char *value)
{
	CU_ASSERT(slice_eq(member(slice_str(line), name), slice_str(value)));
}

static void
test_members(void)
{
	expect("default", "true");
	expect("n", "-12");
	expect("text", "a\\\"b,]}\\\\");
	expect("none", "");
	expect("names", "\"a\",\"b]\",\"\"");
	expect("deep", "{\"x\":[1,2]},3");
	expect("last", "z");
	expect("x", "");
	expect("absent", "");
}

static void
test_items(void)
{
	static const char *const items[] = {"a", "b]", ""};
	struct slice rest = member(slice_str(line), "names"), item;

	for (size_t i = 0; i < 3; i++) {
		CU_ASSERT_FATAL(member_item(&rest, &item));
		CU_ASSERT(slice_eq(item, slice_str(items[i])));
	}
	CU_ASSERT_FALSE(member_item(&rest, &item));
}

/* In memory of its own, so that a sanitizer sees what is read beyond. */
static void
look_at(const char *bytes, size_t len)
{
	static const char *const names[] = {"names", "last", "absent"};
	char *copy = malloc(len + 1);
	struct slice item, rest;

	CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
	memcpy(copy + 1, bytes, len);
	for (size_t i = 0; i < 3; i++) {
		rest = member(slice_of(copy + 1, len), names[i]);
		CU_ASSERT(rest.len <= len);
		while (member_item(&rest, &item))
			CU_ASSERT(item.len <= len);
	}
	free(copy);
}

static void
test_cut(void)
{
	for (size_t len = 0; len < sizeof line; len++)
		look_at(line, len);
}

static void
test_nonsense(void)
{
	static const char bytes[] = "\"\\[]{},:x";
	char text[8];

	for (unsigned seed = 1; seed < 20000; seed++) {
		unsigned v = seed * 2654435761U;

		for (size_t i = 0; i < sizeof text; i++) {
			text[i] = bytes[v % (sizeof bytes - 1)];
			v = v / 3 + seed * 40503U;
		}
		look_at(text, sizeof text);
	}
}

void
suite_members(void)
{
	CU_pSuite suite = CU_add_suite("members", NULL, NULL);

	CU_add_test(suite, "values are found by name", test_members);
	CU_add_test(suite, "the items of a list, one by one", test_items);
	CU_add_test(suite, "a line may be cut anywhere", test_cut);
	CU_add_test(suite, "nonsense is read within its bounds", test_nonsense);
}
