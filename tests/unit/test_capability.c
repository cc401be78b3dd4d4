/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "imap/capability.h"

#include "unit/input.h"

/* What real servers said before login. */
#define DOVECOT                                                                \
	"IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE LITERAL+ "           \
	"AUTH=PLAIN AUTH=LOGIN"
#define CYRUS                                                                  \
	"IMAP4rev1 LITERAL+ ID ENABLE STARTTLS LOGINDISABLED "                 \
	"AUTH=SCRAM-SHA-1 AUTH=DIGEST-MD5 SASL-IR COMPRESS=DEFLATE"
#define EXCHANGE                                                               \
	"IMAP4 IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR UIDPLUS ID UNSELECT " \
	"CHILDREN IDLE NAMESPACE LITERAL+"

static const struct {
	const char *shows;
	struct slice words;
	unsigned flags;
} flag_rows[] = {
    {"nothing", T(""), 0},
    {"each word", T("IMAP4rev1 IMAP4rev2 SASL-IR ID STARTTLS LOGINDISABLED"),
     CAP_IMAP4REV1 | CAP_IMAP4REV2 | CAP_SASL_IR | CAP_ID | CAP_STARTTLS |
	 CAP_LOGINDISABLED},
    {"literals", T("LITERAL+ literal- BINARY"),
     CAP_LITERAL_PLUS | CAP_LITERAL_MINUS | CAP_BINARY},
    {"mechanisms, in any case", T("auth=plain AUTH=LOGIN Auth=XOAuth2"),
     CAP_AUTH_PLAIN | CAP_AUTH_LOGIN | CAP_AUTH_XOAUTH2},
    {"OAUTHBEARER", T("AUTH=OAUTHBEARER"), CAP_AUTH_OAUTHBEARER},
    {"parts of words", T("IDLE AUTH=PLAIN-PLUS XLITERAL+ SASL-I"), 0},
    {"sloppy spaces", T("  ID   BINARY "), CAP_ID | CAP_BINARY},
};

static void
test_flags(void)
{
	for (size_t i = 0; i < COUNT(flag_rows); i++) {
		struct slice in = exact(flag_rows[i].words);

		SHOWS(flag_rows[i].shows,
		      capability_flags(in) == flag_rows[i].flags);
		exact_free(in);
	}
}

static void
test_has(void)
{
	CU_ASSERT_TRUE(capability_has(SLICE("A B C"), SLICE("b")));
	CU_ASSERT_TRUE(capability_has(SLICE("A  C"), SLICE("C")));
	CU_ASSERT_FALSE(capability_has(SLICE("AB C"), SLICE("B")));
	CU_ASSERT_FALSE(capability_has(SLICE("A"), SLICE("AB")));
	CU_ASSERT_FALSE(capability_has(SLICE("A  C"), SLICE("")));
	CU_ASSERT_FALSE(capability_has(SLICE(""), SLICE("A")));
}

static void
test_passes(void)
{
	static const struct {
		const char *word;
		bool passes;
	} rows[] = {
	    {"IMAP4rev1", true},
	    {"IDLE", true},
	    {"LITERAL+", true},
	    {"THREAD=REFERENCES", true},
	    {"X-GM-EXT-1", true},
	    {"ID", true},
	    {"XCOMPRESS", true},
	    {"STARTTLS", false},
	    {"starttls", false},
	    {"LOGINDISABLED", false},
	    {"AUTH=PLAIN", false},
	    {"AUTH=", false},
	    {"SASL-IR", false},
	    {"COMPRESS=DEFLATE", false},
	    {"compress=deflate", false},
	    {"UNAUTHENTICATE", false},
	    {"LOGIN-REFERRALS", false},
	    {"MAILBOX-REFERRALS", false},
	    {"", false},
	    {"A]", false},
	    {"A\"B", false},
	    {"A{1}", false},
	    {"A\tB", false},
	    {"A\r", false},
	    {"\xc3\xa4", false},
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		SHOWS(rows[i].word, capability_passes(slice_str(
					rows[i].word)) == rows[i].passes);
}

#define CLEAR "IMAP4rev1 STARTTLS LOGINDISABLED ID"

static const struct {
	const char *shows;
	bool tls, plaintext;
	const char *lists[4];
	const char *shown;
} gates[] = {
    {"before TLS, no backend known", false, false, {NULL}, CLEAR},
    {"before TLS, whatever the backends have", false, false, {DOVECOT}, CLEAR},
    {"before TLS with revision 2",
     false,
     false,
     {"IMAP4rev2 AUTH=PLAIN"},
     CLEAR},
    {"no backend known",
     true,
     false,
     {NULL},
     "IMAP4rev1 SASL-IR AUTH=PLAIN ID"},
    {"in clear where that is allowed, no backend known",
     false,
     true,
     {NULL},
     "IMAP4rev1 STARTTLS SASL-IR AUTH=PLAIN ID"},
    {"in clear where that is allowed",
     false,
     true,
     {DOVECOT},
     "IMAP4rev1 STARTTLS SASL-IR AUTH=PLAIN AUTH=LOGIN ID LITERAL- ENABLE "
     "IDLE"},
    {"Dovecot",
     true,
     false,
     {DOVECOT},
     "IMAP4rev1 SASL-IR AUTH=PLAIN AUTH=LOGIN ID LITERAL- ENABLE IDLE"},
    {"Cyrus",
     true,
     false,
     {CYRUS},
     "IMAP4rev1 SASL-IR AUTH=PLAIN ID LITERAL- ENABLE"},
    {"Exchange",
     true,
     false,
     {EXCHANGE},
     "IMAP4rev1 SASL-IR AUTH=PLAIN AUTH=XOAUTH2 ID LITERAL- IMAP4 UIDPLUS "
     "UNSELECT CHILDREN IDLE NAMESPACE"},
    {"what two have in common",
     true,
     false,
     {DOVECOT, CYRUS},
     "IMAP4rev1 SASL-IR AUTH=PLAIN ID LITERAL- ENABLE"},
    {"what three have in common",
     true,
     false,
     {DOVECOT, EXCHANGE, CYRUS},
     "IMAP4rev1 SASL-IR AUTH=PLAIN ID LITERAL-"},
    {"an empty list leaves what the gate does",
     true,
     false,
     {DOVECOT, ""},
     "IMAP4rev1 SASL-IR AUTH=PLAIN ID"},
    {"words fold case, the first list's spelling is shown",
     true,
     false,
     {"IMAP4REV1 Idle", "imap4rev1 IDLE"},
     "IMAP4rev1 SASL-IR AUTH=PLAIN ID Idle"},
    {"revision 2 if all have it",
     true,
     false,
     {"IMAP4rev1 IMAP4rev2", "IMAP4rev2 IMAP4rev1"},
     "IMAP4rev1 IMAP4rev2 SASL-IR AUTH=PLAIN ID LITERAL-"},
    {"not if one has it not",
     true,
     false,
     {"IMAP4rev1 IMAP4rev2", "IMAP4rev1"},
     "IMAP4rev1 SASL-IR AUTH=PLAIN ID"},
    {"revision 2 alone",
     true,
     false,
     {"IMAP4rev2"},
     "IMAP4rev2 SASL-IR AUTH=PLAIN ID LITERAL-"},
    {"LITERAL- by three different words",
     true,
     false,
     {"IMAP4rev1 LITERAL+", "IMAP4rev1 LITERAL-", "IMAP4rev1 IMAP4rev2"},
     "IMAP4rev1 SASL-IR AUTH=PLAIN ID LITERAL-"},
    {"no LITERAL- if one has none of the words",
     true,
     false,
     {"IMAP4rev1 LITERAL+", "IMAP4rev1"},
     "IMAP4rev1 SASL-IR AUTH=PLAIN ID"},
    {"LITERAL+ never",
     true,
     false,
     {"IMAP4rev1 LITERAL+", "IMAP4rev1 LITERAL+"},
     "IMAP4rev1 SASL-IR AUTH=PLAIN ID LITERAL-"},
    {"OAuth if all have it",
     true,
     false,
     {"AUTH=XOAUTH2 AUTH=OAUTHBEARER", "AUTH=OAUTHBEARER AUTH=XOAUTH2"},
     "IMAP4rev1 SASL-IR AUTH=PLAIN AUTH=XOAUTH2 AUTH=OAUTHBEARER ID"},
    {"OAuth that one has not",
     true,
     false,
     {"AUTH=XOAUTH2 AUTH=OAUTHBEARER", "AUTH=OAUTHBEARER"},
     "IMAP4rev1 SASL-IR AUTH=PLAIN AUTH=OAUTHBEARER ID"},
    {"no mechanism but our own",
     true,
     false,
     {"AUTH=GSSAPI AUTH=CRAM-MD5 AUTH=SCRAM-SHA-256 AUTH=EXTERNAL"},
     "IMAP4rev1 SASL-IR AUTH=PLAIN ID"},
    {"X-PLUS hides X",
     true,
     false,
     {"AUTH=OAUTHBEARER", "AUTH=OAUTHBEARER auth=oauthbearer-plus"},
     "IMAP4rev1 SASL-IR AUTH=PLAIN ID"},
    {"but never PLAIN",
     true,
     false,
     {"AUTH=PLAIN AUTH=PLAIN-PLUS AUTH=-PLUS"},
     "IMAP4rev1 SASL-IR AUTH=PLAIN ID"},
    {"what must not pass a gate",
     true,
     false,
     {"IMAP4rev1 STARTTLS LOGINDISABLED COMPRESS=DEFLATE UNAUTHENTICATE "
      "LOGIN-REFERRALS MAILBOX-REFERRALS IDLE"},
     "IMAP4rev1 SASL-IR AUTH=PLAIN ID IDLE"},
    {"no word twice",
     true,
     false,
     {"ID IDLE idle ID AUTH=PLAIN AUTH=PLAIN IDLE"},
     "IMAP4rev1 SASL-IR AUTH=PLAIN ID IDLE"},
    {"no word that would break the response",
     true,
     false,
     {"IMAP4rev1 X] \"Y {3} Z\xe4 IDLE"},
     "IMAP4rev1 SASL-IR AUTH=PLAIN ID IDLE"},
    {"sloppy spaces",
     true,
     false,
     {" IDLE  ENABLE ", "ENABLE   IDLE"},
     "IMAP4rev1 SASL-IR AUTH=PLAIN ID IDLE ENABLE"},
};

/* Runs row i with an output of just cap bytes; the result is the caller's. */
static struct slice
gate(size_t i, size_t cap)
{
	char *out = malloc(cap > 0 ? cap : 1);
	struct slice lists[4];
	size_t n = 0, len;

	for (; n < 4 && gates[i].lists[n]; n++)
		lists[n] = exact(slice_str(gates[i].lists[n]));
	len = capability_gate(lists, n, gates[i].tls, gates[i].plaintext, out,
			      cap);
	while (n > 0)
		exact_free(lists[--n]);
	return slice_of(out, len);
}

static void
test_gate(void)
{
	for (size_t i = 0; i < COUNT(gates); i++) {
		struct slice shown = slice_str(gates[i].shown);
		struct slice out = gate(i, 512), fit = gate(i, shown.len);

		SHOWS(gates[i].shows, slice_eq(out, shown));
		SHOWS(gates[i].shows, slice_eq(fit, shown));
		exact_free(out);
		exact_free(fit);
	}
}

static void
test_gate_cut(void)
{
	for (size_t i = 0; i < COUNT(gates); i++) {
		struct slice shown = slice_str(gates[i].shown);

		for (size_t cap = 0; cap < shown.len; cap++) {
			struct slice out = gate(i, cap), rest = out, word;

			SHOWS(gates[i].shows, out.len <= cap);
			while (capability_next(&rest, &word))
				SHOWS(gates[i].shows,
				      capability_has(shown, word));
			exact_free(out);
		}
	}
}

static void
try_gate(struct slice in)
{
	struct slice lists[2] = {in, in}, word;
	char out[512];
	struct slice shown =
	    slice_of(out, capability_gate(lists, 2, true, false, out, 512));

	(void)capability_flags(in);
	CU_ASSERT_TRUE(capability_has(shown, SLICE("AUTH=PLAIN")));
	while (capability_next(&shown, &word))
		CU_ASSERT_TRUE(capability_passes(word) ||
			       slice_istarts(word, SLICE("AUTH=")) ||
			       slice_eq(word, SLICE("SASL-IR")));
}

static void
test_damage(void)
{
	each_damage(SLICE(DOVECOT), try_gate);
	each_damage(SLICE(CYRUS), try_gate);
	each_damage(SLICE("AUTH=OAUTHBEARER AUTH=OAUTHBEARER-PLUS"), try_gate);
}

void
suite_capability(void)
{
	CU_pSuite s = CU_add_suite("capability", NULL, NULL);

	CU_add_test(s, "known words become flags", test_flags);
	CU_add_test(s, "a list has whole words", test_has);
	CU_add_test(s, "after login only harmless words pass", test_passes);
	CU_add_test(s, "the gate shows what all backends can do", test_gate);
	CU_add_test(s, "what does not fit is left out by words", test_gate_cut);
	CU_add_test(s, "damaged lists do no harm", test_damage);
}
