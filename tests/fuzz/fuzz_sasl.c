/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_sasl.c - any bytes as a SASL message, decoded or still in base64.
 *
 * Base64 has one spelling; an identity holds no control character; PLAIN
 * written from it says the same.
 */
#include "imap/sasl.h"

#include <stdint.h>
#include <stdlib.h>

#define REQUIRE(condition) ((condition) ? (void)0 : abort())

static unsigned char *
memory(size_t n)
{
	unsigned char *mem = calloc(1, n > 0 ? n : 1);

	REQUIRE(mem);
	return mem;
}

static void
rewrite(const struct sasl_identity *id)
{
	size_t cap = id->authzid.len + id->user.len + id->secret.len + 2;
	unsigned char *out = memory(cap);
	struct sasl_identity again;

	REQUIRE(sasl_write_plain(id, out) == cap);
	REQUIRE(sasl_read(MECHANISM_PLAIN, slice_of(out, cap), &again) ==
		ERR_OK);
	REQUIRE(slice_eq(again.user, id->user));
	REQUIRE(slice_eq(again.secret, id->secret));
	REQUIRE(slice_eq(again.authzid, id->authzid));
	free(out);
}

static void
read_name(struct slice name)
{
	unsigned char *out = memory(name.len);
	size_t len;

	REQUIRE(sasl_name_decode(name, out, &len) == ERR_OK);
	REQUIRE(len <= name.len && credential_valid(slice_of(out, len)));
	free(out);
}

static void
read_message(struct slice message)
{
	struct sasl_identity id;

	for (enum mechanism m = 0; m < MECHANISM_COUNT; m++) {
		if (sasl_read(m, message, &id) != ERR_OK)
			continue;
		REQUIRE(credential_valid(id.authzid));
		REQUIRE(credential_valid(id.user));
		REQUIRE(credential_valid(id.secret));
		if (m == MECHANISM_OAUTHBEARER)
			read_name(id.user);
		if (m == MECHANISM_PLAIN)
			rewrite(&id);
	}
}

/* Encoding and decoding give back what went in. */
static void
respell(struct slice message)
{
	size_t cap = 4 * ((message.len + 2) / 3), len;
	unsigned char *text = memory(cap), *out = memory(3 * (cap / 4));

	REQUIRE(base64_encode(message, text) == cap);
	REQUIRE(base64_decode(slice_of(text, cap), out, &len) == ERR_OK);
	REQUIRE(slice_eq(slice_of(out, len), message));
	free(out);
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = slice_of(data, size);
	unsigned char *out = memory(3 * (size / 4)), *text;
	size_t len;

	if (base64_decode(in, out, &len) == ERR_OK) {
		text = memory(size);
		REQUIRE(base64_encode(slice_of(out, len), text) == size);
		REQUIRE(slice_eq(slice_of(text, size), in));
		read_message(slice_of(out, len));
		free(text);
	}
	free(out);
	read_message(in);
	respell(in);
	return 0;
}
