/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy/cidr.h"

#include <CUnit/CUnit.h>

#include <stdio.h>
#include <string.h>

/* printed NULL: bad syntax */
static const struct {
	const char *what, *text, *printed;
} addresses[] = {
    {"IPv4", "192.0.2.1", "192.0.2.1"},
    {"the edges of IPv4", "0.0.0.0", "0.0.0.0"},
    {"the edges of IPv4", "255.255.255.255", "255.255.255.255"},
    {"IPv4-mapped is IPv4", "::ffff:192.0.2.1", "192.0.2.1"},
    {"IPv4-mapped in hexadecimal", "::FFFF:c000:0201", "192.0.2.1"},
    {"IPv4-mapped without ::", "0:0:0:0:0:ffff:192.0.2.1", "192.0.2.1"},
    {"another prefix is not IPv4", "64:ff9b::192.0.2.1", "64:ff9b::c000:201"},
    {"IPv6", "2001:db8::1", "2001:db8::1"},
    {"nothing", "::", "::"},
    {"loopback", "::1", "::1"},
    {"zeros at the end", "1::", "1::"},
    {"leading zeros go (RFC 5952 4.1)", "2001:0db8::0001", "2001:db8::1"},
    {"small letters (4.3)", "2001:DB8::ABCD", "2001:db8::abcd"},
    {":: takes all it can (4.2.1)", "2001:db8::0:1", "2001:db8::1"},
    {":: is never for one group (4.2.2)", "2001:db8:0:1:1:1:1:1",
     "2001:db8:0:1:1:1:1:1"},
    {"one group behind :: may be written", "2001:db8::1:1:1:1:1",
     "2001:db8:0:1:1:1:1:1"},
    {"the longest run (4.2.3)", "2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
    {"the first of two equal runs", "2001:db8:0:0:1:0:0:1",
     "2001:db8::1:0:0:1"},
    {"zeros first", "0:0:0:0:1:2:3:4", "::1:2:3:4"},
    {"all eight", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"},
    {"seven and ::", "1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
    {":: and seven", "::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
    {"empty", "", NULL},
    {"three numbers", "192.0.2", NULL},
    {"five numbers", "192.0.2.1.1", NULL},
    {"256", "192.0.2.256", NULL},
    {"a leading zero, octal to some", "192.0.2.010", NULL},
    {"hexadecimal", "0xc0.0.2.1", NULL},
    {"one number", "3221225985", NULL},
    {"a dot at the end", "192.0.2.1.", NULL},
    {"a dot in front", ".192.0.2.1", NULL},
    {"an empty number", "192..2.1", NULL},
    {"a space", " 192.0.2.1", NULL},
    {"a sign", "+1.2.3.4", NULL},
    {"seven groups", "1:2:3:4:5:6:7", NULL},
    {"nine groups", "1:2:3:4:5:6:7:8:9", NULL},
    {":: for no group", "1:2:3:4::5:6:7:8", NULL},
    {"two ::", "1::2::3", NULL},
    {"three colons", "1:::2", NULL},
    {"a colon in front", ":1:2:3:4:5:6:7", NULL},
    {"a colon at the end", "1:2:3:4:5:6:7:", NULL},
    {"a colon at the end behind ::", "1::2:", NULL},
    {"one colon", ":", NULL},
    {"five digits", "2001:db8::10000", NULL},
    {"no digit", "2001:dbg::", NULL},
    {"brackets", "[::1]", NULL},
    {"a zone", "fe80::1%eth0", NULL},
    {"IPv4 not at the end", "::192.0.2.1:1", NULL},
    {"IPv4 in front of ::", "192.0.2.1::", NULL},
    {"IPv4 with too many groups", "1:2:3:4:5:6:7:192.0.2.1", NULL},
    {"IPv4 with too few groups", "1:2:3:4:5:192.0.2.1", NULL},
    {"a network", "192.0.2.0/24", NULL},
};

static void
test_addresses(void)
{
	for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
		struct address a;
		char text[ADDRESS_TEXT_MAX] = "";
		enum err e = address_parse(slice_str(addresses[i].text), &a);
		bool good =
		    addresses[i].printed ? e == ERR_OK : e == ERR_SYNTAX;

		if (e == ERR_OK)
			address_print(&a, text);
		if (addresses[i].printed)
			good = good && strcmp(text, addresses[i].printed) == 0;
		CU_ASSERT(good);
		if (!good)
			printf("%s: %s -> %s\n", addresses[i].what,
			       addresses[i].text, text);
	}
}

static const struct {
	const char *what, *text;
	enum err expected;
	const char *printed;
} networks[] = {
    {"IPv4", "192.0.2.0/24", ERR_OK, "192.0.2.0/24"},
    {"one address", "192.0.2.1", ERR_OK, "192.0.2.1/32"},
    {"one IPv6 address", "2001:db8::1", ERR_OK, "2001:db8::1/128"},
    {"all of IPv4", "0.0.0.0/0", ERR_OK, "0.0.0.0/0"},
    {"all of IPv6", "::/0", ERR_OK, "::/0"},
    {"not at a byte's edge", "10.32.0.0/11", ERR_OK, "10.32.0.0/11"},
    {"IPv6", "2001:db8::/32", ERR_OK, "2001:db8::/32"},
    {"IPv4-mapped counts all bits", "::ffff:192.0.2.0/120", ERR_OK,
     "192.0.2.0/24"},
    {"IPv4 has 32 bits", "192.0.2.1/33", ERR_RANGE, NULL},
    {"IPv6 has 128", "::/129", ERR_RANGE, NULL},
    {"host bits", "192.0.2.1/24", ERR_MISMATCH, NULL},
    {"host bits within a byte", "10.48.0.0/11", ERR_MISMATCH, NULL},
    {"host bits of IPv6", "2001:db8::1/64", ERR_MISMATCH, NULL},
    {"no bits", "192.0.2.0/", ERR_SYNTAX, NULL},
    {"a mask", "192.0.2.0/255.255.255.0", ERR_SYNTAX, NULL},
    {"a leading zero", "192.0.2.0/024", ERR_SYNTAX, NULL},
    {"a sign", "192.0.2.0/-1", ERR_SYNTAX, NULL},
    {"two prefixes", "192.0.2.0/24/24", ERR_SYNTAX, NULL},
    {"a number no integer holds", "::/99999999999999999999", ERR_SYNTAX, NULL},
    {"no address", "/24", ERR_SYNTAX, NULL},
    {"empty", "", ERR_SYNTAX, NULL},
};

static void
test_networks(void)
{
	for (size_t i = 0; i < sizeof networks / sizeof networks[0]; i++) {
		struct cidr net;
		char text[CIDR_TEXT_MAX] = "";
		enum err e = cidr_parse(slice_str(networks[i].text), &net);

		if (e == ERR_OK)
			cidr_print(&net, text);
		CU_ASSERT_EQUAL(e, networks[i].expected);
		if (networks[i].printed)
			CU_ASSERT_STRING_EQUAL(text, networks[i].printed);
		if (e != networks[i].expected)
			printf("%s: %s\n", networks[i].what, err_text(e));
	}
}

static const struct {
	const char *net, *address;
	bool inside;
} members[] = {
    {"192.0.2.0/24", "192.0.2.0", true},
    {"192.0.2.0/24", "192.0.2.255", true},
    {"192.0.2.0/24", "192.0.3.0", false},
    {"192.0.2.0/24", "::ffff:192.0.2.7", true},
    {"192.0.2.0/24", "::192.0.2.7", false},
    {"10.32.0.0/11", "10.63.255.255", true},
    {"10.32.0.0/11", "10.64.0.0", false},
    {"192.0.2.1", "192.0.2.1", true},
    {"192.0.2.1", "192.0.2.2", false},
    {"0.0.0.0/0", "203.0.113.1", true},
    {"0.0.0.0/0", "2001:db8::1", false},
    {"::/0", "2001:db8::1", true},
    {"::/0", "203.0.113.1", false},
    {"::/64", "203.0.113.1", false},
    {"2001:db8::/32", "2001:db8:ffff::1", true},
    {"2001:db8::/32", "2001:db9::", false},
    {"2001:db8::/127", "2001:db8::1", true},
    {"2001:db8::/127", "2001:db8::2", false},
};

static void
test_members(void)
{
	for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
		struct cidr net;
		struct address a;

		CU_ASSERT_FATAL(cidr_parse(slice_str(members[i].net), &net) ==
				ERR_OK);
		CU_ASSERT_FATAL(
		    address_parse(slice_str(members[i].address), &a) == ERR_OK);
		CU_ASSERT_EQUAL(cidr_contains(&net, &a), members[i].inside);
		if (cidr_contains(&net, &a) != members[i].inside)
			printf("%s in %s\n", members[i].address,
			       members[i].net);
	}
}

static void
test_any(void)
{
	struct cidr nets[2];
	struct address a;

	CU_ASSERT(cidr_parse(SLICE("10.0.0.0/8"), &nets[0]) == ERR_OK);
	CU_ASSERT(cidr_parse(SLICE("2001:db8::/32"), &nets[1]) == ERR_OK);
	CU_ASSERT(address_parse(SLICE("2001:db8::1"), &a) == ERR_OK);
	CU_ASSERT(cidr_any_contains(nets, 2, &a));
	CU_ASSERT_FALSE(cidr_any_contains(nets, 1, &a));
	CU_ASSERT_FALSE(cidr_any_contains(nets, 0, &a));
}

static void
test_kinds(void)
{
	struct address v4, v6;

	CU_ASSERT(address_parse(SLICE("127.8.8.8"), &v4) == ERR_OK);
	CU_ASSERT(address_parse(SLICE("::1"), &v6) == ERR_OK);
	CU_ASSERT(address_is_v4(&v4) && !address_is_v4(&v6));
	CU_ASSERT(address_is_loopback(&v4) && address_is_loopback(&v6));
	CU_ASSERT(address_parse(SLICE("128.0.0.1"), &v4) == ERR_OK);
	CU_ASSERT(address_parse(SLICE("::2"), &v6) == ERR_OK);
	CU_ASSERT(!address_is_loopback(&v4) && !address_is_loopback(&v6));
}

/* What is printed reads as the same address, for every pattern of zero groups.
 */
static void
test_round_trip(void)
{
	for (unsigned pattern = 0; pattern < 256; pattern++) {
		struct address a = {{0}}, b;
		char text[ADDRESS_TEXT_MAX];

		for (unsigned i = 0; i < 8; i++)
			a.octets[2 * i + 1] = pattern >> i & 1 ? 0xa0 : 0;
		address_print(&a, text);
		CU_ASSERT_EQUAL(address_parse(slice_str(text), &b), ERR_OK);
		CU_ASSERT(address_eq(&a, &b));
	}
}

static void
test_untouched(void)
{
	struct address a = {{1}};
	struct cidr net = {{{2}}, 3};

	CU_ASSERT(address_parse(SLICE("1:2::x"), &a) == ERR_SYNTAX);
	CU_ASSERT(cidr_parse(SLICE("192.0.2.1/24"), &net) == ERR_MISMATCH);
	CU_ASSERT(a.octets[0] == 1 && net.network.octets[0] == 2 &&
		  net.bits == 3);
}

static void
test_crowds(void)
{
	static const struct {
		const char *of, *one, *neighbourhood;
	} rows[] = {
	    {"192.0.2.129", "192.0.2.129/32", "192.0.2.0/24"},
	    {"::ffff:192.0.2.129", "192.0.2.129/32", "192.0.2.0/24"},
	    {"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", "2001:db8:1::/48"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct cidr one, neighbourhood;
		struct address a;
		char text[CIDR_TEXT_MAX];

		CU_ASSERT_EQUAL(address_parse(slice_str(rows[i].of), &a),
				ERR_OK);
		one = address_as_cidr(&a);
		neighbourhood = address_prefix(&a);
		cidr_print(&one, text);
		CU_ASSERT_STRING_EQUAL(text, rows[i].one);
		CU_ASSERT_TRUE(cidr_contains(&one, &a));
		cidr_print(&neighbourhood, text);
		CU_ASSERT_STRING_EQUAL(text, rows[i].neighbourhood);
		CU_ASSERT_TRUE(cidr_contains(&neighbourhood, &a));
	}
}

void
suite_cidr(void)
{
	CU_pSuite suite = CU_add_suite("cidr", NULL, NULL);

	CU_add_test(suite, "an address has one shortest form", test_addresses);
	CU_add_test(suite, "a network has no host bits", test_networks);
	CU_add_test(suite, "an address is in a network of its family",
		    test_members);
	CU_add_test(suite, "in any of several networks", test_any);
	CU_add_test(suite, "what counts as one client, what as neighbours",
		    test_crowds);
	CU_add_test(suite, "IPv4, IPv6, loopback", test_kinds);
	CU_add_test(suite, "what is printed reads the same", test_round_trip);
	CU_add_test(suite, "bad text leaves the result alone", test_untouched);
}
