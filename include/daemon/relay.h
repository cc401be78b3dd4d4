/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * relay.h - the process that serves clients: a main thread and the workers.
 */
#ifndef DAEMON_RELAY_H
#define DAEMON_RELAY_H

#include "daemon/privs.h"

#include <sys/types.h>

/*
 * The life of the relay, in the forked child; channel leads to the keeper.
 * Returns the exit code: 0 after MESSAGE_DRAIN or MESSAGE_STOP.
 */
int relay_run(int channel, pid_t keeper, const struct identity *who);

#endif
