/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * chain_file.h - the two files of an audit chain.
 *
 * The state is where the chain stands; it is written in place, so that the keys
 * of records that have been written are nowhere any more (as far as the file
 * system writes in place). The key file has the secret that the chain began
 * with, which verifies all of it and must be kept elsewhere.
 */
#ifndef DAEMON_CHAIN_FILE_H
#define DAEMON_CHAIN_FILE_H

#include "audit/chain.h"
#include "base/err.h"

enum { CHAIN_FAULT = 256 };

/* Why it was not opened, made or read: a phrase without the path. */
struct chain_fault {
	char text[CHAIN_FAULT];
};

/*
 * Opens and locks; *fd is the caller's. Refused: a file that others may read, a
 * damaged one, one that another process has open.
 */
enum err chain_file_open(const char *path, struct chain *c, int *fd,
			 struct chain_fault *fault) MUST_USE;
/* The same without keeping it: could it be opened? */
enum err chain_file_check(const char *path, struct chain_fault *fault) MUST_USE;
/* Is it still what lies at that path? */
bool chain_file_same(int fd, const char *path);
/* ERR_SYSTEM: errno says why. */
enum err chain_file_save(int fd, const struct chain *c) MUST_USE;

/* A new chain: makes both files, which must not exist. path tells which one the
 * fault is about. */
enum err chain_file_make(const char *state, const char *key, const char **path,
			 struct chain_fault *fault) MUST_USE;

struct chain_secret {
	unsigned char id[CHAIN_ID], secret[CHAIN_KEY];
};
enum err chain_file_read_key(const char *path, struct chain_secret *out,
			     struct chain_fault *fault) MUST_USE;
void chain_file_id(const unsigned char id[CHAIN_ID],
		   char out[2 * CHAIN_ID + 1]);

#endif
