/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * audit_parts.h - the actions of imapward audit that have files of their own.
 *
 * argv[0] is the action; the result is the exit code.
 */
#ifndef CLI_AUDIT_PARTS_H
#define CLI_AUDIT_PARTS_H

int audit_init(int argc, char **argv);
int audit_verify(int argc, char **argv);
int audit_tail(int argc, char **argv);

#endif
