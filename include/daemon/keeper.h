/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * keeper.h - the process that was started: it owns files and ports, the relay
 * does the work.
 */
#ifndef DAEMON_KEEPER_H
#define DAEMON_KEEPER_H

struct keeper_options {
	const char *config_path;
	const char *pid_file; /* NULL: none */
};

/* Runs until it is told to end; returns the exit code (daemon/setup.h). */
int keeper_run(const struct keeper_options *o);

#endif
