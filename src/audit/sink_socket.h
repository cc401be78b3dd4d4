/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sink_socket.h - syslog and journald, for sink.c alone.
 */
#ifndef AUDIT_SINK_SOCKET_H
#define AUDIT_SINK_SOCKET_H

#include "audit/sink.h"

/* False: nobody listens there, s->error says why. */
bool sink_socket_connect(struct sink *s);
/* As sink_put. */
size_t sink_socket_put(struct sink *s, struct slice lines);

#endif
