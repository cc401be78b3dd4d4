/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shelf.h - all pairs of a configuration, and the other files that it names, in
 * one run of bytes.
 *
 * Made once, by whoever may read the files; what stands on it has been checked.
 * It can be mapped by another process, at any address, and needs no work there
 * but a look at its head. Issuers that several chains share are kept once.
 */
#ifndef TLS_SHELF_H
#define TLS_SHELF_H

#include "base/err.h"
#include "base/slice.h"
#include "tls/pair.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SHELF_PAIRS_MAX = 100000,
	SHELF_BYTES_MAX = 1024 * 1024 * 1024,
	SHELF_DIGEST = 32,
	SHELF_NONE = SHELF_PAIRS_MAX /* no pair has this number */
};

/* A view of bytes that stay where they are; copied freely. */
struct shelf {
	struct slice bytes;
};

/* The bytes are trusted: ERR_SYNTAX means that they are no shelf of ours. */
enum err shelf_open(struct slice bytes, struct shelf *out) MUST_USE;
size_t shelf_count(const struct shelf *s); /* of pairs */

/* All of it points into the shelf. Texts are printable ASCII. */
struct shelf_pair {
	struct slice chain[PAIR_CHAIN_MAX]; /* DER, leaf first */
	size_t count;
	struct slice key;   /* DER: PKCS#1 or SEC1 */
	enum key_kind kind; /* KEY_RSA, KEY_P256, KEY_P384, KEY_P521 */
	struct slice names; /* GeneralNames of the leaf */
	/* An OCSP response that may be sent from `staple_from` to
	 * `staple_until`; empty: none. */
	struct slice staple;
	int64_t staple_from, staple_until;
	uint64_t staple_hash;          /* of the response; 0: none */
	int64_t not_before, not_after; /* of the leaf; seconds since 1970 */
	const char *name;              /* CN or first SAN */
	const char *serial;            /* of the leaf; hex */
	const char *path;              /* the file it came from */
	/* A name for which another pair of the same kind stands before this
	 * one; "" for none. */
	struct slice clash;
	size_t clash_with;
	/* Of chain and key as they were read: another one, if a file changed.
	 */
	const unsigned char *digest; /* SHELF_DIGEST bytes */
	/* Of its names: the same for all pairs that have the same ones. */
	const unsigned char *group; /* SHELF_DIGEST bytes */
	const unsigned char *leaf;  /* SHA-256 of the server's certificate */
};
void shelf_pair(const struct shelf *s, size_t i, struct shelf_pair *out);

/* Pairs that have one name: the first listed of each kind, or SHELF_NONE. */
struct shelf_match {
	size_t ecdsa, rsa;
};
/*
 * Those for exactly this host, and those with a wildcard in place of its first
 * label (RFC 9525 section 6.3). No regard to case, nor to one dot at the end.
 */
struct shelf_match shelf_exact(const struct shelf *s, struct slice host);
struct shelf_match shelf_wildcard(const struct shelf *s, struct slice host);
/* The pair with this digest, or SHELF_NONE. */
size_t shelf_find(const struct shelf *s, const unsigned char *digest);

/* Another file, by the path it was put there with; false: it is not there. */
bool shelf_file(const struct shelf *s, const char *path, struct slice *out);

/* --- making one --- */

struct shelf_builder;

/*
 * before: the shelf in use, or NULL; what is on it unchanged is not checked
 * anew. now: seconds since 1970. NULL: out of memory.
 */
struct shelf_builder *shelf_builder_new(const struct shelf *before,
					int64_t now) MUST_USE;
void shelf_builder_free(struct shelf_builder *b); /* wipes; NULL is fine */

struct shelf_item {
	struct slice chain, key, passphrase; /* as in struct pair_source */
	struct slice staple;                 /* DER; may be empty */
	bool serve;
	const char *path; /* of the chain */
};
/* The first one added is pair number 0. Nothing is added on a fault. */
enum err shelf_add(struct shelf_builder *b, const struct shelf_item *item,
		   struct pair_fault *fault) MUST_USE;
/* Was the last one added taken over as it was, OCSP response included? */
bool shelf_was_kept(const struct shelf_builder *b);
/*
 * From now on the signatures in chains are left to shelf_prove, which takes
 * most of the time and may be done by several threads. Not those of pairs whose
 * faults are served.
 */
void shelf_leave_proofs(struct shelf_builder *b);
struct shelf_proof {
	const char *path; /* of the first pair that is not good, or NULL */
	struct pair_fault fault; /* why it is not */
	size_t pair;             /* its number */
};
/*
 * Part number `part` of `parts` of what was left. Several threads may prove,
 * each another part, while nobody does anything else with b.
 */
void shelf_prove(struct shelf_builder *b, size_t part, size_t parts,
		 struct shelf_proof *out);
/* How many pairs there are to prove. */
size_t shelf_unproven(const struct shelf_builder *b);

/* Once more with the same path changes nothing. */
enum err shelf_add_file(struct shelf_builder *b, const char *path,
			struct slice bytes) MUST_USE;

/*
 * Puts the names in order. ERR_NOMEM, ERR_LIMIT: too much; ERR_REFUSED: not all
 * is proven. Else *size is what shelf_write will write, and nothing may be
 * added any more.
 */
enum err shelf_finish(struct shelf_builder *b, size_t *size) MUST_USE;
void shelf_write(const struct shelf_builder *b, unsigned char *out);

#endif
