/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * path_policies.h - certificate policies along a path (RFC 5280
 * sections 4.2.1.4, 4.2.1.5, 4.2.1.11, 4.2.1.14, 6.1).
 *
 * The initial state is that of TLS: any policy will do, none is required,
 * mapping is allowed. So policies count only where a CA says that one is
 * required (requireExplicitPolicy): then there must be one that all of the path
 * were issued under, mappings followed.
 *
 * What is kept is the set of policies that are expected next, not the tree of
 * RFC 5280 6.1.2: whether anything is left of the tree depends on nothing else,
 * and a set does not grow with the power of the path's length.
 */
#ifndef X509_PATH_POLICIES_H
#define X509_PATH_POLICIES_H

#include "x509/certificate.h"

#include <stddef.h>

/* More at a time than this: the path is refused. */
enum { POLICIES_MAX = 32 };

/* way: from the one below the anchor down to the server's own. */
bool path_policies_allow(const struct certificate *const *way, size_t count);

#endif
