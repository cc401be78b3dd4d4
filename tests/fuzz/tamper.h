/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tamper.h - what a TLS client wrote, in the hands of somebody on its way.
 *
 * Knows what was written and what was delivered, and so how much of the text
 * anybody may have got from it: that of the records which arrived as they
 * were, from the first one without a gap.
 */
#ifndef TESTS_TAMPER_H
#define TESTS_TAMPER_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

enum { TAMPER_BYTES = 256 * 1024, TAMPER_RECORDS = 4096 };

struct tamper {
	unsigned char written[TAMPER_BYTES];
	unsigned char waiting[TAMPER_BYTES]; /* to be delivered */
	unsigned char delivered[TAMPER_BYTES];
	size_t written_len, waiting_len, delivered_len;
	struct {
		size_t end, text; /* of written, of all text up to here */
	} records[TAMPER_RECORDS];
	size_t records_count;
	size_t honest;  /* so many delivered bytes are as they were written */
	size_t arrived; /* ... so many whole records */
};

/* Forgets all of it. */
void tamper_begin(struct tamper *t);

/*
 * The client wrote these records: the last one brings `text` bytes of text.
 * False: there is no room for them, they count as never written.
 */
bool tamper_written(struct tamper *t, struct slice records, size_t text);

/* Takes one byte off the front of *in; 0 at its end. */
unsigned tamper_next(struct slice *in);

/* Does something to what is waiting; takes what it needs to know from *in. */
void tamper_meddle(struct tamper *t, struct slice *in);

/* The next n bytes that wait, or all there are, are on their way. */
struct slice tamper_deliver(struct tamper *t, size_t n);
/* How many bytes the next n waiting records have. */
size_t tamper_span(const struct tamper *t, size_t n);

/* How much text arrived unharmed. */
size_t tamper_text(const struct tamper *t);
/* Something arrived that nobody wrote, or not as the next thing. */
bool tamper_forged(const struct tamper *t);
/* ... and a whole record of it. */
bool tamper_whole(const struct tamper *t);

#endif
