/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * der.h - DER (X.690 section 10), read from the front.
 *
 * Only what certificates use: tags below 31, definite lengths in their shortest
 * form. Each function that takes something off the front of *from leaves *from
 * and its results alone when it returns false.
 */
#ifndef X509_DER_H
#define X509_DER_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum der_tag {
	DER_BOOLEAN = 0x01,
	DER_INTEGER = 0x02,
	DER_BIT_STRING = 0x03,
	DER_OCTET_STRING = 0x04,
	DER_OID = 0x06,
	DER_ENUMERATED = 0x0a,
	DER_UTC_TIME = 0x17,
	DER_GENERALIZED_TIME = 0x18,
	DER_SEQUENCE = 0x30,
	DER_SET = 0x31
};

/* [n], whose content is bytes, or further elements. */
#define DER_PRIMITIVE(n)   (0x80u | (n))
#define DER_CONSTRUCTED(n) (0xa0u | (n))

struct der {
	unsigned tag;
	struct slice content;
	struct slice whole; /* with tag and length */
};

/* The next element, of any tag. */
bool der_next(struct slice *from, struct der *out);
/* The content of the next element, which must have this tag. */
bool der_take(struct slice *from, unsigned tag, struct slice *content);
/* Does an element of this tag come next? */
bool der_comes(struct slice from, unsigned tag);
/* As der_take, and nothing may stand behind it. */
bool der_only(struct slice in, unsigned tag, struct slice *content);

/* Of contents. */
bool der_boolean(struct slice content, bool *out);
/* A well-formed INTEGER, negative or not, of any length. */
bool der_integer(struct slice content);
/* An INTEGER from 0 to 2^31-1. */
bool der_number(struct slice content, uint32_t *out);
/* Named bits: the first is 1, the next 2, ... at most 16 of them. */
bool der_flags(struct slice content, unsigned *out);
/* A BIT STRING of whole bytes. */
bool der_bytes(struct slice content, struct slice *out);
/* Either form of time as RFC 5280 4.1.2.5 allows it: to seconds since 1970. */
bool der_time(const struct der *time, int64_t *out);

#endif
