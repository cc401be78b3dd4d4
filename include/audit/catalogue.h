/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * catalogue.h - every event and every field that there is.
 *
 * From these two tables come the code that writes events, imapward-events(7),
 * the JSON Schema and the list in the README. A new event is a row; so is a
 * new field, which says itself in which events it stands.
 */
#ifndef AUDIT_CATALOGUE_H
#define AUDIT_CATALOGUE_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * X(id, event.action, event.category, event.kind, event.type, meaning)
 * meaning: plain sentences without quotes and backslashes. The next three are
 * the Elastic Common Schema's words.
 */
/* clang-format off */
#define EVENT_LIST(X)                                                         \
	X(CONNECTION, "connection", "network", "event", "end",                \
	  "A client connection ended: why, bytes, commands, duration.")       \
	X(TLS, "tls", "network", "event", "protocol",                         \
	  "A TLS handshake ended, well or not.")                              \
	X(LOGIN, "login", "authentication", "event", "start",                 \
	  "An attempt to log in ended, well or not. One that was refused "    \
	  "because it came in clear, before STARTTLS, is told too: its code " \
	  "is PRIVACYREQUIRED.")                                              \
	X(VIOLATION, "violation", "intrusion_detection", "alert", "denied",   \
	  "A peer broke the protocol in a way that ends the session or is "   \
	  "refused.")                                                         \
	X(POLICY, "policy", "network", "event", "denied",                     \
	  "A command after login was refused by a rule on commands. The "     \
	  "first 10 by one rule in one session are told so.")                 \
	X(LIMIT, "limit", "network", "alert", "denied",                       \
	  "A connection, or a handshake or login on it, was refused by a "    \
	  "limit or a ban, or had to make room for another one, or would "    \
	  "have been if the rule did not observe. A login that is refused "   \
	  "says so itself, in its own event. Commands and bytes after login " \
	  "that a rule delays are told the first time in a session.")         \
	X(BAN, "ban", "intrusion_detection", "alert", "change",               \
	  "Somebody is banned for a time, or no longer. What is refused "     \
	  "because of it is told once a minute, as a limit.")                 \
	X(FLOOD, "flood", "network", "alert", "info",                         \
	  "Connections that tried no login, more than 20 within a second "    \
	  "from one IPv4 address or one IPv6 /64: those, with their "         \
	  "handshakes that failed and what they did against the protocol, "   \
	  "are told one by one; of the others this is the number, once a "    \
	  "second. From more than 256 such networks at once they are "        \
	  "counted together, without an address. Each worker counts for "     \
	  "itself. An attempt to log in is always told.")                     \
	X(BACKEND, "backend", "network", "event", "info",                     \
	  "A backend became usable or unusable, or what it can do changed.")  \
	X(RELOAD, "reload", "configuration", "event", "change",               \
	  "A configuration was taken into use or refused, or certificates "   \
	  "that had changed.")                                                \
	X(CERTIFICATE, "certificate", "configuration", "event", "info",       \
	  "At a reload: a certificate is new, has changed in its file, or "   \
	  "is removed; the reason says which. Or one is not as clients want " \
	  "it: rule.name says how, by the names that imapward cert check "    \
	  "has. That is told at each start, at a reload for what has "        \
	  "changed, and as soon as a certificate has less left than a third " \
	  "and a tenth of its lifetime, or has ended.")                       \
	X(STATE, "state", "process", "event", "info",                         \
	  "What is remembered from one start to the next was read, or could " \
	  "not be.")                                                          \
	X(START, "start", "process", "event", "start",                        \
	  "The relay began to serve.")                                        \
	X(STOP, "stop", "process", "event", "end",                            \
	  "The relay stopped serving.")                                       \
	X(RESTART, "restart", "process", "alert", "start",                    \
	  "The keeper started a new relay after the old one died.")           \
	X(DROPPED, "dropped", "process", "alert", "info",                     \
	  "Events were lost because the sink was full or broken: how many.")  \
	X(ANCHOR, "anchor", "process", "event", "info",                       \
	  "With audit.chain, in audit.anchors and every ten seconds in which " \
	  "something was written: how many records there are. It is not a "   \
	  "record itself, and proves that so many were written.")

/*
 * X(id, JSON name, type, must, may, meaning)
 *
 * type: S string, N number, B boolean, L list of strings.
 * must, may: the events that always or sometimes carry it: EVERY one of them,
 * those of a SESSION, or ON(id) | ON(id) ...; NO is none.
 */
#define FIELD_LIST(X)                                                         \
	X(TIME, "@timestamp", S, EVERY, NO, "UTC, with milliseconds")         \
	X(ECS, "ecs.version", S, EVERY, NO,                                   \
	  "version of the Elastic Common Schema that the names are from")     \
	X(KIND, "event.kind", S, EVERY, NO, "event or alert")                 \
	X(CATEGORY, "event.category", L, EVERY, NO, "what it is about")       \
	X(TYPE, "event.type", L, EVERY, NO, "what sort of thing happened")    \
	X(ACTION, "event.action", S, EVERY, NO, "which event it is")          \
	X(SESSION, "imapward.session", S, SESSION, ON(BACKEND) | ON(LIMIT),     \
	  "the connection: the same for all its events")                      \
	X(LISTENER, "imapward.listener", S, NO,                               \
	  SESSION | ON(LIMIT) | ON(BACKEND), "name of the listener")          \
	X(ADDRESS, "source.ip", S, SESSION,                                   \
	  ON(LIMIT) | ON(FLOOD) | ON(BACKEND) | ON(BAN),                            \
	  "address of the client, or its network if audit.address says so")   \
	X(PORT, "source.port", N, NO, SESSION | ON(BACKEND) | ON(LIMIT),          \
	  "port of the client")                                               \
	X(OUTCOME, "event.outcome", S,                                        \
	  ON(TLS) | ON(LOGIN) | ON(LIMIT) | ON(BACKEND) | ON(RELOAD) | ON(CERTIFICATE) |  \
	  ON(START) | ON(STOP) | ON(RESTART) | ON(BAN) | ON(STATE), NO,               \
	  "success, failure or unknown")                                      \
	X(REASON, "event.reason", S, ON(FLOOD) | ON(RESTART) | ON(CERTIFICATE),   \
	  SESSION | ON(BACKEND) | ON(RELOAD) | ON(START) | ON(STOP) | ON(DROPPED) |       \
	  ON(LIMIT) | ON(BAN) | ON(STATE),                                        \
	  "why, in one phrase")                                               \
	X(DURATION, "event.duration", N, ON(CONNECTION) | ON(TLS) | ON(LOGIN),    \
	  NO, "nanoseconds, measured in milliseconds")                        \
	X(USER, "user.name", S, NO,                                           \
	  ON(CONNECTION) | ON(LOGIN) | ON(VIOLATION) | ON(POLICY) | ON(LIMIT) |  \
	  ON(BAN),                                                            \
	  "as the client gave it")                                            \
	X(USER_HASH, "user.hash", S, NO,                                      \
	  ON(CONNECTION) | ON(LOGIN) | ON(VIOLATION) | ON(POLICY) | ON(LIMIT) |  \
	  ON(BAN),                                                            \
	  "instead of user.name with audit.user: hashed; 16 hex digits, "     \
	  "keyed, of the name in lower case")                                 \
	X(AUTHZID, "user.effective.name", S, NO, ON(LOGIN),                   \
	  "the identity asked to act as, when it differs")                    \
	X(AUTHZID_HASH, "user.effective.hash", S, NO, ON(LOGIN),              \
	  "instead of user.effective.name with audit.user: hashed")           \
	X(MECHANISM, "imapward.auth.mechanism", S, ON(LOGIN), NO,             \
	  "LOGIN or the SASL mechanism")                                      \
	X(ATTEMPT, "imapward.auth.attempt", N, ON(LOGIN), NO,                 \
	  "number of the attempt on this connection, from 1")                 \
	X(CODE, "imapward.auth.code", S, NO, ON(LOGIN),                       \
	  "response code the client got (RFC 5530), or empty")                \
	X(BACKEND_CODE, "imapward.backend.code", S, NO, ON(LOGIN),            \
	  "response code the backend gave, if it is a registered one")        \
	X(BACKEND, "imapward.backend.name", S, ON(BACKEND),                   \
	  ON(CONNECTION) | ON(LOGIN) | ON(POLICY),                            \
	  "name of the backend in the configuration")                         \
	X(BACKEND_ADDRESS, "destination.address", S, NO,                      \
	  ON(LOGIN) | ON(BACKEND),                                            \
	  "address or name of the backend in the configuration")              \
	X(BACKEND_IP, "destination.ip", S, NO, ON(LOGIN) | ON(BACKEND),       \
	  "address of the backend that was connected")                        \
	X(BACKEND_PORT, "destination.port", N, ON(BACKEND), ON(LOGIN),        \
	  "port of the backend")                                              \
	X(BYTES_IN, "source.bytes", N, ON(CONNECTION), NO,                    \
	  "bytes of IMAP received from the client")                           \
	X(BYTES_OUT, "destination.bytes", N, ON(CONNECTION), NO,              \
	  "bytes of IMAP sent to the client")                                 \
	X(COMMANDS, "imapward.commands", N, ON(CONNECTION), NO,               \
	  "commands relayed or answered")                                     \
	X(COMMANDS_BY_VERB, "imapward.commands_by_verb", L, NO,               \
	  ON(CONNECTION),                                                     \
	  "commands after login, each verb and how often, as in FETCH 12")    \
	X(OPENED, "imapward.mailboxes.opened", N, NO, ON(CONNECTION),         \
	  "how often a mailbox was selected or examined")                     \
	X(SELECTED, "imapward.mailboxes.selected", L, NO, ON(CONNECTION),     \
	  "which were selected, each once; of all mailboxes the first 32")    \
	X(EXAMINED, "imapward.mailboxes.examined", L, NO, ON(CONNECTION),     \
	  "which were examined, which means read only")                       \
	X(FETCH_RESPONSES, "imapward.fetch.responses", N, NO, ON(CONNECTION), \
	  "FETCH responses, those that tell flags only, too")                 \
	X(FETCHED, "imapward.fetch.messages", N, NO, ON(CONNECTION),          \
	  "of these, with text of a message, which means with a literal")     \
	X(FETCHED_BYTES, "imapward.fetch.bytes", N, NO, ON(CONNECTION),       \
	  "bytes of that text, as far as it came")                            \
	X(APPENDED, "imapward.append.messages", N, NO, ON(CONNECTION),        \
	  "messages that APPEND has added")                                   \
	X(APPENDED_BYTES, "imapward.append.bytes", N, NO, ON(CONNECTION),     \
	  "bytes that came for it, added or not")                             \
	X(EXPUNGED, "imapward.expunged", N, NO, ON(CONNECTION),               \
	  "messages the backend said were expunged, by whomever")             \
	X(IDLE, "imapward.idle.duration", N, NO, ON(CONNECTION),              \
	  "nanoseconds in IDLE")                                              \
	X(LOGOUT, "imapward.logout", B, NO, ON(CONNECTION),                   \
	  "after login: did the client say LOGOUT")                           \
	X(LIMITS, "imapward.limits", L, NO, ON(CONNECTION),                   \
	  "rules that refused or delayed something after login, each with "   \
	  "how often")                                                        \
	X(STATE, "imapward.state", S, NO, ON(CONNECTION) | ON(VIOLATION),       \
	  "state of the session when it ended")                               \
	X(COMMAND, "imapward.command", S, ON(POLICY), NO,                     \
	  "verb of the command that was refused")                             \
	X(RULE, "rule.name", S,                                               \
	  ON(VIOLATION) | ON(POLICY) | ON(LIMIT) | ON(BAN),                   \
	  ON(CERTIFICATE) | ON(LOGIN), "the rule that decided")                 \
	X(BY, "imapward.limit.by", S, NO, ON(LIMIT) | ON(LOGIN),                \
	  "of whom that rule counts: address, prefix, user, listener, all "   \
	  "or session; of a ban: address, prefix, network or user")           \
	X(OBSERVED, "imapward.limit.observed", B, NO, ON(LIMIT),              \
	  "the rule only observes: nothing was held up")                      \
	X(KNOWN, "imapward.auth.known", B, NO, ON(LOGIN),                     \
	  "the user has logged in from this network before")                  \
	X(FIRST, "imapward.auth.first", B, NO, ON(LOGIN),                     \
	  "the user has logged in from this network for the first time")      \
	X(FIRST_FAMILY, "imapward.auth.first_family", B, NO, ON(LOGIN),       \
	  "the user has logged in with a program of this kind "               \
	  "(imapward.tls.family) for the first time")                         \
	X(AFTER_FAILURES, "imapward.auth.after_failures", N, NO, ON(LOGIN),   \
	  "different wrong passwords of this user before it, from anywhere")  \
	X(BAN_CHANGE, "imapward.ban.change", S, ON(BAN), NO,                  \
	  "began, added (by hand), ended or removed (by hand)")               \
	X(BAN_KIND, "imapward.ban.kind", S, ON(BAN), NO,                      \
	  "who is banned: address, prefix, network or user")                  \
	X(BAN_NETWORK, "imapward.ban.network", S, NO, ON(BAN),                \
	  "the addresses that are banned")                                    \
	X(BAN_SECONDS, "imapward.ban.seconds", N, NO, ON(BAN),                \
	  "how long it lasts; without it until it is removed")                \
	X(BAN_TIMES, "imapward.ban.times", N, NO, ON(BAN),                    \
	  "which one in a row it is")                                         \
	X(BAN_EVIDENCE, "imapward.ban.evidence", L, NO, ON(BAN),              \
	  "users that were tried, or addresses from where")                   \
	X(TLS_VERSION, "tls.version", S, NO, ON(TLS), "1.2 or 1.3")           \
	X(TLS_CIPHER, "tls.cipher", S, NO, ON(TLS),                           \
	  "IANA name of the cipher suite")                                    \
	X(TLS_CURVE, "tls.curve", S, NO, ON(TLS), "key exchange group")       \
	X(TLS_SNI, "tls.client.server_name", S, NO, ON(TLS) | ON(CONNECTION), \
	  "the name the client asked for")                                    \
	X(TLS_ALPN, "tls.next_protocol", S, NO, ON(TLS),                      \
	  "protocol chosen by ALPN")                                          \
	X(TLS_RESUMED, "tls.resumed", B, NO, ON(TLS),                         \
	  "an earlier session was resumed")                                   \
	X(TLS_ESTABLISHED, "tls.established", B, ON(TLS) | ON(LOGIN), NO,     \
	  "the handshake was completed")                                      \
	X(TLS_CLIENT_SUBJECT, "tls.client.subject", S, NO, ON(TLS),           \
	  "subject of the certificate that the client has shown (RFC 4514)")  \
	X(TLS_CLIENT_HASH, "tls.client.hash.sha256", S, NO, ON(TLS),          \
	  "its SHA-256 fingerprint")                                          \
	X(TLS_CLIENT_SERIAL, "tls.client.x509.serial_number", S, NO, ON(TLS), \
	  "its serial number")                                                \
	X(TLS_ALERT_IN, "imapward.tls.alert_received", N, NO,                 \
	  ON(TLS) | ON(CONNECTION),                                           \
	  "alert number the client sent (RFC 8446 section 6)")                \
	X(TLS_ALERT_OUT, "imapward.tls.alert_sent", N, NO,                    \
	  ON(TLS) | ON(CONNECTION), "alert number we sent")                   \
	X(TLS_ALERT_NAME, "imapward.tls.alert_name", S, NO,                   \
	  ON(TLS) | ON(CONNECTION),                                           \
	  "RFC 8446 name of the alert the client sent, else of ours")         \
	X(TLS_SIGNAL, "imapward.tls.signal", S, NO, ON(TLS) | ON(CONNECTION), \
	  "what told that the client would not stay")                         \
	X(TLS_STAGE, "imapward.tls.stage", S, NO, ON(TLS) | ON(CONNECTION),   \
	  "how far it went: connect, hello, handshake or greeting")           \
	X(TLS_CAUSES, "imapward.tls.causes", L, NO, ON(TLS) | ON(CONNECTION), \
	  "why, the most likely cause first")                                 \
	X(TLS_CONFIDENCE, "imapward.tls.confidence", S, NO,                   \
	  ON(TLS) | ON(CONNECTION), "of the causes: high, medium or low")     \
	X(TLS_FAMILY, "imapward.tls.family", S, NO, ON(TLS) | ON(CONNECTION), \
	  "TLS library the client is built on, guessed from its ClientHello") \
	X(TLS_JA3, "tls.client.ja3", S, NO, ON(TLS) | ON(CONNECTION),         \
	  "JA3 fingerprint of the ClientHello, if the client did not stay")   \
	X(TLS_JA4, "imapward.tls.ja4", S, NO, ON(TLS) | ON(CONNECTION),       \
	  "JA4 fingerprint of the ClientHello, if the client did not stay")   \
	X(TLS_OFFERED, "imapward.tls.alpn_offered", S, NO,                    \
	  ON(TLS) | ON(CONNECTION),                                           \
	  "protocols that the client offered by ALPN, if none was chosen")    \
	X(FILE, "file.path", S, NO, ON(CERTIFICATE), "the file it is about")  \
	X(CERT_SERIAL, "x509.serial_number", S, NO, ON(CERTIFICATE),          \
	  "serial number of our certificate")                                 \
	X(CERT_OLD_SERIAL, "imapward.certificate.old_serial_number", S, NO,   \
	  ON(CERTIFICATE), "serial number of the one before")                 \
	X(CERT_NOT_AFTER, "x509.not_after", S, NO, ON(CERTIFICATE),           \
	  "when it ends")                                                     \
	X(CERT_NAMES, "x509.alternative_names", L, NO, ON(CERTIFICATE),       \
	  "its DNS names")                                                    \
	X(COUNT, "imapward.count", N, ON(LIMIT) | ON(FLOOD) | ON(DROPPED),        \
	  ON(BAN) | ON(STATE), "how many")                                      \
	X(CLIENT_ID, "imapward.client.id", S, NO, ON(LOGIN),                  \
	  "name and version from the client's ID command (RFC 2971)")         \
	X(AGENT_NAME, "user_agent.name", S, NO, ON(CONNECTION),               \
	  "name, from the last ID command that the client has sent")          \
	X(AGENT_VERSION, "user_agent.version", S, NO, ON(CONNECTION),         \
	  "version, from there")                                              \
	X(AGENT_OS, "user_agent.os.name", S, NO, ON(CONNECTION),              \
	  "os, from there")                                                   \
	X(AGENT_OS_VERSION, "user_agent.os.version", S, NO, ON(CONNECTION),   \
	  "os-version, from there")                                           \
	X(AGENT_VENDOR, "imapward.client.vendor", S, NO, ON(CONNECTION),      \
	  "vendor, from there")                                               \
	X(CHAIN, "imapward.audit.chain", S, ON(ANCHOR), NO,                   \
	  "which chain it is of: 16 hex digits")                              \
	X(SEQUENCE, "event.sequence", N, ON(ANCHOR), EVERY,                   \
	  "with audit.chain: number of the record, from 1; in an anchor that " \
	  "of the last one")                                                  \
	X(HASH, "event.hash", S, ON(ANCHOR), EVERY,                           \
	  "with audit.chain: keyed hash of all that stands before it")
/* clang-format on */

enum event_id {
#define X(id, action, category, kind, type, meaning) EV_##id,
	EVENT_LIST(X)
#undef X
	    EVENT_IDS
};

enum field_id {
#define X(id, name, type, must, may, meaning) FIELD_##id,
	FIELD_LIST(X)
#undef X
	    FIELD_IDS
};

enum field_type { FIELD_S, FIELD_N, FIELD_B, FIELD_L };

/* One row of each table; texts are constants. */
struct event_row {
	const char *action, *category, *kind, *type, *meaning;
};
struct field_row {
	const char *name;
	enum field_type type;
	uint32_t must, may; /* a bit for each event */
	const char *meaning;
};

extern const struct event_row event_rows[EVENT_IDS];
extern const struct field_row field_rows[FIELD_IDS];

/* EVENT_IDS, FIELD_IDS: there is none of that name. */
enum event_id event_find(struct slice action);
enum field_id field_find(struct slice name);
/* In an event: always there; or there or not. */
bool field_must(enum field_id f, enum event_id e);
bool field_may(enum field_id f, enum event_id e);

/* Given the pieces of a text, in order. */
typedef void catalogue_emit(void *arg, struct slice text);

/* JSON Schema, draft 2020-12, of any line of the audit. */
void catalogue_schema(catalogue_emit *emit, void *arg);
/* The lists of events and fields of imapward-events(7), as mdoc. */
void catalogue_manual(catalogue_emit *emit, void *arg);
/* The list of events as a table for people. */
void catalogue_table(catalogue_emit *emit, void *arg);

#endif
