/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reason.c - why a connection failed, for the person who reads the event.
 */
#include "tls/internal.h"

#include <wolfssl/error-ssl.h>
#include <wolfssl/wolfcrypt/error-crypt.h>

struct row {
	int code;
	const char *text;
};

/* What the peer told us is worth more than how the library took it. */
static const struct row alerts[] = {
    {10, "the client met an unexpected message (alert 10)"},
    {20, "the client could not decrypt a record (alert 20)"},
    {22, "the client met a record that is too long (alert 22)"},
    {40, "the client found no common parameters (alert 40)"},
    {42, "the client refuses our certificate as bad (alert 42)"},
    {43, "the client does not support our certificate's type (alert 43)"},
    {44, "the client holds our certificate for revoked (alert 44)"},
    {45, "the client holds our certificate for expired (alert 45)"},
    {46, "the client does not accept our certificate (alert 46)"},
    {47, "the client met an illegal parameter (alert 47)"},
    {48, "the client does not know the issuer of our certificate (alert 48)"},
    {49, "the client denies access (alert 49)"},
    {50, "the client could not read a message (alert 50)"},
    {51, "the client could not verify a signature (alert 51)"},
    {70, "the client does not accept our TLS versions (alert 70)"},
    {71, "the client wants stronger parameters (alert 71)"},
    {80, "the client had an internal error (alert 80)"},
    {86, "the client refuses a fallback (alert 86)"},
    {90, "the client's user gave up (alert 90)"},
    {109, "the client misses an extension (alert 109)"},
    {110, "the client did not ask for an extension (alert 110)"},
    {112, "the client does not recognise the name (alert 112)"},
    {113, "the client refuses the certificate status (alert 113)"},
    {116, "the client wants a certificate (alert 116)"},
    {120, "the client found no common protocol (alert 120)"},
};

static const struct row codes[] = {
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
    {MEMORY_E, "out of memory"},
    {MEMORY_ERROR, "out of memory"},
    {RNG_FAILURE_E, "the random number generator failed"},
};

static const char *
find(const struct row *rows, size_t n, int code)
{
	for (size_t i = 0; i < n; i++)
		if (rows[i].code == code)
			return rows[i].text;
	return NULL;
}

const char *
reason_text(int code, int alert_received)
{
	const char *text =
	    find(alerts, sizeof alerts / sizeof alerts[0], alert_received);

	if (!text && alert_received > 0)
		text = "the client sent a fatal alert";
	if (!text)
		text = find(codes, sizeof codes / sizeof codes[0], code);
	/* A constant text for every code. */
	return text ? text
		    : wolfSSL_ERR_reason_error_string((unsigned long)code);
}
