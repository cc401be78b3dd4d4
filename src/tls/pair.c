/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tls/pair.h"

#include "base/wipe.h"
#include "tls/material.h"
#include "tls/reading.h"
#include "tls/secret.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum err
reading_refuse(struct reading *r, enum err cause, const char *format, ...)
{
	va_list args;

	r->fault->cause = cause;
	va_start(args, format);
	(void)vsnprintf(r->fault->text, sizeof r->fault->text, format, args);
	va_end(args);
	return cause;
}

/* Served all the same, if that is what is wanted. */
enum err
reading_object(struct reading *r, enum err cause, const char *format, ...)
{
	char *text = r->src->serve ? r->pair->warning : r->fault->text;
	va_list args;

	if (r->src->serve && *text)
		return ERR_OK;
	va_start(args, format);
	(void)vsnprintf(text, PAIR_TEXT_MAX, format, args);
	va_end(args);
	if (r->src->serve)
		return ERR_OK;
	r->fault->cause = cause;
	return cause;
}

static enum err
decode_chain(struct reading *r)
{
	struct pair *p = r->pair;
	struct slice rest = r->src->chain;

	for (;;) {
		struct slice block = material_block(&rest);
		size_t n;

		if (block.len == 0)
			break;
		if (p->count == PAIR_CHAIN_MAX)
			return reading_refuse(r, ERR_LIMIT,
					      "more than %d certificates",
					      PAIR_CHAIN_MAX);
		n = material_der(block, p->mem + p->mem_len);
		if (n == 0)
			return reading_refuse(
			    r, ERR_SYNTAX, "certificate %zu is not valid PEM",
			    p->count + 1);
		p->chain[p->count++] = slice_of(p->mem + p->mem_len, n);
		p->mem_len += n;
	}
	return ERR_OK;
}

/* Clients have the root or refuse it; it only makes handshakes longer. */
static void
leave_root_out(struct pair *p)
{
	struct certificate last, before;

	while (p->count > 1 &&
	       certificate_read(p->chain[p->count - 1], &last) == ERR_OK &&
	       certificate_self_issued(&last) &&
	       certificate_read(p->chain[p->count - 2], &before) == ERR_OK &&
	       slice_eq(before.issuer, last.subject))
		p->count--;
}

static bool
contains(struct slice s, const char *text)
{
	return s.len > 0 && memmem(s.ptr, s.len, text, strlen(text)) != NULL;
}

#define SWAPPED "are chain and key swapped?"

static enum err
read_chain(struct reading *r)
{
	enum err e;

	if (r->src->chain.len > PAIR_FILE_MAX)
		return reading_refuse(r, ERR_LIMIT, "more than %d bytes",
				      PAIR_FILE_MAX);
	e = decode_chain(r);
	if (e != ERR_OK)
		return e;
	if (r->pair->count == 0)
		return reading_refuse(
		    r, ERR_MISSING, "there is no certificate in it%s",
		    contains(r->src->chain, "PRIVATE KEY-----")
			? ", but a private key: " SWAPPED
			: "");
	leave_root_out(r->pair);
	return chain_judge(r);
}

static enum err
refuse_key(struct reading *r, enum secret_state state)
{
	static const enum err causes[] = {
	    [SECRET_ABSENT] = ERR_MISSING,  [SECRET_LOCKED] = ERR_REFUSED,
	    [SECRET_MISMATCH] = ERR_DENIED, [SECRET_FOREIGN] = ERR_REFUSED,
	    [SECRET_BROKEN] = ERR_SYNTAX,
	};
	bool other = state == SECRET_ABSENT &&
		     contains(r->src->key, "-----BEGIN CERTIFICATE-----");

	return reading_refuse(r, causes[state], "%s%s", secret_text(state),
			      other ? ", but a certificate: " SWAPPED : "");
}

static enum err
take_key(struct reading *r, const struct secret *s)
{
	struct pair *p = r->pair;

	if (!secret_fits(s, p->chain[0]))
		return reading_refuse(
		    r, ERR_MISMATCH,
		    "the key does not belong to the first certificate");
	p->kind = s->kind;
	memcpy(p->mem + p->mem_len, s->der, s->len);
	p->key = slice_of(p->mem + p->mem_len, s->len);
	p->mem_len += s->len;
	return ERR_OK;
}

static enum err
read_key(struct reading *r)
{
	struct secret s;
	enum secret_state state = SECRET_BROKEN;
	enum err e;

	if (r->src->key.len <= PAIR_FILE_MAX)
		state = secret_read(r->src->key, r->src->passphrase, &s);
	if (state == SECRET_READ) {
		e = take_key(r, &s);
		secret_clear(&s);
	} else {
		e = refuse_key(r, state);
	}
	r->fault->in_key = e != ERR_OK;
	return e;
}

enum err
pair_read(const struct pair_source *src, struct pair *out,
	  struct pair_fault *fault)
{
	struct reading r = {src, out, fault};
	/* The DERs are shorter than their base64. */
	size_t room = slice_head(src->chain, PAIR_FILE_MAX).len + SECRET_MAX;
	enum err e;

	*out = (struct pair){.mem = malloc(room)};
	*fault = (struct pair_fault){.cause = ERR_OK};
	if (!out->mem)
		return reading_refuse(&r, ERR_NOMEM, "out of memory");
	e = read_chain(&r);
	if (e == ERR_OK)
		e = read_key(&r);
	if (e != ERR_OK)
		pair_clear(out);
	return e;
}

void
pair_clear(struct pair *p)
{
	if (p->mem)
		wipe(p->mem, p->mem_len);
	free(p->mem);
	*p = (struct pair){0};
}

struct slice
pair_passphrase(struct slice file)
{
	struct slice line = slice_head(file, slice_find(file, '\n'));

	if (line.len > 0 && line.ptr[line.len - 1] == '\r')
		line.len--;
	return line;
}
