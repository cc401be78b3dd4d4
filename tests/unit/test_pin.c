/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "x509/pin.h"

#include "unit/input.h"

/* The SHA-256 of "abc". */
#define ABC "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="

static const struct {
	const char *text;
	enum err result;
} texts[] = {
    {"sha256/" ABC, ERR_OK},
    {"sha256//" ABC, ERR_OK},
    {"SHA256/" ABC, ERR_OK},
    {"sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", ERR_OK},
    /* A pin may begin with a slash of its own. */
    {"sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", ERR_OK},
    {"sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=", ERR_SYNTAX},
    {"sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", ERR_SYNTAX},
    {"sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==", ERR_SYNTAX},
    {"sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", ERR_SYNTAX},
    {"sha256/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= ", ERR_SYNTAX},
    {"sha256/AAAAAAAAAAAAAAAA-AAAAAAAAAAAAAAAAAAAAAAAAAA=", ERR_SYNTAX},
    {"sha256/", ERR_SYNTAX},
    {"sha256///" ABC, ERR_SYNTAX},
    {"sha1/" ABC, ERR_UNKNOWN},
    {"sha256:" ABC, ERR_UNKNOWN},
    {ABC, ERR_UNKNOWN},
    {"", ERR_UNKNOWN},
};

static void
parses(void)
{
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct slice in = exact(slice_str(texts[i].text));
		struct pin p;

		SHOWS(texts[i].text, pin_parse(in, &p) == texts[i].result);
		exact_free(in);
	}
	CU_ASSERT_EQUAL(
	    pin_parse(SLICE("sha256/AAAAAAAAAAAAAAAAAAAAAAA\0AAAAAAA"
			    "AAAAAAAAAAAAA="),
		      &(struct pin){.hash = {0}}),
	    ERR_SYNTAX);
}

static void
writes(void)
{
	struct pin p, again;
	char text[PIN_TEXT];

	CU_ASSERT_EQUAL(pin_parse(SLICE("sha256/" ABC), &p), ERR_OK);
	CU_ASSERT_EQUAL(p.hash[0], 0xba);
	CU_ASSERT_EQUAL(p.hash[31], 0xad);
	pin_text(&p, text);
	CU_ASSERT_STRING_EQUAL(text, "sha256/" ABC);
	for (size_t i = 0; i < SHA256_BYTES * 8; i++) {
		memset(&p, 0, sizeof p);
		p.hash[i / 8] = (unsigned char)(1u << i % 8);
		pin_text(&p, text);
		CU_ASSERT_EQUAL(pin_parse(slice_str(text), &again), ERR_OK);
		CU_ASSERT_EQUAL(memcmp(&p, &again, sizeof p), 0);
	}
}

/* A hash that one can compute in one's head: the first bytes. */
static bool
head(void *of, struct slice text, unsigned char out[SHA256_BYTES])
{
	memset(out, 0, SHA256_BYTES);
	memcpy(out, text.ptr, text.len < SHA256_BYTES ? text.len : 1);
	return of == NULL;
}

static const struct crypto crypto = {.sha256 = head};

static void
judges(void)
{
	const struct pin pins[] = {{"a"}, {"b"}, {"x"}};
	const struct slice keys[] = {T("a"), T("b"), T("c")};
	int broken = 0;
	const struct crypto fails = {.sha256 = head, .of = &broken};

	CU_ASSERT_EQUAL(pins_judge(pins, 0, keys, 3, &crypto), PINS_NONE);
	CU_ASSERT_EQUAL(pins_judge(pins, 3, keys, 3, &crypto), PINS_MATCH);
	CU_ASSERT_EQUAL(pins_judge(pins + 1, 2, keys, 3, &crypto), PINS_MATCH);
	CU_ASSERT_EQUAL(pins_judge(pins, 2, keys, 3, &crypto), PINS_NO_BACKUP);
	CU_ASSERT_EQUAL(pins_judge(pins, 2, keys, 1, &crypto), PINS_MATCH);
	CU_ASSERT_EQUAL(pins_judge(pins, 1, keys, 1, &crypto), PINS_NO_BACKUP);
	CU_ASSERT_EQUAL(pins_judge(pins + 2, 1, keys, 3, &crypto),
			PINS_MISMATCH);
	CU_ASSERT_EQUAL(pins_judge(pins, 3, keys, 0, &crypto), PINS_MISMATCH);
	CU_ASSERT_EQUAL(pins_judge(pins, 3, keys, 3, &fails), PINS_MISMATCH);
}

void
suite_pin(void)
{
	CU_pSuite suite = CU_add_suite("pin", NULL, NULL);

	CU_add_test(suite, "how a pin is written", parses);
	CU_add_test(suite, "what is written is read", writes);
	CU_add_test(suite, "one match is enough, one in reserve is missed",
		    judges);
}
