/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * material.h - PEM, keys and signatures, as the TLS library sees them.
 */
#ifndef TLS_MATERIAL_H
#define TLS_MATERIAL_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

/* The next CERTIFICATE block of *rest, whole; empty when there is none. */
struct slice material_block(struct slice *rest);
/* The length of the DER in a block, at most block.len; 0: it is no PEM. */
size_t material_der(struct slice block, unsigned char *out);

/* NULL, or why the library cannot read this certificate (DER). */
const char *material_fault(struct slice certificate);

/* Did `issuer` sign `subject`, and may it? Both DER; dates do not count. */
bool material_signed(struct slice subject, struct slice issuer);

/* PEM. */
bool material_key_loads(struct slice key);
/* Does the key belong to the certificate (DER)? */
bool material_fits(struct slice certificate, struct slice key);

#endif
