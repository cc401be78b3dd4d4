/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_certificate.c - any bytes as a certificate (DER).
 *
 * What is read lies within the input; a certificate cut short is none; what
 * the lint calls an error is what pair_read refuses, and nothing else; its
 * texts are printable.
 */
#include "tls/lint.h"
#include "tls/store.h"
#include "x509/certificate.h"
#include "x509/names.h"

#include <wolfssl/options.h>
/* The options come first. */
#include <wolfssl/wolfcrypt/asn_public.h>

#include <stdlib.h>
#include <string.h>

#define REQUIRE(condition) ((condition) ? (void)0 : abort())

enum { PEM_MAX = 32768, DER_MAX = 16384 };

static bool
within(struct slice part, struct slice whole)
{
	return part.len == 0 || (part.ptr >= whole.ptr &&
				 part.ptr + part.len <= whole.ptr + whole.len);
}

static void
check_fields(const struct certificate *c, struct slice in)
{
	const struct slice parts[] = {
	    c->serial,        c->issuer,     c->subject,
	    c->key,           c->names,      c->subject_key,
	    c->authority_key, c->issuer_url, certificate_title(c->subject)};

	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		REQUIRE(within(parts[i], in));
	REQUIRE(c->version >= 1 && c->version <= 3 && c->serial.len > 0);
	REQUIRE(!c->ca || (c->extensions & EXT_CONSTRAINTS));
	REQUIRE(c->names.len == 0 || (c->extensions & EXT_NAMES));
}

static void
check_names(struct slice names, struct slice in)
{
	struct slice rest = names;
	struct name n;

	while (names_next(&rest, &n)) {
		enum name_form form = names_form(n.value);

		REQUIRE(within(n.value, in));
		/* A good name covers the host of that name. */
		if (n.kind == NAME_DNS && form == FORM_NAME)
			REQUIRE(names_cover(names, n.value));
	}
	REQUIRE(rest.len == 0);
}

static void
check_lint(struct slice in)
{
	static unsigned char pem[PEM_MAX];
	static struct lint lint;
	struct lint_input li = {.now = 1795305600};
	struct pair_source src = {.now = li.now};
	struct pair none;
	struct pair_fault fault = {.cause = ERR_OK};
	int n = wc_DerToPem(in.ptr, (word32)in.len, pem, sizeof pem, CERT_TYPE);

	REQUIRE(n > 0);
	li.chain = src.chain = slice_of(pem, (size_t)n);
	REQUIRE(pair_read(&src, &none, &fault) != ERR_OK);
	REQUIRE(lint_run(&li, &lint) == ERR_OK);
	REQUIRE((lint.totals[LINT_ERROR] == 0) == fault.in_key);
	for (size_t i = 0; i < lint.count; i++)
		for (const char *p = lint.findings[i].text; *p; p++)
			REQUIRE(*p >= ' ' && *p < 127);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = slice_of(data, size);
	struct certificate c, again;

	REQUIRE(tls_library_init() == ERR_OK);
	if (size > 0 && size <= DER_MAX)
		check_lint(in);
	if (certificate_read(in, &c) != ERR_OK)
		return 0;
	check_fields(&c, in);
	check_names(c.names, in);
	for (size_t n = 0; n < size; n += size / 16 + 1)
		REQUIRE(certificate_read(slice_head(in, n), &again) != ERR_OK);
	return 0;
}
