/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reason.c - why a connection failed, for the person who reads the event.
 */
#include "tls/cause.h"
#include "tls/internal.h"

#include <wolfssl/error-ssl.h>
#include <wolfssl/wolfcrypt/error-crypt.h>

/*
 * RFC 8446 section 6 and appendix B.2. What the peer told us is worth more
 * than how the library took it. Without a sentence: only servers send it.
 */
static const struct {
	int number;
	const char *name, *text;
} alerts[] = {
    {0, "close_notify", NULL},
    {10, "unexpected_message",
     "the client met an unexpected message (alert 10)"},
    {20, "bad_record_mac", "the client could not decrypt a record (alert 20)"},
    {22, "record_overflow",
     "the client met a record that is too long (alert 22)"},
    {40, "handshake_failure",
     "the client found no common parameters (alert 40)"},
    {42, "bad_certificate",
     "the client refuses our certificate as bad (alert 42)"},
    {43, "unsupported_certificate",
     "the client does not support our certificate's type (alert 43)"},
    {44, "certificate_revoked",
     "the client holds our certificate for revoked (alert 44)"},
    {45, "certificate_expired",
     "the client holds our certificate for expired (alert 45)"},
    {46, "certificate_unknown",
     "the client does not accept our certificate (alert 46)"},
    {47, "illegal_parameter", "the client met an illegal parameter (alert 47)"},
    {48, "unknown_ca",
     "the client does not know the issuer of our certificate (alert 48)"},
    {49, "access_denied", "the client denies access (alert 49)"},
    {50, "decode_error", "the client could not read a message (alert 50)"},
    {51, "decrypt_error", "the client could not verify a signature (alert 51)"},
    {70, "protocol_version",
     "the client does not accept our TLS versions (alert 70)"},
    {71, "insufficient_security",
     "the client wants stronger parameters (alert 71)"},
    {80, "internal_error", "the client had an internal error (alert 80)"},
    {86, "inappropriate_fallback", "the client refuses a fallback (alert 86)"},
    {90, "user_canceled", "the client's user gave up (alert 90)"},
    {109, "missing_extension", "the client misses an extension (alert 109)"},
    {110, "unsupported_extension",
     "the client did not ask for an extension (alert 110)"},
    {112, "unrecognized_name",
     "the client does not recognise the name (alert 112)"},
    {113, "bad_certificate_status_response",
     "the client refuses the certificate status (alert 113)"},
    {115, "unknown_psk_identity", NULL},
    {116, "certificate_required", "the client wants a certificate (alert 116)"},
    {120, "no_application_protocol",
     "the client found no common protocol (alert 120)"},
    {121, "ech_required", NULL},
};

static const struct {
	int code;
	const char *text;
} codes[] = {
    {VERSION_ERROR, "the client's TLS version is too old"},
    {MATCH_SUITE_ERROR, "no cipher suite in common"},
    /* 5.9.2 says only this when no suite matches. */
    {WOLFSSL_ERROR_SYSCALL, "no cipher suite or signature in common"},
    {BAD_KEY_SHARE_DATA, "no key exchange group in common"},
    {ECC_CURVE_ERROR, "no key exchange group in common"},
    {UNKNOWN_ALPN_PROTOCOL_NAME_E, "the client wants no IMAP (ALPN)"},
    {UNKNOWN_RECORD_TYPE, "not a TLS record"},
    {LENGTH_ERROR, "TLS record of a wrong length"},
    {BUFFER_ERROR, "TLS message of a wrong length"},
    {INCOMPLETE_DATA, "TLS message of a wrong length"},
    {PARSE_ERROR, "malformed TLS message"},
    {EMPTY_RECORD_LIMIT_E, "too many TLS records without text"},
    {OUT_OF_ORDER_E, "TLS message out of order"},
    {DUPLICATE_MSG_E, "TLS message sent twice, as for a renegotiation"},
    {SANITY_MSG_E, "TLS message out of place"},
    {DECRYPT_ERROR, "TLS record that does not decrypt"},
    {VERIFY_MAC_ERROR, "TLS record that does not decrypt"},
    {AES_GCM_AUTH_E, "TLS record that does not decrypt"},
    {MAC_CMP_FAILED_E, "TLS record that does not decrypt"},
    {VERIFY_FINISHED_ERROR, "the handshake was altered on its way"},
    {BAD_BINDER, "the client cannot prove that the ticket is its own"},
    {SECURE_RENEGOTIATION_E, "the client wants to renegotiate"},
    {EXT_MASTER_SECRET_NEEDED_E, "no extended master secret in a resumption"},
    {INVALID_PARAMETER, "illegal parameter in the handshake"},
    {UNSUPPORTED_EXTENSION, "unsupported extension in the handshake"},
    {EXT_MISSING, "an extension is missing in the handshake"},
    {NO_PEER_CERT, "the client has shown no certificate"},
    {ASN_NO_SIGNER_E, "the client's certificate is from an unknown issuer"},
    {ASN_SELF_SIGNED_E, "the client's certificate is from an unknown issuer"},
    {ASN_SIG_CONFIRM_E,
     "the client's certificate is not signed by the issuer that it names"},
    {ASN_PARSE_E, "the client's certificate or signature is malformed"},
    {ASN_AFTER_DATE_E, "the client's certificate has expired"},
    {ASN_BEFORE_DATE_E, "the client's certificate is not valid yet"},
    {EXTKEYUSE_AUTH_E, "the client's certificate is not meant for clients"},
    {CRL_CERT_REVOKED, "the client's certificate has been revoked"},
    {CRL_MISSING, "there is no list of revoked certificates from the issuer "
		  "of the client's"},
    {CRL_CERT_DATE_ERR, "the list of revoked certificates has expired"},
    {RSA_KEY_SIZE_E, "the client's certificate has a weak key"},
    {ECC_KEY_SIZE_E, "the client's certificate has a weak key"},
    {MAX_CHAIN_ERROR, "the client's chain of certificates is too long"},
    {VERIFY_CERT_ERROR, "the client's certificate is not accepted"},
    {MEMORY_E, "out of memory"},
    {MEMORY_ERROR, "out of memory"},
    {RNG_FAILURE_E, "the random number generator failed"},
};

const char *
alert_name(int number)
{
	for (size_t i = 0; i < sizeof alerts / sizeof alerts[0]; i++)
		if (alerts[i].number == number)
			return alerts[i].name;
	return NULL;
}

static const char *
alert_text(int number)
{
	if (number < 0)
		return NULL;
	for (size_t i = 0; i < sizeof alerts / sizeof alerts[0]; i++)
		if (alerts[i].number == number && alerts[i].text)
			return alerts[i].text;
	return "the client sent a fatal alert";
}

static const char *
code_text(int code)
{
	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
		if (codes[i].code == code)
			return codes[i].text;
	/* A constant text for every code. */
	return wolfSSL_ERR_reason_error_string((unsigned long)code);
}

const char *
reason_text(int code, int alert_received)
{
	const char *text = alert_text(alert_received);

	return text ? text : code_text(code);
}
