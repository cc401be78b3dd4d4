/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tamper.h"

#include <assert.h>
#include <string.h>

enum { HEADER = 5 };

void
tamper_begin(struct tamper *t)
{
	t->written_len = t->waiting_len = t->delivered_len = 0;
	t->records_count = t->arrived = t->honest = 0;
}

/* The size of the record at the front, as its header says. */
static size_t
record_size(struct slice s)
{
	size_t n = s.len;

	if (n >= HEADER)
		n = HEADER + ((size_t)s.ptr[3] << 8 | s.ptr[4]);
	return n < s.len ? n : s.len;
}

static void
put(unsigned char *at, size_t *len, struct slice s)
{
	assert(s.len <= TAMPER_BYTES - *len);
	if (s.len > 0)
		memcpy(at + *len, s.ptr, s.len);
	*len += s.len;
}

bool
tamper_written(struct tamper *t, struct slice records, size_t text)
{
	size_t before = 0;

	if (records.len > TAMPER_BYTES - t->written_len ||
	    records.len > TAMPER_BYTES - t->waiting_len ||
	    records.len / HEADER > TAMPER_RECORDS - t->records_count)
		return false;
	if (t->records_count > 0)
		before = t->records[t->records_count - 1].text;
	put(t->waiting, &t->waiting_len, records);
	while (records.len > 0) {
		size_t n = record_size(records);

		put(t->written, &t->written_len, slice_head(records, n));
		records = slice_skip(records, n);
		t->records[t->records_count].end = t->written_len;
		t->records[t->records_count++].text =
		    before + (records.len == 0 ? text : 0);
	}
	return true;
}

size_t
tamper_span(const struct tamper *t, size_t n)
{
	struct slice all = slice_of(t->waiting, t->waiting_len);
	size_t at = 0;

	for (; n > 0 && at < all.len; n--)
		at += record_size(slice_skip(all, at));
	return at;
}

struct slice
tamper_deliver(struct tamper *t, size_t n)
{
	size_t from = t->delivered_len;
	bool forged = tamper_forged(t);

	if (n > t->waiting_len)
		n = t->waiting_len;
	if (n > TAMPER_BYTES - from)
		n = TAMPER_BYTES - from;
	put(t->delivered, &t->delivered_len, slice_of(t->waiting, n));
	memmove(t->waiting, t->waiting + n, t->waiting_len - n);
	t->waiting_len -= n;
	while (!forged && t->honest < t->delivered_len &&
	       t->honest < t->written_len &&
	       t->delivered[t->honest] == t->written[t->honest])
		t->honest++;
	while (t->arrived < t->records_count &&
	       t->records[t->arrived].end <= t->honest)
		t->arrived++;
	return slice_of(t->delivered + from, n);
}

size_t
tamper_text(const struct tamper *t)
{
	return t->arrived > 0 ? t->records[t->arrived - 1].text : 0;
}

bool
tamper_forged(const struct tamper *t)
{
	return t->honest < t->delivered_len;
}

bool
tamper_whole(const struct tamper *t)
{
	size_t from = t->arrived > 0 ? t->records[t->arrived - 1].end : 0;
	struct slice rest =
	    slice_skip(slice_of(t->delivered, t->delivered_len), from);

	return tamper_forged(t) && rest.len >= HEADER &&
	       rest.len - HEADER >= ((size_t)rest.ptr[3] << 8 | rest.ptr[4]);
}

/* ---- what can be done to records on their way ---- */

unsigned
tamper_next(struct slice *in)
{
	unsigned byte = in->len > 0 ? in->ptr[0] : 0;

	*in = slice_skip(*in, 1);
	return byte;
}

static void
cut_out(struct tamper *t, size_t at, size_t n)
{
	memmove(t->waiting + at, t->waiting + at + n, t->waiting_len - at - n);
	t->waiting_len -= n;
}

static void
insert(struct tamper *t, size_t at, struct slice s)
{
	if (s.len == 0 || s.len > TAMPER_BYTES - t->waiting_len)
		return;
	memmove(t->waiting + at + s.len, t->waiting + at, t->waiting_len - at);
	memcpy(t->waiting + at, s.ptr, s.len);
	t->waiting_len += s.len;
}

static void
insert_copy(struct tamper *t, size_t at, size_t from, size_t n)
{
	static unsigned char copy[HEADER + 65535];

	memcpy(copy, t->waiting + from, n);
	insert(t, at, slice_of(copy, n));
}

static void
flip(struct tamper *t, size_t at, size_t n, struct slice *in)
{
	size_t where = tamper_next(in);
	unsigned mask = tamper_next(in);

	/* From the front, where the header is, or from the end, the tag. */
	if (n > 0)
		t->waiting[where < 128 ? at + where % n
				       : at + n - 1 - (where - 128) % n] ^=
		    (unsigned char)mask;
}

void
tamper_meddle(struct tamper *t, struct slice *in)
{
	unsigned what = tamper_next(in);
	size_t at = tamper_span(t, tamper_next(in) % 8);
	size_t n =
	    record_size(slice_skip(slice_of(t->waiting, t->waiting_len), at));
	size_t given = tamper_next(in);

	switch (what % 5) {
	case 0:
		cut_out(t, at, n);
		break;
	case 1: /* once more, later: a replay */
		insert_copy(t, tamper_span(t, given % 8), at, n);
		break;
	case 2: /* and not here: another order */
		insert_copy(t, t->waiting_len, at, n);
		cut_out(t, at, n);
		break;
	case 3:
		flip(t, at, n, in);
		break;
	default:
		insert(t, at, slice_head(*in, given));
		*in = slice_skip(*in, given < in->len ? given : in->len);
		break;
	}
}
