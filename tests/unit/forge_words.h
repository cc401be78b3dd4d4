/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * forge_words.h - extensions in words, for tables of tests.
 *
 *   ca, ca0, ca1      CA:TRUE, with a path length; keyCertSign and cRLSign
 *   bare              CA:TRUE only
 *   notca             CA:FALSE
 *   ku=a0             keyUsage, its first byte
 *   eku=server,mail   server client mail any
 *   dns=NAME ip=NAME ip=HEX mail=A@B uri=U dn=COMMON
 *                     subjectAltName, all in one; "~" is a NUL
 *   permit=dns:NAME exclude=ip:HEX ...
 *                     nameConstraints, all in one; kinds as above
 *   policy=ab         certificatePolicies: policy a, policy b
 *   explicit          policyConstraints: one is required at once
 *   points=U          cRLDistributionPoints: a URI
 *   critical          a critical extension that nobody knows
 *   twice             one that nobody knows, two times
 *   odd               one that nobody knows
 *   staple            TLS feature: must staple
 *   noid              without key identifiers, which all others have
 */
#ifndef TESTS_FORGE_WORDS_H
#define TESTS_FORGE_WORDS_H

#include "forge.h"

/* Puts them behind each other; signer: FORGE_NONE in one that is self-signed.
 */
void forge_words(struct forged *to, const char *words, enum forge_key key,
		 enum forge_key signer);

#endif
