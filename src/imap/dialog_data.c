/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dialog_data.c - the lines and literals of a backend's data responses.
 */
#include "dialog_states.h"
#include "imap/dialog.h"

enum { LITERAL_DIGITS = 19 };

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

	dialog_pass(d, out, line.len);
	if (!closed || digits.len == 0) {
		dialog_line_done(d);
		return true;
	}
	if (!crlf || digits.len > LITERAL_DIGITS ||
	    !slice_number(digits, UINT64_MAX, &d->server_literal)) {
		move_end(d, out, "malformed literal in a response");
		return true;
	}
	d->server = SERVER_LITERAL;
	summary_response_literal(&d->summary);
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
		dialog_pass(d, out, n);
	return d->endless;
}

bool
dialog_data(struct dialog *d, struct slice in, struct move *out)
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
	dialog_pass(d, out, in.len - n);
	return true;
}

bool
dialog_data_literal(struct dialog *d, struct slice in, struct move *out)
{
	size_t n = in.len;

	if (d->server_literal == 0) {
		d->server = SERVER_DATA;
		return false;
	}
	if (n > d->server_literal)
		n = (size_t)d->server_literal;
	d->server_literal -= n;
	summary_response_bytes(&d->summary, n);
	dialog_pass(d, out, n);
	return true;
}
