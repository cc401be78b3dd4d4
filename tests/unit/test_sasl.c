/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "imap/sasl.h"

#include "unit/input.h"

static void
test_mechanisms(void)
{
	static const struct {
		const char *shows;
		struct slice name;
		enum mechanism mechanism;
		bool oauth;
	} rows[] = {
	    {"PLAIN", T("PLAIN"), MECHANISM_PLAIN, false},
	    {"folds case", T("plain"), MECHANISM_PLAIN, false},
	    {"LOGIN", T("LOGIN"), MECHANISM_LOGIN, false},
	    {"XOAUTH2", T("XOAuth2"), MECHANISM_XOAUTH2, true},
	    {"OAUTHBEARER", T("OAUTHBEARER"), MECHANISM_OAUTHBEARER, true},
	    {"a longer name", T("PLAIN-PLUS"), MECHANISM_COUNT, false},
	    {"a shorter name", T("PLAI"), MECHANISM_COUNT, false},
	    {"no name", T(""), MECHANISM_COUNT, false},
	    {"another one", T("SCRAM-SHA-256"), MECHANISM_COUNT, false},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		enum mechanism m = mechanism_of(rows[i].name);

		SHOWS(rows[i].shows, m == rows[i].mechanism);
		SHOWS(rows[i].shows, mechanism_oauth(m) == rows[i].oauth);
		SHOWS(rows[i].shows,
		      m == MECHANISM_COUNT
			  ? mechanism_text(m).len == 0
			  : slice_ieq(mechanism_text(m), rows[i].name));
	}
}

static void
test_credentials(void)
{
	static const struct {
		const char *shows;
		struct slice in;
		bool valid;
	} rows[] = {
	    {"nothing", T(""), true},
	    {"letters and spaces", T("a b c"), true},
	    {"UTF-8", T("p\xc3\xa4ss"), true},
	    {"any 8-bit byte", T("\x80\x9f\xff"), true},
	    {"NUL", T("a\0"), false},
	    {"CR", T("\ra"), false},
	    {"LF", T("a\nb"), false},
	    {"a tab", T("\t"), false},
	    {"the last C0 control", T("\x1f"), false},
	    {"DEL", T("\x7f"), false},
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		SHOWS(rows[i].shows,
		      credential_valid(rows[i].in) == rows[i].valid);
}

static const struct {
	const char *shows;
	struct slice in;
	enum err err;
	struct slice out;
} base64[] = {
    {"nothing", T(""), ERR_OK, T("")},
    {"one byte", T("Zg=="), ERR_OK, T("f")},
    {"two bytes", T("Zm8="), ERR_OK, T("fo")},
    {"three bytes", T("Zm9v"), ERR_OK, T("foo")},
    {"four bytes", T("Zm9vYg=="), ERR_OK, T("foob")},
    {"six bytes", T("Zm9vYmFy"), ERR_OK, T("foobar")},
    {"a PLAIN message", T("AHUAcA=="), ERR_OK, T("\0u\0p")},
    {"both last digits", T("+/+/"), ERR_OK, T("\xfb\xff\xbf")},
    {"no padding", T("Zg"), ERR_SYNTAX, T("")},
    {"half the padding", T("Zg="), ERR_SYNTAX, T("")},
    {"too much padding", T("Zg==="), ERR_SYNTAX, T("")},
    {"padding only", T("===="), ERR_SYNTAX, T("")},
    {"one digit", T("Z==="), ERR_SYNTAX, T("")},
    {"padding in the middle", T("Zg==Zg=="), ERR_SYNTAX, T("")},
    {"padding in front", T("=Zg="), ERR_SYNTAX, T("")},
    {"one stray bit", T("Zh=="), ERR_SYNTAX, T("")},
    {"stray bits of two bytes", T("Zm9="), ERR_SYNTAX, T("")},
    {"a space", T("Zm9 "), ERR_SYNTAX, T("")},
    {"CRLF", T("Zm9v\r\n"), ERR_SYNTAX, T("")},
    {"a line break within", T("Zm9v\r\nZm"), ERR_SYNTAX, T("")},
    {"base64url", T("-_-_"), ERR_SYNTAX, T("")},
    {"NUL", T("Zm9\0"), ERR_SYNTAX, T("")},
    {"8-bit", T("Zm9\xe4"), ERR_SYNTAX, T("")},
    {"cancelled", T("*"), ERR_SYNTAX, T("")},
};

static void
test_base64_decode(void)
{
	for (size_t i = 0; i < COUNT(base64); i++) {
		struct slice in = exact(base64[i].in);
		unsigned char *out = malloc(3 * (in.len / 4) + 1);
		size_t len = 0;

		SHOWS(base64[i].shows,
		      base64_decode(in, out, &len) == base64[i].err);
		SHOWS(base64[i].shows,
		      slice_eq(slice_of(out, len), base64[i].out));
		free(out);
		exact_free(in);
	}
}

static void
test_base64_encode(void)
{
	for (size_t i = 0; i < COUNT(base64); i++) {
		struct slice in = exact(base64[i].out);
		unsigned char *out = malloc(4 * ((in.len + 2) / 3) + 1);
		size_t len = base64_encode(in, out);

		if (base64[i].err == ERR_OK)
			SHOWS(base64[i].shows,
			      slice_eq(slice_of(out, len), base64[i].in));
		free(out);
		exact_free(in);
	}
}

static const struct {
	const char *shows;
	enum mechanism mechanism;
	struct slice in;
	enum err err;
	struct slice authzid, user, secret;
} messages[] = {
#define M MECHANISM_PLAIN
    {"user and password", M, T("\0u\0p"), ERR_OK, T(""), T("u"), T("p")},
    {"an authzid equal to the user is none", M, T("me\0me\0p"), ERR_OK, T(""),
     T("me"), T("p")},
    {"a foreign authzid is told", M, T("you\0me\0p"), ERR_OK, T("you"), T("me"),
     T("p")},
    {"equal means byte for byte", M, T("ME\0me\0p"), ERR_OK, T("ME"), T("me"),
     T("p")},
    {"8-bit bytes", M, T("\0\xc3\xa4\0\xff"), ERR_OK, T(""), T("\xc3\xa4"),
     T("\xff")},
    {"spaces", M, T("\0u v\0 p "), ERR_OK, T(""), T("u v"), T(" p ")},
    {"nothing", M, T(""), ERR_SYNTAX, T(""), T(""), T("")},
    {"no NUL", M, T("u"), ERR_SYNTAX, T(""), T(""), T("")},
    {"one NUL", M, T("u\0p"), ERR_SYNTAX, T(""), T(""), T("")},
    {"no user", M, T("\0\0p"), ERR_SYNTAX, T(""), T(""), T("")},
    {"no password", M, T("\0u\0"), ERR_SYNTAX, T(""), T(""), T("")},
    {"no user but an authzid", M, T("a\0\0p"), ERR_SYNTAX, T(""), T(""), T("")},
    {"never cut at a third NUL", M, T("\0u\0p\0q"), ERR_REFUSED, T(""), T(""),
     T("")},
    {"NUL at the end", M, T("\0u\0p\0"), ERR_REFUSED, T(""), T(""), T("")},
    {"LF in the password", M, T("\0u\0p\n"), ERR_REFUSED, T(""), T(""), T("")},
    {"CR in the user", M, T("\0u\r\0p"), ERR_REFUSED, T(""), T(""), T("")},
    {"a control character in the authzid", M, T("\x01\0u\0p"), ERR_REFUSED,
     T(""), T(""), T("")},
    {"DEL in the password", M, T("\0u\0\x7f"), ERR_REFUSED, T(""), T(""),
     T("")},
#undef M
#define M MECHANISM_LOGIN
    {"one of two messages", M, T("me"), ERR_OK, T(""), T("me"), T("me")},
    {"an empty one", M, T(""), ERR_OK, T(""), T(""), T("")},
    {"8-bit", M, T("\xe4"), ERR_OK, T(""), T("\xe4"), T("\xe4")},
    {"NUL", M, T("me\0"), ERR_REFUSED, T(""), T(""), T("")},
    {"CRLF", M, T("me\r\n"), ERR_REFUSED, T(""), T(""), T("")},
#undef M
#define M MECHANISM_XOAUTH2
    {"user and token", M, T("user=me@x\1auth=Bearer abc\1\1"), ERR_OK, T(""),
     T("me@x"), T("abc")},
    {"the scheme folds case", M, T("user=me\1auth=bearer a.b-c_d~+/==\1\1"),
     ERR_OK, T(""), T("me"), T("a.b-c_d~+/==")},
    {"the other way round", M, T("auth=Bearer t\1user=me\1\1"), ERR_OK, T(""),
     T("me"), T("t")},
    {"= in the user", M, T("user=a=b\1auth=Bearer t\1\1"), ERR_OK, T(""),
     T("a=b"), T("t")},
    {"UTF-8 in the user", M, T("user=\xc3\xa4\1auth=Bearer t\1\1"), ERR_OK,
     T(""), T("\xc3\xa4"), T("t")},
    {"other keys are passed over", M, T("user=u\1auth=Bearer t\1host=x\1\1"),
     ERR_OK, T(""), T("u"), T("t")},
    {"several spaces", M, T("user=u\1auth=Bearer   t\1\1"), ERR_OK, T(""),
     T("u"), T("t")},
    {"nothing", M, T(""), ERR_SYNTAX, T(""), T(""), T("")},
    {"a lone separator", M, T("\1"), ERR_SYNTAX, T(""), T(""), T("")},
    {"no user", M, T("auth=Bearer t\1\1"), ERR_SYNTAX, T(""), T(""), T("")},
    {"an empty user", M, T("user=\1auth=Bearer t\1\1"), ERR_SYNTAX, T(""),
     T(""), T("")},
    {"two users", M, T("user=a\1USER=b\1auth=Bearer t\1\1"), ERR_SYNTAX, T(""),
     T(""), T("")},
    {"no token", M, T("user=u\1\1"), ERR_SYNTAX, T(""), T(""), T("")},
    {"an empty token", M, T("user=u\1auth=Bearer \1\1"), ERR_SYNTAX, T(""),
     T(""), T("")},
    {"two tokens", M, T("user=u\1auth=Bearer a\1Auth=Bearer b\1\1"), ERR_SYNTAX,
     T(""), T(""), T("")},
    {"another scheme", M, T("user=u\1auth=Basic t\1\1"), ERR_SYNTAX, T(""),
     T(""), T("")},
    {"no space", M, T("user=u\1auth=Bearert\1\1"), ERR_SYNTAX, T(""), T(""),
     T("")},
    {"a space in the token", M, T("user=u\1auth=Bearer a b\1\1"), ERR_SYNTAX,
     T(""), T(""), T("")},
    {"8-bit in the token", M, T("user=u\1auth=Bearer \xe4\1\1"), ERR_SYNTAX,
     T(""), T(""), T("")},
    {"one separator at the end", M, T("user=u\1auth=Bearer t\1"), ERR_SYNTAX,
     T(""), T(""), T("")},
    {"no separator at the end", M, T("user=u\1auth=Bearer t"), ERR_SYNTAX,
     T(""), T(""), T("")},
    {"bytes behind the end", M, T("user=u\1auth=Bearer t\1\1x"), ERR_SYNTAX,
     T(""), T(""), T("")},
    {"three separators at the end", M, T("user=u\1auth=Bearer t\1\1\1"),
     ERR_SYNTAX, T(""), T(""), T("")},
    {"no key", M, T("=x\1user=u\1auth=Bearer t\1\1"), ERR_SYNTAX, T(""), T(""),
     T("")},
    {"no =", M, T("x\1user=u\1auth=Bearer t\1\1"), ERR_SYNTAX, T(""), T(""),
     T("")},
    {"a key with a digit", M, T("k1=x\1user=u\1auth=Bearer t\1\1"), ERR_SYNTAX,
     T(""), T(""), T("")},
    {"NUL in the user", M, T("user=u\0\1auth=Bearer t\1\1"), ERR_REFUSED, T(""),
     T(""), T("")},
    {"LF in the user", M, T("user=u\n\1auth=Bearer t\1\1"), ERR_REFUSED, T(""),
     T(""), T("")},
    {"CR in the token", M, T("user=u\1auth=Bearer t\r\1\1"), ERR_REFUSED, T(""),
     T(""), T("")},
    {"an OAUTHBEARER message", M, T("n,a=u,\1auth=Bearer t\1\1"), ERR_SYNTAX,
     T(""), T(""), T("")},
#undef M
#define M MECHANISM_OAUTHBEARER
    {"RFC 7628 section 4.1", M,
     T("n,a=user@example.com,\1host=server.example.com\1port=143\1"
       "auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\1\1"),
     ERR_OK, T(""), T("user@example.com"),
     T("vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==")},
    {"no user", M, T("n,,\1auth=Bearer t\1\1"), ERR_OK, T(""), T(""), T("t")},
    {"could bind but does not", M, T("y,a=u,\1auth=BEARER t\1\1"), ERR_OK,
     T(""), T("u"), T("t")},
    {"an escaped user is told as it stands", M,
     T("n,a=a=2Cb=3dc,\1auth=Bearer t\1\1"), ERR_OK, T(""), T("a=2Cb=3dc"),
     T("t")},
    {"the answer to an error", M, T("\1"), ERR_MISSING, T(""), T(""), T("")},
    {"nothing", M, T(""), ERR_SYNTAX, T(""), T(""), T("")},
    {"channel binding", M, T("p=tls-unique,,\1auth=Bearer t\1\1"), ERR_SYNTAX,
     T(""), T(""), T("")},
    {"no flag", M, T(",a=u,\1auth=Bearer t\1\1"), ERR_SYNTAX, T(""), T(""),
     T("")},
    {"the flag of non-standard GSS", M, T("F,n,,\1auth=Bearer t\1\1"),
     ERR_SYNTAX, T(""), T(""), T("")},
    {"no second comma", M, T("n,\1auth=Bearer t\1\1"), ERR_SYNTAX, T(""), T(""),
     T("")},
    {"no a=", M, T("n,u,\1auth=Bearer t\1\1"), ERR_SYNTAX, T(""), T(""), T("")},
    {"an empty a=", M, T("n,a=,\1auth=Bearer t\1\1"), ERR_SYNTAX, T(""), T(""),
     T("")},
    {"an escape that is none", M, T("n,a=x=20,\1auth=Bearer t\1\1"), ERR_SYNTAX,
     T(""), T(""), T("")},
    {"a cut escape", M, T("n,a=x=2,\1auth=Bearer t\1\1"), ERR_SYNTAX, T(""),
     T(""), T("")},
    {"a control character in the user", M, T("n,a=\t,\1auth=Bearer t\1\1"),
     ERR_REFUSED, T(""), T(""), T("")},
    {"bytes behind the header", M, T("n,a=u,x\1auth=Bearer t\1\1"), ERR_SYNTAX,
     T(""), T(""), T("")},
    {"the header alone", M, T("n,a=u,"), ERR_SYNTAX, T(""), T(""), T("")},
    {"no pairs", M, T("n,a=u,\1\1"), ERR_SYNTAX, T(""), T(""), T("")},
    {"no token", M, T("n,a=u,\1host=x\1\1"), ERR_SYNTAX, T(""), T(""), T("")},
    {"an empty auth", M, T("n,a=u,\1auth=\1\1"), ERR_SYNTAX, T(""), T(""),
     T("")},
    {"a second user among the pairs", M,
     T("n,a=u,\1user=root\1auth=Bearer t\1\1"), ERR_SYNTAX, T(""), T(""),
     T("")},
    {"an XOAUTH2 message", M, T("user=u\1auth=Bearer t\1\1"), ERR_SYNTAX, T(""),
     T(""), T("")},
#undef M
};

static void
test_read(void)
{
	for (size_t i = 0; i < COUNT(messages); i++) {
		struct slice in = exact(messages[i].in);
		struct sasl_identity id = {SLICE_EMPTY, SLICE_EMPTY,
					   SLICE_EMPTY};
		const char *shows = messages[i].shows;

		SHOWS(shows, sasl_read(messages[i].mechanism, in, &id) ==
				 messages[i].err);
		SHOWS(shows, slice_eq(id.authzid, messages[i].authzid));
		SHOWS(shows, slice_eq(id.user, messages[i].user));
		SHOWS(shows, slice_eq(id.secret, messages[i].secret));
		exact_free(in);
	}
}

static void
test_names(void)
{
	static const struct {
		const char *shows;
		struct slice in;
		enum err err;
		struct slice out;
	} rows[] = {
	    {"nothing", T(""), ERR_OK, T("")},
	    {"no escapes", T("me@x"), ERR_OK, T("me@x")},
	    {"a comma", T("a=2Cb"), ERR_OK, T("a,b")},
	    {"an equals sign", T("=3D"), ERR_OK, T("=")},
	    {"in lower case", T("=2c=3d"), ERR_OK, T(",=")},
	    {"decoded once", T("=3D2C"), ERR_OK, T("=2C")},
	    {"another escape", T("=41"), ERR_SYNTAX, T("")},
	    {"a cut escape", T("a=2"), ERR_SYNTAX, T("")},
	    {"a lone =", T("a="), ERR_SYNTAX, T("")},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct slice in = exact(rows[i].in);
		size_t len = 0;
		enum err e = sasl_name_decode(
		    in, (unsigned char *)(uintptr_t)in.ptr, &len);

		SHOWS(rows[i].shows, e == rows[i].err);
		SHOWS(rows[i].shows,
		      slice_eq(slice_head(in, len), rows[i].out));
		exact_free(in);
	}
}

static void
test_error_reply(void)
{
	CU_ASSERT_TRUE(sasl_error_reply(SLICE("")));
	CU_ASSERT_TRUE(sasl_error_reply(SLICE("AQ==")));
	CU_ASSERT_FALSE(sasl_error_reply(SLICE("AQE=")));
	CU_ASSERT_FALSE(sasl_error_reply(SLICE("AQ==AQ==")));
	CU_ASSERT_FALSE(sasl_error_reply(SLICE("AQ")));
	CU_ASSERT_FALSE(sasl_error_reply(SLICE("=")));
	CU_ASSERT_FALSE(sasl_error_reply(SLICE("*")));
	CU_ASSERT_FALSE(sasl_error_reply(SLICE("a NOOP")));
}

static void
test_write_plain(void)
{
	static const struct {
		const char *shows;
		struct sasl_identity id;
		struct slice out;
	} rows[] = {
	    {"no authzid", {T(""), T("u"), T("p")}, T("\0u\0p")},
	    {"an authzid", {T("z"), T("u"), T("p")}, T("z\0u\0p")},
	    {"an authzid that is no slice",
	     {{NULL, 0}, T("u"), T("p")},
	     T("\0u\0p")},
	    {"an empty password", {T(""), T("u"), T("")}, T("\0u\0")},
	};
	unsigned char out[16];

	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t n = sasl_write_plain(&rows[i].id, out);

		SHOWS(rows[i].shows, slice_eq(slice_of(out, n), rows[i].out));
	}
}

/* What is told never holds a control character, and PLAIN writes it back. */
static void
try_read(struct slice in)
{
	unsigned char *out = malloc(in.len + 4);
	struct sasl_identity id, again;
	size_t len;

	for (enum mechanism m = 0; m < MECHANISM_COUNT; m++) {
		if (sasl_read(m, in, &id) != ERR_OK)
			continue;
		CU_ASSERT_TRUE(credential_valid(id.authzid));
		CU_ASSERT_TRUE(credential_valid(id.user));
		CU_ASSERT_TRUE(credential_valid(id.secret));
		if (m == MECHANISM_OAUTHBEARER)
			CU_ASSERT_EQUAL(sasl_name_decode(id.user, out, &len),
					ERR_OK);
		if (m != MECHANISM_PLAIN)
			continue;
		len = sasl_write_plain(&id, out);
		CU_ASSERT_EQUAL(sasl_read(m, slice_of(out, len), &again),
				ERR_OK);
		CU_ASSERT_TRUE(slice_eq(id.authzid, again.authzid));
		CU_ASSERT_TRUE(slice_eq(id.secret, again.secret));
	}
	(void)!base64_decode(in, out, &len);
	free(out);
}

static void
test_damage(void)
{
	for (size_t i = 0; i < COUNT(messages); i++)
		each_damage(messages[i].in, try_read);
	for (size_t i = 0; i < COUNT(base64); i++)
		each_damage(base64[i].in, try_read);
}

void
suite_sasl(void)
{
	CU_pSuite s = CU_add_suite("sasl", NULL, NULL);

	CU_add_test(s, "four mechanisms are ours", test_mechanisms);
	CU_add_test(s, "credentials hold no control characters",
		    test_credentials);
	CU_add_test(s, "base64 has one spelling", test_base64_decode);
	CU_add_test(s, "base64 is padded", test_base64_encode);
	CU_add_test(s, "a message is read strictly", test_read);
	CU_add_test(s, "a saslname is decoded once", test_names);
	CU_add_test(s, "an error is answered with nothing or %x01",
		    test_error_reply);
	CU_add_test(s, "PLAIN is written for a backend", test_write_plain);
	CU_add_test(s, "damaged messages do no harm", test_damage);
}
