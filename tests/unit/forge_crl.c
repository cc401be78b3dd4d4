/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "forge_crl.h"

#include "x509/der.h"

#include <string.h>

static struct slice
all(const struct forged *f)
{
	return slice_of(f->bytes, f->len);
}

static void
put_date(struct forged *to, const char *text)
{
	forge_put(to, strlen(text) == 13 ? DER_UTC_TIME : DER_GENERALIZED_TIME,
		  slice_str(text));
}

static void
put_entries(struct forged *to, const struct forge_crl *f)
{
	struct forged list = {.len = 0};

	if (f->count == 0)
		return;
	for (size_t i = 0; i < f->count; i++) {
		struct forged one = {.len = 0};

		forge_put(&one, DER_INTEGER, f->entries[i].serial);
		put_date(&one, f->entries[i].date);
		if (f->entries[i].extensions.len > 0)
			forge_put(&one, DER_SEQUENCE, f->entries[i].extensions);
		forge_put(&list, DER_SEQUENCE, all(&one));
	}
	forge_put(to, DER_SEQUENCE, all(&list));
}

void
forge_crl(const struct forge_crl *f, struct forged *out)
{
	struct slice algorithm =
	    f->algorithm.len > 0
		? f->algorithm
		: SLICE("\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02");
	const unsigned char version =
	    (unsigned char)(f->version > 0 ? f->version - 1 : 1);
	struct forged text = {.len = 0}, whole = {.len = 0}, list = {.len = 0};

	if (f->version != 1)
		forge_put(&text, DER_INTEGER, slice_of(&version, 1));
	forge_put(&text, DER_SEQUENCE, algorithm);
	forge_name(&text, f->issuer);
	put_date(&text, f->from);
	if (f->until)
		put_date(&text, f->until);
	put_entries(&text, f);
	if (f->extensions.len > 0) {
		forge_put(&list, DER_SEQUENCE, f->extensions);
		forge_put(&text, DER_CONSTRUCTED(0), all(&list));
	}
	forge_put(&whole, DER_SEQUENCE, all(&text));
	text = whole;
	forge_put(&whole, DER_SEQUENCE, algorithm);
	forge_signature(&whole, all(&text), f->signer);
	out->len = 0;
	forge_put(out, DER_SEQUENCE, all(&whole));
}
