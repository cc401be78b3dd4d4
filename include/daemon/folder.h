/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * folder.h - a folder of certificates, as ACME clients and people fill them:
 *
 *   NAME/fullchain.pem NAME/privkey.pem NAME/ocsp.der    certbot
 *   NAME.crt           NAME.key         NAME.ocsp
 *   NAME.pem           (both in one)    NAME.ocsp
 *
 * The last of each may be missing. Names that begin with a dot, and other files
 * and folders, are left alone; so are names with characters that are not shown
 * as themselves, for names come to be read in logs and on terminals.
 */
#ifndef DAEMON_FOLDER_H
#define DAEMON_FOLDER_H

#include "base/err.h"

#include <stddef.h>

enum { FOLDER_NAMES_MAX = 400000, FOLDER_PATH_MAX = 4096 };

/* Names in a folder, in byte order. */
struct folder {
	char **names;
	size_t count, cap;
	size_t odd; /* names that were left out as not fit to be shown */
};

/* ERR_SYSTEM: errno says why. */
enum err folder_read(const char *path, struct folder *out) MUST_USE;
void folder_clear(struct folder *f); /* once more is fine */

/* Where one pair of files is; key is chain where both are in one. */
struct folder_pair {
	char chain[FOLDER_PATH_MAX], key[FOLDER_PATH_MAX];
	char staple[FOLDER_PATH_MAX];
};
/* Does name number i stand for a pair? ERR_UNKNOWN: no; ERR_LIMIT: its path is
 * too long. */
enum err folder_pair(const char *path, const struct folder *f, size_t i,
		     struct folder_pair *out) MUST_USE;

#endif
