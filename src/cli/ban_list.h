/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ban_list.h - the bans in an answer of the daemon, written out.
 */
#ifndef CLI_BAN_LIST_H
#define CLI_BAN_LIST_H

#include "base/slice.h"

#include <stdbool.h>

/* For people, in 80 columns. False: it said why on standard error. */
bool ban_list_print(struct slice answer);
/*
 * For nft -f: a table with a set of IPv4 and one of IPv6, each element with the
 * time that is left; users have no place in them, and of networks that lie in
 * each other the larger one counts.
 */
bool ban_list_nft(struct slice answer);

#endif
