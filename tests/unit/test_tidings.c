/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/tidings.h"

#include "shelves.h"
#include "tls/store.h"

#include <CUnit/CUnit.h>

#include <stdio.h>
#include <string.h>

enum { HEARD_MAX = 40 };

#define DAY INT64_C(86400)

struct heard {
	size_t events, lines, warnings;
	char event[HEARD_MAX][EVENT_MAX + 1];
	char line[HEARD_MAX][400];
};

static void
hear_event(void *arg, struct slice line)
{
	struct heard *h = arg;

	CU_ASSERT_FATAL(h->events < HEARD_MAX && line.len <= EVENT_MAX);
	memcpy(h->event[h->events], line.ptr, line.len);
	h->event[h->events++][line.len] = '\0';
}

static void
hear_line(void *arg, bool warning, const char *path, const char *text)
{
	struct heard *h = arg;

	CU_ASSERT_FATAL(h->lines < HEARD_MAX);
	h->warnings += warning;
	(void)snprintf(h->line[h->lines++], sizeof h->line[0], "%s: %s", path,
		       text);
}

static struct heard heard;

static struct tidings
listen(int64_t now)
{
	memset(&heard, 0, sizeof heard);
	return (struct tidings){.wall_ms = (uint64_t)now * 1000,
				.event = hear_event,
				.say = hear_line,
				.arg = &heard};
}

static bool
event_has(size_t i, const char *field, const char *value)
{
	char text[400];

	(void)snprintf(text, sizeof text, "\"%s\":\"%s\"", field, value);
	return i < heard.events && strstr(heard.event[i], text) != NULL;
}

struct entry {
	const char *path;
	enum certs_kind kind;
	const char *passphrase; /* any other makes other files */
};

/* The caller frees the bytes. */
static struct shelf
shelf_with(const struct entry *entries, size_t count)
{
	struct shelf_builder *b;
	struct shelf s = {SLICE_EMPTY};
	struct pair_fault fault;

	CU_ASSERT_EQUAL_FATAL(tls_library_init(), ERR_OK);
	b = shelf_builder_new(NULL, CERTS_NOW);
	CU_ASSERT_PTR_NOT_NULL_FATAL(b);
	for (size_t i = 0; i < count; i++) {
		const struct shelf_item item = {
		    .chain = certs_chain(entries[i].kind),
		    .key = certs_key(entries[i].kind),
		    .passphrase = slice_str(entries[i].passphrase),
		    .staple = SLICE_EMPTY,
		    .path = entries[i].path};

		CU_ASSERT_EQUAL(shelf_add(b, &item, &fault), ERR_OK);
	}
	CU_ASSERT_EQUAL_FATAL(shelf_open(shelves_end(b), &s), ERR_OK);
	return s;
}

static const char *
serial_of(const struct shelf *s, size_t i)
{
	struct shelf_pair p;

	shelf_pair(s, i, &p);
	return p.serial;
}

static void
changes_are_told(void)
{
	static const struct entry before[] = {{"/same", CERTS_EC, ""},
					      {"/gone", CERTS_EC384, ""},
					      {"/renewed", CERTS_RSA, ""},
					      {"/locked", CERTS_NO_CN, ""}};
	static const struct entry after[] = {{"/locked", CERTS_NO_CN, "x"},
					     {"/renewed", CERTS_EC384, ""},
					     {"/new", CERTS_RSA, ""},
					     {"/same", CERTS_EC, ""}};
	struct shelf old = shelf_with(before, 4), new = shelf_with(after, 4);
	struct tidings t = listen(CERTS_NOW);
	char line[400];

	CU_ASSERT_EQUAL(tidings_changes(&t, &old, &new), 4);
	CU_ASSERT_EQUAL_FATAL(heard.events, 4);
	CU_ASSERT_EQUAL(heard.lines, 4);
	CU_ASSERT_EQUAL(heard.warnings, 0);
	CU_ASSERT(event_has(0, "event.action", "certificate"));
	CU_ASSERT(event_has(0, "event.reason", "other files"));
	CU_ASSERT(event_has(0, "file.path", "/locked"));
	CU_ASSERT(event_has(1, "event.reason", "changed"));
	CU_ASSERT(event_has(1, "event.outcome", "success"));
	CU_ASSERT(event_has(1, "file.path", "/renewed"));
	CU_ASSERT(event_has(1, "x509.serial_number", serial_of(&new, 1)));
	CU_ASSERT(event_has(1, "imapward.certificate.old_serial_number",
			    serial_of(&old, 2)));
	CU_ASSERT(event_has(2, "event.reason", "new"));
	CU_ASSERT(event_has(2, "x509.serial_number", serial_of(&new, 2)));
	CU_ASSERT_PTR_NOT_NULL(strstr(
	    heard.event[2], "\"x509.alternative_names\":[\"" CERTS_HOST "\"]"));
	CU_ASSERT(event_has(3, "event.reason", "removed"));
	CU_ASSERT(event_has(3, "file.path", "/gone"));
	(void)snprintf(line, sizeof line,
		       "/renewed: certificate %s in place of %s",
		       serial_of(&new, 1), serial_of(&old, 2));
	CU_ASSERT_STRING_EQUAL(heard.line[1], line);
	t = listen(CERTS_NOW);
	CU_ASSERT_EQUAL(tidings_changes(&t, &new, &new), 0);
	CU_ASSERT_EQUAL(heard.events + heard.lines, 0);
	shelves_free(old.bytes);
	shelves_free(new.bytes);
}

static void
the_log_has_the_first_ones(void)
{
	struct entry many[TIDINGS_LINES + 4];
	char paths[TIDINGS_LINES + 4][8];
	enum { MANY = sizeof many / sizeof many[0] };
	struct shelf none = shelf_with(NULL, 0), all;
	struct tidings t = listen(CERTS_NOW);

	for (size_t i = 0; i < MANY; i++) {
		(void)snprintf(paths[i], sizeof paths[i], "/%zu", i);
		many[i] = (struct entry){paths[i], CERTS_EC, ""};
	}
	all = shelf_with(many, MANY);
	CU_ASSERT_EQUAL(tidings_changes(&t, &none, &all), MANY);
	CU_ASSERT_EQUAL(heard.events, MANY);
	CU_ASSERT_EQUAL(heard.lines, TIDINGS_LINES);
	shelves_free(none.bytes);
	shelves_free(all.bytes);
}

/* From 2020 to the end of 2049; a third and a tenth of that before it. */
static void
ends_that_come_near_are_told_once(void)
{
	static const struct entry one[] = {{"/one", CERTS_EC, ""}};
	struct shelf s = shelf_with(one, 1);
	struct shelf_pair p;
	struct tidings t;
	int64_t life, third, tenth;

	shelf_pair(&s, 0, &p);
	life = p.not_after - p.not_before;
	third = p.not_after - life / 3;
	tenth = p.not_after - life / 10;
	{
		const struct {
			int64_t since, now;
			const char *rule;
		} rows[] = {
		    {p.not_before, third - DAY, NULL},
		    {third - DAY, third + DAY, "ends-soon"},
		    {third + DAY, tenth - DAY, NULL},
		    {tenth - DAY, tenth + DAY, "ends-now"},
		    {third - DAY, tenth + DAY, "ends-now"},
		    {tenth + DAY, p.not_after, NULL},
		    {p.not_after - DAY, p.not_after + DAY, "expired"},
		    {p.not_after + DAY, p.not_after + 2 * DAY, NULL},
		};

		for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
			t = listen(rows[i].now);
			tidings_dates(&t, &s, rows[i].since);
			CU_ASSERT_EQUAL(heard.events, rows[i].rule != NULL);
			CU_ASSERT_EQUAL(heard.warnings, heard.events);
			CU_ASSERT(!rows[i].rule ||
				  (event_has(0, "rule.name", rows[i].rule) &&
				   event_has(0, "event.outcome", "failure") &&
				   event_has(0, "file.path", "/one")));
		}
	}
	t = listen(p.not_after + DAY);
	tidings_dates(&t, &s, p.not_before);
	CU_ASSERT_PTR_NOT_NULL(strstr(heard.line[0], " has ended on 20"));
	shelves_free(s.bytes);
}

static void
notices_are_events(void)
{
	static const struct entry one[] = {{"/one", CERTS_EC, ""}};
	struct shelf s = shelf_with(one, 1);
	struct notices n = {.at = NULL};
	struct tidings t = listen(CERTS_NOW);

	notice_add(&n, "/folder", "empty", SHELF_NONE, "nothing in it");
	notice_add(&n, "/one", "lifetime", 0, "it lives too long");
	tidings_notices(&t, &n, &s);
	CU_ASSERT_EQUAL(heard.events, 2);
	CU_ASSERT_EQUAL(heard.lines, 0);
	CU_ASSERT(event_has(0, "file.path", "/folder"));
	CU_ASSERT_PTR_NULL(strstr(heard.event[0], "x509"));
	CU_ASSERT(event_has(1, "rule.name", "lifetime"));
	CU_ASSERT(event_has(1, "event.reason", "it lives too long"));
	CU_ASSERT(event_has(1, "x509.serial_number", serial_of(&s, 0)));
	shelves_free(s.bytes);
	files_clear(&(struct files){.notices = n});
}

void suite_tidings(void);

void
suite_tidings(void)
{
	CU_pSuite suite = CU_add_suite("tidings", NULL, NULL);

	CU_add_test(suite, "what changed is told, with both serial numbers",
		    changes_are_told);
	CU_add_test(suite, "the log has the first ones, the audit all",
		    the_log_has_the_first_ones);
	CU_add_test(suite, "an end that comes near is told once",
		    ends_that_come_near_are_told_once);
	CU_add_test(suite, "what clients will not like is an event",
		    notices_are_events);
}
