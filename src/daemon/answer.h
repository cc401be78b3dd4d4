/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * answer.h - what the commands of the admin socket do.
 */
#ifndef DAEMON_ANSWER_H
#define DAEMON_ANSWER_H

#include "base/slice.h"
#include "daemon/request.h"
#include "session/snapshot.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	ANSWER_ITEM = 8 * 1024,  /* what is put once there is room, at most */
	ANSWER_PIECE = 32 * 1024 /* what waits for a client, at most */
};

/* An answer under way; zeroed to begin with. */
struct answer {
	struct snapshot *snapshot; /* what it is about, or NULL */
	size_t pair;
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
};

/* NULL: there is no such command. */
const struct command *command_find(const struct request *r);

/* Is there room for one more item? */
bool answer_room(const struct answer *a);
void answer_put(struct answer *a, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A JSON string. */
void answer_string(struct answer *a, struct slice value);
void answer_clear(struct answer *a);

bool answer_certificates(struct answer *a);

#endif
