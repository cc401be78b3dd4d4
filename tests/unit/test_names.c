/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "x509/names.h"

#include "unit/input.h"

static const struct {
	const char *text;
	struct slice bytes;
} addresses[] = {
    {"127.0.0.1", T("\x7f\x00\x00\x01")},
    {"255.255.255.255", T("\xff\xff\xff\xff")},
    {"256.0.0.1", T("")},
    {"1.2.3", T("")},
    {"1.2.3.4.5", T("")},
    {"1.2.3.", T("")},
    {"1.2.3.4.", T("")},
    {"1..2.3", T("")},
    {"1.2.3.0004", T("")},
    {"", T("")},
    {"::", T("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")},
    {"::1", T("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01")},
    {"1::", T("\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0")},
    {"2001:DB8::a:b", T("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\x0a\0\x0b")},
    {"1:2:3:4:5:6:7:8", T("\0\1\0\2\0\3\0\4\0\5\0\6\0\7\0\x08")},
    {"1:2:3:4:5:6:7", T("")},
    {"1:2:3:4:5:6:7:8:9", T("")},
    {"1:2:3:4::5:6:7:8", T("")},
    {"1::2::3", T("")},
    {"1:2:3:4:5:6:7:", T("")},
    {":1:2:3:4:5:6:7", T("")},
    {":::", T("")},
    {":", T("")},
    {"12345::", T("")},
    {"g::", T("")},
};

static void
test_addresses(void)
{
	for (size_t i = 0; i < COUNT(addresses); i++) {
		struct slice in = exact(slice_str(addresses[i].text));
		unsigned char out[ADDRESS_MAX];
		size_t n = names_address(in, out);

		SHOWS(addresses[i].text,
		      slice_eq(slice_of(out, n), addresses[i].bytes));
		exact_free(in);
	}
}

static const struct {
	const char *name;
	enum name_form form;
} forms[] = {
    {"imap.example.com", FORM_NAME},
    {"localhost", FORM_NAME},
    {"xn--mller-kva.example", FORM_NAME},
    {"_imap.example.com", FORM_NAME},
    {"*.example.com", FORM_WILDCARD},
    {"*.mail.example.com", FORM_WILDCARD},
    {"", FORM_EMPTY},
    {"m\xc3\xbcller.example", FORM_FOREIGN},
    {"imap example.com", FORM_BYTES},
    {"https://example.com", FORM_BYTES},
    {"a@example.com", FORM_BYTES},
    {"imap.example.com.", FORM_LABELS},
    {"*.example.com.", FORM_LABELS},
    {".example.com", FORM_LABELS},
    {"a..b", FORM_LABELS},
    {"a12345678901234567890123456789012345678901234567890123456789012345.b",
     FORM_LABELS},
    {"192.0.2.1", FORM_ADDRESS},
    {"2001:db8::1", FORM_ADDRESS},
    {"imap*.example.com", FORM_PART},
    {"*p.example.com", FORM_PART},
    {"xn--*.example.com", FORM_PART},
    {"**.example.com", FORM_PART},
    {"*com", FORM_PART},
    {"imap.*.com", FORM_INNER},
    {"*.*.example.com", FORM_INNER},
    {"*", FORM_WIDE},
    {"*.com", FORM_WIDE},
};

static void
test_forms(void)
{
	for (size_t i = 0; i < COUNT(forms); i++) {
		struct slice in = exact(slice_str(forms[i].name));

		SHOWS(forms[i].name, names_form(in) == forms[i].form);
		exact_free(in);
	}
	CU_ASSERT_EQUAL(names_form(SLICE("good.example\0.evil.example")),
			FORM_BYTES);
}

#define DNS(length, name) "\x82" length name

static const struct {
	const char *shows;
	struct slice names;
	const char *host;
	bool covered;
} covers[] = {
    {"itself", T(DNS("\x10", "imap.example.com")), "imap.example.com", true},
    {"in any case", T(DNS("\x10", "imap.EXAMPLE.com")), "IMAP.example.COM",
     true},
    {"with a dot at the end of the host", T(DNS("\x10", "imap.example.com")),
     "imap.example.com.", true},
    {"not its parent", T(DNS("\x10", "imap.example.com")), "example.com",
     false},
    {"not its children", T(DNS("\x0b", "example.com")), "imap.example.com",
     false},
    {"the second name", T(DNS("\x01", "a") DNS("\x03", "b.c")), "b.c", true},
    {"other kinds of names are skipped",
     T("\x81\x03"
       "b.c" DNS("\x03", "d.e")),
     "b.c", false},
    {"a wildcard: one label", T(DNS("\x0d", "*.example.com")),
     "imap.example.com", true},
    {"a wildcard: in any case", T(DNS("\x0d", "*.Example.com")),
     "IMAP.example.COM", true},
    {"a wildcard: not two labels", T(DNS("\x0d", "*.example.com")),
     "a.imap.example.com", false},
    {"a wildcard: not none", T(DNS("\x0d", "*.example.com")), "example.com",
     false},
    {"a wildcard: not an empty label", T(DNS("\x0d", "*.example.com")),
     ".example.com", false},
    {"a wildcard: not part of a label", T(DNS("\x0e", "i*.example.com")),
     "imap.example.com", false},
    {"a wildcard: first label only", T(DNS("\x0a", "imap.*.com")),
     "imap.example.com", false},
    {"a wildcard: no top level", T(DNS("\x05", "*.com")), "example.com", false},
    {"a wildcard: not everything", T(DNS("\x01", "*")), "localhost", false},
    {"a wildcard: A-labels too", T(DNS("\x0d", "*.example.com")),
     "xn--mller-kva.example.com", true},
    {"an address as iPAddress", T("\x87\x04\xc0\x00\x02\x01"), "192.0.2.1",
     true},
    {"an address is no dNSName", T(DNS("\x09", "192.0.2.1")), "192.0.2.1",
     false},
    {"an address has no wildcard", T(DNS("\x07", "*.0.2.1")), "192.0.2.1",
     false},
    {"another address", T("\x87\x04\xc0\x00\x02\x02"), "192.0.2.1", false},
    {"an IPv6 address", T("\x87\x10\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"),
     "2001:db8:0::1", true},
    {"four bytes are not sixteen", T("\x87\x04\0\0\0\x01"), "::1", false},
    {"a NUL ends no name", T(DNS("\x05", "b.c\0d")), "b.c", false},
    {"no names", T(""), "a", false},
    {"names that are no DER", T("\x82\x05"), "a", false},
    {"no host", T(DNS("\x01", "a")), "", false},
};

static void
test_covers(void)
{
	for (size_t i = 0; i < COUNT(covers); i++) {
		struct slice names = exact(covers[i].names);
		struct slice host = exact(slice_str(covers[i].host));

		SHOWS(covers[i].shows,
		      names_cover(names, host) == covers[i].covered);
		exact_free(host);
		exact_free(names);
	}
}

static const struct {
	const char *host;
	bool good;
} references[] = {
    {"imap.example.com", true},
    {"imap.example.com.", true},
    {"localhost", true},
    {"mail_1.example.com", true},
    {"xn--mller-kva.example", true},
    {"192.0.2.1", true},
    {"2001:db8::1", true},
    {"", false},
    {".", false},
    {"imap.example.com..", false},
    {"*.example.com", false},
    {"m\xc3\xbcller.example", false},
    {"imap example.com", false},
    {"127.1", false},
    {"192.0.2.256", false},
    {"192.0.2.1.", false},
    {"imap.0x7f", false},
    {"2130706433", false},
    {"::ffff:192.0.2.1", false},
    {"fe80::1%eth0", false},
    {"[2001:db8::1]", false},
    {"imap.example.com:993", false},
};

static void
test_references(void)
{
	for (size_t i = 0; i < COUNT(references); i++) {
		struct slice in = exact(slice_str(references[i].host));

		SHOWS(references[i].host,
		      names_reference(in) == references[i].good);
		exact_free(in);
	}
	CU_ASSERT_FALSE(names_reference(SLICE("a\0.example.com")));
	CU_ASSERT_FALSE(names_cover(SLICE(DNS("\x0d", "*.example.com")),
				    SLICE("a\0.example.com")));
	CU_ASSERT_FALSE(
	    names_cover(SLICE(DNS("\x05", "127.1")), SLICE("127.1")));
}

static void
try_names(struct slice in)
{
	struct name n;

	(void)names_cover(in, SLICE("imap.example.com"));
	while (names_next(&in, &n))
		(void)names_form(n.value);
}

static void
test_damage(void)
{
	each_damage(SLICE("\x82\x0d*.example.com\x87\x04\xc0\x00\x02\x01"),
		    try_names);
}

void
suite_names(void)
{
	CU_pSuite suite = CU_add_suite("names", NULL, NULL);

	CU_add_test(suite, "addresses in text", test_addresses);
	CU_add_test(suite, "the ways a DNS name may be written", test_forms);
	CU_add_test(suite, "whom a certificate covers (RFC 9525)", test_covers);
	CU_add_test(suite, "whom one may ask for", test_references);
	CU_add_test(suite, "damaged names do no harm", test_damage);
}
