/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * scan.c - framing of client commands: lines, quoted strings, literals.
 *
 * However the bytes were cut up on their way here, the pieces add up to the
 * same events; tests/fuzz/fuzz_scan.c holds us to that.
 */
#include "imap/scan.h"

enum {
	TEXT,       /* outside of quotes */
	QUOTED,     /* within "..." */
	ESCAPED,    /* behind a backslash within quotes */
	BRACE,      /* behind "{" and any of digits, "+", "-" */
	BRACE_SIGN, /* behind the "+" or "-" */
	BRACE_JUNK, /* behind "{" and what no literal has */
	BRACE_END,  /* behind "}" */
	BRACE_CR,   /* behind "}" CR */
	LINE_CR,    /* behind CR */
	AFTER,      /* behind a literal's last byte */
	BROKEN
};

/* Bytes that end a run of boring text outside of quotes. */
static const bool stops[256] = {
    ['\0'] = true, ['\r'] = true, ['\n'] = true, ['"'] = true, ['{'] = true};

static void
restart(struct scan *s, unsigned char state)
{
	*s = (struct scan){.state = state, .digits_max = s->digits_max};
}

void
scan_init(struct scan *s, unsigned digits_max)
{
	s->digits_max = (unsigned char)digits_max;
	restart(s, TEXT);
}

void
scan_after_literal(struct scan *s)
{
	restart(s, AFTER);
}

static enum scan_event
bad(struct scan *s, const char *why)
{
	s->state = BROKEN;
	s->why = why;
	return SCAN_BAD;
}

static void
open_brace(struct scan *s)
{
	unsigned char before = s->before;

	s->binary = before == '~';
	if (s->binary)
		before = s->before2;
	s->placed = before == ' ' || before == '(';
	s->digits = 0;
	s->literal = 0;
	s->nonsync = s->malformed = false;
	s->held = 1;
	s->state = BRACE;
}

static enum scan_event
text_byte(struct scan *s, unsigned char c)
{
	s->held = 0;
	s->state = TEXT;
	switch (c) {
	case '\0':
		return bad(s, "NUL outside of a literal");
	case '\n':
		return bad(s, "bare LF");
	case '\r':
		s->state = LINE_CR;
		s->held = 1;
		break;
	case '"':
		s->state = QUOTED;
		break;
	case '{':
		open_brace(s);
		break;
	default:
		break;
	}
	return SCAN_MORE;
}

static enum scan_event
quoted_byte(struct scan *s, unsigned char c)
{
	if (c == '\0' || c == '\r' || c == '\n')
		return bad(s, "line ends within quotes");
	if (s->state == ESCAPED)
		s->state = QUOTED;
	else if (c == '\\')
		s->state = ESCAPED;
	else if (c == '"')
		s->state = TEXT;
	return SCAN_MORE;
}

static enum scan_event
brace_byte(struct scan *s, unsigned char c)
{
	if (s->state == BRACE && byte_digit(c)) {
		if (s->digits >= s->digits_max)
			return bad(s, "literal size has too many digits");
		s->digits++;
		s->literal = s->literal * 10 + (uint64_t)(c - '0');
	} else if (s->state == BRACE && (c == '+' || c == '-')) {
		s->nonsync = c == '+';
		s->malformed = s->malformed || c == '-';
		s->state = BRACE_SIGN;
	} else if (c == '}') {
		s->state = BRACE_END;
	} else if (c >= ' ' && c != '"' && c != '{') {
		/* Some server may know a literal of that form. */
		s->malformed = true;
		s->state = BRACE_JUNK;
	} else {
		return text_byte(s, c);
	}
	s->held++;
	if (s->malformed)
		s->held = 0;
	return SCAN_MORE;
}

static enum scan_event
brace_end_byte(struct scan *s, unsigned char c)
{
	if (c != '\r')
		return text_byte(s, c);
	s->state = BRACE_CR;
	s->held++;
	return SCAN_MORE;
}

static enum scan_event
line_feed(struct scan *s, unsigned char c)
{
	bool literal = s->state == BRACE_CR;

	if (c != '\n')
		return bad(s, "bare CR");
	if (literal && (!s->placed || s->malformed || s->digits == 0))
		return bad(s, "line ends in a malformed literal");
	s->held++;
	return literal ? SCAN_LITERAL : SCAN_END;
}

static enum scan_event
after_byte(struct scan *s, unsigned char c)
{
	if (c != ' ' && c != ')' && c != '\r')
		return bad(s,
			   "a literal is followed by neither SP, ) nor CRLF");
	return text_byte(s, c);
}

static enum scan_event
step(struct scan *s, unsigned char c)
{
	switch (s->state) {
	case TEXT:
		return text_byte(s, c);
	case QUOTED:
	case ESCAPED:
		return quoted_byte(s, c);
	case BRACE:
	case BRACE_SIGN:
	case BRACE_JUNK:
		return brace_byte(s, c);
	case BRACE_END:
		return brace_end_byte(s, c);
	case BRACE_CR:
	case LINE_CR:
		return line_feed(s, c);
	case AFTER:
		return after_byte(s, c);
	default:
		return SCAN_BAD;
	}
}

/* How many bytes of boring text stand at the front of `in`. */
static size_t
boring(struct slice in)
{
	size_t n = 0;

	while (n < in.len && !stops[in.ptr[n]])
		n++;
	return n;
}

static void
remember(struct scan *s, struct slice run)
{
	if (run.len >= 2)
		s->before2 = run.ptr[run.len - 2];
	else
		s->before2 = s->before;
	s->before = run.ptr[run.len - 1];
}

enum scan_event
scan_next(struct scan *s, struct slice in, size_t *used)
{
	enum scan_event event = SCAN_MORE;
	size_t i = 0;

	while (i < in.len && event == SCAN_MORE) {
		size_t n = s->state == TEXT ? boring(slice_skip(in, i)) : 0;

		if (n > 0) {
			s->held = 0;
		} else {
			event = step(s, in.ptr[i]);
			n = 1;
		}
		remember(s, slice_of(in.ptr + i, n));
		i += n;
	}
	*used = i;
	return event;
}
