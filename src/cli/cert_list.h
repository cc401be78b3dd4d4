/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef CLI_CERT_LIST_H
#define CLI_CERT_LIST_H

/* argv[0] is "list"; the exit code. */
int cert_list(int argc, char **argv);

#endif
