/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * event.h - the catalogue of events and how one is written.
 *
 * An event is one JSON line with Elastic Common Schema names. Session fields
 * are added by the writer from struct event_context, never by the caller.
 * No field can carry a password, a token or message content: there is none in
 * the catalogue. Peer bytes are escaped here, whatever they are.
 */
#ifndef AUDIT_EVENT_H
#define AUDIT_EVENT_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* clang-format off */
/* X(id, event.action, event.category, event.kind, meaning) */
#define EVENT_LIST(X)                                                                                                        \
	X(CONNECTION, "connection", "network", "event", "a client connection ended: why, bytes, commands, duration")         \
	X(TLS, "tls", "network", "event", "a TLS handshake ended, well or not")                                              \
	X(LOGIN, "login", "authentication", "event", "an attempt to log in ended, well or not")                              \
	X(VIOLATION, "violation", "intrusion_detection", "alert", "a peer broke the protocol in a way that ends the session or is refused") \
	X(LIMIT, "limit", "network", "alert", "a connection was refused by a limit, or had to make room")                                         \
	X(FLOOD, "flood", "network", "alert", "connections that tried no login came too fast to be told one by one: how many more") \
	X(BACKEND, "backend", "network", "event", "a backend became usable or unusable, or what it can do changed")          \
	X(RELOAD, "reload", "configuration", "event", "a configuration was taken into use or refused, or certificates that had changed") \
	X(CERTIFICATE, "certificate", "configuration", "event", "a certificate is new, has changed or is removed, or is not as clients want it") \
	X(START, "start", "process", "event", "the relay began to serve")                                                    \
	X(STOP, "stop", "process", "event", "the relay stopped serving")                                                     \
	X(RESTART, "restart", "process", "alert", "the keeper started a new relay after the old one died")                   \
	X(DROPPED, "dropped", "process", "alert", "events were lost because the sink was full or broken: how many")

/* X(id, JSON name, type S string N number B boolean L list of strings, meaning) */
#define FIELD_LIST(X)                                                                                                        \
	X(OUTCOME, "event.outcome", S, "success, failure or unknown")                                                        \
	X(REASON, "event.reason", S, "why, in one phrase")                                                                   \
	X(DURATION, "event.duration", N, "nanoseconds")                                                                      \
	X(USER, "user.name", S, "as the client gave it, unless audit.user says hashed")                                      \
	X(AUTHZID, "user.effective.name", S, "the identity asked to act as, when it differs")                                \
	X(MECHANISM, "imapward.auth.mechanism", S, "LOGIN or the SASL mechanism")                                            \
	X(ATTEMPT, "imapward.auth.attempt", N, "number of the attempt on this connection, from 1")                           \
	X(CODE, "imapward.auth.code", S, "response code the client got (RFC 5530), or empty")                                \
	X(BACKEND_CODE, "imapward.backend.code", S, "response code the backend gave")                                        \
	X(BACKEND, "imapward.backend.name", S, "name of the backend in the configuration")                                   \
	X(BACKEND_ADDRESS, "destination.address", S, "address or name of the backend in the configuration")                    \
	X(BACKEND_IP, "destination.ip", S, "address of the backend that was connected")                                                         \
	X(BACKEND_PORT, "destination.port", N, "port of the backend")                                                        \
	X(BYTES_IN, "source.bytes", N, "bytes of IMAP received from the client")                                             \
	X(BYTES_OUT, "destination.bytes", N, "bytes of IMAP sent to the client")                                             \
	X(COMMANDS, "imapward.commands", N, "commands relayed or answered")                                                  \
	X(STATE, "imapward.state", S, "state of the session when it ended")                                                  \
	X(RULE, "rule.name", S, "the rule that decided")                                                                     \
	X(TLS_VERSION, "tls.version", S, "1.2 or 1.3")                                                                       \
	X(TLS_CIPHER, "tls.cipher", S, "IANA name")                                                                          \
	X(TLS_CURVE, "tls.curve", S, "key exchange group")                                                                   \
	X(TLS_SNI, "tls.client.server_name", S, "the name the client asked for")                                             \
	X(TLS_ALPN, "tls.next_protocol", S, "protocol chosen by ALPN")                                                       \
	X(TLS_RESUMED, "tls.resumed", B, "an earlier session was resumed")                                                   \
	X(TLS_ESTABLISHED, "tls.established", B, "the handshake was completed")                                              \
	X(TLS_CLIENT_SUBJECT, "tls.client.subject", S, "subject of the certificate that the client has shown (RFC 4514)") \
	X(TLS_CLIENT_HASH, "tls.client.hash.sha256", S, "its SHA-256 fingerprint")                                           \
	X(TLS_CLIENT_SERIAL, "tls.client.x509.serial_number", S, "its serial number")                                        \
	X(TLS_ALERT_IN, "imapward.tls.alert_received", N, "alert number the client sent (RFC 8446 section 6)")               \
	X(TLS_ALERT_OUT, "imapward.tls.alert_sent", N, "alert number we sent")                                               \
	X(TLS_ALERT_NAME, "imapward.tls.alert_name", S, "RFC 8446 name of the alert the client sent, else of ours")          \
	X(TLS_SIGNAL, "imapward.tls.signal", S, "what told that the client would not stay")                                  \
	X(TLS_STAGE, "imapward.tls.stage", S, "how far it went: connect, hello, handshake or greeting")                      \
	X(TLS_CAUSES, "imapward.tls.causes", L, "why, the most likely cause first")                                          \
	X(TLS_CONFIDENCE, "imapward.tls.confidence", S, "of the causes: high, medium or low")                                \
	X(TLS_FAMILY, "imapward.tls.family", S, "TLS library the client is built on, by its ClientHello")                    \
	X(TLS_JA3, "tls.client.ja3", S, "JA3 fingerprint of the ClientHello")                                                \
	X(TLS_JA4, "imapward.tls.ja4", S, "JA4 fingerprint of the ClientHello")                                              \
	X(TLS_OFFERED, "imapward.tls.alpn_offered", S, "protocols the client offered by ALPN")                               \
	X(FILE, "file.path", S, "the file it is about")                                                                      \
	X(CERT_SERIAL, "x509.serial_number", S, "serial number of our certificate")                                          \
	X(CERT_OLD_SERIAL, "imapward.certificate.old_serial_number", S, "serial number of the one before")                   \
	X(CERT_NOT_AFTER, "x509.not_after", S, "when it ends")                                                               \
	X(CERT_NAMES, "x509.alternative_names", L, "its DNS names")                                                          \
	X(COUNT, "imapward.count", N, "how many")                                                                            \
	X(CLIENT_ID, "imapward.client.id", S, "name and version from the client's ID command (RFC 2971)")
/* clang-format on */

enum event_id {
#define X(id, action, category, kind, meaning) EV_##id,
	EVENT_LIST(X)
#undef X
	    EVENT_IDS
};

enum field_id {
#define X(id, name, type, meaning) FIELD_##id,
	FIELD_LIST(X)
#undef X
	    FIELD_IDS
};

/* What every event of one session carries; "" is left out. */
struct event_context {
	char session[17]; /* imapward.session: hex, unique per process life */
	char address[46]; /* source.ip, as address_print writes it */
	uint16_t port;    /* source.port, 0 is left out */
	const char *listener; /* imapward.listener, NULL is left out */
};

/* How identities are written: audit.user and audit.address of the settings. */
struct event_privacy {
	/*
	 * user.name and user.effective.name become user.hash and
	 * user.effective.hash: 16 hex digits, keyed, of the name in lower case.
	 */
	bool hash_user;
	bool prefix_address;   /* source.ip is the network: /24 resp. /48 */
	unsigned char key[16]; /* random per process, or from a file */
};

/* EVENT_MAX: no line is longer, its newline included. */
enum { EVENT_MAX = 8192, EVENT_LIST_MAX = 16 };

/* One line being written; lives on the caller's stack. */
struct event {
	size_t len;
	const struct event_privacy *privacy;
	uint64_t given; /* the fields written so far, a bit each */
	bool cut;       /* a value was shortened, or a field did not fit */
	char text[EVENT_MAX];
};

/*
 * wall_ms: milliseconds since 1970 UTC. ctx and privacy may be NULL; privacy
 * must live as long as the event is being written.
 */
void event_begin(struct event *e, enum event_id id,
		 const struct event_context *ctx,
		 const struct event_privacy *privacy, uint64_t wall_ms);
/*
 * One field each; a second value for the same field is left out. An error to
 * do: a value of another type than FIELD_LIST says. slice: any bytes, escaped,
 * cut at 256 bytes. text: NULL is left out.
 */
void event_slice(struct event *e, enum field_id f, struct slice value);
void event_text(struct event *e, enum field_id f, const char *value);
void event_number(struct event *e, enum field_id f, uint64_t value);
void event_bool(struct event *e, enum field_id f, bool value);
/* n texts of our own, at most EVENT_LIST_MAX; none is left out. */
void event_list(struct event *e, enum field_id f, const char *const *values,
		size_t n);
/* Ends the line with "}\n"; the slice points into e. Only once per event. */
struct slice event_end(struct event *e);

/* For the manual and the tests: JSON name and meaning. */
const char *event_action(enum event_id id);
const char *event_meaning(enum event_id id);
const char *field_name(enum field_id f);
const char *field_meaning(enum field_id f);

#endif
