/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * greeter.h - the first words with a backend: greeting, then CAPABILITY if the
 * greeting did not carry it. Pure; used by sessions and by the prober.
 */
#ifndef SESSION_GREETER_H
#define SESSION_GREETER_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

enum {
	GREETER_LINE_MAX = 8192, /* with its CRLF */
	GREETER_LINES_MAX = 64   /* before the answer to CAPABILITY */
};

enum greeter_verdict {
	GREETER_MORE,   /* give more bytes */
	GREETER_SAY,    /* send greeter->say first, then give more bytes */
	GREETER_READY,  /* capabilities stand in words[0..words_len) */
	GREETER_REFUSED /* reason says why, with the server setting to change */
};

struct greeter {
	unsigned state, lines;
	bool quote;
	char tag[20];
	char say[48]; /* ends in NUL */
	size_t words_len;
	char words[2048]; /* parted by one SP, no NUL; whole words only */
	char reason[256]; /* one phrase of printable ASCII, ends in NUL */
};

/*
 * tag: of our own, unguessable, 1 to 16 letters and digits, NUL at the end.
 * quote: a refusal may quote what the backend said. Not where it may have seen
 * a password: some echo what they do not like.
 */
void greeter_init(struct greeter *g, const char *tag, bool quote);
/*
 * What this server said it can do some time ago: a greeting without a list is
 * enough then, nothing is asked. Between init and the first read.
 */
void greeter_trust(struct greeter *g, struct slice words);
/*
 * in: bytes from the backend that were not used yet; *used gets how many to
 * drop, always whole lines: bytes behind the last line of the answer are left.
 * REFUSED stays REFUSED. An error to do: giving it bytes that came after READY.
 */
enum greeter_verdict greeter_read(struct greeter *g, struct slice in,
				  size_t *used);

#endif
