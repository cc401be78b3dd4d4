/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * catalogue_print.c - the catalogue as JSON Schema, as a manual, as a table.
 */
#include "audit/catalogue.h"

#include "base/prose.h"

struct out {
	catalogue_emit *emit;
	void *arg;
};

static void
put(const struct out *o, const char *text)
{
	o->emit(o->arg, slice_str(text));
}

static void
put_line(const struct out *o, const char *before, const char *text,
	 const char *after)
{
	put(o, before);
	put(o, text);
	put(o, after);
}

/* --- JSON Schema ------------------------------------------------------------
 */

/* A value of ours longer than its bound is cut, and an ellipsis follows. */
#define TEXT_MOST "257"

static const char *const type_schemas[] = {
    [FIELD_S] = "\"type\": \"string\", \"maxLength\": " TEXT_MOST,
    [FIELD_N] = "\"type\": \"integer\", \"minimum\": 0",
    [FIELD_B] = "\"type\": \"boolean\"",
    [FIELD_L] =
	"\"type\": \"array\", \"minItems\": 1, \"maxItems\": 64, "
	"\"items\": {\"type\": \"string\", \"maxLength\": " TEXT_MOST "}",
};

/* What is known of a field besides its type. */
static const struct {
	enum field_id field;
	const char *schema;
} forms[] = {
    {FIELD_TIME, "\"pattern\": \"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}"
		 ":[0-9]{2}\\\\.[0-9]{3}Z$\""},
    {FIELD_SESSION, "\"pattern\": \"^[0-9a-f]{16}$\""},
    {FIELD_ADDRESS, "\"pattern\": \"^[0-9a-f.:]+$\""},
    {FIELD_PORT, "\"maximum\": 65535"},
    {FIELD_OUTCOME, "\"enum\": [\"success\", \"failure\", \"unknown\"]"},
    {FIELD_USER_HASH, "\"pattern\": \"^[0-9a-f]{16}$\""},
    {FIELD_AUTHZID_HASH, "\"pattern\": \"^[0-9a-f]{16}$\""},
    {FIELD_BACKEND_PORT, "\"maximum\": 65535"},
    {FIELD_CHAIN, "\"pattern\": \"^[0-9a-f]{16}$\""},
    {FIELD_HASH, "\"pattern\": \"^[0-9a-f]{32}$\""},
};

static void
put_field_schema(const struct out *o, enum field_id f)
{
	put_line(o, ",\n    \"", field_rows[f].name, "\": {\n");
	put_line(o, "      \"description\": \"", field_rows[f].meaning,
		 "\",\n");
	put_line(o, "      ", type_schemas[field_rows[f].type], "");
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
		if (forms[i].field == f)
			put_line(o, ",\n      ", forms[i].schema, "");
	put(o, "\n    }");
}

/* What is the same in each event of a kind. */
static bool
put_constant(const struct out *o, enum field_id f, const struct event_row *row)
{
	bool list = f == FIELD_CATEGORY || f == FIELD_TYPE;
	const char *text = f == FIELD_ACTION     ? row->action
			   : f == FIELD_KIND     ? row->kind
			   : f == FIELD_CATEGORY ? row->category
			   : f == FIELD_TYPE     ? row->type
						 : NULL;

	if (!text)
		return false;
	put(o, list ? "{\"const\": [\"" : "{\"const\": \"");
	put(o, text);
	put(o, list ? "\"]}" : "\"}");
	return true;
}

/* May it stand there at all? */
static bool
field_fits(enum field_id f, enum event_id e)
{
	return field_must(f, e) || field_may(f, e);
}

static void
put_event_schema(const struct out *o, enum event_id e)
{
	const struct event_row *row = &event_rows[e];
	const char *before = "\"";

	put_line(o, e > 0 ? ",\n    \"" : "    \"", row->action, "\": {\n");
	put_line(o, "      \"description\": \"", row->meaning, "\",\n");
	put(o, "      \"required\": [");
	for (int f = 0; f < FIELD_IDS; f++) {
		if (!field_must((enum field_id)f, e))
			continue;
		put_line(o, before, field_rows[f].name, "\"");
		before = ",\n        \"";
	}
	put(o, "],\n      \"additionalProperties\": false,\n"
	       "      \"properties\": {\n");
	before = "        \"";
	for (int f = 0; f < FIELD_IDS; f++) {
		if (!field_fits((enum field_id)f, e))
			continue;
		put_line(o, before, field_rows[f].name, "\": ");
		if (!put_constant(o, (enum field_id)f, row))
			put_line(o, "{\"$ref\": \"#/$defs/", field_rows[f].name,
				 "\"}");
		before = ",\n        \"";
	}
	put(o, "\n      }\n    }");
}

/* Which of the definitions holds. */
static void
put_choice(const struct out *o)
{
	const char *before = "\"";

	put(o, "  \"required\": [\"event.action\"],\n"
	       "  \"properties\": {\"event.action\": {\"enum\": [\n    ");
	for (int e = 0; e < EVENT_IDS; e++) {
		put_line(o, before, event_rows[e].action, "\"");
		before = ", \"";
	}
	put(o, "]}},\n  \"allOf\": [\n");
	for (int e = 0; e < EVENT_IDS; e++) {
		put_line(o,
			 "    {\"if\": {\"properties\": {\"event.action\": "
			 "{\"const\": \"",
			 event_rows[e].action, "\"}}},\n");
		put_line(o, "     \"then\": {\"$ref\": \"#/$defs/",
			 event_rows[e].action,
			 e + 1 < EVENT_IDS ? "\"}},\n" : "\"}}\n");
	}
	put(o, "  ],\n");
}

void
catalogue_schema(catalogue_emit *emit, void *arg)
{
	const struct out o = {emit, arg};

	put(&o, "{\n"
		"  \"$schema\": \"https://json-schema.org/draft/2020-12/"
		"schema\",\n"
		"  \"$id\": \"urn:imapward:events\",\n"
		"  \"title\": \"One line of the audit of imapward\",\n"
		"  \"description\": \"imapward-events(7) says more. A value "
		"that would make a line too long is left out.\",\n"
		"  \"type\": \"object\",\n");
	put_choice(&o);
	put(&o, "  \"$defs\": {\n");
	for (int e = 0; e < EVENT_IDS; e++)
		put_event_schema(&o, (enum event_id)e);
	for (int f = 0; f < FIELD_IDS; f++)
		put_field_schema(&o, (enum field_id)f);
	put(&o, "\n  }\n}\n");
}

/* --- imapward-events(7) -----------------------------------------------------
 */

/* It may stand in any event: not worth a word about each. */
static bool
is_everywhere(enum field_id f)
{
	return (field_rows[f].must | field_rows[f].may) == UINT32_MAX;
}

/* "It has a , b ." of those that only some events have. */
static void
put_fields(const struct out *o, const char *title, enum event_id e,
	   bool (*holds)(enum field_id f, enum event_id e))
{
	const char *before = title;

	for (int f = 0; f < FIELD_IDS; f++) {
		if (is_everywhere((enum field_id)f) ||
		    !holds((enum field_id)f, e))
			continue;
		put_line(o, before, ".Cm ", field_rows[f].name);
		before = " ,\n";
	}
	if (before != title)
		put(o, " .\n");
}

static void
put_event_item(const struct out *o, enum event_id e)
{
	const struct event_row *row = &event_rows[e];

	put_line(o, ".It Cm ", row->action, "\n");
	prose_mdoc(slice_str(row->meaning), o->emit, o->arg);
	put_line(o, "It is of the kind\n.Ql ", row->kind, " ,\n");
	put_line(o, "the category\n.Ql ", row->category, "\n");
	put_line(o, "and the type\n.Ql ", row->type, " .\n");
	put_fields(o, "It has\n", e, field_must);
	put_fields(o, "It may have\n", e, field_may);
}

/* With the events that it stands in. */
static void
put_field_item(const struct out *o, enum field_id f)
{
	const char *before = "(in\n.Cm ";

	put_line(o, ".It Cm ", field_rows[f].name, "\n");
	prose_mdoc(slice_str(field_rows[f].meaning), o->emit, o->arg);
	if (is_everywhere(f)) {
		put(o, "(in any event)\n");
		return;
	}
	for (int e = 0; e < EVENT_IDS; e++) {
		if (!field_fits(f, (enum event_id)e))
			continue;
		put_line(o, before, event_rows[e].action, "");
		before = " ,\n.Cm ";
	}
	put(o, " )\n");
}

void
catalogue_manual(catalogue_emit *emit, void *arg)
{
	const struct out o = {emit, arg};

	put(&o, ".Ss Events\n.Bl -tag -width Ds\n");
	for (int e = 0; e < EVENT_IDS; e++)
		put_event_item(&o, (enum event_id)e);
	put(&o, ".El\n.Ss Fields\n.Bl -tag -width Ds\n");
	for (int f = 0; f < FIELD_IDS; f++)
		put_field_item(&o, (enum field_id)f);
	put(&o, ".El\n");
}

/* --- the README -------------------------------------------------------------
 */

/* Up to the first full stop. */
static struct slice
first_sentence(const char *text)
{
	struct slice s = slice_str(text);
	size_t n = 0;

	while (n < s.len &&
	       !(s.ptr[n] == '.' && (n + 1 == s.len || s.ptr[n + 1] == ' ')))
		n++;
	return slice_head(s, n);
}

void
catalogue_table(catalogue_emit *emit, void *arg)
{
	const struct out o = {emit, arg};

	put(&o, "| event.action | what happened |\n|---|---|\n");
	for (int e = 0; e < EVENT_IDS; e++) {
		put_line(&o, "| `", event_rows[e].action, "` | ");
		emit(arg, first_sentence(event_rows[e].meaning));
		put(&o, " |\n");
	}
}
