/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * extensions.c - the extensions that decide whether clients are content
 * (RFC 5280 section 4.2).
 */
#include "parts.h"

#include "x509/der.h"
#include "x509/names.h"

#define OID(bytes)                                                             \
	{                                                                      \
		(const unsigned char *)(bytes), sizeof(bytes) - 1              \
	}

#define CE   "\x55\x1d"                 /* 2.5.29 */
#define PKIX "\x2b\x06\x01\x05\x05\x07" /* 1.3.6.1.5.5.7 */

enum { STATUS_REQUEST = 5 }; /* RFC 6066 section 8 */

static const struct slice ca_issuers = OID(PKIX "\x30\x02");

static bool
read_subject_key(struct slice value, struct certificate *out)
{
	return der_only(value, DER_OCTET_STRING, &out->subject_key);
}

static bool
read_usage(struct slice value, struct certificate *out)
{
	struct slice bits;

	return der_only(value, DER_BIT_STRING, &bits) &&
	       der_flags(bits, &out->usage);
}

static bool
read_names(struct slice value, struct certificate *out)
{
	struct slice rest;
	struct name n;

	if (!der_only(value, DER_SEQUENCE, &out->names))
		return false;
	rest = out->names;
	while (rest.len > 0)
		if (!names_next(&rest, &n))
			return false;
	return true;
}

static bool
read_constraints(struct slice value, struct certificate *out)
{
	struct slice list, item;

	if (!der_only(value, DER_SEQUENCE, &list))
		return false;
	if (der_comes(list, DER_BOOLEAN) &&
	    (!der_take(&list, DER_BOOLEAN, &item) ||
	     !der_boolean(item, &out->ca)))
		return false;
	out->path_limited = list.len > 0;
	return list.len == 0 || (der_only(list, DER_INTEGER, &item) &&
				 der_number(item, &out->path_max));
}

/* Issuer and serial number may follow, or stand alone. */
static bool
read_authority_key(struct slice value, struct certificate *out)
{
	struct slice list;
	struct der d;

	if (!der_only(value, DER_SEQUENCE, &list))
		return false;
	while (list.len > 0) {
		if (!der_next(&list, &d))
			return false;
		if (d.tag == DER_PRIMITIVE(0))
			out->authority_key = d.content;
	}
	return true;
}

static bool
read_purposes(struct slice value, struct certificate *out)
{
	static const struct slice server = OID(PKIX "\x03\x01");
	static const struct slice any = OID(CE "\x25\x00");
	static const struct slice ocsp = OID(PKIX "\x03\x09");
	struct slice list, oid;

	if (!der_only(value, DER_SEQUENCE, &list))
		return false;
	while (list.len > 0) {
		if (!der_take(&list, DER_OID, &oid))
			return false;
		out->purposes |= slice_eq(oid, server) ? PURPOSE_SERVER
				 : slice_eq(oid, any)  ? PURPOSE_ANY
				 : slice_eq(oid, ocsp) ? PURPOSE_OCSP
						       : PURPOSE_OTHER;
	}
	return true;
}

/* The first URL at which the issuer's certificate can be had. */
static bool
read_access(struct slice value, struct certificate *out)
{
	struct slice list, pair, oid;
	struct der where;

	if (!der_only(value, DER_SEQUENCE, &list))
		return false;
	while (list.len > 0) {
		if (!der_take(&list, DER_SEQUENCE, &pair) ||
		    !der_take(&pair, DER_OID, &oid) ||
		    !der_next(&pair, &where) || pair.len > 0)
			return false;
		if (slice_eq(oid, ca_issuers) &&
		    where.tag == DER_PRIMITIVE(6) && out->issuer_url.len == 0)
			out->issuer_url = where.content;
	}
	return true;
}

static bool
read_features(struct slice value, struct certificate *out)
{
	struct slice list, item;
	uint32_t feature;

	if (!der_only(value, DER_SEQUENCE, &list))
		return false;
	while (list.len > 0) {
		if (!der_take(&list, DER_INTEGER, &item) ||
		    !der_number(item, &feature))
			return false;
		out->must_staple |= feature == STATUS_REQUEST;
	}
	return true;
}

static bool
keep_subtrees(struct slice value, struct certificate *out)
{
	out->subtrees = value;
	return true;
}

static bool
keep_points(struct slice value, struct certificate *out)
{
	out->points = value;
	return true;
}

static const struct {
	struct slice oid;
	enum extension bit;
	bool (*read)(struct slice value, struct certificate *out);
} readers[] = {
    {OID(CE "\x0e"), EXT_SUBJECT_KEY, read_subject_key},
    {OID(CE "\x0f"), EXT_KEY_USAGE, read_usage},
    {OID(CE "\x11"), EXT_NAMES, read_names},
    {OID(CE "\x13"), EXT_CONSTRAINTS, read_constraints},
    {OID(CE "\x1e"), EXT_SUBTREES, keep_subtrees},
    {OID(CE "\x1f"), EXT_POINTS, keep_points},
    {OID(CE "\x23"), EXT_AUTHORITY_KEY, read_authority_key},
    {OID(CE "\x25"), EXT_PURPOSES, read_purposes},
    {OID(PKIX "\x01\x01"), EXT_ACCESS, read_access},
    {OID(PKIX "\x01\x18"), EXT_FEATURES, read_features},
};

/* An extension may be there once only. */
static bool
read_one(struct slice oid, struct slice value, struct certificate *out)
{
	for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++) {
		if (!slice_eq(oid, readers[i].oid))
			continue;
		if (out->extensions & readers[i].bit)
			return false;
		out->extensions |= readers[i].bit;
		return readers[i].read(value, out);
	}
	return true;
}

bool
extension_next(struct slice *list, struct extension_item *out)
{
	struct slice one, item;

	out->critical = false;
	if (!der_take(list, DER_SEQUENCE, &one) ||
	    !der_take(&one, DER_OID, &out->oid))
		return false;
	if (der_comes(one, DER_BOOLEAN) &&
	    (!der_take(&one, DER_BOOLEAN, &item) ||
	     !der_boolean(item, &out->critical)))
		return false;
	return der_only(one, DER_OCTET_STRING, &out->value);
}

bool
extension_find(struct slice list, struct slice oid, struct slice *value)
{
	struct extension_item item;

	while (extension_next(&list, &item))
		if (slice_eq(item.oid, oid)) {
			*value = item.value;
			return true;
		}
	return false;
}

bool
extensions_read(struct slice list, struct certificate *out)
{
	struct extension_item item;

	out->extension_list = list;
	while (list.len > 0)
		if (!extension_next(&list, &item) ||
		    !read_one(item.oid, item.value, out))
			return false;
	return true;
}
