/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * settings.h - the configuration as the program reads it.
 *
 * settings_load builds it from the *bytes* of one YAML file by one table of
 * keys (key, kind, unit, default, bounds, help). The same table makes the
 * defaults, `imapward config print`, config/imapward.yaml and the list in
 * imapward.yaml(5).
 */
#ifndef CONFIG_SETTINGS_H
#define CONFIG_SETTINGS_H

#include "audit/sink.h"
#include "base/err.h"
#include "base/slice.h"
#include "config/vocabulary.h"
#include "policy/cidr.h"
#include "policy/commands.h"
#include "policy/rule.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SETTINGS_LISTENERS_MAX = 16,
	SETTINGS_BACKENDS_MAX = 64,
	SETTINGS_NETWORKS_MAX = 64,
	SETTINGS_CERTIFICATES_MAX = 1024,
	SETTINGS_BUILT_IN_POLICIES = 2, /* modern and intermediate */
	SETTINGS_OWN_POLICIES_MAX = 32,
	SETTINGS_POLICIES_MAX =
	    SETTINGS_BUILT_IN_POLICIES + SETTINGS_OWN_POLICIES_MAX,
	SETTINGS_CLIENT_NAMES_MAX = 256,
	/* How many rotations of ticket keys a lifetime may span. */
	SETTINGS_ROTATIONS_MAX = 32,
	SETTINGS_SOCKET_MAX = 107, /* what an address of unix(7) holds */
	SETTINGS_BYTES_MAX = 1024 * 1024
};

/* From 1, in characters; 0 is no place. */
struct place {
	unsigned line, column;
};

enum listener_mode { LISTENER_IMPLICIT, LISTENER_STARTTLS };

struct listener_settings {
	char name[64];
	bool any; /* written "*": both families on one socket; address is :: */
	struct address address; /* else exactly this one: "::" is IPv6 only */
	uint16_t port;
	enum listener_mode mode;
	/* STARTTLS only: clients from here may log in without TLS. */
	struct cidr plaintext_networks[SETTINGS_NETWORKS_MAX];
	size_t plaintext_networks_count;
	/* In the order in which they are tried; the last one holds everybody.
	 * By name, and as places in settings.tls_policies. */
	const char *tls_policies[SETTINGS_POLICIES_MAX];
	size_t tls_policies_count;
	uint8_t tls_policies_at[SETTINGS_POLICIES_MAX];
};

/* A pair of files, or a directory with many. "" is a path not given. */
struct certificate_settings {
	const char *chain, *key; /* PEM; both, or neither */
	const char *directory;   /* this, or chain and key */
	const char *passphrase;  /* of encrypted keys, chain or directory */
	const char *staple;      /* OCSP response, DER; not for a directory */
	bool serve_faults;       /* with a warning, where others are refused */
	struct {
		struct place chain, key, directory, passphrase, staple;
	} places;
};

/* Where the daemon takes commands unless the file says otherwise. */
#define SETTINGS_SOCKET "/run/imapward/admin.sock"

enum tls_alpn { TLS_ALPN_OPTIONAL, TLS_ALPN_REQUIRED };
enum tls_sni { TLS_SNI_OPTIONAL, TLS_SNI_REQUIRED, TLS_SNI_MATCH };
enum client_certificate {
	CLIENT_CERTIFICATE_OFF,
	CLIENT_CERTIFICATE_OPTIONAL,
	CLIENT_CERTIFICATE_REQUIRED
};

/*
 * All filled in: what was not said is taken from the base. None of the three
 * sets is empty, and each version in the range has what it needs in each; what
 * can be used in none of them has been left out.
 */
struct tls_policy_settings {
	char name[64];
	char base[64]; /* "" for those built in */
	/* Clients that it is for; none: all. */
	struct cidr networks[SETTINGS_NETWORKS_MAX];
	size_t networks_count;
	enum tls_version minimum, maximum;
	/* The one we would rather have first. */
	uint8_t ciphers[TLS_CIPHERS]; /* enum tls_cipher */
	/* The order is nobody's wish: the one that this machine computes
	 * fastest may go first. */
	bool ciphers_by_speed;
	uint8_t groups[TLS_GROUPS];         /* enum tls_group */
	uint8_t signatures[TLS_SIGNATURES]; /* enum tls_signature */
	enum tls_alpn alpn; /* an offer without "imap" is refused anyway */
	enum tls_sni sni;
	enum client_certificate client_certificate;
	size_t ciphers_count, groups_count, signatures_count;
	/* PEM files, or ""; both "" and no names where no certificate is asked
	 * for, else there is a client_ca. */
	const char *client_ca, *client_crl;
	/* Of the subject: its CN or an alternative name. None: any may come. */
	const char *client_names[SETTINGS_CLIENT_NAMES_MAX];
	size_t client_names_count;
	struct {
		struct place client_ca, client_crl;
	} places;
};

struct backend_settings {
	char name[64];
	char host[256]; /* address or name */
	uint16_t port;
	bool trusted; /* the wire to it is ours: ID may be sent in clear */
};

/*
 * A rule of the limits as it was read: all filled in, and it makes sense. A
 * rule with rate.limit 0 ("none") holds nobody up.
 */
struct rule_settings {
	struct rule rule;
	bool sized, burst_sized; /* the file has the rate in KiB or MiB */
};

struct settings {
	struct listener_settings *listeners;
	size_t listeners_count;
	struct backend_settings *backends;
	size_t backends_count;

	/* At least one; the first pair is for clients that want none of the
	 * names that we have. */
	struct certificate_settings *certificates;
	size_t certificates_count;
	/* Those built in first, then those of the file. */
	struct tls_policy_settings *tls_policies;
	size_t tls_policies_count;
	struct tls_policy_settings *own_policies; /* of these, the file's */
	size_t own_policies_count;

	struct {
		uint64_t ticket_rotation; /* ms; a new key this often */
		/* ms from the full handshake to the last use */
		uint64_t ticket_lifetime;
		/* File with the secrets that several gates share; "": one of
		 * our own, lost with the process. */
		const char *ticket_secret;
		uint64_t watch; /* ms between looks at files; 0: never */
	} tls;

	struct {
		uint64_t connections;             /* at once, in total */
		uint64_t connections_per_address; /* at once; IPv6: per /64 */
		uint64_t unauthenticated;         /* at once, in total */
		uint64_t handshakes;              /* at once, in total */
		uint64_t handshakes_per_address;  /* at once; IPv6: per /64 */
		uint64_t
		    login_attempts; /* failed ones per connection, then BYE */
		uint64_t gate_commands; /* before login, per connection */
		uint64_t gate_bytes;    /* before login, per connection */
		uint64_t line;          /* bytes of a line before login */
		uint64_t literal;       /* bytes of a literal before login */
		uint64_t sasl_line;     /* AUTHENTICATE and SASL lines */
		uint64_t oauth_line;    /* the same for OAuth mechanisms */
		uint64_t sessions_per_user; /* at once */
		uint64_t memory;            /* bytes, of the tally */
		uint64_t known_for;         /* ms that a login is remembered */
		uint64_t wrong_for; /* ms that a wrong password is; 0: not */
		bool observe; /* no rule does more than to tell; so in table */
		/* Never limited, refused or banned by address. */
		struct cidr exempt[SETTINGS_NETWORKS_MAX];
		size_t exempt_count;
		/* Those built in first; and the same, to count by. */
		struct rule_settings *rules;
		size_t rules_count;
		struct rules table;
	} limits;

	struct command_rule *commands;
	size_t commands_count;

	struct {
		const char *path;  /* of the file; "": none */
		uint64_t interval; /* ms from one writing to the next */
	} state;

	struct { /* milliseconds */
		uint64_t handshake;
		uint64_t clear;       /* STARTTLS listener, before TLS */
		uint64_t gate_first;  /* to the first valid command */
		uint64_t gate_total;  /* to the login */
		uint64_t connect;     /* TCP to a backend */
		uint64_t greeting;    /* of a backend, capabilities included */
		uint64_t login;       /* a backend's verdict */
		uint64_t write_stall; /* a peer that takes no bytes */
		uint64_t idle;        /* no bytes in either direction */
		uint64_t drain;
		uint64_t half_close;
		uint64_t auth_failure_delay;
	} timeouts;

	struct {
		struct sink_place sink, anchors;
		const char *chain; /* file with its state; "": no chain */
		bool block;        /* rather no logins than lost events */
		uint64_t queue;    /* bytes that may wait */
		bool hash_user, prefix_address;
	} audit;

	struct {
		const char *socket; /* at most SETTINGS_SOCKET_MAX; "" = none */
		/* Groups; "" = nobody. Controllers may look, too. */
		char readers[64], controllers[64];
	} admin;

	struct {
		char user[64];    /* run the relay as; "" = stay */
		uint64_t workers; /* 0 = one per processor */
		/* ms between looks at each backend's capabilities */
		uint64_t capability_refresh;
	} process;

	/* Where these values stand, to say what is wrong with what they name;
	 * no place: it is the default. */
	struct {
		struct place ticket_secret, sink, anchors, chain, user, readers,
		    controllers, state;
	} places;
};

/* What is wrong, where, what was expected. */
struct settings_fault {
	unsigned line, column; /* from 1; 0 when there is no place */
	/*
	 * One sentence, printable, no newline: "unknown key 'lisener'; did you
	 * mean 'listeners'?"
	 */
	char text[512];
};

/*
 * Parses and checks the YAML bytes. ERR_OK and *out (settings_free it), or a
 * cause with *fault filled in. Only the first fault is told.
 */
enum err settings_load(struct slice yaml, struct settings **out,
		       struct settings_fault *fault) MUST_USE;
void settings_free(struct settings *s); /* NULL is fine */

/* The policy of a client who comes to that listener, as a place in
 * settings.tls_policies. */
size_t settings_policy_of(const struct settings *s,
			  const struct listener_settings *l,
			  const struct address *client);

/*
 * The effective configuration as YAML that loads to the same settings; emit is
 * called with pieces of the text, in order.
 */
void settings_print(const struct settings *s,
		    void (*emit)(void *arg, struct slice text), void *arg);
/* The commented sample: every key, its default, unit, bounds and help. */
void settings_sample(void (*emit)(void *arg, struct slice text), void *arg);
/* The key list of imapward.yaml(5) as mdoc. */
void settings_manual(void (*emit)(void *arg, struct slice text), void *arg);

#endif
