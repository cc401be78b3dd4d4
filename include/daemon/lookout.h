/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lookout.h - sees that a file which the configuration names for TLS has
 * changed: certificates, keys, passphrases, OCSP responses, folders of them,
 * CAs and lists of clients, the secret of tickets.
 *
 * What decides is how the files look (lookout_print). inotify only tells when
 * to look sooner: it is silent about what others do on network file systems,
 * and about symbolic links further up.
 */
#ifndef DAEMON_LOOKOUT_H
#define DAEMON_LOOKOUT_H

#include "config/settings.h"

#include <stdbool.h>
#include <stdint.h>

/* Folders that inotify watches; changes in others are found by looking. */
enum { LOOKOUT_FOLDERS_MAX = 8192 };

/*
 * Device, inode, size, times and mode of all the files, links followed, as one
 * number: another one when any of them has changed, come or gone. Reads none of
 * them.
 */
uint64_t lookout_print(const struct settings *s);

struct lookout {
	int fd;         /* inotify; -1: none */
	size_t folders; /* attempts, at most LOOKOUT_FOLDERS_MAX */
};

void lookout_init(struct lookout *l);
/* From now on: what s names, as it is now, and nothing else. No inotify is no
 * error. */
void lookout_aim(struct lookout *l, const struct settings *s);
/* Takes what inotify has said. */
void lookout_drain(struct lookout *l);
void lookout_clear(struct lookout *l); /* once more is fine */

#endif
