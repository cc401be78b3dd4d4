/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rules.h - the rules of the limits: those built in, and what a file makes of
 * them.
 *
 * For config/ only.
 */
#ifndef CONFIG_RULES_H
#define CONFIG_RULES_H

#include "config/check.h"
#include "config/loader.h"

/*
 * From what the file says to rules with nothing left out, in which what is
 * counted, of whom, and what follows go together. What does not is complained
 * about.
 */
enum err rules_resolve(struct loader *l, struct complaint *out) MUST_USE;

#endif
