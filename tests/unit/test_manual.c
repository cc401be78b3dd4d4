/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_manual.c - imapward(8) names what events can hold, in the words of the
 * tables.
 */
#include "audit/event.h"
#include "tls/cause.h"

#include <CUnit/CUnit.h>

#include <ctype.h>
#include <stdio.h>
#include <string.h>

void suite_manual(void);

/* The page on one line, blanks made one. */
static const char *
page(void)
{
	static char text[64 * 1024];
	size_t n = 0;
	FILE *f = fopen("man/imapward.8", "r");
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

static void
fields(void)
{
	const char *text = page();

	for (int f = 0; f < FIELD_IDS; f++)
		if (!strstr(text, field_name((enum field_id)f))) {
			printf("man/imapward.8 lacks %s\n",
			       field_name((enum field_id)f));
			CU_FAIL("a field is not in the manual");
		}
	for (int e = 0; e < EVENT_IDS; e++) {
		char item[64];

		(void)snprintf(item, sizeof item, ".It Cm %s ",
			       event_action((enum event_id)e));
		CU_ASSERT_PTR_NOT_NULL(strstr(text, item));
	}
}

static void
diagnosis(void)
{
	const char *text = page();

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

	CU_add_test(suite, "every event and field is in the manual", fields);
	CU_add_test(suite, "causes, signals, stages and families are too",
		    diagnosis);
}
