/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz_pin.c - any text as a pin.
 *
 * What is read and written again is the same text, but for the case of
 * "sha256" and for curl's second slash; no other text gives the same pin.
 */
#include "x509/pin.h"

#include <stdlib.h>
#include <string.h>

#define REQUIRE(condition) ((condition) ? (void)0 : abort())

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = slice_of(data, size), tail;
	char text[PIN_TEXT];
	struct pin p, again;

	if (pin_parse(in, &p) != ERR_OK)
		return 0;
	pin_text(&p, text);
	REQUIRE(strlen(text) == PIN_TEXT - 1);
	tail = slice_skip(slice_str(text), 7);
	REQUIRE(size == PIN_TEXT - 1 || size == PIN_TEXT);
	REQUIRE(slice_eq(slice_skip(in, size - tail.len), tail));
	REQUIRE(pin_parse(slice_str(text), &again) == ERR_OK);
	REQUIRE(memcmp(&p, &again, sizeof p) == 0);
	return 0;
}
