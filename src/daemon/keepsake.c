/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * keepsake.c - what a relay wants to be remembered is kept for the next one.
 */
#include "daemon/keeping.h"

#include <stdio.h>
#include <unistd.h>

/* Of what is saved, beside the tally: the bans. */
#define STATE_EXTRA (UINT64_C(64) * 1024 * 1024)

/* What the one before had it keep, or there was from the last start. */
enum err
keepsake_send(struct keeper *k)
{
	const char *path = keeper_settings(k)->state.path;
	char text[ARCHIVE_TEXT_MAX];
	enum err e = ERR_OK;
	int fd;

	if (!*path)
		return ERR_OK;
	if (archive_finish(&k->archive, text))
		keeper_tell("%s", text);
	fd = archive_open(path, text);
	if (*text)
		keeper_tell("warning: %s", text);
	if (fd < 0)
		return ERR_OK;
	k->handed = true;
	e = channel_put(&k->channel, MESSAGE_STATE, NULL, 0, &fd, 1);
	(void)close(fd);
	return e;
}

/* As much as it can be, and somewhat more. */
static bool
is_reasonable(const struct keeper *k, const struct vault *v)
{
	return v->len <= 2 * keeper_settings(k)->limits.memory + STATE_EXTRA;
}

void
keepsake_take(struct keeper *k, int fd)
{
	const char *path = keeper_settings(k)->state.path;
	struct vault v;

	if (vault_open(fd, &v) != ERR_OK) {
		minder_kill(k);
		return;
	}
	if (*path && is_reasonable(k, &v))
		archive_write(&k->archive, path, &v);
	vault_clear(&v);
}

/* It is not tried again, and not lost: an administrator may want to look. */
void
keepsake_refused(struct keeper *k, struct slice body)
{
	const char *path = keeper_settings(k)->state.path;
	char why[128], aside[ARCHIVE_TEXT_MAX], text[1024];

	if (!k->handed)
		return;
	k->handed = false;
	keeper_quote(body, why, sizeof why);
	archive_set_aside(path, aside);
	(void)snprintf(text, sizeof text,
		       "state.path %.300s cannot be read: %s; %s; bans and "
		       "counts begin anew",
		       path, why, aside);
	keeper_tell("warning: %s", text);
	keeper_event(k, EV_STATE, false, text);
}
