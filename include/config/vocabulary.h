/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * vocabulary.h - what may be named: of TLS cipher suites, groups and signature
 * algorithms, of IMAP verbs that may be forbidden.
 *
 * Of TLS all that our library does and RFC 9325 lets stand, and nothing weaker.
 * Settings hold the ids; tls/ knows what the library calls them.
 */
#ifndef CONFIG_VOCABULARY_H
#define CONFIG_VOCABULARY_H

#include "base/err.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum tls_version { TLS_VERSION_NONE, TLS_VERSION_12, TLS_VERSION_13 };

enum tls_cipher {
	/* TLS 1.3 (RFC 8446 appendix B.4) */
	TLS_CIPHER_AES_128_GCM,
	TLS_CIPHER_AES_256_GCM,
	TLS_CIPHER_CHACHA20_POLY1305,
	/* TLS 1.2 (RFC 5289, RFC 7905) */
	TLS_CIPHER_ECDHE_ECDSA_AES_128_GCM,
	TLS_CIPHER_ECDHE_RSA_AES_128_GCM,
	TLS_CIPHER_ECDHE_ECDSA_AES_256_GCM,
	TLS_CIPHER_ECDHE_RSA_AES_256_GCM,
	TLS_CIPHER_ECDHE_ECDSA_CHACHA20_POLY1305,
	TLS_CIPHER_ECDHE_RSA_CHACHA20_POLY1305,
	TLS_CIPHERS
};

enum tls_group {
	TLS_GROUP_X25519MLKEM768, /* hybrid, TLS 1.3 only */
	TLS_GROUP_X25519,
	TLS_GROUP_SECP256R1,
	TLS_GROUP_SECP384R1,
	TLS_GROUP_SECP521R1,
	TLS_GROUPS
};

enum tls_signature { /* RFC 8446 section 4.2.3 */
		     TLS_SIGNATURE_ECDSA_SECP256R1_SHA256,
		     TLS_SIGNATURE_ECDSA_SECP384R1_SHA384,
		     TLS_SIGNATURE_ECDSA_SECP521R1_SHA512,
		     TLS_SIGNATURE_ED25519,
		     TLS_SIGNATURE_RSA_PSS_RSAE_SHA256,
		     TLS_SIGNATURE_RSA_PSS_RSAE_SHA384,
		     TLS_SIGNATURE_RSA_PSS_RSAE_SHA512,
		     TLS_SIGNATURE_RSA_PSS_PSS_SHA256,
		     TLS_SIGNATURE_RSA_PSS_PSS_SHA384,
		     TLS_SIGNATURE_RSA_PSS_PSS_SHA512,
		     /* With TLS 1.3 in certificates only, not in handshakes. */
		     TLS_SIGNATURE_RSA_PKCS1_SHA256,
		     TLS_SIGNATURE_RSA_PKCS1_SHA384,
		     TLS_SIGNATURE_RSA_PKCS1_SHA512,
		     TLS_SIGNATURES
};

/* With whose keys a term of TLS 1.2 works; 0 where that is no matter. */
enum { TERM_ECDSA = 1, TERM_RSA = 2 };

struct term {
	const char *name;       /* as IANA writes it */
	const char *aliases[2]; /* as OpenSSL does; NULL: none */
	/* The rest is about terms of TLS. */
	uint16_t code;     /* IANA's number, as in a ClientHello */
	bool tls12, tls13; /* versions in whose handshakes it is used */
	unsigned keys;     /* TERM_ECDSA, TERM_RSA */
};

/* Something known that nobody gets, by a part of its name. */
struct refusal {
	const char *part; /* '^' before it: where the name begins */
	const char *why;  /* "it has no forward secrecy" */
};

struct vocabulary {
	const char *noun;         /* "cipher suite" */
	const struct term *terms; /* the id is the place in it */
	size_t count;
	/* Parts without one of which a name is none of the refused ones; NULL:
	 * any may be. */
	const char *const *marks;
	const struct refusal *refusals; /* the first that fits counts */
};

extern const struct vocabulary tls_ciphers;    /* by enum tls_cipher */
extern const struct vocabulary tls_groups;     /* by enum tls_group */
extern const struct vocabulary tls_signatures; /* by enum tls_signature */
extern const struct vocabulary imap_verbs;     /* VERB_LIST_MAIL */

/* By name or alias, whatever the case. ERR_UNKNOWN: *id is untouched. */
enum err vocabulary_find(const struct vocabulary *v, struct slice name,
			 uint8_t *id) MUST_USE;
/* Why such a name is refused; NULL: it is not known at all. */
const char *vocabulary_refusal(const struct vocabulary *v, struct slice name);
/* "secp384r1, secp521r1 and x25519": three names, the nearest one first. */
enum { NEAREST_MAX = 192 };
void vocabulary_nearest(const struct vocabulary *v, struct slice name,
			char out[NEAREST_MAX]);
bool term_has(const struct term *t, enum tls_version version);

#endif
