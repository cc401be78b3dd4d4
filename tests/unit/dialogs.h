/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dialogs.h - a dialog and its two peers, in memory.
 */
#ifndef UNIT_DIALOGS_H
#define UNIT_DIALOGS_H

#include "imap/dialog.h"

enum { DIALOGS_ROOM = 8192 };

/* Both directions of one dialog, with what nobody has judged yet. */
struct dialogs {
	struct dialog d;
	struct {
		unsigned char bytes[DIALOGS_ROOM];
		size_t len;
	} client, server;
	struct {
		char text[DIALOGS_ROOM];
		size_t len;
	} to_backend, to_client;
	/* The commands that were watched, one after the other, whole. */
	struct {
		char text[DIALOGS_ROOM];
		size_t len, begun;
	} watched;
	char opened[64]; /* 'y' and 'n', in order */
	bool ended;
};

void dialogs_begin(struct dialogs *r, unsigned flags);
/* 'C' the client or 'S' the backend says n bytes; all that can move does. */
void dialogs_give(struct dialogs *r, char who, const char *bytes, size_t n);

#endif
