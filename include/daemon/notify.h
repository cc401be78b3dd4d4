/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * notify.h - tells a service manager how we are (sd_notify(3)'s protocol).
 */
#ifndef DAEMON_NOTIFY_H
#define DAEMON_NOTIFY_H

/* Lines like "READY=1"; does nothing where $NOTIFY_SOCKET is not set. */
void notify_send(const char *state);
/* "RELOADING=1" with the time stamp it needs. */
void notify_reloading(void);

#endif
