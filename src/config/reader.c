/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/reader.h"

#include "audit/json.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

struct reader {
	yaml_parser_t parser;
	yaml_event_t event; /* the one looked at */
	struct slice yaml;
	struct settings_fault *fault;
	bool begun;     /* the bytes were judged */
	bool documents; /* one has begun */
};

enum err
blame(struct settings_fault *fault, struct place at, enum err cause,
      const char *format, ...)
{
	va_list args;

	fault->line = at.line;
	fault->column = at.column;
	va_start(args, format);
	vsnprintf(fault->text, sizeof fault->text, format, args);
	va_end(args);
	return cause;
}

struct reader *
reader_new(struct slice yaml, struct settings_fault *fault)
{
	struct reader *r = calloc(1, sizeof *r);

	if (!r)
		return NULL;
	if (!yaml_parser_initialize(&r->parser)) {
		free(r);
		return NULL;
	}
	if (yaml.len >= 3 &&
	    slice_eq(slice_head(yaml, 3), SLICE("\xef\xbb\xbf")))
		yaml = slice_skip(yaml, 3); /* a byte order mark */
	r->yaml = yaml;
	r->fault = fault;
	yaml_parser_set_encoding(&r->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r->parser, yaml.ptr, yaml.len);
	return r;
}

void
reader_free(struct reader *r)
{
	if (!r)
		return;
	yaml_event_delete(&r->event);
	yaml_parser_delete(&r->parser);
	free(r);
}

bool
reader_refuses(int32_t point)
{
	return (point < 0x20 && point != '\t' && point != '\n' &&
		point != '\r') ||
	       (point >= 0x7f && point <= 0x9f) || point == 0x2028 ||
	       point == 0x2029 || point == 0xfeff || point == 0xfffe ||
	       point == 0xffff;
}

static enum err
judge_bytes(struct slice rest, struct settings_fault *fault)
{
	struct place at = {1, 1};

	if (rest.len > SETTINGS_BYTES_MAX)
		return blame(fault, (struct place){0}, ERR_LIMIT,
			     "the file is longer than %d bytes",
			     SETTINGS_BYTES_MAX);
	while (rest.len > 0) {
		int32_t point;
		size_t len = utf8_next(rest, &point);

		if (point < 0)
			return blame(fault, at, ERR_SYNTAX,
				     "byte 0x%02x is not UTF-8", *rest.ptr);
		if (reader_refuses(point))
			return blame(fault, at, ERR_SYNTAX,
				     "character U+%04X is not allowed",
				     (unsigned)point);
		rest = slice_skip(rest, len);
		at.column++;
		if (point == '\n' ||
		    (point == '\r' && (rest.len == 0 || *rest.ptr != '\n')))
			at = (struct place){at.line + 1, 1};
	}
	return ERR_OK;
}

static struct place
place_of(yaml_mark_t mark)
{
	return (struct place){(unsigned)mark.line + 1,
			      (unsigned)mark.column + 1};
}

static bool
is_tab(struct slice text, size_t index)
{
	int32_t point = 0;

	for (size_t i = 0; i <= index && text.len > 0; i++)
		text = slice_skip(text, utf8_next(text, &point));
	return point == '\t';
}

/* A "*" that no name follows, which YAML takes for an alias. */
static bool
is_lone_asterisk(const yaml_parser_t *p)
{
	return p->context && strstr(p->context, "an alias") != NULL &&
	       p->problem_mark.index == p->context_mark.index + 1;
}

/* What YAML says about lines that are indented more or less than their
 * neighbours. */
static bool
is_indentation(const char *problem)
{
	static const char *const texts[] = {
	    "did not find expected key",
	    "did not find expected '-' indicator",
	    "mapping values are not allowed in this context",
	    "block sequence entries are not allowed in this context",
	};

	for (size_t i = 0; problem && i < sizeof texts / sizeof texts[0]; i++)
		if (strcmp(problem, texts[i]) == 0)
			return true;
	return false;
}

/* YAML's own errors. Those that puzzle people have words of ours. */
static enum err
blame_yaml(struct reader *r)
{
	const yaml_parser_t *p = &r->parser;
	struct place at = place_of(p->problem_mark);
	char context[128] = "";

	if (p->error == YAML_MEMORY_ERROR)
		return blame(r->fault, (struct place){0}, ERR_NOMEM,
			     "out of memory");
	if (is_tab(r->yaml, p->problem_mark.index))
		return blame(r->fault, at, ERR_SYNTAX,
			     "not valid YAML: a tab; indent with spaces");
	if (is_lone_asterisk(p))
		return blame(r->fault, place_of(p->context_mark), ERR_SYNTAX,
			     "not valid YAML: write \"*\" with quotes");
	if (p->context && p->context_mark.line < p->problem_mark.line)
		snprintf(context, sizeof context, "%s from line %zu, ",
			 p->context, p->context_mark.line + 1);
	return blame(r->fault, at, ERR_SYNTAX, "not valid YAML: %s%s%s",
		     context, p->problem ? p->problem : "unknown problem",
		     is_indentation(p->problem) ? "; is this line indented as "
						  "its neighbours are?"
						: "");
}

static enum err
refuse(struct reader *r, const char *what)
{
	return blame(r->fault, reader_place(r), ERR_REFUSED, "%s not supported",
		     what);
}

static enum err
begin_document(struct reader *r)
{
	const yaml_event_t *e = &r->event;

	if (r->documents)
		return refuse(r, "a second document is");
	r->documents = true;
	if (e->data.document_start.version_directive ||
	    e->data.document_start.tag_directives.start !=
		e->data.document_start.tag_directives.end)
		return refuse(r, "directives (%) are");
	return ERR_OK;
}

/* The place of the first character of a line that is no space. */
static struct place
begin_of_line(struct slice rest, size_t line)
{
	struct place at = {(unsigned)line + 1, 1};

	for (size_t i = 0; i < line; i++)
		(void)slice_cut(&rest, '\n');
	for (size_t i = 0; i < rest.len && rest.ptr[i] == ' '; i++)
		at.column++;
	return at;
}

/* Text without quotes that goes on in the next line: to YAML that is fine, but
 * it was meant as a key. */
static bool
is_folded(const yaml_event_t *e)
{
	return e->type == YAML_SCALAR_EVENT &&
	       e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
	       e->start_mark.line < e->end_mark.line && e->data.scalar.length;
}

/* What YAML can do and a configuration should not. */
static enum err
refuse_extras(struct reader *r)
{
	const yaml_event_t *e = &r->event;
	const yaml_char_t *anchor = NULL, *tag = NULL;

	if (is_folded(e))
		return blame(r->fault,
			     begin_of_line(r->yaml, e->start_mark.line + 1),
			     ERR_SYNTAX,
			     "this line continues the value before it; is it "
			     "indented as its neighbours are?");
	if (e->type == YAML_ALIAS_EVENT)
		return refuse(r, "aliases (*) are");
	if (e->type == YAML_DOCUMENT_START_EVENT)
		return begin_document(r);
	if (e->type == YAML_SCALAR_EVENT) {
		anchor = e->data.scalar.anchor;
		tag = e->data.scalar.tag;
	} else if (e->type == YAML_SEQUENCE_START_EVENT) {
		anchor = e->data.sequence_start.anchor;
		tag = e->data.sequence_start.tag;
	} else if (e->type == YAML_MAPPING_START_EVENT) {
		anchor = e->data.mapping_start.anchor;
		tag = e->data.mapping_start.tag;
	}
	if (anchor)
		return refuse(r, "anchors (&) are");
	if (tag)
		return refuse(r, "tags (!) are");
	return ERR_OK;
}

/* The events that are nodes; the others only frame them. */
static const struct {
	bool shown;
	enum node node;
} nodes[] = {
    [YAML_STREAM_END_EVENT] = {true, NODE_END},
    [YAML_SCALAR_EVENT] = {true, NODE_SCALAR},
    [YAML_SEQUENCE_START_EVENT] = {true, NODE_LIST},
    [YAML_SEQUENCE_END_EVENT] = {true, NODE_LIST_END},
    [YAML_MAPPING_START_EVENT] = {true, NODE_KEYS},
    [YAML_MAPPING_END_EVENT] = {true, NODE_KEYS_END},
};

enum err
reader_next(struct reader *r)
{
	enum err e = r->begun ? ERR_OK : judge_bytes(r->yaml, r->fault);

	r->begun = true;
	while (e == ERR_OK) {
		yaml_event_delete(&r->event);
		if (!yaml_parser_parse(&r->parser, &r->event))
			return blame_yaml(r);
		e = refuse_extras(r);
		if (nodes[r->event.type].shown)
			break;
	}
	return e;
}

enum node
reader_node(const struct reader *r)
{
	return nodes[r->event.type].node;
}

struct place
reader_place(const struct reader *r)
{
	return place_of(r->event.start_mark);
}

struct slice
reader_text(const struct reader *r)
{
	if (r->event.type != YAML_SCALAR_EVENT)
		return SLICE_EMPTY;
	return slice_of(r->event.data.scalar.value,
			r->event.data.scalar.length);
}

bool
reader_nothing(const struct reader *r)
{
	struct slice s = reader_text(r);

	return r->event.type == YAML_SCALAR_EVENT &&
	       r->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
	       (s.len == 0 || slice_eq(s, SLICE("~")) ||
		slice_ieq(s, SLICE("null")));
}

const char *
reader_show(const struct reader *r, char out[SHOWN_MAX])
{
	enum { KEEP = 60 };
	char text[JSON_STRING_MAX];
	struct slice s = reader_text(r), head = slice_head(s, KEEP);
	bool cut = false;
	size_t n;

	if (reader_nothing(r))
		return "nothing";
	if (reader_node(r) != NODE_SCALAR)
		return reader_node(r) == NODE_LIST ? "a list" : "keys";
	while (head.len < s.len && (s.ptr[head.len] & 0xc0) == 0x80)
		head.len--; /* not within a character */
	n = json_string(head, text, &cut);
	snprintf(out, SHOWN_MAX, "'%.*s%s'", (int)n - 2, text + 1,
		 head.len < s.len ? "..." : "");
	return out;
}
