/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "imap/command.h"

#include "unit/input.h"

#define TAG64 "0123456789012345678901234567890123456789012345678901234567890123"

static void
test_tags(void)
{
	static const struct {
		const char *shows;
		struct slice tag;
		bool valid;
	} rows[] = {
	    {"a letter", T("a"), true},
	    {"what clients send", T("A0001"), true},
	    {"dots and dashes", T("a.1-b_c"), true},
	    {"] is an ASTRING-CHAR", T("a]"), true},
	    {"} is an ATOM-CHAR", T("a}"), true},
	    {"punctuation", T("!#$&',-./:;<=>?@^_`|~"), true},
	    {"64 bytes", T(TAG64), true},
	    {"65 bytes", T(TAG64 "4"), false},
	    {"nothing", T(""), false},
	    {"*", T("*"), false},
	    {"+", T("+"), false},
	    {"+ within", T("a+"), false},
	    {"* within", T("a*"), false},
	    {"(", T("a("), false},
	    {")", T("a)"), false},
	    {"{", T("a{"), false},
	    {"%", T("a%"), false},
	    {"a quote", T("a\""), false},
	    {"a backslash", T("a\\"), false},
	    {"a space", T("a b"), false},
	    {"a tab", T("a\tb"), false},
	    {"CR", T("a\r"), false},
	    {"NUL", T("a\0"), false},
	    {"DEL", T("a\x7f"), false},
	    {"8-bit", T("a\xc3\xa4"), false},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct slice tag = exact(rows[i].tag);

		SHOWS(rows[i].shows, tag_valid(tag) == rows[i].valid);
		exact_free(tag);
	}
}

static const struct {
	const char *shows;
	struct slice in;
	enum err err;
	struct slice tag;
	enum verb verb;
	struct slice args;
	bool has_args;
} commands[] = {
    {"a bare command", T("a NOOP\r\n"), ERR_OK, T("a"), VERB_NOOP, T(""),
     false},
    {"verbs fold case", T("x1 capability\r\n"), ERR_OK, T("x1"),
     VERB_CAPABILITY, T(""), false},
    {"arguments reach to the CRLF", T("a LOGIN u  p \r\n"), ERR_OK, T("a"),
     VERB_LOGIN, T("u  p "), true},
    {"literals stand in the arguments", T("a LOGIN {1}\r\nu {2+}\r\n\r\n\r\n"),
     ERR_OK, T("a"), VERB_LOGIN, T("{1}\r\nu {2+}\r\n\r\n"), true},
    {"an unknown verb", T("a XYZZY plugh\r\n"), ERR_OK, T("a"), VERB_OTHER,
     T("plugh"), true},
    {"an unknown verb and a trailing space", T("a XYZZY \r\n"), ERR_OK, T("a"),
     VERB_OTHER, T(""), true},
    {"a trailing space", T("a NOOP \r\n"), ERR_SYNTAX, T("a"), VERB_OTHER,
     T(""), false},
    {"extra arguments", T("a STARTTLS now\r\n"), ERR_SYNTAX, T("a"), VERB_OTHER,
     T(""), false},
    {"extra arguments of LOGOUT", T("a LOGOUT x\r\n"), ERR_SYNTAX, T("a"),
     VERB_OTHER, T(""), false},
    {"no arguments", T("a LOGIN\r\n"), ERR_SYNTAX, T("a"), VERB_OTHER, T(""),
     false},
    {"empty arguments", T("a LOGIN \r\n"), ERR_SYNTAX, T("a"), VERB_OTHER,
     T(""), false},
    {"AUTHENTICATE alone", T("a AUTHENTICATE\r\n"), ERR_SYNTAX, T("a"),
     VERB_OTHER, T(""), false},
    {"ID alone", T("a ID\r\n"), ERR_SYNTAX, T("a"), VERB_OTHER, T(""), false},
    {"two spaces before the verb", T("a  NOOP\r\n"), ERR_SYNTAX, T("a"),
     VERB_OTHER, T(""), false},
    {"a space in front", T(" a NOOP\r\n"), ERR_SYNTAX, T(""), VERB_OTHER, T(""),
     false},
    {"no verb", T("a\r\n"), ERR_SYNTAX, T("a"), VERB_OTHER, T(""), false},
    {"no verb but a space", T("a \r\n"), ERR_SYNTAX, T("a"), VERB_OTHER, T(""),
     false},
    {"an empty line", T("\r\n"), ERR_SYNTAX, T(""), VERB_OTHER, T(""), false},
    {"nothing", T(""), ERR_SYNTAX, T(""), VERB_OTHER, T(""), false},
    {"no CRLF", T("a NOOP"), ERR_SYNTAX, T("a"), VERB_OTHER, T(""), false},
    {"a bare LF", T("a NOOP\n"), ERR_SYNTAX, T("a"), VERB_OTHER, T(""), false},
    {"a bare CR", T("a NOOP\r\r\n"), ERR_SYNTAX, T("a"), VERB_OTHER, T(""),
     false},
    {"a bad tag", T("* OK hello\r\n"), ERR_SYNTAX, T(""), VERB_OTHER, T(""),
     false},
    {"a SASL answer", T("AGEAYg==\r\n"), ERR_SYNTAX, T("AGEAYg=="), VERB_OTHER,
     T(""), false},
    {"a literal for a verb", T("a {4}\r\nNOOP\r\n"), ERR_SYNTAX, T("a"),
     VERB_OTHER, T(""), false},
    {"a literal glued to the verb", T("a LOGIN{1}\r\nu p\r\n"), ERR_SYNTAX,
     T("a"), VERB_OTHER, T(""), false},
    {"NUL within the verb", T("a LOG\0IN u p\r\n"), ERR_SYNTAX, T("a"),
     VERB_OTHER, T(""), false},
    {"HTTP reads as an unknown verb", T("GET / HTTP/1.1\r\n"), ERR_OK, T("GET"),
     VERB_OTHER, T("HTTP/1.1"), true},
};

static void
test_parse(void)
{
	for (size_t i = 0; i < COUNT(commands); i++) {
		struct slice in = exact(commands[i].in);
		struct command c;

		SHOWS(commands[i].shows,
		      command_parse(in, &c) == commands[i].err);
		SHOWS(commands[i].shows, slice_eq(c.tag, commands[i].tag));
		SHOWS(commands[i].shows, c.verb == commands[i].verb);
		SHOWS(commands[i].shows, slice_eq(c.args, commands[i].args));
		SHOWS(commands[i].shows, c.has_args == commands[i].has_args);
		exact_free(in);
	}
}

static const struct {
	const char *shows;
	struct slice in;
	enum err err;
	struct slice user, password;
} logins[] = {
    {"two atoms", T("user pass"), ERR_OK, T("user"), T("pass")},
    {"an address", T("me@example.com p]}"), ERR_OK, T("me@example.com"),
     T("p]}")},
    {"two quoted", T("\"u\" \"p w\""), ERR_OK, T("u"), T("p w")},
    {"escapes", T("\"a\\\\b\" \"\\\"\""), ERR_OK, T("a\\b"), T("\"")},
    {"two literals", T("{4}\r\nuser {2}\r\np "), ERR_OK, T("user"), T("p ")},
    {"two literals sent at once", T("{1+}\r\nu {1+}\r\np"), ERR_OK, T("u"),
     T("p")},
    {"quoted and literal", T("\"u\" {1}\r\np"), ERR_OK, T("u"), T("p")},
    {"literal and atom", T("{1}\r\nu p"), ERR_OK, T("u"), T("p")},
    {"a quote within a literal", T("{1}\r\n\" {1}\r\n)"), ERR_OK, T("\""),
     T(")")},
    {"a literal's head within a literal", T("{3}\r\n{1} p"), ERR_OK, T("{1}"),
     T("p")},
    {"a literal's head within quotes", T("\"{3}\" \"{1+}\""), ERR_OK, T("{3}"),
     T("{1+}")},
    {"empty strings", T("\"\" {0}\r\n"), ERR_OK, T(""), T("")},
    {"empty strings sent at once", T("{0+}\r\n \"\""), ERR_OK, T(""), T("")},
    {"leading zeros", T("{0000000001}\r\nu p"), ERR_OK, T("u"), T("p")},
    {"8-bit bytes in quotes", T("\"\xc3\xa4\" \"\xff\""), ERR_OK, T("\xc3\xa4"),
     T("\xff")},
    {"8-bit bytes in literals", T("{1}\r\n\xe4 {1}\r\n\x80"), ERR_OK, T("\xe4"),
     T("\x80")},
    {"8-bit bytes in an atom", T("\xc3\xa4 p"), ERR_SYNTAX, T(""), T("")},
    {"nothing", T(""), ERR_SYNTAX, T(""), T("")},
    {"one argument", T("user"), ERR_SYNTAX, T(""), T("")},
    {"one argument and a space", T("user "), ERR_SYNTAX, T(""), T("")},
    {"three arguments", T("u p x"), ERR_SYNTAX, T(""), T("")},
    {"two spaces", T("u  p"), ERR_SYNTAX, T(""), T("")},
    {"a space in front", T(" u p"), ERR_SYNTAX, T(""), T("")},
    {"a space behind", T("u p "), ERR_SYNTAX, T(""), T("")},
    {"a tab for a space", T("u\tp"), ERR_SYNTAX, T(""), T("")},
    {"an open quote", T("u \"p"), ERR_SYNTAX, T(""), T("")},
    {"a lone quote", T("u \""), ERR_SYNTAX, T(""), T("")},
    {"an open escape", T("u \"p\\"), ERR_SYNTAX, T(""), T("")},
    {"an escape that is none", T("u \"\\p\""), ERR_SYNTAX, T(""), T("")},
    {"bytes behind the quote", T("u \"p\"x"), ERR_SYNTAX, T(""), T("")},
    {"nothing between two strings", T("\"u\"\"p\""), ERR_SYNTAX, T(""), T("")},
    {"bytes behind a literal", T("{1}\r\nux p"), ERR_SYNTAX, T(""), T("")},
    {") behind a literal", T("{1}\r\nu) p"), ERR_SYNTAX, T(""), T("")},
    {") at the end", T("u {1}\r\np)"), ERR_SYNTAX, T(""), T("")},
    {"NUL behind a literal", T("u {1}\r\np\0"), ERR_SYNTAX, T(""), T("")},
    {"a list", T("(u p)"), ERR_SYNTAX, T(""), T("")},
    {"a wildcard", T("u p*"), ERR_SYNTAX, T(""), T("")},
    {"a percent sign", T("u p%"), ERR_SYNTAX, T(""), T("")},
    {"a backslash in an atom", T("u p\\x"), ERR_SYNTAX, T(""), T("")},
    {"a quote in an atom", T("u p\"x"), ERR_SYNTAX, T(""), T("")},
    {"a binary literal", T("~{1}\r\nu p"), ERR_SYNTAX, T(""), T("")},
    {"{n-}", T("{1-}\r\nu p"), ERR_SYNTAX, T(""), T("")},
    {"{}", T("{}\r\n p"), ERR_SYNTAX, T(""), T("")},
    {"{+}", T("{+}\r\n p"), ERR_SYNTAX, T(""), T("")},
    {"{+n}", T("{+1}\r\nu p"), ERR_SYNTAX, T(""), T("")},
    {"{n++}", T("{1++}\r\nu p"), ERR_SYNTAX, T(""), T("")},
    {"{ n}", T("{ 1}\r\nu p"), ERR_SYNTAX, T(""), T("")},
    {"{-1}", T("{-1}\r\nu p"), ERR_SYNTAX, T(""), T("")},
    {"{0x1}", T("{0x1}\r\nu p"), ERR_SYNTAX, T(""), T("")},
    {"eleven digits", T("{00000000001}\r\nu p"), ERR_SYNTAX, T(""), T("")},
    {"over 32 bits", T("{4294967297}\r\nu p"), ERR_SYNTAX, T(""), T("")},
    {"over 64 bits", T("{18446744073709551617}\r\nu p"), ERR_SYNTAX, T(""),
     T("")},
    {"longer than what is there", T("u {2}\r\np"), ERR_SYNTAX, T(""), T("")},
    {"much longer", T("u {4294967295}\r\np"), ERR_SYNTAX, T(""), T("")},
    {"an open brace", T("u {1"), ERR_SYNTAX, T(""), T("")},
    {"a lone brace", T("u {"), ERR_SYNTAX, T(""), T("")},
    {"no CRLF behind the brace", T("u {1}p"), ERR_SYNTAX, T(""), T("")},
    {"a bare LF behind the brace", T("u {1}\np"), ERR_SYNTAX, T(""), T("")},
    {"a bare CR behind the brace", T("u {1}\rp"), ERR_SYNTAX, T(""), T("")},
    {"a space behind the brace", T("u {1} \r\np"), ERR_SYNTAX, T(""), T("")},
    {"CRLF within quotes", T("\"u\r\n\" p"), ERR_SYNTAX, T(""), T("")},
    {"CR within quotes", T("\"u\r\" p"), ERR_SYNTAX, T(""), T("")},
    {"LF within quotes", T("\"u\n\" p"), ERR_SYNTAX, T(""), T("")},
    {"NUL within quotes", T("\"u\0\" p"), ERR_SYNTAX, T(""), T("")},
    {"NUL within an atom", T("u\0 p"), ERR_SYNTAX, T(""), T("")},
    {"a second command behind CRLF", T("u p\r\nb NOOP"), ERR_SYNTAX, T(""),
     T("")},
    {"CR within a literal", T("{2}\r\nu\r p"), ERR_REFUSED, T(""), T("")},
    {"LF within a literal", T("u {2}\r\n\np"), ERR_REFUSED, T(""), T("")},
    {"NUL within a literal", T("{2}\r\nu\0 p"), ERR_REFUSED, T(""), T("")},
    {"NUL at the end of a password", T("u {2}\r\np\0"), ERR_REFUSED, T(""),
     T("")},
    {"a control character in quotes", T("\"u\x01\" p"), ERR_REFUSED, T(""),
     T("")},
    {"a tab in quotes", T("u \"p\tp\""), ERR_REFUSED, T(""), T("")},
    {"DEL in quotes", T("u \"p\x7f\""), ERR_REFUSED, T(""), T("")},
    {"DEL in a literal", T("{1}\r\n\x7f p"), ERR_REFUSED, T(""), T("")},
};

static void
test_login(void)
{
	for (size_t i = 0; i < COUNT(logins); i++) {
		struct slice in = exact(logins[i].in), mem = exact(in);
		struct slice user = SLICE_EMPTY, password = SLICE_EMPTY;
		enum err e = command_login(
		    in, (unsigned char *)(uintptr_t)mem.ptr, &user, &password);

		SHOWS(logins[i].shows, e == logins[i].err);
		SHOWS(logins[i].shows, slice_eq(user, logins[i].user));
		SHOWS(logins[i].shows, slice_eq(password, logins[i].password));
		exact_free(mem);
		exact_free(in);
	}
}

static const struct {
	const char *shows;
	struct slice in;
	enum err err;
	struct slice mechanism;
	bool has_initial;
	struct slice initial;
} authenticates[] = {
    {"a mechanism alone", T("PLAIN"), ERR_OK, T("PLAIN"), false, T("")},
    {"in lower case", T("plain"), ERR_OK, T("plain"), false, T("")},
    {"an initial response", T("PLAIN AGEAYg=="), ERR_OK, T("PLAIN"), true,
     T("AGEAYg==")},
    {"= is an empty one", T("EXTERNAL ="), ERR_OK, T("EXTERNAL"), true, T("")},
    {"all a name may hold", T("SCRAM-SHA_1-PLUS"), ERR_OK,
     T("SCRAM-SHA_1-PLUS"), false, T("")},
    {"the whole alphabet", T("X +/09azAZ"), ERR_OK, T("X"), true,
     T("+/09azAZ")},
    {"20 bytes", T("ABCDEFGHIJKLMNOPQRST"), ERR_OK, T("ABCDEFGHIJKLMNOPQRST"),
     false, T("")},
    {"21 bytes", T("ABCDEFGHIJKLMNOPQRSTU"), ERR_SYNTAX, T(""), false, T("")},
    {"nothing", T(""), ERR_SYNTAX, T(""), false, T("")},
    {"a trailing space", T("PLAIN "), ERR_SYNTAX, T(""), false, T("")},
    {"two spaces", T("PLAIN  AGEAYg=="), ERR_SYNTAX, T(""), false, T("")},
    {"a second argument", T("PLAIN AGEAYg== x"), ERR_SYNTAX, T(""), false,
     T("")},
    {"a quoted mechanism", T("\"PLAIN\""), ERR_SYNTAX, T(""), false, T("")},
    {"a literal", T("{5}\r\nPLAIN"), ERR_SYNTAX, T(""), false, T("")},
    {"a literal response", T("PLAIN {4}\r\nAAAA"), ERR_SYNTAX, T(""), false,
     T("")},
    {"not base64", T("PLAIN !"), ERR_SYNTAX, T(""), false, T("")},
    {"base64url", T("PLAIN A-_A"), ERR_SYNTAX, T(""), false, T("")},
    {"NUL", T("PLAIN AAA\0"), ERR_SYNTAX, T(""), false, T("")},
    {"CR", T("PLAIN AAAA\r"), ERR_SYNTAX, T(""), false, T("")},
    {"a dot in the name", T("PLA.IN"), ERR_SYNTAX, T(""), false, T("")},
};

static void
test_authenticate(void)
{
	for (size_t i = 0; i < COUNT(authenticates); i++) {
		struct slice in = exact(authenticates[i].in);
		struct authenticate a = {.mechanism = SLICE_EMPTY,
					 .initial = SLICE_EMPTY};
		const char *shows = authenticates[i].shows;

		SHOWS(shows,
		      command_authenticate(in, &a) == authenticates[i].err);
		SHOWS(shows, slice_eq(a.mechanism, authenticates[i].mechanism));
		SHOWS(shows, a.has_initial == authenticates[i].has_initial);
		SHOWS(shows, slice_eq(a.initial, authenticates[i].initial));
		exact_free(in);
	}
}

#define KEY30   "123456789012345678901234567890"
#define V64     "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define V256    V64 V64 V64 V64
#define V1024   V256 V256 V256 V256
#define PAIR(k) "\"" k "\" NIL"
/* clang-format off */
#define PAIRS10(d)                                                             \
	PAIR(d "0") " " PAIR(d "1") " " PAIR(d "2") " " PAIR(d "3") " "        \
	PAIR(d "4") " " PAIR(d "5") " " PAIR(d "6") " " PAIR(d "7") " "        \
	PAIR(d "8") " " PAIR(d "9")
/* clang-format on */
#define PAIRS30 PAIRS10("a") " " PAIRS10("b") " " PAIRS10("c")

static const struct {
	const char *shows;
	struct slice in;
	enum err err;
	const char *pairs;
} ids[] = {
    {"NIL", T("NIL"), ERR_OK, ""},
    {"nil in lower case", T("nil"), ERR_OK, ""},
    {"an empty list", T("()"), ERR_OK, ""},
    {"one pair", T("(\"name\" \"x\")"), ERR_OK, "name=x;"},
    {"two pairs", T("(\"name\" \"x\" \"os\" \"y z\")"), ERR_OK,
     "name=x;os=y z;"},
    {"a NIL value", T("(\"a\" NIL \"b\" nil)"), ERR_OK, "a:NIL;b:NIL;"},
    {"the string NIL is none", T("(\"a\" \"NIL\")"), ERR_OK, "a=NIL;"},
    {"an empty value", T("(\"a\" \"\")"), ERR_OK, "a=;"},
    {"an escape", T("(\"a\" \"\\\"\\\\\")"), ERR_OK, "a=\"\\;"},
    {"literal values, as Outlook sends them", T("(\"a\" {3+}\r\nx y)"), ERR_OK,
     "a=x y;"},
    {"literal keys and values", T("({1}\r\nk {1}\r\nv {1+}\r\nl {0+}\r\n)"),
     ERR_OK, "k=v;l=;"},
    {"a parenthesis within a literal", T("({1}\r\n) {1}\r\n()"), ERR_OK,
     ")=(;"},
    {"UTF-8", T("(\"a\" \"\xc3\xa4\")"), ERR_OK, "a=\xc3\xa4;"},
    {"a key of 30 bytes", T("(\"" KEY30 "\" \"\")"), ERR_OK, KEY30 "=;"},
    {"a key of 31 bytes", T("(\"" KEY30 "1\" \"\")"), ERR_LIMIT, ""},
    {"a value of 1024 bytes", T("(\"a\" \"" V1024 "\")"), ERR_OK,
     "a=" V1024 ";"},
    {"a value of 1025 bytes", T("(\"a\" \"" V1024 "x\")"), ERR_LIMIT, ""},
    {"31 pairs", T("(" PAIRS30 " \"d\" NIL)"), ERR_LIMIT, ""},
    {"a key twice", T("(\"a\" \"1\" \"A\" \"2\")"), ERR_DUPLICATE, ""},
    {"CR in a literal", T("(\"a\" {1}\r\n\r)"), ERR_REFUSED, ""},
    {"LF in a literal key", T("({1}\r\n\n NIL)"), ERR_REFUSED, ""},
    {"NUL in a literal", T("(\"a\" {1}\r\n\0)"), ERR_REFUSED, ""},
    {"nothing", T(""), ERR_SYNTAX, ""},
    {"NIL and more", T("NIL "), ERR_SYNTAX, ""},
    {"an atom", T("x"), ERR_SYNTAX, ""},
    {"an open list", T("("), ERR_SYNTAX, ""},
    {"an open list with a pair", T("(\"a\" \"b\""), ERR_SYNTAX, ""},
    {"a key without value", T("(\"a\")"), ERR_SYNTAX, ""},
    {"a key and a space", T("(\"a\" )"), ERR_SYNTAX, ""},
    {"an atom for a key", T("(a \"b\")"), ERR_SYNTAX, ""},
    {"an atom for a value", T("(\"a\" b)"), ERR_SYNTAX, ""},
    {"NIL for a key", T("(NIL \"b\")"), ERR_SYNTAX, ""},
    {"more than NIL", T("(\"a\" NILL)"), ERR_SYNTAX, ""},
    {"a space in front", T("( \"a\" \"b\")"), ERR_SYNTAX, ""},
    {"a space behind", T("(\"a\" \"b\" )"), ERR_SYNTAX, ""},
    {"two spaces", T("(\"a\"  \"b\")"), ERR_SYNTAX, ""},
    {"no space", T("(\"a\"\"b\")"), ERR_SYNTAX, ""},
    {"bytes behind the list", T("(\"a\" \"b\") "), ERR_SYNTAX, ""},
    {"a list in the list", T("((\"a\" \"b\"))"), ERR_SYNTAX, ""},
    {"no pair is reported when a later one is bad", T("(\"a\" \"b\" c)"),
     ERR_SYNTAX, ""},
    {"bytes behind a literal", T("(\"a\" {1}\r\nbc)"), ERR_SYNTAX, ""},
};

struct text {
	char mem[2048];
	size_t len;
};

static void
add(struct text *t, struct slice s)
{
	memcpy(t->mem + t->len, s.ptr, s.len);
	t->len += s.len;
}

static void
collect(void *arg, struct slice key, struct slice value)
{
	add(arg, key);
	add(arg, value.ptr ? SLICE("=") : SLICE(":NIL"));
	if (value.ptr)
		add(arg, value);
	add(arg, SLICE(";"));
}

static void
test_id(void)
{
	for (size_t i = 0; i < COUNT(ids); i++) {
		struct slice in = exact(ids[i].in), mem = exact(in);
		struct text t = {.len = 0};
		enum err e = command_id(in, (unsigned char *)(uintptr_t)mem.ptr,
					collect, &t);

		SHOWS(ids[i].shows, e == ids[i].err);
		SHOWS(ids[i].shows, slice_eq(slice_of(t.mem, t.len),
					     slice_str(ids[i].pairs)));
		exact_free(mem);
		exact_free(in);
	}
}

static void
count(void *arg, struct slice key, struct slice value)
{
	(void)key;
	(void)value;
	++*(unsigned *)arg;
}

static void
test_id_thirty(void)
{
	unsigned char mem[sizeof("(" PAIRS30 ")")];
	unsigned n = 0;

	CU_ASSERT_EQUAL(command_id(SLICE("(" PAIRS30 ")"), mem, count, &n),
			ERR_OK);
	CU_ASSERT_EQUAL(n, 30);
}

static void
test_quoting(void)
{
	static const struct {
		const char *shows;
		struct slice in;
		bool fits;
		struct slice quoted;
	} rows[] = {
	    {"nothing", T(""), true, T("\"\"")},
	    {"letters", T("abc"), true, T("\"abc\"")},
	    {"a quote", T("\""), true, T("\"\\\"\"")},
	    {"a backslash", T("a\\b"), true, T("\"a\\\\b\"")},
	    {"a brace and a percent sign", T("{1}%"), true, T("\"{1}%\"")},
	    {"CR", T("a\r"), false, T("")},
	    {"LF", T("a\n"), false, T("")},
	    {"NUL", T("a\0b"), false, T("")},
	    {"8-bit", T("a\x80"), false, T("")},
	    {"1024 bytes", T(V1024), false, T("")},
	};
	unsigned char out[64];

	for (size_t i = 0; i < COUNT(rows); i++) {
		bool fits = string_fits_quoted(rows[i].in);

		SHOWS(rows[i].shows, fits == rows[i].fits);
		if (fits)
			SHOWS(rows[i].shows,
			      slice_eq(
				  slice_of(out, string_quote(rows[i].in, out)),
				  rows[i].quoted));
	}
	CU_ASSERT_TRUE(string_fits_quoted(slice_of(V1024, 1000)));
	CU_ASSERT_FALSE(string_fits_quoted(slice_of(V1024, 1001)));
}

/* What was quoted reads as what it was. */
static void
test_quoting_reads_back(void)
{
	unsigned char all[0x7f - 0x20], args[2 * sizeof all + 4], mem[512];
	struct slice user, password, in;
	size_t n;

	for (size_t i = 0; i < sizeof all; i++)
		all[i] = (unsigned char)(0x20 + i);
	n = string_quote(slice_of(all, sizeof all), args);
	memcpy(args + n, " x", 2);
	in = exact(slice_of(args, n + 2));
	CU_ASSERT_EQUAL(command_login(in, mem, &user, &password), ERR_OK);
	CU_ASSERT_TRUE(slice_eq(user, slice_of(all, sizeof all)));
	exact_free(in);
}

/* Credentials never hold what the gate cannot send on in one piece. */
static void
try_all(struct slice in)
{
	struct slice mem = exact(in), u, p;
	unsigned char *out = (unsigned char *)(uintptr_t)mem.ptr;
	struct authenticate a;
	struct command c;
	unsigned n = 0;

	(void)!command_parse(in, &c);
	(void)!command_authenticate(in, &a);
	(void)!command_id(in, out, count, &n);
	if (command_login(in, out, &u, &p) == ERR_OK) {
		CU_ASSERT_EQUAL(slice_find(u, '\r'), u.len);
		CU_ASSERT_EQUAL(slice_find(p, '\n'), p.len);
		CU_ASSERT_EQUAL(slice_find(p, '\0'), p.len);
		CU_ASSERT_TRUE(u.len + p.len < in.len);
	}
	exact_free(mem);
}

static void
test_damage(void)
{
	for (size_t i = 0; i < COUNT(commands); i++)
		each_damage(commands[i].in, try_all);
	for (size_t i = 0; i < COUNT(logins); i++)
		each_damage(logins[i].in, try_all);
	for (size_t i = 0; i < COUNT(authenticates); i++)
		each_damage(authenticates[i].in, try_all);
	for (size_t i = 0; i < COUNT(ids); i++)
		if (ids[i].in.len < 100)
			each_damage(ids[i].in, try_all);
}

void
suite_command(void)
{
	CU_pSuite s = CU_add_suite("command", NULL, NULL);

	CU_add_test(s, "a tag is what RFC 9051 says", test_tags);
	CU_add_test(s, "a command is tag, verb, arguments", test_parse);
	CU_add_test(s, "LOGIN takes two strings in any form", test_login);
	CU_add_test(s, "AUTHENTICATE takes a name and base64",
		    test_authenticate);
	CU_add_test(s, "ID takes NIL or pairs within bounds", test_id);
	CU_add_test(s, "ID takes thirty pairs", test_id_thirty);
	CU_add_test(s, "strings are quoted where that is safe", test_quoting);
	CU_add_test(s, "quoted strings read back", test_quoting_reads_back);
	CU_add_test(s, "damaged commands do no harm", test_damage);
}
