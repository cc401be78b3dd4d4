/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cause.h - why a client did not stay: what it did, read with what is true of
 * our certificate.
 *
 * Pure. All of it is for people who read events. The signals are not
 * authenticated, anybody between client and gate can make them: nothing may be
 * decided by them.
 */
#ifndef TLS_CAUSE_H
#define TLS_CAUSE_H

#include "tls/appraisal.h"
#include "tls/family.h"
#include "tls/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* clang-format off */
/* X(id, name in events, what happened) */
#define SIGNAL_LIST(X)                                                         \
	X(NONE, "", "nothing that concerns TLS")                               \
	X(ALERT, "alert", "the client sent a TLS alert")                       \
	X(PLAINTEXT_ALERT, "plaintext_alert", "the same, in clear where it should be encrypted, as OpenSSL does in TLS 1.3") \
	X(CLOSE_NOTIFY, "close_notify", "the client ended TLS in an orderly way") \
	X(EOF, "eof", "the client closed the connection without a word")       \
	X(RESET, "reset", "the connection was reset")                          \
	X(TIMEOUT, "timeout", "nothing came in time")                          \
	X(CLEARTEXT, "cleartext", "what came was no TLS")                      \
	X(MALFORMED, "malformed", "TLS that does not add up")                  \
	X(TLS_ON_STARTTLS, "tls_on_starttls", "TLS from the first byte on a STARTTLS port") \
	X(OUR_ALERT, "our_alert", "the gate refused the handshake by an alert")

/* X(id, name in events, how far it went) */
#define STAGE_LIST(X)                                                          \
	X(CONNECT, "connect", "connected, not a byte came")                    \
	X(HELLO, "hello", "before the ClientHello was whole")                  \
	X(HANDSHAKE, "handshake", "after the ClientHello")                     \
	X(GREETING, "greeting", "after the handshake, before the first valid command")

/* X(id, name in events) */
#define CONFIDENCE_LIST(X)                                                     \
	X(LOW, "low")                                                          \
	X(MEDIUM, "medium")                                                    \
	X(HIGH, "high")

/* X(id, name in events, what to do) */
#define CAUSE_LIST(X)                                                          \
	X(CERTIFICATE_EXPIRED, "certificate_expired", "Renew the certificate and install the whole chain; then find out why it was not renewed by itself.") \
	X(CERTIFICATE_NOT_YET_VALID, "certificate_not_yet_valid", "Wait until its first day, or correct the clock of this machine or of the CA.") \
	X(NAME_MISMATCH, "name_mismatch", "Have the certificate issued for the name that clients are set to, or tell users a name that it covers.") \
	X(UNKNOWN_CA, "unknown_ca", "Install the root of your CA on the client, or use a certificate of a public CA; an old client may lack new roots.") \
	X(SELF_SIGNED, "self_signed", "Get a certificate from a public CA (ACME, free) or from a CA of your own whose root the clients have.") \
	X(MISSING_INTERMEDIATE, "missing_intermediate", "Serve the file with the whole chain (certbot: fullchain.pem) and reload.") \
	X(WRONG_USAGE, "wrong_usage", "Have the certificate issued again for a TLS server: extendedKeyUsage serverAuth, keyUsage digitalSignature, CA:FALSE.") \
	X(WEAK_SIGNATURE, "weak_signature", "Have the certificate issued again, signed with SHA-256.") \
	X(WEAK_KEY, "weak_key", "Have the certificate issued again for a new key, ECDSA P-256 or RSA with 2048 bits.") \
	X(REVOKED, "revoked", "Replace certificate and key, and find out from the CA why it was revoked.") \
	X(LIFETIME_TOO_LONG, "lifetime_too_long", "Have the certificate issued again for 825 days at most, which Apple demands of private CAs too.") \
	X(BAD_SIGNATURE, "bad_signature", "See that key and certificate belong together (imapward cert check); if they do, something between changes the handshake.") \
	X(BAD_STAPLE, "bad_staple", "Renew the stapled OCSP response, or have the certificate issued again without \"must staple\".") \
	X(CLIENT_CLOCK, "client_clock", "Set date and time of the client's machine: our certificate is valid today.") \
	X(USER_DECLINED, "user_declined", "Ask the user what the mail program showed: somebody looked at a warning and said no, or waited.") \
	X(INTERCEPTION, "interception", "Look for an antivirus with mail scanning or a TLS inspection near the client, or for an exception kept for an older certificate.") \
	X(NO_COMMON_VERSION, "no_common_version", "Update the client: it speaks no TLS version that is allowed here.") \
	X(NO_COMMON_CIPHER, "no_common_cipher", "Update the client: it has no cipher suite, or no kind of certificate, that is offered here.") \
	X(NO_COMMON_GROUP, "no_common_group", "Update the client: it has no key exchange group that is offered here.") \
	X(NO_ALPN, "no_alpn", "Look what sits between: the client asked for other protocols than IMAP, as web browsers and inspection boxes do.") \
	X(SERVER_NAME_UNKNOWN, "server_name_unknown", "Set the client to a name that a certificate here covers, or add a certificate for the name it uses.") \
	X(CLIENT_CERTIFICATE_MISSING, "client_certificate_missing", "Install a client certificate in the mail program, or do not require one.") \
	X(CLIENT_CERTIFICATE_REFUSED, "client_certificate_refused", "Replace the client's certificate: it is expired, revoked, from another CA, or not for the names that are allowed.") \
	X(STARTTLS_EXPECTED, "starttls_expected", "Set the mail program to SSL/TLS on this port: it waits for a greeting in clear, as with STARTTLS or no encryption.") \
	X(CLEARTEXT_ON_TLS_PORT, "cleartext_on_tls_port", "Set the mail program to SSL/TLS on this port, or to STARTTLS on port 143.") \
	X(TLS_ON_STARTTLS_PORT, "tls_on_starttls_port", "Set the mail program to STARTTLS on this port, or to SSL/TLS on port 993.") \
	X(PROBE, "probe", "Nothing, most likely: a port scan or a health check.") \
	X(PATH_MTU, "path_mtu", "Look for a link of smaller packets on the way (VPN, PPPoE): allow ICMP \"fragmentation needed\", or clamp the MSS.") \
	X(BROKEN_CLIENT, "broken_client", "Update the client, or what sits between: it does not follow the TLS standard.") \
	X(STALE_TICKET, "stale_ticket", "Nothing, clients try again without it; if it goes on, let all gates of one name share the ticket keys.")
/* clang-format on */

enum tls_signal {
#define X(id, name, meaning) SIGNAL_##id,
	SIGNAL_LIST(X)
#undef X
	    SIGNALS
};

enum tls_stage {
#define X(id, name, meaning) STAGE_##id,
	STAGE_LIST(X)
#undef X
	    STAGES
};

enum confidence {
#define X(id, name) CONFIDENCE_##id,
	CONFIDENCE_LIST(X)
#undef X
};

enum cause {
	CAUSE_NONE,
#define X(id, name, advice) CAUSE_##id,
	CAUSE_LIST(X)
#undef X
	    CAUSES
};

/* What else is known of the connection. */
enum hint {
	HINT_CLEAR = 1 << 0,     /* TLS was not due yet: a STARTTLS port */
	HINT_NO_NAME = 1 << 1,   /* no server name that a host may have */
	HINT_PAUSE = 1 << 2,     /* long enough for a person to read */
	HINT_AT_ONCE = 1 << 3,   /* too fast for a person or a slow path */
	HINT_UNTAKEN = 1 << 4,   /* what we sent was never acknowledged */
	HINT_NO_GROUP = 1 << 5,  /* no group in common */
	HINT_RESUMED = 1 << 6,   /* a ticket was given: no certificate seen */
	HINT_FOREIGN = 1 << 7,   /* clear text of another protocol */
	HINT_OLD_HELLO = 1 << 8, /* a hello of SSL 2 form */
};
enum { PAUSE_MS = 2000, AT_ONCE_MS = 50 };

struct symptom {
	enum tls_signal signal;
	enum tls_stage stage;
	int alert; /* the client's, or ours with SIGNAL_OUR_ALERT; -1: none */
	enum tls_version version; /* negotiated, or NONE */
	enum family family;
	unsigned flaws; /* of enum flaw, when it happened */
	unsigned hints; /* of enum hint */
};

enum { DIAGNOSIS_CAUSES = 6 };

struct diagnosis {
	enum cause causes[DIAGNOSIS_CAUSES]; /* the most likely first */
	size_t count;
	/*
	 * HIGH: the client named the cause and it is true of our certificate
	 * now, or it is in what the client sent. MEDIUM: it named it. LOW: it
	 * left without a word.
	 */
	enum confidence confidence;
};

void cause_judge(const struct symptom *s, struct diagnosis *out);

const char *signal_name(enum tls_signal s);
const char *signal_meaning(enum tls_signal s);
const char *stage_name(enum tls_stage s);
const char *stage_meaning(enum tls_stage s);
const char *confidence_name(enum confidence c);
const char *cause_name(enum cause c);
const char *cause_advice(enum cause c); /* one sentence */
/* RFC 8446 section 6; NULL: not registered. */
const char *alert_name(int number);

#endif
