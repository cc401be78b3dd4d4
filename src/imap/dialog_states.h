/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dialog_states.h - what dialog.c and dialog_server.c share; nobody else's.
 */
#ifndef DIALOG_STATES_H
#define DIALOG_STATES_H

#include "imap/dialog.h"

enum client_state {
	CLIENT_HEAD,         /* tag and verb are being collected */
	CLIENT_LINE,         /* a permitted line streams */
	CLIENT_MARKER,       /* a literal's {n} is about to be written */
	CLIENT_CUT,          /* a command answered early is ended */
	CLIENT_WAIT,         /* a literal waits for the backend's word */
	CLIENT_LITERAL,      /* the bytes of a literal stream */
	CLIENT_IDLE_PENDING, /* IDLE was sent, the backend has not answered */
	CLIENT_IDLE,         /* only DONE may come */
	CLIENT_DROP,         /* the rest of a refused command is dropped */
	CLIENT_DROP_LITERAL, /* ... and so is its literal */
	CLIENT_REPLY,        /* our refusal waits for a response boundary */
	CLIENT_BROKEN
};

enum server_state {
	SERVER_START,   /* at the beginning of a response */
	SERVER_KEYWORD, /* behind "* " */
	SERVER_CODE,    /* behind a status word: is there a [CAPABILITY code? */
	SERVER_PROSE,   /* human text to the end of the line */
	SERVER_DATA,    /* a data response; may end in a literal */
	SERVER_LITERAL, /* the bytes of that literal */
	SERVER_WORDS,   /* the words of "* CAPABILITY" */
	SERVER_CODE_WORDS, /* the words of a [CAPABILITY code */
	SERVER_BROKEN
};

enum { DONE_LEN = 6 };

/* n == 0 makes it MOVE_WAIT. */
void move_bytes(struct move *m, enum move_kind kind, size_t n);
void move_end(struct dialog *d, struct move *m, const char *why);

/* Of the table of client states: CLIENT_HEAD. */
bool dialog_head(struct dialog *d, struct slice in, struct move *out);
/* Does it begin with "DONE" CRLF, as far as the bytes go? */
bool dialog_done_so_far(struct slice in);

/* Of the table of server states: SERVER_DATA and SERVER_LITERAL. */
bool dialog_data(struct dialog *d, struct slice in, struct move *out);
bool dialog_data_literal(struct dialog *d, struct slice in, struct move *out);
/* n more bytes of a response pass to the client. */
void dialog_pass(struct dialog *d, struct move *out, size_t n);
/* All of the backend's line in hand was judged. */
void dialog_line_done(struct dialog *d);

/* The backend's tagged line for d->answer is complete. */
void dialog_answered(struct dialog *d);
/* The backend's "+" that was due is complete. */
void dialog_word(struct dialog *d);

#endif
