/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "x509/ocsp.h"

#include "parts.h"
#include "x509/der.h"

#define OID(bytes)                                                             \
	{                                                                      \
		(const unsigned char *)(bytes), sizeof(bytes) - 1              \
	}

static const struct slice basic = OID("\x2b\x06\x01\x05\x05\x07\x30\x01\x01");

static const struct {
	struct slice oid;
	enum ocsp_hash hash;
} hashes[] = {
    {OID("\x2b\x0e\x03\x02\x1a"), OCSP_HASH_SHA1},
    {OID("\x60\x86\x48\x01\x65\x03\x04\x02\x01"), OCSP_HASH_SHA256},
};

/* A number from 0 to 2^31-1. */
static bool
take_enumerated(struct slice *from, unsigned *out)
{
	struct slice content;
	uint32_t n;

	if (!der_take(from, DER_ENUMERATED, &content) ||
	    !der_number(content, &n))
		return false;
	*out = n;
	return true;
}

static bool
take_time(struct slice *from, int64_t *out)
{
	struct der d;

	return der_comes(*from, DER_GENERALIZED_TIME) && der_next(from, &d) &&
	       der_time(&d, out);
}

/* [tag] Extensions at the end of *from, or nothing. */
static bool
end_extensions(struct slice from, unsigned tag, bool *critical)
{
	struct slice tagged, list;
	struct extension_item item;

	if (from.len == 0)
		return true;
	if (!der_only(from, tag, &tagged) ||
	    !der_only(tagged, DER_SEQUENCE, &list) || list.len == 0)
		return false;
	while (list.len > 0) {
		if (!extension_next(&list, &item))
			return false;
		*critical |= item.critical;
	}
	return true;
}

static bool
read_id(struct slice id, struct ocsp_answer *out)
{
	struct slice algorithm, oid;

	if (!der_take(&id, DER_SEQUENCE, &algorithm) ||
	    !der_take(&algorithm, DER_OID, &oid) ||
	    !der_take(&id, DER_OCTET_STRING, &out->issuer_name) ||
	    !der_take(&id, DER_OCTET_STRING, &out->issuer_key) ||
	    !der_only(id, DER_INTEGER, &out->serial) ||
	    !der_integer(out->serial))
		return false;
	for (size_t i = 0; i < sizeof hashes / sizeof hashes[0]; i++)
		if (slice_eq(oid, hashes[i].oid))
			out->hash = hashes[i].hash;
	return true;
}

static bool
read_revoked(struct slice info, struct ocsp_answer *out)
{
	struct slice tagged;

	out->verdict = OCSP_REVOKED;
	return take_time(&info, &out->revoked) &&
	       (info.len == 0 ||
		(der_only(info, DER_CONSTRUCTED(0), &tagged) &&
		 take_enumerated(&tagged, &out->reason) && tagged.len == 0));
}

static bool
take_verdict(struct slice *from, struct ocsp_answer *out)
{
	struct der d;

	if (!der_next(from, &d))
		return false;
	if (d.tag == DER_CONSTRUCTED(1))
		return read_revoked(d.content, out);
	out->verdict = d.tag == DER_PRIMITIVE(0) ? OCSP_GOOD : OCSP_UNKNOWN;
	return (d.tag == DER_PRIMITIVE(0) || d.tag == DER_PRIMITIVE(2)) &&
	       d.content.len == 0;
}

static bool
read_answer(struct slice s, struct ocsp_answer *out)
{
	struct slice id, tagged;

	*out = (struct ocsp_answer){.hash = OCSP_HASH_OTHER};
	if (!der_take(&s, DER_SEQUENCE, &id) || !read_id(id, out) ||
	    !take_verdict(&s, out) || !take_time(&s, &out->this_update))
		return false;
	if (der_comes(s, DER_CONSTRUCTED(0))) {
		out->limited = true;
		if (!der_take(&s, DER_CONSTRUCTED(0), &tagged) ||
		    !take_time(&tagged, &out->next_update) || tagged.len > 0)
			return false;
	}
	return end_extensions(s, DER_CONSTRUCTED(1), &out->critical);
}

bool
ocsp_next(struct slice *rest, struct ocsp_answer *out)
{
	struct slice one;

	return der_take(rest, DER_SEQUENCE, &one) && read_answer(one, out);
}

static bool
take_signer(struct slice *from, struct ocsp *out)
{
	struct slice tagged;

	if (der_comes(*from, DER_CONSTRUCTED(2)))
		return der_take(from, DER_CONSTRUCTED(2), &tagged) &&
		       der_only(tagged, DER_OCTET_STRING, &out->signer_key);
	return der_take(from, DER_CONSTRUCTED(1), &tagged) &&
	       name_read(&tagged, &out->signer) && tagged.len == 0;
}

/* The first is 0, and left out. */
static bool
take_version(struct slice *from)
{
	struct slice tagged, number;
	uint32_t n;

	return !der_comes(*from, DER_CONSTRUCTED(0)) ||
	       (der_take(from, DER_CONSTRUCTED(0), &tagged) &&
		der_only(tagged, DER_INTEGER, &number) &&
		der_number(number, &n) && n == 0);
}

static bool
read_text(struct slice s, struct ocsp *out)
{
	struct ocsp_answer answer;
	struct slice rest;

	if (!take_version(&s) || !take_signer(&s, out) ||
	    !take_time(&s, &out->produced) ||
	    !der_take(&s, DER_SEQUENCE, &out->answers) ||
	    !end_extensions(s, DER_CONSTRUCTED(1), &out->critical))
		return false;
	rest = out->answers;
	while (rest.len > 0)
		if (!ocsp_next(&rest, &answer))
			return false;
	return true;
}

static bool
read_certificates(struct slice s, struct ocsp *out)
{
	struct slice tagged, rest;
	struct der d;

	if (s.len == 0)
		return true;
	if (!der_only(s, DER_CONSTRUCTED(0), &tagged) ||
	    !der_only(tagged, DER_SEQUENCE, &out->certificates))
		return false;
	rest = out->certificates;
	while (rest.len > 0)
		if (!der_next(&rest, &d))
			return false;
	return true;
}

static bool
read_basic(struct slice der, struct ocsp *out)
{
	struct slice whole, algorithm;
	struct der text, bits;

	if (!der_only(der, DER_SEQUENCE, &whole) ||
	    !der_comes(whole, DER_SEQUENCE) || !der_next(&whole, &text) ||
	    !read_text(text.content, out) ||
	    !der_take(&whole, DER_SEQUENCE, &algorithm) ||
	    !der_next(&whole, &bits) ||
	    !signature_take(algorithm, bits.whole, &out->signature) ||
	    !read_certificates(whole, out))
		return false;
	out->text = text.whole;
	return true;
}

static bool
read_response(struct slice tagged, struct ocsp *out)
{
	struct slice pair, oid, bytes;

	if (!der_only(tagged, DER_SEQUENCE, &pair) ||
	    !der_take(&pair, DER_OID, &oid) ||
	    !der_only(pair, DER_OCTET_STRING, &bytes))
		return false;
	out->basic = slice_eq(oid, basic);
	return !out->basic || read_basic(bytes, out);
}

enum err
ocsp_read(struct slice der, struct ocsp *out)
{
	struct slice whole, tagged;

	*out = (struct ocsp){.text = SLICE_EMPTY,
			     .signer = SLICE_EMPTY,
			     .signer_key = SLICE_EMPTY,
			     .answers = SLICE_EMPTY,
			     .signature.bits = SLICE_EMPTY,
			     .certificates = SLICE_EMPTY};
	if (!der_only(der, DER_SEQUENCE, &whole) ||
	    !take_enumerated(&whole, &out->status))
		return ERR_SYNTAX;
	if (out->status != OCSP_STATUS_SUCCESSFUL)
		return whole.len == 0 ? ERR_OK : ERR_SYNTAX;
	if (!der_only(whole, DER_CONSTRUCTED(0), &tagged) ||
	    !read_response(tagged, out))
		return ERR_SYNTAX;
	return ERR_OK;
}
