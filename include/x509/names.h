/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * names.h - the names in a subjectAltName, and whom they cover (RFC 9525).
 */
#ifndef X509_NAMES_H
#define X509_NAMES_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

enum name_kind { NAME_OTHER, NAME_MAIL, NAME_DNS, NAME_ADDRESS };

struct name {
	enum name_kind kind;
	struct slice value; /* of an address: 4 or 16 bytes, if it is right */
};

/* The next of the GeneralNames; false: none left, or not DER. */
bool names_next(struct slice *rest, struct name *out);

/*
 * Is `host` among the GeneralNames? A host name (A-labels, if it is an
 * international one) matches dNSName, without regard to case and to one dot at
 * its end; "*" stands for its first label, whole, above two labels or more. An
 * address matches iPAddress only. Nothing else counts: no common name, no URI,
 * no SRV-ID.
 */
bool names_cover(struct slice names, struct slice host);

/*
 * Can somebody be asked for by this name (RFC 9525 section 6.1)? An address, or
 * a host name without "*" whose last label is not a number: "127.1" is an
 * address to some readers.
 */
bool names_reference(struct slice host);

/* Is it one of the dNSNames or rfc822Names, as it stands? No regard to case. */
bool names_hold(struct slice names, struct slice name);

/* How a dNSName is written; all but the first two are ignored or refused. */
enum name_form {
	FORM_NAME,
	FORM_WILDCARD,
	FORM_EMPTY,
	FORM_FOREIGN, /* beyond ASCII: must be an A-label, xn--... */
	FORM_BYTES,   /* no letter, digit, hyphen, underscore or dot */
	FORM_LABELS,  /* an empty label, one over 63, a name over 253 */
	FORM_ADDRESS, /* an IPv4 address: belongs into an iPAddress */
	FORM_PART,    /* "*" is only part of a label */
	FORM_INNER,   /* "*" is not the first label, or not alone */
	FORM_WIDE     /* "*" or "*.com" */
};
enum name_form names_form(struct slice dns);

enum { ADDRESS_MAX = 16 };
/* 4 or 16, and the bytes of an address in text; else 0. */
size_t names_address(struct slice text, unsigned char out[ADDRESS_MAX]);

#endif
