/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * path.h - from a server's certificate to one that is trusted (RFC 5280 section
 * 6), and the name it was asked for by (RFC 9525).
 *
 * The certificates may come in any order behind the server's own, with others
 * between them, and with several ways up. The work is bounded, whatever was
 * sent: by the numbers below, at worst PATH_SIGNATURES_MAX signatures.
 *
 * Beyond RFC 5280: an extended key usage, where there is one, names serverAuth
 * in CAs too; an anchor that is a certificate is held to what it says of
 * itself, but for its signature, and its dates only if one wants; algorithms,
 * keys and their lengths have a minimum. Policies: see path_policies.h of the
 * sources. Names are compared by bytes on the way up. Serial numbers may be
 * anything that DER can say. Nothing of it is a matter of opinion for the
 * caller: there is no switch to leave a check out.
 */
#ifndef X509_PATH_H
#define X509_PATH_H

#include "base/slice.h"
#include "x509/certificate.h"
#include "x509/crl.h"
#include "x509/pin.h"
#include "x509/signature.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	PATH_PRESENTED_MAX = 16,  /* certificates that are looked at at all */
	PATH_LENGTH_MAX = 10,     /* on one way, without the anchor */
	PATH_SIGNATURES_MAX = 32, /* tried, of certificates */
	PATH_STEPS_MAX = 500,     /* certificates put on a way, all ways */
	PATH_EXTENSIONS_MAX = 64, /* in one certificate */
	PATH_COMPARISONS_MAX = 100000 /* of names with name constraints */
};

/*
 * Why not: name, word (stable, for logs and tests), where the rule stands, and
 * what is said of the certificate at fault; "{}" is the other one concerned.
 */
/* clang-format off */
#define PATH_REASONS(X)                                                       \
	X(OK, "ok", "", "is trusted")                                         \
	X(NO_CERTIFICATE, "no_certificate", "RFC 8446 4.4.2.4",               \
	  "was not sent")                                                     \
	X(MALFORMED, "malformed", "RFC 5280 4.1",                             \
	  "is no certificate that can be read")                               \
	X(TOO_MANY, "too_many", "",                                           \
	  "is one of more certificates than are looked at")                   \
	X(TOO_COMPLEX, "too_complex", "",                                     \
	  "takes more work to verify than is done")                           \
	X(MISSING_INTERMEDIATE, "missing_intermediate", "RFC 8446 4.4.2",     \
	  "has an issuer that was not sent with it and is not trusted")       \
	X(UNKNOWN_CA, "unknown_ca", "RFC 5280 6.1.1",                         \
	  "is where the chain ends, and nothing there is trusted")            \
	X(SELF_SIGNED, "self_signed", "RFC 5280 6.1.1",                       \
	  "is signed by itself, and not trusted")                             \
	X(BAD_SIGNATURE, "bad_signature", "RFC 5280 6.1.3 a 1",               \
	  "is not signed with the key of {}, which it names as its issuer")   \
	X(TOO_LONG, "too_long", "",                                           \
	  "is the last one on a way that is longer than is allowed")          \
	X(EXPIRED, "certificate_expired", "RFC 5280 6.1.3 a 2",               \
	  "has expired")                                                      \
	X(EARLY, "certificate_not_yet_valid", "RFC 5280 6.1.3 a 2",           \
	  "is not yet valid")                                                 \
	X(VERSION, "version", "RFC 5280 4.1.2.1",                             \
	  "has extensions, which its version does not have")                  \
	X(DUPLICATE, "duplicate_extension", "RFC 5280 4.2",                   \
	  "has an extension twice")                                           \
	X(CRITICAL, "unknown_critical", "RFC 5280 6.1.4 o",                   \
	  "has a critical extension that is not known")                       \
	X(WEAK_SIGNATURE, "weak_signature", "RFC 9325 4.4",                   \
	  "is signed with a hash that is broken, SHA-1 or MD5")               \
	X(UNSUPPORTED_SIGNATURE, "unsupported_signature", "",                 \
	  "is signed in a way that cannot be verified here")                  \
	X(WEAK_KEY, "weak_key", "RFC 9325 4.5", "has a key that is too weak") \
	X(UNSUPPORTED_KEY, "unsupported_key", "",                             \
	  "has a key of a kind that is not taken here")                       \
	X(USAGE, "wrong_usage", "RFC 5280 4.2.1.12",                          \
	  "is not for servers: its extended key usage lacks serverAuth")      \
	X(NO_SIGNING, "wrong_key_usage", "RFC 5280 4.2.1.3",                  \
	  "has a key that may not sign handshakes: digitalSignature")         \
	X(NOT_CA, "not_a_ca", "RFC 5280 6.1.4 k",                             \
	  "has issued {}, but is not a CA's")                                 \
	X(NO_CERT_SIGN, "no_cert_sign", "RFC 5280 6.1.4 n",                   \
	  "has issued {}, but its key may not sign certificates")             \
	X(PATH_LENGTH, "path_length", "RFC 5280 6.1.4 m",                     \
	  "is one CA more than {} allows below itself")                       \
	X(NAME_CONSTRAINTS, "name_constraints", "RFC 5280 6.1.3 b",           \
	  "has a name that {} may not give")                                  \
	X(CONSTRAINTS_UNKNOWN, "unknown_constraints", "RFC 5280 4.2.1.10",    \
	  "has names that {} restricts in a way that is not known")           \
	X(POLICY, "policy", "RFC 5280 6.1.5 g",                               \
	  "lacks a certificate policy that its issuers demand")               \
	X(REVOKED, "revoked", "RFC 5280 6.3", "was revoked by {}")            \
	X(CRL_STALE, "crl_stale", "RFC 5280 6.3.3 a",                         \
	  "cannot be found good: the list of {} is out of date")              \
	X(CRL_UNUSABLE, "crl_unusable", "RFC 5280 6.3.3",                     \
	  "cannot be found good: the list of {} cannot be used")              \
	X(CRL_MISSING, "crl_missing", "RFC 5280 6.3.3",                       \
	  "cannot be found good: there is no list of {}")                     \
	X(PIN, "pin_mismatch", "RFC 7469 2.6",                                \
	  "has no key that is pinned, and none stands above it")              \
	X(HOST, "bad_reference", "RFC 9525 6.1",                              \
	  "cannot be asked for by what is no host name and no address")       \
	X(NO_NAMES, "no_names", "RFC 9525 6.3",                               \
	  "has no subjectAltName; its common name does not count")            \
	X(NAME, "name_mismatch", "RFC 9525 6.3",                              \
	  "is for other names than the one it was asked for by")
/* clang-format on */

enum path_reason {
#define X(name, word, rule, text) PATH_##name,
	PATH_REASONS(X)
#undef X
};

/* When a certificate must be known not to be revoked. */
enum path_revocation {
	REVOCATION_OFF,
	REVOCATION_SOFT, /* refused if a list says so */
	REVOCATION_LEAF, /* ... and the server's own must be on none */
	REVOCATION_ALL   /* all of the path must be on none */
};

/* What is too weak. Zeroed: RSA of 2048 bits, curves of 256. */
struct path_minimums {
	unsigned rsa_bits;
	unsigned curve_bits;
};

struct path_input {
	/* DER, the server's own first; more than PATH_PRESENTED_MAX: refused */
	const struct slice *presented;
	size_t presented_count;
	/*
	 * By certificate_read or certificate_anchor. Not only roots: a CA below
	 * one is trusted for being here, and so is a server's own certificate,
	 * for itself.
	 */
	const struct certificate *anchors;
	size_t anchors_count;
	bool anchors_expire; /* their dates count, too */
	/* As it was asked for, name or address; if it is neither: refused. */
	struct slice host;
	int64_t now; /* seconds since 1970 */
	enum path_revocation revocation;
	const struct crl *crls; /* at least soft: these are looked at */
	size_t crls_count;
	const struct pin *pins; /* at most PIN_MAX; none: nothing is asked */
	size_t pins_count;
	/*
	 * Being pinned is all the trust there is, for the server's own key and
	 * no other: as with a TLSA record of usage 3 (RFC 7671 5.1), nothing
	 * else that the certificate says counts, but for the key's strength.
	 */
	bool pins_suffice;
	struct path_minimums minimums;
	struct crypto crypto;
};

/* In place of the number of a presented certificate. */
enum {
	PATH_ANCHOR = PATH_PRESENTED_MAX, /* see path.anchor */
	PATH_NOBODY
};

/* What was found. All slices point into what was handed in. */
struct path {
	enum path_reason reason;
	/* Which certificate is at fault, and which other one is concerned. */
	size_t certificate, other;
	/* The way that was found good, or the best of those that failed. */
	size_t way[PATH_LENGTH_MAX]; /* the server's own first */
	size_t length;               /* 0: not even that was readable */
	bool anchored;               /* it leads to: */
	size_t anchor;               /* of input.anchors */
	int64_t from, until; /* when all of it is valid, without the anchor */
	struct crl_answer revoked; /* if it is */
	bool no_backup;            /* all pins stand for keys of this path */
	unsigned signatures;       /* how many were tried */
	struct certificate at[PATH_PRESENTED_MAX]; /* those presented */
	bool readable[PATH_PRESENTED_MAX];         /* else it is zeroed */
};

/* Is it trusted? *out is the caller's memory. */
bool path_judge(const struct path_input *in, struct path *out);

/* Never NULL. */
const char *path_word(enum path_reason r);
const char *path_rule(enum path_reason r); /* "RFC 5280 6.1.3 a 2", or "" */
/*
 * "certificate 2 (Some CA) has expired", for people: printable, cut at cap - 1
 * bytes. in and p as they were with path_judge.
 */
void path_explain(const struct path_input *in, const struct path *p, char *out,
		  size_t cap);

#endif
