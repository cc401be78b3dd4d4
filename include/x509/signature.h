/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * signature.h - how something was signed, and who can tell whether it was.
 *
 * This layer computes no hash and no signature: what must, is handed in.
 */
#ifndef X509_SIGNATURE_H
#define X509_SIGNATURE_H

#include "base/slice.h"

#include <stdbool.h>

/* What the signature covers, as far as it matters. */
enum digest_kind {
	DIGEST_OTHER,
	DIGEST_MD5, /* and MD2 */
	DIGEST_SHA1,
	DIGEST_SHA2, /* SHA-2 and SHA-3 of 224 bits or more */
	DIGEST_INNER /* EdDSA and the like, which bring their own */
};

/* How it was made, as far as we can verify it. */
enum signature_kind {
	SIGNATURE_OTHER,
	SIGNATURE_RSA_SHA256, /* PKCS #1 1.5 */
	SIGNATURE_RSA_SHA384,
	SIGNATURE_RSA_SHA512,
	SIGNATURE_PSS_SHA256, /* RSASSA-PSS, MGF1 with the same hash */
	SIGNATURE_PSS_SHA384,
	SIGNATURE_PSS_SHA512,
	SIGNATURE_ECDSA_SHA256,
	SIGNATURE_ECDSA_SHA384,
	SIGNATURE_ECDSA_SHA512,
	SIGNATURE_ED25519
};

struct signature {
	enum signature_kind kind;
	unsigned salt; /* of RSASSA-PSS: bytes, at most SALT_MAX */
	struct slice bits;
};

/* As much as an RSA key of 4096 bits has room for beside SHA-256. */
enum { SALT_MAX = 512 - 32 - 2 };

enum { SHA256_BYTES = 32 };

/* Both functions are called with whatever a peer has sent. */
struct crypto {
	/*
	 * Did the key (SubjectPublicKeyInfo, DER) sign `text`? Never called
	 * with SIGNATURE_OTHER.
	 */
	bool (*verify)(void *of, struct slice key, const struct signature *s,
		       struct slice text);
	/* false: it failed, and out is not to be used */
	bool (*sha256)(void *of, struct slice text,
		       unsigned char out[SHA256_BYTES]);
	void *of; /* handed to both */
};

#endif
