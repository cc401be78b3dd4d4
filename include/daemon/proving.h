/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * proving.h - the signatures of ten thousand certificates, on all processors.
 */
#ifndef DAEMON_PROVING_H
#define DAEMON_PROVING_H

#include "tls/shelf.h"

enum { PROVING_THREADS_MAX = 8 };

/*
 * Proves all that shelf_leave_proofs has left. *out: the first pair whose
 * signatures are not good, if there is one. threads: how many at most, this one
 * included; they have ended when it returns.
 */
void proving_run(struct shelf_builder *b, size_t threads,
		 struct shelf_proof *out);

#endif
