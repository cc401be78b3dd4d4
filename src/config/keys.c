/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * keys.c - the table of keys.
 */
#include "config/keys.h"

#include <string.h>

#define FIELD(type, field)                                                     \
	offsetof(struct type, field), sizeof(((struct type *)0)->field)
#define S(field) FIELD(settings, field)
#define L(field) FIELD(listener_settings, field)
#define B(field) FIELD(backend_settings, field)
#define LIST(field)                                                            \
	offsetof(struct settings, field), sizeof *((struct settings *)0)->field

#define KIB          UINT64_C(1024)
#define MIB          (1024 * KIB)
#define SECOND       UINT64_C(1000)
#define MINUTE       (60 * SECOND)
#define HOUR         (60 * MINUTE)
#define MILLION      UINT64_C(1000000)
#define NAME_MAX_LEN (sizeof((struct settings *)0)->process.user - 1)

static const char *const bool_words[] = {"false", "true", NULL};
static const char *const version_words[] = {"1.3", "1.2", NULL};
static const char *const user_words[] = {"plain", "hashed", NULL};
static const char *const address_words[] = {"full", "prefix", NULL};
static const char *const mode_words[] = {
    [LISTENER_IMPLICIT] = "implicit", [LISTENER_STARTTLS] = "starttls", NULL};

/* The bounds of what the gate collects stay below a block of base/pool. */
/* clang-format off */
static const struct key keys[] = {
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
	{"listeners.mode", KIND_CHOICE, L(mode), NULL, 0, 0,
	 .help = "TLS from the first byte, or plain IMAP until the client says "
		 "STARTTLS.",
	 .words = mode_words},
	{"listeners.plaintext_networks", KIND_NETWORKS,
	 L(plaintext_networks), "", 0, SETTINGS_NETWORKS_MAX,
	 .help = "With mode starttls: clients in these networks may log in "
		 "without TLS. Their passwords cross the network in clear; meant "
		 "for old clients on a wire that is yours.",
	 .count_at = offsetof(struct listener_settings, plaintext_networks_count)},

	{"tls", KIND_GROUP, 0, 0, "", 0, 0,
	 .help = "TLS between clients and us."},
	{"tls.certificate", KIND_PATH, S(tls.certificate), NULL, 0, 0,
	 .help = "File with the certificate chain: PEM, the server's certificate "
		 "first, then the intermediate ones."},
	{"tls.key", KIND_PATH, S(tls.key), NULL, 0, 0,
	 .help = "File with the private key of the first certificate: PEM, "
		 "without a passphrase."},
	{"tls.minimum_version", KIND_SWITCH, S(tls.tls12), "1.2", 0, 0,
	 .help = "The oldest version of TLS that clients may use.",
	 .words = version_words},

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

	{"limits", KIND_GROUP, 0, 0, "", 0, 0,
	 .help = "How much clients may ask for."},
	{"limits.connections", KIND_COUNT,
	 S(limits.connections), "8192", 1, MILLION,
	 .help = "Client connections at once, in total."},
	{"limits.connections_per_address", KIND_COUNT,
	 S(limits.connections_per_address), "200", 1, MILLION,
	 .help = "Client connections at once from one IPv4 address or one IPv6 "
		 "/64."},
	{"limits.unauthenticated", KIND_COUNT,
	 S(limits.unauthenticated), "1000", 1, MILLION,
	 .help = "Connections at once that have not logged in yet. At this limit "
		 "the oldest one of the network that holds most makes room."},
	{"limits.login_attempts", KIND_COUNT,
	 S(limits.login_attempts), "5", 1, 100,
	 .help = "Failed attempts to log in on one connection, then it is "
		 "closed."},
	{"limits.gate_commands", KIND_COUNT,
	 S(limits.gate_commands), "20", 4, 1000,
	 .help = "Commands on one connection before it has logged in."},
	{"limits.gate_bytes", KIND_SIZE,
	 S(limits.gate_bytes), "128KiB", 4 * KIB, MIB,
	 .help = "Bytes on one connection before it has logged in. None of the "
		 "four limits below may be greater."},
	{"limits.line", KIND_SIZE, S(limits.line), "8KiB", 512, 64 * KIB,
	 .help = "The longest line before login."},
	{"limits.literal", KIND_SIZE, S(limits.literal), "4KiB", 64, 64 * KIB,
	 .help = "The longest literal before login."},
	{"limits.sasl_line", KIND_SIZE,
	 S(limits.sasl_line), "16KiB", KIB, 512 * KIB,
	 .help = "The longest AUTHENTICATE command, and the longest answer in "
		 "its exchange."},
	{"limits.oauth_line", KIND_SIZE,
	 S(limits.oauth_line), "96KiB", KIB, 512 * KIB,
	 .help = "The same for XOAUTH2 and OAUTHBEARER, whose tokens are long."},

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
	{"audit.sink", KIND_SINK, 0, 0, "stdout", 0, 0,
	 .help = "Where it goes. A file is opened anew on SIGUSR1."},
	{"audit.user", KIND_SWITCH, S(audit.hash_user), "plain", 0, 0,
	 .help = "User names as they are, or as keyed hashes that tell only "
		 "which are equal.",
	 .words = user_words},
	{"audit.address", KIND_SWITCH, S(audit.prefix_address), "full", 0, 0,
	 .help = "Client addresses as they are, or only their network: /24 for "
		 "IPv4, /48 for IPv6.",
	 .words = address_words},

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

enum { KEYS = sizeof keys / sizeof keys[0] };
_Static_assert((int)KEYS <= (int)KEYS_MAX, "a bit for each key in a mapping");

const struct key *
key_at(size_t i)
{
	return i < KEYS ? &keys[i] : NULL;
}

size_t
key_index(const struct key *k)
{
	return (size_t)(k - keys);
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
	return strncmp(k->path, parent->path, len) == 0 && k->path[len] == '.';
}

const struct key *
key_find(const struct key *parent, struct slice name)
{
	for (size_t i = 0; i < KEYS; i++)
		if (key_is_child(&keys[i], parent) &&
		    slice_eq(name, slice_str(key_name(&keys[i]))))
			return &keys[i];
	return NULL;
}

enum { NEAR_MAX = 40 };

static size_t
least_of(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

/* Edits, case aside, that make one of the other (Levenshtein); both at most
 * NEAR_MAX long. */
static size_t
distance(struct slice a, struct slice b)
{
	size_t row[NEAR_MAX + 1];

	for (size_t j = 0; j <= b.len; j++)
		row[j] = j;
	for (size_t i = 1; i <= a.len; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b.len; j++) {
			bool same = byte_lower(a.ptr[i - 1]) ==
				    byte_lower(b.ptr[j - 1]);
			size_t next = least_of(diagonal + !same, row[j] + 1,
					       row[j - 1] + 1);

			diagonal = row[j];
			row[j] = next;
		}
	}
	return row[b.len];
}

const struct key *
key_near(const struct key *parent, struct slice name)
{
	const struct key *best = NULL;
	size_t limit = 1 + name.len / 3;

	if (name.len > NEAR_MAX)
		return NULL;
	for (size_t i = 0; i < KEYS; i++) {
		size_t d = distance(name, slice_str(key_name(&keys[i])));

		if (key_is_child(&keys[i], parent) && d <= limit) {
			best = &keys[i];
			limit = d - (d > 0);
		}
	}
	/* Else the right name in the wrong place. */
	for (size_t i = 0; i < KEYS && !best; i++)
		if (slice_ieq(name, slice_str(key_name(&keys[i]))))
			best = &keys[i];
	return best;
}
