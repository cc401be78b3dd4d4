/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * keys.c - the table of keys; keys_limits.c has a part of it.
 */
#include "config/keys.h"

#include <assert.h>
#include <string.h>

#define FIELD(type, field)                                                     \
	offsetof(struct type, field), sizeof(((struct type *)0)->field)
#define S(field) FIELD(settings, field)
#define L(field) FIELD(listener_settings, field)
#define B(field) FIELD(backend_settings, field)
#define C(field) FIELD(certificate_settings, field)
#define P(field) FIELD(tls_policy_settings, field)
/* Of a list: where it is, the size of an entry. */
#define ITEMS(type, field)                                                     \
	offsetof(struct type, field), sizeof *((struct type *)0)->field
#define LIST(field) ITEMS(settings, field)
/* A TLS policy's sets, which the base may give. */
#define SET(field, max, terms)                                                 \
	KIND_TERMS, ITEMS(tls_policy_settings, field), "", 1, max,             \
	    .vocabulary = &(terms), .inherits = BASE,                          \
	    .count_at = offsetof(struct tls_policy_settings, field##_count)

#define BASE         "that of the base"
#define KIB          UINT64_C(1024)
#define MIB          (1024 * KIB)
#define SECOND       UINT64_C(1000)
#define MINUTE       (60 * SECOND)
#define HOUR         (60 * MINUTE)
#define NAME_MAX_LEN (sizeof((struct settings *)0)->process.user - 1)
#define PATH_MAX_LEN 4095

static const char *const bool_words[] = {"false", "true", NULL};
static const char *const fault_words[] = {"refuse", "serve", NULL};
static const char *const version_words[] = {
    [TLS_VERSION_12] = "1.2", [TLS_VERSION_13] = "1.3"};
static const char *const alpn_words[] = {
    [TLS_ALPN_OPTIONAL] = "optional", [TLS_ALPN_REQUIRED] = "required"};
static const char *const sni_words[] = {[TLS_SNI_OPTIONAL] = "optional",
					[TLS_SNI_REQUIRED] = "required",
					[TLS_SNI_MATCH] = "match"};
static const char *const client_words[] = {
    [CLIENT_CERTIFICATE_OFF] = "off",
    [CLIENT_CERTIFICATE_OPTIONAL] = "optional",
    [CLIENT_CERTIFICATE_REQUIRED] = "required"};
static const char *const user_words[] = {"plain", "hashed", NULL};
static const char *const full_words[] = {"drop", "block", NULL};
static const char *const address_words[] = {"full", "prefix", NULL};
static const char *const mode_words[] = {
    [LISTENER_IMPLICIT] = "implicit", [LISTENER_STARTTLS] = "starttls"};

/* clang-format off */
static const struct key edges[] = {
	{"listeners", KIND_ENTRIES,
	 LIST(listeners), "", 1, SETTINGS_LISTENERS_MAX,
	 .help = "Where clients connect. Without this key there are two: port "
		 "993 with TLS from the first byte, and port 143 with STARTTLS.",
	 .count_at = offsetof(struct settings, listeners_count)},
	{"listeners.name", KIND_NAME, L(name), NULL, 1, NAME_MAX_LEN,
	 .help = "How events and messages call it. No two listeners share a "
		 "name."},
	{"listeners.address", KIND_LISTEN, 0, 0, "*", 0, 0,
	 .help = "The address to listen on; \"*\" is all addresses of both "
		 "families."},
	{"listeners.port", KIND_PORT, L(port), NULL, 1, 65535,
	 .help = "TCP port."},
	{"listeners.mode", KIND_CHOICE,
	 L(mode), NULL, LISTENER_IMPLICIT, LISTENER_STARTTLS,
	 .help = "TLS from the first byte, or plain IMAP until the client says "
		 "STARTTLS.",
	 .words = mode_words},
	{"listeners.plaintext_networks", KIND_NETWORKS,
	 ITEMS(listener_settings, plaintext_networks), "", 0,
	 SETTINGS_NETWORKS_MAX,
	 .help = "With mode starttls: clients in these networks may log in "
		 "without TLS. Their passwords cross the network in clear; meant "
		 "for old clients on a wire that is yours.",
	 .count_at = offsetof(struct listener_settings, plaintext_networks_count)},
	{"listeners.tls_policies", KIND_NAMES,
	 ITEMS(listener_settings, tls_policies), "intermediate", 1,
	 SETTINGS_POLICIES_MAX,
	 .help = "Names of TLS policies. A client gets the first one whose "
		 "networks hold it; the last one must hold everybody.",
	 .count_at = offsetof(struct listener_settings, tls_policies_count)},

	{"certificates", KIND_ENTRIES,
	 LIST(certificates), NULL, 1, SETTINGS_CERTIFICATES_MAX,
	 .help = "What we show to clients: the certificate that covers the name "
		 "they ask for (SNI), else the first one here. Each entry is "
		 "either a chain and its key or a directory of many.",
	 .count_at = offsetof(struct settings, certificates_count)},
	{"certificates.chain", KIND_PATH, C(chain), "", 0, PATH_MAX_LEN,
	 .help = "File with the certificate chain: PEM, the server's certificate "
		 "first, then the intermediate ones.",
	 .sample = SAMPLE_SHOWN},
	{"certificates.key", KIND_PATH, C(key), "", 0, PATH_MAX_LEN,
	 .help = "File with the private key of the first certificate: PEM.",
	 .sample = SAMPLE_SHOWN},
	{"certificates.directory", KIND_PATH, C(directory), "", 0, PATH_MAX_LEN,
	 .help = "Instead of chain and key, a directory that holds "
		 "NAME/fullchain.pem and NAME/privkey.pem as certbot makes "
		 "them, or NAME.crt and NAME.key, or NAME.pem with both; and "
		 "staples, if any, in NAME/ocsp.der or NAME.ocsp."},
	{"certificates.passphrase", KIND_PATH, C(passphrase), "", 0, PATH_MAX_LEN,
	 .help = "File whose first line is the passphrase of the key, or of the "
		 "keys in the directory, if they are encrypted: PKCS#8 or "
		 "older PEM, with AES."},
	{"certificates.staple", KIND_PATH, C(staple), "", 0, PATH_MAX_LEN,
	 .help = "File with an OCSP response for the chain: DER."},
	{"certificates.faults", KIND_SWITCH, C(serve_faults), "refuse", 0, 0,
	 .help = "A certificate that clients will not like (expired, not yet "
		 "valid, a weak key) is refused, or served with a warning.",
	 .words = fault_words},

	{"tls_policies", KIND_ENTRIES,
	 LIST(own_policies), "", 0, SETTINGS_OWN_POLICIES_MAX,
	 .help = "What is asked of a client's TLS. Two policies are built in: "
		 "modern is TLS 1.3 only, intermediate is what RFC 9325 "
		 "recommends. Nothing weaker than that can be named.",
	 .count_at = offsetof(struct settings, own_policies_count),
	 .sample = SAMPLE_ASIDE},
	{"tls_policies.name", KIND_NAME, P(name), NULL, 1, NAME_MAX_LEN,
	 .help = "How listeners and messages call it. No two policies share "
		 "a name."},
	{"tls_policies.base", KIND_NAME, P(base), "intermediate", 1, NAME_MAX_LEN,
	 .help = "The policy from which all is taken that is not said here, but "
		 "for networks: one built in, or one written before this one."},
	{"tls_policies.networks", KIND_NETWORKS,
	 ITEMS(tls_policy_settings, networks), "", 0, SETTINGS_NETWORKS_MAX,
	 .help = "Clients in these networks get it; without any, everybody "
		 "does.",
	 .count_at = offsetof(struct tls_policy_settings, networks_count)},
	{"tls_policies.minimum_version", KIND_CHOICE,
	 P(minimum), "", TLS_VERSION_12, TLS_VERSION_13,
	 .help = "The oldest version of TLS that may be used.",
	 .words = version_words, .inherits = BASE},
	{"tls_policies.maximum_version", KIND_CHOICE,
	 P(maximum), "", TLS_VERSION_12, TLS_VERSION_13,
	 .help = "The newest one.",
	 .words = version_words, .inherits = BASE},
	{"tls_policies.ciphers", SET(ciphers, TLS_CIPHERS, tls_ciphers),
	 .help = "Cipher suites, the one we prefer first. Those of the built-in "
		 "policies are used in the order that this machine computes "
		 "fastest."},
	{"tls_policies.groups", SET(groups, TLS_GROUPS, tls_groups),
	 .help = "Groups for the exchange of keys, the one we prefer first."},
	{"tls_policies.signature_algorithms",
	 SET(signatures, TLS_SIGNATURES, tls_signatures),
	 .help = "With what signatures are made and accepted."},
	{"tls_policies.alpn", KIND_CHOICE,
	 P(alpn), "", TLS_ALPN_OPTIONAL, TLS_ALPN_REQUIRED,
	 .help = "Must clients say that they want to speak imap? One that wants "
		 "other protocols only is refused anyway.",
	 .words = alpn_words, .inherits = BASE},
	{"tls_policies.sni", KIND_CHOICE,
	 P(sni), "", TLS_SNI_OPTIONAL, TLS_SNI_MATCH,
	 .help = "Must clients say to which name they want to speak, and must it "
		 "be one that a certificate covers (match)?",
	 .words = sni_words, .inherits = BASE},
	{"tls_policies.client_certificate", KIND_CHOICE,
	 P(client_certificate), "", CLIENT_CERTIFICATE_OFF,
	 CLIENT_CERTIFICATE_REQUIRED,
	 .help = "Are clients asked for a certificate of their own? One that is "
		 "shown must be good.",
	 .words = client_words, .inherits = BASE},
	{"tls_policies.client_ca", KIND_PATH, P(client_ca), "", 0, PATH_MAX_LEN,
	 .help = "File with the authorities that sign the clients' certificates: "
		 "PEM. Needed where client_certificate is not off.",
	 .inherits = BASE},
	{"tls_policies.client_crl", KIND_PATH, P(client_crl), "", 0, PATH_MAX_LEN,
	 .help = "File with the lists of what these authorities revoked: PEM. With "
		 "it, a certificate is refused, too, if its issuer has no list "
		 "there, or one that has ended. Authorities are not looked up.",
	 .inherits = BASE},
	{"tls_policies.client_names", KIND_SUBJECTS,
	 ITEMS(tls_policy_settings, client_names), "", 0,
	 SETTINGS_CLIENT_NAMES_MAX,
	 .help = "Whose certificates are accepted: a common name, a DNS name or a "
		 "mail address in them. Without any, all that client_ca "
		 "signed.",
	 .count_at = offsetof(struct tls_policy_settings, client_names_count),
	 .inherits = BASE},

	{"tls", KIND_GROUP, 0, 0, "", 0, 0,
	 .help = "TLS between clients and us."},
	{"tls.ticket_rotation", KIND_TIME,
	 S(tls.ticket_rotation), "12h", MINUTE, 168 * HOUR,
	 .help = "How often there is a new key for session tickets."},
	{"tls.ticket_lifetime", KIND_TIME,
	 S(tls.ticket_lifetime), "24h", SECOND, 168 * HOUR,
	 .help = "How long after a full handshake a client may come back with a "
		 "ticket; so long are older keys kept. RFC 8446 allows a week. "
		 "At most 32 times ticket_rotation."},
	{"tls.ticket_secret", KIND_PATH,
	 S(tls.ticket_secret), "", 0, PATH_MAX_LEN,
	 .help = "File with the secrets that ticket keys are made from, for "
		 "several gates that take each other's tickets; without it, "
		 "a random one that ends with the program."},
	{"tls.watch", KIND_TIME, S(tls.watch), "30s", 0, 24 * HOUR,
	 .help = "How often certificates, keys and the other files that "
		 "certificates, tls_policies and tls name are looked at; what "
		 "changed is read without SIGHUP. inotify tells of most "
		 "changes at once. 0s is never, nor by inotify."},

	{"backends", KIND_ENTRIES,
	 LIST(backends), NULL, 1, SETTINGS_BACKENDS_MAX,
	 .help = "The IMAP servers behind, in the order in which they are tried.",
	 .count_at = offsetof(struct settings, backends_count)},
	{"backends.name", KIND_NAME, B(name), NULL, 1, NAME_MAX_LEN,
	 .help = "How events and messages call it. No two backends share a name."},
	{"backends.address", KIND_HOST, B(host), NULL, 0, 0,
	 .help = "Its address, or a name that is looked up for each connection."},
	{"backends.port", KIND_PORT, B(port), NULL, 1, 65535,
	 .help = "TCP port."},
	{"backends.trusted", KIND_SWITCH, B(trusted), "false", 0, 0,
	 .help = "The wire to it is yours: the client's address may be told to "
		 "it in clear (ID).",
	 .words = bool_words},
};

static const struct key rest[] = {
	{"timeouts", KIND_GROUP, 0, 0, "", 0, 0,
	 .help = "How long things may take."},
	{"timeouts.handshake", KIND_TIME,
	 S(timeouts.handshake), "15s", 100, 5 * MINUTE,
	 .help = "A client's TLS handshake."},
	{"timeouts.clear", KIND_TIME,
	 S(timeouts.clear), "30s", 100, 10 * MINUTE,
	 .help = "On a STARTTLS listener, from the connection to STARTTLS."},
	{"timeouts.gate_first", KIND_TIME,
	 S(timeouts.gate_first), "1m", 100, 10 * MINUTE,
	 .help = "To the client's first valid command."},
	{"timeouts.gate_total", KIND_TIME,
	 S(timeouts.gate_total), "3m", 100, HOUR,
	 .help = "To a successful login, in total. Not below gate_first."},
	{"timeouts.connect", KIND_TIME,
	 S(timeouts.connect), "10s", 100, 5 * MINUTE,
	 .help = "The TCP connection to a backend."},
	{"timeouts.greeting", KIND_TIME,
	 S(timeouts.greeting), "20s", 100, 5 * MINUTE,
	 .help = "A backend's greeting and list of capabilities."},
	{"timeouts.login", KIND_TIME,
	 S(timeouts.login), "1m", 100, 10 * MINUTE,
	 .help = "A backend's verdict on a login."},
	{"timeouts.write_stall", KIND_TIME,
	 S(timeouts.write_stall), "2m", 100, HOUR,
	 .help = "A peer that takes none of the bytes that wait for it."},
	{"timeouts.idle", KIND_TIME,
	 S(timeouts.idle), "35m", 30 * MINUTE, 24 * HOUR,
	 .help = "A session without bytes in either direction. RFC 9051 section "
		 "5.4 asks for 30 minutes at least."},
	{"timeouts.drain", KIND_TIME, S(timeouts.drain), "10s", 0, 24 * HOUR,
	 .help = "On stopping, for sessions to reach a moment at which ending "
		 "them loses nothing."},
	{"timeouts.half_close", KIND_TIME,
	 S(timeouts.half_close), "5s", 100, 5 * MINUTE,
	 .help = "When one side has closed, for the other to follow."},
	{"timeouts.auth_failure_delay", KIND_TIME,
	 S(timeouts.auth_failure_delay), "2s", 0, 30 * SECOND,
	 .help = "The answer to a failed login comes no earlier."},

	{"audit", KIND_GROUP, 0, 0, "", 0, 0,
	 .help = "The log of events: JSON lines with the names of the Elastic "
		 "Common Schema."},
	{"audit.sink", KIND_SINK, S(audit.sink), "stdout", 0, 0,
	 .help = "Where it goes. A file is opened anew on SIGUSR1. syslog is RFC "
		 "5424 to /dev/log or another socket, facility authpriv."},
	{"audit.full", KIND_SWITCH, S(audit.block), "drop", 0, 0,
	 .help = "What happens when it cannot be written, for want of room or "
		 "because nobody reads it, and audit.queue is full: events are "
		 "dropped and counted; or new logins are refused as unavailable "
		 "until it can.",
	 .words = full_words},
	{"audit.queue", KIND_SIZE, S(audit.queue), "1MiB", 64 * KIB, 64 * MIB,
	 .help = "How much of it may wait to be written. With audit.full: block "
		 "logins are refused from the half on, which leaves room for what "
		 "is under way."},
	{"audit.chain", KIND_PATH, S(audit.chain), "", 0, PATH_MAX_LEN,
	 .help = "The file made by imapward audit init: records are numbered and "
		 "sealed, so that imapward audit verify finds what was changed "
		 "or deleted later. \"\" is off."},
	{"audit.anchors", KIND_SINK, S(audit.anchors), "stderr", 0, 0,
	 .help = "With audit.chain, where every ten seconds is told how many "
		 "records there are: a place that is out of reach of whoever "
		 "might shorten the log."},
	{"audit.user", KIND_SWITCH, S(audit.hash_user), "plain", 0, 0,
	 .help = "User names as they are, or as keyed hashes that tell only "
		 "which are equal.",
	 .words = user_words},
	{"audit.address", KIND_SWITCH, S(audit.prefix_address), "full", 0, 0,
	 .help = "Client addresses as they are, or only their network: /24 for "
		 "IPv4, /48 for IPv6.",
	 .words = address_words},

	{"admin", KIND_GROUP, 0, 0, "", 0, 0,
	 .help = "The socket for commands such as imapward cert list, and who may "
		 "give them, besides root and the user who started the program."},
	{"admin.socket", KIND_PATH,
	 S(admin.socket), SETTINGS_SOCKET, 0, SETTINGS_SOCKET_MAX,
	 .help = "Where it is; \"\" is nowhere."},
	{"admin.readers", KIND_NAME, S(admin.readers), "", 0, NAME_MAX_LEN,
	 .help = "The group whose members may look; \"\" is nobody."},
	{"admin.controllers", KIND_NAME,
	 S(admin.controllers), "", 0, NAME_MAX_LEN,
	 .help = "The group whose members may look and also change what runs "
		 "(imapward reload, imapward ban); \"\" is nobody."},

	{"process", KIND_GROUP, 0, 0, "", 0, 0,
	 .help = "How the program runs."},
	{"process.user", KIND_NAME, S(process.user), "", 0, NAME_MAX_LEN,
	 .help = "The user that the relay runs as when it was started by root; "
		 "\"\" is imapward if there is such a user, else nobody."},
	{"process.workers", KIND_COUNT, S(process.workers), "0", 0, 256,
	 .help = "Threads that serve clients; 0 is one per processor."},
	{"process.capability_refresh", KIND_TIME,
	 S(process.capability_refresh), "5m", SECOND, 24 * HOUR,
	 .help = "How often each backend is asked for its capabilities."},
};
/* clang-format on */

#define COUNT(rows) (sizeof(rows) / sizeof(rows)[0])

static const struct key *
in_part(size_t *i, const struct key *part, size_t count)
{
	if (*i < count)
		return &part[*i];
	*i -= count;
	return NULL;
}

const struct key *
key_at(size_t i)
{
	const struct key *k = in_part(&i, edges, COUNT(edges));

	if (!k)
		k = in_part(&i, keys_limits, keys_limits_count);
	if (!k)
		k = in_part(&i, keys_commands, keys_commands_count);
	return k ? k : in_part(&i, rest, COUNT(rest));
}

size_t
key_index(const struct key *k)
{
	size_t i = 0;

	while (key_at(i) != k)
		i++;
	assert(i < KEYS_MAX);
	return i;
}

const struct key *
key_of(const char *path)
{
	size_t i = 0;
	const struct key *k;

	while ((k = key_at(i)) && strcmp(k->path, path) != 0)
		i++;
	assert(k);
	return k;
}

const char *
key_name(const struct key *k)
{
	const char *dot = strrchr(k->path, '.');

	return dot ? dot + 1 : k->path;
}

bool
key_is_child(const struct key *k, const struct key *parent)
{
	size_t len = parent ? strlen(parent->path) : 0;

	if (!parent)
		return !strchr(k->path, '.');
	return strncmp(k->path, parent->path, len) == 0 &&
	       k->path[len] == '.' && !strchr(k->path + len + 1, '.');
}

const struct key *
key_find(const struct key *parent, struct slice name)
{
	const struct key *k;

	for (size_t i = 0; (k = key_at(i)); i++)
		if (key_is_child(k, parent) &&
		    slice_eq(name, slice_str(key_name(k))))
			break;
	return k;
}
