/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * parts.h - the parts of a certificate that have a file of their own.
 *
 * Each fills in its fields of *out, which is zeroed; false: not DER, or not
 * what RFC 5280 says stands there.
 */
#ifndef X509_PARTS_H
#define X509_PARTS_H

#include "x509/certificate.h"

/* extensions.c: the content of Extensions. */
bool extensions_read(struct slice list, struct certificate *out);

/* algorithms.c: the content of a SubjectPublicKeyInfo. */
bool spki_read(struct slice info, struct certificate *out);
/* algorithms.c: the content of the AlgorithmIdentifier of a signature. */
bool signature_read(struct slice algorithm, struct certificate *out);

/*
 * algorithms.c: of the same, with the BIT STRING behind it, which must be all
 * of `bits`. An algorithm that is not known, or malformed, is SIGNATURE_OTHER.
 */
bool signature_take(struct slice algorithm, struct slice bits,
		    struct signature *out);
/* certificate.c: takes a Name off the front of *from, with tag and length. */
bool name_read(struct slice *from, struct slice *out);

/* extensions.c: the next of the content of Extensions. */
struct extension_item {
	struct slice oid, value;
	bool critical;
};
bool extension_next(struct slice *list, struct extension_item *out);
/* The one of this type: its value; false: there is none. */
bool extension_find(struct slice list, struct slice oid, struct slice *value);

/*
 * dn.c: Name ::= SEQUENCE OF SET OF SEQUENCE { type OID, value }. Takes the
 * next pair; sets with several pairs are read one by one through *set.
 */
struct der;
bool dn_next(struct slice *names, struct slice *set, struct slice *type,
	     struct der *value);

#endif
