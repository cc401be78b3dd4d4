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

enum { KEYWORD_MAX = 16, LITERAL_DIGITS = 19 };

static void
line_done(struct dialog *d)
{
	if (d->word_line)
		dialog_word(d);
	if (d->tagged)
		dialog_answered(d);
	d->word_line = d->tagged = d->skip_line = d->started = false;
	d->server = SERVER_START;
}

static void
pass(struct dialog *d, struct move *out, size_t n)
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
	pass(d, out, 2);
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
		d->server = SERVER_DATA;
		return false;
	}
	pass(d, out, word.len);
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
	d->server = SERVER_CODE;
	pass(d, out, tag_len + 1 + word.len);
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
	pass(d, out, code.len - 1); /* each word comes with the SP before it */
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
		pass(d, out, n);
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
		pass(d, out, n);
	if (end)
		line_done(d);
	return true;
}

/*
 * How many bytes at the end of s look like "{", digits, "}", CR as far as they
 * go; 0 when they do not. *digits gets the digits.
 */
static size_t
literal_tail(struct slice s, struct slice *digits)
{
	size_t end = s.len, i;

	if (end > 0 && s.ptr[end - 1] == '\r')
		end--;
	if (end > 0 && s.ptr[end - 1] == '}')
		end--;
	else if (end < s.len)
		return 0;
	for (i = end; i > 0 && byte_digit(s.ptr[i - 1]); i--)
		;
	*digits = slice_of(s.ptr + i, end - i);
	return i > 0 && s.ptr[i - 1] == '{' ? s.len - i + 1 : 0;
}

static bool
data_line(struct dialog *d, struct slice line, struct move *out)
{
	struct slice digits = SLICE_EMPTY;
	size_t tail = literal_tail(slice_head(line, line.len - 1), &digits);
	bool crlf = line.len > 1 && line.ptr[line.len - 2] == '\r';
	bool closed = tail > 1 && line.ptr[line.len - (crlf ? 3 : 2)] == '}';

	pass(d, out, line.len);
	if (!closed || digits.len == 0) {
		line_done(d);
		return true;
	}
	if (!crlf || digits.len > LITERAL_DIGITS ||
	    !slice_number(digits, UINT64_MAX, &d->server_literal)) {
		move_end(d, out, "malformed literal in a response");
		return true;
	}
	d->server = SERVER_LITERAL;
	return true;
}

/*
 * Behind "{" and more digits than a literal can have: it must not turn out to
 * be one. True: *out is decided; false: it was none, go on as usual.
 */
static bool
endless_digits(struct dialog *d, struct slice in, struct move *out)
{
	struct slice end = SLICE("}\r\n"), rest;
	size_t n = 0;

	while (n < in.len && byte_digit(in.ptr[n]))
		n++;
	rest = slice_skip(in, n);
	if (slice_istarts(rest, end) || slice_istarts(rest, SLICE("}\n"))) {
		move_end(d, out, "literal size has too many digits");
		return true;
	}
	d->endless = slice_istarts(end, rest);
	if (d->endless)
		pass(d, out, n);
	return d->endless;
}

static bool
server_data(struct dialog *d, struct slice in, struct move *out)
{
	size_t n = slice_find(in, '\n');
	struct slice digits = SLICE_EMPTY;

	move_bytes(out, MOVE_WAIT, 0);
	if (in.len == 0)
		return true;
	if (d->endless && endless_digits(d, in, out))
		return true;
	if (n < in.len)
		return data_line(d, slice_head(in, n + 1), out);
	n = literal_tail(in, &digits);
	d->endless = n > 0 && digits.len > LITERAL_DIGITS;
	if (d->endless)
		n -= 1 + digits.len; /* "}" and CR, if they are there */
	pass(d, out, in.len - n);
	return true;
}

static bool
server_literal(struct dialog *d, struct slice in, struct move *out)
{
	size_t n = in.len;

	if (d->server_literal == 0) {
		d->server = SERVER_DATA;
		return false;
	}
	if (n > d->server_literal)
		n = (size_t)d->server_literal;
	d->server_literal -= n;
	pass(d, out, n);
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
	    [SERVER_DATA] = server_data,
	    [SERVER_LITERAL] = server_literal,
	    [SERVER_WORDS] = server_words,
	    [SERVER_CODE_WORDS] = server_code_words,
	    [SERVER_BROKEN] = server_broken,
	};

	while (!runs[d->server](d, in, out))
		;
}
