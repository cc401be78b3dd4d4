/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * keys_limits.c - the part of the table of keys that is about limits, and what
 * is remembered of who came to them.
 */
#include "config/keys.h"

#define FIELD(type, field)                                                     \
	offsetof(struct type, field), sizeof(((struct type *)0)->field)
#define S(field) FIELD(settings, field)
#define R(field) FIELD(rule_settings, rule.field)

#define KIB          UINT64_C(1024)
#define MIB          (1024 * KIB)
#define SECOND       UINT64_C(1000)
#define MINUTE       (60 * SECOND)
#define HOUR         (60 * MINUTE)
#define DAY          (24 * HOUR)
#define MILLION      UINT64_C(1000000)
#define NAME_MAX_LEN RULE_NAME_MAX
#define PATH_MAX_LEN 4000 /* a temporary name needs some more */

/* What a rule of ours does not say. */
#define BUILT_IN "that of the built-in rule of this name; "
#define MUST     BUILT_IN "else it must be given"

static const char *const bool_words[] = {"false", "true", NULL};

/* The bounds of what the gate collects stay below a block of base/pool. */
/* clang-format off */
const struct key keys_limits[] = {
	{"limits", KIND_GROUP, 0, 0, "", 0, 0,
	 .help = "How much clients may ask for."},
	{"limits.connections", KIND_COUNT,
	 S(limits.connections), "8192", 1, MILLION,
	 .help = "Client connections at once, in total."},
	{"limits.connections_per_address", KIND_COUNT,
	 S(limits.connections_per_address), "2000", 1, MILLION,
	 .help = "Client connections at once from one IPv4 address or one IPv6 "
		 "/64."},
	{"limits.unauthenticated", KIND_COUNT,
	 S(limits.unauthenticated), "1000", 1, MILLION,
	 .help = "Connections at once that have not logged in yet. At this limit "
		 "the oldest one of the network that holds most makes room."},
	{"limits.handshakes", KIND_COUNT,
	 S(limits.handshakes), "512", 1, MILLION,
	 .help = "TLS handshakes at once, in total. Beyond it clients wait, for "
		 "timeouts.handshake at most; a handshake that has stalled "
		 "makes room."},
	{"limits.handshakes_per_address", KIND_COUNT,
	 S(limits.handshakes_per_address), "64", 1, MILLION,
	 .help = "The same for one IPv4 address or one IPv6 /64."},
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
	{"limits.sessions_per_user", KIND_COUNT,
	 S(limits.sessions_per_user), "100", 1, MILLION,
	 .help = "Sessions at once of one user; the next login is answered NO "
		 "[LIMIT]."},
	{"limits.memory", KIND_SIZE, S(limits.memory), "32MiB", MIB, 4096 * MIB,
	 .help = "What is remembered of addresses, networks and users takes as "
		 "much memory, and never more."},
	{"limits.observe", KIND_SWITCH, S(limits.observe), "false", 0, 0,
	 .help = "Every rule only tells what it would have done, in an event; "
		 "bans that rules have made do not hold.",
	 .words = bool_words},
	{"limits.exempt", KIND_NETWORKS,
	 offsetof(struct settings, limits.exempt),
	 sizeof *((struct settings *)0)->limits.exempt, "", 0,
	 SETTINGS_NETWORKS_MAX,
	 .help = "Clients in these networks are never limited, refused or banned "
		 "by their address; what is counted by user or for all holds "
		 "for them, too. Our own addresses need not be named.",
	 .count_at = offsetof(struct settings, limits.exempt_count)},
	{"limits.known_for", KIND_TIME,
	 S(limits.known_for), "30d", MINUTE, 366 * DAY,
	 .help = "Who has logged in from a network (/24, of IPv6 /48) is known "
		 "there for so long, and is spared the limits of the user, and "
		 "bans of the address."},
	{"limits.wrong_for", KIND_TIME, S(limits.wrong_for), "1m", 0, HOUR,
	 .help = "The same wrong password of the same user is refused for so "
		 "long without asking a backend again. 0s is never."},
	{"limits.rules", KIND_ENTRIES,
	 offsetof(struct settings, limits.rules),
	 sizeof *((struct settings *)0)->limits.rules, "", 0,
	 RULES_MAX,
	 .help = "How many of what may come in how much time, and what happens "
		 "to who is over it. The rules below are built in; one that is "
		 "named again here is changed in what is said of it.",
	 .count_at = offsetof(struct settings, limits.rules_count)},
	{"limits.rules.name", KIND_NAME, R(name), NULL, 1, NAME_MAX_LEN,
	 .help = "How events and bans call it."},
	{"limits.rules.count", KIND_CHOICE,
	 R(count), "", RULE_CONNECTIONS, RULE_BYTES,
	 .help = "What is counted. Logins are attempts that ask a backend "
		 "something new: one that succeeds is given back. Failures are "
		 "different wrong passwords: the same one again is none.",
	 .words = rule_count_words, .inherits = MUST},
	{"limits.rules.by", KIND_CHOICE,
	 R(by), "", RULE_ADDRESS, RULE_SESSION,
	 .help = "Of whom. An address is an IPv4 address or an IPv6 /64, a "
		 "prefix an IPv4 /24 or an IPv6 /48. Bytes and commands are "
		 "counted by session or user, failures by address, prefix or "
		 "user.",
	 .words = rule_by_words, .inherits = MUST},
	{"limits.rules.limit", KIND_RATE, 0, 0, "", 0, 0,
	 .help = "How many in how much time.",
	 .inherits = MUST},
	{"limits.rules.burst", KIND_BURST, 0, 0, "", 0, 0,
	 .help = "How many at once, after a time without any.",
	 .inherits = BUILT_IN "else the number of the limit"},
	{"limits.rules.action", KIND_CHOICE,
	 R(action), "", RULE_DELAY, RULE_BAN,
	 .help = "What happens to the one too many. A login is delayed, refused "
		 "without asking a backend, or ends the connection; a "
		 "connection is closed, a handshake delayed or closed; "
		 "commands and bytes are delayed. A ban also holds for what "
		 "comes later.",
	 .words = rule_action_words,
	 .inherits = BUILT_IN "else refuse for logins and failures, close for "
			      "connections and handshakes, delay for the rest"},
	{"limits.rules.ban", KIND_TIME, R(ban), "", SECOND, RULE_BAN_MOST,
	 .help = "With action ban: how long the first one lasts. Each one that "
		 "follows lasts twice as long as the one before.",
	 .inherits = BUILT_IN "else 10m"},
	{"limits.rules.ban_most", KIND_TIME, R(ban_most), "", SECOND, RULE_BAN_MOST,
	 .help = "The longest that they become.",
	 .inherits = BUILT_IN "else 24h"},
	{"limits.rules.observe", KIND_SWITCH, R(observe), "", 0, 0,
	 .help = "This rule only tells.",
	 .words = bool_words, .inherits = BUILT_IN "else false"},

	{"state", KIND_GROUP, 0, 0, "", 0, 0,
	 .help = "What outlives the program: bans, who was counted how often, who "
		 "is known where. No password is in it."},
	{"state.path", KIND_PATH,
	 S(state.path), "/var/lib/imapward/state", 0, PATH_MAX_LEN,
	 .help = "The file, of whoever started the program. It is replaced, never "
		 "written into, so its directory must be writable. \"\" is "
		 "none."},
	{"state.interval", KIND_TIME, S(state.interval), "1m", SECOND, HOUR,
	 .help = "How often it is written, besides when the program ends."},
};
/* clang-format on */

const size_t keys_limits_count = sizeof keys_limits / sizeof keys_limits[0];
