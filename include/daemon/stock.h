/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stock.h - fills a shelf with what the configuration names: certificates one
 * by one or by the folder, CAs of clients, lists of revoked ones, secrets.
 */
#ifndef DAEMON_STOCK_H
#define DAEMON_STOCK_H

#include "daemon/files.h"

/*
 * Reads, checks and packs into f->shelf, sealed; f->notices says what could be
 * better. ERR_OK, or *fault in one line.
 */
enum err stock_fill(struct files *f, const struct settings *s,
		    const struct files_options *o,
		    struct snapshot_fault *fault) MUST_USE;

#endif
