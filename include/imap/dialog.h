/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dialog.h - both directions of a session after login (design.md section 6).
 *
 * Pure. Given the bytes that were not judged yet, each side says one move at a
 * time: let n bytes pass, drop n bytes, put text of our own, or end. The
 * framing of both directions is known at every byte; the bytes of a
 * synchronising literal, and whatever follows IDLE, move only after the
 * backend's word. Nothing is kept but counters, tags in flight and the tag of
 * a command that is being refused.
 *
 * The caller gives, at each call, all bytes of that direction that are not
 * judged yet, beginning with the first one; it applies the move before the
 * next call, and asks the other side again after any move but MOVE_WAIT.
 */
#ifndef IMAP_DIALOG_H
#define IMAP_DIALOG_H

#include "base/slice.h"
#include "imap/command.h"
#include "imap/reply.h"
#include "imap/scan.h"
#include "imap/summary.h"
#include "imap/tags.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	DIALOG_HEAD = 256, /* a client's tag and verb must fit */
	DIALOG_WORD = 256, /* one word of a capability list */
	DIALOG_MOST =
	    512 /* no more than this is ever held back for lack of bytes */
};

/*
 * Bits of move.watch: the bytes that this move sends to the backend are those
 * of a SELECT, EXAMINE or ID. Who wants to know what was in it puts them
 * together, from the first ones, which make forget what was there before, to
 * the last ones; what has no last ones came to nothing.
 */
enum { WATCH_ON = 1, WATCH_FIRST = 2, WATCH_LAST = 4 };

/* With the backend's bytes of this move the oldest SELECT or EXAMINE that was
 * not answered yet is. */
enum { OPENED_YES = 1, OPENED_NO = 2 };

enum move_kind {
	MOVE_WAIT, /* nothing can move before more bytes come; see other */
	MOVE_PASS, /* forward n bytes */
	MOVE_SKIP, /* drop n bytes */
	MOVE_PUT,  /* send text in the direction of this side's bytes, then drop
		      n */
	MOVE_REPLY, /* tell the client `reply` with `tag`, then drop n */
	MOVE_END    /* close both sides: `why`; nothing more may be forwarded */
};

struct move {
	enum move_kind kind;
	size_t n;
	struct slice
	    text; /* MOVE_PUT; points into the dialog, until the next call */
	enum reply reply;
	struct slice tag; /* MOVE_REPLY; as text */
	const char *why;
	unsigned char watch;  /* WATCH_, of the client's bytes */
	unsigned char opened; /* OPENED_, of the backend's; 0: none was */
	bool other; /* MOVE_WAIT: it is the other side's bytes that are missing
		     */
};

/* May the client say this verb here? name: as it was written, without UID. */
typedef bool dialog_permits(void *arg, enum verb verb, struct slice name);

struct dialog {
	struct scan scan;
	unsigned char client;  /* state of the client's direction */
	unsigned char server;  /* state of the backend's direction */
	unsigned char verb;    /* of the command in hand */
	unsigned char refusal; /* reply when the command in hand has gone by */
	bool done_drops; /* IDLE ended without DONE: one late DONE is dropped */
	bool unasked;  /* the client sends the literal in hand without a word */
	bool answered; /* the command in hand was answered before its end */
	bool word_due; /* the backend's "+" is due, for a literal or IDLE */
	bool word_line;      /* the backend's line in hand is that "+" */
	bool skip_line;      /* the backend's line in hand is dropped */
	bool started;        /* part of the response in hand was passed */
	bool tagged;         /* the backend's line in hand is a tagged answer */
	bool endless;        /* behind "{" and too many digits in a response */
	bool answer_ok;      /* ... that says OK */
	bool bye;            /* the backend said BYE */
	bool logout;         /* the client said LOGOUT */
	unsigned char watch; /* WATCH_, for the next move of the command */
	unsigned char opened; /* OPENED_, for the move in hand */
	unsigned char tag_len;
	uint16_t answer;    /* which of tags is being answered */
	uint32_t scanned;   /* unjudged bytes the client's scanner has seen */
	unsigned flags;     /* CAP_ of this backend's list */
	unsigned flags_new; /* CAP_ of the list in hand */
	uint64_t client_literal; /* bytes left */
	uint64_t server_literal;
	uint64_t commands; /* begun by the client */
	uint64_t strays;   /* "+" lines nobody asked for, dropped */
	char put[32];
	unsigned char tag[TAG_MAX]; /* of the command being refused */
	struct tags tags;
	dialog_permits *permits; /* NULL: any verb */
	void *permits_arg;
	struct summary summary;
};

/* flags: CAP_ of the backend's list as learned with the login. */
void dialog_init(struct dialog *d, unsigned flags);

/* From now on this is asked of each verb that may pass after login; what it
 * says no to is answered NO [NOPERM]. */
void dialog_forbid(struct dialog *d, dialog_permits *permits, void *arg);

void dialog_client(struct dialog *d, struct slice in, struct move *out);
void dialog_server(struct dialog *d, struct slice in, struct move *out);

/* The client has received whole responses only: our own text may go between. */
bool dialog_boundary(const struct dialog *d);
/* Nothing is in flight, or only an IDLE: the session may end without loss. */
bool dialog_idle(const struct dialog *d);
/* The next byte of the client begins a command. */
bool dialog_between(const struct dialog *d);
/* IDLE, and the backend has agreed to it. */
bool dialog_idling(const struct dialog *d);
/* A command of the client has been forwarded in part. */
bool dialog_midcommand(const struct dialog *d);

#endif
