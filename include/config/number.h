/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * number.h - numbers, sizes, times and ports of the configuration.
 *
 * For config/ only, behind keys.h.
 */
#ifndef CONFIG_NUMBER_H
#define CONFIG_NUMBER_H

#include "config/keys.h"

/* With a unit where the kind has some, and within the bounds of the key. */
enum err number_read(const struct key *k, struct slice text,
		     void *field) MUST_USE;
/* With the largest unit that leaves no rest. */
void number_print(const struct key *k, const void *field, struct writer *w);
/* "a time from 30m to 24h" */
void number_expects(const struct key *k, char out[EXPECTS_MAX]);

/*
 * The rate of a rule, "60/min", "10MiB/s" or "none", and its burst; into and
 * out of struct rule_settings. ERR_SYNTAX: none of these, or 0.
 */
enum err rate_read(const struct key *k, struct slice text, void *rule) MUST_USE;
void rate_print(const struct key *k, const void *rule, struct writer *w);
enum err burst_read(const struct key *k, struct slice text,
		    void *rule) MUST_USE;
void burst_print(const struct key *k, const void *rule, struct writer *w);

#endif
