/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "audit/catalogue.h"

#include "audit/event.h"
#include "unit/lines.h"

#include <CUnit/CUnit.h>

#include <stdio.h>
#include <string.h>

static const struct event_context context = {
    .session = "8f3a000000000001",
    .address = "203.0.113.9",
    .port = 54321,
    .listener = "imaps",
};

static void
put_field(struct event *e, enum field_id f)
{
	static const char *const list[] = {"one", "two"};

	if (f <= FIELD_PORT)
		return; /* event_begin has written it */
	switch (field_rows[f].type) {
	case FIELD_S:
		event_text(e, f, "text");
		break;
	case FIELD_N:
		event_number(e, f, 1);
		break;
	case FIELD_B:
		event_bool(e, f, true);
		break;
	case FIELD_L:
	default:
		event_list(e, f, list, 2);
		break;
	}
}

/* An event with the fields that it must have, or with all it may. */
static struct slice
write_event(struct event *e, enum event_id id, bool all)
{
	bool with = field_must(FIELD_ADDRESS, id) ||
		    (all && field_may(FIELD_ADDRESS, id));
	struct event_context c = context;

	if (!field_must(FIELD_SESSION, id) && !field_may(FIELD_SESSION, id)) {
		c.session[0] = '\0';
		c.port = 0;
	}
	if (!field_may(FIELD_LISTENER, id))
		c.listener = NULL;
	event_begin(e, id, with ? &c : NULL, NULL, 0);
	for (int f = 0; f < FIELD_IDS; f++)
		if (field_must((enum field_id)f, id) ||
		    (all && field_may((enum field_id)f, id)))
			put_field(e, (enum field_id)f);
	return event_end(e);
}

static void
test_rows(void)
{
	char why[LINES_WHY] = "";

	for (int i = 0; i < EVENT_IDS; i++) {
		for (int all = 0; all < 2; all++) {
			struct event e;
			struct slice line =
			    write_event(&e, (enum event_id)i, all > 0);

			if (!line_fits(line, why)) {
				printf("%s: %.*s", why, (int)line.len,
				       (const char *)line.ptr);
				CU_FAIL("a row does not fit itself");
			}
			CU_ASSERT_FALSE(e.cut);
		}
	}
}

/* So that test_rows means something. */
static void
test_misfits(void)
{
	struct event e;
	char why[LINES_WHY];

	event_begin(&e, EV_START, NULL, NULL, 0);
	CU_ASSERT_FALSE(line_fits(event_end(&e), why));
	CU_ASSERT_STRING_EQUAL(why, "start lacks event.outcome");
	event_begin(&e, EV_START, NULL, NULL, 0);
	event_text(&e, FIELD_OUTCOME, "success");
	event_text(&e, FIELD_USER, "alice");
	CU_ASSERT_FALSE(line_fits(event_end(&e), why));
	CU_ASSERT_STRING_EQUAL(why, "start has no user.name");
	CU_ASSERT_FALSE(line_fits(SLICE("{\"event.action\":\"x\"}\n"), why));
	CU_ASSERT_FALSE(line_fits(SLICE("{}"), why));
	CU_ASSERT_FALSE(line_fits(
	    SLICE("{\"event.action\":\"stop\",\"event.action\":\"stop\"}\n"),
	    why));
	CU_ASSERT_FALSE(line_fits(
	    SLICE("{\"event.action\":\"stop\",\"event.outcome\":1}\n"), why));
}

static bool
is_word(const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789._@";

	return *text && strspn(text, letters) == strlen(text);
}

/* It goes into JSON and a table as it is. */
static bool
is_prose(const char *text)
{
	return strlen(text) > 3 && !strpbrk(text, "\"\\|\n`");
}

static void
test_texts(void)
{
	for (int i = 0; i < EVENT_IDS; i++) {
		CU_ASSERT(is_word(event_rows[i].action));
		CU_ASSERT(is_prose(event_rows[i].meaning));
		CU_ASSERT(is_prose(event_rows[i].category));
		CU_ASSERT_EQUAL(
		    (int)event_find(slice_str(event_rows[i].action)), i);
	}
	for (int i = 0; i < FIELD_IDS; i++) {
		CU_ASSERT(is_word(field_rows[i].name));
		CU_ASSERT(is_prose(field_rows[i].meaning));
		CU_ASSERT_EQUAL((int)field_find(slice_str(field_rows[i].name)),
				i);
		CU_ASSERT_NOT_EQUAL(field_rows[i].must | field_rows[i].may, 0);
	}
	CU_ASSERT_EQUAL(event_find(SLICE("nothing")), EVENT_IDS);
	CU_ASSERT_EQUAL(field_find(SLICE("")), FIELD_IDS);
}

void
suite_catalogue(void)
{
	CU_pSuite suite = CU_add_suite("catalogue", NULL, NULL);

	CU_add_test(suite, "every event can be written as its row says",
		    test_rows);
	CU_add_test(suite, "an event that is not as its row is found",
		    test_misfits);
	CU_add_test(suite, "names are names, and stand there once", test_texts);
}
