/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dn.c - the names of subjects and issuers.
 */
#include "parts.h"
#include "x509/certificate.h"
#include "x509/der.h"

#include <stdio.h>
#include <string.h>

enum { ATTRIBUTES_MAX = 32, OID_TEXT = 64 };

/* clang-format off */
#define OID(bytes) {(const unsigned char *)(bytes), sizeof(bytes) - 1}
/* clang-format on */

static const struct slice common_name = OID("\x55\x04\x03");
static const struct slice organisation = OID("\x55\x04\x0a");

bool
dn_next(struct slice *names, struct slice *set, struct slice *type,
	struct der *value)
{
	struct slice pair;

	if (set->len == 0 && (!der_take(names, DER_SET, set) || set->len == 0))
		return false;
	return der_take(set, DER_SEQUENCE, &pair) &&
	       der_take(&pair, DER_OID, type) && der_next(&pair, value) &&
	       pair.len == 0;
}

/* The last one of this type. */
static struct slice
find(struct slice name, struct slice wanted)
{
	struct slice names, set = SLICE_EMPTY, type, found = SLICE_EMPTY;
	struct der value;

	if (!der_only(name, DER_SEQUENCE, &names))
		return found;
	while ((names.len > 0 || set.len > 0) &&
	       dn_next(&names, &set, &type, &value))
		if (slice_eq(type, wanted))
			found = value.content;
	return found;
}

struct slice
certificate_common_name(struct slice name)
{
	return find(name, common_name);
}

struct slice
certificate_title(struct slice name)
{
	struct slice title = find(name, common_name);

	return title.len > 0 ? title : find(name, organisation);
}

/* RFC 4514 section 3, and what else is met. */
static const struct {
	struct slice type;
	const char *name;
} attributes[] = {
    {OID("\x55\x04\x03"), "CN"},
    {OID("\x55\x04\x04"), "SN"},
    {OID("\x55\x04\x05"), "serialNumber"},
    {OID("\x55\x04\x06"), "C"},
    {OID("\x55\x04\x07"), "L"},
    {OID("\x55\x04\x08"), "ST"},
    {OID("\x55\x04\x09"), "STREET"},
    {OID("\x55\x04\x0a"), "O"},
    {OID("\x55\x04\x0b"), "OU"},
    {OID("\x55\x04\x0c"), "title"},
    {OID("\x55\x04\x2a"), "GN"},
    {OID("\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01"), "UID"},
    {OID("\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19"), "DC"},
    {OID("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01"), "emailAddress"},
};

struct text {
	char *out;
	size_t len, cap;
};

static void
put(struct text *t, char c)
{
	if (t->len + 1 < t->cap)
		t->out[t->len++] = c;
}

static void
put_string(struct text *t, const char *s)
{
	while (*s)
		put(t, *s++);
}

/* "2.5.4.97" (X.690 section 8.19) */
static void
put_dotted(struct text *t, struct slice oid)
{
	uint64_t n = 0;
	bool first = true;

	for (size_t i = 0; i < oid.len; i++) {
		char digits[OID_TEXT];

		n = n << 7 | (oid.ptr[i] & 0x7f);
		if (oid.ptr[i] & 0x80)
			continue;
		if (first)
			(void)snprintf(
			    digits, sizeof digits, "%u.%llu",
			    n < 80 ? (unsigned)n / 40 : 2,
			    (unsigned long long)(n < 80 ? n % 40 : n - 80));
		else
			(void)snprintf(digits, sizeof digits, ".%llu",
				       (unsigned long long)n);
		put_string(t, digits);
		first = false;
		n = 0;
	}
}

static void
put_type(struct text *t, struct slice type)
{
	for (size_t i = 0; i < sizeof attributes / sizeof attributes[0]; i++)
		if (slice_eq(type, attributes[i].type)) {
			put_string(t, attributes[i].name);
			return;
		}
	put_dotted(t, type);
}

/* RFC 4514 section 2.4 */
static void
put_value(struct text *t, struct slice value)
{
	for (size_t i = 0; i < value.len; i++) {
		unsigned char c = value.ptr[i];
		bool edge = i == 0 || i + 1 == value.len;

		if (c != '\0' && (strchr(",+\"\\<>;", c) ||
				  (c == ' ' && edge) || (c == '#' && i == 0)))
			put(t, '\\');
		put(t, c == '\0' ? '?' : (char)c);
	}
}

void
certificate_dn(struct slice name, char *out, size_t cap)
{
	struct {
		struct slice type, value;
		bool joined; /* to the one before: both are one step */
	} at[ATTRIBUTES_MAX];
	struct slice names = SLICE_EMPTY, set = SLICE_EMPTY;
	struct text t = {out, 0, cap};
	struct der value;
	size_t n = 0;

	if (!der_only(name, DER_SEQUENCE, &names))
		names = SLICE_EMPTY;
	while (n < ATTRIBUTES_MAX && (names.len > 0 || set.len > 0)) {
		at[n].joined = set.len > 0;
		if (!dn_next(&names, &set, &at[n].type, &value))
			break;
		at[n++].value = value.content;
	}
	/* The last one first. */
	while (n-- > 0) {
		put_type(&t, at[n].type);
		put(&t, '=');
		put_value(&t, at[n].value);
		if (n > 0)
			put(&t, at[n].joined ? '+' : ',');
	}
	out[t.len] = '\0';
}
