/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * path_rules.h - what a certificate must be, wherever it stands.
 */
#ifndef X509_PATH_RULES_H
#define X509_PATH_RULES_H

#include "x509/path.h"

/* As what a certificate is wanted. */
enum path_role {
	ROLE_SERVER = 1,
	ROLE_ISSUER = 2,
	ROLE_ANCHOR = 4,
	ROLE_PINNED = 8 /* by its key */
};

/* The first rule that c breaks in this role; or PATH_OK. */
enum path_reason path_rules(const struct path_input *in,
			    const struct certificate *c, enum path_role role);

#endif
