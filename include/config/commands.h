/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * commands.h - rules on commands, whose backends are places instead of names.
 *
 * For config/ only.
 */
#ifndef CONFIG_COMMANDS_H
#define CONFIG_COMMANDS_H

#include "config/check.h"

/* Backends that there are not, and names given twice, are complained about. */
enum err commands_resolve(struct settings *s, struct complaint *out) MUST_USE;

#endif
