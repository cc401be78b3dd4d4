/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tls/verify.h"

#include "tls/internal.h"
#include "tls/material.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct verify {
	unsigned char *mem; /* all DER, one behind the other */
	size_t used;
	struct certificate *anchors;
	size_t anchors_count, skipped;
	struct crl *crls;
	size_t crls_count;
	struct pin pins[PIN_MAX];
	size_t pins_count;
	bool anchors_expire, pins_suffice;
	enum path_revocation revocation;
	struct path_minimums minimums;
};

__attribute__((format(printf, 4, 5))) static enum err
refuse(struct verify_fault *fault, enum err cause, enum verify_part part,
       const char *format, ...)
{
	va_list args;

	fault->part = part;
	va_start(args, format);
	(void)vsnprintf(fault->text, sizeof fault->text, format, args);
	va_end(args);
	return cause;
}

static size_t
count_blocks(struct slice pem, struct slice (*next)(struct slice *rest))
{
	size_t n = 0;

	while (next(&pem).len > 0)
		n++;
	return n;
}

/* --- anchors ----------------------------------------------------------------
 */

static enum err
load_anchors(struct verify *v, const struct verify_source *src,
	     struct verify_fault *fault)
{
	struct slice rest = src->anchors, block;
	size_t number = 0;

	while ((block = material_block(&rest)).len > 0) {
		unsigned char *der = v->mem + v->used;
		size_t n = material_der(block, der);

		number++;
		if (n > 0 &&
		    certificate_read(slice_of(der, n),
				     &v->anchors[v->anchors_count]) == ERR_OK) {
			v->anchors_count++;
			v->used += n;
		} else if (src->tolerant) {
			v->skipped++;
		} else {
			return refuse(fault, ERR_SYNTAX, VERIFY_ANCHORS,
				      "certificate %zu cannot be read", number);
		}
	}
	if (v->anchors_count == 0 && !src->pins_suffice)
		return refuse(fault, ERR_MISSING, VERIFY_ANCHORS,
			      "there is no certificate in it");
	return ERR_OK;
}

/* --- lists ------------------------------------------------------------------
 */

static enum err
keep_crl(struct verify *v, struct slice der, struct verify_fault *fault)
{
	size_t number = v->crls_count + 1;
	struct crl *l = &v->crls[v->crls_count];

	memcpy(v->mem + v->used, der.ptr, der.len);
	if (crl_read(slice_of(v->mem + v->used, der.len), l) != ERR_OK)
		return refuse(fault, ERR_SYNTAX, VERIFY_CRLS,
			      "list %zu of revoked certificates cannot be read",
			      number);
	if (l->fault != CRL_FAULT_NONE)
		return refuse(fault, ERR_MISMATCH, VERIFY_CRLS,
			      "list %zu of revoked certificates cannot be "
			      "used: it %s",
			      number, crl_fault_text(l->fault));
	/* One that an anchor has signed need not be hashed again. */
	for (size_t i = 0; i < v->anchors_count && l->proven.len == 0; i++)
		if (slice_eq(v->anchors[i].subject, l->issuer) &&
		    signature_verify(v->anchors[i].key, &l->signature, l->text))
			l->proven = v->anchors[i].key;
	v->used += der.len;
	v->crls_count++;
	return ERR_OK;
}

/* The library may leave a DerBuffer even where it fails. */
static enum err
load_crl(struct verify *v, struct slice block, struct verify_fault *fault)
{
	DerBuffer *der = NULL;
	enum err e;

	if (wc_PemToDer(block.ptr, (long)block.len, CRL_TYPE, &der, NULL, NULL,
			NULL) == 0)
		e = keep_crl(v, slice_of(der->buffer, der->length), fault);
	else
		e = refuse(fault, ERR_SYNTAX, VERIFY_CRLS,
			   "list %zu of revoked certificates is no PEM",
			   v->crls_count + 1);
	wc_FreeDer(&der);
	return e;
}

static enum err
load_crls(struct verify *v, const struct verify_source *src,
	  struct verify_fault *fault)
{
	struct slice rest = src->crls, block;
	enum err e = ERR_OK;

	if (src->crls.len > 0 && src->crls.ptr[0] == 0x30)
		e = keep_crl(v, src->crls, fault);
	else
		while (e == ERR_OK && (block = material_crl(&rest)).len > 0)
			e = load_crl(v, block, fault);
	if (e != ERR_OK || v->crls_count > 0)
		return e;
	if (src->crls.len > 0)
		return refuse(fault, ERR_MISSING, VERIFY_CRLS,
			      "there is no list of revoked certificates in it");
	if (src->revocation >= REVOCATION_LEAF)
		return refuse(fault, ERR_MISSING, VERIFY_CRLS,
			      "it must be known that certificates are not "
			      "revoked, and there is no list");
	return ERR_OK;
}

/* --- pins -------------------------------------------------------------------
 */

static enum err
load_pins(struct verify *v, const struct verify_source *src,
	  struct verify_fault *fault)
{
	if (src->pins_count > PIN_MAX)
		return refuse(fault, ERR_LIMIT, VERIFY_PINS,
			      "there are more than %d pins", PIN_MAX);
	for (size_t i = 0; i < src->pins_count; i++)
		if (pin_parse(src->pins[i], &v->pins[i]) != ERR_OK)
			return refuse(fault, ERR_SYNTAX, VERIFY_PINS,
				      "pin %zu is not \"sha256/\" and 44 "
				      "characters of base64",
				      i + 1);
	v->pins_count = src->pins_count;
	if (src->pins_count == 1)
		return refuse(fault, ERR_MISSING, VERIFY_PINS,
			      "one pin only: a second one, of a key in "
			      "reserve, must be there for when the first is "
			      "lost");
	if (src->pins_suffice && src->pins_count == 0)
		return refuse(fault, ERR_MISSING, VERIFY_PINS,
			      "pins are to suffice, and there are none");
	return ERR_OK;
}

/* --- the whole --------------------------------------------------------------
 */

static enum err
load(struct verify *v, const struct verify_source *src,
     struct verify_fault *fault)
{
	enum err e = load_pins(v, src, fault);

	if (e == ERR_OK)
		e = load_anchors(v, src, fault);
	if (e == ERR_OK)
		e = load_crls(v, src, fault);
	return e;
}

/* DER is shorter than PEM. */
static struct verify *
make_room(const struct verify_source *src)
{
	struct verify *v = calloc(1, sizeof *v);

	if (!v)
		return NULL;
	v->mem = malloc(src->anchors.len + src->crls.len + 1);
	v->anchors = calloc(count_blocks(src->anchors, material_block) + 1,
			    sizeof *v->anchors);
	v->crls =
	    calloc(count_blocks(src->crls, material_crl) + 1, sizeof *v->crls);
	if (v->mem && v->anchors && v->crls)
		return v;
	verify_free(v);
	return NULL;
}

enum err
verify_new(const struct verify_source *src, struct verify **out,
	   struct verify_fault *fault)
{
	struct verify *v = make_room(src);
	enum err e;

	if (!v)
		return ERR_NOMEM;
	v->anchors_expire = src->anchors_expire;
	v->pins_suffice = src->pins_suffice;
	v->revocation = src->revocation;
	v->minimums = src->minimums;
	e = load(v, src, fault);
	if (e == ERR_OK)
		*out = v;
	else
		verify_free(v);
	return e;
}

void
verify_free(struct verify *v)
{
	if (!v)
		return;
	free(v->mem);
	free(v->anchors);
	free(v->crls);
	free(v);
}

size_t
verify_anchors(const struct verify *v)
{
	return v->anchors_count;
}

size_t
verify_skipped(const struct verify *v)
{
	return v->skipped;
}

int64_t
verify_crls_until(const struct verify *v)
{
	int64_t first = INT64_MAX;

	for (size_t i = 0; i < v->crls_count; i++) {
		const struct crl *l = &v->crls[i];
		int64_t until = l->limited ? l->next_update : l->this_update;

		if (until < first)
			first = until;
	}
	return first;
}

static struct path_input
input_of(const struct verify *v, const struct verify_question *q)
{
	return (struct path_input){.presented = q->presented,
				   .presented_count = q->count,
				   .anchors = v->anchors,
				   .anchors_count = v->anchors_count,
				   .anchors_expire = v->anchors_expire,
				   .host = q->host,
				   .now = q->now,
				   .revocation = v->revocation,
				   .crls = v->crls,
				   .crls_count = v->crls_count,
				   .pins = v->pins,
				   .pins_count = v->pins_count,
				   .pins_suffice = v->pins_suffice,
				   .minimums = v->minimums,
				   .crypto = signature_crypto};
}

bool
verify_chain(const struct verify *v, const struct verify_question *q,
	     struct path *out)
{
	const struct path_input in = input_of(v, q);

	return path_judge(&in, out);
}

void
verify_explain(const struct verify *v, const struct verify_question *q,
	       const struct path *p, char *out, size_t cap)
{
	const struct path_input in = input_of(v, q);

	path_explain(&in, p, out, cap);
}
