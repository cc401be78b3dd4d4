/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * commands.h - the sub-commands that main dispatches to.
 *
 * argv[0] is the name of the sub-command; the result is the exit code.
 */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#ifndef IMAPWARD_SYSCONFDIR
#define IMAPWARD_SYSCONFDIR "/etc"
#endif

/* What imapward run reads if it is not told. */
#define CLI_CONFIG IMAPWARD_SYSCONFDIR "/imapward/imapward.yaml"

int cli_audit(int argc, char **argv);
int cli_ban(int argc, char **argv);
int cli_cert(int argc, char **argv);
int cli_config(int argc, char **argv);
int cli_reload(int argc, char **argv);
int cli_run(int argc, char **argv);
int cli_status(int argc, char **argv);
int cli_version(int argc, char **argv);

#endif
