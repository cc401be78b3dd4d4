/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "imap/tags.h"

#include "unit/input.h"

void suite_tags(void);

static void
the_oldest_of_a_name_comes_first(void)
{
	struct tags t = {0};
	size_t at = 99;

	CU_ASSERT(!tags_find(&t, SLICE("a"), &at));
	CU_ASSERT(tags_put(&t, SLICE("a"), 1));
	CU_ASSERT(tags_put(&t, SLICE("bb"), 2));
	CU_ASSERT(tags_put(&t, SLICE("a"), 3));
	tags_set_note(&t, 30);
	CU_ASSERT_EQUAL(tags_count(&t), 3);
	CU_ASSERT_FATAL(tags_find(&t, SLICE("a"), &at));
	CU_ASSERT_EQUAL(tags_verb(&t, at), 1);
	CU_ASSERT_EQUAL(tags_note(&t, at), 0);
	CU_ASSERT(!tags_newest(&t, at));
	tags_remove(&t, at);
	CU_ASSERT_FATAL(tags_find(&t, SLICE("bb"), &at));
	CU_ASSERT_EQUAL(tags_verb(&t, at), 2);
	CU_ASSERT_FATAL(tags_find(&t, SLICE("a"), &at));
	CU_ASSERT_EQUAL(tags_verb(&t, at), 3);
	CU_ASSERT_EQUAL(tags_note(&t, at), 30);
	CU_ASSERT(tags_newest(&t, at));
	CU_ASSERT(!tags_find(&t, SLICE("b"), &at));
}

static void
there_is_room_for_some(void)
{
	struct tags t = {0};
	char tag[64];
	size_t n = 0, at;

	memset(tag, 'x', sizeof tag);
	while (tags_put(&t, slice_of(tag, sizeof tag), 1))
		n++;
	CU_ASSERT_EQUAL(n, 4);
	while (tags_find(&t, slice_of(tag, sizeof tag), &at))
		tags_remove(&t, at);
	CU_ASSERT_EQUAL(tags_count(&t), 0);
	CU_ASSERT(!tags_put(&t, SLICE(""), 1));
	for (n = 0; tags_put(&t, SLICE("A0001"), 1); n++)
		;
	CU_ASSERT(n >= 39);
	CU_ASSERT_EQUAL(tags_count(&t), n);
}

void
suite_tags(void)
{
	CU_pSuite s = CU_add_suite("tags", NULL, NULL);

	CU_add_test(s, "the oldest of a name comes first",
		    the_oldest_of_a_name_comes_first);
	CU_add_test(s, "there is room for some", there_is_room_for_some);
}
