/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "x509/pin.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { BASE64 = 44 };

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrst"
			     "uvwxyz0123456789+/";

/* The value of a character of base64; 64: it is none. */
static unsigned
digit(unsigned char c)
{
	const char *at = c != '\0' ? strchr(digits, c) : NULL;

	return at ? (unsigned)(at - digits) : 64;
}

/* 43 characters and one "=": 256 bits, and two that must be 0. */
static bool
decode(struct slice text, unsigned char out[SHA256_BYTES])
{
	uint32_t bits = 0;
	size_t n = 0;

	if (text.len != BASE64 || text.ptr[BASE64 - 1] != '=')
		return false;
	for (size_t i = 0; i < BASE64 - 1; i++) {
		unsigned d = digit(text.ptr[i]);

		if (d == 64)
			return false;
		bits = bits << 6 | d;
		/* 8 bits are whole after the 2nd, 3rd and 4th of each four. */
		if (i % 4 != 0)
			out[n++] = (unsigned char)(bits >> (6 - 2 * (i % 4)));
	}
	return (bits & 3) == 0;
}

enum err
pin_parse(struct slice text, struct pin *out)
{
	const struct slice kind = SLICE("sha256/");
	struct pin p;

	if (!slice_istarts(text, kind))
		return ERR_UNKNOWN;
	text = slice_skip(text, kind.len);
	if (text.len == BASE64 + 1 && text.ptr[0] == '/')
		text = slice_skip(text, 1);
	if (!decode(text, p.hash))
		return ERR_SYNTAX;
	*out = p;
	return ERR_OK;
}

void
pin_text(const struct pin *p, char out[PIN_TEXT])
{
	char text[BASE64 + 1] = "";
	uint32_t bits = 0;
	size_t n = 0;

	for (size_t i = 0; i < SHA256_BYTES; i++) {
		bits = bits << 8 | p->hash[i];
		/* 2, 4 or 6 bits remain behind the next character. */
		text[n++] = digits[bits >> (2 + 2 * (i % 3)) & 63];
		if (i % 3 == 2)
			text[n++] = digits[bits & 63];
	}
	text[n++] = digits[bits << 2 & 63];
	text[n] = '=';
	(void)snprintf(out, PIN_TEXT, "sha256/%s", text);
}

bool
pin_of(struct slice key, const struct crypto *crypto, struct pin *out)
{
	return crypto->sha256(crypto->of, key, out->hash);
}

enum pins_verdict
pins_judge(const struct pin *pins, size_t count, const struct slice *keys,
	   size_t keys_count, const struct crypto *crypto)
{
	bool met[PIN_MAX] = {false};
	size_t met_count = 0;
	struct pin key;

	assert(count <= PIN_MAX);
	if (count == 0)
		return PINS_NONE;
	for (size_t k = 0; k < keys_count; k++) {
		if (!pin_of(keys[k], crypto, &key))
			return PINS_MISMATCH;
		for (size_t i = 0; i < count; i++)
			met[i] |=
			    memcmp(pins[i].hash, key.hash, SHA256_BYTES) == 0;
	}
	for (size_t i = 0; i < count; i++)
		met_count += met[i];
	if (met_count == 0)
		return PINS_MISMATCH;
	return met_count == count ? PINS_NO_BACKUP : PINS_MATCH;
}
