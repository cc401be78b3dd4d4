/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_crl.c - any bytes as a list of revoked certificates (DER).
 *
 * What is read lies within the input; a list cut short is none. Then a
 * certificate is asked about, as if the list were signed: it is revoked if and
 * only if its serial number is there, and good only for the time that the list
 * says. Unsigned, nothing is good.
 */
#include "unit/chains.h"
#include "x509/crl.h"
#include "x509/der.h"

#include <stdlib.h>

#define REQUIRE(condition) ((condition) ? (void)0 : abort())

static bool answer;

static bool
verify(void *of, struct slice key, const struct signature *s, struct slice text)
{
	(void)of;
	(void)key;
	(void)text;
	REQUIRE(s->kind != SIGNATURE_OTHER);
	return answer;
}

static bool
within(struct slice part, struct slice whole)
{
	return part.len == 0 || (part.ptr >= whole.ptr &&
				 part.ptr + part.len <= whole.ptr + whole.len);
}

static bool
check_entries(const struct crl *l, struct slice in, struct slice wanted)
{
	struct slice rest = l->revoked;
	bool found = false;
	struct crl_entry e;

	while (crl_next(&rest, &e)) {
		REQUIRE(within(e.serial, in) && e.serial.len > 0);
		REQUIRE(!e.critical || l->fault != CRL_FAULT_NONE);
		REQUIRE(crl_reason(e.reason)[0] != '\0');
		found |= slice_eq(e.serial, wanted);
	}
	REQUIRE(rest.len == 0);
	return found;
}

static void
check_parts(const struct crl *l, struct slice in)
{
	const struct slice parts[] = {l->text,    l->signature.bits,
				      l->issuer,  l->authority_key,
				      l->revoked, l->points};

	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		REQUIRE(within(parts[i], in));
	REQUIRE(crl_fault_word(l->fault)[0] != '\0');
	REQUIRE(crl_fault_text(l->fault)[0] != '\0');
	REQUIRE(l->proven.len == 0);
	REQUIRE(l->fault != CRL_FAULT_NONE ||
		l->signature.kind != SIGNATURE_OTHER);
}

/* About one with a point, and about one without. */
static void
check_verdicts(const struct crl *l, struct slice in)
{
	static const char *const names[] = {"leaf", "leaf-points", "leaf-ca"};
	const struct crypto crypto = {.verify = verify};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct certificate of, issuer;
		struct crl_question q = {&of, &issuer, CHAINS_NOW, &crypto};
		struct crl_answer a;
		bool listed;

		REQUIRE(certificate_read(chain_certificate(names[i]), &of) ==
			ERR_OK);
		REQUIRE(certificate_read(chain_certificate("ca"), &issuer) ==
			ERR_OK);
		answer = true;
		listed = check_entries(l, in, of.serial);
		a = crl_judge(l, &q);
		if (a.verdict == CRL_NOT_MINE || a.verdict == CRL_UNUSABLE)
			continue;
		REQUIRE(slice_eq(l->issuer, of.issuer));
		REQUIRE(l->fault == CRL_FAULT_NONE);
		REQUIRE((a.verdict == CRL_REVOKED) == listed);
		REQUIRE(a.verdict != CRL_GOOD ||
			(l->this_update <= q.now && l->limited &&
			 q.now <= l->next_update));
		answer = false;
		REQUIRE(crl_judge(l, &q).verdict == CRL_UNSIGNED);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = slice_of(data, size);
	struct crl l, again;

	if (crl_read(in, &l) != ERR_OK)
		return 0;
	check_parts(&l, in);
	check_verdicts(&l, in);
	for (size_t n = 0; n < size; n += size / 16 + 1)
		REQUIRE(crl_read(slice_head(in, n), &again) != ERR_OK);
	return 0;
}
