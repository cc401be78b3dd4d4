/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "forge_words.h"

#include "x509/der.h"
#include "x509/names.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define CE   "\x55\x1d"
#define PKIX "\x2b\x06\x01\x05\x05\x07"

struct lists {
	struct forged names, permitted, excluded;
};

static struct slice
all(const struct forged *f)
{
	return slice_of(f->bytes, f->len);
}

static void
add(struct forged *to, struct slice oid, bool critical, struct slice value)
{
	struct forged one = {.len = 0};

	forge_put(&one, DER_OID, oid);
	if (critical)
		forge_put(&one, DER_BOOLEAN, SLICE("\xff"));
	forge_put(&one, DER_OCTET_STRING, value);
	forge_put(to, DER_SEQUENCE, all(&one));
}

/* The same, for a value that is a SEQUENCE. */
static void
add_list(struct forged *to, struct slice oid, bool critical,
	 const struct forged *list)
{
	struct forged value = {.len = 0};

	forge_put(&value, DER_SEQUENCE, all(list));
	add(to, oid, critical, all(&value));
}

static void
add_usage(struct forged *to, unsigned bits)
{
	unsigned char value[] = {3, 2, 0, (unsigned char)bits};

	while (value[2] < 7 && !(bits >> value[2] & 1))
		value[2]++;
	add(to, SLICE(CE "\x0f"), true, slice_of(value, sizeof value));
}

static size_t
put_hex(struct slice text, unsigned char *out)
{
	for (size_t i = 0; i + 1 < text.len; i += 2) {
		const char pair[] = {(char)text.ptr[i], (char)text.ptr[i + 1],
				     '\0'};

		out[i / 2] = (unsigned char)strtoul(pair, NULL, 16);
	}
	return text.len / 2;
}

/* A GeneralName. */
static void
put_general(struct forged *to, struct slice kind, struct slice text)
{
	unsigned char bytes[64];
	size_t n;

	if (slice_eq(kind, SLICE("ip"))) {
		n = names_address(text, bytes);
		if (n == 0)
			n = put_hex(text, bytes);
		forge_put(to, DER_PRIMITIVE(7), slice_of(bytes, n));
	} else if (slice_eq(kind, SLICE("dn"))) {
		struct forged name = {.len = 0};

		n = slice_head(text, sizeof bytes - 1).len;
		memcpy(bytes, text.ptr, n);
		bytes[n] = '\0';
		forge_name(&name, (const char *)bytes);
		forge_put(to, DER_CONSTRUCTED(4), all(&name));
	} else {
		n = slice_head(text, sizeof bytes).len;
		memcpy(bytes, text.ptr, n);
		for (size_t i = 0; i < n; i++)
			if (bytes[i] == '~')
				bytes[i] = '\0';
		forge_put(to,
			  slice_eq(kind, SLICE("mail"))  ? DER_PRIMITIVE(1)
			  : slice_eq(kind, SLICE("dns")) ? DER_PRIMITIVE(2)
							 : DER_PRIMITIVE(6),
			  slice_of(bytes, n));
	}
}

static void
add_purposes(struct forged *to, struct slice names)
{
	struct forged list = {.len = 0};

	while (names.len > 0) {
		struct slice name = slice_cut(&names, ',');

		forge_put(
		    &list, DER_OID,
		    slice_eq(name, SLICE("server"))   ? SLICE(PKIX "\x03\x01")
		    : slice_eq(name, SLICE("client")) ? SLICE(PKIX "\x03\x02")
		    : slice_eq(name, SLICE("mail"))   ? SLICE(PKIX "\x03\x04")
						      : SLICE(CE "\x25\x00"));
	}
	add_list(to, SLICE(CE "\x25"), false, &list);
}

static void
add_policies(struct forged *to, struct slice names)
{
	struct forged list = {.len = 0};

	for (size_t i = 0; i < names.len; i++) {
		const unsigned char oid[] = {6, 2, 0x2a, names.ptr[i]};

		forge_put(&list, DER_SEQUENCE, slice_of(oid, sizeof oid));
	}
	add_list(to, SLICE(CE "\x20"), false, &list);
}

static void
add_points(struct forged *to, struct slice uri)
{
	struct forged name = {.len = 0}, full = {.len = 0}, point = {.len = 0},
		      one = {.len = 0}, list = {.len = 0};

	forge_put(&name, DER_PRIMITIVE(6), uri);
	forge_put(&full, DER_CONSTRUCTED(0), all(&name));
	forge_put(&point, DER_CONSTRUCTED(0), all(&full));
	forge_put(&one, DER_SEQUENCE, all(&point));
	forge_put(&list, DER_SEQUENCE, all(&one));
	add(to, SLICE(CE "\x1f"), false, all(&list));
}

static const struct {
	struct slice word, oid, value;
	bool critical;
} fixed[] = {
#define T(text)                                                                \
	{                                                                      \
		(const unsigned char *)(text), sizeof(text) - 1                \
	}
    {T("bare"), T(CE "\x13"), T("\x30\x03\x01\x01\xff"), true},
    {T("ca"), T(CE "\x13"), T("\x30\x03\x01\x01\xff"), true},
    {T("ca0"), T(CE "\x13"), T("\x30\x06\x01\x01\xff\x02\x01\x00"), true},
    {T("ca1"), T(CE "\x13"), T("\x30\x06\x01\x01\xff\x02\x01\x01"), true},
    {T("notca"), T(CE "\x13"), T("\x30\x00"), true},
    {T("explicit"), T(CE "\x24"), T("\x30\x03\x80\x01\x00"), true},
    {T("critical"), T("\x2a\x03"), T("\x05\x00"), true},
    {T("odd"), T("\x2a\x03"), T("\x05\x00"), false},
    {T("twice"), T("\x2a\x03"), T("\x05\x00"), false},
    {T("twice"), T("\x2a\x03"), T("\x05\x00"), false},
    {T("staple"), T(PKIX "\x01\x18"), T("\x30\x03\x02\x01\x05"), false},
};

static bool
put_fixed(struct forged *to, struct slice word)
{
	bool found = false;

	for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
		if (slice_eq(word, fixed[i].word)) {
			add(to, fixed[i].oid, fixed[i].critical,
			    fixed[i].value);
			found = true;
		}
	if (found && slice_istarts(word, SLICE("ca")))
		add_usage(to, 0x06);
	return found;
}

static void
put_subtree(struct forged *list, struct slice value)
{
	struct slice kind = slice_cut(&value, ':');
	struct forged base = {.len = 0};

	put_general(&base, kind, value);
	forge_put(list, DER_SEQUENCE, all(&base));
}

static void
put_word(struct forged *to, struct slice word, struct lists *l)
{
	struct slice value = word, key = slice_cut(&value, '=');
	unsigned char usage = 0;

	if (slice_eq(key, SLICE("ku"))) {
		(void)put_hex(value, &usage);
		add_usage(to, usage);
	} else if (slice_eq(key, SLICE("eku"))) {
		add_purposes(to, value);
	} else if (slice_eq(key, SLICE("permit"))) {
		put_subtree(&l->permitted, value);
	} else if (slice_eq(key, SLICE("exclude"))) {
		put_subtree(&l->excluded, value);
	} else if (slice_eq(key, SLICE("policy"))) {
		add_policies(to, value);
	} else if (slice_eq(key, SLICE("points"))) {
		add_points(to, value);
	} else if (!put_fixed(to, word)) {
		assert(word.len > key.len);
		put_general(&l->names, key, value);
	}
}

/* Any bytes, if they are a key's own. */
static void
put_ids(struct forged *to, enum forge_key key, enum forge_key signer)
{
	unsigned char id[2 + 20];
	struct forged value = {.len = 0};

	memset(id, 0x40 + (int)key, sizeof id);
	id[0] = DER_OCTET_STRING;
	id[1] = 20;
	add(to, SLICE(CE "\x0e"), false, slice_of(id, sizeof id));
	if (signer == FORGE_NONE)
		return;
	memset(id, 0x40 + (int)signer, sizeof id);
	forge_put(&value, DER_PRIMITIVE(0), slice_of(id, 20));
	add_list(to, SLICE(CE "\x23"), false, &value);
}

void
forge_words(struct forged *to, const char *words, enum forge_key key,
	    enum forge_key signer)
{
	struct lists l = {.names.len = 0};
	struct forged both = {.len = 0};
	struct slice rest = slice_str(words), word;
	bool ids = true;

	while (rest.len > 0) {
		word = slice_cut(&rest, ' ');
		if (slice_eq(word, SLICE("noid")))
			ids = false;
		else if (word.len > 0)
			put_word(to, word, &l);
	}
	if (l.names.len > 0)
		add_list(to, SLICE(CE "\x11"), false, &l.names);
	if (l.permitted.len > 0)
		forge_put(&both, DER_CONSTRUCTED(0), all(&l.permitted));
	if (l.excluded.len > 0)
		forge_put(&both, DER_CONSTRUCTED(1), all(&l.excluded));
	if (both.len > 0)
		add_list(to, SLICE(CE "\x1e"), true, &both);
	if (ids)
		put_ids(to, key, signer);
}
