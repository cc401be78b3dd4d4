/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shelves.h"

#include "forge.h"

#include <wolfssl/options.h>
/* The options come first. */
#include <wolfssl/wolfcrypt/asn_public.h>

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
shelves_add(struct shelf_builder *b, enum certs_kind kind)
{
	const struct shelf_item item = {.chain = certs_chain(kind),
					.key = certs_key(kind),
					.passphrase = SLICE_EMPTY,
					.staple = SLICE_EMPTY,
					.path = "chain.pem"};
	struct pair_fault fault;

	if (shelf_add(b, &item, &fault) != ERR_OK)
		fprintf(stderr, "%s\n", fault.text);
	assert(fault.cause == ERR_OK);
}

#define CE "\x55\x1d"

static const struct forge authority = {
    .subject = "Shelf CA",
    .issuer = "Shelf Root",
    .before = "200101000000Z",
    .after = "491231235959Z",
    .key = FORGE_CA,
    .signer = FORGE_ROOT,
    .extensions = {(const unsigned char *)"\x30\x0f\x06\x03" CE
					  "\x13\x01\x01\xff\x04\x05\x30\x03"
					  "\x01\x01\xff",
		   17}};

static struct slice
extensions(const char *names)
{
	static struct forged out;
	struct forged list = {.len = 0}, san = {.len = 0};
	struct slice rest = slice_str(names);

	while (rest.len > 0)
		forge_put(&list, 0x82, slice_cut(&rest, ','));
	forge_put(&san, 0x30, slice_of(list.bytes, list.len));
	out.len = 0;
	forge_extension(&out, SLICE(CE "\x11"), slice_of(san.bytes, san.len));
	return slice_of(out.bytes, out.len);
}

struct slice
shelves_rsa_info(void)
{
	static unsigned char der[4096];
	static struct certificate c;
	struct slice pem = certs_chain(CERTS_RSA);
	int n;

	if (c.key.len > 0)
		return c.key;
	n = wc_CertPemToDer(pem.ptr, (int)pem.len, der, sizeof der, CERT_TYPE);
	assert(n > 0);
	if (certificate_read(slice_of(der, (size_t)n), &c) != ERR_OK)
		abort();
	return c.key;
}

static enum err
add_forged(struct shelf_builder *b, const char *names, bool rsa,
	   enum forge_key signer, struct pair_fault *fault)
{
	struct forge f = {.subject = "leaf",
			  .issuer = "Shelf CA",
			  .before = "200101000000Z",
			  .after = "491231235959Z",
			  .key = FORGE_LEAF,
			  .signer = signer,
			  .info = rsa ? shelves_rsa_info() : SLICE_EMPTY,
			  .extensions = extensions(names)};
	static struct forged ca;
	struct forged leaf;
	char pem[16384] = "";
	struct shelf_item item = {.key = rsa ? certs_key(CERTS_RSA)
					     : forge_key_pem(FORGE_LEAF),
				  .passphrase = SLICE_EMPTY,
				  .staple = SLICE_EMPTY,
				  .path = names};

	if (ca.len == 0)
		forge_certificate(&authority, &ca);
	forge_certificate(&f, &leaf);
	forge_pem(&leaf, pem, sizeof pem);
	forge_pem(&ca, pem, sizeof pem);
	item.chain = slice_str(pem);
	return shelf_add(b, &item, fault);
}

enum err
shelves_add_named(struct shelf_builder *b, const char *names, bool rsa)
{
	struct pair_fault fault;

	return add_forged(b, names, rsa, FORGE_CA, &fault);
}

enum err
shelves_add_false(struct shelf_builder *b, const char *names,
		  struct pair_fault *fault)
{
	return add_forged(b, names, false, FORGE_OTHER, fault);
}

struct slice
shelves_end(struct shelf_builder *b)
{
	size_t n = 0;
	enum err e = shelf_finish(b, &n);
	unsigned char *mem = malloc(n);

	assert(e == ERR_OK && mem);
	shelf_write(b, mem);
	shelf_builder_free(b);
	return slice_of(mem, n);
}

struct slice
shelves_of(const enum certs_kind *kinds, size_t count)
{
	struct shelf_builder *b = shelf_builder_new(NULL, CERTS_NOW);

	assert(b);
	for (size_t i = 0; i < count; i++)
		shelves_add(b, kinds[i]);
	return shelves_end(b);
}

void
shelves_free(struct slice shelf)
{
	union {
		const unsigned char *in;
		void *out;
	} ptr = {.in = shelf.ptr};

	free(ptr.out);
}
