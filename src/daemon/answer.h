/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * answer.h - what the commands of the admin socket do.
 */
#ifndef DAEMON_ANSWER_H
#define DAEMON_ANSWER_H

#include "audit/queue.h"
#include "base/slice.h"
#include "daemon/admin.h"
#include "daemon/request.h"
#include "session/snapshot.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	ANSWER_ITEM = 8 * 1024,  /* what is put once there is room, at most */
	ANSWER_PIECE = 32 * 1024 /* what waits for a client, at most */
};

/* An answer under way; zeroed to begin with, but for what it is about. */
struct answer {
	const struct admin_view *view;
	struct snapshot *snapshot; /* what it is about, or NULL */
	size_t pair, cursor;
	struct slice names; /* of that pair, to be told yet */
	int64_t now;        /* seconds since 1970 */
	int state;
	size_t len, sent;
	char text[ANSWER_PIECE];
};

struct command {
	const char *words[COMMAND_WORDS_MAX + 1];
	enum right need;
	/* Puts more as long as there is room; false: that was all. NULL: the
	 * keeper is asked to reload. */
	bool (*more)(struct answer *a);
	size_t arguments; /* words behind its own */
	/* Does it, before any answer, with these arguments; NULL: there is
	 * nothing to do. Returns why not, a sentence, or NULL: it is done. */
	const char *(*act)(struct answer *a, const struct slice *arguments);
};

/* NULL: there is no such command. */
const struct command *command_find(const struct request *r);

/* Is there room for one more item? */
bool answer_room(const struct answer *a);
void answer_put(struct answer *a, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A JSON string. */
void answer_string(struct answer *a, struct slice value);
/* `"name":"value",` */
void answer_member(struct answer *a, const char *name, const char *value);
/* "2026-11-22T05:30:00Z" */
enum { ANSWER_DATE = 32 };
void answer_date(int64_t seconds, char out[ANSWER_DATE]);
void answer_clear(struct answer *a);

bool answer_certificates(struct answer *a);
bool answer_bans(struct answer *a);
bool answer_status(struct answer *a);
const char *ban_add(struct answer *a, const struct slice *arguments);
const char *ban_remove(struct answer *a, const struct slice *arguments);
const char *ban_flush(struct answer *a, const struct slice *arguments);
/* What the three have said, and no more. */
bool answer_done(struct answer *a);

#endif
