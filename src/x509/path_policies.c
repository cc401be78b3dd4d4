/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "path_policies.h"

#include "parts.h"
#include "x509/der.h"

#define OID(bytes)                                                             \
	{                                                                      \
		(const unsigned char *)(bytes), sizeof(bytes) - 1              \
	}

#define CE "\x55\x1d" /* 2.5.29 */

static const struct slice policies_oid = OID(CE "\x20");
static const struct slice mappings_oid = OID(CE "\x21");
static const struct slice constraints_oid = OID(CE "\x24");
static const struct slice inhibit_oid = OID(CE "\x36");
static const struct slice any_policy = OID(CE "\x20\x00");

struct set {
	struct slice at[POLICIES_MAX];
	size_t count;
	bool any;
};

/* The state variables of RFC 5280 6.1.2; each counts down to 0. */
struct walk {
	struct set expected;
	uint32_t explicit_in, mapping_in, any_in;
};

static bool
holds(const struct set *s, struct slice policy)
{
	for (size_t i = 0; i < s->count; i++)
		if (slice_eq(s->at[i], policy))
			return true;
	return false;
}

/* False: there is no more room. */
static bool
add(struct set *s, struct slice policy)
{
	if (slice_eq(policy, any_policy)) {
		s->any = true;
		return true;
	}
	if (holds(s, policy))
		return true;
	if (s->count == POLICIES_MAX)
		return false;
	s->at[s->count++] = policy;
	return true;
}

static void
drop(struct set *s, struct slice policy)
{
	for (size_t i = 0; i < s->count; i++)
		if (slice_eq(s->at[i], policy))
			s->at[i] = s->at[--s->count];
}

/* 6.1.3 (d) (2): any policy stands for all that were expected. */
static bool
add_all(struct set *out, const struct set *expected)
{
	for (size_t i = 0; i < expected->count; i++)
		if (!add(out, expected->at[i]))
			return false;
	out->any |= expected->any;
	return true;
}

/* CertificatePolicies; those that were expected go to *out. */
static bool
take_policies(struct slice value, const struct set *expected, bool any_counts,
	      struct set *out)
{
	struct slice list, one, oid;

	if (!der_only(value, DER_SEQUENCE, &list) || list.len == 0)
		return false;
	while (list.len > 0) {
		bool fits = true;

		if (!der_take(&list, DER_SEQUENCE, &one) ||
		    !der_take(&one, DER_OID, &oid))
			return false;
		if (slice_eq(oid, any_policy))
			fits = !any_counts || add_all(out, expected);
		else if (expected->any || holds(expected, oid))
			fits = add(out, oid);
		if (!fits)
			return false;
	}
	return true;
}

/* 6.1.3 (d) and (e) */
static bool
meet(struct walk *w, const struct certificate *c, bool last)
{
	bool any_counts =
	    w->any_in > 0 || (!last && certificate_self_issued(c));
	struct set met = {.count = 0};
	struct slice value;

	if (extension_find(c->extension_list, policies_oid, &value) &&
	    !take_policies(value, &w->expected, any_counts, &met))
		return false;
	w->expected = met;
	return true;
}

/* 6.1.4 (a) and (b) */
static bool
map(struct walk *w, const struct certificate *c)
{
	struct set before = w->expected;
	struct slice value, list, pair, from, to;

	if (!extension_find(c->extension_list, mappings_oid, &value))
		return true;
	if (!der_only(value, DER_SEQUENCE, &list))
		return false;
	for (struct slice rest = list; rest.len > 0;) {
		if (!der_take(&rest, DER_SEQUENCE, &pair) ||
		    !der_take(&pair, DER_OID, &from) ||
		    !der_only(pair, DER_OID, &to) ||
		    slice_eq(from, any_policy) || slice_eq(to, any_policy))
			return false;
		drop(&w->expected, from);
	}
	while (w->mapping_in > 0 && der_take(&list, DER_SEQUENCE, &pair) &&
	       der_take(&pair, DER_OID, &from) && der_only(pair, DER_OID, &to))
		if ((before.any || holds(&before, from)) &&
		    !add(&w->expected, to))
			return false;
	return true;
}

static void
lower(uint32_t *to, uint32_t n)
{
	if (n < *to)
		*to = n;
}

/* PolicyConstraints ::= { [0] explicit, [1] mapping } */
static bool
take_constraints(struct walk *w, const struct certificate *c)
{
	struct slice value, list, item;
	uint32_t n;

	if (!extension_find(c->extension_list, constraints_oid, &value))
		return true;
	if (!der_only(value, DER_SEQUENCE, &list) || list.len == 0)
		return false;
	if (der_comes(list, DER_PRIMITIVE(0))) {
		if (!der_take(&list, DER_PRIMITIVE(0), &item) ||
		    !der_number(item, &n))
			return false;
		lower(&w->explicit_in, n);
	}
	if (der_comes(list, DER_PRIMITIVE(1))) {
		if (!der_take(&list, DER_PRIMITIVE(1), &item) ||
		    !der_number(item, &n))
			return false;
		lower(&w->mapping_in, n);
	}
	return list.len == 0;
}

static bool
take_inhibit(struct walk *w, const struct certificate *c)
{
	struct slice value, item;
	uint32_t n;

	if (!extension_find(c->extension_list, inhibit_oid, &value))
		return true;
	if (!der_only(value, DER_INTEGER, &item) || !der_number(item, &n))
		return false;
	lower(&w->any_in, n);
	return true;
}

static void
count_down(uint32_t *n)
{
	if (*n > 0)
		(*n)--;
}

/* 6.1.4 (a) to (j) */
static bool
prepare(struct walk *w, const struct certificate *c)
{
	if (!map(w, c))
		return false;
	if (!certificate_self_issued(c)) {
		count_down(&w->explicit_in);
		count_down(&w->mapping_in);
		count_down(&w->any_in);
	}
	return take_constraints(w, c) && take_inhibit(w, c);
}

/* Nobody on the way asks for more than any policy. */
static bool
undemanding(const struct certificate *const *way, size_t count)
{
	struct slice value;

	for (size_t i = 0; i < count; i++)
		if (extension_find(way[i]->extension_list, constraints_oid,
				   &value))
			return false;
	return true;
}

static bool
left(const struct walk *w)
{
	return w->explicit_in > 0 || w->expected.any || w->expected.count > 0;
}

bool
path_policies_allow(const struct certificate *const *way, size_t count)
{
	const uint32_t none = (uint32_t)count + 1;
	struct walk w = {.expected.any = true,
			 .explicit_in = none,
			 .mapping_in = none,
			 .any_in = none};

	if (undemanding(way, count))
		return true;
	for (size_t i = 0; i < count; i++) {
		bool last = i + 1 == count;

		if (!meet(&w, way[i], last) || !left(&w))
			return false;
		if (!last && !prepare(&w, way[i]))
			return false;
	}
	/* 6.1.5 (a) and (b): of the last one, only 0 has a meaning. */
	count_down(&w.explicit_in);
	if (count > 0 && !take_constraints(&w, way[count - 1]))
		return false;
	return left(&w);
}
