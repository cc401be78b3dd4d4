/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_manual.c - the manuals and the schema say what the tables say.
 */
#include "audit/catalogue.h"
#include "tls/cause.h"

#include <CUnit/CUnit.h>

#include <ctype.h>
#include <stdio.h>
#include <string.h>

void suite_manual(void);

/* A file on one line, blanks made one. */
static const char *
page(const char *path)
{
	static char text[128 * 1024];
	size_t n = 0;
	FILE *f = fopen(path, "r");
	int c;

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	while ((c = fgetc(f)) != EOF && n < sizeof text - 1)
		if (!isspace(c))
			text[n++] = (char)c;
		else if (n > 0 && text[n - 1] != ' ')
			text[n++] = ' ';
	text[n] = '\0';
	(void)fclose(f);
	return text;
}

static void
says(const char *text, const char *name, const char *meaning)
{
	char line[512];

	(void)snprintf(line, sizeof line, ".It Cm %s %s .", name, meaning);
	/* What follows is the next item, or the end of the list. */
	if (!strstr(text, line)) {
		printf("man/imapward.8 lacks: %s\n", line);
		CU_FAIL("the manual says it otherwise");
	}
}

static struct {
	size_t len;
	char text[128 * 1024];
} written;

static void
collect(void *arg, struct slice text)
{
	(void)arg;
	CU_ASSERT_FATAL(text.len < sizeof written.text - written.len);
	memcpy(written.text + written.len, text.ptr, text.len);
	written.len += text.len;
	written.text[written.len] = '\0';
}

/* Does the file hold what is written now? Blanks and all. */
static void
holds(const char *path,
      void (*write)(void (*emit)(void *arg, struct slice text), void *arg))
{
	static char text[256 * 1024];
	FILE *f = fopen(path, "r");

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	text[fread(text, 1, sizeof text - 1, f)] = '\0';
	(void)fclose(f);
	written.len = 0;
	write(collect, NULL);
	CU_ASSERT(written.len > 500);
	if (!strstr(text, written.text)) {
		printf("%s is not as the catalogue has it: "
		       "scripts/check-docs --fix build/imapward\n",
		       path);
		CU_FAIL("a document differs from the catalogue");
	}
}

static void
catalogue(void)
{
	holds("man/imapward-events.7", catalogue_manual);
	holds("config/imapward-events.schema.json", catalogue_schema);
	holds("README.md", catalogue_table);
}

static void
diagnosis(void)
{
	const char *text = page("man/imapward.8");

	for (int c = CAUSE_NONE + 1; c < CAUSES; c++)
		says(text, cause_name((enum cause)c),
		     cause_advice((enum cause)c));
	for (int f = 0; f < FAMILIES; f++)
		says(text, family_name((enum family)f),
		     family_who((enum family)f));
	for (int s = SIGNAL_NONE + 1; s < SIGNALS; s++)
		says(text, signal_name((enum tls_signal)s),
		     signal_meaning((enum tls_signal)s));
	for (int s = 0; s < STAGES; s++)
		says(text, stage_name((enum tls_stage)s),
		     stage_meaning((enum tls_stage)s));
}

void
suite_manual(void)
{
	CU_pSuite suite = CU_add_suite("manual", NULL, NULL);

	CU_add_test(suite, "manual, schema and README are the catalogue",
		    catalogue);
	CU_add_test(suite, "causes, signals, stages and families are too",
		    diagnosis);
}
