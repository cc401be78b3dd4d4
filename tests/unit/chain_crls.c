/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * chain_crls.c - the lists of revoked certificates for the cases.
 */
#include "chains.h"

#include "forge_crl.h"

#include <assert.h>
#include <string.h>

#define T(text)                                                                \
	{                                                                      \
		(const unsigned char *)(text), sizeof(text) - 1                \
	}

static const struct forge_entry leaf_entry = {T("\x05"), "261101000000Z",
					      T("")};
static const struct forge_entry ca_entry = {T("\x06"), "261101000000Z", T("")};
static const struct list {
	const char *name;
	struct forge_crl f;
} lists[] = {
#define NOW .from = "261120000000Z", .until = "261127000000Z"
#define OLD .from = "261020000000Z", .until = "261121000000Z"
#define ID(hex)                                                                \
	"\x30\x1f\x06\x03\x55\x1d\x23\x04\x18\x30\x16\x80\x14" hex hex hex hex \
	    hex hex hex hex hex hex hex hex hex hex hex hex hex hex hex hex
#define NUMBER "\x30\x0a\x06\x03\x55\x1d\x14\x04\x03\x02\x01\x01"
    {"ca-good",
     {.issuer = "CA",
      .signer = FORGE_CA,
      NOW,
      .extensions = T(ID("\x42") NUMBER)}},
    {"ca-bad",
     {.issuer = "CA",
      .signer = FORGE_CA,
      NOW,
      .entries = &leaf_entry,
      .count = 1,
      .extensions = T(ID("\x42") NUMBER)}},
    {"ca-old",
     {.issuer = "CA",
      .signer = FORGE_CA,
      OLD,
      .extensions = T(ID("\x42") NUMBER)}},
    {"ca-wrong",
     {.issuer = "CA",
      .signer = FORGE_OTHER,
      NOW,
      .extensions = T(ID("\x42") NUMBER)}},
    {"ca-delta",
     {.issuer = "CA",
      .signer = FORGE_CA,
      NOW,
      .extensions = T(ID("\x42") NUMBER "\x30\x0d\x06\x03\x55\x1d\x1b\x01\x01"
					"\xff\x04\x03\x02\x01\x01")}},
    {"ca-point",
     {.issuer = "CA",
      .signer = FORGE_CA,
      NOW,
      .entries = &leaf_entry,
      .count = 1,
      .extensions = T(ID("\x42") NUMBER
		      "\x30\x14\x06\x03\x55\x1d\x1c\x01\x01\xff\x04\x0a\x30"
		      "\x08\xa0\x06\xa0\x04\x86\x02u:")}},
    {"ca-critical",
     {.issuer = "CA",
      .signer = FORGE_CA,
      NOW,
      .extensions = T(ID("\x42") NUMBER
		      "\x30\x0b\x06\x02\x2a\x03\x01\x01\xff\x04\x02\x05\x00")}},
    {"root-good",
     {.issuer = "Root",
      .signer = FORGE_ROOT,
      NOW,
      .extensions = T(ID("\x41") NUMBER)}},
    {"root-bad",
     {.issuer = "Root",
      .signer = FORGE_ROOT,
      NOW,
      .entries = &ca_entry,
      .count = 1,
      .extensions = T(ID("\x41") NUMBER)}},
};

enum { LISTS = sizeof lists / sizeof lists[0] };

static struct forged made[LISTS];

struct slice
chain_crl(const char *name)
{
	size_t i = 0;

	while (i < LISTS && strcmp(lists[i].name, name) != 0)
		i++;
	assert(i < LISTS);
	if (made[i].len == 0)
		forge_crl(&lists[i].f, &made[i]);
	return slice_of(made[i].bytes, made[i].len);
}
