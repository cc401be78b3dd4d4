/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "imap/summary.h"

#include <assert.h>
#include <string.h>

enum { WORD_TOO_LONG = 255, MESSAGES_MOST = 255 };

void
summary_command(struct summary *s, enum verb v)
{
	assert(v < VERB_COUNT);
	s->verbs[v] += s->verbs[v] < UINT32_MAX;
	if (v != VERB_APPEND)
		return;
	memset(&s->append, 0, sizeof s->append);
	s->append.skip = 2; /* tag and verb */
}

void
summary_answer(struct summary *s, enum verb v, unsigned messages, bool ok)
{
	if (!ok)
		return;
	if (v == VERB_SELECT || v == VERB_EXAMINE)
		s->opened += s->opened < UINT32_MAX;
	else if (v == VERB_APPEND)
		s->appended += messages > 0 ? messages : 1;
}

/* ---- APPEND ---- */

static bool
is_word(const struct summary *s, struct slice word)
{
	return s->append.spaced && !s->append.name &&
	       slice_ieq(slice_of(s->append.word,
				  s->append.word_len <= sizeof s->append.word
				      ? s->append.word_len
				      : 0),
			 word);
}

static void
add_message(struct summary *s)
{
	if (s->append.messages < MESSAGES_MOST)
		s->append.messages++;
}

static void
forget_word(struct summary *s)
{
	s->append.word_len = 0;
	s->append.spaced = s->append.name = false;
}

static void
quoted_byte(struct summary *s, unsigned char c)
{
	if (s->append.escaped)
		s->append.escaped = false;
	else if (c == '\\')
		s->append.escaped = true;
	else
		s->append.quoted = c != '"';
}

static void
word_byte(struct summary *s, unsigned char c)
{
	if (s->append.spaced)
		forget_word(s);
	if (s->append.word_len < sizeof s->append.word)
		s->append.word[s->append.word_len++] = (char)c;
	else
		s->append.word_len = WORD_TOO_LONG;
	s->append.name = s->append.name || !s->append.named;
	s->append.named = true;
}

static void
append_byte(struct summary *s, unsigned char c)
{
	if (s->append.quoted) {
		quoted_byte(s, c);
	} else if (s->append.skip > 0) {
		if (c == ' ')
			s->append.skip--;
	} else if (c == '"') {
		forget_word(s);
		s->append.quoted = s->append.named = true;
	} else if (c == ' ') {
		s->append.spaced = s->append.word_len > 0;
	} else if (c == '(') {
		if (is_word(s, SLICE("CATENATE")))
			add_message(s);
		forget_word(s);
	} else if (c != '~') { /* of a literal8 */
		word_byte(s, c);
	}
}

void
summary_append_text(struct summary *s, struct slice text)
{
	for (size_t i = 0; i < text.len; i++)
		append_byte(s, text.ptr[i]);
}

void
summary_append_literal(struct summary *s)
{
	s->append.text = s->append.named;
	s->append.named = true;
	/* RFC 4469 section 3: parts of one message. */
	if (s->append.text && !is_word(s, SLICE("TEXT")) &&
	    !is_word(s, SLICE("URL")))
		add_message(s);
	forget_word(s);
}

void
summary_append_bytes(struct summary *s, size_t n)
{
	if (s->append.text)
		s->appended_bytes += n;
}

/* ---- responses ---- */

void
summary_response(struct summary *s, struct slice number, struct slice word)
{
	memset(&s->response, 0, sizeof s->response);
	if (number.len > 0 && slice_ieq(word, SLICE("FETCH"))) {
		s->response.kind = SUMMARY_FETCH;
		s->fetch_responses++;
	} else if (number.len > 0 && slice_ieq(word, SLICE("EXPUNGE"))) {
		s->expunged++;
	} else if (number.len == 0 && slice_ieq(word, SLICE("VANISHED"))) {
		s->response.kind = SUMMARY_VANISHED;
	}
}

void
summary_response_literal(struct summary *s)
{
	if (s->response.kind != SUMMARY_FETCH || s->response.text)
		return;
	s->response.text = true;
	s->fetched++;
}

void
summary_response_bytes(struct summary *s, size_t n)
{
	if (s->response.kind == SUMMARY_FETCH)
		s->fetched_bytes += n;
}

/* The end of "value" or "low:value". */
static void
add_vanished(struct summary *s)
{
	uint64_t a = s->response.low, b = s->response.value;

	if (s->response.digits && s->response.range)
		s->expunged += (a > b ? a - b : b - a) + 1;
	else if (s->response.digits)
		s->expunged++;
	s->response.digits = s->response.range = false;
	s->response.value = 0;
}

static void
vanished_byte(struct summary *s, unsigned char c)
{
	if (!s->response.begun) {
		s->response.begun = c == ' ';
	} else if (byte_digit(c)) {
		/* Unique identifiers have 32 bits. */
		s->response.value = s->response.value * 10 + (c - '0');
		if (s->response.value > UINT32_MAX)
			s->response.value = UINT32_MAX;
		s->response.digits = true;
	} else if (c == ':' && s->response.digits) {
		s->response.low = s->response.value;
		s->response.value = 0;
		s->response.digits = false;
		s->response.range = true;
	} else if (c == ',' || c == '\r') {
		add_vanished(s);
	} else {
		/* The end, or (EARLIER), or no set of numbers at all. */
		if (c == '\n')
			add_vanished(s);
		s->response.kind = SUMMARY_OTHER;
	}
}

void
summary_response_text(struct summary *s, struct slice text)
{
	for (size_t i = 0; i < text.len && s->response.kind == SUMMARY_VANISHED;
	     i++)
		vanished_byte(s, text.ptr[i]);
}
