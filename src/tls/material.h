/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * material.h - PEM and signatures, as the TLS library sees them.
 */
#ifndef TLS_MATERIAL_H
#define TLS_MATERIAL_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

/* The next CERTIFICATE block of *rest, whole; empty when there is none. */
struct slice material_block(struct slice *rest);
/* The same for X509 CRL. */
struct slice material_crl(struct slice *rest);
/* The length of the DER in a block, at most block.len; 0: it is no PEM. */
size_t material_der(struct slice block, unsigned char *out);

/* NULL, or why the library cannot read this certificate (DER). */
const char *material_fault(struct slice certificate);

/* Did `issuer` sign `subject`, and may it? Both DER; dates do not count. */
bool material_signed(struct slice subject, struct slice issuer);

/*
 * The same for many certificates of few issuers: those met last are kept ready.
 * NULL: out of memory.
 */
struct issuers;
struct issuers *issuers_new(void);
void issuers_free(struct issuers *i); /* NULL is fine */
bool issuers_signed(struct issuers *i, struct slice subject,
		    struct slice issuer);

/* An RSA public key (DER) taken apart, without leading zeros. */
bool material_rsa(struct slice key, struct slice *modulus,
		  struct slice *exponent);

#endif
