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
#include "policy/cidr.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	SETTINGS_LISTENERS_MAX = 16,
	SETTINGS_BACKENDS_MAX = 64,
	SETTINGS_NETWORKS_MAX = 64,
	SETTINGS_BYTES_MAX = 1024 * 1024
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
};

struct backend_settings {
	char name[64];
	char host[256]; /* address or name */
	uint16_t port;
	bool trusted; /* the wire to it is ours: ID may be sent in clear */
};

/* From 1, in characters; 0 is no place. */
struct place {
	unsigned line, column;
};

struct settings {
	struct listener_settings *listeners;
	size_t listeners_count;
	struct backend_settings *backends;
	size_t backends_count;

	struct {
		char certificate[4096]; /* path of the chain, PEM */
		char key[4096];         /* path of the key, PEM */
		bool tls12;             /* minimum_version is 1.2, else 1.3 */
	} tls;

	struct {
		uint64_t connections;             /* at once, in total */
		uint64_t connections_per_address; /* at once; IPv6: per /64 */
		uint64_t unauthenticated;         /* at once, in total */
		uint64_t
		    login_attempts; /* failed ones per connection, then BYE */
		uint64_t gate_commands; /* before login, per connection */
		uint64_t gate_bytes;    /* before login, per connection */
		uint64_t line;          /* bytes of a line before login */
		uint64_t literal;       /* bytes of a literal before login */
		uint64_t sasl_line;     /* AUTHENTICATE and SASL lines */
		uint64_t oauth_line;    /* the same for OAuth mechanisms */
	} limits;

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
		enum audit_kind kind;
		char path[4096]; /* AUDIT_FILE */
		bool hash_user, prefix_address;
	} audit;

	struct {
		char user[64];    /* run the relay as; "" = stay */
		uint64_t workers; /* 0 = one per processor */
		/* ms between looks at each backend's capabilities */
		uint64_t capability_refresh;
	} process;

	/* Where these values stand, to say what is wrong with what they name;
	 * no place: it is the default. */
	struct {
		struct place certificate, key, sink, user;
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
