/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * test_cause.c - what clients were seen to do, and what we make of it.
 */
#include "tls/cause.h"

#include <CUnit/CUnit.h>

#include <stdio.h>
#include <string.h>

void suite_cause(void);

/* What was wrong with the certificate, and the cause that we must find. */
enum fault {
	EXPIRED,
	NOT_YET,
	WRONG_HOST,
	UNKNOWN,
	SELF,
	NO_ISSUER,
	USAGE,
	SHA1,
	RSA1024,
	FAULTS
};

static const struct {
	const char *name;
	unsigned flaws;
	enum cause cause;
} faults[FAULTS] = {
    [EXPIRED] = {"expired", FLAW_EXPIRED, CAUSE_CERTIFICATE_EXPIRED},
    [NOT_YET] = {"not yet", FLAW_EARLY, CAUSE_CERTIFICATE_NOT_YET_VALID},
    [WRONG_HOST] = {"wrong host", FLAW_NAME, CAUSE_NAME_MISMATCH},
    [UNKNOWN] = {"unknown CA", 0, CAUSE_UNKNOWN_CA},
    [SELF] = {"self-signed", FLAW_SELF_SIGNED, CAUSE_SELF_SIGNED},
    [NO_ISSUER] = {"no intermediate", FLAW_ALONE | FLAW_INCOMPLETE,
		   CAUSE_MISSING_INTERMEDIATE},
    [USAGE] = {"for clients only", FLAW_PURPOSE, CAUSE_WRONG_USAGE},
    [SHA1] = {"SHA-1", FLAW_SIGNATURE, CAUSE_WEAK_SIGNATURE},
    [RSA1024] = {"RSA-1024", FLAW_KEY, CAUSE_WEAK_KEY},
};

/* Cells: an alert's number, or one of these. */
enum { TAKEN = 0, GONE = -1, BYE = -2, RST = -3 };

enum how { NOW, CLEARTEXT, LATER }; /* in what form the alert came */

/* clang-format off */
/*
 * Measured against a private CA that the clients have, November 2026. Where
 * a client takes a faulty certificate, there is nothing to be diagnosed.
 */
static const struct {
	const char *who;
	enum family family;
	enum tls_version version;
	enum how how;
	signed char cells[FAULTS];
	/* Does it name the cause, or has it one answer for all? */
	bool vague;
} matrix[] = {
#define V12 TLS_VERSION_12
#define V13 TLS_VERSION_13
    /*  expired, not yet, host, unknown, self, issuer, usage, SHA-1, RSA */
    {"openssl s_client, imaplib, fetchmail", FAMILY_OPENSSL, V13, CLEARTEXT,
     {45, 42, 42, 48, 48, 48, 43, 42, 42}, false},
    {"the same", FAMILY_OPENSSL, V12, NOW,
     {45, 42, 42, 48, 48, 48, 43, 42, 42}, false},
    {"curl", FAMILY_OPENSSL, V13, CLEARTEXT,
     {45, 42, BYE, 48, 48, 48, 43, 42, 42}, false},
    {"curl", FAMILY_OPENSSL, V12, NOW,
     {45, 42, BYE, 48, 48, 48, 43, 42, 42}, false},
    {"gnutls-cli", FAMILY_GNUTLS, V13, NOW,
     {42, 42, 42, 42, 42, 42, 42, 42, TAKEN}, true},
    {"gnutls-cli", FAMILY_GNUTLS, V12, NOW,
     {42, 42, 42, 42, 42, 42, 42, 42, TAKEN}, true},
    {"tstclnt", FAMILY_NSS, V13, NOW,
     {45, 45, 42, 48, 48, 48, 46, TAKEN, TAKEN}, false},
    {"tstclnt", FAMILY_NSS, V12, LATER,
     {45, 45, 42, 48, 48, 48, 46, TAKEN, TAKEN}, false},
    {"OpenJDK 17", FAMILY_JAVA, V13, NOW,
     {46, 46, 46, 46, 46, 46, 46, TAKEN, TAKEN}, true},
    {"OpenJDK 17", FAMILY_JAVA, V12, NOW,
     {45, 42, 46, 46, 46, 46, 46, TAKEN, TAKEN}, false},
    {"Node 20", FAMILY_NODE, V13, NOW,
     {RST, RST, RST, RST, RST, RST, RST, RST, TAKEN}, true},
    {"Node 20", FAMILY_NODE, V12, NOW,
     {GONE, GONE, GONE, GONE, GONE, GONE, GONE, GONE, TAKEN}, true},
    {"mbsync", FAMILY_OPENSSL, V13, NOW,
     {GONE, TAKEN, GONE, GONE, TAKEN, TAKEN, TAKEN, TAKEN, TAKEN}, true},
    {"mbsync", FAMILY_OPENSSL, V12, NOW,
     {RST, TAKEN, RST, RST, TAKEN, TAKEN, TAKEN, TAKEN, TAKEN}, true},
    {"wget", FAMILY_GNUTLS, V13, NOW,
     {GONE, GONE, GONE, GONE, GONE, GONE, TAKEN, GONE, TAKEN}, true},
    {"wget", FAMILY_GNUTLS, V12, NOW,
     {GONE, GONE, GONE, GONE, GONE, GONE, TAKEN, GONE, TAKEN}, true},
    /* Known from their sources; the first is the rule for strangers. */
    {"whoever it is", FAMILY_UNKNOWN, V13, NOW,
     {45, 45, 42, 48, 48, 48, 43, 42, 42}, false},
    {"Thunderbird", FAMILY_NSS, V13, NOW,
     {45, 42, 42, 48, 42, 48, 46, 42, 42}, false},
    {"Conscrypt", FAMILY_CONSCRYPT, V13, NOW,
     {46, 46, 46, 46, 46, 46, 46, 46, 46}, true},
    {"BoringSSL", FAMILY_BORINGSSL, V13, NOW,
     {45, 45, 42, 48, 48, 48, 43, 42, 42}, false},
    {"Secure Transport", FAMILY_APPLE, V12, NOW,
     {45, 45, 46, 48, 48, 48, 46, 46, 46}, false},
    {"Network.framework", FAMILY_APPLE, V13, NOW,
     {46, 46, 46, 46, 46, 46, 46, 46, 46}, true},
    {"Go", FAMILY_GO, V13, NOW,
     {42, 42, 42, 42, 42, 42, 42, 42, 42}, true},
    {"wolfSSL", FAMILY_WOLFSSL, V13, NOW,
     {45, 45, 42, 48, 48, 48, 42, 42, 42}, false},
    {"rustls", FAMILY_RUSTLS, V13, NOW,
     {45, 45, 42, 48, 48, 48, 42, 42, 42}, false},
};
/* clang-format on */

static struct symptom
symptom_of(size_t row, enum fault f)
{
	signed char cell = matrix[row].cells[f];
	struct symptom y = {.alert = cell > 0 ? cell : -1,
			    .version = matrix[row].version,
			    .family = matrix[row].family,
			    .flaws = faults[f].flaws};

	y.stage = cell == GONE || cell == BYE || matrix[row].how == LATER
		      ? STAGE_GREETING
		      : STAGE_HANDSHAKE;
	y.signal = cell == GONE                   ? SIGNAL_EOF
		   : cell == BYE                  ? SIGNAL_CLOSE_NOTIFY
		   : cell == RST                  ? SIGNAL_RESET
		   : matrix[row].how == CLEARTEXT ? SIGNAL_PLAINTEXT_ALERT
						  : SIGNAL_ALERT;
	return y;
}

static const char *
text_of(const struct diagnosis *d)
{
	static char text[512];
	size_t n = 0;

	text[0] = '\0';
	for (size_t i = 0; i < d->count; i++)
		n += (size_t)snprintf(text + n, sizeof text - n, "%s%s",
				      i > 0 ? " " : "",
				      cause_name(d->causes[i]));
	(void)snprintf(text + n, sizeof text - n, ", %s",
		       confidence_name(d->confidence));
	return text;
}

/* E.8: high only where the client names it and we see it ourselves. */
static enum confidence
confidence_due(size_t row, enum fault f)
{
	bool seen = f != UNKNOWN && f != NO_ISSUER;

	if (matrix[row].cells[f] < 0)
		return CONFIDENCE_LOW;
	if (matrix[row].family == FAMILY_UNKNOWN && matrix[row].cells[f] == 42)
		seen = false; /* from some it is all they have */
	return seen && !matrix[row].vague && matrix[row].cells[f] != 46
		   ? CONFIDENCE_HIGH
		   : CONFIDENCE_MEDIUM;
}

static void
every_cell(void)
{
	for (size_t row = 0; row < sizeof matrix / sizeof matrix[0]; row++)
		for (enum fault f = 0; f < FAULTS; f++) {
			struct symptom y = symptom_of(row, f);
			struct diagnosis d;

			if (matrix[row].cells[f] == TAKEN)
				continue;
			cause_judge(&y, &d);
			if (d.count > 0 && d.causes[0] == faults[f].cause)
				continue;
			printf("%s, %s: %s\n", matrix[row].who, faults[f].name,
			       text_of(&d));
			CU_FAIL("another cause comes first");
		}
	CU_PASS("all cells");
}

static void
every_confidence(void)
{
	for (size_t row = 0; row < sizeof matrix / sizeof matrix[0]; row++)
		for (enum fault f = 0; f < FAULTS; f++) {
			struct symptom y = symptom_of(row, f);
			struct diagnosis d;

			if (matrix[row].cells[f] == TAKEN ||
			    (matrix[row].family == FAMILY_NSS && f == USAGE))
				continue; /* that one names it by 46 */
			cause_judge(&y, &d);
			if (d.confidence == confidence_due(row, f))
				continue;
			printf("%s, %s: %s\n", matrix[row].who, faults[f].name,
			       text_of(&d));
			CU_FAIL("another confidence");
		}
	CU_PASS("all cells");
}

#define ALERT(n) SIGNAL_ALERT, STAGE_HANDSHAKE, n
#define OURS(n)  SIGNAL_OUR_ALERT, STAGE_HANDSHAKE, n

/* clang-format off */
/* Without a family, without flaws, and what else may happen. */
static const struct {
	const char *shows;
	enum tls_signal signal;
	enum tls_stage stage;
	int alert;
	unsigned flaws, hints;
	enum family family;
	const char *text;
} rows[] = {
    /* Alerts of nobody we know: what comes first for any. */
    {"48", ALERT(48), 0, 0, 0,
     "unknown_ca interception, medium"},
    {"45", ALERT(45), 0, 0, 0,
     "client_clock interception, medium"},
    {"42", ALERT(42), 0, 0, 0,
     "unknown_ca client_clock interception, medium"},
    {"42 without a name", ALERT(42), 0, HINT_NO_NAME, 0,
     "name_mismatch unknown_ca client_clock interception, medium"},
    {"46", ALERT(46), 0, 0, 0,
     "unknown_ca client_clock interception, medium"},
    {"43", ALERT(43), 0, 0, 0,
     "broken_client, medium"},
    {"44", ALERT(44), 0, 0, 0,
     "revoked, medium"},
    {"49", ALERT(49), 0, 0, 0,
     "unknown_ca user_declined, medium"},
    {"51", ALERT(51), 0, 0, 0,
     "bad_signature interception, medium"},
    {"51 after a ticket", ALERT(51), 0, HINT_RESUMED, 0,
     "stale_ticket, medium"},
    {"113", ALERT(113), 0, 0, 0,
     "bad_staple, medium"},
    {"40", ALERT(40), 0, 0, 0,
     "no_common_cipher no_common_group interception, medium"},
    {"47 for a group that we do not have", ALERT(47), 0, HINT_NO_GROUP, 0,
     "no_common_group, high"},
    {"70", ALERT(70), 0, 0, 0,
     "no_common_version, medium"},
    {"71", ALERT(71), 0, 0, 0,
     "no_common_cipher, medium"},
    {"80 of Apple", ALERT(80), 0, 0, FAMILY_APPLE,
     "unknown_ca user_declined, medium"},
    {"80 of others", ALERT(80), 0, 0, 0,
     "broken_client interception, medium"},
    {"90", ALERT(90), 0, 0, 0,
     "user_declined broken_client, medium"},
    {"120", ALERT(120), 0, 0, 0,
     "no_alpn, medium"},
    {"one that is not registered", ALERT(200), 0, 0, 0,
     "broken_client interception, medium"},
    /* The clock of one client, when our dates are right. */
    {"45 of OpenSSL, a valid certificate", ALERT(45), 0, 0, FAMILY_OPENSSL,
     "client_clock interception, medium"},
    {"42 of OpenSSL, nothing wrong", ALERT(42), 0, 0, FAMILY_OPENSSL,
     "client_clock interception, medium"},
    {"42 of OpenSSL, another name", ALERT(42), FLAW_NAME, 0, FAMILY_OPENSSL,
     "name_mismatch, high"},
    {"42 of OpenSSL, two faults",
     ALERT(42), FLAW_NAME | FLAW_KEY, 0, FAMILY_OPENSSL,
     "name_mismatch weak_key, high"},
    {"48 of NSS, an expired issuer", ALERT(48), FLAW_EXPIRED, 0, FAMILY_NSS,
     "certificate_expired, high"},
    {"48, the leaf alone", ALERT(48), FLAW_ALONE, 0, FAMILY_OPENSSL,
     "unknown_ca missing_intermediate interception, medium"},
    {"48, and its issuer could be fetched",
     ALERT(48), FLAW_ALONE | FLAW_INCOMPLETE, 0, FAMILY_OPENSSL,
     "missing_intermediate unknown_ca interception, medium"},
    {"what a family does not mind",
     ALERT(46), FLAW_LIFETIME | FLAW_NO_PURPOSE | FLAW_CA, 0, FAMILY_CONSCRYPT,
     "unknown_ca client_clock interception, medium"},
    {"... and what it minds", ALERT(46), FLAW_LIFETIME, 0, FAMILY_APPLE,
     "lifetime_too_long, medium"},
    {"no purpose is one for Apple", ALERT(46), FLAW_NO_PURPOSE, 0, FAMILY_APPLE,
     "wrong_usage, medium"},
    {"a CA as leaf, for Thunderbird", ALERT(42), FLAW_CA, 0, FAMILY_NSS,
     "wrong_usage, high"},
    {"who resumed has seen no certificate",
     ALERT(46), FLAW_EXPIRED, HINT_RESUMED, FAMILY_JAVA,
     "interception, medium"},
    /* Ours. */
    {"version", OURS(70), 0, 0, 0,
     "no_common_version, high"},
    {"suite", OURS(40), FLAW_EXPIRED, 0, 0,
     "no_common_cipher, high"},
    {"group", OURS(40), 0, HINT_NO_GROUP, 0,
     "no_common_group, high"},
    {"ALPN", OURS(120), 0, 0, 0,
     "no_alpn, high"},
    {"name", OURS(112), 0, 0, 0,
     "server_name_unknown, high"},
    {"no client certificate", OURS(116), 0, 0, 0,
     "client_certificate_missing, high"},
    {"an expired client certificate", OURS(45), 0, 0, 0,
     "client_certificate_refused, high"},
    {"a binder", OURS(51), 0, 0, 0,
     "stale_ticket broken_client, medium"},
    {"a malformed message", OURS(50), 0, 0, 0,
     "broken_client probe, medium"},
    {"our own trouble", OURS(80), 0, 0, 0,
     ", medium"},
    /* Before there is TLS. */
    {"silence on the TLS port",
     SIGNAL_TIMEOUT, STAGE_CONNECT, -1, 0, HINT_PAUSE, 0,
     "starttls_expected probe, medium"},
    {"it gives up earlier than we",
     SIGNAL_EOF, STAGE_CONNECT, -1, 0, HINT_PAUSE, 0,
     "starttls_expected probe, low"},
    {"it comes and goes", SIGNAL_EOF, STAGE_CONNECT, -1, 0, HINT_AT_ONCE, 0,
     "probe, low"},
    {"... on the STARTTLS port",
     SIGNAL_RESET, STAGE_CONNECT, -1, 0, HINT_CLEAR | HINT_PAUSE, 0,
     "probe, low"},
    {"silence there",
     SIGNAL_TIMEOUT, STAGE_CONNECT, -1, 0, HINT_CLEAR | HINT_PAUSE, 0,
     "probe, low"},
    {"half a hello", SIGNAL_TIMEOUT, STAGE_HELLO, -1, 0, HINT_PAUSE, 0,
     "path_mtu probe, low"},
    {"half a hello, and gone", SIGNAL_EOF, STAGE_HELLO, -1, 0, 0, 0,
     "probe path_mtu broken_client, low"},
    {"clear text", SIGNAL_CLEARTEXT, STAGE_HELLO, -1, 0, 0, 0,
     "cleartext_on_tls_port, high"},
    {"HTTP", SIGNAL_CLEARTEXT, STAGE_HELLO, -1, 0, HINT_FOREIGN, 0,
     "probe, medium"},
    {"SSL 2", SIGNAL_CLEARTEXT, STAGE_HELLO, -1, 0, HINT_OLD_HELLO, 0,
     "no_common_version, high"},
    {"TLS on 143", SIGNAL_TLS_ON_STARTTLS, STAGE_HELLO, -1, 0, 0, FAMILY_NSS,
     "tls_on_starttls_port, high"},
    {"malformed", SIGNAL_MALFORMED, STAGE_HELLO, -1, 0, 0, 0,
     "broken_client probe, medium"},
    /* Without a word. */
    {"our flight never arrives",
     SIGNAL_TIMEOUT, STAGE_HANDSHAKE, -1, FLAW_EXPIRED, HINT_PAUSE | HINT_UNTAKEN, 0,
     "path_mtu, medium"},
    {"a prompt within the handshake",
     SIGNAL_TIMEOUT, STAGE_HANDSHAKE, -1, 0, HINT_PAUSE, FAMILY_APPLE,
     "user_declined unknown_ca interception, low"},
    {"a prompt, and no",
     SIGNAL_EOF, STAGE_GREETING, -1, 0, HINT_PAUSE, FAMILY_GNUTLS,
     "user_declined unknown_ca interception, low"},
    {"a prompt about a fault",
     SIGNAL_EOF, STAGE_GREETING, -1, FLAW_NAME, HINT_PAUSE, FAMILY_SCHANNEL,
     "name_mismatch user_declined, low"},
    {"a health check",
     SIGNAL_EOF, STAGE_GREETING, -1, 0, HINT_AT_ONCE | HINT_NO_NAME, 0,
     "probe name_mismatch unknown_ca interception, low"},
    {"a health check that meets a fault",
     SIGNAL_RESET, STAGE_GREETING, -1, FLAW_EXPIRED, HINT_AT_ONCE | HINT_NO_NAME, 0,
     "certificate_expired probe, low"},
    {"close_notify of an OpenSSL program",
     SIGNAL_CLOSE_NOTIFY, STAGE_GREETING, -1, 0, 0, FAMILY_OPENSSL,
     "probe interception, low"},
    {"a reset behind our hello", SIGNAL_RESET, STAGE_HANDSHAKE, -1, 0, 0, 0,
     "unknown_ca interception probe, low"},
    {"nothing of the kind", SIGNAL_NONE, STAGE_GREETING, -1, FLAW_EXPIRED, 0, 0,
     ", low"},
};
/* clang-format on */

static void
every_row(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct symptom y = {.signal = rows[i].signal,
				    .stage = rows[i].stage,
				    .alert = rows[i].alert,
				    .version = TLS_VERSION_13,
				    .family = rows[i].family,
				    .flaws = rows[i].flaws,
				    .hints = rows[i].hints};
		struct diagnosis d;

		cause_judge(&y, &d);
		if (strcmp(text_of(&d), rows[i].text) != 0) {
			printf("%s: %s\n", rows[i].shows, text_of(&d));
			CU_FAIL(rows[i].shows);
		}
	}
	CU_PASS("all rows");
}

/*
 * Anybody can forge an alert: where our certificate is fine, none makes us say
 * that it is not, and none makes us sure.
 */
static void
forged(void)
{
	for (int alert = 0; alert < 256; alert++)
		for (int family = 0; family < FAMILIES; family++) {
			struct symptom y = {.signal = SIGNAL_PLAINTEXT_ALERT,
					    .stage = STAGE_HANDSHAKE,
					    .alert = alert,
					    .version = TLS_VERSION_13,
					    .family = (enum family)family};
			struct diagnosis d;

			cause_judge(&y, &d);
			CU_ASSERT_TRUE(d.count > 0 &&
				       d.confidence < CONFIDENCE_HIGH);
			for (size_t i = 0; i < d.count; i++)
				for (size_t f = 0; f < FAULTS; f++)
					CU_ASSERT_TRUE(faults[f].flaws == 0 ||
						       d.causes[i] !=
							   faults[f].cause);
		}
}

/* Whatever happens: bounded, no cause twice. */
static void
anything(void)
{
	for (uint32_t n = 0; n < 200000; n++) {
		uint32_t r = n * 2654435761u;
		struct symptom y = {
		    .signal = (enum tls_signal)(r % SIGNALS),
		    .stage = (enum tls_stage)((r >> 4) % STAGES),
		    .alert = (int)((r >> 7) % 130) - 1,
		    .version = (enum tls_version)((r >> 14) % 3),
		    .family = (enum family)((r >> 16) % FAMILIES),
		    .flaws = (r * 31) >> 19,
		    .hints = (r * 17) >> 23,
		};
		struct diagnosis d;

		cause_judge(&y, &d);
		CU_ASSERT_TRUE_FATAL(d.count <= DIAGNOSIS_CAUSES);
		for (size_t i = 0; i < d.count; i++)
			for (size_t k = 0; k < i; k++)
				CU_ASSERT_NOT_EQUAL(d.causes[i], d.causes[k]);
	}
}

static void
names(void)
{
	CU_ASSERT_STRING_EQUAL(signal_name(SIGNAL_PLAINTEXT_ALERT),
			       "plaintext_alert");
	CU_ASSERT_STRING_EQUAL(stage_name(STAGE_GREETING), "greeting");
	CU_ASSERT_STRING_EQUAL(alert_name(48), "unknown_ca");
	CU_ASSERT_STRING_EQUAL(alert_name(0), "close_notify");
	CU_ASSERT_PTR_NULL(alert_name(1));
	CU_ASSERT_PTR_NULL(alert_name(-1));
	for (int i = CAUSE_NONE + 1; i < CAUSES; i++) {
		const char *advice = cause_advice((enum cause)i);

		CU_ASSERT_TRUE(strlen(cause_name((enum cause)i)) > 4);
		CU_ASSERT_EQUAL(advice[strlen(advice) - 1], '.');
		for (int k = CAUSE_NONE; k < i; k++)
			CU_ASSERT_STRING_NOT_EQUAL(cause_name((enum cause)i),
						   cause_name((enum cause)k));
	}
}

void
suite_cause(void)
{
	CU_pSuite suite = CU_add_suite("cause", NULL, NULL);

	CU_add_test(suite, "each client is understood with each fault",
		    every_cell);
	CU_add_test(suite, "confidence is what the client said and we see",
		    every_confidence);
	CU_add_test(suite, "what else may happen has its causes", every_row);
	CU_add_test(suite, "a forged alert is never believed against us",
		    forged);
	CU_add_test(suite, "any symptom gets an answer", anything);
	CU_add_test(suite, "everything has a name of its own", names);
}
