/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * policies.h - TLS policies: those built in, and what one takes from another.
 *
 * For config/ only.
 */
#ifndef CONFIG_POLICIES_H
#define CONFIG_POLICIES_H

#include "config/check.h"
#include "config/loader.h"

extern const struct tls_policy_settings
    policies_built_in[SETTINGS_BUILT_IN_POLICIES];

/*
 * From what the file says to policies with nothing left out, and from the names
 * that listeners give to places. What cannot be resolved is complained about.
 */
enum err policies_resolve(struct loader *l, struct complaint *out) MUST_USE;
/* Can it be used in any of the policy's versions? */
bool policy_uses(const struct tls_policy_settings *p, const struct term *t);

#endif
