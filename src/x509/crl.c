/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * crl.c - reads a list; crl_judge.c uses it.
 */
#include "x509/crl.h"

#include "parts.h"
#include "x509/der.h"
#include "x509/names.h"

#define OID(bytes)                                                             \
	{                                                                      \
		(const unsigned char *)(bytes), sizeof(bytes) - 1              \
	}

#define CE "\x55\x1d" /* 2.5.29 */

#define NOTHING                                                                \
	{                                                                      \
		(const unsigned char *)"", 0                                   \
	}

static const struct slice reason_oid = OID(CE "\x15");
static const struct slice invalidity_oid = OID(CE "\x18");

static bool
take_time(struct slice *from, int64_t *out)
{
	struct der d;

	return der_next(from, &d) && der_time(&d, out);
}

static bool
time_comes(struct slice from)
{
	return der_comes(from, DER_UTC_TIME) ||
	       der_comes(from, DER_GENERALIZED_TIME);
}

/* The first fault is the one that is told. */
static void
blame(struct crl *l, enum crl_fault fault)
{
	if (l->fault == CRL_FAULT_NONE)
		l->fault = fault;
}

/* --- entries (RFC 5280 5.3) -------------------------------------------------
 */

static bool
read_reason(struct slice value, struct crl_entry *out)
{
	struct slice content;
	uint32_t n;

	if (!der_only(value, DER_ENUMERATED, &content) ||
	    !der_number(content, &n))
		return false;
	out->reason = n;
	return true;
}

static bool
read_entry_extensions(struct slice s, struct crl_entry *out)
{
	struct extension_item item;
	struct slice list;

	if (s.len == 0)
		return true;
	if (!der_only(s, DER_SEQUENCE, &list))
		return false;
	while (list.len > 0) {
		if (!extension_next(&list, &item))
			return false;
		if (slice_eq(item.oid, reason_oid)) {
			if (!read_reason(item.value, out))
				return false;
		} else if (!slice_eq(item.oid, invalidity_oid)) {
			/* certificateIssuer too: of indirect lists only. */
			out->critical |= item.critical;
		}
	}
	return true;
}

bool
crl_next(struct slice *rest, struct crl_entry *out)
{
	struct slice one;

	*out = (struct crl_entry){.serial = SLICE_EMPTY};
	return der_take(rest, DER_SEQUENCE, &one) &&
	       der_take(&one, DER_INTEGER, &out->serial) &&
	       der_integer(out->serial) && take_time(&one, &out->date) &&
	       read_entry_extensions(one, out);
}

static bool
check_entries(struct crl *out)
{
	struct slice rest = out->revoked;
	struct crl_entry e;

	while (rest.len > 0) {
		if (!crl_next(&rest, &e))
			return false;
		if (e.critical)
			blame(out, CRL_FAULT_CRITICAL);
	}
	return true;
}

/* --- extensions of the list (RFC 5280 5.2) ----------------------------------
 */

static bool
read_authority_key(struct slice value, struct crl *out)
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

/* Nothing to know: CRLNumber, freshestCRL, authorityInfoAccess, issuerAltName
 */
static bool
pass(struct slice value, struct crl *out)
{
	(void)value;
	(void)out;
	return true;
}

static bool
read_delta(struct slice value, struct crl *out)
{
	(void)value;
	blame(out, CRL_FAULT_DELTA);
	return true;
}

/* [0] { [0] fullName } */
static bool
read_point(struct slice tagged, struct crl *out)
{
	struct slice rest;
	struct name n;

	out->pointed = true;
	if (!der_comes(tagged, DER_CONSTRUCTED(0))) {
		blame(out, CRL_FAULT_RELATIVE);
		return true;
	}
	if (!der_only(tagged, DER_CONSTRUCTED(0), &out->points))
		return false;
	rest = out->points;
	while (rest.len > 0)
		if (!names_next(&rest, &n))
			return false;
	return true;
}

/* The parts of IssuingDistributionPoint behind the first. */
static bool
read_scope(const struct der *part, struct crl *out)
{
	bool set = false;

	if (part->tag == DER_PRIMITIVE(3)) {
		blame(out, CRL_FAULT_REASONS);
		return true;
	}
	if (!der_boolean(part->content, &set))
		return false;
	if (!set)
		return true;
	if (part->tag == DER_PRIMITIVE(1))
		out->scope = CRL_USERS;
	else if (part->tag == DER_PRIMITIVE(2))
		out->scope = CRL_AUTHORITIES;
	else
		blame(out, part->tag == DER_PRIMITIVE(4)
			       ? CRL_FAULT_INDIRECT
			       : CRL_FAULT_ATTRIBUTES);
	return true;
}

static bool
read_issuing_point(struct slice value, struct crl *out)
{
	struct slice list;
	struct der part;
	unsigned before = 0;

	if (!der_only(value, DER_SEQUENCE, &list))
		return false;
	while (list.len > 0) {
		if (!der_next(&list, &part) || (part.tag & 0x1f) < before ||
		    (part.tag & 0x1f) > 5)
			return false;
		before = (part.tag & 0x1f) + 1;
		if (part.tag == DER_CONSTRUCTED(0)
			? !read_point(part.content, out)
			: !read_scope(&part, out))
			return false;
	}
	return true;
}

static const struct {
	struct slice oid;
	bool (*read)(struct slice value, struct crl *out);
} readers[] = {
    {OID(CE "\x12"), pass}, /* issuerAltName */
    {OID(CE "\x14"), pass}, /* CRLNumber */
    {OID(CE "\x1b"), read_delta},
    {OID(CE "\x1c"), read_issuing_point},
    {OID(CE "\x23"), read_authority_key},
    {OID(CE "\x2e"), pass}, /* freshestCRL */
};

enum { READERS = sizeof readers / sizeof readers[0] };

static bool
read_one(const struct extension_item *item, unsigned *seen, struct crl *out)
{
	for (size_t i = 0; i < READERS; i++) {
		if (!slice_eq(item->oid, readers[i].oid))
			continue;
		if (*seen & 1u << i)
			return false;
		*seen |= 1u << i;
		return readers[i].read(item->value, out);
	}
	if (item->critical)
		blame(out, CRL_FAULT_CRITICAL);
	return true;
}

static bool
read_extensions(struct slice s, bool allowed, struct crl *out)
{
	struct slice tagged, list;
	struct extension_item item;
	unsigned seen = 0;

	if (s.len == 0)
		return true;
	if (!allowed || !der_only(s, DER_CONSTRUCTED(0), &tagged) ||
	    !der_only(tagged, DER_SEQUENCE, &list) || list.len == 0)
		return false;
	while (list.len > 0)
		if (!extension_next(&list, &item) ||
		    !read_one(&item, &seen, out))
			return false;
	return true;
}

/* --- the whole --------------------------------------------------------------
 */

/* Version 2, or left out: version 1. */
static bool
take_version(struct slice *from, bool *second)
{
	struct slice content;
	uint32_t n = 0;

	*second = der_comes(*from, DER_INTEGER);
	return !*second || (der_take(from, DER_INTEGER, &content) &&
			    der_number(content, &n) && n == 1);
}

static bool
read_text(struct slice s, struct slice algorithm, struct crl *out)
{
	struct slice inner;
	bool second;

	if (!take_version(&s, &second) || !der_take(&s, DER_SEQUENCE, &inner) ||
	    !slice_eq(inner, algorithm) || !name_read(&s, &out->issuer) ||
	    !take_time(&s, &out->this_update))
		return false;
	out->limited = time_comes(s);
	if (out->limited && !take_time(&s, &out->next_update))
		return false;
	if (der_comes(s, DER_SEQUENCE) &&
	    !der_take(&s, DER_SEQUENCE, &out->revoked))
		return false;
	return read_extensions(s, second, out) && check_entries(out);
}

enum err
crl_read(struct slice der, struct crl *out)
{
	static const struct crl nothing = {.text = NOTHING,
					   .signature.bits = NOTHING,
					   .issuer = NOTHING,
					   .revoked = NOTHING,
					   .authority_key = NOTHING,
					   .points = NOTHING,
					   .proven = NOTHING};
	struct slice whole, algorithm;
	struct der text;

	*out = nothing;
	if (!der_only(der, DER_SEQUENCE, &whole) ||
	    !der_comes(whole, DER_SEQUENCE) || !der_next(&whole, &text) ||
	    !der_take(&whole, DER_SEQUENCE, &algorithm) ||
	    !signature_take(algorithm, whole, &out->signature) ||
	    !read_text(text.content, algorithm, out))
		return ERR_SYNTAX;
	out->text = text.whole;
	if (out->signature.kind == SIGNATURE_OTHER)
		blame(out, CRL_FAULT_DIGEST);
	return ERR_OK;
}
