/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "x509/certificate.h"

#include "parts.h"
#include "x509/der.h"

#define NOTHING                                                                \
	{                                                                      \
		(const unsigned char *)"", 0                                   \
	}

static const struct certificate nothing = {.der = NOTHING,
					   .text = NOTHING,
					   .signature.bits = NOTHING,
					   .serial = NOTHING,
					   .issuer = NOTHING,
					   .subject = NOTHING,
					   .key = NOTHING,
					   .extension_list = NOTHING,
					   .names = NOTHING,
					   .subject_key = NOTHING,
					   .authority_key = NOTHING,
					   .issuer_url = NOTHING,
					   .subtrees = NOTHING,
					   .points = NOTHING};

static bool
read_version(struct slice *tbs, struct certificate *out)
{
	struct slice tagged, content;
	uint32_t n = 0;

	if (der_comes(*tbs, DER_CONSTRUCTED(0)) &&
	    (!der_take(tbs, DER_CONSTRUCTED(0), &tagged) ||
	     !der_only(tagged, DER_INTEGER, &content) ||
	     !der_number(content, &n) || n > 2))
		return false;
	out->version = n + 1;
	return true;
}

static bool
read_validity(struct slice *tbs, struct certificate *out)
{
	struct slice pair;
	struct der before, after;

	return der_take(tbs, DER_SEQUENCE, &pair) && der_next(&pair, &before) &&
	       der_next(&pair, &after) && pair.len == 0 &&
	       der_time(&before, &out->not_before) &&
	       der_time(&after, &out->not_after);
}

bool
name_read(struct slice *from, struct slice *out)
{
	struct slice names, set = SLICE_EMPTY, type;
	struct der d, value;

	if (!der_comes(*from, DER_SEQUENCE) || !der_next(from, &d))
		return false;
	*out = d.whole;
	names = d.content;
	while (names.len > 0 || set.len > 0)
		if (!dn_next(&names, &set, &type, &value))
			return false;
	return true;
}

static bool
read_key(struct slice *tbs, struct certificate *out)
{
	struct der d;

	if (!der_comes(*tbs, DER_SEQUENCE) || !der_next(tbs, &d))
		return false;
	out->key = d.whole;
	return spki_read(d.content, out);
}

/* The identifiers of RFC 5280 4.1.2.8, which nobody uses, then extensions. */
static bool
read_rest(struct slice tbs, struct certificate *out)
{
	struct slice item, list;

	for (unsigned n = 1; n <= 2; n++)
		if (der_comes(tbs, DER_PRIMITIVE(n)) &&
		    !der_take(&tbs, DER_PRIMITIVE(n), &item))
			return false;
	if (tbs.len == 0)
		return true;
	return der_only(tbs, DER_CONSTRUCTED(3), &item) &&
	       der_only(item, DER_SEQUENCE, &list) && list.len > 0 &&
	       extensions_read(list, out);
}

static bool
read_tbs(struct slice tbs, struct slice algorithm, struct certificate *out)
{
	struct slice inner;

	return read_version(&tbs, out) &&
	       der_take(&tbs, DER_INTEGER, &out->serial) &&
	       der_integer(out->serial) &&
	       der_take(&tbs, DER_SEQUENCE, &inner) &&
	       /* RFC 5280 4.1.1.2: said twice, outside what is signed too. */
	       slice_eq(inner, algorithm) && signature_read(inner, out) &&
	       name_read(&tbs, &out->issuer) && read_validity(&tbs, out) &&
	       name_read(&tbs, &out->subject) && read_key(&tbs, out) &&
	       read_rest(tbs, out);
}

enum err
certificate_read(struct slice der, struct certificate *out)
{
	struct slice whole, algorithm;
	struct der tbs;

	*out = nothing;
	out->der = der;
	if (!der_only(der, DER_SEQUENCE, &whole) ||
	    !der_comes(whole, DER_SEQUENCE) || !der_next(&whole, &tbs) ||
	    !der_take(&whole, DER_SEQUENCE, &algorithm) ||
	    !signature_take(algorithm, whole, &out->signature) ||
	    !read_tbs(tbs.content, algorithm, out))
		return ERR_SYNTAX;
	out->text = tbs.whole;
	return ERR_OK;
}

enum err
certificate_anchor(struct slice name, struct slice key, struct certificate *out)
{
	struct slice info;

	*out = nothing;
	out->subject = name;
	out->key = key;
	if (!name_read(&name, &out->issuer) || name.len > 0 ||
	    !der_only(key, DER_SEQUENCE, &info) || !spki_read(info, out))
		return ERR_SYNTAX;
	return ERR_OK;
}

bool
certificate_self_issued(const struct certificate *c)
{
	return slice_eq(c->subject, c->issuer);
}

bool
certificate_names_issuer(const struct certificate *c,
			 const struct certificate *issuer)
{
	return slice_eq(c->issuer, issuer->subject) &&
	       (c->authority_key.len == 0 || issuer->subject_key.len == 0 ||
		slice_eq(c->authority_key, issuer->subject_key));
}
