/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dialog_server.c - the backend's direction of the relay.
 *
 * The text of a status response is prose, whatever it looks like; a data
 * response goes on behind a literal when its line ends in {n} or ~{n}, and in
 * no other case. Capability lists lose the words that must not pass a gate,
 * word by word, so that a list of any length needs no memory.
 */
#include "dialog_states.h"
#include "imap/capability.h"
#include "imap/dialog.h"

enum { KEYWORD_MAX = 16 };

void
dialog_line_done(struct dialog *d)
{
	if (d->word_line)
		dialog_word(d);
	if (d->tagged)
		dialog_answered(d);
	d->word_line = d->tagged = d->skip_line = d->started = false;
	d->server = SERVER_START;
}

void
dialog_pass(struct dialog *d, struct move *out, size_t n)
{
	move_bytes(out, MOVE_PASS, n);
	if (n > 0)
		d->started = true;
}

static size_t
word_end(struct slice s)
{
	size_t i = 0;

	while (i < s.len && s.ptr[i] != ' ' && s.ptr[i] != '\t' &&
	       s.ptr[i] != '\r' && s.ptr[i] != '\n')
		i++;
	return i;
}

static bool
is_status(struct slice word)
{
	return slice_ieq(word, SLICE("OK")) || slice_ieq(word, SLICE("NO")) ||
	       slice_ieq(word, SLICE("BAD"));
}

static bool
start_continuation(struct dialog *d)
{
	if (d->word_due) {
		d->word_line = true;
		d->skip_line = d->client == CLIENT_WAIT && d->unasked;
	} else if (d->client != CLIENT_IDLE) {
		d->skip_line = true;
		d->strays++;
	}
	d->server = SERVER_PROSE;
	return false;
}

static bool
start_untagged(struct dialog *d, struct slice in, struct move *out)
{
	if (in.len < 2)
		return true;
	if (in.ptr[1] != ' ') {
		move_end(d, out, "malformed response");
		return true;
	}
	d->server = SERVER_KEYWORD;
	dialog_pass(d, out, 2);
	return true;
}

/* Surplus spaces could hide a list from us that a client still reads. */
static bool
surplus_spaces(struct slice in, size_t keep, struct move *out)
{
	size_t n = 0;

	while (n < in.len && in.ptr[n] == ' ')
		n++;
	if (n <= keep)
		return false;
	move_bytes(out, MOVE_SKIP, n - keep);
	return true;
}

static bool
is_number(struct slice word)
{
	for (size_t i = 0; i < word.len; i++)
		if (!byte_digit(word.ptr[i]))
			return false;
	return word.len > 0 && word.len <= KEYWORD_MAX;
}

/*
 * "* 23 FETCH": what it is about is the next word. Nothing depends on it but
 * the summary, so a server that writes anything else is not waited for.
 */
static bool
numbered(struct dialog *d, struct slice in, struct slice number)
{
	struct slice rest = slice_skip(in, number.len + 1), word;

	word = slice_head(rest, word_end(rest));
	if (in.ptr[number.len] == ' ' && word.len == rest.len &&
	    word.len <= KEYWORD_MAX)
		return true;
	summary_response(&d->summary, number, word);
	d->server = SERVER_DATA;
	return false;
}

static bool
server_keyword(struct dialog *d, struct slice in, struct move *out)
{
	struct slice word = slice_head(in, word_end(in));

	move_bytes(out, MOVE_WAIT, 0);
	if (surplus_spaces(in, 0, out))
		return true;
	if (word.len == in.len && word.len <= KEYWORD_MAX)
		return true;
	/* Longer words are none of ours, whatever ends them. */
	if (word.len <= KEYWORD_MAX && in.ptr[word.len] == '\t') {
		move_end(d, out, "malformed response");
		return true;
	}
	if (is_number(word))
		return numbered(d, in, word);
	if (is_status(word) || slice_ieq(word, SLICE("PREAUTH"))) {
		d->server = SERVER_CODE;
	} else if (slice_ieq(word, SLICE("BYE"))) {
		d->bye = true;
		d->server = SERVER_CODE;
	} else if (slice_ieq(word, SLICE("CAPABILITY"))) {
		d->flags_new = 0;
		d->server = SERVER_WORDS;
	} else {
		/* The word may hold what looks like a literal. */
		summary_response(&d->summary, SLICE_EMPTY, word);
		d->server = SERVER_DATA;
		return false;
	}
	dialog_pass(d, out, word.len);
	return true;
}

static bool
start_tagged(struct dialog *d, struct slice in, struct move *out)
{
	size_t tag_len = word_end(in), at;
	struct slice rest = slice_skip(in, tag_len + 1), word;

	if (tag_len == in.len && tag_len <= TAG_MAX)
		return true;
	if (tag_len > TAG_MAX || in.ptr[tag_len] != ' ' ||
	    !tags_find(&d->tags, slice_head(in, tag_len), &at)) {
		move_end(d, out, "answer to no command");
		return true;
	}
	word = slice_head(rest, word_end(rest));
	if (word.len == rest.len && word.len <= KEYWORD_MAX)
		return true;
	if (!is_status(word)) {
		move_end(d, out, "tagged line without OK, NO or BAD");
		return true;
	}
	d->tagged = true;
	d->answer = (uint16_t)at;
	d->answer_ok = slice_ieq(word, SLICE("OK"));
	d->server = SERVER_CODE;
	dialog_pass(d, out, tag_len + 1 + word.len);
	return true;
}

static bool
server_start(struct dialog *d, struct slice in, struct move *out)
{
	move_bytes(out, MOVE_WAIT, 0);
	if (in.len == 0)
		return true;
	if (in.ptr[0] == '+')
		return start_continuation(d);
	if (in.ptr[0] == '*')
		return start_untagged(d, in, out);
	return start_tagged(d, in, out);
}

static bool
server_code(struct dialog *d, struct slice in, struct move *out)
{
	struct slice code = SLICE(" [CAPABILITY ");

	move_bytes(out, MOVE_WAIT, 0);
	if (surplus_spaces(in, 1, out))
		return true;
	if (!slice_istarts(code, slice_head(in, code.len))) {
		d->server = SERVER_PROSE;
		return false;
	}
	if (in.len < code.len)
		return true;
	d->flags_new = 0;
	d->server = SERVER_CODE_WORDS;
	dialog_pass(d, out,
		    code.len - 1); /* each word comes with the SP before it */
	return true;
}

static bool
words(struct dialog *d, struct slice in, struct move *out, bool code)
{
	size_t n = 1;
	struct slice word;

	move_bytes(out, MOVE_WAIT, 0);
	if (in.len == 0)
		return true;
	if (in.ptr[0] != ' ') {
		d->flags = d->flags_new;
		d->server = SERVER_PROSE;
		return false;
	}
	n += word_end(slice_skip(in, 1));
	if (code)
		n = 1 + slice_find(slice_of(in.ptr + 1, n - 1), ']');
	if (n > DIALOG_WORD) {
		move_end(d, out, "capability list with an endless word");
		return true;
	}
	if (n == in.len)
		return true;
	word = slice_of(in.ptr + 1, n - 1);
	if (word.len > 0 && word.ptr[0] == '{') {
		move_end(d, out, "literal in a capability list");
		return true;
	}
	d->flags_new |= capability_flags(word);
	if (word.len > 0 && capability_passes(word))
		dialog_pass(d, out, n);
	else
		move_bytes(out, MOVE_SKIP, n);
	return true;
}

static bool
server_words(struct dialog *d, struct slice in, struct move *out)
{
	return words(d, in, out, false);
}

static bool
server_code_words(struct dialog *d, struct slice in, struct move *out)
{
	return words(d, in, out, true);
}

static bool
server_prose(struct dialog *d, struct slice in, struct move *out)
{
	size_t n = slice_find(in, '\n');
	bool end = n < in.len;

	if (end)
		n++;
	if (d->skip_line)
		move_bytes(out, MOVE_SKIP, n);
	else
		dialog_pass(d, out, n);
	if (end)
		dialog_line_done(d);
	return true;
}

static bool
server_broken(struct dialog *d, struct slice in, struct move *out)
{
	(void)in;
	move_end(d, out, "framing was lost before");
	return true;
}

void
dialog_server(struct dialog *d, struct slice in, struct move *out)
{
	static bool (*const runs[])(struct dialog *, struct slice,
				    struct move *) = {
	    [SERVER_START] = server_start,
	    [SERVER_KEYWORD] = server_keyword,
	    [SERVER_CODE] = server_code,
	    [SERVER_PROSE] = server_prose,
	    [SERVER_DATA] = dialog_data,
	    [SERVER_LITERAL] = dialog_data_literal,
	    [SERVER_WORDS] = server_words,
	    [SERVER_CODE_WORDS] = server_code_words,
	    [SERVER_BROKEN] = server_broken,
	};

	d->opened = 0;
	while (!runs[d->server](d, in, out))
		;
	out->opened = d->opened;
	if (d->summary.response.kind == SUMMARY_VANISHED &&
	    out->kind == MOVE_PASS)
		summary_response_text(&d->summary, slice_head(in, out->n));
}
